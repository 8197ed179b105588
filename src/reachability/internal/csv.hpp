#pragma once
// Cells of CSV (RFC 4180): quoted where they must be.

#include <string>
#include <string_view>

namespace tally::reachability {

void append_csv_cell(std::string& out, std::string_view text);

}  // namespace tally::reachability

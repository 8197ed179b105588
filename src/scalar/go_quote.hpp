#pragma once
// Go's %q, which the texts of upstream are full of.

#include <string>
#include <string_view>

namespace tally::scalar {

// strconv.AppendQuote of Go 1.26 (https://pkg.go.dev/strconv#Quote): a double-quoted Go string
// literal; characters that strconv.IsPrint refuses are escaped, bytes that are no UTF-8 become \x
// escapes.
void append_go_quoted(std::string& out, std::string_view text);

}  // namespace tally::scalar

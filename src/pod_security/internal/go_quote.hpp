#pragma once
// Go's %q: upstream prints annotation values with it.

#include <string>
#include <string_view>

namespace tally::pod_security {

// strconv.AppendQuote of Go 1.26 (https://pkg.go.dev/strconv#Quote): a double-quoted Go string
// literal; characters that strconv.IsPrint refuses are escaped, bytes that are no UTF-8 become \x
// escapes.
void append_go_quoted(std::string& out, std::string_view text);

}  // namespace tally::pod_security

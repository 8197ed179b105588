#pragma once
// The HTML page: src/report/html, embedded by html/embed.cmake when the library is built.

#include <string_view>

namespace tally::report {

extern const std::string_view kPage;  // with {{placeholders}}
extern const std::string_view kStyle;
extern const std::string_view kScript;

}  // namespace tally::report

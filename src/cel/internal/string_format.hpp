#pragma once
// string.format(list): printf for CEL.
//
//   text   = { character | "%%" | "%" [ "." digits ] verb }
//   verb   = "s" | "d" | "f" | "e" | "b" | "x" | "X" | "o"
//
// Two generations exist and differ in what they print: cel-go's strings library up to version 3
// (ext/formatting.go; Kubernetes has version 2), which prints floating point numbers in the manner
// of the locale en_US, and from version 4 (ext/formatting_v2.go; doc/extensions/strings.md of
// cel-spec).

#include "cel/function.hpp"
#include "cel/internal/library.hpp"

namespace tally::cel {

enum class FormatRules : std::uint8_t { Locale, Specified };

[[nodiscard]] Value format_string(EvalContext& context, std::string_view format, const Value& list,
                                  FormatRules rules);

}  // namespace tally::cel

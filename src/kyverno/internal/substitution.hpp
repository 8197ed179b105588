#pragma once
// Putting the values of variables and references into a value: every text and every key of it
// (Kyverno 1.19 pkg/engine/variables/vars.go, pkg/engine/jsonutils/traverse.go).
//
// A text that is one variable as a whole becomes the variable's value, whatever its type; else the
// value is written into the text, texts as they are and everything else as JSON. This is repeated
// until no variable is left; `{{- x }}` ends it, `\{{` stands for two braces.
//
// Difference: upstream takes the first byte of the character in front of a variable, so that a
// character of several bytes spoils it; here it does not. A text of more than kSubstitutedBytesMax,
// or with more than kSubstitutionRoundsMax rounds of replacing, is an error, where upstream goes
// on.

#include <string_view>

#include "document/node.hpp"
#include "kyverno/internal/context.hpp"

namespace tally::kyverno::internal {

inline constexpr std::size_t kSubstitutedBytesMax = 4 * 1024 * 1024;
inline constexpr std::uint32_t kSubstitutionRoundsMax = 64;
inline constexpr std::uint32_t kSubstitutionDepthMax = 256;

// Whether the value holds a variable, a reference or an escaped one anywhere: if not, it is its own
// substitution.
[[nodiscard]] bool has_variables(const document::Node& value);

// `place`: where the value stands in its rule, as upstream counts it
// ("/mutate/patchStrategicMerge"): messages begin with it, `{{ @ }}` skips the first two parts of a
// path.
[[nodiscard]] Outcome<document::Node> substitute(const document::Node& value, Context& context,
                                                 std::string_view place = {});
// Of a text; the value that comes out may be of any type.
[[nodiscard]] Outcome<document::Node> substitute_text(std::string_view text, Context& context);

}  // namespace tally::kyverno::internal

#pragma once
// Anchors: what a key of a pattern or of a patch says besides its name.
//
//   anchor = [ "+" | "<" | "=" | "X" | "^" ] "(" key ")"

#include <cstdint>
#include <optional>
#include <string_view>

namespace tally::pattern {

enum class AnchorKind : std::uint8_t {
  Condition,        // (key): the element is judged only if its value matches
  Global,           // <(key): the rule applies only if its value matches
  Negation,         // X(key): the key must be absent
  AddIfNotPresent,  // +(key): in patches
  Equality,         // =(key): the value must match if the key is present
  Existence,        // ^(key): at least one element of the list matches
};

struct Anchor {
  AnchorKind kind = AnchorKind::Condition;
  std::string_view key;
};

// Nothing if the text is a plain key. White space around it does not count.
[[nodiscard]] std::optional<Anchor> parse_anchor(std::string_view text) noexcept;

// "", "<", "X", "+", "=", "^".
[[nodiscard]] std::string_view anchor_modifier(AnchorKind kind) noexcept;

// strings.TrimSpace of Go: the white space of Unicode.
[[nodiscard]] std::string_view trim_unicode_space(std::string_view text) noexcept;

}  // namespace tally::pattern

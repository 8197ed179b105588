#pragma once
// How go-yaml 2 writes a text (go.yaml.in/yaml/v2 v2.4.4, stringv of encode.go and
// yaml_emitter_analyze_scalar of emitterc.go), and how it orders keys (sorter.go).

#include <cstdint>
#include <string_view>

namespace tally::document {

enum class YamlStyle : std::uint8_t { Plain, SingleQuoted, DoubleQuoted, Literal };

[[nodiscard]] YamlStyle choose_style(std::string_view text);

// keyList.Less
[[nodiscard]] bool yaml_key_less(std::string_view a, std::string_view b);

// Whether a text begins with a character that only double quotes may hold. Upstream lets U+2028 and
// U+2029 stand in other texts, which then are not read back as they were.
[[nodiscard]] bool is_yaml_special(std::string_view text) noexcept;

// The length of the UTF-8 character that starts with this byte.
[[nodiscard]] constexpr std::size_t utf8_length(char first) noexcept {
  const auto byte = static_cast<unsigned char>(first);
  return byte < 0x80 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
}

}  // namespace tally::document

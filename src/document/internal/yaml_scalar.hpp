#pragma once
// What a YAML scalar means to kubectl: go-yaml 2 resolves it (go.yaml.in/yaml/v2 v2.4.4,
// resolve.go), sigs.k8s.io/yaml v1.6.0 turns it into JSON (yaml.go, convertToJSONableObject),
// encoding/json prints it. We follow their code, not the YAML 1.1 type repository: base-60 numbers
// and timestamps stay text, `08` is the number 8, `0b-1` is -1.

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "base/arena.hpp"
#include "document/node.hpp"

namespace tally::document {

struct YamlScalar {
  enum class Kind : std::uint8_t { Null, Bool, Integer, Unsigned, Float, Text };
  Kind kind = Kind::Text;
  bool boolean = false;         // Bool
  std::int64_t integer = 0;     // Integer
  std::uint64_t unsigned_ = 0;  // Unsigned: integers above int64
  double number = 0;            // Float; may be infinite or NaN, which JSON cannot say
};

// A plain (unquoted) scalar without a tag.
[[nodiscard]] YamlScalar resolve_plain(std::string_view text) noexcept;

// A scalar with a tag in its long form ("tag:yaml.org,2002:int"); the error is a sentence. A
// !!binary value is Text, still in base64 (decode_binary); unknown tags make text.
[[nodiscard]] std::expected<YamlScalar, std::string> resolve_tagged(std::string_view tag,
                                                                    std::string_view text);

// The bytes of a !!binary value; what is not UTF-8 in them becomes U+FFFD, as in encoding/json.
[[nodiscard]] std::optional<std::string> decode_binary(std::string_view base64);

// The node of a resolved scalar whose text is `text` (in the source or the arena). Nothing for an
// infinite number or NaN: JSON has none, kubectl refuses them.
[[nodiscard]] std::optional<Node> make_scalar(const YamlScalar& scalar, std::string_view text,
                                              std::uint32_t offset, Arena& arena);

// The node of a plain scalar: resolve_plain and make_scalar in one.
[[nodiscard]] inline std::optional<Node> make_plain_scalar(std::string_view text,
                                                           std::uint32_t offset, Arena& arena) {
  return make_scalar(resolve_plain(text), text, offset, arena);
}

// The text of a scalar as a key: JSON has only text keys. Nothing for null and for integers above
// int64, which sigs.k8s.io/yaml refuses. Equal to `text` where that is the spelling already.
[[nodiscard]] std::optional<std::string_view> key_text(const YamlScalar& scalar,
                                                       std::string_view text, Arena& arena);

// True if a plain scalar that begins with this byte is text whatever follows.
[[nodiscard]] constexpr bool always_text(char first) noexcept {
  switch (first) {
    case '+':
    case '-':
    case '.':
    case '~':
    case '0':
    case '1':
    case '2':
    case '3':
    case '4':
    case '5':
    case '6':
    case '7':
    case '8':
    case '9':
    case 'y':
    case 'Y':
    case 'n':
    case 'N':
    case 't':
    case 'T':
    case 'f':
    case 'F':
    case 'o':
    case 'O':
      return false;
    default:
      return true;
  }
}

}  // namespace tally::document

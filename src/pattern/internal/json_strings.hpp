#pragma once
// A text that may be a JSON list of texts, as encoding/json of Go reads it into a []string.

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/arena.hpp"

namespace tally::pattern {

struct JsonStrings {
  enum class Kind : std::uint8_t {
    NotJson,    // json.Valid says no
    OtherJson,  // JSON, but neither null nor a list of texts and nulls
    Strings,
  };
  Kind kind = Kind::NotJson;
  std::vector<std::string_view> strings;  // a null is ""; in the text or in the arena
};
[[nodiscard]] JsonStrings read_json_strings(std::string_view text, Arena& arena);

}  // namespace tally::pattern

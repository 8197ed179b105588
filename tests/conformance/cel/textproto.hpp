#pragma once
// The text format of protocol buffers, as far as test files use it: messages, repeated fields,
// lists, scalars, `[type.url] { ... }` for Any. No schema: fields keep their texts.

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace tally::conformance {

struct Field {
  std::string name;         // "value", "[type.googleapis.com/google.protobuf.Duration]"
  std::string text;         // of a scalar; strings unescaped
  bool is_string = false;   // text was quoted
  bool is_message = false;  // fields holds the content
  std::vector<Field> fields;

  [[nodiscard]] const Field* find(std::string_view wanted) const {
    for (const Field& field : fields) {
      if (field.name == wanted) {
        return &field;
      }
    }
    return nullptr;
  }
  [[nodiscard]] std::string_view text_of(std::string_view wanted) const {
    const Field* field = find(wanted);
    return field != nullptr ? std::string_view(field->text) : std::string_view{};
  }
  [[nodiscard]] bool is_true(std::string_view wanted) const { return text_of(wanted) == "true"; }
};

// The whole file as one message.
[[nodiscard]] Result<Field> parse_textproto(std::string_view text);

}  // namespace tally::conformance

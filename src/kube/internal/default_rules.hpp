#pragma once
// The rules of content/api/defaults.tsv and defaults_encoding.tsv, by type. Parsed on first use,
// once, from any thread; immutable.

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "document/node.hpp"
#include "kube/api_types.hpp"

namespace tally::kube::internal {

// How the server's Go type writes a field, one letter of defaults_encoding.tsv.
enum class FieldEncoding : char {
  Always = 'a',            // a scalar, zero when nobody set it
  AlwaysOrNull = 'n',      // null when nobody set it
  AlwaysOwn = 'q',         // a quantity, time or int-or-string: zero or null when nobody set it
  AlwaysObject = 's',      // {} when nobody set it
  UnlessZero = 'z',        // a scalar that disappears when it is zero
  UnlessEmpty = 'e',       // a list or map that disappears when it is empty
  ObjectUnlessZero = 'o',  // an object that disappears when all of it does
  IfSet = 'p',             // there if and only if somebody set it
  Unknown = '-',
};

// When a row applies: always, or by what stands at a path.
struct DefaultCondition {
  enum class Kind : std::uint8_t { Always, Present, Absent, OneOf };
  Kind kind = Kind::Always;
  std::string_view path;
  std::string_view texts;  // of OneOf, separated by '|'
};

struct DefaultRow {
  std::string_view path;  // below the type: "type", "spec/replicas"
  document::Node value;   // with positions of its own text: copy it before use
  DefaultCondition condition;
};

struct TypeRules {
  std::string_view encoding;  // a FieldEncoding per field, or empty: not known
  std::span<const DefaultRow> rows;
  // Is there anything below this type that a rule may change?
  bool relevant = false;
};

[[nodiscard]] const TypeRules& rules_of(TypeIndex type);

}  // namespace tally::kube::internal

#pragma once
// The part of JMESPath that policies use most, as a tree:
//
//   pipe       = or { "|" or }          or = and { "||" and }        and = not { "&&" not }
//   comparison = postfix [ ("==" | "!=" | "<" | "<=" | ">" | ">=") postfix ]
//   postfix    = primary { "." (name | call | "[" list "]") | "[" (n | "" | "*" | "?" pipe) "]" }
//   primary    = name | "@" | "'" text "'" | "`" json "`" | call | "(" pipe ")" | "!" primary
//
// What is outside of it is refused, not misread. A text that is one variable, '{{ x }}', is
// to_string(x).

#include <cstdint>
#include <string>
#include <vector>

#include "migration/internal/refusal.hpp"

namespace tally::migration {

struct Jmes {
  enum class Kind : std::uint8_t {
    Current,  // @
    Literal,  // `json` or 'text': `literal`
    Field,    // of[0] . name
    Index,    // of[0] [ number ]
    Flatten,  // of[0] []
    Each,     // of[0] [*]
    Filter,   // of[0] [? of[1] ]
    List,     // of[0] . [ of[1], ... ]
    Call,     // name(of...)
    Pipe,     // of[0] | of[1]
    Apply,    // of[0] . of[1], a call
    Or,
    And,
    Not,
    Comparison,  // of[0] name of[1]
  };
  Kind kind = Kind::Current;
  std::string name{};
  std::int64_t number = 0;  // of an Index; 1 for a Field in quotes, a Call of '{{ x }}'
  document::Node literal{};
  std::vector<Jmes> of{};
};

// `at`: what messages point to.
[[nodiscard]] Outcome<Jmes> parse_jmespath(std::string_view text, const document::Node& at,
                                           Arena& arena);

// A text of a policy: literal parts and variables, in turn. "a{{ b }}c"
struct TextPart {
  std::string text{};  // literal, or the expression
  bool is_variable = false;
};
[[nodiscard]] Outcome<std::vector<TextPart>> split_variables(const document::Node& text);

}  // namespace tally::migration

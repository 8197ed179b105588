#pragma once
// JMESPath (https://jmespath.org/specification.html), compiled once to a flat program and
// evaluated over document::Node without copying what is only selected.
//
//   const auto expression = Expression::compile("request.object.metadata.name", Dialect::Kyverno);
//   const auto value = expression->search(input, arena);
//
// Dialect::Kyverno is what Kyverno 1.19.1 evaluates: github.com/kyverno/go-jmespath
// v0.4.1-0.20231124160150 with the functions of its pkg/engine/jmespath. It differs from the
// specification:
//   * A field that its object lacks is an error (is_not_found), swallowed where a value is asked
//     for: by operators, functions, projections, multi-selects and pipes.
//   * The values of `*` are preceded by as many nulls, which only the right side sees.
//   * The grammar forgives a missing or trailing comma in arguments and multi-select hashes.
//   * `compare` answers an integer of Go, which equals no number and is no operand; the list of
//     `items` is a list to projections, but equals no other list.
// Where upstream panics (`merge('a')`, `sort_by(items(...), &key)`), ours is an error, or the
// answer that every other list gets.
//
// Dialect::KyvernoJson is what the assertion trees of `validate.assert` evaluate:
// github.com/jmespath-community/go-jmespath v1.1.2-0.20240117150817 with the functions of
// kyverno-json v0.0.4. It is the standard with variables (`$name`, `let $x = a in b`), arithmetic
// (`+ - * / // %`), slices of texts, and these differences: `$` is null; a multi-select of null is
// no null; errors at the left of `[]`, `[?` and `.*` are null. Integers of objects, which upstream
// holds as int64, are marked by the caller (value marks: go_integers()): they equal no double and
// no function takes them, but `<`, arithmetic and to_number do.
//
// Numbers are doubles. A number that is only selected keeps its text; a computed one is written as
// encoding/json of Go writes it. Upstream's context holds the integers of objects as doubles in
// the webhook and as int64 in the CLI, where arithmetic and `<` refuse them; ours follow the
// webhook.
//
// Threads: an Expression is immutable; search() may run on any number of threads, each with its
// own arena.

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/arena.hpp"
#include "document/node.hpp"

namespace tally::jmespath {

class Host;
struct Program;

enum class Dialect : std::uint8_t { Standard, Kyverno, KyvernoJson };

// Whether the names of an expression are interned (document/symbol.hpp): faster, but the table
// never forgets, so expressions that are put together from input are only looked up.
enum class Names : std::uint8_t { Intern, LookUp };

struct Limits {
  std::uint32_t text_bytes = 64 * 1024;  // of the expression
  std::uint32_t depth = 200;             // nesting of the expression, and of what it evaluates
  std::uint32_t steps = 10'000'000;      // of one search: operations, elements and bytes looked at
  std::uint32_t bytes = 64U << 20U;      // of new values of one search
  std::uint32_t json_depth = 500;        // nesting of parsed texts
  Names names = Names::Intern;
};

struct SyntaxError {
  std::string message;  // "SyntaxError: Expected tRbracket, received: tEOF"
  std::uint32_t offset = 0;
};

struct EvaluationError {
  std::string message;
  std::uint32_t offset = 0;   // in the text of the expression
  bool is_not_found = false;  // gojmespath.NotFoundError: unknown key
  bool is_limit = false;      // steps, bytes or depth are used up
};

// What `$name` stands for in Dialect::KyvernoJson. `name` is without the dollar.
class Variables {
 public:
  // Nothing: the variable is not defined. An error ends the search.
  using Answer = std::expected<std::optional<document::Node>, std::string>;
  [[nodiscard]] virtual Answer resolve(std::string_view name) const = 0;

 protected:
  ~Variables() = default;
};

// A copy in which the numbers that Go's decoders of Kubernetes objects hold as int64 are marked so,
// deep; the same value if there are none. For the input of Dialect::KyvernoJson.
[[nodiscard]] document::Node go_integers(const document::Node& value, Arena& arena);
// One integer of Go, and whether a value is one.
[[nodiscard]] document::Node go_integer(std::int64_t value, Arena& arena);
[[nodiscard]] bool is_go_integer(const document::Node& value) noexcept;

class Expression {
 public:
  [[nodiscard]] static std::expected<Expression, SyntaxError> compile(std::string_view text,
                                                                      Dialect dialect,
                                                                      const Limits& limits = {});

  // The result lives as long as the input, the arena and this expression. Without a host, what asks
  // for time, chance or the network is an error.
  [[nodiscard]] std::expected<document::Node, EvaluationError> search(
      const document::Node& input, Arena& arena, const Host* host = nullptr,
      const Variables* variables = nullptr) const;

  // Fields of the input that the expression can read at its root, in order of first mention.
  [[nodiscard]] std::span<const std::string> root_fields() const noexcept;
  // Whether it can read more of the input than these fields: `@`, `*`, keys(@).
  [[nodiscard]] bool reads_everything() const noexcept;
  [[nodiscard]] std::string_view text() const noexcept;

 private:
  explicit Expression(std::shared_ptr<const Program> program) : program_(std::move(program)) {}

  std::shared_ptr<const Program> program_;
};

}  // namespace tally::jmespath

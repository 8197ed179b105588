#pragma once
// Assertion trees: what `validate.assert` holds, as Kyverno 1.13 to 1.18 evaluate it by
// kyverno-json v0.0.4-0.20240730143747 (pkg/engine/assert, pkg/engine/match).
//
//   tree     = map of key -> tree | list of trees | scalar
//   key      = [ "~" [name] "." ] statement [ "->" name ]
//   scalar   = any value; a text may be "(" expression ")"
//   statement= "\" name "\" | "(" [ word ":" ] expression ")" | name
//
// A key projects the value: a name by its field, an expression (JMESPath, Dialect::KyvernoJson) by
// evaluating it. `~` asserts every element of what came out, `~name.` binds its index or key to
// $name, `->name` binds what came out to $name, for the keys behind it, too. A list must have the
// same length, a scalar must be equal; {} wants anything but null.
//
// Differences: members are taken in the order of the text, where Go takes them in any; what cannot
// be read (the syntax of an expression, `~name.` or `->` on the right side) is an error when the
// policy is loaded, not when it is applied.
//
// Threads: immutable; check() may run on any number of threads, each with its own arena.

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/arena.hpp"
#include "document/node.hpp"
#include "jmespath/expression.hpp"

namespace tally::kyverno::internal {

// A key, or a scalar, taken apart (kyverno-json pkg/engine/assert/expression.go). Views into the
// text that was read.
struct AssertionText {
  bool is_foreach = false;
  bool is_expression = false;
  std::string_view foreach_name{};
  std::string_view binding{};
  std::string_view statement{};

  [[nodiscard]] static AssertionText parse(std::string_view text) noexcept;
};

class Assertion {
 public:
  struct Limits {
    std::uint32_t depth = 64;         // of the tree
    std::uint32_t nodes = 10'000;     // of the tree
    std::uint32_t steps = 1'000'000;  // of one check: assertions made, values compared
    std::uint32_t mismatches = 100;   // of one check; what is behind them is not looked at
  };

  struct Problem {
    std::string pointer;  // RFC 6901 into the tree
    document::Node place{};
    std::string message;
  };
  // The tree must outlive the assertion.
  [[nodiscard]] static std::expected<Assertion, Problem> compile(const document::Node& tree,
                                                                 const Limits& limits);

  struct Mismatch {
    std::string_view message{};  // field.Error of Kubernetes: "object.spec.replicas: Invalid..."
    std::string_view pointer{};  // RFC 6901 into the input: as far as names lead there
  };
  // No mismatch: it holds. An error is one of the assertion, in upstream's words.
  using Outcome = std::expected<std::vector<Mismatch>, std::string>;
  // `input` after jmespath::go_integers().
  [[nodiscard]] Outcome check(const document::Node& input, Arena& arena,
                              const jmespath::Variables& variables,
                              const jmespath::Host* host) const;

 private:
  friend class AssertionCompiler;
  friend class AssertionCheck;

  enum class Kind : std::uint8_t { Map, List, Scalar };
  struct Part {
    Kind kind = Kind::Scalar;
    document::Node expected{};  // of a scalar
    std::optional<jmespath::Expression> expression{};
    std::uint32_t first = 0;  // members of a map, children of a list
    std::uint32_t count = 0;
  };
  struct Member {
    std::string_view key{};  // as written
    AssertionText text{};
    std::optional<jmespath::Expression> expression{};
    std::uint32_t part = 0;
  };

  Limits limits_;
  std::vector<Part> parts_;
  std::vector<Member> members_;
  std::vector<std::uint32_t> children_;
  std::uint32_t root_ = 0;
};

// Texts and comparison, as upstream words and does them (assertion_match.cpp).

// Whether `actual` is what was expected: of maps what is expected only, numbers by value. An error
// for values of different types.
[[nodiscard]] std::expected<bool, std::string> assertion_match(const document::Node& expected,
                                                               const document::Node& actual,
                                                               std::uint64_t& steps);
// "Expected value: ..."
[[nodiscard]] std::string expected_text(const document::Node& expected);
// field.Invalid(path, value, detail).Error(); an empty path is none.
[[nodiscard]] std::string invalid_text(std::string_view path, const document::Node& value,
                                       std::string_view detail);
[[nodiscard]] std::string required_text(std::string_view path, std::string_view detail);
[[nodiscard]] std::string internal_error_text(std::string_view path, std::string_view detail);

}  // namespace tally::kyverno::internal

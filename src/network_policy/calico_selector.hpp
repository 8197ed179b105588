#pragma once
// CalicoSelector: the selector language of Calico, as libcalico-go/lib/selector of Calico 3.30
// reads it.
//
//   selector   = or | nothing               an empty text selects everything
//   or         = and { "||" and }
//   and        = operation { "&&" operation }
//   operation  = { "!" } ( "all()" | "global()" | "has(" key ")" | "(" or ")" | key test )
//   test       = ( "==" | "!=" | "contains" | "starts with" | "ends with" ) string
//              | ( "in" | "not in" ) "{" [ string { "," string } [ "," ] ] "}"
//   string     = '"' any but '"' '"' | "'" any but "'" "'"        no escapes
//   key        = letters, digits, "_", ".", "/", "-"
//
// "!=" and "not in" hold too where there is no such label. Threads: immutable after parsing.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace tally::network_policy {

class CalicoSelector {
 public:
  struct Limits {
    std::uint32_t depth_max = 64;
    std::uint32_t nodes_max = 10'000;
  };

  enum class Kind : std::uint8_t {
    All,
    Global,
    Has,
    In,     // "==" too
    NotIn,  // "!=" too
    Contains,
    StartsWith,
    EndsWith,
    Not,
    And,
    Or,
  };

  struct Node {
    Kind kind = Kind::All;
    std::string key{};
    std::vector<std::string> values{};   // of In and NotIn sorted, unique
    std::vector<std::uint32_t> parts{};  // positions of lower nodes: of Not one, of And and Or more
  };

  // Errors have a position in the text.
  [[nodiscard]] static Result<CalicoSelector> parse(std::string_view text, const Limits& limits);
  [[nodiscard]] static Result<CalicoSelector> parse(std::string_view text) {
    return parse(text, Limits());
  }

  // Parts stand before what they are parts of; the last node is the whole.
  [[nodiscard]] const std::vector<Node>& nodes() const noexcept { return nodes_; }
  // The whole is one global().
  [[nodiscard]] bool is_global() const noexcept { return nodes_.back().kind == Kind::Global; }
  [[nodiscard]] bool contains(Kind kind) const;

  using Labels = std::function<std::optional<std::string_view>(std::string_view)>;
  // What all() and global() are depends on where a selector stands.
  struct Constants {
    bool all = true;
    bool global = true;
  };
  [[nodiscard]] bool matches(const Labels& labels, Constants constants) const;
  [[nodiscard]] bool matches(const Labels& labels) const { return matches(labels, Constants()); }

  // In one form: `(a == "x" && !has(b))`; reads back to a selector of the same text.
  [[nodiscard]] std::string to_string() const;

 private:
  std::vector<Node> nodes_;
};

// One test of a label: of Has, In, NotIn, Contains, StartsWith and EndsWith.
[[nodiscard]] bool holds(const CalicoSelector::Node& test, std::optional<std::string_view> value);

}  // namespace tally::network_policy

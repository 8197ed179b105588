#pragma once
// LabelSelector: a conjunction of requirements on labels; an empty one matches everything. Two
// forms lead to it:
//   * the text of `kubectl -l` (k8s.io/apimachinery pkg/labels, Parse):
//       selector    = [ requirement { "," requirement } ]
//       requirement = [ "!" ] key | key ( "=" | "==" | "!=" | ">" | "<" ) [ value ] | key ( "in" |
//       "notin" ) "(" [ values ] ")"
//   * matchLabels and matchExpressions of the API (kube/selectors.hpp reads them from a Node).
// Immutable after building; share freely.

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"

namespace tally::scalar {

enum class SelectorOperator : std::uint8_t {
  In,
  NotIn,
  Exists,
  DoesNotExist,
  GreaterThan,
  LessThan
};

// "In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt": the words of the API.
[[nodiscard]] std::string_view operator_name(SelectorOperator op) noexcept;
[[nodiscard]] std::optional<SelectorOperator> parse_operator(std::string_view name) noexcept;

struct LabelRequirement {
  std::string key;
  SelectorOperator op = SelectorOperator::Exists;
  std::vector<std::string> values;  // sorted, unique; of Gt and Lt: one integer

  // `value`: the label's value, or nothing when the object has no such label.
  [[nodiscard]] bool matches(std::optional<std::string_view> value) const noexcept;
  friend bool operator==(const LabelRequirement&, const LabelRequirement&) = default;
};

class LabelSelector {
 public:
  // Matches everything.
  LabelSelector() = default;

  // The text form. An error's position is the column (from 1) in the text.
  [[nodiscard]] static Result<LabelSelector> parse(std::string_view text);

  // Adds one requirement; refuses an invalid key, invalid values and a wrong number of them.
  [[nodiscard]] Result<void> add(LabelRequirement requirement);

  [[nodiscard]] bool is_empty() const noexcept { return requirements_.empty(); }
  [[nodiscard]] std::span<const LabelRequirement> requirements() const noexcept {
    return requirements_;
  }

  // lookup(std::string_view key) -> std::optional<std::string_view>.
  template <std::invocable<std::string_view> Lookup>
  [[nodiscard]] bool matches(Lookup&& lookup) const {
    return std::all_of(requirements_.begin(), requirements_.end(),
                       [&](const LabelRequirement& requirement) {
                         return requirement.matches(lookup(std::string_view{requirement.key}));
                       });
  }
  [[nodiscard]] bool matches(
      std::span<const std::pair<std::string_view, std::string_view>> labels) const;

  // The text form, canonical: keys and values sorted; parse() of it gives an equal selector.
  [[nodiscard]] std::string to_string() const;

  friend bool operator==(const LabelSelector&, const LabelSelector&) = default;

 private:
  std::vector<LabelRequirement> requirements_;  // sorted by key
};

}  // namespace tally::scalar

// Rule: every rule changes something.
// Two checks over one walk:
//   * redundant: where the order of rules does not count (NetworkPolicy, Cilium's allows), other
//     rules allow all that this one does, to all that its policy selects;
//   * shadowed: where it counts (ClusterNetworkPolicy, Calico), rules before it decide all that it
//     matches.
// Both by what selectors mean, so that a pod that comes tomorrow does not change the answer. Of
// equal rules the later one is named. Nothing is said of the only rule of its direction: without it
// the policy might no longer isolate.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <unordered_set>

#include "reachability/lint/checks/all.hpp"
#include "reachability/lint/checks/controls.hpp"
#include "reachability/lint/internal/cover.hpp"

namespace tally::reachability::linting {
namespace {

using network_policy::Action;
using network_policy::Direction;
using network_policy::Policy;
using network_policy::PolicySet;
using network_policy::Rule;

// Comparisons of two rules: a quadratic walk must end.
constexpr std::size_t kComparisonsMax = 20'000'000;

constexpr finding::Check kRedundant{
    .engine = "network",
    .policy = "network-policy",
    .id = "rule-redundant",
    .title = "Rule that changes nothing",
    .description =
        "Other rules of the same pods allow all that this one allows. It is read at every review "
        "and removed with a bad conscience; or the other ones are wider than was meant.",
    .remedy = "Remove the rule, or narrow the ones that it names.",
    .severity = finding::Severity::Info,
    .controls = kFlow,
    .references = kPolicyReference};
constexpr finding::Check kShadowed{
    .engine = "network",
    .policy = "network-policy",
    .id = "rule-shadowed",
    .title = "Rule that is never reached",
    .description =
        "In an ordered list the first rule that matches decides. Rules before this one match all "
        "that it matches: what it says has no effect, be it to allow or to deny.",
    .remedy = "Move the rule before those that it names, or remove it.",
    .severity = finding::Severity::Medium,
    .controls = kFlow,
    .references = kPolicyReference};

std::string name_of(const PolicySet& set, const Rule& rule) {
  const kube::Object& object = *set.policies()[rule.policy].object;
  return fmt::format("{} rule {} of {} ({})", to_text(rule.direction), rule.ordinal + 1,
                     title_of(object), place_of(object, rule.offset));
}

class Walk {
 public:
  explicit Walk(View& view) : view_(view), set_(view.policies()) {}

  void run(Reporter& reporter) {
    for (const Direction direction : {Direction::Ingress, Direction::Egress}) {
      for (std::uint32_t tier = 0; tier < set_.tiers().size(); ++tier) {
        run_tier(tier, direction, reporter);
      }
    }
  }

 private:
  void run_tier(std::uint32_t tier, Direction direction, Reporter& reporter) {
    std::vector<const Rule*> rules;
    bool is_ordered = false;
    for (const Policy& policy : set_.policies()) {
      if (policy.tier != tier || policy.is_staged ||
          !policy.applies[static_cast<std::size_t>(direction)]) {
        continue;
      }
      for (const Rule& rule : set_.rules_of(policy)) {
        if (rule.direction == direction) {
          rules.push_back(&rule);
          is_ordered = is_ordered || (rule.action != Action::Allow && !rule.is_first_in_tier);
        }
      }
    }
    std::map<std::string_view, std::vector<const Rule*>> by_namespace;  // empty: any
    for (const Rule* rule : rules) {
      const auto only = set_.selectors().only_namespace(set_.policies()[rule->policy].subject);
      by_namespace[only.value_or(std::string_view{})].push_back(rule);
    }
    std::unordered_set<const Rule*> gone;
    for (auto rule = rules.rbegin(); rule != rules.rend(); ++rule) {
      const auto only = set_.selectors().only_namespace(set_.policies()[(*rule)->policy].subject);
      std::vector<const Rule*> others;
      collect(**rule, by_namespace[{}], gone, is_ordered, others);
      if (only) {
        collect(**rule, by_namespace[*only], gone, is_ordered, others);
      }
      if (is_ordered) {
        std::ranges::sort(others);  // the order of evaluation
      }
      if (report(**rule, others, is_ordered, reporter)) {
        gone.insert(*rule);
      }
    }
  }

  void collect(const Rule& rule, const std::vector<const Rule*>& from,
               const std::unordered_set<const Rule*>& gone, bool is_ordered,
               std::vector<const Rule*>& others) {
    for (const Rule* other : from) {
      if (other == &rule || gone.contains(other) || ++comparisons_ > kComparisonsMax) {
        continue;
      }
      const bool counts =
          is_ordered ? other < &rule || other->is_first_in_tier : other->action == rule.action;
      if (counts) {
        others.push_back(other);
      }
    }
  }

  [[nodiscard]] bool is_only_of_its_direction(const Rule& rule) const {
    return std::ranges::count(set_.rules_of(set_.policies()[rule.policy]), rule.direction,
                              &Rule::direction) == 1;
  }

  bool report(const Rule& rule, std::span<const Rule* const> others, bool is_ordered,
              Reporter& reporter) {
    if (others.empty() || comparisons_ > kComparisonsMax ||
        (!is_ordered && is_only_of_its_direction(rule) &&
         !view_.is_explicit(set_.policies()[rule.policy]))) {
      return false;
    }
    const auto cover = cover_of(set_, rule, others);
    if (!cover) {
      return false;
    }
    std::vector<std::string> names;
    for (const Rule* other : *cover) {
      names.push_back(name_of(set_, *other));
    }
    const kube::Object& object = *set_.policies()[rule.policy].object;
    const finding::Check& check = is_ordered ? kShadowed : kRedundant;
    reporter.add(
        check, object, {std::string(rule.pointer), rule.offset},
        {.found = fmt::format("{} rule {}", to_text(rule.direction), rule.ordinal + 1),
         .allowed = is_ordered ? "a rule that is reached" : "a rule that changes something",
         .message = is_ordered
                        ? fmt::format("the rule is never reached: {} decides all that it matches",
                                      listed(names, 2))
                        : fmt::format("without this rule nothing changes: {} {} all of it as well",
                                      listed(names, 2), names.size() == 1 ? "allows" : "allow")});
    return true;
  }

  View& view_;
  const PolicySet& set_;
  std::size_t comparisons_ = 0;
};

void examine(View& view, Reporter& reporter) { Walk(view).run(reporter); }

}  // namespace

Row rule_redundant_check() { return {.check = &kRedundant, .examine = examine}; }
// Found on the same walk.
Row rule_shadowed_check() { return {.check = &kShadowed, .examine = nullptr}; }

}  // namespace tally::reachability::linting

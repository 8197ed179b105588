// The questions about one configuration.
#include "reachability/query/internal/inspect.hpp"

#include <algorithm>
#include <limits>
#include <set>
#include <utility>

#include "reachability/query/internal/pair.hpp"

namespace tally::reachability::query {
namespace {

using network_policy::Direction;

// A single configuration, and its variants.
class Inspection {
 public:
  Inspection(const View& view, const QueryOptions& options)
      : view_(view), comparison_(*view.config, nullptr, options.exclude_v6) {}

  const Config& config() const { return *view_.config; }
  Comparison& comparison() { return comparison_; }
  const View& view() const { return view_; }

  bool is_vacuous() {
    return view_.is_empty() ||
           are_equal(comparison_, whole(), comparison_.evaluate(without_policies(view_), 0));
  }

  std::vector<std::size_t> policies() const {
    std::vector<std::size_t> kept;
    for (std::size_t i = 0; i < config().policies().size(); ++i) {
      if (view_.has(i)) {
        kept.push_back(i);
      }
    }
    // The tool's lists keep the order of the input between policies of one order.
    std::ranges::sort(kept, {}, [this](std::size_t i) {
      const ConfigPolicy& policy = config().policies()[i];
      return std::pair(policy.order.value_or(std::numeric_limits<double>::infinity()),
                       policy.position);
    });
    return kept;
  }

  std::set<std::string> redundant_policies() {
    std::set<std::string> redundant;
    if (policies().size() < 2) {
      return redundant;
    }
    for (const std::size_t policy : policies()) {
      if (are_equal(comparison_, whole(), comparison_.evaluate(without_policy(view_, policy), 0))) {
        redundant.insert(config().policies()[policy].full_name);
      }
    }
    return redundant;
  }

  // The tool takes out every rule that equals the one: with an equal one elsewhere, it is redundant
  // at once.
  bool is_redundant(std::size_t policy, std::uint32_t rule) {
    View without = view_;
    for (const std::uint32_t other : rules_of(policy)) {
      if (is_same(rule, other)) {
        without.rules_left_out.insert(other);
      }
    }
    return without.rules_left_out.size() > view_.rules_left_out.size() + 1 ||
           are_equal(comparison_, whole(), comparison_.evaluate(without, 0));
  }

  std::vector<std::uint32_t> rules_of(std::size_t policy) const {
    const network_policy::Policy& entry = config().set().policies()[policy];
    std::vector<std::uint32_t> rules;
    for (std::uint32_t r = entry.rules_begin; r < entry.rules_end; ++r) {
      rules.push_back(r);
    }
    return rules;
  }

  // A rule of Kubernetes is empty if it means nobody; one of Calico on each side for itself.
  int emptiness(std::size_t policy, std::uint32_t rule) const {
    const Comparison::RuleExtent& extent = comparison_.extent(0, rule);
    if (config().policies()[policy].kind == PolicyKind::Kubernetes) {
      return extent.has_other() ? 0 : 1;
    }
    return (extent.has_other() ? 0 : 1) + (extent.has_own() ? 0 : 1);
  }

  bool is_empty(std::size_t policy) const { return !comparison_.captures_any(0, policy); }

 private:
  const Matrix& whole() {
    if (whole_.empty()) {
      whole_ = comparison_.evaluate(view_, 0);
    }
    return whole_;
  }

  bool is_same(std::uint32_t a, std::uint32_t b) const {
    const auto rules = config().set().rules();
    return rules[a].direction == rules[b].direction && rules[a].action == rules[b].action &&
           comparison_.extent(0, a) == comparison_.extent(0, b);
  }

  const View& view_;
  Comparison comparison_;
  Matrix whole_;
};

// The numbers of a policy's rules that `wanted` holds for, from 1 in each direction.
template <class Wanted>
void add_rules(const Inspection& inspection, std::size_t policy, const Wanted& wanted,
               Explanation& into, std::int64_t& count) {
  const auto rules = inspection.config().set().rules();
  PolicyRules found[2];
  for (const std::uint32_t rule : inspection.rules_of(policy)) {
    if (wanted(rule)) {
      found[static_cast<std::size_t>(rules[rule].direction)].rules.push_back(
          std::to_string(rules[rule].ordinal + 1));
      ++count;
    }
  }
  for (const Direction direction : {Direction::Ingress, Direction::Egress}) {
    PolicyRules& one = found[static_cast<std::size_t>(direction)];
    if (!one.rules.empty()) {
      one.policy = inspection.config().policies()[policy].full_name;
      (direction == Direction::Ingress ? into.ingress : into.egress).push_back(std::move(one));
    }
  }
}

Answer ask_emptiness(Inspection& inspection) {
  Answer answer;
  Explanation explanation{.description = " that does not select any pods"};
  for (const std::size_t policy : inspection.policies()) {
    if (inspection.is_empty(policy)) {
      ++answer.number;
      explanation.policies.push_back("NetworkPolicy " +
                                     inspection.config().policies()[policy].full_name);
    }
    add_rules(
        inspection, policy,
        [&](std::uint32_t rule) { return inspection.emptiness(policy, rule) > 0; }, explanation,
        answer.number);
  }
  answer.is_true = answer.number > 0;
  answer.text =
      (answer.is_true ? "There are empty NetworkPolicies and/or empty ingress/egress rules in "
                      : "No empty NetworkPolicies and no empty rules in ") +
      inspection.view().name;
  if (answer.is_true) {
    answer.explanations.push_back(std::move(explanation));
  }
  return answer;
}

Answer ask_vacuity(Inspection& inspection) {
  const bool is_vacuous = inspection.is_vacuous();
  return {
      .number = is_vacuous ? 1 : 0,
      .is_true = is_vacuous,
      .text = "Network configuration " + inspection.view().name +
              (is_vacuous ? " is vacuous - it allows all default connections" : " is not vacuous")};
}

Answer ask_redundancy(Inspection& inspection) {
  Answer answer;
  const std::set<std::string> redundant = inspection.redundant_policies();
  Explanation explanation{.description = " that are redundant in " + inspection.view().name,
                          .policies = {redundant.begin(), redundant.end()}};
  answer.number = static_cast<std::int64_t>(redundant.size());
  for (const std::size_t policy : inspection.policies()) {
    if (!redundant.contains(inspection.config().policies()[policy].full_name)) {
      add_rules(
          inspection, policy,
          [&](std::uint32_t rule) { return inspection.is_redundant(policy, rule); }, explanation,
          answer.number);
    }
  }
  answer.is_true = answer.number > 0;
  answer.text = (answer.is_true ? "Redundancies found in " : "No redundancy found in ") +
                inspection.view().name;
  if (answer.is_true) {
    answer.explanations.push_back(std::move(explanation));
  }
  return answer;
}

Answer ask_disjointness(Inspection& inspection, const QueryOptions& options) {
  Answer answer;
  const std::vector<std::size_t> policies = inspection.policies();
  const std::vector<PeerClass>& classes = inspection.comparison().classes();
  const std::vector<ConfigPolicy>& all = inspection.config().policies();
  Explanation explanation{.kind = Explanation::Kind::CommonPods,
                          .description = "policies with overlapping captured pods"};
  const auto add = [&](CommonPods common) {
    if (common.pods.empty()) {
      return;
    }
    std::ranges::sort(common.pods);
    if (!options.with_all_examples) {
      common.pods.resize(1);
    }
    explanation.common.push_back(std::move(common));
  };
  for (std::size_t i = 0; i < policies.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      CommonPods common{
          .first = all[policies[i]].full_name, .second = all[policies[j]].full_name, .pods = {}};
      for (std::size_t c = 0; c < classes.size(); ++c) {
        if (inspection.comparison().captures(0, policies[i], c) &&
            inspection.comparison().captures(0, policies[j], c)) {
          common.pods.insert(common.pods.end(), classes[c].names.begin(), classes[c].names.end());
        }
      }
      add(std::move(common));
    }
  }
  const std::vector<MeshPolicy>& mesh = inspection.config().mesh_policies();
  for (std::size_t i = 0; i < mesh.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      CommonPods common{.first = mesh[i].full_name, .second = mesh[j].full_name, .pods = {}};
      for (const ClusterPeer& peer : inspection.config().peers()) {
        if (mesh[i].selects(peer) && mesh[j].selects(peer)) {
          common.pods.push_back(peer.name);
        }
      }
      add(std::move(common));
    }
  }
  std::ranges::sort(explanation.common, {},
                    [](const CommonPods& one) { return std::pair(one.first, one.second); });
  answer.number = static_cast<std::int64_t>(explanation.common.size());
  answer.is_true = answer.number == 0;
  answer.text = (answer.is_true ? "All policies are disjoint in "
                                : "There are policies capturing the same pods in ") +
                inspection.view().name;
  if (!answer.is_true) {
    answer.explanations.push_back(std::move(explanation));
  }
  return answer;
}

// Pods of a controller are one: "shop/web(Deployment-StatefulSet)" of a ReplicaSet, whose name ends
// in a hash.
std::string captured_name(const std::string& workload) {
  const std::size_t bracket = workload.find('[');
  if (bracket == std::string::npos) {
    return workload;
  }
  const std::string name = workload.substr(0, bracket);
  const std::string kind = workload.substr(bracket + 1, workload.size() - bracket - 2);
  return kind == "ReplicaSet" ? name.substr(0, name.rfind('-')) + "(Deployment-StatefulSet)"
                              : name + "(" + kind + ")";
}

// The pods that no policy of a layer selects in a direction: `is_captured` of a peer.
template <class IsCaptured>
void add_uncaptured(const Inspection& inspection, const QueryOptions& options,
                    std::string_view layer, Direction direction, const IsCaptured& is_captured,
                    Answer& answer, Explanation& explanation) {
  std::set<std::string> uncaptured;
  for (const ClusterPeer& peer : inspection.config().peers()) {
    if (!is_captured(peer)) {
      uncaptured.insert(options.by_deployments ? captured_name(peer.workload) : peer.name);
    }
  }
  answer.number += static_cast<std::int64_t>(uncaptured.size());
  if (!uncaptured.empty()) {
    explanation.pods.push_back({.description = "workload resources that are not captured by any " +
                                               std::string(layer) + " policy that affects " +
                                               std::string(to_text(direction)),
                                .pods = {uncaptured.begin(), uncaptured.end()}});
  }
}

Answer ask_all_captured(Inspection& inspection, const QueryOptions& options) {
  Answer answer;
  const std::string& name = inspection.view().name;
  const std::vector<MeshPolicy>& mesh = inspection.config().mesh_policies();
  if (inspection.view().is_empty() && mesh.empty()) {
    answer.number = static_cast<std::int64_t>(inspection.config().peers().size());
    answer.text =
        "There are no network policies in " + name + ". All workload resources are non captured";
    return answer;
  }
  Explanation explanation{.kind = Explanation::Kind::Pods};
  const network_policy::PolicySet& set = inspection.config().set();
  for (const Direction direction : {Direction::Ingress, Direction::Egress}) {
    if (inspection.view().is_empty()) {
      break;
    }
    add_uncaptured(
        inspection, options, "K8s_Calico", direction,
        [&](const ClusterPeer& peer) {
          return std::ranges::any_of(inspection.policies(), [&](std::size_t policy) {
            return set.policies()[policy].applies[static_cast<int>(direction)] &&
                   selects(set, set.policies()[policy], peer);
          });
        },
        answer, explanation);
  }
  if (!mesh.empty()) {
    add_uncaptured(
        inspection, options, "Istio", Direction::Ingress,
        [&](const ClusterPeer& peer) {
          return std::ranges::any_of(
              mesh, [&](const MeshPolicy& policy) { return policy.selects(peer); });
        },
        answer, explanation);
  }
  answer.is_true = answer.number == 0;
  answer.text = (answer.is_true ? "All pods are captured by at least one policy in "
                                : "There are workload resources not captured by any policy in ") +
                name;
  if (!answer.is_true) {
    answer.explanations.push_back(std::move(explanation));
  }
  return answer;
}

Answer ask_connectivity_map(Inspection& inspection, const QueryOptions& options) {
  Answer answer{.is_true = true};
  if (options.with_map) {
    const Matrix matrix = inspection.comparison().evaluate(inspection.view(), 0);
    answer.map = map_lines(
        inspection.comparison(), options, false, [&](std::size_t source, std::size_t destination) {
          return matrix[inspection.comparison().at(source, destination)].all_allowed;
        });
  }
  return answer;
}

// CalicoNetworkPolicy.is_conflicting: same order, a peer in common, and in one direction rules that
// allow in the one and deny in the other.
class Conflicts {
 public:
  explicit Conflicts(Inspection& inspection) : inspection_(inspection) {}

  bool any() {
    std::vector<std::size_t> level;  // policies of one order
    for (const std::size_t policy : inspection_.policies()) {
      if (entry(policy).kind == PolicyKind::Kubernetes) {
        continue;
      }
      if (!level.empty() && entry(level.front()).order != entry(policy).order) {
        level.clear();
      }
      for (const std::size_t other : level) {
        if (conflict(policy, other)) {
          return true;
        }
      }
      level.push_back(policy);
    }
    return false;
  }

 private:
  const ConfigPolicy& entry(std::size_t policy) const {
    return inspection_.config().policies()[policy];
  }

  bool has(std::size_t policy, Direction direction, network_policy::Action action) {
    const auto rules = inspection_.config().set().rules();
    return std::ranges::any_of(inspection_.rules_of(policy), [&](std::uint32_t rule) {
      return rules[rule].direction == direction && rules[rule].action == action &&
             inspection_.emptiness(policy, rule) == 0;
    });
  }

  bool conflict(std::size_t a, std::size_t b) {
    const auto policies = inspection_.config().set().policies();
    bool have_common = false;
    for (std::size_t c = 0; c < inspection_.comparison().classes().size(); ++c) {
      have_common = have_common || (inspection_.comparison().captures(0, a, c) &&
                                    inspection_.comparison().captures(0, b, c));
    }
    if (!have_common) {
      return false;
    }
    for (const Direction direction : {Direction::Ingress, Direction::Egress}) {
      const auto d = static_cast<std::size_t>(direction);
      using enum network_policy::Action;
      if (policies[a].applies[d] && policies[b].applies[d] &&
          ((has(a, direction, Allow) && has(b, direction, Deny)) ||
           (has(a, direction, Deny) && has(b, direction, Allow)))) {
        return true;
      }
    }
    return false;
  }

  Inspection& inspection_;
};

Answer ask_sanity(Inspection& inspection) {
  const std::string& name = inspection.view().name;
  if (inspection.view().is_empty()) {
    return {.text = "No NetworkPolicies in " + name + ". Nothing to check sanity on."};
  }
  if (Conflicts(inspection).any()) {
    return {.number = 1,
            .text = "policies have same order but conflicting rules. Behavior is undefined."};
  }
  Answer answer;
  const bool is_vacuous = inspection.is_vacuous();
  answer.number = is_vacuous ? 1 : 0;
  const std::set<std::string> redundant = inspection.redundant_policies();
  for (const std::size_t policy : inspection.policies()) {
    if (inspection.is_empty(policy)) {
      ++answer.number;
      continue;
    }
    for (const std::uint32_t rule : inspection.rules_of(policy)) {
      answer.number += inspection.emptiness(policy, rule);
    }
    if (is_vacuous) {
      continue;
    }
    if (redundant.contains(inspection.config().policies()[policy].full_name)) {
      ++answer.number;
      continue;
    }
    for (const std::uint32_t rule : inspection.rules_of(policy)) {
      answer.number +=
          inspection.emptiness(policy, rule) == 0 && inspection.is_redundant(policy, rule) ? 1 : 0;
    }
  }
  answer.is_true = answer.number == 0;
  answer.text =
      "NetworkConfig " + name + (answer.is_true ? " passed sanity check" : " failed sanity check:");
  return answer;
}

}  // namespace

Answer inspect(QueryKind kind, const View& view, const QueryOptions& options) {
  Inspection inspection(view, options);
  switch (kind) {
    case QueryKind::Redundancy:
      return ask_redundancy(inspection);
    case QueryKind::Emptiness:
      return ask_emptiness(inspection);
    case QueryKind::Vacuity:
      return ask_vacuity(inspection);
    case QueryKind::Disjointness:
      return ask_disjointness(inspection, options);
    case QueryKind::AllCaptured:
      return ask_all_captured(inspection, options);
    case QueryKind::Sanity:
      return ask_sanity(inspection);
    case QueryKind::ConnectivityMap:
      return ask_connectivity_map(inspection, options);
    case QueryKind::SemanticDiff:
    case QueryKind::Equivalence:
    case QueryKind::StrongEquivalence:
    case QueryKind::Containment:
    case QueryKind::TwoWayContainment:
    case QueryKind::Permits:
    case QueryKind::Forbids:
    case QueryKind::Interferes:
    case QueryKind::PairwiseInterferes:
      break;
  }
  return {.was_executed = false, .text = "the question is about two configurations"};
}

}  // namespace tally::reachability::query

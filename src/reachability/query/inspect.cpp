// The questions about one configuration.
#include "reachability/query/internal/inspect.hpp"

#include <algorithm>
#include <map>
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
           are_equal(comparison_, comparison_.evaluate(without_gateways(view_), 0),
                     comparison_.evaluate(without_policies(view_), 0));
  }

  // Layers that are asked about: gateways are not.
  std::vector<Layer> layers() const {
    std::vector<Layer> found;
    for (const Layer layer : {Layer::K8sCalico, Layer::Istio}) {
      if (view_.has_layer(layer)) {
        found.push_back(layer);
      }
    }
    return found;
  }

  std::vector<std::size_t> layer_policies(Layer layer) const {
    if (layer == Layer::K8sCalico) {
      return policies();
    }
    std::vector<std::size_t> kept;
    for (std::size_t i = config().policies().size(); i < config().policy_count(); ++i) {
      if (view_.has(i) && config().layer_of(i) == layer) {
        kept.push_back(i);
      }
    }
    return kept;
  }

  // Of all layers.
  std::vector<std::size_t> all_policies() const {
    std::vector<std::size_t> all = policies();
    for (const Layer layer : {Layer::Istio, Layer::Ingress, Layer::IstioGateway}) {
      const std::vector<std::size_t> some = layer_policies(layer);
      all.insert(all.end(), some.begin(), some.end());
    }
    return all;
  }

  std::vector<std::size_t> policies() const {
    std::vector<std::size_t> kept;
    for (const std::size_t i : config().evaluation_order()) {
      if (view_.has(i)) {
        kept.push_back(i);
      }
    }
    return kept;
  }

  // Within a layer: one layer's policy is not redundant because of another's.
  std::set<std::string> redundant_policies(Layer layer) {
    std::set<std::string> redundant;
    const std::vector<std::size_t> policies = layer_policies(layer);
    if (policies.size() < 2) {
      return redundant;
    }
    for (const std::size_t policy : policies) {
      if (are_equal(comparison_, whole(layer),
                    comparison_.evaluate(without_policy(view_, policy), 0, layer))) {
        redundant.insert(config().full_name_of(policy));
      }
    }
    return redundant;
  }

  // The tool takes out every rule that equals the one: with an equal one elsewhere, it is redundant
  // at once. To it all rules of a sidecar are equal (IstioSidecarRule, a dataclass without fields).
  bool is_redundant(Layer layer, std::size_t policy, std::uint32_t rule) {
    View without = view_;
    if (layer == Layer::K8sCalico) {
      without.moved_behind = policy;
    }
    std::size_t count = 0;
    for (const std::uint32_t other : rules_of(policy)) {
      if (is_same(policy, rule, other)) {
        ++count;
        if (layer == Layer::K8sCalico) {
          without.rules_left_out.insert(other);
        } else {
          without.layer_rules_left_out.emplace(policy, other);
        }
      }
    }
    return count > 1 ||
           are_equal(comparison_, whole(layer), comparison_.evaluate(without, 0, layer));
  }

  // Positions in PolicySet::rules(); of layers, in the policy.
  std::vector<std::uint32_t> rules_of(std::size_t policy) const {
    std::vector<std::uint32_t> rules;
    std::uint32_t begin = 0;
    std::uint32_t end = 0;
    if (const LayerPolicy* const layer = config().layer_policy(policy); layer != nullptr) {
      end = static_cast<std::uint32_t>(layer->rules.size());
    } else {
      begin = config().set().policies()[policy].rules_begin;
      end = config().set().policies()[policy].rules_end;
    }
    for (std::uint32_t r = begin; r < end; ++r) {
      rules.push_back(r);
    }
    return rules;
  }

  Direction direction_of(std::size_t policy, std::uint32_t rule) const {
    const LayerPolicy* const layer = config().layer_policy(policy);
    return layer == nullptr                ? config().set().rules()[rule].direction
           : layer->rules[rule].is_ingress ? Direction::Ingress
                                           : Direction::Egress;
  }

  std::uint32_t ordinal_of(std::size_t policy, std::uint32_t rule) const {
    return config().layer_policy(policy) == nullptr ? config().set().rules()[rule].ordinal : rule;
  }

  // A rule of Kubernetes is empty if it means nobody; one of Calico on each side for itself.
  int emptiness(std::size_t policy, std::uint32_t rule) const {
    if (const LayerPolicy* const layer = config().layer_policy(policy); layer != nullptr) {
      return layer->rules[rule].is_empty ? 1 : 0;
    }
    const Comparison::RuleExtent& extent = comparison_.extent(0, rule);
    if (config().policies()[policy].kind == PolicyKind::Kubernetes) {
      return extent.has_other() ? 0 : 1;
    }
    return (extent.has_other() ? 0 : 1) + (extent.has_own() ? 0 : 1);
  }

  bool is_empty(std::size_t policy) const { return !comparison_.captures_any(0, policy); }

  std::string_view title_of(std::size_t policy) const {
    const LayerPolicy* const layer = config().layer_policy(policy);
    return layer == nullptr ? "NetworkPolicy" : layer->title;
  }

 private:
  const Matrix& whole(Layer layer) {
    Matrix& matrix = whole_[layer];
    if (matrix.empty()) {
      matrix = comparison_.evaluate(view_, 0, layer);
    }
    return matrix;
  }

  bool is_same(std::size_t policy, std::uint32_t a, std::uint32_t b) const {
    if (const LayerPolicy* const layer = config().layer_policy(policy); layer != nullptr) {
      return layer->kind == "IstioSidecar" || comparison_.are_same(0, policy, a, b);
    }
    const auto rules = config().set().rules();
    return rules[a].direction == rules[b].direction && rules[a].action == rules[b].action &&
           comparison_.extent(0, a) == comparison_.extent(0, b);
  }

  const View& view_;
  Comparison comparison_;
  std::map<Layer, Matrix> whole_;
};

// The numbers of a policy's rules that `wanted` holds for, from 1 in each direction.
template <class Wanted>
void add_rules(const Inspection& inspection, std::size_t policy, const Wanted& wanted,
               Explanation& into, std::int64_t& count) {
  PolicyRules found[2];
  for (const std::uint32_t rule : inspection.rules_of(policy)) {
    if (wanted(rule)) {
      found[static_cast<std::size_t>(inspection.direction_of(policy, rule))].rules.push_back(
          std::to_string(inspection.ordinal_of(policy, rule) + 1));
      ++count;
    }
  }
  for (const Direction direction : {Direction::Ingress, Direction::Egress}) {
    PolicyRules& one = found[static_cast<std::size_t>(direction)];
    if (!one.rules.empty()) {
      one.policy = inspection.config().full_name_of(policy);
      one.title = inspection.title_of(policy);
      (direction == Direction::Ingress ? into.ingress : into.egress).push_back(std::move(one));
    }
  }
}

Answer ask_emptiness(Inspection& inspection) {
  Answer answer;
  Explanation explanation{.description = " that does not select any pods"};
  for (const std::size_t policy : inspection.all_policies()) {
    if (inspection.is_empty(policy)) {
      ++answer.number;
      explanation.policies.push_back(std::string(inspection.title_of(policy)) + " " +
                                     inspection.config().full_name_of(policy));
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
  Explanation explanation{.description = " that are redundant in " + inspection.view().name,
                          .policies = {}};
  for (const Layer layer : inspection.layers()) {
    const std::set<std::string> redundant = inspection.redundant_policies(layer);
    explanation.policies = {redundant.begin(), redundant.end()};  // the tool lists the last layer's
    answer.number += static_cast<std::int64_t>(redundant.size());
    for (const std::size_t policy : inspection.layer_policies(layer)) {
      if (!redundant.contains(inspection.config().full_name_of(policy))) {
        add_rules(
            inspection, policy,
            [&](std::uint32_t rule) { return inspection.is_redundant(layer, policy, rule); },
            explanation, answer.number);
      }
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
  const std::vector<PeerClass>& classes = inspection.comparison().classes();
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
  for (const Layer layer : inspection.layers()) {
    const std::vector<std::size_t> policies = inspection.layer_policies(layer);
    for (std::size_t i = 0; i < policies.size(); ++i) {
      for (std::size_t j = 0; j < i; ++j) {
        CommonPods common{.first = inspection.config().full_name_of(policies[i]),
                          .second = inspection.config().full_name_of(policies[j]),
                          .pods = {},
                          .first_title = inspection.title_of(policies[i]),
                          .second_title = inspection.title_of(policies[j])};
        for (std::size_t c = 0; c < classes.size(); ++c) {
          if (inspection.comparison().captures(0, policies[i], c) &&
              inspection.comparison().captures(0, policies[j], c)) {
            common.pods.insert(common.pods.end(), classes[c].names.begin(), classes[c].names.end());
          }
        }
        add(std::move(common));
      }
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

// The pods that no policy of a layer selects in a direction.
void add_uncaptured(Inspection& inspection, const QueryOptions& options, Layer layer,
                    Direction direction, Answer& answer, Explanation& explanation) {
  const Config& config = inspection.config();
  const std::vector<std::size_t> policies = inspection.layer_policies(layer);
  const auto affects = [&](std::size_t policy) {
    const LayerPolicy* const one = config.layer_policy(policy);
    return one == nullptr
               ? config.set().policies()[policy].applies[static_cast<int>(direction)]
               : (direction == Direction::Ingress ? one->affects_ingress : one->affects_egress);
  };
  std::set<std::string> uncaptured;
  for (std::size_t c = 0; c < inspection.comparison().classes().size(); ++c) {
    const PeerClass& peers = inspection.comparison().classes()[c];
    if (peers.is_block || peers.is_dns_entry ||
        std::ranges::any_of(policies, [&](std::size_t policy) {
          return affects(policy) && inspection.comparison().captures(0, policy, c);
        })) {
      continue;
    }
    for (std::size_t i = 0; i < peers.names.size(); ++i) {
      uncaptured.insert(options.by_deployments ? captured_name(peers.workloads[i])
                                               : peers.names[i]);
    }
  }
  answer.number += static_cast<std::int64_t>(uncaptured.size());
  if (!uncaptured.empty()) {
    explanation.pods.push_back({.description = "workload resources that are not captured by any " +
                                               std::string(to_text(layer)) +
                                               " policy that affects " +
                                               std::string(to_text(direction)),
                                .pods = {uncaptured.begin(), uncaptured.end()}});
  }
}

Answer ask_all_captured(Inspection& inspection, const QueryOptions& options) {
  Answer answer;
  const std::string& name = inspection.view().name;
  const std::vector<Layer> layers = inspection.layers();
  if (layers.empty()) {
    answer.number =
        std::ranges::count(inspection.config().peers(), false, &ClusterPeer::is_dns_entry);
    answer.text =
        "There are no network policies in " + name + ". All workload resources are non captured";
    return answer;
  }
  Explanation explanation{.kind = Explanation::Kind::Pods};
  for (const Layer layer : layers) {
    for (const Direction direction : {Direction::Ingress, Direction::Egress}) {
      // Of the mesh the tool asks about ingress only.
      if (layer == Layer::K8sCalico || direction == Direction::Ingress) {
        add_uncaptured(inspection, options, layer, direction, answer, explanation);
      }
    }
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

void count_issues(Inspection& inspection, Layer layer, bool is_vacuous, std::int64_t& count) {
  const std::set<std::string> redundant = inspection.redundant_policies(layer);
  for (const std::size_t policy : inspection.layer_policies(layer)) {
    if (inspection.is_empty(policy)) {
      ++count;
      continue;
    }
    for (const std::uint32_t rule : inspection.rules_of(policy)) {
      count += inspection.emptiness(policy, rule);
    }
    if (is_vacuous) {
      continue;
    }
    if (redundant.contains(inspection.config().full_name_of(policy))) {
      ++count;
      continue;
    }
    for (const std::uint32_t rule : inspection.rules_of(policy)) {
      count +=
          inspection.emptiness(policy, rule) == 0 && inspection.is_redundant(layer, policy, rule)
              ? 1
              : 0;
    }
  }
}

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
  for (const Layer layer : inspection.layers()) {
    count_issues(inspection, layer, is_vacuous, answer.number);
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
      return ask_connectivity_map(inspection.comparison(), view, options);
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

#include "reachability/query/queries.hpp"

#include <algorithm>
#include <set>
#include <tuple>
#include <utility>

#include "reachability/query/internal/inspect.hpp"
#include "reachability/query/internal/pair.hpp"

namespace tally::reachability::query {
namespace {

void sort_rows(Explanation& explanation) {
  std::ranges::sort(explanation.connections, {}, [](const ConnectionsOf& row) {
    return std::tuple(row.sources, row.destinations, row.is_of_second, row.connections.to_string());
  });
}

Answer ask_equivalence(const View& first, const View& second, const QueryOptions& options) {
  if (!is_comparable(*first.config, *second.config)) {
    Answer answer = different_topologies();
    answer.number = 1;
    return answer;
  }
  if (have_same_policies(first, second)) {
    return {.is_true = true,
            .text = first.name + " and " + second.name +
                    " have the same network topology and the same set of policies."};
  }
  Pair pair(first, second, options);
  Answer answer{.is_true = pair.equal()};
  answer.number = answer.is_true ? 0 : 1;
  answer.text =
      first.name + " and " + second.name +
      (answer.is_true ? " are semantically equivalent." : " are not semantically equivalent.");
  if (!answer.is_true) {
    Explanation explanation{.kind = Explanation::Kind::Difference,
                            .description = "Connections allowed in " + first.name +
                                           " which are different in " + second.name,
                            .configs = {first.name, second.name}};
    for (const bool is_second : {false, true}) {
      pair.add_rows(is_second ? pair.second() : pair.first(), &Connections::all_allowed,
                    is_second ? &pair.first() : &pair.second(), is_second,
                    options.with_all_examples, explanation.connections);
    }
    sort_rows(explanation);
    answer.explanations.push_back(std::move(explanation));
  }
  return answer;
}

// "a contains a network policy named shop/web[PolicyType.K8sNetworkPolicy], but b does not"
std::string missing_policy(const View& first, const View& second) {
  const std::set<std::string> texts[] = {policy_texts(first, false), policy_texts(second, false)};
  const View* const views[] = {&first, &second};
  for (const std::size_t i : {0U, 1U}) {
    for (const std::string& text : texts[i]) {
      if (!texts[1 - i].contains(text)) {
        const std::size_t slash = text.find('/');
        return views[i]->name + " contains a network policy named " + text.substr(slash + 1) +
               "[PolicyType." + text.substr(0, slash) + "], but " + views[1 - i]->name +
               " does not";
      }
    }
  }
  return {};
}

Answer ask_strong_equivalence(const View& first, const View& second, const QueryOptions& options) {
  if (!is_comparable(*first.config, *second.config)) {
    Answer answer = different_topologies();
    answer.number = 1;
    return answer;
  }
  if (auto text = missing_policy(first, second); !text.empty()) {
    return {.number = 1, .text = std::move(text)};
  }
  for (std::size_t i = 0; i < first.config->policy_count(); ++i) {
    if (!first.has(i)) {
      continue;
    }
    const std::string text = first.config->text_of(i, false);
    std::size_t position = 0;
    while (second.config->text_of(position, false) != text) {
      ++position;  // the sets of texts are the same
    }
    Answer answer =
        ask_equivalence(with_one_policy(first, i), with_one_policy(second, position), options);
    if (!answer.is_true) {
      answer.text = "NetworkPolicy " + first.config->full_name_of(i) + " is not equivalent in " +
                    first.name + " and in " + second.name;
      return answer;
    }
  }
  return {.is_true = true,
          .text = first.name + " and " + second.name + " are strongly equivalent."};
}

bool has_peers_of(const Config& outer, const Config& inner) {
  return std::ranges::all_of(inner.peers(), [&](const ClusterPeer& peer) {
    return std::ranges::find(outer.peers(), peer.name, &ClusterPeer::name) != outer.peers().end();
  });
}

Answer ask_containment(const View& first, const View& second, Part part,
                       const QueryOptions& options) {
  Answer answer;
  answer.text = first.name + " is not contained in " + second.name;
  if (!has_peers_of(*second.config, *first.config)) {
    answer.text += " ";
    PodList missing{.description = "Peers in " + first.name + " which are not in " + second.name,
                    .pods = {}};
    for (const ClusterPeer& peer : first.config->peers()) {
      if (std::ranges::find(second.config->peers(), peer.name, &ClusterPeer::name) ==
          second.config->peers().end()) {
        missing.pods.push_back(peer.name);
      }
    }
    std::ranges::sort(missing.pods);
    Explanation explanation{.kind = Explanation::Kind::Pods};
    explanation.pods.push_back(std::move(missing));
    answer.explanations.push_back(std::move(explanation));
    return answer;
  }
  Pair pair(first, second, options);
  if (pair.contains(pair.second(), &Connections::all_allowed, pair.first(), part)) {
    return {.number = 1, .is_true = true, .text = first.name + " is contained in " + second.name};
  }
  Explanation explanation{.kind = Explanation::Kind::Connections,
                          .description = "Connections allowed in " + first.name +
                                         " which are not a subset of those in " + second.name};
  pair.add_rows(pair.first(), part, &pair.second(), false, options.with_all_examples,
                explanation.connections);
  sort_rows(explanation);
  answer.explanations.push_back(std::move(explanation));
  return answer;
}

Answer ask_two_way_containment(const View& first, const View& second, const QueryOptions& options) {
  if (is_comparable(*first.config, *second.config) && have_same_policies(first, second)) {
    return {.is_true = true,
            .text = first.name + " and " + second.name +
                    " have the same network topology and the same set of policies."};
  }
  Answer forth = ask_containment(first, second, &Connections::all_allowed, options);
  Answer back = ask_containment(second, first, &Connections::all_allowed, options);
  if (forth.is_true && back.is_true) {
    return {.number = 3,
            .is_true = true,
            .text = "The two network configurations " + first.name + " and " + second.name +
                    " are semantically equivalent."};
  }
  if (!forth.is_true && !back.is_true) {
    Answer neither{.text = "Neither network configuration " + first.name + " and " + second.name +
                           " are contained in the other"};
    neither.explanations = std::move(back.explanations);
    for (Explanation& one : forth.explanations) {
      neither.explanations.push_back(std::move(one));
    }
    return neither;
  }
  const View& inner = forth.is_true ? first : second;
  const View& outer = forth.is_true ? second : first;
  Answer& failed = forth.is_true ? back : forth;
  return {.number = forth.is_true ? 2 : 1,
          .text = "Network configuration " + inner.name + " is a proper subset of " + outer.name +
                  " but " + failed.text,
          .explanations = std::move(failed.explanations)};
}

// The policies of the first, asked about the pods of the second.
Config rebuilt(const Config& first, const Config& second) {
  return {first.name(), second.shared_cluster(), first.documents()};
}

// The same choice of policies, which the other configuration has in the same order.
View rebuilt_view(const View& view, const Config& config) {
  return {.config = &config, .name = view.name, .left_out = view.left_out};
}

// NetworkLayersContainer.does_contain_only_gateway_layers
bool has_only_gateways(const View& view) {
  return !view.is_empty() && without_gateways(view).is_empty();
}

Answer ask_permits(const View& first, const View& second, const QueryOptions& options) {
  if (has_only_gateways(first)) {
    return {.was_executed = false,
            .text = "Permitted traffic cannot be specified using Ingress/Gateway resources only"};
  }
  if (first.is_empty()) {
    return {.was_executed = false,
            .text =
                "There are no NetworkPolicies in the given permits config. No traffic is "
                "specified as permitted."};
  }
  const Config config = rebuilt(*first.config, *second.config);
  Answer answer = ask_containment(without_gateways(rebuilt_view(first, config)), second,
                                  &Connections::allowed, options);
  answer.number = answer.is_true ? 0 : 1;
  answer.text = second.name +
                (answer.is_true ? " permits all connections specified in "
                                : " does not permit connections specified in ") +
                first.name;
  return answer;
}

Answer ask_forbids(const View& first, const View& second, const QueryOptions& options) {
  if (has_only_gateways(first)) {
    return {.was_executed = false,
            .text = "Forbidden traffic cannot be specified using Ingress/Gateway resources only"};
  }
  if (first.is_empty()) {
    return {.was_executed = false,
            .text =
                "There are no NetworkPolicies in the given forbids config. No traffic is "
                "specified as forbidden."};
  }
  const Config config = rebuilt(*first.config, *second.config);
  Pair pair(without_gateways(rebuilt_view(first, config)), second, options);
  const bool meet =
      pair.intersect(pair.first(), &Connections::allowed, pair.second(), &Connections::all_allowed);
  Answer answer{.number = meet ? 1 : 0, .is_true = !meet};
  if (!meet) {
    answer.text = "The connections allowed by " + first.name +
                  " do not intersect the connections allowed by " + second.name + "\n" +
                  second.name + " forbids connections specified in " + first.name;
    return answer;
  }
  answer.text = second.name + " does not forbid connections specified in " + first.name;
  Explanation explanation{.kind = Explanation::Kind::Connections,
                          .description = "Both " + first.name + " and " + second.name +
                                         " allow the following connection(s)"};
  const Matrix both = pair.intersection(&Connections::allowed, &Connections::all_allowed);
  pair.add_rows(both, &Connections::all_allowed, nullptr, false, options.with_all_examples,
                explanation.connections);
  sort_rows(explanation);
  answer.explanations.push_back(std::move(explanation));
  return answer;
}

Answer ask_interferes(const View& first, const View& second, const QueryOptions& options) {
  if (!is_comparable(*first.config, *second.config)) {
    return different_topologies();
  }
  Pair pair(first, second, options);
  if (pair.contains(pair.second(), &Connections::allowed, pair.first(), &Connections::allowed)) {
    return {.text = first.name + " does not interfere with " + second.name};
  }
  Explanation explanation{.kind = Explanation::Kind::Difference,
                          .description = "Allowed connections from " + second.name +
                                         " which are extended in " + first.name,
                          .configs = {first.name, second.name}};
  Matrix second_part = pair.second();
  for (Connections& one : second_part) {
    one.all_allowed = one.allowed;
  }
  pair.add_rows(pair.first(), &Connections::allowed, &second_part, false, options.with_all_examples,
                explanation.connections);
  sort_rows(explanation);
  Answer answer{
      .number = 1, .is_true = true, .text = first.name + " interferes with " + second.name};
  answer.explanations.push_back(std::move(explanation));
  return answer;
}

bool has_no_peers(const View& view) { return view.config->peers().empty(); }

Answer no_peers(const View& view) {
  return {.was_executed = false,
          .text = "Error: Network configuration '" + view.name +
                  "' does not have any peers. Can not run Query"};
}

}  // namespace

QueryShape shape_of(QueryKind kind) noexcept {
  switch (kind) {
    case QueryKind::ConnectivityMap:
    case QueryKind::Redundancy:
    case QueryKind::Emptiness:
    case QueryKind::Vacuity:
    case QueryKind::Disjointness:
    case QueryKind::AllCaptured:
    case QueryKind::Sanity:
      return QueryShape::Each;
    case QueryKind::Containment:
    case QueryKind::Permits:
    case QueryKind::Forbids:
    case QueryKind::Interferes:
      return QueryShape::VersusBase;
    case QueryKind::SemanticDiff:
    case QueryKind::Equivalence:
    case QueryKind::StrongEquivalence:
    case QueryKind::TwoWayContainment:
      return QueryShape::EachPair;
    case QueryKind::PairwiseInterferes:
      return QueryShape::AllPairs;
  }
  return QueryShape::Each;
}

Answer ask(QueryKind kind, const View& view, const QueryOptions& options) {
  if (has_no_peers(view)) {
    return no_peers(view);
  }
  return inspect(kind, view, options);
}

Answer ask(QueryKind kind, const View& first, const View& second, const QueryOptions& options) {
  for (const View* view : {&first, &second}) {
    if (has_no_peers(*view)) {
      return no_peers(*view);
    }
  }
  switch (kind) {
    case QueryKind::SemanticDiff:
      return ask_semantic_diff(first, second, options);
    case QueryKind::Equivalence:
      return ask_equivalence(first, second, options);
    case QueryKind::StrongEquivalence:
      return ask_strong_equivalence(first, second, options);
    case QueryKind::Containment:
      return ask_containment(first, second, &Connections::all_allowed, options);
    case QueryKind::TwoWayContainment:
      return ask_two_way_containment(first, second, options);
    case QueryKind::Permits:
      return ask_permits(first, second, options);
    case QueryKind::Forbids:
      return ask_forbids(first, second, options);
    case QueryKind::Interferes:
    case QueryKind::PairwiseInterferes:
      return ask_interferes(first, second, options);
    case QueryKind::ConnectivityMap:
    case QueryKind::Redundancy:
    case QueryKind::Emptiness:
    case QueryKind::Vacuity:
    case QueryKind::Disjointness:
    case QueryKind::AllCaptured:
    case QueryKind::Sanity:
      break;
  }
  return {.was_executed = false, .text = "the question is about one configuration"};
}

}  // namespace tally::reachability::query

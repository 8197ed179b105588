// Rule: what one side allows the other side allows as well.
// Examined: rules that allow, with named peers. Medium: every peer of the input that the rule
// speaks of is isolated in the other direction, and nothing there allows any of the connections.
// Info: an egress rule to pods of which the input holds none: where their namespace denies by
// default, the connection stays denied.
#include <fmt/format.h>

#include <algorithm>

#include "reachability/lint/checks/all.hpp"
#include "reachability/lint/checks/controls.hpp"

namespace tally::reachability::linting {
namespace {

using network_policy::Direction;
using network_policy::Rule;

// Pairs of classes that are looked at for one rule; a rule of more is not one-sided by mistake.
constexpr std::size_t kPairsMax = 2'000;

constexpr finding::Check kCheck{
    .engine = "network",
    .policy = "network-policy",
    .id = "one-sided-rule",
    .title = "Allowed on one side only",
    .description =
        "A connection needs the egress of its source and the ingress of its destination. Where "
        "the other side is isolated and has no rule for it, this rule opens nothing: it is dead, "
        "or the other one is missing.",
    .remedy =
        "Add the rule of the other side (`tally network explain` says what it has to be), or "
        "remove this one.",
    .severity = finding::Severity::Medium,
    .controls = kFlow,
    .references = kPolicyReference};

// What the other side says about one pair: anything of what the rule allows, even perhaps?
bool passes(const View& view, const Rule& rule, ClassId own, ClassId other) {
  const auto opposite =
      rule.direction == Direction::Ingress ? Direction::Egress : Direction::Ingress;
  const auto& analyser = view.world().analyser();
  const network_policy::PooledAnswer answer = analyser.towards(other, opposite, own);
  const topology::Endpoint& destination =
      view.sample(rule.direction == Direction::Ingress ? own : other);
  scalar::ConnectionSet wanted = view.policies().connections(rule.connections);
  for (const network_policy::NamedPort& port : view.policies().named_ports_of(rule)) {
    wanted.add(port.protocol, topology::named_ports(destination, port.name, port.protocol));
  }
  return analyser.connections().at(answer.allowed).intersects(wanted) ||
         analyser.connections().at(answer.unknown).intersects(wanted);
}

bool is_denied_by_all(const View& view, const Rule& rule, std::span<const ClassId> own,
                      std::span<const ClassId> others) {
  if (own.size() * others.size() > kPairsMax) {
    return false;
  }
  const auto& analyser = view.world().analyser();
  for (const ClassId a : own) {
    for (const ClassId b : others) {
      const bool is_itself = a == b && analyser.members(a).size() == 1;
      if (!is_itself && passes(view, rule, a, b)) {
        return false;
      }
    }
  }
  return true;
}

void judge(View& view, const network_policy::Policy& policy, const Rule& rule,
           std::span<const ClassId> own, Reporter& reporter) {
  const bool has_addresses =
      std::ranges::any_of(view.policies().peers_of(rule), [](const network_policy::Peers& peers) {
        return peers.addresses != network_policy::kNoAddresses || !peers.unknown.empty() ||
               peers.entities != network_policy::Entity::None;
      });
  if (rule.is_any_peer || has_addresses || rule.action != network_policy::Action::Allow) {
    return;
  }
  const Matched peers = view.peers_of(rule);
  const bool is_itself_only = own.size() == 1 && peers.sure.size() == 1 && own[0] == peers.sure[0];
  if (!peers.perhaps.empty() || peers.sure.empty() || is_itself_only ||
      !is_denied_by_all(view, rule, own, peers.sure)) {
    return;
  }
  const bool is_ingress = rule.direction == Direction::Ingress;
  const std::string_view name_space = policy.object->ref.name_space;
  const auto workloads = view.workloads_of(peers.sure);
  reporter.add(
      kCheck, *policy.object, {std::string(rule.pointer), rule.offset},
      {.found = fmt::format("allowed by this {} rule only", to_text(rule.direction)),
       .allowed = fmt::format("a rule for the {} of {}", is_ingress ? "egress" : "ingress",
                              view.names_of(workloads, name_space)),
       .message = fmt::format(
           "the {} is allowed here, and denied by the other side: {} isolated for {}, and nothing "
           "there allows it",
           to_text(rule.direction),
           workloads.size() == 1 ? fmt::format("{} is", view.names_of(workloads, name_space))
                                 : fmt::format("{} are", view.names_of(workloads, name_space)),
           is_ingress ? "egress" : "ingress")});
}

// Egress to pods that the input does not hold: what is there decides as well.
void judge_unknown(View& view, const PlainPolicy& policy, const PlainRule& rule,
                   Reporter& reporter) {
  if (rule.direction != Direction::Egress || rule.rule == nullptr || rule.peers.empty() ||
      !policy.applies(Direction::Egress)) {
    return;
  }
  for (const PlainPeer& peer : rule.peers) {
    if (peer.block != nullptr || !peer.namespaces || peer.namespaces->is_empty()) {
      return;
    }
    // The platform's own namespaces are nobody's default deny.
    const auto requirements = peer.namespaces->requirements();
    const bool is_platform =
        std::ranges::any_of(requirements, [](const scalar::LabelRequirement& one) {
          return std::ranges::any_of(one.values, [](const std::string& value) {
            return value.starts_with("kube-") || value.starts_with("openshift-");
          });
        });
    const MatchedNamespaces& namespaces = view.namespaces_with(*peer.namespaces);
    if (is_platform || std::ranges::any_of(namespaces.sure, [&](std::uint32_t at) {
          return view.has_workloads(at);
        })) {
      return;
    }
  }
  std::vector<std::string> peers;
  for (const PlainPeer& peer : rule.peers) {
    peers.push_back(peer_in_words(peer, policy.object->ref.name_space));
  }
  const std::string whom = listed(peers);
  const bool is_every_pod = std::ranges::any_of(
      rule.peers, [](const PlainPeer& peer) { return !peer.pods || peer.pods->is_empty(); });
  reporter.add(kCheck, finding::Severity::Info, *policy.object, {rule.pointer, rule.node->offset()},
               {.found = fmt::format("{} to {}", ports_in_words(rule), whom),
                .allowed = "a rule for their ingress as well",
                .message = fmt::format(
                    "{} is open to {}{}; nothing in the input allows the ingress there: where that "
                    "namespace denies by default, the connection is still denied",
                    ports_in_words(rule), whom, is_every_pod ? ", whichever pod that is" : "")});
}

void examine(View& view, Reporter& reporter) {
  const auto policies = view.policies().policies();
  for (std::uint32_t i = 0; i < policies.size(); ++i) {
    if (policies[i].is_staged) {
      continue;
    }
    const std::vector<ClassId> own = view.selected(i).sure;
    if (own.empty()) {
      continue;
    }
    for (const Rule& rule : view.policies().rules_of(policies[i])) {
      judge(view, policies[i], rule, own, reporter);
    }
  }
  for (const PlainPolicy& policy : view.plain()) {
    for (const PlainRule& rule : policy.rules) {
      judge_unknown(view, policy, rule, reporter);
    }
  }
}

}  // namespace

Row one_sided_rule_check() { return {.check = &kCheck, .examine = examine}; }

}  // namespace tally::reachability::linting

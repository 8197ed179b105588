#include "reachability/netpol_analyzer/explanation.hpp"

#include <array>
#include <utility>

namespace tally::reachability::netpol_analyzer {
namespace {

using network_policy::Action;
using network_policy::Direction;
using network_policy::Policy;
using network_policy::Rule;
using scalar::ConnectionSet;
using scalar::Protocol;

constexpr std::array kTransport{Protocol::Tcp, Protocol::Udp, Protocol::Sctp};
constexpr std::string_view kSystemDefault = "the system default (Allow all)";

std::string_view title(Direction direction) {
  return direction == Direction::Ingress ? "Ingress" : "Egress";
}

std::string policy_name(const Policy& policy) {
  const auto& ref = policy.object->ref;
  std::string name = std::string(ref.kind) + " '";
  if (ref.kind == "NetworkPolicy" || ref.kind == "MultiNetworkPolicy") {
    name.append(ref.name_space).append("/");
  }
  return name.append(ref.name).append("'");
}

std::string rule_name(const Rule& rule) {
  return std::string(title(rule.direction)) + " rule #" + std::to_string(rule.ordinal + 1);
}

std::string_view verb(Action action) {
  switch (action) {
    case Action::Allow:
      return "allows";
    case Action::Deny:
      return "denies";
    case Action::Pass:
      return "passes";
  }
  return "";
}

// Where rules say which ports; without them a rule is about everything.
bool has_ports(const network_policy::PolicySet& set, const Rule& rule) {
  return rule.ports_begin != rule.ports_end ||
         !set.connections(rule.connections).contains(ConnectionSet::transport());
}

}  // namespace

Reasons Explainer::because(ReasonKind kind, std::string text, Direction direction) {
  Reasons reasons;
  reasons.side(direction).add(reasons_->intern(kind, std::move(text)));
  return reasons;
}

// Rules are laid over each other from the last to the first, so that the first stands.
ExplainedSet Explainer::under_admin(Direction direction, const Pair& pair, ReasonKind kind,
                                    const ExplainedSet& below) {
  ExplainedSet result = below;
  if (is_block(pair.own)) {
    return result;
  }
  const network_policy::PolicySet& set = connectivity_->set();
  const std::string_view wanted =
      kind == ReasonKind::AdminNetworkPolicy ? "AdminNetworkPolicy" : "BaselineAdminNetworkPolicy";
  const auto policies = connectivity_->policies_of(direction, pair.own);
  for (std::size_t i = policies.size(); i-- > 0;) {
    const Policy& policy = set.policies()[policies[i]];
    if (policy.object->ref.kind != wanted) {
      continue;
    }
    const auto rules = set.rules_of(policy);
    for (std::size_t j = rules.size(); j-- > 0;) {
      const Rule& rule = rules[j];
      if (rule.direction != direction || !connectivity_->means(rule, pair.other)) {
        continue;
      }
      const ConnectionSet& where =
          connections_->at(connectivity_->connections_to(rule, pair.destination));
      std::string text = policy_name(policy);
      text.append(" ").append(verb(rule.action)).append(" connections by ");
      text.append(title(direction)).append(" rule ").append(rule.name);
      if (rule.action == Action::Pass) {
        ExplainedSet passed = below;
        passed.add_everywhere(reasons_->intern(kind, std::move(text)), direction);
        result.replace(where, std::move(passed));
      } else if (rule.action == Action::Allow && kind != ReasonKind::AdminNetworkPolicy) {
        result.replace(where, below);  // what the baseline allows is allowed by default, too
      } else {
        result.replace(where, ExplainedSet(rule.action == Action::Allow,
                                           because(kind, std::move(text), direction)));
      }
    }
  }
  return result;
}

// The rules of one policy that selects the own side: the first rule that allows a port is the
// reason for it; where none does, the first that speaks of the other side.
ExplainedSet Explainer::policy_rules(Direction direction, const Policy& policy, const Pair& pair,
                                     ReasonKind kind) {
  const network_policy::PolicySet& set = connectivity_->set();
  const std::string selects = policy_name(policy) + " selects " + std::string(pair.own_name);
  ExplainedSet result;
  bool has_rules = false;
  bool is_meant = false;
  for (const Rule& rule : set.rules_of(policy)) {
    if (rule.direction != direction) {
      continue;
    }
    has_rules = true;
    if (!connectivity_->means(rule, pair.other)) {
      continue;
    }
    is_meant = true;
    const Reasons allowed =
        because(kind, policy_name(policy) + " allows connections by " + rule_name(rule), direction);
    const std::string and_rule =
        selects + ", and " + rule_name(rule) + " selects " + std::string(pair.other_name);
    if (!has_ports(set, rule)) {
      result.unite(ExplainedSet(true, allowed), Collect::Never);
    } else {
      const ConnectionSet& connections =
          connections_->at(connectivity_->connections_to(rule, pair.destination));
      const Reasons others = because(
          kind,
          and_rule + (connections.is_empty() ? ", but named ports of the rule have no match in the "
                                               "configuration of the destination peer"
                                             : ", but the protocols and ports do not match"),
          direction);
      ExplainedSet said(false, others);
      for (const Protocol protocol : kTransport) {
        if (!connections.ports(protocol).is_empty()) {
          said.set_protocol(protocol, connections.ports(protocol), allowed, others);
        }
      }
      result.unite(std::move(said), Collect::Never);
    }
    if (result.is_all()) {
      return result;
    }
  }
  if (!is_meant) {
    std::string text = selects + ", but " + std::string(pair.other_name) +
                       " is not allowed by any " + std::string(title(direction)) + " rule";
    text += has_rules ? "" : " (no rules defined)";
    result.add_common(reasons_->intern(kind, std::move(text)), direction);
  }
  return result;
}

std::optional<ExplainedSet> Explainer::policy_layer(Direction direction, const Pair& pair,
                                                    ReasonKind kind) {
  if (is_block(pair.own)) {
    return std::nullopt;
  }
  const network_policy::PolicySet& set = connectivity_->set();
  std::optional<ExplainedSet> result;
  for (const std::uint32_t index : connectivity_->policies_of(direction, pair.own)) {
    const Policy& policy = set.policies()[index];
    if (!policy.isolates[static_cast<std::size_t>(direction)]) {
      continue;
    }
    if (!result) {
      result.emplace();
    }
    result->unite(policy_rules(direction, policy, pair, kind), Collect::SameVerdict);
  }
  return result;
}

ExplainedSet Explainer::one_side(Direction direction, const Pair& pair) {
  auto policies = policy_layer(direction, pair, ReasonKind::NetworkPolicy);
  if (!policies) {
    const ExplainedSet by_default(
        true, because(ReasonKind::Default, std::string(kSystemDefault), direction));
    policies = under_admin(direction, pair, ReasonKind::BaselineAdminNetworkPolicy, by_default);
  }
  return under_admin(direction, pair, ReasonKind::AdminNetworkPolicy, *policies);
}

ExplainedSet Explainer::between(PeerId source, PeerId destination, const Names& names) {
  ExplainedSet out = one_side(Direction::Egress, {.own = source,
                                                  .other = destination,
                                                  .destination = destination,
                                                  .own_name = names.source,
                                                  .other_name = names.destination});
  out.conclude(Direction::Egress);
  ExplainedSet in = one_side(Direction::Ingress, {.own = destination,
                                                  .other = source,
                                                  .destination = destination,
                                                  .own_name = names.destination,
                                                  .other_name = names.source});
  in.conclude(Direction::Ingress);
  out.intersect(std::move(in));
  return out;
}

ExplainedSet Explainer::between_in_network(PeerId source, PeerId destination, const Names& names) {
  ExplainedSet out = policy_layer(Direction::Egress,
                                  {.own = source,
                                   .other = destination,
                                   .destination = destination,
                                   .own_name = names.source,
                                   .other_name = names.destination},
                                  ReasonKind::MultiNetworkPolicy)
                         .value_or(ExplainedSet(true));
  out.conclude(Direction::Egress);
  ExplainedSet in = policy_layer(Direction::Ingress,
                                 {.own = destination,
                                  .other = source,
                                  .destination = destination,
                                  .own_name = names.destination,
                                  .other_name = names.source},
                                 ReasonKind::MultiNetworkPolicy)
                        .value_or(ExplainedSet(true));
  in.conclude(Direction::Ingress);
  out.intersect(std::move(in));
  return out;
}

ExplainedSet Explainer::through_ingress(const IngressTarget& target, PeerId controller,
                                        const Names& names) {
  ExplainedSet opened;
  for (const IngressBackend& backend : target.backends) {
    const ReasonKind kind = backend.kind == "Route" ? ReasonKind::Route : ReasonKind::Ingress;
    const std::string object = std::string(backend.kind) + " '" + backend.object + "'";
    const Reasons others = because(kind,
                                   object + " allows ingress to service " + backend.service +
                                       ", but the protocols and ports do not match",
                                   Direction::Ingress);
    ExplainedSet said(false, others);
    if (!backend.connections.is_empty()) {
      said.set_protocol(
          Protocol::Tcp, backend.connections.ports(Protocol::Tcp),
          because(kind, object + " allows ingress connections through service " + backend.service,
                  Direction::Ingress),
          others);
    }
    opened.unite(std::move(said), Collect::SameVerdict);
  }
  ExplainedSet let = between(controller, target.workload, names);
  let.forget_default(Direction::Ingress, *reasons_);
  opened.intersect(std::move(let));
  opened.conclude(Direction::Ingress);
  return opened;
}

}  // namespace tally::reachability::netpol_analyzer

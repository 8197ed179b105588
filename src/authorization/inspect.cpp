#include "authorization/inspect.hpp"

#include <algorithm>

#include "authorization/internal/evaluate.hpp"
#include "authorization/internal/table.hpp"

namespace tally::authorization {

namespace {

bool uses_identity(const Program& program, Span conditions) noexcept {
  return std::any_of(program.conditions.begin() + conditions.begin,
                     program.conditions.begin() + conditions.end, [](const Condition& condition) {
                       return condition.attribute == Attribute::SourceNamespace ||
                              condition.attribute == Attribute::SourcePrincipal ||
                              condition.attribute == Attribute::SourceServiceAccount ||
                              condition.attribute == Attribute::SourceTrustDomain;
                     });
}

bool uses_identity(const Program& program, const Rule& rule) noexcept {
  return uses_identity(program, rule.when) ||
         std::any_of(program.alternatives.begin() + rule.from.begin,
                     program.alternatives.begin() + rule.from.end,
                     [&](Span source) { return uses_identity(program, source); });
}

void add_ports(const Program& program, Span conditions, std::vector<std::uint16_t>& out) {
  for (std::uint32_t i = conditions.begin; i < conditions.end; ++i) {
    const Condition& condition = program.conditions[i];
    if (condition.attribute != Attribute::DestinationPort) {
      continue;
    }
    for (const Span values : {condition.values, condition.not_values}) {
      for (std::uint32_t at = values.begin; at < values.end; ++at) {
        out.push_back(program.values[at].port);
      }
    }
  }
}

void add_ports(const Program& program, const Policy& policy, std::vector<std::uint16_t>& out) {
  for (std::uint32_t i = policy.rules.begin; i < policy.rules.end; ++i) {
    const Rule& rule = program.rules[i];
    add_ports(program, rule.when, out);
    for (std::uint32_t at = rule.to.begin; at < rule.to.end; ++at) {
      add_ports(program, program.alternatives[at], out);
    }
  }
}

void add_ports(std::span<const PeerPolicy> peers, std::vector<std::uint16_t>& out) {
  for (const PeerPolicy& peer : peers) {
    for (const auto& [port, mode] : peer.ports) {
      out.push_back(port);
    }
  }
}

std::vector<std::uint16_t> sorted(std::vector<std::uint16_t> ports) {
  std::sort(ports.begin(), ports.end());
  ports.erase(std::unique(ports.begin(), ports.end()), ports.end());
  std::erase(ports, std::uint16_t{0});  // what could not be read
  return ports;
}

}  // namespace

std::vector<PolicySummary> summarize(const PolicySet& set) {
  const Program& program = set.table().program;
  std::vector<PolicySummary> out;
  out.reserve(program.policies.size());
  for (const Policy& policy : program.policies) {
    PolicySummary summary;
    summary.object = policy.object;
    summary.action = policy.action;
    summary.is_dry_run = policy.is_dry_run;
    summary.has_targets = !policy.attachment.targets.empty();
    summary.matches_nothing = true;
    summary.matches_nothing_on_tcp = true;
    for (std::uint32_t i = policy.rules.begin; i < policy.rules.end; ++i) {
      const Rule& rule = program.rules[i];
      summary.matches_nothing = summary.matches_nothing && !exists(rule, policy.action, true);
      summary.matches_nothing_on_tcp =
          summary.matches_nothing_on_tcp && !exists(rule, policy.action, false);
      summary.uses_http = summary.uses_http || rule.has_http;
      summary.uses_identity = summary.uses_identity || uses_identity(program, rule);
    }
    out.push_back(summary);
  }
  return out;
}

std::vector<const kube::Object*> find_attached(const PolicySet& set, const Request& request) {
  std::vector<std::uint32_t> positions;
  collect_policies(set.table(), request, positions);
  std::vector<const kube::Object*> out;
  out.reserve(positions.size());
  for (const std::uint32_t position : positions) {
    const Policy& policy = set.table().program.policies[position];
    const bool is_sent = set.table().ztunnel[position].object != nullptr &&
                         !(policy.attachment.has_selector && policy.attachment.labels.empty());
    if (request.point != Point::Ztunnel || is_sent) {
      out.push_back(policy.object);
    }
  }
  return out;
}

std::vector<std::uint16_t> mentioned_ports(const PolicySet& set) {
  const PolicySet::Table& table = set.table();
  std::vector<std::uint16_t> ports;
  for (const Policy& policy : table.program.policies) {
    add_ports(table.program, policy, ports);
  }
  add_ports(table.peers, ports);
  return sorted(std::move(ports));
}

std::vector<std::uint16_t> mentioned_ports(const PolicySet& set, const Request& request) {
  const PolicySet::Table& table = set.table();
  std::vector<std::uint32_t> positions;
  collect_policies(table, request, positions);
  std::vector<std::uint16_t> ports;
  for (const std::uint32_t position : positions) {
    add_ports(table.program, table.program.policies[position], ports);
  }
  const auto found = table.peers_by_namespace.find(request.destination.name_space);
  if (found != table.peers_by_namespace.end()) {
    for (const std::uint32_t position : found->second) {
      if (has_labels(request.destination.labels, table.peers[position].labels)) {
        add_ports({&table.peers[position], 1}, ports);
      }
    }
  }
  return sorted(std::move(ports));
}

bool uses_addresses(const PolicySet& set) {
  const std::vector<Condition>& conditions = set.table().program.conditions;
  return std::any_of(conditions.begin(), conditions.end(), [](const Condition& condition) {
    return condition.attribute == Attribute::SourceIp ||
           condition.attribute == Attribute::RemoteIp ||
           condition.attribute == Attribute::DestinationIp;
  });
}

std::string principal_of(const MeshSettings& settings, const ServiceAccount& account) {
  return settings.trust_domain + "/ns/" + std::string(account.name_space) + "/sa/" +
         std::string(account.name);
}

}  // namespace tally::authorization

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

std::string principal_of(const MeshSettings& settings, const ServiceAccount& account) {
  return settings.trust_domain + "/ns/" + std::string(account.name_space) + "/sa/" +
         std::string(account.name);
}

}  // namespace tally::authorization

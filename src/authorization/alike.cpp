#include "authorization/alike.hpp"

#include <utility>

#include "authorization/internal/evaluate.hpp"
#include "authorization/internal/table.hpp"

namespace tally::authorization {

namespace {

bool is_about_identity(Attribute attribute) noexcept {
  return attribute == Attribute::SourceNamespace || attribute == Attribute::SourceTrustDomain ||
         attribute == Attribute::SourceServiceAccount || attribute == Attribute::SourcePrincipal;
}

bool is_about_address(Attribute attribute) noexcept {
  return attribute == Attribute::SourceIp || attribute == Attribute::RemoteIp;
}

// A match without all that is not about identities.
ZtunnelMatch identity_part(const ZtunnelMatch& match) {
  ZtunnelMatch part;
  part.namespaces = match.namespaces;
  part.not_namespaces = match.not_namespaces;
  part.service_accounts = match.service_accounts;
  part.not_service_accounts = match.not_service_accounts;
  part.principals = match.principals;
  part.not_principals = match.not_principals;
  return part;
}

// Calls visit(match) for every match of a policy.
void for_each_match(const ZtunnelAuthorization& policy, const auto& visit) {
  for (const ZtunnelGroup& group : policy.groups) {
    for (const ZtunnelClause& clause : group.clauses) {
      for (const ZtunnelMatch& match : clause) {
        visit(match);
      }
    }
  }
}

}  // namespace

Attached find_attachments(const PolicySet& set, const Request& request) {
  const PolicySet::Table& table = set.table();
  Attached attached;
  collect_policies(table, request, attached.policies);
  collect_request_policies(table, request, attached.requests);
  for (const std::string_view name_space :
       {std::string_view(table.settings.root_namespace), request.destination.name_space}) {
    const auto found = table.peers_by_namespace.find(name_space);
    if (found == table.peers_by_namespace.end()) {
      continue;
    }
    for (const std::uint32_t position : found->second) {
      if (has_labels(request.destination.labels, table.peers[position].labels)) {
        attached.peers.push_back(position);
      }
    }
  }
  return attached;
}

IdentityClassifier::IdentityClassifier(const PolicySet& set,
                                       const std::vector<std::uint32_t>& policies)
    : set_(set) {
  const PolicySet::Table& table = set.table();
  const Program& program = table.program;
  const auto add = [&](Span conditions) {
    for (std::uint32_t i = conditions.begin; i < conditions.end; ++i) {
      const Attribute attribute = program.conditions[i].attribute;
      is_address_seen_ = is_address_seen_ || is_about_address(attribute);
      if (is_about_identity(attribute)) {
        conditions_.push_back(i);
      }
    }
  };
  for (const std::uint32_t position : policies) {
    const Policy& policy = program.policies[position];
    for (std::uint32_t i = policy.rules.begin; i < policy.rules.end; ++i) {
      const Rule& rule = program.rules[i];
      add(rule.when);
      for (std::uint32_t at = rule.from.begin; at < rule.from.end; ++at) {
        add(program.alternatives[at]);
      }
    }
    for_each_match(table.ztunnel[position], [&](const ZtunnelMatch& match) {
      ZtunnelMatch part = identity_part(match);
      if (!part.is_empty()) {
        ztunnel_matches_.push_back(std::move(part));
      }
    });
  }
}

std::string IdentityClassifier::classify(std::string_view principal) const {
  const PolicySet::Table& table = set_.table();
  std::string out;
  const Request request;
  View view;
  view.request = &request;
  view.principal = principal;
  for (const std::uint32_t at : conditions_) {
    const Answer answer = evaluate(table.program, table.program.conditions[at], view);
    out += answer == Answer::Yes ? 'y' : 'n';
  }
  ZtunnelConnection connection;
  connection.principal = principal;
  for (const ZtunnelMatch& match : ztunnel_matches_) {
    out += matches(match, connection) == kube::Match::Yes ? 'y' : 'n';
  }
  return out;
}

}  // namespace tally::authorization

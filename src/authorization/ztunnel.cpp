#include "authorization/ztunnel.hpp"

#include <algorithm>

namespace tally::authorization {

using kube::Match;

namespace {

// kube::Match is No, Yes, Unknown; here the order is No, Unknown, Yes.
Match conjunction(Match a, Match b) noexcept {
  if (a == Match::No || b == Match::No) {
    return Match::No;
  }
  return a == Match::Unknown || b == Match::Unknown ? Match::Unknown : Match::Yes;
}

// One field: one of `yes`, if there is any, and none of `no`.
template <class T, class Fact, class Predicate>
Match field_matches(const std::vector<T>& yes, const std::vector<T>& no,
                    const std::optional<Fact>& fact, const Predicate& predicate) {
  if (yes.empty() && no.empty()) {
    return Match::Yes;
  }
  if (!fact) {
    return Match::Unknown;
  }
  const auto holds = [&](const T& value) { return predicate(value, *fact); };
  return (yes.empty() || std::any_of(yes.begin(), yes.end(), holds)) &&
                 std::none_of(no.begin(), no.end(), holds)
             ? Match::Yes
             : Match::No;
}

// src/identity: spiffe://DOMAIN/ns/NAMESPACE/sa/ACCOUNT, exactly.
struct Identity {
  std::string_view name_space;
  std::string_view account;
};
std::optional<Identity> parse_identity(std::string_view principal) noexcept {
  const auto part = [&]() {
    const std::size_t slash = principal.find('/');
    const std::string_view out = principal.substr(0, slash);
    principal = slash == std::string_view::npos ? std::string_view{} : principal.substr(slash + 1);
    return out;
  };
  static_cast<void>(part());  // the trust domain
  const std::string_view ns = part();
  const std::string_view name_space = part();
  const std::string_view sa = part();
  if (ns != "ns" || sa != "sa" || principal.find('/') != std::string_view::npos) {
    return std::nullopt;
  }
  return Identity{name_space, principal};
}

}  // namespace

bool ZtunnelMatch::is_empty() const noexcept {
  return namespaces.empty() && not_namespaces.empty() && service_accounts.empty() &&
         not_service_accounts.empty() && principals.empty() && not_principals.empty() &&
         source_ips.empty() && not_source_ips.empty() && destination_ips.empty() &&
         not_destination_ips.empty() && destination_ports.empty() && not_destination_ports.empty();
}

// src/rbac.rs Authorization::matches().
Match matches(const ZtunnelMatch& match, const ZtunnelConnection& connection) {
  if (match.is_empty()) {
    return Match::No;
  }
  const auto contains = [](const scalar::Cidr& block, const scalar::IpAddress& address) {
    return block.contains(address);
  };
  const auto identity_of = [](std::string_view principal) {
    return parse_identity(principal).value_or(Identity{});
  };
  Match out = field_matches(match.destination_ips, match.not_destination_ips,
                            connection.destination_ip, contains);
  out = conjunction(
      out, field_matches(match.source_ips, match.not_source_ips, connection.source_ip, contains));
  out = conjunction(out, field_matches(match.destination_ports, match.not_destination_ports,
                                       connection.destination_port, std::equal_to<>{}));
  out = conjunction(
      out, field_matches(match.service_accounts, match.not_service_accounts, connection.principal,
                         [&](const ServiceAccountMatch& wanted, std::string_view principal) {
                           const auto identity = parse_identity(principal);
                           return identity && identity->name_space == wanted.name_space &&
                                  identity->account == wanted.name;
                         }));
  out = conjunction(out, field_matches(match.principals, match.not_principals, connection.principal,
                                       [](const StringMatch& wanted, std::string_view principal) {
                                         return !principal.empty() && wanted.matches(principal);
                                       }));
  return conjunction(out,
                     field_matches(match.namespaces, match.not_namespaces, connection.principal,
                                   [&](const StringMatch& wanted, std::string_view principal) {
                                     return wanted.matches(identity_of(principal).name_space);
                                   }));
}

Match matches(const ZtunnelGroup& group, const ZtunnelConnection& connection) {
  Match out = Match::Yes;
  for (const ZtunnelClause& clause : group.clauses) {
    Match found = clause.empty() ? Match::Yes : Match::No;
    for (const ZtunnelMatch& match : clause) {
      const Match one = matches(match, connection);
      if (one == Match::Yes) {
        found = Match::Yes;
        break;
      }
      found = one == Match::Unknown ? Match::Unknown : found;
    }
    out = conjunction(out, found);
    if (out == Match::No) {
      break;
    }
  }
  return out;
}

Match matches(const ZtunnelAuthorization& policy, const ZtunnelConnection& connection) {
  Match out = Match::No;
  for (const ZtunnelGroup& group : policy.groups) {
    const Match one = matches(group, connection);
    if (one == Match::Yes) {
      return one;
    }
    out = one == Match::Unknown ? one : out;
  }
  return out;
}

}  // namespace tally::authorization

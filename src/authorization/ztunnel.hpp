#pragma once
// Policies as a ztunnel gets them: the message istio.security.Authorization, made by istiod from
// AuthorizationPolicy and PeerAuthentication (pilot/pkg/serviceregistry/ambient/authorization.go)
// and matched by istio/ztunnel src/rbac.rs.
//
//   groups   one of them must match; none: nothing matches
//   group    all of its clauses; none: it matches
//   clause   one of its matches; none: it matches
//   match    all of its fields; one value of a field, none of a not-field; no field at all: never
//
// What istiod leaves out: policies with targetRefs, AUDIT, CUSTOM, dry runs; of ALLOW every rule
// with an HTTP field; of DENY the HTTP fields alone. Trust-domain aliases are not known here.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "authorization/policy_set.hpp"
#include "authorization/string_match.hpp"
#include "kube/object.hpp"
#include "kube/selectors.hpp"
#include "scalar/ip_address.hpp"

namespace tally::authorization {

struct ZtunnelMatch {
  std::vector<StringMatch> namespaces, not_namespaces;
  std::vector<ServiceAccountMatch> service_accounts, not_service_accounts;
  std::vector<StringMatch> principals, not_principals;
  std::vector<scalar::Cidr> source_ips, not_source_ips;
  std::vector<scalar::Cidr> destination_ips, not_destination_ips;
  std::vector<std::uint16_t> destination_ports, not_destination_ports;

  [[nodiscard]] bool is_empty() const noexcept;
};
using ZtunnelClause = std::vector<ZtunnelMatch>;

struct ZtunnelGroup {
  std::vector<ZtunnelClause> clauses;
  std::uint32_t rule = 0;    // index in spec.rules of the policy it comes from
  std::uint32_t offset = 0;  // of that rule in the source
};

struct ZtunnelAuthorization {
  enum class Scope : std::uint8_t { Global, Namespace, WorkloadSelector };
  std::string name;
  std::string_view name_space;
  Scope scope = Scope::Global;
  Action action = Action::Allow;  // or Deny
  std::vector<ZtunnelGroup> groups;
  const kube::Object* object = nullptr;
};

struct ZtunnelConnection {
  // Nothing: unknown, in this struct and nowhere else absent.
  std::optional<scalar::IpAddress> source_ip;
  std::optional<scalar::IpAddress> destination_ip;
  std::optional<std::uint16_t> destination_port;
  std::optional<std::string_view> principal;  // without "spiffe://"; empty: no identity
};

// Unknown where a fact is missing that decides.
[[nodiscard]] kube::Match matches(const ZtunnelMatch& match, const ZtunnelConnection& connection);
[[nodiscard]] kube::Match matches(const ZtunnelGroup& group, const ZtunnelConnection& connection);
[[nodiscard]] kube::Match matches(const ZtunnelAuthorization& policy,
                                  const ZtunnelConnection& connection);

// What istiod makes of an AuthorizationPolicy of the set, by its position in the snapshot's order
// of AuthorizationPolicies; nothing if a ztunnel gets none. The views live as long as the snapshot.
[[nodiscard]] std::optional<ZtunnelAuthorization> convert_authorization_policy(
    const kube::Object& policy, std::string_view root_namespace);

// The same of a PeerAuthentication with port-level modes: nothing if it is no such thing or adds
// nothing to the static STRICT policy. `of_namespace` and `of_root`: the policies of these scopes
// that stand, or null.
[[nodiscard]] std::optional<ZtunnelAuthorization> convert_peer_authentication(
    const kube::Object& policy, std::string_view root_namespace, const kube::Object* of_namespace,
    const kube::Object* of_root);

}  // namespace tally::authorization

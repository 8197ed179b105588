#pragma once
// What stands in the policies of a set, for lint: no request is decided.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "authorization/policy_set.hpp"
#include "authorization/request.hpp"

namespace tally::authorization {

struct PolicySummary {
  const kube::Object* object = nullptr;
  Action action = Action::Allow;
  bool is_dry_run = false;
  bool has_targets = false;             // targetRefs: for waypoints and gateways only
  bool matches_nothing = false;         // no rule, or none that any Envoy gets
  bool matches_nothing_on_tcp = false;  // the same of a TCP port; at a ztunnel it is never more
  bool uses_http = false;               // fields that exist on HTTP only
  bool uses_identity = false;  // principals, namespaces, ...: open to plaintext unless STRICT
};
// In the order of the input.
[[nodiscard]] std::vector<PolicySummary> summarize(const PolicySet& set);

// The AuthorizationPolicies that the proxy of a request reads. Only its point and destination are
// looked at.
[[nodiscard]] std::vector<const kube::Object*> find_attached(const PolicySet& set,
                                                             const Request& request);

// Ports of workloads of which some policy speaks, ascending: every other port is judged as any
// other.
[[nodiscard]] std::vector<std::uint16_t> mentioned_ports(const PolicySet& set);

// The same of what the proxy of a request reads: its point and destination alone are looked at.
[[nodiscard]] std::vector<std::uint16_t> mentioned_ports(const PolicySet& set,
                                                         const Request& request);
// Whether some rule looks at the address of a peer or of the destination.
[[nodiscard]] bool uses_addresses(const PolicySet& set);

// "cluster.local/ns/shop/sa/web": the principal of a service account.
struct ServiceAccount {
  std::string_view name_space;
  std::string_view name;
};
[[nodiscard]] std::string principal_of(const MeshSettings& settings, const ServiceAccount& account);

}  // namespace tally::authorization

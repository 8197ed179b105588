// Rule: conditions on HTTP stand before ports that speak HTTP, at a proxy that reads it.
// On a TCP port a sidecar drops an ALLOW rule with such a condition, and of a DENY rule only the
// condition: it denies more than it says. A ztunnel reads connections only: an ALLOW rule with such
// a condition never matches, of a DENY rule what is left applies (istio/istio
// pilot/pkg/security/authz/model, pilot/pkg/serviceregistry/ambient/authorization.go). Examined:
// the ports behind Services of the workloads that the policy selects; ports of unknown protocol are
// left out. A waypoint reads HTTP: policies with targetRefs are for it.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "reachability/lint/checks/all.hpp"
#include "reachability/lint/checks/controls.hpp"
#include "reachability/lint/internal/mesh_view.hpp"

namespace tally::reachability::linting {
namespace {

using finding::Severity;

constexpr std::array kReferences = {
    std::string_view{"https://istio.io/latest/docs/ops/best-practices/security/"},
    std::string_view{
        "https://istio.io/latest/docs/reference/config/security/authorization-policy/"}};
constexpr finding::Check kCheck{
    .engine = "network",
    .policy = "mesh",
    .id = "http-fields-on-tcp",
    .title = "Conditions on HTTP where nobody reads HTTP",
    .description =
        "Paths, methods and hosts exist in HTTP only. On a TCP port a DENY rule loses the "
        "condition and denies every connection, an ALLOW rule vanishes and its callers are "
        "denied; at a ztunnel, which never reads requests, an ALLOW rule never matches.",
    .remedy =
        "Name the Service's port http (or set appProtocol), restrict the rule to HTTP ports by "
        "`to.operation.ports`, or give the namespace a waypoint and use targetRefs.",
    .severity = Severity::Medium,
    .controls = kFlow,
    .references = kReferences};

struct Meeting {
  std::string ports;
  bool is_at_ztunnel = false;
};

// Where the policy meets a proxy that does not read HTTP.
std::optional<Meeting> find_place(const View& view, const Attached& attached) {
  const auto workloads = view.world().workloads();
  for (const std::uint32_t i : attached.workloads) {
    const std::uint32_t at = workloads[i].endpoints.front();
    const std::string name = fmt::format("{}/{}", workloads[i].name_space, workloads[i].name);
    const mesh::DataPlane plane = view.mesh().data_plane_of(at);
    if (plane == mesh::DataPlane::Ambient) {
      return Meeting{.ports = name, .is_at_ztunnel = true};
    }
    for (const topology::ContainerPort& port : view.topology().endpoints()[at].ports) {
      if (plane == mesh::DataPlane::Sidecar && port.protocol == scalar::Protocol::Tcp &&
          view.mesh().protocol_of(at, port.port) == authorization::Protocol::Tcp) {
        return Meeting{.ports = fmt::format("TCP {} of {}", port.port, name)};
      }
    }
  }
  return std::nullopt;
}

void examine(View& view, Reporter& reporter) {
  if (!view.mesh().is_present()) {
    return;
  }
  const auto policies = authorization::summarize(view.mesh().policies());
  for (const Attached& attached : attached_policies(view, policies)) {
    const authorization::PolicySummary& policy = *attached.policy;
    const bool is_deny = policy.action == authorization::Action::Deny;
    if (!policy.uses_http || (!is_deny && policy.action != authorization::Action::Allow)) {
      continue;
    }
    const auto place = find_place(view, attached);
    if (!place) {
      continue;
    }
    const std::string_view effect =
        is_deny ? (place->is_at_ztunnel
                       ? "its conditions on HTTP are not read, and what is left of the rule "
                         "denies connections, or nothing"
                       : "the conditions are dropped, and the rule denies every connection that "
                         "the rest of it matches")
                : "rules with such conditions never match there, and what they were to allow is "
                  "denied";
    reporter.add(
        kCheck, *policy.object, place_of_rules(*policy.object),
        {.found = fmt::format("conditions on HTTP, {}",
                              place->is_at_ztunnel ? "read by a ztunnel" : "on a TCP port"),
         .allowed = "HTTP ports, or a waypoint",
         .message =
             fmt::format("{} {} {}: {}", place->ports,
                         place->is_at_ztunnel ? "has a ztunnel before it" : "does not speak HTTP",
                         "by the labels and Services of the input", effect)});
  }
}

}  // namespace

Row http_fields_on_tcp_check() { return {.check = &kCheck, .examine = examine}; }

}  // namespace tally::reachability::linting

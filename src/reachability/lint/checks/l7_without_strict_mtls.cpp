// Rule: requests are authorized on connections whose client is known.
// Examined: AuthorizationPolicies with conditions on methods, paths, hosts or headers, and none on
// identity, whose workloads take plaintext: whoever reaches the port may send such a request. Those
// with conditions on identity are the matter of identity-without-strict-mtls.
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
        "https://istio.io/latest/docs/reference/config/security/peer_authentication/"}};
constexpr finding::Check kCheck{
    .engine = "network",
    .policy = "mesh",
    .id = "l7-without-strict-mtls",
    .title = "Requests are authorized, clients are not known",
    .description =
        "A rule about paths and methods says what may be asked, not by whom. Where mutual TLS is "
        "not STRICT, every pod that reaches the port may ask it, in plaintext that anybody on the "
        "way reads and changes.",
    .remedy =
        "Apply a PeerAuthentication with mtls mode STRICT, and name the callers by "
        "`from.source.principals`.",
    .severity = Severity::Low,
    .controls = kIdentity,
    .references = kReferences};

void examine(View& view, Reporter& reporter) {
  if (!view.mesh().is_present()) {
    return;
  }
  const auto policies = authorization::summarize(view.mesh().policies());
  for (const Attached& attached : attached_policies(view, policies)) {
    const authorization::PolicySummary& policy = *attached.policy;
    const Strictness strictness = strictness_of(view, attached);
    if (!policy.uses_http || policy.uses_identity || strictness.is_strict) {
      continue;
    }
    reporter.add(
        kCheck, attached.workloads.empty() ? Severity::Info : kCheck.severity, *policy.object,
        place_of_rules(*policy.object),
        {.found = "conditions on requests, mutual TLS not STRICT",
         .allowed = "mutual TLS STRICT for the workloads of the policy",
         .message = fmt::format(
             "{}: the policy decides about requests of clients that nobody has identified",
             strictness.who.empty() ? std::string("nothing of the input makes mutual TLS STRICT")
                                    : strictness.who + " takes plaintext")});
  }
}

}  // namespace

Row l7_without_strict_mtls_check() { return {.check = &kCheck, .examine = examine}; }

}  // namespace tally::reachability::linting

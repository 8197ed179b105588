// Rule: who decides by identity takes connections with an identity only.
// Fields: principals, notPrincipals, namespaces, notNamespaces, serviceAccounts of an
// AuthorizationPolicy, and the effective mutual TLS of the workloads that it selects. A peer that
// connects in plaintext has no identity: a rule that denies by name, or allows everybody but some
// (not...), lets it pass (ISTIO-SECURITY-2021-003): medium. An ALLOW by name denies it: low.
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
constexpr std::array<std::string_view, 4> kNegative{"notPrincipals", "notNamespaces",
                                                    "notRequestPrincipals", "notServiceAccounts"};
constexpr finding::Check kCheck{
    .engine = "network",
    .policy = "mesh",
    .id = "identity-without-strict-mtls",
    .title = "Identity decides, and plaintext is taken",
    .description =
        "Principals and namespaces come from the client's certificate. Where mutual TLS is not "
        "STRICT, anybody may connect without one: a DENY by principal or namespace does not match "
        "him, and neither does what an ALLOW excludes by notPrincipals or notNamespaces.",
    .remedy =
        "Apply a PeerAuthentication with mtls mode STRICT to the namespace or the mesh; write "
        "what is allowed, rather than what is not.",
    .severity = Severity::Medium,
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
    if (!policy.uses_identity || strictness.is_strict) {
      continue;
    }
    const bool is_bypass =
        policy.action == authorization::Action::Deny || has_source_field(*policy.object, kNegative);
    const std::string_view effect =
        is_bypass ? "a client in plaintext has no identity, and is not stopped by this policy"
                  : "a client in plaintext has no identity, and is denied whoever it is";
    reporter.add(
        kCheck,
        attached.workloads.empty() ? Severity::Low
        : is_bypass                ? kCheck.severity
                                   : Severity::Low,
        *policy.object, place_of_rules(*policy.object),
        {.found = fmt::format(
             "mutual TLS is not STRICT{}",
             strictness.place.empty() ? std::string() : fmt::format(" ({})", strictness.place)),
         .allowed = "mutual TLS STRICT for the workloads of the policy",
         .message =
             strictness.who.empty()
                 ? fmt::format("nothing of the input makes mutual TLS STRICT here: {}", effect)
                 : fmt::format("{} takes plaintext: {}", strictness.who, effect)});
  }
}

}  // namespace

Row identity_without_strict_mtls_check() { return {.check = &kCheck, .examine = examine}; }

}  // namespace tally::reachability::linting

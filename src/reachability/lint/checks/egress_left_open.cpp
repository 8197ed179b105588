// Rule: a policy that is to restrict egress says so in policyTypes.
// Fields: spec.policyTypes, spec.egress. Absent policyTypes mean Ingress, and Egress only if there
// are egress rules (k8s.io/api networking/v1, NetworkPolicySpec.PolicyTypes). Reported: no
// policyTypes, no egress rule, and nothing else that isolates the egress of what it selects; above
// info if the policy was meant to deny: an empty list of egress rules, a name with "deny" or
// "isolate", or no rule at all.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "reachability/lint/checks/all.hpp"
#include "reachability/lint/checks/controls.hpp"

namespace tally::reachability::linting {
namespace {

using network_policy::Direction;

constexpr finding::Check kCheck{
    .engine = "network",
    .policy = "network-policy",
    .id = "egress-left-open",
    .title = "Absent policyTypes leave egress open",
    .description =
        "Without policyTypes a policy isolates ingress, and egress only if it has egress rules: "
        "`egress: []` without policyTypes denies nothing. A policy that is called deny-all and "
        "names no type lets everything out.",
    .remedy =
        "Write `policyTypes: [Ingress, Egress]`, or [Ingress] if egress is meant to stay open.",
    .severity = finding::Severity::Medium,
    .controls = kIsolation,
    .references = kPolicyReference};

bool is_meant_to_deny(const PlainPolicy& policy) {
  constexpr std::array<std::string_view, 3> kWords{"deny", "isolat", "lockdown"};
  const std::string_view name = policy.object->ref.name;
  return policy.egress != nullptr || policy.rules.empty() ||
         std::ranges::any_of(kWords, [&](std::string_view word) { return name.contains(word); });
}

void examine(View& view, Reporter& reporter) {
  for (const PlainPolicy& policy : view.plain()) {
    if (policy.types != nullptr || policy.applies(Direction::Egress) || !policy.policy) {
      continue;
    }
    const Matched& selected = view.selected(*policy.policy);
    const bool is_isolated_elsewhere =
        !selected.sure.empty() && std::ranges::all_of(selected.sure, [&](ClassId id) {
          return view.is_isolated(id, Direction::Egress);
        });
    if (is_isolated_elsewhere) {
      continue;
    }
    const document::Node* spec = policy.object->root.find("spec");
    const bool is_meant = is_meant_to_deny(policy);
    if (!is_meant && selected.sure.empty()) {
      continue;
    }
    reporter.add(
        kCheck, is_meant ? kCheck.severity : finding::Severity::Info, *policy.object,
        {policy.egress != nullptr ? "/spec/egress" : "/spec",
         policy.egress != nullptr ? policy.egress->offset()
         : spec != nullptr        ? spec->offset()
                                  : policy.object->root.offset()},
        {.found = policy.egress != nullptr ? "egress: [] without policyTypes" : "no policyTypes",
         .allowed = "policyTypes: [Ingress, Egress]",
         .message = fmt::format(
             "without policyTypes this isolates ingress only: egress stays open{}",
             policy.egress != nullptr
                 ? ", an empty list of egress rules does not change that"
                 : (is_meant ? fmt::format(" under the name \"{}\"", policy.object->ref.name)
                             : std::string()))});
  }
}

}  // namespace

Row egress_left_open_check() { return {.check = &kCheck, .examine = examine}; }

}  // namespace tally::reachability::linting

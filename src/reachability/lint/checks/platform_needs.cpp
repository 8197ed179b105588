// Rule: whoever writes a policy without its workloads thinks of what the platform needs.
// Examined: policies that isolate, have rules, and select no workload of the input: what their pods
// rely on is not known then, so that it is said once, as info, which usual needs no rule speaks of.
// Of workloads that are in the input the other checks say what they need.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "reachability/lint/checks/all.hpp"
#include "reachability/lint/checks/controls.hpp"
#include "reachability/lint/internal/needs.hpp"

namespace tally::reachability::linting {
namespace {

using network_policy::Direction;
using scalar::Protocol;

constexpr finding::Check kCheck{
    .engine = "network",
    .policy = "cross-layer",
    .id = "platform-needs",
    .title = "Nothing lets the platform's own traffic through",
    .description =
        "Pods of a mesh, of a secret store's agent or of a telemetry collector need ports that no "
        "application names: istiod's TCP 15012, HBONE's 15008, Vault's 8200, OTLP's 4317 and "
        "4318. A policy that isolates and names the application's ports only cuts them off.",
    .remedy =
        "Allow those that this platform uses; judge the policy together with its workloads to "
        "hear which ones they are.",
    .severity = finding::Severity::Medium,
    .controls = kOperation,
    .references = kPolicyReference};

struct Usual {
  Direction direction = Direction::Egress;
  std::uint16_t port = 0;
  std::string_view what;
};
constexpr std::array<Usual, 4> kUsual{{
    {Direction::Egress, 15012, "the mesh's control plane (egress TCP 15012 to istiod)"},
    {Direction::Ingress, 15008, "the ambient mesh (ingress TCP 15008, HBONE)"},
    {Direction::Egress, 8200, "the secret store (egress TCP 8200)"},
    {Direction::Egress, 4317, "telemetry (egress TCP 4317 and 4318)"},
}};

void examine(View& view, Reporter& reporter) {
  for (const PlainPolicy& policy : view.plain()) {
    if (!policy.policy || policy.rules.empty() || !view.selected(*policy.policy).is_nobody() ||
        view.has_workloads(policy.object->ref.name_space)) {
      continue;
    }
    std::vector<std::string> needs;
    for (const Usual& usual : kUsual) {
      const auto is_of = [&](const PlainRule& rule) { return rule.direction == usual.direction; };
      const bool has_rules = std::ranges::any_of(policy.rules, is_of);
      const bool speaks = std::ranges::any_of(policy.rules, [&](const PlainRule& rule) {
        return is_of(rule) && rule.holds(Protocol::Tcp, usual.port);
      });
      if (has_rules && !speaks && policy.applies(usual.direction)) {
        needs.emplace_back(usual.what);
      }
    }
    if (needs.empty()) {
      continue;
    }
    const document::Node* spec = policy.object->root.find("spec");
    reporter.add(kCheck, finding::Severity::Info, *policy.object,
                 {"/spec", spec == nullptr ? 0 : spec->offset()},
                 {.found = "rules for the application only",
                  .allowed = "rules for what the platform needs",
                  .message = fmt::format(
                      "no rule lets through what pods of a platform usually need: {}; whether "
                      "these pods do is not in the input",
                      listed(needs, 4))});
  }
}

}  // namespace

Row platform_needs_check() { return {.check = &kCheck, .examine = examine}; }

}  // namespace tally::reachability::linting

// Rule: who may ask for names by UDP 53 may ask by TCP 53 as well (RFC 7766 section 5: answers that
// do not fit into a datagram are asked for again over TCP).
// Examined, in every dialect: egress rules with UDP 53; silent if a rule of the policy, or of
// another policy that governs the same pods, has TCP 53.
#include <algorithm>
#include <array>

#include "reachability/lint/checks/all.hpp"
#include "reachability/lint/checks/controls.hpp"
#include "reachability/lint/internal/rule_form.hpp"

namespace tally::reachability::linting {
namespace {

using network_policy::Direction;
using scalar::Protocol;

constexpr std::array kReferences = {
    std::string_view{"https://www.rfc-editor.org/rfc/rfc7766#section-5"}};
constexpr finding::Check kCheck{
    .engine = "network",
    .policy = "network-policy",
    .id = "dns-without-tcp",
    .title = "DNS by UDP only",
    .description =
        "An answer that does not fit into one datagram is cut off and asked for again over TCP. "
        "Without TCP 53, names with many addresses and signed zones resolve today and not "
        "tomorrow.",
    .remedy = "Add `protocol: TCP, port: 53` beside the entry for UDP.",
    .severity = finding::Severity::Low,
    .controls = kOperation,
    .references = kReferences};

// Of every class that the policy selects another policy may have the rule.
bool is_allowed_elsewhere(View& view, const PlainPolicy& policy) {
  if (!policy.policy) {
    return false;
  }
  const Matched& selected = view.selected(*policy.policy);
  return !selected.sure.empty() && std::ranges::all_of(selected.sure, [&](ClassId id) {
    return view.speaks_of(id, Direction::Egress, Protocol::Tcp, 53);
  });
}

// Of another dialect: where what no rule allows is denied. A rule of every port is no rule about
// DNS.
void judge_rule_form(View& view, const network_policy::Policy& policy, std::uint32_t position,
                     Reporter& reporter) {
  const auto egress = static_cast<std::size_t>(Direction::Egress);
  const network_policy::Rule* udp = nullptr;
  for (const network_policy::Rule& rule : view.policies().rules_of(policy)) {
    if (rule.direction != Direction::Egress || rule.action != network_policy::Action::Allow) {
      continue;
    }
    const scalar::ConnectionSet& connections = view.policies().connections(rule.connections);
    if (connections.contains(Protocol::Tcp, 53)) {
      return;
    }
    udp = udp == nullptr && connections.contains(Protocol::Udp, 53) ? &rule : udp;
  }
  if (udp == nullptr || !policy.isolates[egress]) {
    return;
  }
  const Matched& selected = view.selected(position);
  if (selected.sure.empty() || std::ranges::all_of(selected.sure, [&](ClassId id) {
        return view.speaks_of(id, Direction::Egress, Protocol::Tcp, 53);
      })) {
    return;
  }
  reporter.add(kCheck, *policy.object, place_of_rule(*udp),
               {.found = "UDP 53",
                .allowed = "UDP 53 and TCP 53",
                .message = "TCP 53 is missing beside UDP 53: answers that do not fit into one "
                           "datagram cannot be fetched"});
}

void examine(View& view, Reporter& reporter) {
  for_each_other_policy(view, [&](const network_policy::Policy& policy, std::uint32_t position) {
    judge_rule_form(view, policy, position, reporter);
  });
  for (const PlainPolicy& policy : view.plain()) {
    const PlainRule* udp = nullptr;
    bool has_tcp = false;
    for (const PlainRule& rule : policy.rules) {
      if (rule.direction != Direction::Egress) {
        continue;
      }
      has_tcp = has_tcp || rule.holds(Protocol::Tcp, 53);
      if (udp == nullptr && rule.holds(Protocol::Udp, 53)) {
        udp = &rule;
      }
    }
    if (udp == nullptr || has_tcp || is_allowed_elsewhere(view, policy)) {
      continue;
    }
    const auto entry = std::ranges::find_if(
        udp->ports, [](const PlainPort& port) { return port.holds(Protocol::Udp, 53); });
    if (entry == udp->ports.end()) {
      continue;
    }
    reporter.add(kCheck, *policy.object, {entry->pointer, entry->node->offset()},
                 {.found = "UDP 53",
                  .allowed = "UDP 53 and TCP 53",
                  .message = "TCP 53 is missing beside UDP 53: answers that do not fit into one "
                             "datagram cannot be fetched"});
  }
}

}  // namespace

Row dns_without_tcp_check() { return {.check = &kCheck, .examine = examine}; }

}  // namespace tally::reachability::linting

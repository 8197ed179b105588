// Rule: an ALLOW policy allows something.
// Examined: ALLOW policies whose rules match no request that a proxy ever sees, and principals of a
// namespace whose workloads are in the input and none of which has that service account. A policy
// without rules is the usual way to deny by default: nothing is said of it.
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
    .id = "allow-matches-nothing",
    .title = "ALLOW that matches nothing",
    .description =
        "An ALLOW policy denies whatever none of its rules matches. One whose rules can never "
        "match, or that names a service account that nobody runs with, denies everything.",
    .remedy =
        "Correct the rule: principals are TRUST-DOMAIN/ns/NAMESPACE/sa/ACCOUNT, without "
        "`spiffe://`. If everything is to be denied, leave out `rules`.",
    .severity = Severity::Medium,
    .controls = kFlow,
    .references = kReferences};

// "cluster.local/ns/shop/sa/web": namespace and account.
bool is_nobody(const View& view, std::string_view principal) {
  const std::size_t ns = principal.find("/ns/");
  const std::size_t sa = principal.find("/sa/");
  if (principal.contains('*') || ns == std::string_view::npos || sa == std::string_view::npos ||
      sa < ns + 4) {
    return false;
  }
  const std::string_view name_space = principal.substr(ns + 4, sa - ns - 4);
  const std::string_view account = principal.substr(sa + 4);
  const auto at = view.topology().find_namespace(name_space);
  if (!at || !view.has_workloads(*at)) {
    return false;
  }
  const auto range = view.topology().endpoints_in(*at);
  const auto pods = view.topology().endpoints().subspan(range.begin, range.end - range.begin);
  return std::ranges::none_of(
      pods, [&](const topology::Endpoint& pod) { return pod.service_account == account; });
}

void examine_principals(const View& view, const kube::Object& object, Reporter& reporter) {
  const document::Node* spec = object.root.find("spec");
  const document::Node* rules = spec == nullptr ? nullptr : spec->find("rules");
  for (std::size_t i = 0; rules != nullptr && i < rules->size(); ++i) {
    const document::Node* from = rules->items()[i].find("from");
    for (std::size_t j = 0; from != nullptr && j < from->size(); ++j) {
      const document::Node* source = from->items()[j].find("source");
      const document::Node* list = source == nullptr ? nullptr : source->find("principals");
      for (std::size_t k = 0; list != nullptr && k < list->size(); ++k) {
        const document::Node& item = list->items()[k];
        const bool has_scheme = item.text().starts_with("spiffe://");
        if (!has_scheme && !is_nobody(view, item.text())) {
          continue;
        }
        reporter.add(
            kCheck, has_scheme ? kCheck.severity : Severity::Low, object,
            {fmt::format("/spec/rules/{}/from/{}/source/principals/{}", i, j, k), item.offset()},
            {.found = std::string(item.text()),
             .allowed = "the principal of a workload",
             .message =
                 has_scheme
                     ? std::string("principals are written without spiffe://: this one is nobody's")
                     : fmt::format("no workload of that namespace runs with the service account of "
                                   "{}",
                                   item.text())});
      }
    }
  }
}

void examine(View& view, Reporter& reporter) {
  if (!view.mesh().is_present()) {
    return;
  }
  for (const authorization::PolicySummary& policy :
       authorization::summarize(view.mesh().policies())) {
    if (policy.action != authorization::Action::Allow) {
      continue;
    }
    const document::Node* spec = policy.object->root.find("spec");
    const document::Node* rules = spec == nullptr ? nullptr : spec->find("rules");
    if (policy.matches_nothing && rules != nullptr && rules->size() != 0) {
      reporter.add(kCheck, *policy.object, place_of_rules(*policy.object),
                   {.found = "rules that no request matches",
                    .allowed = "a rule that matches, or no rule at all",
                    .message = "none of the rules can ever match: the policy denies everything to "
                               "the workloads that it selects"});
      continue;
    }
    examine_principals(view, *policy.object, reporter);
  }
}

}  // namespace

Row allow_matches_nothing_check() { return {.check = &kCheck, .examine = examine}; }

}  // namespace tally::reachability::linting

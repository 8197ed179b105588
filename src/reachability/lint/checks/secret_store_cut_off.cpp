// Rule: a workload that fetches secrets reaches the store.
// Examined: workloads with the annotation vault.hashicorp.com/agent-inject or a variable VAULT_ADDR
// or BAO_ADDR that are isolated for egress and of which no rule lets the store's port out (TCP 8200
// unless the address says another).
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "reachability/lint/checks/all.hpp"
#include "reachability/lint/checks/controls.hpp"
#include "reachability/lint/internal/needs.hpp"
#include "reachability/mesh/enrolment.hpp"

namespace tally::reachability::linting {
namespace {

using network_policy::Direction;
using scalar::Protocol;

constexpr std::uint16_t kVaultPort = 8200;
constexpr std::array kReferences = {std::string_view{
    "https://developer.hashicorp.com/vault/docs/platform/k8s/injector/annotations"}};
constexpr finding::Check kCheck{
    .engine = "network",
    .policy = "cross-layer",
    .id = "secret-store-cut-off",
    .title = "Workloads are cut off from the secret store",
    .description =
        "The manifest says that the pod fetches its secrets from a store when it starts, and the "
        "policies let nothing out to the store's port: the pod does not become ready.",
    .remedy = "Allow the store's port (TCP 8200 for Vault) to its pods, or to its address.",
    .severity = finding::Severity::Medium,
    .controls = kOperation,
    .references = kReferences};

struct Need {
  std::uint16_t port = 0;
  std::string evidence;
};

Need need_of(const View& view, const topology::Endpoint& endpoint) {
  Need need;
  const auto inject = mesh::pod_annotation(endpoint, "vault.hashicorp.com/agent-inject");
  if (inject == "true" || inject == "yes") {
    need = {.port = kVaultPort, .evidence = "annotation vault.hashicorp.com/agent-inject"};
  }
  for_each_variable(endpoint, [&](const Variable& variable) {
    if ((variable.name == "VAULT_ADDR" || variable.name == "BAO_ADDR") &&
        !variable.value->text().contains("$(") && !variable.value->text().empty()) {
      need.port = port_behind(view, address_of(variable.value->text()),
                              view.topology().name_space_of(endpoint).name, kVaultPort);
      need.evidence = fmt::format("{} of container {} ({})", variable.name, variable.container,
                                  place_of(*endpoint.object, variable.value->offset()));
    }
  });
  return need;
}

void examine(View& view, Reporter& reporter) {
  std::vector<Cut> cuts;
  const auto workloads = view.world().workloads();
  for (std::uint32_t i = 0; i < workloads.size(); ++i) {
    const ClassId id = workloads[i].class_id;
    if (!view.is_isolated(id, Direction::Egress)) {
      continue;
    }
    Need need = need_of(view, view.topology().endpoints()[workloads[i].endpoints.front()]);
    if (need.port != 0 && !view.speaks_of(id, Direction::Egress, Protocol::Tcp, need.port)) {
      cuts.push_back({.workload = i,
                      .evidence = std::move(need.evidence),
                      .what = fmt::format("TCP {}", need.port)});
    }
  }
  report_cuts(view, reporter, kCheck, cuts,
              {.from = "the secret store", .allowed = "an egress rule for its port"});
}

}  // namespace

Row secret_store_cut_off_check() { return {.check = &kCheck, .examine = examine}; }

}  // namespace tally::reachability::linting

// The list of checks. Self-registration would be dropped by the linker from a static library.
#include "reachability/lint/checks/all.hpp"

#include <array>

namespace tally::reachability {

namespace linting {

std::span<const Row> rows() {
  static const std::array kRows = {
      policy_not_applied_check(),
      policy_selects_nothing_check(),
      workloads_not_isolated_check(),
      peers_or_and_check(),
      egress_left_open_check(),
      namespace_label_unknown_check(),
      pod_label_unknown_check(),
      except_outside_cidr_check(),
      broad_cidr_check(),
      dns_to_everywhere_check(),
      dns_without_tcp_check(),
      service_port_meant_check(),
      named_port_absent_check(),
      one_sided_rule_check(),
      rule_redundant_check(),
      rule_shadowed_check(),
      host_network_check(),
      cloud_metadata_check(),
      egress_by_name_check(),
      dns_cut_off_check(),
      probe_cut_off_check(),
      control_plane_cut_off_check(),
      hbone_cut_off_check(),
      secret_store_cut_off_check(),
      telemetry_cut_off_check(),
      service_cut_off_check(),
      platform_needs_check(),
      mesh_policy_not_applied_check(),
      authorization_without_proxy_check(),
      identity_without_strict_mtls_check(),
      l7_without_strict_mtls_check(),
      allow_matches_nothing_check(),
      http_fields_on_tcp_check(),
      entry_leads_nowhere_check(),
  };
  return kRows;
}

}  // namespace linting

std::span<const finding::Check* const> lint_checks() {
  static const auto kChecks = [] {
    std::vector<const finding::Check*> checks;
    for (const linting::Row& row : linting::rows()) {
      checks.push_back(row.check);
    }
    return checks;
  }();
  return kChecks;
}

}  // namespace tally::reachability

#pragma once
// One function per file of this folder; each gives the row of its check.

#include "reachability/lint/internal/view.hpp"

namespace tally::reachability::linting {

// What a policy says, and what that means.
[[nodiscard]] Row policy_not_applied_check();
[[nodiscard]] Row policy_selects_nothing_check();
[[nodiscard]] Row workloads_not_isolated_check();
[[nodiscard]] Row peers_or_and_check();
[[nodiscard]] Row egress_left_open_check();
[[nodiscard]] Row namespace_label_unknown_check();
[[nodiscard]] Row pod_label_unknown_check();
[[nodiscard]] Row except_outside_cidr_check();
[[nodiscard]] Row broad_cidr_check();
[[nodiscard]] Row dns_to_everywhere_check();
[[nodiscard]] Row dns_without_tcp_check();
[[nodiscard]] Row service_port_meant_check();
[[nodiscard]] Row named_port_absent_check();
[[nodiscard]] Row one_sided_rule_check();
[[nodiscard]] Row rule_redundant_check();
[[nodiscard]] Row rule_shadowed_check();
[[nodiscard]] Row host_network_check();
[[nodiscard]] Row cloud_metadata_check();
[[nodiscard]] Row egress_by_name_check();

// What workloads rely on, as their manifests say.
[[nodiscard]] Row dns_cut_off_check();
[[nodiscard]] Row probe_cut_off_check();
[[nodiscard]] Row control_plane_cut_off_check();
[[nodiscard]] Row hbone_cut_off_check();
[[nodiscard]] Row secret_store_cut_off_check();
[[nodiscard]] Row telemetry_cut_off_check();
[[nodiscard]] Row service_cut_off_check();
[[nodiscard]] Row platform_needs_check();

// The mesh, and how the world gets in.
[[nodiscard]] Row mesh_policy_not_applied_check();
[[nodiscard]] Row authorization_without_proxy_check();
[[nodiscard]] Row identity_without_strict_mtls_check();
[[nodiscard]] Row l7_without_strict_mtls_check();
[[nodiscard]] Row allow_matches_nothing_check();
[[nodiscard]] Row http_fields_on_tcp_check();
[[nodiscard]] Row entry_leads_nowhere_check();

}  // namespace tally::reachability::linting

#pragma once
// The rules of single types beyond their fields, after pkg/apis/*/validation of Kubernetes 1.36;
// the messages are the API server's. A rule looks at well-typed values only: what has a wrong type
// was reported by the walk. One file of rules/ for each family of types; structure_rules.cpp holds
// the table of types.

#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <vector>

#include "document/symbol.hpp"
#include "kube/internal/structure_walk.hpp"

namespace tally::kube::internal {

// The frame's node is an Object of the rule's type.
using Rule = void (*)(StructureWalk& walk, const Frame& frame);

// By position in api_types().types(); null: no rule.
[[nodiscard]] const std::vector<Rule>& rules_by_type();

// rules/labels.cpp
void check_object_meta(StructureWalk& walk, const Frame& frame);
void check_label_selector_requirement(StructureWalk& walk, const Frame& frame);
void check_config_map(StructureWalk& walk, const Frame& frame);
void check_secret(StructureWalk& walk, const Frame& frame);
// rules/workload.cpp
void check_selecting(StructureWalk& walk, const Frame& frame);    // Deployment and its like
void check_replication(StructureWalk& walk, const Frame& frame);  // ReplicationController
void check_job_spec(StructureWalk& walk, const Frame& frame);
// rules/schedule.cpp
void check_cron_job_spec(StructureWalk& walk, const Frame& frame);
// rules/pod.cpp
void check_pod_spec(StructureWalk& walk, const Frame& frame);
void check_container(StructureWalk& walk, const Frame& frame);
void check_container_port(StructureWalk& walk, const Frame& frame);
void check_env_var(StructureWalk& walk, const Frame& frame);
// rules/probe.cpp
void check_probe(StructureWalk& walk, const Frame& frame);
void check_lifecycle_handler(StructureWalk& walk, const Frame& frame);
// rules/volume.cpp
void check_volume(StructureWalk& walk, const Frame& frame);
void check_persistent_volume_spec(StructureWalk& walk, const Frame& frame);
void check_volume_projection(StructureWalk& walk, const Frame& frame);
// rules/resources.cpp
void check_resources(StructureWalk& walk, const Frame& frame);
// rules/service.cpp
void check_service_spec(StructureWalk& walk, const Frame& frame);
// rules/rbac.cpp
void check_role_ref(StructureWalk& walk, const Frame& frame);
void check_subject(StructureWalk& walk, const Frame& frame);
void check_policy_rule(StructureWalk& walk, const Frame& frame);
// rules/autoscaler.cpp
void check_autoscaler_spec(StructureWalk& walk, const Frame& frame);

// What several rules share: rules/shared_rules.cpp.
//
// Are the texts of `name` in two or more items of these lists equal? Reports each second one.
void report_duplicates(StructureWalk& walk, const Frame& frame,
                       std::initializer_list<const document::Name*> lists,
                       const document::Name& name);
// "<dotted path>: Forbidden: <why>"
void report_forbidden(StructureWalk& walk, const Frame& frame, const document::Name& name,
                      std::string_view why);
// A port number from 1 to 65535; `least` 0: 0 stands for none.
void check_port(StructureWalk& walk, const Frame& frame, const document::Name& name,
                std::int64_t least);

}  // namespace tally::kube::internal

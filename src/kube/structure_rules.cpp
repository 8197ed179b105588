// Which types have rules beyond their fields.
#include "kube/internal/structure_rules.hpp"

#include <algorithm>
#include <array>

#include "kube/api_types.hpp"

namespace tally::kube::internal {

namespace {

struct RuleRow {
  std::string_view type;
  Rule rule;
};
constexpr auto kRules = std::to_array<RuleRow>({
    {"meta.v1.ObjectMeta", &check_object_meta},
    {"apps.v1.DeploymentSpec", &check_selecting},
    {"apps.v1.ReplicaSetSpec", &check_selecting},
    {"apps.v1.StatefulSetSpec", &check_selecting},
    {"apps.v1.DaemonSetSpec", &check_selecting},
    {"core.v1.ReplicationControllerSpec", &check_replication},
    {"batch.v1.JobSpec", &check_job_spec},
    {"batch.v1.CronJobSpec", &check_cron_job_spec},
    {"core.v1.PodSpec", &check_pod_spec},
    {"core.v1.Container", &check_container},
    {"core.v1.EphemeralContainer", &check_container},
    {"core.v1.ContainerPort", &check_container_port},
    {"core.v1.Probe", &check_probe},
    {"core.v1.LifecycleHandler", &check_lifecycle_handler},
    {"core.v1.Volume", &check_volume},
    {"core.v1.PersistentVolumeSpec", &check_persistent_volume_spec},
    {"core.v1.VolumeProjection", &check_volume_projection},
    {"core.v1.ResourceRequirements", &check_resources},
    {"core.v1.EnvVar", &check_env_var},
    {"core.v1.ServiceSpec", &check_service_spec},
    {"rbac.v1.RoleRef", &check_role_ref},
    {"rbac.v1.Subject", &check_subject},
    {"rbac.v1.PolicyRule", &check_policy_rule},
    {"meta.v1.LabelSelectorRequirement", &check_label_selector_requirement},
    {"core.v1.ConfigMap", &check_config_map},
    {"core.v1.Secret", &check_secret},
    {"autoscaling.v1.HorizontalPodAutoscalerSpec", &check_autoscaler_spec},
    {"autoscaling.v2.HorizontalPodAutoscalerSpec", &check_autoscaler_spec},
});

}  // namespace

const std::vector<Rule>& rules_by_type() {
  static const std::vector<Rule> kByType = [] {
    const auto types = api_types().types();
    std::vector<Rule> found(types.size(), nullptr);
    for (std::size_t i = 0; i < types.size(); ++i) {
      const auto* row = std::find_if(kRules.begin(), kRules.end(), [&](const RuleRow& rule) {
        return rule.type == types[i].name;
      });
      found[i] = row == kRules.end() ? nullptr : row->rule;
    }
    return found;
  }();
  return kByType;
}

}  // namespace tally::kube::internal

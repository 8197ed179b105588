#include "kube/removed_apis.hpp"

#include <algorithm>
#include <array>

namespace tally::kube {

namespace {

constexpr auto kRemoved = std::to_array<RemovedApi>({
    {"extensions", "v1beta1", "Deployment", "1.16", "apps/v1"},
    {"extensions", "v1beta1", "DaemonSet", "1.16", "apps/v1"},
    {"extensions", "v1beta1", "ReplicaSet", "1.16", "apps/v1"},
    {"extensions", "v1beta1", "NetworkPolicy", "1.16", "networking.k8s.io/v1"},
    {"extensions", "v1beta1", "PodSecurityPolicy", "1.16",
     "Pod Security Standards (namespace labels)", false, true},
    {"extensions", "v1beta1", "Ingress", "1.22", "networking.k8s.io/v1"},
    {"apps", "v1beta1", "Deployment", "1.16", "apps/v1"},
    {"apps", "v1beta1", "StatefulSet", "1.16", "apps/v1"},
    {"apps", "v1beta1", "ControllerRevision", "1.16", "apps/v1"},
    {"apps", "v1beta2", "Deployment", "1.16", "apps/v1"},
    {"apps", "v1beta2", "StatefulSet", "1.16", "apps/v1"},
    {"apps", "v1beta2", "DaemonSet", "1.16", "apps/v1"},
    {"apps", "v1beta2", "ReplicaSet", "1.16", "apps/v1"},
    {"apps", "v1beta2", "ControllerRevision", "1.16", "apps/v1"},
    {"admissionregistration.k8s.io", "v1beta1", "MutatingWebhookConfiguration", "1.22",
     "admissionregistration.k8s.io/v1", false},
    {"admissionregistration.k8s.io", "v1beta1", "ValidatingWebhookConfiguration", "1.22",
     "admissionregistration.k8s.io/v1", false},
    {"admissionregistration.k8s.io", "v1beta1", "ValidatingAdmissionPolicy", "1.34",
     "admissionregistration.k8s.io/v1", false},
    {"admissionregistration.k8s.io", "v1beta1", "ValidatingAdmissionPolicyBinding", "1.34",
     "admissionregistration.k8s.io/v1", false},
    {"apiextensions.k8s.io", "v1beta1", "CustomResourceDefinition", "1.22",
     "apiextensions.k8s.io/v1", false},
    {"apiregistration.k8s.io", "v1beta1", "APIService", "1.22", "apiregistration.k8s.io/v1", false},
    {"authentication.k8s.io", "v1beta1", "TokenReview", "1.22", "authentication.k8s.io/v1", false},
    {"authorization.k8s.io", "v1beta1", "LocalSubjectAccessReview", "1.22",
     "authorization.k8s.io/v1"},
    {"authorization.k8s.io", "v1beta1", "SelfSubjectAccessReview", "1.22",
     "authorization.k8s.io/v1", false},
    {"authorization.k8s.io", "v1beta1", "SubjectAccessReview", "1.22", "authorization.k8s.io/v1",
     false},
    {"certificates.k8s.io", "v1beta1", "CertificateSigningRequest", "1.22",
     "certificates.k8s.io/v1", false},
    {"coordination.k8s.io", "v1beta1", "Lease", "1.22", "coordination.k8s.io/v1"},
    {"networking.k8s.io", "v1beta1", "Ingress", "1.22", "networking.k8s.io/v1"},
    {"networking.k8s.io", "v1beta1", "IngressClass", "1.22", "networking.k8s.io/v1", false},
    {"rbac.authorization.k8s.io", "v1alpha1", "ClusterRole", "1.22", "rbac.authorization.k8s.io/v1",
     false},
    {"rbac.authorization.k8s.io", "v1alpha1", "ClusterRoleBinding", "1.22",
     "rbac.authorization.k8s.io/v1", false},
    {"rbac.authorization.k8s.io", "v1alpha1", "Role", "1.22", "rbac.authorization.k8s.io/v1"},
    {"rbac.authorization.k8s.io", "v1alpha1", "RoleBinding", "1.22",
     "rbac.authorization.k8s.io/v1"},
    {"rbac.authorization.k8s.io", "v1beta1", "ClusterRole", "1.22", "rbac.authorization.k8s.io/v1",
     false},
    {"rbac.authorization.k8s.io", "v1beta1", "ClusterRoleBinding", "1.22",
     "rbac.authorization.k8s.io/v1", false},
    {"rbac.authorization.k8s.io", "v1beta1", "Role", "1.22", "rbac.authorization.k8s.io/v1"},
    {"rbac.authorization.k8s.io", "v1beta1", "RoleBinding", "1.22", "rbac.authorization.k8s.io/v1"},
    {"scheduling.k8s.io", "v1beta1", "PriorityClass", "1.22", "scheduling.k8s.io/v1", false},
    {"storage.k8s.io", "v1beta1", "CSIDriver", "1.22", "storage.k8s.io/v1", false},
    {"storage.k8s.io", "v1beta1", "CSINode", "1.22", "storage.k8s.io/v1", false},
    {"storage.k8s.io", "v1beta1", "StorageClass", "1.22", "storage.k8s.io/v1", false},
    {"storage.k8s.io", "v1beta1", "VolumeAttachment", "1.22", "storage.k8s.io/v1", false},
    {"storage.k8s.io", "v1beta1", "CSIStorageCapacity", "1.27", "storage.k8s.io/v1"},
    {"batch", "v2alpha1", "CronJob", "1.21", "batch/v1"},
    {"batch", "v1beta1", "CronJob", "1.25", "batch/v1"},
    {"discovery.k8s.io", "v1beta1", "EndpointSlice", "1.25", "discovery.k8s.io/v1"},
    {"events.k8s.io", "v1beta1", "Event", "1.25", "events.k8s.io/v1"},
    {"autoscaling", "v2beta1", "HorizontalPodAutoscaler", "1.25", "autoscaling/v2"},
    {"autoscaling", "v2beta2", "HorizontalPodAutoscaler", "1.26", "autoscaling/v2"},
    {"policy", "v1beta1", "PodDisruptionBudget", "1.25", "policy/v1"},
    {"policy", "v1beta1", "PodSecurityPolicy", "1.25", "Pod Security Standards (namespace labels)",
     false, true},
    {"node.k8s.io", "v1alpha1", "RuntimeClass", "1.24", "node.k8s.io/v1", false},
    {"node.k8s.io", "v1beta1", "RuntimeClass", "1.25", "node.k8s.io/v1", false},
    {"flowcontrol.apiserver.k8s.io", "v1beta1", "FlowSchema", "1.26",
     "flowcontrol.apiserver.k8s.io/v1", false},
    {"flowcontrol.apiserver.k8s.io", "v1beta1", "PriorityLevelConfiguration", "1.26",
     "flowcontrol.apiserver.k8s.io/v1", false},
    {"flowcontrol.apiserver.k8s.io", "v1beta2", "FlowSchema", "1.29",
     "flowcontrol.apiserver.k8s.io/v1", false},
    {"flowcontrol.apiserver.k8s.io", "v1beta2", "PriorityLevelConfiguration", "1.29",
     "flowcontrol.apiserver.k8s.io/v1", false},
    {"flowcontrol.apiserver.k8s.io", "v1beta3", "FlowSchema", "1.32",
     "flowcontrol.apiserver.k8s.io/v1", false},
    {"flowcontrol.apiserver.k8s.io", "v1beta3", "PriorityLevelConfiguration", "1.32",
     "flowcontrol.apiserver.k8s.io/v1", false},
    {"settings.k8s.io", "v1alpha1", "PodPreset", "1.20", "a mutating admission policy", true, true},
});

}  // namespace

std::span<const RemovedApi> removed_apis() noexcept { return kRemoved; }

const RemovedApi* find_removed_api(const scalar::ObjectRef& ref) noexcept {
  // All removed versions are alpha or beta ones; the version tells served kinds apart at once.
  if (!ref.version.contains('a')) {
    return nullptr;
  }
  const auto* at = std::find_if(kRemoved.begin(), kRemoved.end(), [&ref](const RemovedApi& row) {
    return row.kind == ref.kind && row.version == ref.version && row.group == ref.group;
  });
  return at == kRemoved.end() ? nullptr : at;
}

}  // namespace tally::kube

#include "kyverno/patch/internal/merge_schema.hpp"

#include <algorithm>
#include <utility>

namespace tally::kyverno {

namespace {

constexpr std::string_view kUidKeys[] = {"uid"};
constexpr std::string_view kNameKeys[] = {"name"};
constexpr std::string_view kContainerPortProtocolKeys[] = {"containerPort", "protocol"};
constexpr std::string_view kDevicePathKeys[] = {"devicePath"};
constexpr std::string_view kMountPathKeys[] = {"mountPath"};
constexpr std::string_view kIpKeys[] = {"ip"};
constexpr std::string_view kTopologyKeyWhenUnsatisfiableKeys[] = {"topologyKey",
                                                                  "whenUnsatisfiable"};
constexpr std::string_view kTypeKeys[] = {"type"};
constexpr std::string_view kPortProtocolKeys[] = {"port", "protocol"};

constexpr MergeField kObjectMetaFields[] = {
    {.name = "finalizers", .shape = MergeShape::Set, .type = &kClosedType, .keys = {}},
    {.name = "ownerReferences", .shape = MergeShape::List, .type = &kClosedType, .keys = kUidKeys},
};
constexpr MergeType kObjectMeta{kObjectMetaFields};

constexpr MergeField kWebhookConfigurationFields[] = {
    {.name = "metadata", .shape = MergeShape::Map, .type = &kObjectMeta, .keys = {}},
    {.name = "webhooks", .shape = MergeShape::List, .type = &kClosedType, .keys = kNameKeys},
};
constexpr MergeType kWebhookConfiguration{kWebhookConfigurationFields};

constexpr MergeField kPlainKindFields[] = {
    {.name = "metadata", .shape = MergeShape::Map, .type = &kObjectMeta, .keys = {}},
};
constexpr MergeType kPlainKind{kPlainKindFields};

constexpr MergeField kContainerFields[] = {
    {.name = "env", .shape = MergeShape::List, .type = &kClosedType, .keys = kNameKeys},
    {.name = "ports",
     .shape = MergeShape::List,
     .type = &kClosedType,
     .keys = kContainerPortProtocolKeys},
    {.name = "volumeDevices",
     .shape = MergeShape::List,
     .type = &kClosedType,
     .keys = kDevicePathKeys},
    {.name = "volumeMounts",
     .shape = MergeShape::List,
     .type = &kClosedType,
     .keys = kMountPathKeys},
};
constexpr MergeType kContainer{kContainerFields};

constexpr MergeField kEphemeralContainerFields[] = {
    {.name = "env", .shape = MergeShape::List, .type = &kClosedType, .keys = kNameKeys},
    {.name = "volumeDevices",
     .shape = MergeShape::List,
     .type = &kClosedType,
     .keys = kDevicePathKeys},
    {.name = "volumeMounts",
     .shape = MergeShape::List,
     .type = &kClosedType,
     .keys = kMountPathKeys},
};
constexpr MergeType kEphemeralContainer{kEphemeralContainerFields};

constexpr MergeField kEphemeralVolumeSourceFields[] = {
    {.name = "volumeClaimTemplate", .shape = MergeShape::Map, .type = &kPlainKind, .keys = {}},
};
constexpr MergeType kEphemeralVolumeSource{kEphemeralVolumeSourceFields};

constexpr MergeField kVolumeFields[] = {
    {.name = "ephemeral", .shape = MergeShape::Map, .type = &kEphemeralVolumeSource, .keys = {}},
};
constexpr MergeType kVolume{kVolumeFields};

constexpr MergeField kPodSpecFields[] = {
    {.name = "containers", .shape = MergeShape::List, .type = &kContainer, .keys = kNameKeys},
    {.name = "ephemeralContainers",
     .shape = MergeShape::List,
     .type = &kEphemeralContainer,
     .keys = kNameKeys},
    {.name = "hostAliases", .shape = MergeShape::List, .type = &kClosedType, .keys = kIpKeys},
    {.name = "imagePullSecrets",
     .shape = MergeShape::List,
     .type = &kClosedType,
     .keys = kNameKeys},
    {.name = "initContainers", .shape = MergeShape::List, .type = &kContainer, .keys = kNameKeys},
    {.name = "topologySpreadConstraints",
     .shape = MergeShape::List,
     .type = &kClosedType,
     .keys = kTopologyKeyWhenUnsatisfiableKeys},
    {.name = "volumes", .shape = MergeShape::List, .type = &kVolume, .keys = kNameKeys},
};
constexpr MergeType kPodSpec{kPodSpecFields};

constexpr MergeField kPodTemplateSpecFields[] = {
    {.name = "metadata", .shape = MergeShape::Map, .type = &kObjectMeta, .keys = {}},
    {.name = "spec", .shape = MergeShape::Map, .type = &kPodSpec, .keys = {}},
};
constexpr MergeType kPodTemplateSpec{kPodTemplateSpecFields};

constexpr MergeField kPodTemplateHolderFields[] = {
    {.name = "template", .shape = MergeShape::Map, .type = &kPodTemplateSpec, .keys = {}},
};
constexpr MergeType kPodTemplateHolder{kPodTemplateHolderFields};

constexpr MergeField kConditionedStatusFields[] = {
    {.name = "conditions", .shape = MergeShape::List, .type = &kClosedType, .keys = kTypeKeys},
};
constexpr MergeType kConditionedStatus{kConditionedStatusFields};

constexpr MergeField kPodTemplateKindFields[] = {
    {.name = "metadata", .shape = MergeShape::Map, .type = &kObjectMeta, .keys = {}},
    {.name = "spec", .shape = MergeShape::Map, .type = &kPodTemplateHolder, .keys = {}},
    {.name = "status", .shape = MergeShape::Map, .type = &kConditionedStatus, .keys = {}},
};
constexpr MergeType kPodTemplateKind{kPodTemplateKindFields};

constexpr MergeField kKustomizationFields[] = {
    {.name = "configMapGenerator",
     .shape = MergeShape::List,
     .type = &kClosedType,
     .keys = kNameKeys},
    {.name = "secretGenerator", .shape = MergeShape::List, .type = &kClosedType, .keys = kNameKeys},
};
constexpr MergeType kKustomization{kKustomizationFields};

constexpr MergeField kJobTemplateSpecFields[] = {
    {.name = "metadata", .shape = MergeShape::Map, .type = &kObjectMeta, .keys = {}},
    {.name = "spec", .shape = MergeShape::Map, .type = &kPodTemplateHolder, .keys = {}},
};
constexpr MergeType kJobTemplateSpec{kJobTemplateSpecFields};

constexpr MergeField kCronJobSpecFields[] = {
    {.name = "jobTemplate", .shape = MergeShape::Map, .type = &kJobTemplateSpec, .keys = {}},
};
constexpr MergeType kCronJobSpec{kCronJobSpecFields};

constexpr MergeField kCronJobFields[] = {
    {.name = "metadata", .shape = MergeShape::Map, .type = &kObjectMeta, .keys = {}},
    {.name = "spec", .shape = MergeShape::Map, .type = &kCronJobSpec, .keys = {}},
};
constexpr MergeType kCronJob{kCronJobFields};

constexpr MergeField kComponentStatusFields[] = {
    {.name = "conditions", .shape = MergeShape::List, .type = &kClosedType, .keys = kTypeKeys},
    {.name = "metadata", .shape = MergeShape::Map, .type = &kObjectMeta, .keys = {}},
};
constexpr MergeType kComponentStatus{kComponentStatusFields};

constexpr MergeField kConditionedKindFields[] = {
    {.name = "metadata", .shape = MergeShape::Map, .type = &kObjectMeta, .keys = {}},
    {.name = "status", .shape = MergeShape::Map, .type = &kConditionedStatus, .keys = {}},
};
constexpr MergeType kConditionedKind{kConditionedKindFields};

constexpr MergeField kNodeSpecFields[] = {
    {.name = "podCIDRs", .shape = MergeShape::Set, .type = &kClosedType, .keys = {}},
};
constexpr MergeType kNodeSpec{kNodeSpecFields};

constexpr MergeField kNodeStatusFields[] = {
    {.name = "addresses", .shape = MergeShape::List, .type = &kClosedType, .keys = kTypeKeys},
    {.name = "conditions", .shape = MergeShape::List, .type = &kClosedType, .keys = kTypeKeys},
};
constexpr MergeType kNodeStatus{kNodeStatusFields};

constexpr MergeField kNodeFields[] = {
    {.name = "metadata", .shape = MergeShape::Map, .type = &kObjectMeta, .keys = {}},
    {.name = "spec", .shape = MergeShape::Map, .type = &kNodeSpec, .keys = {}},
    {.name = "status", .shape = MergeShape::Map, .type = &kNodeStatus, .keys = {}},
};
constexpr MergeType kNode{kNodeFields};

constexpr MergeField kPodStatusFields[] = {
    {.name = "conditions", .shape = MergeShape::List, .type = &kClosedType, .keys = kTypeKeys},
    {.name = "podIPs", .shape = MergeShape::List, .type = &kClosedType, .keys = kIpKeys},
};
constexpr MergeType kPodStatus{kPodStatusFields};

constexpr MergeField kPodFields[] = {
    {.name = "metadata", .shape = MergeShape::Map, .type = &kObjectMeta, .keys = {}},
    {.name = "spec", .shape = MergeShape::Map, .type = &kPodSpec, .keys = {}},
    {.name = "status", .shape = MergeShape::Map, .type = &kPodStatus, .keys = {}},
};
constexpr MergeType kPod{kPodFields};

constexpr MergeField kPodTemplateFields[] = {
    {.name = "metadata", .shape = MergeShape::Map, .type = &kObjectMeta, .keys = {}},
    {.name = "template", .shape = MergeShape::Map, .type = &kPodTemplateSpec, .keys = {}},
};
constexpr MergeType kPodTemplate{kPodTemplateFields};

constexpr MergeField kServiceSpecFields[] = {
    {.name = "ports", .shape = MergeShape::List, .type = &kClosedType, .keys = kPortProtocolKeys},
};
constexpr MergeType kServiceSpec{kServiceSpecFields};

constexpr MergeField kServiceFields[] = {
    {.name = "metadata", .shape = MergeShape::Map, .type = &kObjectMeta, .keys = {}},
    {.name = "spec", .shape = MergeShape::Map, .type = &kServiceSpec, .keys = {}},
    {.name = "status", .shape = MergeShape::Map, .type = &kConditionedStatus, .keys = {}},
};
constexpr MergeType kService{kServiceFields};

constexpr MergeField kServiceAccountFields[] = {
    {.name = "metadata", .shape = MergeShape::Map, .type = &kObjectMeta, .keys = {}},
    {.name = "secrets", .shape = MergeShape::List, .type = &kClosedType, .keys = kNameKeys},
};
constexpr MergeType kServiceAccount{kServiceAccountFields};

constexpr MergeField kCSINodeSpecFields[] = {
    {.name = "drivers", .shape = MergeShape::List, .type = &kClosedType, .keys = kNameKeys},
};
constexpr MergeType kCSINodeSpec{kCSINodeSpecFields};

constexpr MergeField kCSINodeFields[] = {
    {.name = "metadata", .shape = MergeShape::Map, .type = &kObjectMeta, .keys = {}},
    {.name = "spec", .shape = MergeShape::Map, .type = &kCSINodeSpec, .keys = {}},
};
constexpr MergeType kCSINode{kCSINodeFields};

struct Kind {
  std::string_view api_version;
  std::string_view kind;
  const MergeType* type;
};

// Sorted by both names.
constexpr Kind kKinds[] = {
    {"admissionregistration.k8s.io/v1", "MutatingWebhookConfiguration", &kWebhookConfiguration},
    {"admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration", &kWebhookConfiguration},
    {"admissionregistration.k8s.io/v1beta1", "MutatingWebhookConfiguration",
     &kWebhookConfiguration},
    {"admissionregistration.k8s.io/v1beta1", "ValidatingWebhookConfiguration",
     &kWebhookConfiguration},
    {"apiextensions.k8s.io/v1", "CustomResourceDefinition", &kPlainKind},
    {"apiextensions.k8s.io/v1beta1", "CustomResourceDefinition", &kPlainKind},
    {"apiregistration.k8s.io/v1", "APIService", &kConditionedKind},
    {"apiregistration.k8s.io/v1beta1", "APIService", &kConditionedKind},
    {"apps/v1", "ControllerRevision", &kPlainKind},
    {"apps/v1", "DaemonSet", &kPodTemplateKind},
    {"apps/v1", "Deployment", &kPodTemplateKind},
    {"apps/v1", "ReplicaSet", &kPodTemplateKind},
    {"apps/v1", "StatefulSet", &kPodTemplateKind},
    {"authentication.k8s.io/v1", "TokenRequest", &kPlainKind},
    {"authentication.k8s.io/v1", "TokenReview", &kPlainKind},
    {"authentication.k8s.io/v1beta1", "TokenReview", &kPlainKind},
    {"authorization.k8s.io/v1", "LocalSubjectAccessReview", &kPlainKind},
    {"authorization.k8s.io/v1", "SelfSubjectAccessReview", &kPlainKind},
    {"authorization.k8s.io/v1", "SelfSubjectRulesReview", &kPlainKind},
    {"authorization.k8s.io/v1", "SubjectAccessReview", &kPlainKind},
    {"authorization.k8s.io/v1beta1", "LocalSubjectAccessReview", &kPlainKind},
    {"authorization.k8s.io/v1beta1", "SelfSubjectAccessReview", &kPlainKind},
    {"authorization.k8s.io/v1beta1", "SelfSubjectRulesReview", &kPlainKind},
    {"authorization.k8s.io/v1beta1", "SubjectAccessReview", &kPlainKind},
    {"autoscaling/v1", "HorizontalPodAutoscaler", &kPlainKind},
    {"autoscaling/v1", "Scale", &kPlainKind},
    {"autoscaling/v2beta1", "HorizontalPodAutoscaler", &kPlainKind},
    {"autoscaling/v2beta2", "HorizontalPodAutoscaler", &kPlainKind},
    {"batch/v1", "CronJob", &kCronJob},
    {"batch/v1", "Job", &kPodTemplateKind},
    {"batch/v1beta1", "CronJob", &kCronJob},
    {"certificates.k8s.io/v1", "CertificateSigningRequest", &kPlainKind},
    {"certificates.k8s.io/v1beta1", "CertificateSigningRequest", &kPlainKind},
    {"coordination.k8s.io/v1", "Lease", &kPlainKind},
    {"coordination.k8s.io/v1beta1", "Lease", &kPlainKind},
    {"discovery.k8s.io/v1", "EndpointSlice", &kPlainKind},
    {"discovery.k8s.io/v1beta1", "EndpointSlice", &kPlainKind},
    {"events.k8s.io/v1", "Event", &kPlainKind},
    {"events.k8s.io/v1beta1", "Event", &kPlainKind},
    {"extensions/v1beta1", "Ingress", &kPlainKind},
    {"flowcontrol.apiserver.k8s.io/v1beta1", "FlowSchema", &kPlainKind},
    {"flowcontrol.apiserver.k8s.io/v1beta1", "PriorityLevelConfiguration", &kPlainKind},
    {"kustomize.config.k8s.io/v1beta1", "Kustomization", &kKustomization},
    {"networking.k8s.io/v1", "Ingress", &kPlainKind},
    {"networking.k8s.io/v1", "IngressClass", &kPlainKind},
    {"networking.k8s.io/v1", "NetworkPolicy", &kPlainKind},
    {"networking.k8s.io/v1beta1", "Ingress", &kPlainKind},
    {"networking.k8s.io/v1beta1", "IngressClass", &kPlainKind},
    {"node.k8s.io/v1", "RuntimeClass", &kPlainKind},
    {"node.k8s.io/v1beta1", "RuntimeClass", &kPlainKind},
    {"policy/v1", "PodDisruptionBudget", &kConditionedKind},
    {"policy/v1beta1", "Eviction", &kPlainKind},
    {"policy/v1beta1", "PodDisruptionBudget", &kConditionedKind},
    {"policy/v1beta1", "PodSecurityPolicy", &kPlainKind},
    {"rbac.authorization.k8s.io/v1", "ClusterRole", &kPlainKind},
    {"rbac.authorization.k8s.io/v1", "ClusterRoleBinding", &kPlainKind},
    {"rbac.authorization.k8s.io/v1", "Role", &kPlainKind},
    {"rbac.authorization.k8s.io/v1", "RoleBinding", &kPlainKind},
    {"rbac.authorization.k8s.io/v1beta1", "ClusterRole", &kPlainKind},
    {"rbac.authorization.k8s.io/v1beta1", "ClusterRoleBinding", &kPlainKind},
    {"rbac.authorization.k8s.io/v1beta1", "Role", &kPlainKind},
    {"rbac.authorization.k8s.io/v1beta1", "RoleBinding", &kPlainKind},
    {"scheduling.k8s.io/v1", "PriorityClass", &kPlainKind},
    {"scheduling.k8s.io/v1beta1", "PriorityClass", &kPlainKind},
    {"storage.k8s.io/v1", "CSIDriver", &kPlainKind},
    {"storage.k8s.io/v1", "CSINode", &kCSINode},
    {"storage.k8s.io/v1", "StorageClass", &kPlainKind},
    {"storage.k8s.io/v1", "VolumeAttachment", &kPlainKind},
    {"storage.k8s.io/v1beta1", "CSIDriver", &kPlainKind},
    {"storage.k8s.io/v1beta1", "CSINode", &kCSINode},
    {"storage.k8s.io/v1beta1", "CSIStorageCapacity", &kPlainKind},
    {"storage.k8s.io/v1beta1", "StorageClass", &kPlainKind},
    {"storage.k8s.io/v1beta1", "VolumeAttachment", &kPlainKind},
    {"v1", "Binding", &kPlainKind},
    {"v1", "ComponentStatus", &kComponentStatus},
    {"v1", "ConfigMap", &kPlainKind},
    {"v1", "Endpoints", &kPlainKind},
    {"v1", "Event", &kPlainKind},
    {"v1", "LimitRange", &kPlainKind},
    {"v1", "Namespace", &kConditionedKind},
    {"v1", "Node", &kNode},
    {"v1", "PersistentVolume", &kPlainKind},
    {"v1", "PersistentVolumeClaim", &kConditionedKind},
    {"v1", "Pod", &kPod},
    {"v1", "PodTemplate", &kPodTemplate},
    {"v1", "ReplicationController", &kPodTemplateKind},
    {"v1", "ResourceQuota", &kPlainKind},
    {"v1", "Secret", &kPlainKind},
    {"v1", "Service", &kService},
    {"v1", "ServiceAccount", &kServiceAccount},
};

}  // namespace

const MergeType kClosedType{};

const MergeType* merge_type(std::string_view api_version, std::string_view kind) {
  const auto wanted = std::pair(api_version, kind);
  const auto* const found = std::ranges::lower_bound(
      kKinds, wanted, {}, [](const Kind& row) { return std::pair(row.api_version, row.kind); });
  return found != std::end(kKinds) && std::pair(found->api_version, found->kind) == wanted
             ? found->type
             : kUnknownType;
}

const MergeField* find_field(const MergeType& type, std::string_view name) noexcept {
  const auto found = std::ranges::find(type.fields, name, &MergeField::name);
  return found != type.fields.end() ? &*found : nullptr;
}

}  // namespace tally::kyverno

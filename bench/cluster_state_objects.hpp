#pragma once
// The objects of a big cluster as an API server sends them, for benches: pods of 4.8 KB with
// managedFields, a status with conditions and container statuses, and a token volume with a name of
// its own in every pod; the ReplicaSets and Deployments that they come from, namespaces, nodes.
// Items of lists: without apiVersion and kind.

#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "cluster_state/state.hpp"

namespace tally::bench {

using cluster_state::Resource;

inline constexpr int kPodsOfReplicaSet = 50;
inline constexpr int kNamespaces = 2000;
inline constexpr int kNodes = 3000;
inline constexpr Resource kPod{.group = "", .version = "v1", .kind = "Pod", .plural = "pods"};
inline constexpr Resource kNode{.group = "", .version = "v1", .kind = "Node", .plural = "nodes"};
inline constexpr Resource kNamespace{
    .group = "", .version = "v1", .kind = "Namespace", .plural = "namespaces"};
inline constexpr Resource kReplicaSet{
    .group = "apps", .version = "v1", .kind = "ReplicaSet", .plural = "replicasets"};
inline constexpr Resource kDeployment{
    .group = "apps", .version = "v1", .kind = "Deployment", .plural = "deployments"};

inline std::string uid(int kind, int number) {
  const std::uint32_t mixed = static_cast<std::uint32_t>(number) * 2654435761U;
  return fmt::format("{:08x}-{:04x}-4{:03x}-8a5c-{:012x}", mixed, kind, mixed >> 20U, number);
}

// Five letters as the server chooses them.
inline std::string suffix(int number) {
  constexpr std::string_view kLetters = "bcdfghjklmnpqrstvwxz2456789";
  std::string text;
  for (auto left = static_cast<std::uint32_t>(number) * 40503U % 14348907U; text.size() < 5;
       left /= 27) {
    text += kLetters[left % 27];
  }
  return text;
}

inline std::string managed_fields(std::string_view manager, std::string_view fields) {
  return fmt::format(
      R"("managedFields":[{{"manager":"{}","operation":"Update","apiVersion":"v1","time":"2026-05-04T08:21:17Z","fieldsType":"FieldsV1","fieldsV1":{{{}}}}},{{"manager":"kubelet","operation":"Update","apiVersion":"v1","time":"2026-05-04T08:21:19Z","fieldsType":"FieldsV1","fieldsV1":{{"f:status":{{"f:conditions":{{"k:{{\"type\":\"ContainersReady\"}}":{{".":{{}},"f:lastTransitionTime":{{}},"f:status":{{}},"f:type":{{}}}},"k:{{\"type\":\"Ready\"}}":{{".":{{}},"f:lastTransitionTime":{{}},"f:status":{{}},"f:type":{{}}}}}},"f:containerStatuses":{{}},"f:hostIP":{{}},"f:phase":{{}},"f:podIP":{{}},"f:startTime":{{}}}}}},"subresource":"status"}}])",
      manager, fields);
}

inline constexpr std::string_view kPodFields =
    R"("f:metadata":{"f:generateName":{},"f:labels":{".":{},"f:app.kubernetes.io/name":{},"f:pod-template-hash":{}},"f:ownerReferences":{".":{}}},"f:spec":{"f:containers":{"k:{\"name\":\"server\"}":{".":{},"f:env":{".":{}},"f:image":{},"f:imagePullPolicy":{},"f:name":{},"f:ports":{},"f:readinessProbe":{},"f:resources":{},"f:securityContext":{}}},"f:restartPolicy":{},"f:schedulerName":{},"f:securityContext":{}})";

inline std::string labels(int set) {
  return fmt::format(
      R"("labels":{{"app.kubernetes.io/name":"service-{0}","app.kubernetes.io/part-of":"shop","pod-template-hash":"{1:x}","team":"team-{2}"}})",
      set, 0x5d7f8a00 + set, set % 60);
}

// A template has no mount of a token; a pod has.
inline std::string containers(int set, std::string_view mount) {
  return fmt::format(
      R"("containers":[{{"name":"server","image":"registry.example.com/team-{0}/service-{1}:1.{2}.0","args":["--listen=:8080","--log-format=json"],"ports":[{{"name":"http","containerPort":8080,"protocol":"TCP"}},{{"name":"metrics","containerPort":9090,"protocol":"TCP"}}],"env":[{{"name":"LOG_LEVEL","value":"info"}},{{"name":"SERVICE_NAME","value":"service-{1}"}},{{"name":"DATABASE_HOST","value":"database.team-{0}.svc"}},{{"name":"DATABASE_PASSWORD","valueFrom":{{"secretKeyRef":{{"name":"database-{1}","key":"password"}}}}}},{{"name":"NODE_NAME","valueFrom":{{"fieldRef":{{"apiVersion":"v1","fieldPath":"spec.nodeName"}}}}}}],"resources":{{"limits":{{"cpu":"500m","memory":"512Mi"}},"requests":{{"cpu":"100m","memory":"256Mi"}}}},"volumeMounts":[{{"name":"tmp","mountPath":"/tmp"}}{3}],"livenessProbe":{{"httpGet":{{"path":"/livez","port":"http","scheme":"HTTP"}},"timeoutSeconds":1,"periodSeconds":10,"successThreshold":1,"failureThreshold":3}},"readinessProbe":{{"httpGet":{{"path":"/readyz","port":"http","scheme":"HTTP"}},"timeoutSeconds":1,"periodSeconds":10,"successThreshold":1,"failureThreshold":3}},"terminationMessagePath":"/dev/termination-log","terminationMessagePolicy":"File","imagePullPolicy":"IfNotPresent","securityContext":{{"capabilities":{{"drop":["ALL"]}},"readOnlyRootFilesystem":true,"allowPrivilegeEscalation":false}}}}],"restartPolicy":"Always","terminationGracePeriodSeconds":30,"dnsPolicy":"ClusterFirst","serviceAccountName":"service-{1}","serviceAccount":"service-{1}","securityContext":{{"runAsUser":10001,"runAsNonRoot":true,"seccompProfile":{{"type":"RuntimeDefault"}}}},"schedulerName":"default-scheduler")",
      set % 60, set, set % 40, mount);
}

// `restarts`: of the status; `version`: of the label that a rollout would set.
inline std::string pod(int number, int restarts, int version) {
  const int set = number / kPodsOfReplicaSet;
  const std::string own = suffix(number);
  const std::string token = "kube-api-access-" + suffix(number + 7919);
  const std::string node = fmt::format("node-{}.cluster.example.com", number % kNodes);
  const std::string address =
      fmt::format("10.{}.{}.{}", 64 + number / 65536, number / 256 % 256, number % 256);
  const int host = number % kNodes;
  const std::string host_address = fmt::format("10.0.{}.{}", host / 256, host % 256);
  const std::string mount = fmt::format(
      R"(,{{"name":"{}","readOnly":true,"mountPath":"/var/run/secrets/kubernetes.io/serviceaccount"}})",
      token);
  const std::string metadata = fmt::format(
      R"("metadata":{{"name":"service-{0}-{1:x}-{2}","generateName":"service-{0}-{1:x}-","namespace":"namespace-{3}","uid":"{4}","resourceVersion":"{5}","generation":1,"creationTimestamp":"2026-05-04T08:21:{6:02}Z",{7},"annotations":{{"release":"{8}"}},"ownerReferences":[{{"apiVersion":"apps/v1","kind":"ReplicaSet","name":"service-{0}-{1:x}","uid":"{9}","controller":true,"blockOwnerDeletion":true}}],{10}}})",
      set, 0x5d7f8a00 + set, own, set % kNamespaces, uid(1, number), 100'000 + number + restarts,
      number % 60, labels(set), version, uid(2, set),
      managed_fields("kube-controller-manager", kPodFields));
  const std::string spec = fmt::format(
      R"("spec":{{"volumes":[{{"name":"tmp","emptyDir":{{}}}},{{"name":"{}","projected":{{"sources":[{{"serviceAccountToken":{{"expirationSeconds":3607,"path":"token"}}}},{{"configMap":{{"name":"kube-root-ca.crt","items":[{{"key":"ca.crt","path":"ca.crt"}}]}}}},{{"downwardAPI":{{"items":[{{"path":"namespace","fieldRef":{{"apiVersion":"v1","fieldPath":"metadata.namespace"}}}}]}}}}],"defaultMode":420}}}}],{},"nodeName":"{}","tolerations":[{{"key":"node.kubernetes.io/not-ready","operator":"Exists","effect":"NoExecute","tolerationSeconds":300}},{{"key":"node.kubernetes.io/unreachable","operator":"Exists","effect":"NoExecute","tolerationSeconds":300}}],"priority":0,"enableServiceLinks":true,"preemptionPolicy":"PreemptLowerPriority"}})",
      token, containers(set, mount), node);
  const std::string status = fmt::format(
      R"("status":{{"phase":"Running","conditions":[{{"type":"Initialized","status":"True","lastProbeTime":null,"lastTransitionTime":"2026-05-04T08:21:17Z"}},{{"type":"Ready","status":"True","lastProbeTime":null,"lastTransitionTime":"2026-05-04T08:21:19Z"}},{{"type":"PodScheduled","status":"True","lastProbeTime":null,"lastTransitionTime":"2026-05-04T08:21:17Z"}}],"hostIP":"{0}","hostIPs":[{{"ip":"{0}"}}],"podIP":"{1}","podIPs":[{{"ip":"{1}"}}],"startTime":"2026-05-04T08:21:17Z","containerStatuses":[{{"name":"server","state":{{"running":{{"startedAt":"2026-05-04T08:21:18Z"}}}},"lastState":{{}},"ready":true,"restartCount":{2},"image":"registry.example.com/service-{3}","containerID":"containerd://{4}{4}","started":true}}],"qosClass":"Burstable"}})",
      host_address, address, restarts, set, uid(3, number));
  return "{" + metadata + "," + spec + "," + status + "}";
}

inline std::string owner(int set, bool is_deployment) {
  return fmt::format(
      R"({{"metadata":{{"name":"service-{0}{1}","namespace":"namespace-{2}","uid":"{3}","resourceVersion":"{0}","generation":1,"creationTimestamp":"2026-05-04T08:21:17Z",{4},{5}}},"spec":{{"replicas":50,"selector":{{"matchLabels":{{"app.kubernetes.io/name":"service-{0}"}}}},"template":{{"metadata":{{"creationTimestamp":null,{4}}},"spec":{{"volumes":[{{"name":"tmp","emptyDir":{{}}}}],{6}}}}}}},"status":{{"replicas":50,"readyReplicas":50}}}})",
      set, is_deployment ? "" : fmt::format("-{:x}", 0x5d7f8a00 + set), set % kNamespaces,
      uid(is_deployment ? 4 : 2, set), labels(set), managed_fields("kubectl", R"("f:spec":{})"),
      containers(set, ""));
}

inline std::string name_space(int number) {
  return fmt::format(
      R"({{"metadata":{{"name":"namespace-{0}","uid":"{1}","labels":{{"kubernetes.io/metadata.name":"namespace-{0}","pod-security.kubernetes.io/enforce":"baseline"}}}},"spec":{{"finalizers":["kubernetes"]}},"status":{{"phase":"Active"}}}})",
      number, uid(5, number));
}

inline std::string node(int number) {
  return fmt::format(
      R"({{"metadata":{{"name":"node-{0}.cluster.example.com","uid":"{1}","labels":{{"kubernetes.io/hostname":"node-{0}"}}}},"spec":{{"podCIDR":"10.64.0.0/24"}},"status":{{"addresses":[{{"type":"InternalIP","address":"10.0.{2}.{3}"}}],"images":[{{"names":["a"],"sizeBytes":1}}]}}}})",
      number, uid(6, number), number / 256, number % 256);
}

}  // namespace tally::bench

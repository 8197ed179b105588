#pragma once
// For tests: a cluster for policies of Cilium, and rows that say what they do to it.

#include <gtest/gtest.h>

#include <string>

#include "network_policy/testing/cluster.hpp"

namespace tally::network_policy::testing {

inline constexpr std::string_view kCiliumPods = R"(
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {team: sales}}
---
apiVersion: v1
kind: Namespace
metadata: {name: bank, labels: {team: money}}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web, tier: front, app.kubernetes.io/name: web, kubernetes.io/role: x}}
spec:
  containers:
  - {name: a, image: a, ports: [{name: http, containerPort: 8080}, {name: dns, containerPort: 5353, protocol: UDP}]}
status: {podIP: 10.0.0.1}
---
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: shop, labels: {app: db}}
spec: {serviceAccountName: keeper, containers: [{name: a, image: a, ports: [{name: http, containerPort: 5432}]}]}
status: {podIP: 10.0.0.2}
---
apiVersion: v1
kind: Pod
metadata: {name: ledger, namespace: bank, labels: {app: ledger}}
spec: {containers: [{name: a, image: a}]}
status: {podIP: 10.0.0.3}
---
apiVersion: v1
kind: Pod
metadata: {name: agent, namespace: bank, labels: {app: agent}}
spec: {hostNetwork: true, containers: [{name: a, image: a}]}
---
apiVersion: v1
kind: Pod
metadata: {name: api, namespace: kube-system, labels: {component: kube-apiserver}}
spec: {hostNetwork: true, containers: [{name: a, image: a}]}
---
apiVersion: v1
kind: Pod
metadata: {name: guest, namespace: bare, labels: {app: guest}}
spec: {containers: [{name: a, image: a}]}
---
apiVersion: v1
kind: Node
metadata: {name: n1}
status: {addresses: [{type: InternalIP, address: 192.168.7.2}]}
---
apiVersion: v1
kind: Service
metadata: {name: ledger, namespace: bank, labels: {kind: backend}}
spec: {selector: {app: ledger}, ports: [{port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: legacy, namespace: bank}
spec: {ports: [{port: 80}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: legacy-1, namespace: bank, labels: {kubernetes.io/service-name: legacy}}
addressType: IPv4
endpoints: [{addresses: [20.0.0.7]}]
---
apiVersion: v1
kind: Service
metadata: {name: far, namespace: bank}
spec: {ports: [{port: 80}]}
---
apiVersion: cilium.io/v2
kind: CiliumCIDRGroup
metadata: {name: partners, labels: {zone: outer}}
spec: {externalCIDRs: [20.1.0.0/16, "fd20::/16"]}
)";

// "shop/web", a block, or an entity: "host", "remote-node", "kube-apiserver", "ingress", "world".
inline std::string between(const Cluster& cluster, std::string_view source,
                           std::string_view destination) {
  const auto entity = [](std::string_view text) {
    return text == "host"             ? Entity::Host
           : text == "remote-node"    ? Entity::RemoteNode
           : text == "kube-apiserver" ? Entity::ApiServer
           : text == "ingress"        ? Entity::IngressController
           : text == "world"          ? Entity::World
                                      : Entity::None;
  };
  const ExternalPeer from_entity({}, entity(source));
  const ExternalPeer to_entity({}, entity(destination));
  if (from_entity.entity() == Entity::None && to_entity.entity() == Entity::None) {
    return cluster.between(source, destination);
  }
  const bool is_from = from_entity.entity() != Entity::None;
  const auto pod = cluster.peer(is_from ? destination : source);
  const DirectionAnswer answer =
      is_from ? judge_direction(cluster.policies(), Direction::Ingress, *pod, from_entity)
              : judge_direction(cluster.policies(), Direction::Egress, *pod, to_entity);
  std::string text = answer.allowed.to_string();
  return answer.unknown.is_empty() ? text : text + " ?" + answer.unknown.to_string();
}

inline std::string cilium_policy(std::string_view name_space, std::string_view body) {
  const bool is_namespaced = !name_space.empty();
  return "apiVersion: cilium.io/v2\nkind: Cilium" +
         std::string(is_namespaced ? "" : "Clusterwide") + "NetworkPolicy\nmetadata: {name: p" +
         (is_namespaced ? ", namespace: " + std::string(name_space) : "") + "}\n" +
         std::string(body) + "\n";
}

struct CiliumRow {
  std::string_view what;
  std::string_view name_space;  // empty: clusterwide
  std::string_view body;        // behind metadata
  std::string_view source;
  std::string_view destination;
  std::string_view expected;
  std::string_view cited;
};

inline void expect(const CiliumRow& row) {
  const std::string added = cilium_policy(row.name_space, row.body);
  const Cluster cluster({kCiliumPods, added});
  EXPECT_EQ(between(cluster, row.source, row.destination), row.expected)
      << row.what << " (" << row.cited << ")";
  EXPECT_FALSE(cluster.policies().policies().empty()) << row.what;
  for (const LoadProblem& problem : cluster.policies().problems()) {
    EXPECT_EQ(problem.kind, LoadProblem::Kind::Ignored) << problem.message;
  }
}

// Files of Cilium that rows cite.
inline constexpr std::string_view kParse = "pkg/policy/utils/parserules.go";
inline constexpr std::string_view kEntry = "pkg/policy/types/policyentry.go";
inline constexpr std::string_view kUtils = "pkg/k8s/apis/cilium.io/utils/utils.go";
inline constexpr std::string_view kMerge = "pkg/policy/rule.go";
inline constexpr std::string_view kEntity = "pkg/policy/api/entity.go";
inline constexpr std::string_view kLayer3 = "Documentation/security/policy/layer3.rst";
inline constexpr std::string_view kLayer4 = "Documentation/security/policy/layer4.rst";
inline constexpr std::string_view kIntro = "Documentation/security/policy/intro.rst";
inline constexpr std::string_view kDeny = "Documentation/security/policy/deny.rst";
inline constexpr std::string_view kKubernetes = "Documentation/security/policy/kubernetes.rst";
inline constexpr std::string_view kLabels =
    "Documentation/operations/performance/scalability/identity-relevant-labels.rst";
inline constexpr std::string_view kService = "pkg/policy/k8s/service.go";
inline constexpr std::string_view kGroups = "pkg/policy/k8s/cilium_cidr_group.go";

}  // namespace tally::network_policy::testing

#pragma once
// For tests of Calico's kinds: a small cluster, and policies of one line each.

#include <string>
#include <string_view>

#include "network_policy/testing/cluster.hpp"

namespace tally::network_policy::testing {

inline constexpr std::string_view kCalicoCluster = R"(
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {team: front}}
---
apiVersion: v1
kind: Namespace
metadata: {name: bank, labels: {team: money}}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: keeper, namespace: shop, labels: {role: data}}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web, tier: front}}
spec:
  containers:
  - {name: a, image: a, ports: [{name: http, containerPort: 8080}, {name: dns, containerPort: 5353, protocol: UDP}]}
status: {podIP: 10.0.0.1}
---
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: shop, labels: {app: db}}
spec: {serviceAccountName: keeper, containers: [{name: a, image: a}]}
status: {podIPs: [{ip: 10.0.0.2}, {ip: "fd00::2"}]}
---
apiVersion: v1
kind: Pod
metadata: {name: ledger, namespace: bank, labels: {app: ledger}}
spec: {containers: [{name: a, image: a}]}
---
apiVersion: v1
kind: Pod
metadata: {name: agent, namespace: bank, labels: {app: agent}}
spec: {hostNetwork: true, containers: [{name: a, image: a}]}
---
apiVersion: v1
kind: Service
metadata: {name: front, namespace: shop}
spec: {selector: {app: web}, ports: [{port: 80, targetPort: http}, {port: 9, targetPort: 9000}]}
---
apiVersion: v1
kind: Service
metadata: {name: hand, namespace: shop}
spec: {ports: [{port: 80}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: hand-1, namespace: shop, labels: {kubernetes.io/service-name: hand}}
addressType: IPv4
endpoints: [{addresses: [192.0.2.7]}]
ports: [{port: 81}]
---
apiVersion: projectcalico.org/v3
kind: GlobalNetworkSet
metadata: {name: partners, labels: {kind: partner}}
spec: {nets: [192.0.2.0/24, 198.51.100.7]}
---
apiVersion: projectcalico.org/v3
kind: NetworkSet
metadata: {name: mail, namespace: shop, labels: {kind: mail}}
spec: {nets: [203.0.113.0/24]}
)";

// A document of its own for each; "NetworkPolicy shop p {...}", "GlobalNetworkPolicy - g {...}".
inline std::string calico_objects(std::string_view lines) {
  std::string text(kCalicoCluster);
  while (!lines.empty()) {
    const std::size_t end = lines.find('\n');
    std::string_view line = lines.substr(0, end);
    lines = end == std::string_view::npos ? std::string_view{} : lines.substr(end + 1);
    const auto word = [&line] {
      const std::size_t space = line.find(' ');
      const std::string_view first = line.substr(0, space);
      line.remove_prefix(space + 1);
      return std::string(first);
    };
    const std::string kind = word();
    const std::string name_space = word();
    const std::string name = word();
    const bool is_kubernetes = kind == "K8s";
    text += "---\napiVersion: " +
            std::string(is_kubernetes ? "networking.k8s.io/v1" : "projectcalico.org/v3") +
            "\nkind: " + (is_kubernetes ? "NetworkPolicy" : kind) + "\nmetadata: {name: " + name +
            (name_space == "-" ? "" : ", namespace: " + name_space) +
            "}\nspec: " + std::string(line) + "\n";
  }
  return text;
}

struct CalicoRow {
  std::string_view what;
  std::string_view policies;
  std::string_view source;
  std::string_view destination;
  std::string_view expected;
};

inline void expect_connections(const CalicoRow& row) {
  const Cluster cluster(calico_objects(row.policies));
  for (const LoadProblem& problem : cluster.policies().problems()) {
    EXPECT_NE(problem.kind, LoadProblem::Kind::Invalid) << problem.pointer << problem.message;
  }
  EXPECT_EQ(cluster.between(row.source, row.destination), row.expected) << row.what << "\n"
                                                                        << row.policies;
}

}  // namespace tally::network_policy::testing

// Calico's kinds against Calico 3.30 (projectcalico/calico; the files are named with the rows) and
// docs.tigera.io/calico/latest/reference/resources ("docs").
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "network_policy/testing/cluster.hpp"

namespace tally::network_policy {
namespace {

using testing::Cluster;

constexpr std::string_view kCluster = R"(
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
std::string objects(std::string_view lines) {
  std::string text(kCluster);
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

struct Row {
  std::string_view what;
  std::string_view policies;
  std::string_view source;
  std::string_view destination;
  std::string_view expected;
};

class CalicoTable : public ::testing::TestWithParam<Row> {};

TEST_P(CalicoTable, Connections) {
  const Row& row = GetParam();
  const Cluster cluster(objects(row.policies));
  for (const LoadProblem& problem : cluster.policies().problems()) {
    EXPECT_NE(problem.kind, LoadProblem::Kind::Invalid) << problem.pointer << problem.message;
  }
  EXPECT_EQ(cluster.between(row.source, row.destination), row.expected) << row.policies;
}

constexpr Row kRows[] = {
    // Whom a policy selects.
    {"no policy: the profile of the namespace allows (felix/rules/endpoints.go)", "Tier - t {}",
     "bank/ledger", "shop/db", "all"},
    {"no selector: all pods of the namespace (docs networkpolicy)",
     "NetworkPolicy shop p {types: [Ingress]}", "bank/ledger", "shop/db", "none"},
    {"and of no other (updateprocessors/networkpolicyprocessor.go)",
     "NetworkPolicy shop p {types: [Ingress]}", "shop/db", "bank/ledger", "all"},
    {"selector", "NetworkPolicy shop p {selector: app == 'db', types: [Ingress]}", "bank/ledger",
     "shop/web", "all"},
    {"selector, met", "NetworkPolicy shop p {selector: \"app in {'db', 'x'}\", types: [Ingress]}",
     "bank/ledger", "shop/db", "none"},
    {"serviceAccountSelector (libcalico-go conversion.go, pcsa.)",
     "NetworkPolicy shop p {serviceAccountSelector: role == 'data', types: [Ingress]}",
     "bank/ledger", "shop/db", "none"},
    {"serviceAccountSelector, not met",
     "NetworkPolicy shop p {serviceAccountSelector: role == 'data', types: [Ingress]}",
     "bank/ledger", "shop/web", "all"},
    {"a service account has the label projectcalico.org/name",
     "NetworkPolicy shop p {serviceAccountSelector: projectcalico.org/name == 'keeper', types: "
     "[Ingress]}",
     "bank/ledger", "shop/db", "none"},
    {"a negated test of a service account's label holds for those without it",
     "NetworkPolicy shop p {serviceAccountSelector: role != 'data', types: [Ingress]}",
     "bank/ledger", "shop/web", "none"},
    {"a global policy selects in every namespace (docs globalnetworkpolicy)",
     "GlobalNetworkPolicy - g {selector: has(app), types: [Ingress]}", "shop/web", "bank/ledger",
     "none"},
    {"namespaceSelector of a global policy",
     "GlobalNetworkPolicy - g {namespaceSelector: team == 'front', types: [Ingress]}", "shop/web",
     "bank/ledger", "all"},
    {"a namespace has the label projectcalico.org/name",
     "GlobalNetworkPolicy - g {namespaceSelector: 'projectcalico.org/name in {\"bank\"}', types: "
     "[Ingress]}",
     "shop/web", "bank/ledger", "none"},
    {"and pods projectcalico.org/namespace",
     "GlobalNetworkPolicy - g {selector: projectcalico.org/namespace == \"bank\", types: "
     "[Ingress]}",
     "shop/web", "bank/ledger", "none"},
    {"projectcalico.org/orchestrator is k8s",
     "GlobalNetworkPolicy - g {selector: projectcalico.org/orchestrator == 'k8s', types: "
     "[Ingress]}",
     "shop/web", "bank/ledger", "none"},
    {"pods on the network of their node are host endpoints' business (docs host-endpoints)",
     "GlobalNetworkPolicy - g {types: [Ingress]}", "shop/web", "bank/agent", "all"},
    {"doNotTrack is for host endpoints (calc/policy_resolver.go)",
     "GlobalNetworkPolicy - g {doNotTrack: true, applyOnForward: true, types: [Ingress]}",
     "shop/web", "bank/ledger", "all"},
    {"preDNAT is for host endpoints",
     "GlobalNetworkPolicy - g {preDNAT: true, applyOnForward: true, types: [Ingress]}", "shop/web",
     "bank/ledger", "all"},
    {"applyOnForward alone changes nothing for pods (docs globalnetworkpolicy)",
     "GlobalNetworkPolicy - g {applyOnForward: true, types: [Ingress]}", "shop/web", "bank/ledger",
     "none"},
    // Types (libcalico-go/lib/clientv3/networkpolicy.go, defaultPolicyTypesField).
    {"no types, no rules: ingress", "NetworkPolicy shop p {selector: all()}", "bank/ledger",
     "shop/db", "none"},
    {"no types, no rules: egress stays open", "NetworkPolicy shop p {selector: all()}", "shop/db",
     "bank/ledger", "all"},
    {"no types, egress rules alone: ingress stays open",
     "NetworkPolicy shop p {egress: [{action: Allow, protocol: TCP}]}", "bank/ledger", "shop/db",
     "all"},
    {"no types, egress rules alone: egress",
     "NetworkPolicy shop p {egress: [{action: Allow, protocol: TCP}]}", "shop/db", "bank/ledger",
     "TCP"},
    {"no types, rules of both",
     "NetworkPolicy shop p {egress: [{action: Allow}], ingress: [{action: Allow, protocol: UDP}]}",
     "bank/ledger", "shop/db", "UDP"},
    {"types Egress: ingress rules do not count",
     "NetworkPolicy shop p {types: [Egress], ingress: [{action: Deny}]}", "bank/ledger", "shop/db",
     "all"},
    // Actions and order.
    {"the first rule that matches decides (docs networkpolicy)",
     "NetworkPolicy shop p {ingress: [{action: Deny, protocol: TCP, destination: {ports: [22]}}, "
     "{action: Allow, protocol: TCP, destination: {ports: ['20:25']}}]}",
     "bank/ledger", "shop/db", "TCP 20-21,23-25"},
    {"Log decides nothing", "NetworkPolicy shop p {ingress: [{action: Log}, {action: Allow}]}",
     "bank/ledger", "shop/db", "all"},
    {"Log alone is followed by the denial at the end",
     "NetworkPolicy shop p {ingress: [{action: Log}]}", "bank/ledger", "shop/db", "none"},
    {"lower order first",
     "NetworkPolicy shop a {order: 20, ingress: [{action: Deny}]}\n"
     "NetworkPolicy shop b {order: 10, ingress: [{action: Allow}]}",
     "bank/ledger", "shop/db", "all"},
    {"no order is last (felix/calc/policy_sorter.go)",
     "NetworkPolicy shop a {ingress: [{action: Deny}]}\n"
     "NetworkPolicy shop b {order: 100000, ingress: [{action: Allow}]}",
     "bank/ledger", "shop/db", "all"},
    {"equal orders go by name (PolKVLess)",
     "NetworkPolicy shop b {order: 1, ingress: [{action: Allow}]}\n"
     "NetworkPolicy shop a {order: 1, ingress: [{action: Deny}]}",
     "bank/ledger", "shop/db", "none"},
    {"the name of a global policy has no namespace before it: default.z before shop/default.a",
     "NetworkPolicy shop a {order: 1, ingress: [{action: Allow}]}\n"
     "GlobalNetworkPolicy - z {order: 1, ingress: [{action: Deny}]}",
     "bank/ledger", "shop/db", "none"},
    {"an order may be a fraction and negative",
     "NetworkPolicy shop a {order: -0.5, ingress: [{action: Deny}]}\n"
     "NetworkPolicy shop b {order: 0, ingress: [{action: Allow}]}",
     "bank/ledger", "shop/db", "none"},
    {"a NetworkPolicy of Kubernetes stands at order 1000 of the default tier",
     "NetworkPolicy shop a {order: 999, ingress: [{action: Deny, protocol: TCP}, {action: Pass}]}\n"
     "K8s shop k {podSelector: {}, ingress: [{}]}",
     "bank/ledger", "shop/db", "UDP; SCTP; ICMP; ICMPv6; other protocols"},
    {"and what comes before it decides first",
     "NetworkPolicy shop a {order: 999, ingress: [{action: Deny, protocol: UDP}]}\n"
     "K8s shop k {podSelector: {}, ingress: [{ports: [{protocol: UDP}, {port: 80}]}]}",
     "bank/ledger", "shop/db", "TCP 80"},
    {"policies of one tier are alternatives, and deny what is left",
     "NetworkPolicy shop a {ingress: [{action: Allow, protocol: TCP}]}\n"
     "NetworkPolicy shop b {ingress: [{action: Allow, protocol: UDP}]}",
     "bank/ledger", "shop/db", "TCP; UDP"},
    // Tiers.
    {"a tier before the default one (docs tier)",
     "Tier - sec {order: 10}\n"
     "GlobalNetworkPolicy - sec.g {tier: sec, ingress: [{action: Deny, protocol: TCP}, {action: "
     "Pass}]}\n"
     "NetworkPolicy shop p {ingress: [{action: Allow}]}",
     "bank/ledger", "shop/db", "UDP; SCTP; ICMP; ICMPv6; other protocols"},
    {"what no rule of a tier decides is denied at its end",
     "Tier - sec {order: 10}\n"
     "GlobalNetworkPolicy - sec.g {tier: sec, ingress: [{action: Allow, protocol: UDP}]}\n"
     "NetworkPolicy shop p {ingress: [{action: Allow}]}",
     "bank/ledger", "shop/db", "UDP"},
    {"for the endpoints that one of its policies selects only",
     "Tier - sec {order: 10}\n"
     "GlobalNetworkPolicy - sec.g {tier: sec, selector: app == 'web', ingress: [{action: Allow, "
     "protocol: UDP}]}",
     "bank/ledger", "shop/db", "all"},
    {"and in that direction only",
     "Tier - sec {order: 10}\n"
     "GlobalNetworkPolicy - sec.g {tier: sec, types: [Egress]}",
     "bank/ledger", "shop/db", "none"},
    {"a tier whose default action is Pass does not deny (calico issue 9232)",
     "Tier - sec {order: 10, defaultAction: Pass}\n"
     "GlobalNetworkPolicy - sec.g {tier: sec, ingress: [{action: Deny, protocol: UDP}]}",
     "bank/ledger", "shop/web", "TCP; SCTP; ICMP; ICMPv6; other protocols"},
    {"Pass goes to the next tier, past the other policies of this one",
     "Tier - sec {order: 10}\n"
     "GlobalNetworkPolicy - sec.a {tier: sec, order: 1, ingress: [{action: Pass}]}\n"
     "GlobalNetworkPolicy - sec.b {tier: sec, order: 2, ingress: [{action: Deny}]}\n"
     "NetworkPolicy shop p {ingress: [{action: Allow, protocol: TCP}]}",
     "bank/ledger", "shop/db", "TCP"},
    {"Pass in the last tier goes to the profiles, which allow",
     "NetworkPolicy shop p {ingress: [{action: Pass}]}", "bank/ledger", "shop/db", "all"},
    {"tiers go by order, whatever their names",
     "Tier - a {order: 20}\nTier - b {order: 10}\n"
     "GlobalNetworkPolicy - a.g {tier: a, ingress: [{action: Deny}]}\n"
     "GlobalNetworkPolicy - b.g {tier: b, ingress: [{action: Allow}]}",
     "bank/ledger", "shop/db", "all"},
    {"a tier without order is behind the default one (TierLess)",
     "Tier - a {}\n"
     "GlobalNetworkPolicy - a.g {tier: a, ingress: [{action: Deny}]}\n"
     "NetworkPolicy shop p {ingress: [{action: Allow}]}",
     "bank/ledger", "shop/db", "all"},
    {"the default tier may be in the input, too",
     "Tier - default {order: 1000000, defaultAction: Deny}\n"
     "NetworkPolicy shop p {tier: default, ingress: [{action: Allow, protocol: TCP}]}",
     "bank/ledger", "shop/db", "TCP"},
    {"the tier of AdminNetworkPolicy has Calico's names, too",
     "GlobalNetworkPolicy - g {tier: kube-admin, ingress: [{action: Deny, protocol: TCP}]}\n"
     "NetworkPolicy shop p {ingress: [{action: Allow}]}",
     "bank/ledger", "shop/db", "UDP; SCTP; ICMP; ICMPv6; other protocols"},
    // Profiles.
    {"a profile of a namespace that allows less (docs profile)",
     "Profile - kns.shop {ingress: [{action: Allow, protocol: TCP}], egress: [{action: Allow}]}",
     "bank/ledger", "shop/db", "TCP"},
    {"a profile without rules denies", "Profile - kns.shop {ingress: [{action: Allow}]}", "shop/db",
     "bank/ledger", "none"},
    {"policies come before profiles",
     "Profile - kns.shop {}\nNetworkPolicy shop p {ingress: [{action: Allow, protocol: UDP}]}",
     "bank/ledger", "shop/db", "UDP"},
    {"a tier without order comes before profiles",
     "Tier - z {}\nProfile - kns.shop {}\n"
     "GlobalNetworkPolicy - z.g {tier: z, ingress: [{action: Allow}], egress: [{action: Allow}]}",
     "bank/ledger", "shop/db", "all"},
    // Peers (updateprocessors/rules.go, getEndpointSelector).
    {"source selector of a namespaced policy: of its namespace",
     "NetworkPolicy shop p {ingress: [{action: Allow, source: {selector: has(app)}}]}",
     "bank/ledger", "shop/db", "none"},
    {"source selector of a namespaced policy, met",
     "NetworkPolicy shop p {ingress: [{action: Allow, source: {selector: app == 'web'}}]}",
     "shop/web", "shop/db", "all"},
    {"source selector of a global policy: of every namespace",
     "GlobalNetworkPolicy - g {types: [Ingress], ingress: [{action: Allow, source: {selector: "
     "has(app)}}]}",
     "bank/ledger", "shop/db", "all"},
    {"all() is everything that Calico knows, not the world",
     "GlobalNetworkPolicy - g {types: [Ingress], ingress: [{action: Allow, source: {selector: "
     "all()}}]}",
     "1.1.1.1/32", "shop/db", "none"},
    {"no source is everybody", "GlobalNetworkPolicy - g {ingress: [{action: Allow, source: {}}]}",
     "1.1.1.1/32", "shop/db", "all"},
    {"namespaceSelector: of those namespaces",
     "NetworkPolicy shop p {ingress: [{action: Allow, source: {namespaceSelector: team == "
     "'money'}}]}",
     "bank/ledger", "shop/db", "all"},
    {"namespaceSelector AND selector",
     "NetworkPolicy shop p {ingress: [{action: Allow, source: {namespaceSelector: team == 'money', "
     "selector: app == 'web'}}]}",
     "bank/ledger", "shop/db", "none"},
    {"namespaceSelector all(): every pod",
     "NetworkPolicy shop p {ingress: [{action: Allow, source: {namespaceSelector: all()}}]}",
     "bank/ledger", "shop/db", "all"},
    {"namespaceSelector all(): no global network set",
     "NetworkPolicy shop p {egress: [{action: Allow, destination: {namespaceSelector: all()}}]}",
     "shop/db", "192.0.2.0/24", "none"},
    {"namespaceSelector global(): no pod",
     "NetworkPolicy shop p {egress: [{action: Allow, destination: {namespaceSelector: global()}}]}",
     "shop/db", "shop/web", "none"},
    {"namespaceSelector global(): global network sets",
     "NetworkPolicy shop p {egress: [{action: Allow, destination: {namespaceSelector: global(), "
     "selector: kind == 'partner'}}]}",
     "shop/db", "192.0.2.0/24", "all"},
    {"a network set without namespace has no label of one, so a negated test holds",
     "NetworkPolicy shop p {egress: [{action: Allow, destination: {namespaceSelector: team != "
     "'x'}}]}",
     "shop/db", "192.0.2.0/24", "all"},
    {"a selector means network sets of the namespace, too (networksetprocessor.go)",
     "NetworkPolicy shop p {egress: [{action: Allow, destination: {selector: kind == 'mail'}}]}",
     "shop/db", "203.0.113.0/24", "all"},
    {"but no global one",
     "NetworkPolicy shop p {egress: [{action: Allow, destination: {selector: has(kind)}}]}",
     "shop/db", "192.0.2.0/24", "none"},
    {"in a global policy a selector means all network sets",
     "GlobalNetworkPolicy - g {egress: [{action: Allow, destination: {selector: has(kind)}}]}",
     "shop/db", "203.0.113.9/32", "all"},
    {"a single address in a network set",
     "GlobalNetworkPolicy - g {egress: [{action: Allow, destination: {selector: kind == "
     "'partner'}}]}",
     "shop/db", "198.51.100.7/32", "all"},
    {"notSelector",
     "GlobalNetworkPolicy - g {ingress: [{action: Allow, source: {notSelector: app "
     "== 'web'}}]}",
     "shop/web", "shop/db", "none"},
    {"notSelector of a global policy leaves the world in",
     "GlobalNetworkPolicy - g {ingress: [{action: Allow, source: {notSelector: app == 'web'}}]}",
     "1.1.1.1/32", "shop/db", "all"},
    {"notSelector of a namespaced policy: of its namespace (rules.go)",
     "NetworkPolicy bank p {ingress: [{action: Allow, source: {notSelector: app == 'db'}}]}",
     "shop/web", "bank/ledger", "none"},
    {"notSelector excludes network sets",
     "GlobalNetworkPolicy - g {egress: [{action: Allow, destination: {notSelector: kind == "
     "'partner'}}]}",
     "shop/db", "192.0.2.0/24", "none"},
    {"serviceAccounts by name",
     "NetworkPolicy shop p {ingress: [{action: Allow, source: {serviceAccounts: {names: "
     "[keeper]}}}]}",
     "shop/db", "shop/web", "all"},
    {"serviceAccounts by selector",
     "NetworkPolicy shop p {ingress: [{action: Allow, source: {serviceAccounts: {selector: role == "
     "'data'}}}]}",
     "shop/db", "shop/web", "all"},
    {"serviceAccounts: names AND selector",
     "NetworkPolicy shop p {ingress: [{action: Allow, source: {serviceAccounts: {names: [default], "
     "selector: role == 'data'}}}]}",
     "shop/db", "shop/web", "none"},
    {"serviceAccounts mean the policy's namespace",
     "NetworkPolicy shop p {ingress: [{action: Allow, source: {serviceAccounts: {names: "
     "[default]}}}]}",
     "bank/ledger", "shop/db", "none"},
    // Addresses.
    {"nets", "NetworkPolicy shop p {egress: [{action: Allow, destination: {nets: [1.1.0.0/16]}}]}",
     "shop/db", "1.1.1.0/24", "all"},
    {"nets, outside",
     "NetworkPolicy shop p {egress: [{action: Allow, destination: {nets: [1.1.0.0/16]}}]}",
     "shop/db", "1.2.0.0/16", "none"},
    {"nets mean pods that have the address",
     "NetworkPolicy shop p {egress: [{action: Allow, destination: {nets: [10.0.0.1/32]}}]}",
     "shop/db", "shop/web", "all"},
    {"nets and a pod whose address is not known",
     "NetworkPolicy shop p {egress: [{action: Allow, destination: {nets: [10.0.0.0/8]}}]}",
     "shop/db", "bank/ledger", "none ?all"},
    {"nets AND selector (felix/rules/policy.go)",
     "NetworkPolicy shop p {egress: [{action: Allow, destination: {nets: [10.0.0.9/32], selector: "
     "app == 'web'}}]}",
     "shop/db", "shop/web", "none"},
    {"nets AND notNets",
     "NetworkPolicy shop p {egress: [{action: Allow, destination: {nets: [1.0.0.0/8], notNets: "
     "[1.1.0.0/16]}}]}",
     "shop/db", "1.1.1.0/24", "none"},
    {"notNets alone: everybody else",
     "NetworkPolicy shop p {egress: [{action: Allow, destination: {notNets: [1.1.0.0/16]}}]}",
     "shop/db", "shop/web", "all"},
    {"ipVersion 4", "NetworkPolicy shop p {egress: [{action: Allow, ipVersion: 4}]}", "shop/db",
     "fd00::/16", "none"},
    {"ipVersion 6", "NetworkPolicy shop p {egress: [{action: Allow, ipVersion: 6}]}", "shop/db",
     "fd00::/16", "all"},
    {"ipVersion 6 towards a pod that has IPv4 only",
     "NetworkPolicy shop p {egress: [{action: Allow, ipVersion: 6}]}", "shop/db", "shop/web",
     "none"},
    // The policy's own side.
    {"destination of an ingress rule narrows the policy's own side (docs networkpolicy)",
     "NetworkPolicy shop p {ingress: [{action: Allow, destination: {selector: app == 'web'}}]}",
     "bank/ledger", "shop/db", "none"},
    {"destination of an ingress rule, met",
     "NetworkPolicy shop p {ingress: [{action: Allow, destination: {selector: app == 'web'}}]}",
     "bank/ledger", "shop/web", "all"},
    {"source of an egress rule, by its address",
     "NetworkPolicy shop p {egress: [{action: Allow, source: {nets: [10.0.0.2/32]}}]}", "shop/web",
     "bank/ledger", "none"},
    {"source of an egress rule, by its address, met",
     "NetworkPolicy shop p {egress: [{action: Allow, source: {nets: [10.0.0.2/32]}}]}", "shop/db",
     "bank/ledger", "all"},
    {"ports of the destination in an ingress rule",
     "NetworkPolicy shop p {ingress: [{action: Allow, protocol: TCP, destination: {ports: [80, "
     "'90:91']}}]}",
     "bank/ledger", "shop/db", "TCP 80,90-91"},
    {"a source port is not known",
     "NetworkPolicy shop p {ingress: [{action: Allow, protocol: TCP, source: {ports: [1024]}}]}",
     "bank/ledger", "shop/db", "none ?TCP"},
    {"a denial by a source port is not known, either",
     "NetworkPolicy shop p {ingress: [{action: Deny, protocol: TCP, source: {notPorts: [1024]}}, "
     "{action: Allow, protocol: TCP}]}",
     "bank/ledger", "shop/db", "none ?TCP"},
    {"every source port is no condition",
     "NetworkPolicy shop p {ingress: [{action: Allow, protocol: TCP, source: {ports: "
     "['1:65535']}}]}",
     "bank/ledger", "shop/db", "TCP"},
    // Protocols and ports.
    {"protocol by number", "NetworkPolicy shop p {ingress: [{action: Allow, protocol: 17}]}",
     "bank/ledger", "shop/db", "UDP"},
    {"protocol without name", "NetworkPolicy shop p {ingress: [{action: Allow, protocol: 47}]}",
     "bank/ledger", "shop/db", "protocol 47"},
    {"UDPLite", "NetworkPolicy shop p {ingress: [{action: Allow, protocol: UDPLite}]}",
     "bank/ledger", "shop/db", "protocol 136"},
    {"notProtocol",
     "NetworkPolicy shop p {ingress: [{action: Deny, notProtocol: TCP}, {action: Allow}]}",
     "bank/ledger", "shop/db", "TCP"},
    {"notPorts",
     "NetworkPolicy shop p {ingress: [{action: Allow, protocol: TCP, destination: {ports: "
     "['80:90'], notPorts: [85]}}]}",
     "bank/ledger", "shop/db", "TCP 80-84,86-90"},
    {"a named port is the pod's",
     "NetworkPolicy shop p {ingress: [{action: Allow, protocol: TCP, destination: {ports: "
     "[http]}}]}",
     "bank/ledger", "shop/web", "TCP 8080"},
    {"a named port of another protocol is none",
     "NetworkPolicy shop p {ingress: [{action: Allow, protocol: TCP, destination: {ports: "
     "[dns]}}]}",
     "bank/ledger", "shop/web", "none"},
    {"a named port among notPorts",
     "NetworkPolicy shop p {ingress: [{action: Allow, protocol: TCP, destination: {ports: "
     "['8079:8081'], notPorts: [http]}}]}",
     "bank/ledger", "shop/web", "TCP 8079,8081"},
    {"a named port of an address is none",
     "NetworkPolicy shop p {egress: [{action: Allow, protocol: TCP, destination: {ports: "
     "[http]}}]}",
     "shop/db", "1.1.1.1/32", "none"},
    {"ICMP with type and code",
     "NetworkPolicy shop p {ingress: [{action: Allow, protocol: ICMP, icmp: {type: 8, code: 0}}]}",
     "bank/ledger", "shop/db", "ICMP 8/0"},
    {"notICMP leaves the other types",
     "NetworkPolicy shop p {ingress: [{action: Allow, protocol: ICMPv6, notICMP: {type: 1}}, "
     "{action: Deny}]}",
     "1.1.1.1/32", "shop/db", "ICMPv6 0,2-255"},
    {"http is for the proxy to judge",
     "NetworkPolicy shop p {ingress: [{action: Allow, http: {methods: [GET]}}]}", "bank/ledger",
     "shop/db", "none ?all"},
    // Services.
    {"services as destination: the pods and ports of the service (docs networkpolicy)",
     "NetworkPolicy shop p {egress: [{action: Allow, destination: {services: {name: front}}}]}",
     "shop/db", "shop/web", "TCP 8080,9000"},
    {"services as destination, another pod",
     "NetworkPolicy shop p {egress: [{action: Allow, destination: {services: {name: front}}}]}",
     "shop/web", "shop/db", "none"},
    {"services as source: any port",
     "NetworkPolicy bank p {ingress: [{action: Allow, source: {services: {name: front, namespace: "
     "shop}}}]}",
     "shop/web", "bank/ledger", "all"},
    {"services whose endpoints are made by hand",
     "NetworkPolicy shop p {egress: [{action: Allow, destination: {services: {name: hand}}}]}",
     "shop/db", "192.0.2.7/32", "TCP 81"},
    {"services that are not there match nothing",
     "NetworkPolicy shop p {egress: [{action: Allow, destination: {services: {name: none}}}]}",
     "shop/db", "shop/web", "none"},
    // Staged kinds.
    {"a staged policy does nothing (docs stagednetworkpolicy)",
     "StagedNetworkPolicy shop p {ingress: [{action: Deny}]}\n"
     "StagedGlobalNetworkPolicy - g {ingress: [{action: Deny}]}\n"
     "StagedKubernetesNetworkPolicy shop k {podSelector: {}, ingress: []}",
     "bank/ledger", "shop/db", "all"},
    {"HostEndpoint changes nothing for pods",
     "HostEndpoint - h {node: n, interfaceName: eth0, expectedIPs: [10.0.0.1]}", "bank/ledger",
     "shop/web", "all"},
};

INSTANTIATE_TEST_SUITE_P(Rows, CalicoTable, ::testing::ValuesIn(kRows));

struct StagedRow {
  std::string_view policies;
  std::string_view expected;
};

TEST(Calico, StagedPoliciesAsIfTheyWereCommitted) {
  constexpr StagedRow kStaged[] = {
      {"StagedNetworkPolicy shop p {ingress: [{action: Allow, protocol: TCP}]}", "TCP"},
      {"NetworkPolicy shop p {ingress: [{action: Allow, protocol: UDP}]}\n"
       "StagedNetworkPolicy shop p {ingress: [{action: Allow, protocol: TCP}]}",
       "TCP"},
      {"NetworkPolicy shop p {ingress: [{action: Deny}]}\n"
       "StagedNetworkPolicy shop p {stagedAction: Delete}",
       "all"},
      {"NetworkPolicy shop p {ingress: [{action: Deny}]}\n"
       "StagedNetworkPolicy shop p {stagedAction: Ignore}",
       "none"},
      {"StagedNetworkPolicy shop p {stagedAction: Learn, ingress: [{action: Deny}]}", "all"},
      {"GlobalNetworkPolicy - g {ingress: [{action: Deny}]}\n"
       "StagedGlobalNetworkPolicy - g {stagedAction: Set, ingress: [{action: Allow, protocol: "
       "UDP}]}",
       "UDP"},
      {"K8s shop k {podSelector: {}}\n"
       "StagedKubernetesNetworkPolicy shop k {podSelector: {}, ingress: [{ports: [{port: 1}]}]}",
       "TCP 1"},
      {"K8s shop k {podSelector: {}}\nStagedKubernetesNetworkPolicy shop k {stagedAction: Delete}",
       "all"},
  };
  for (const StagedRow& row : kStaged) {
    const Cluster cluster(objects(row.policies), {.with_staged = true});
    EXPECT_EQ(cluster.between("bank/ledger", "shop/db"), row.expected) << row.policies;
  }
}

TEST(Calico, NetsMeanNoPodsWhereTheDialectSaysSo) {
  const Cluster cluster(
      objects("NetworkPolicy shop p {egress: [{action: Allow, destination: {nets: [0.0.0.0/0]}}]}"),
      {.ip_blocks_select_pods = false});
  EXPECT_EQ(cluster.between("shop/db", "shop/web"), "none");
  EXPECT_EQ(cluster.between("shop/db", "1.1.1.0/24"), "all");
}

TEST(Calico, KindsOfTheOtherGroup) {
  std::string text = objects("NetworkPolicy shop p {types: [Ingress]}");
  const std::string from = "projectcalico.org/v3\nkind: NetworkPolicy";
  text.replace(text.find(from), from.size(), "crd.projectcalico.org/v1\nkind: NetworkPolicy");
  const Cluster cluster(text);
  EXPECT_EQ(cluster.between("bank/ledger", "shop/db"), "none");
}

struct InvalidRow {
  std::string_view policy;
  std::string_view pointer;
  std::string_view message;
};

class CalicoInvalid : public ::testing::TestWithParam<InvalidRow> {};

// The policy is left out with a problem; the rest is answered.
TEST_P(CalicoInvalid, IsLeftOut) {
  const InvalidRow& row = GetParam();
  const Cluster cluster(objects(row.policy));
  const auto problems = cluster.policies().problems();
  const auto found = std::ranges::find(problems, LoadProblem::Kind::Invalid, &LoadProblem::kind);
  ASSERT_NE(found, problems.end()) << row.policy;
  EXPECT_EQ(found->pointer, row.pointer) << row.policy;
  EXPECT_EQ(found->message, row.message) << row.policy;
  EXPECT_GT(found->offset, kCluster.size()) << row.policy;
  EXPECT_EQ(cluster.between("bank/ledger", "shop/db"), "all") << row.policy;
}

constexpr InvalidRow kInvalid[] = {
    {"NetworkPolicy shop p {selector: app = 'x'}", "/spec/selector",
     "invalid selector \"app = 'x'\": expected ==, !=, in, not in, contains, starts with or ends "
     "with after the label \"app\", found \"= 'x'\""},
    {"NetworkPolicy shop p {selector: [a]}", "/spec/selector", "found a list, expected a selector"},
    {"GlobalNetworkPolicy - g {namespaceSelector: global()}", "/spec/namespaceSelector",
     "global() can stand in the namespaceSelector of a rule only"},
    {"NetworkPolicy shop p {types: [ingress]}", "/spec/types/0",
     "found \"ingress\", expected Ingress or Egress"},
    {"NetworkPolicy shop p {types: [Egress, Egress]}", "/spec/types/1",
     "\"Egress\" stands there twice"},
    {"NetworkPolicy shop p {order: first}", "/spec/order", "found \"first\", expected a number"},
    {"NetworkPolicy shop p {tier: none}", "/spec/tier", "no Tier is named \"none\""},
    {"NetworkPolicy shop p {ingress: [{}]}", "/spec/ingress/0/action",
     "found no action, expected Allow, Deny, Log or Pass"},
    {"NetworkPolicy shop p {ingress: [{action: allow}]}", "/spec/ingress/0/action",
     "found \"allow\", expected Allow, Deny, Log or Pass"},
    {"NetworkPolicy shop p {egress: [{action: Log}, {action: Deny, ipVersion: 5}]}",
     "/spec/egress/1/ipVersion", "found \"5\", expected 4 or 6"},
    {"NetworkPolicy shop p {ingress: [{action: Deny, protocol: HTTP}]}", "/spec/ingress/0/protocol",
     "found \"HTTP\", expected TCP, UDP, SCTP, ICMP, ICMPv6, UDPLite or a number from 1 to 255"},
    {"NetworkPolicy shop p {ingress: [{action: Deny, protocol: 0}]}", "/spec/ingress/0/protocol",
     "found \"0\", expected TCP, UDP, SCTP, ICMP, ICMPv6, UDPLite or a number from 1 to 255"},
    {"NetworkPolicy shop p {ingress: [{action: Deny, notProtocol: 256}]}",
     "/spec/ingress/0/notProtocol",
     "found \"256\", expected TCP, UDP, SCTP, ICMP, ICMPv6, UDPLite or a number from 1 to 255"},
    {"NetworkPolicy shop p {ingress: [{action: Deny, destination: {ports: [80]}}]}",
     "/spec/ingress/0/destination/ports", "ports need the protocol TCP, UDP or SCTP"},
    {"NetworkPolicy shop p {ingress: [{action: Deny, protocol: ICMP, source: {notPorts: [80]}}]}",
     "/spec/ingress/0/source/notPorts", "ports need the protocol TCP, UDP or SCTP"},
    {"NetworkPolicy shop p {ingress: [{action: Deny, protocol: TCP, destination: {ports: [0]}}]}",
     "/spec/ingress/0/destination/ports/0",
     "found \"0\", expected a port or a range \"first:last\" from 1 to 65535"},
    {"NetworkPolicy shop p {ingress: [{action: Deny, protocol: TCP, destination: {ports: [1, "
     "'9:8']}}]}",
     "/spec/ingress/0/destination/ports/1",
     "found \"9:8\", expected a port or a range \"first:last\" from 1 to 65535"},
    {"NetworkPolicy shop p {ingress: [{action: Deny, protocol: TCP, destination: {ports: "
     "[65536]}}]}",
     "/spec/ingress/0/destination/ports/0",
     "found \"65536\", expected a port or a range \"first:last\" from 1 to 65535"},
    {"NetworkPolicy shop p {ingress: [{action: Deny, protocol: TCP, destination: {ports: "
     "['80-90,']}}]}",
     "/spec/ingress/0/destination/ports/0",
     "found \"80-90,\", expected a port, a range \"first:last\" or the name of a port"},
    {"NetworkPolicy shop p {ingress: [{action: Deny, icmp: {type: 8}}]}", "/spec/ingress/0/icmp",
     "ICMP fields need the protocol ICMP or ICMPv6"},
    {"NetworkPolicy shop p {ingress: [{action: Deny, protocol: ICMP, icmp: {type: 255}}]}",
     "/spec/ingress/0/icmp/type", "found \"255\", expected a number from 0 to 254"},
    {"NetworkPolicy shop p {ingress: [{action: Deny, protocol: ICMP, icmp: {code: 1}}]}",
     "/spec/ingress/0/icmp", "an ICMP code needs an ICMP type"},
    {"NetworkPolicy shop p {ingress: [{action: Deny, protocol: ICMP, notICMP: {type: 1, code: "
     "256}}]}",
     "/spec/ingress/0/notICMP/code", "found \"256\", expected a number from 0 to 255"},
    {"NetworkPolicy shop p {ingress: [{action: Deny, http: {methods: [GET]}}]}",
     "/spec/ingress/0/http", "http can stand in rules that allow only"},
    {"NetworkPolicy shop p {ingress: [{action: Deny, source: {nets: [10.0.0.0/33]}}]}",
     "/spec/ingress/0/source/nets/0",
     "invalid CIDR address: found \"10.0.0.0/33\", expected a prefix like 10.0.0.0/8 or fd00::/8"},
    {"NetworkPolicy shop p {ingress: [{action: Deny, source: {nets: [10.0.0.0/8], notNets: "
     "['fd00::/8']}}]}",
     "/spec/ingress/0/source/notNets", "a rule cannot name both IPv4 and IPv6 prefixes"},
    {"NetworkPolicy shop p {ingress: [{action: Deny, ipVersion: 6, source: {nets: [10.0.0.0/8]}}]}",
     "/spec/ingress/0/source/nets", "found \"10.0.0.0/8\", which is not of the rule's ipVersion"},
    {"NetworkPolicy shop p {ingress: [{action: Deny, source: {selector: global()}}]}",
     "/spec/ingress/0/source/selector", "global() can stand in a namespaceSelector only"},
    {"NetworkPolicy shop p {ingress: [{action: Deny, source: {namespaceSelector: global() || "
     "has(a)}}]}",
     "/spec/ingress/0/source/namespaceSelector",
     "global() cannot be combined with other selectors"},
    {"NetworkPolicy shop p {ingress: [{action: Deny, source: {notSelector: '!'}}]}",
     "/spec/ingress/0/source/notSelector",
     "invalid selector \"!\": expected a label, has(), all(), global(), ! or (, found the end"},
    {"NetworkPolicy shop p {ingress: [{action: Deny, source: {services: {name: front}, nets: "
     "[10.0.0.0/8]}}]}",
     "/spec/ingress/0/source/nets", "nets cannot stand beside services"},
    {"NetworkPolicy shop p {ingress: [{action: Deny, source: {services: {namespace: shop}}}]}",
     "/spec/ingress/0/source/services", "services needs the name of a service"},
    {"NetworkPolicy shop p {ingress: [{action: Deny, destination: {services: {name: front}}}]}",
     "/spec/ingress/0/destination/services",
     "services can stand in the source of an ingress rule or the destination of an egress rule"},
    {"GlobalNetworkPolicy - g {egress: [{action: Deny, destination: {services: {name: front}}}]}",
     "/spec/egress/0/destination/services",
     "services needs a namespace in a policy of the whole cluster"},
    {"Tier - t {order: x}", "/spec/order", "found \"x\", expected a number"},
    {"Tier - t {defaultAction: Allow}", "/spec/defaultAction",
     "found \"Allow\", expected Deny or Pass"},
    {"GlobalNetworkSet - s {nets: [here]}", "/spec/nets/0",
     "invalid CIDR address: found \"here\", expected a prefix like 10.0.0.0/8 or fd00::/8"},
    {"Profile - kns.shop {ingress: [{action: Not}]}", "/spec/ingress/0/action",
     "found \"Not\", expected Allow, Deny, Log or Pass"},
    {"StagedNetworkPolicy shop p {ingress: [{action: Not}]}", "/spec/ingress/0/action",
     "found \"Not\", expected Allow, Deny, Log or Pass"},
};

INSTANTIATE_TEST_SUITE_P(Rows, CalicoInvalid, ::testing::ValuesIn(kInvalid));

TEST(Calico, WhatIsIgnoredIsSaid) {
  constexpr std::pair<std::string_view, std::string_view> kIgnored[] = {
      {"HostEndpoint - h {node: n}",
       "host endpoints are not judged: what reaches the nodes themselves is not known"},
      {"Profile - projectcalico-default-allow {ingress: [{action: Allow}]}",
       "the pods of a cluster have the profiles of their namespaces (kns.NAME) only"},
      {"GlobalNetworkPolicy - g {preDNAT: true, types: [Ingress]}",
       "the policy is for host endpoints, which are not judged"},
      {"NetworkPolicy shop p {egress: [{action: Allow, destination: {services: {name: none}}}]}",
       "there is no Service \"shop/none\": nothing matches"},
  };
  for (const auto& [policy, message] : kIgnored) {
    const Cluster cluster(objects(policy));
    const auto problems = cluster.policies().problems();
    ASSERT_EQ(problems.size(), 1U) << policy;
    EXPECT_EQ(problems[0].kind, LoadProblem::Kind::Ignored);
    EXPECT_EQ(problems[0].message, message);
  }
}

}  // namespace
}  // namespace tally::network_policy

// The traps of NetworkPolicy, AdminNetworkPolicy and ClusterNetworkPolicy, one row each.
#include <gtest/gtest.h>

#include <string>

#include "network_policy/testing/cluster.hpp"

namespace tally::network_policy {
namespace {

using testing::Cluster;

// Three namespaces; `bare` is not defined, it only holds a pod.
constexpr std::string_view kPods = R"(
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
metadata: {name: web, namespace: shop, labels: {app: web, tier: front}}
spec:
  initContainers:
  - {name: proxy, image: p, restartPolicy: Always, ports: [{name: admin, containerPort: 15000}]}
  - {name: once, image: p, ports: [{name: setup, containerPort: 1}]}
  containers:
  - {name: a, image: a, ports: [{name: http, containerPort: 8080}, {name: dns, containerPort: 5353, protocol: UDP}]}
  - {name: b, image: b, ports: [{name: http, containerPort: 9090}]}
status: {podIP: 10.0.0.1, hostIP: 192.168.7.1}
---
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: shop, labels: {app: db}}
spec: {containers: [{name: a, image: a}]}
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
kind: Pod
metadata: {name: guest, namespace: bare, labels: {app: guest}}
spec: {containers: [{name: a, image: a}]}
)";

std::string policy(std::string_view name_space, std::string_view spec) {
  return "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p, namespace: " +
         std::string(name_space) + "}\nspec: " + std::string(spec) + "\n";
}

struct Row {
  std::string_view what;
  std::string_view spec;
  std::string_view source;
  std::string_view destination;
  std::string_view expected;
};

class NetworkPolicyTable : public ::testing::TestWithParam<Row> {};

// research: kubernetes.io/docs/reference/kubernetes-api/policy-resources/network-policy-v1
constexpr Row kRows[] = {
    {"no policy selects: everything", "{podSelector: {matchLabels: {app: none}}, ingress: []}",
     "bank/ledger", "shop/web", "all"},
    {"a list item with both selectors is AND",
     "{podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: {team: money}}, "
     "podSelector: {matchLabels: {app: web}}}]}]}",
     "bank/ledger", "shop/db", "none"},
    {"two list items are OR",
     "{podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: {team: money}}}, "
     "{podSelector: {matchLabels: {app: web}}}]}]}",
     "bank/ledger", "shop/db", "all"},
    {"a lone podSelector means the policy's namespace",
     "{podSelector: {}, ingress: [{from: [{podSelector: {matchLabels: {app: ledger}}}]}]}",
     "bank/ledger", "shop/db", "none"},
    {"an empty podSelector peer is the whole namespace and no more",
     "{podSelector: {}, ingress: [{from: [{podSelector: {}}]}]}", "shop/web", "shop/db", "all"},
    {"an empty podSelector peer does not reach outside",
     "{podSelector: {}, ingress: [{from: [{podSelector: {}}]}]}", "10.9.0.0/16", "shop/db", "none"},
    {"an empty namespaceSelector is every pod",
     "{podSelector: {}, ingress: [{from: [{namespaceSelector: {}}]}]}", "bare/guest", "shop/db",
     "all"},
    {"an empty namespaceSelector is no address",
     "{podSelector: {}, ingress: [{from: [{namespaceSelector: {}}]}]}", "1.1.1.1/32", "shop/db",
     "none"},
    {"an empty from is everybody", "{podSelector: {}, ingress: [{from: []}]}", "1.1.1.1/32",
     "shop/db", "all"},
    {"ingress: [{}] is everything", "{podSelector: {}, ingress: [{}]}", "bank/ledger", "shop/db",
     "all"},
    {"ingress: [] is nothing", "{podSelector: {}, ingress: []}", "bank/ledger", "shop/db", "none"},
    {"a port without protocol is TCP", "{podSelector: {}, ingress: [{ports: [{port: 80}]}]}",
     "bank/ledger", "shop/db", "TCP 80"},
    {"a protocol without port is all of it",
     "{podSelector: {}, ingress: [{ports: [{protocol: UDP}]}]}", "bank/ledger", "shop/db", "UDP"},
    {"endPort", "{podSelector: {}, ingress: [{ports: [{port: 80, endPort: 90, protocol: SCTP}]}]}",
     "bank/ledger", "shop/db", "SCTP 80-90"},
    {"no policyTypes, no egress rules: egress stays open", "{podSelector: {}, egress: []}",
     "shop/web", "bank/ledger", "all"},
    {"no policyTypes, an egress rule: egress is isolated",
     "{podSelector: {}, ingress: [{}], egress: [{ports: [{port: 1}]}]}", "shop/web", "bank/ledger",
     "TCP 1"},
    {"policyTypes Egress: ingress rules do not count",
     "{podSelector: {}, policyTypes: [Egress], ingress: []}", "bank/ledger", "shop/web", "all"},
    {"policyTypes Egress without rules: nothing leaves", "{podSelector: {}, policyTypes: [Egress]}",
     "shop/web", "bank/ledger", "none"},
    {"a named port is resolved by the destination, to all its numbers",
     "{podSelector: {}, ingress: [{ports: [{port: http}]}]}", "bank/ledger", "shop/web",
     "TCP 8080,9090"},
    {"a named port of another protocol is none",
     "{podSelector: {}, ingress: [{ports: [{port: dns}]}]}", "bank/ledger", "shop/web", "none"},
    {"a named port of the right protocol",
     "{podSelector: {}, ingress: [{ports: [{port: dns, protocol: UDP}]}]}", "bank/ledger",
     "shop/web", "UDP 5353"},
    {"a restartable init container's port has its name",
     "{podSelector: {}, ingress: [{ports: [{port: admin}]}]}", "bank/ledger", "shop/web",
     "TCP 15000"},
    {"another init container's does not", "{podSelector: {}, ingress: [{ports: [{port: setup}]}]}",
     "bank/ledger", "shop/web", "none"},
    {"a named port in egress is the destination's too",
     "{podSelector: {matchLabels: {app: db}}, policyTypes: [Egress], egress: [{ports: [{port: "
     "http}]}]}",
     "shop/db", "shop/web", "TCP 8080,9090"},
    {"a named port and an address block: nothing",
     "{podSelector: {}, policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: 0.0.0.0/0}}], "
     "ports: [{port: http}]}]}",
     "shop/web", "1.1.1.1/32", "none"},
    {"an ipBlock", "{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 172.16.0.0/12}}]}]}",
     "172.17.0.0/16", "shop/db", "all"},
    {"except",
     "{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 172.16.0.0/12, except: "
     "[172.17.0.0/16]}}]}]}",
     "172.17.3.0/24", "shop/db", "none"},
    {"an ipBlock selects a pod that has the address",
     "{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 10.0.0.1/32}}]}]}", "shop/web",
     "shop/db", "all"},
    {"an ipBlock and a pod without a known address: unknown",
     "{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8}}]}]}", "bank/ledger",
     "shop/db", "none ?all"},
    {"an ipBlock of everything selects every pod",
     "{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 0.0.0.0/0}}]}]}", "bank/ledger",
     "shop/db", "all"},
    {"host bits in a cidr are fine",
     "{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 192.168.242.213/24}}]}]}",
     "192.168.242.7/32", "shop/db", "all"},
    {"IPv6", "{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: \"2001:db8::/32\"}}]}]}",
     "2001:db8:1::/48", "shop/db", "all"},
    {"IPv4 everything is not IPv6 everything",
     "{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 0.0.0.0/0}}]}]}", "2001:db8::/32",
     "shop/db", "none"},
    {"every namespace has its name as label",
     "{podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: "
     "{kubernetes.io/metadata.name: bank}}}]}]}",
     "bank/ledger", "shop/db", "all"},
    {"of a namespace that is not in the input the name is known",
     "{podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: "
     "{kubernetes.io/metadata.name: bare}}}]}]}",
     "bare/guest", "shop/db", "all"},
    {"and nothing else",
     "{podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: "
     "{team: sales}}}]}]}",
     "bare/guest", "shop/db", "none ?all"},
    {"NotIn matches who has no such label",
     "{podSelector: {}, ingress: [{from: [{podSelector: {matchExpressions: [{key: tier, operator: "
     "NotIn, values: [back]}]}, namespaceSelector: {}}]}]}",
     "bank/ledger", "shop/db", "all"},
    {"several NotIn are AND",
     "{podSelector: {}, ingress: [{from: [{podSelector: {matchExpressions: [{key: tier, operator: "
     "NotIn, values: [back]}, {key: app, operator: NotIn, values: [web]}]}}]}]}",
     "shop/web", "shop/db", "none"},
    {"DoesNotExist",
     "{podSelector: {}, ingress: [{from: [{podSelector: {matchExpressions: [{key: "
     "tier, operator: DoesNotExist}]}}]}]}",
     "shop/web", "shop/db", "none"},
    {"a pod reaches itself", "{podSelector: {}, policyTypes: [Ingress, Egress]}", "shop/web",
     "shop/web", "all"},
    {"a pod's own node reaches it", "{podSelector: {}, policyTypes: [Ingress, Egress]}",
     "192.168.7.1/32", "shop/web", "all"},
    {"another node does not", "{podSelector: {}, policyTypes: [Ingress, Egress]}", "192.168.7.2/32",
     "shop/web", "none"},
    {"a pod on its node's network is no peer",
     "{podSelector: {}, ingress: [{from: [{namespaceSelector: {}}]}]}", "bank/agent", "shop/db",
     "none"},
};

TEST_P(NetworkPolicyTable, Connections) {
  const Row& row = GetParam();
  const std::string added = policy("shop", row.spec);
  const Cluster cluster({kPods, added});
  EXPECT_EQ(cluster.between(row.source, row.destination), row.expected) << row.what;
  EXPECT_EQ(cluster.policies().policies().size(), 1U) << row.what;
}

INSTANTIATE_TEST_SUITE_P(Traps, NetworkPolicyTable, ::testing::ValuesIn(kRows));

TEST(NetworkPolicy, NeedsACommonConnection) {
  const std::string out = policy("bank", "{podSelector: {}, egress: [{ports: [{port: 80}]}]}");
  const std::string in = policy("shop", "{podSelector: {}, ingress: [{ports: [{port: 443}]}]}");
  EXPECT_EQ(Cluster({kPods, out, in}).between("bank/ledger", "shop/db"), "none");
}

TEST(NetworkPolicy, SwitchesOfImplementations) {
  const std::string block =
      policy("shop", "{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 0.0.0.0/0}}]}]}");
  EXPECT_EQ(
      Cluster({kPods, block}, {.ip_blocks_select_pods = false}).between("bank/ledger", "shop/db"),
      "none");
  const std::string all =
      policy("shop", "{podSelector: {}, ingress: [{from: [{namespaceSelector: {}}]}]}");
  EXPECT_EQ(Cluster({kPods, all}, {.host_network_pods_are_nodes = false})
                .between("bank/agent", "shop/db"),
            "all");
}

TEST(NetworkPolicy, RefusesWhatTheServerRefuses) {
  struct Bad {
    std::string_view spec;
    std::string_view pointer;
    std::string_view message;
  };
  constexpr Bad kBad[] = {
      {"{podSelector: {}, ingress: [{from: [{}]}]}", "/spec/ingress/0/from/0", "found none"},
      {"{podSelector: {}, ingress: [{from: [{podSelector: {}, ipBlock: {cidr: 1.0.0.0/8}}]}]}",
       "/spec/ingress/0/from/0", "beside"},
      {"{podSelector: {}, ingress: [{from: [{ipBlock: {}}]}]}", "/spec/ingress/0/from/0/ipBlock",
       "needs a cidr"},
      {"{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 1.0.0.0}}]}]}",
       "/spec/ingress/0/from/0/ipBlock/cidr", "invalid CIDR address"},
      {"{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 1.0.0.0/8, except: [2.0.0.0/8]}}]}]}",
       "/spec/ingress/0/from/0/ipBlock/except/0", "within the cidr"},
      {"{podSelector: {}, ingress: [{ports: [{port: 0}]}]}", "/spec/ingress/0/ports/0/port",
       "from 1 to 65535"},
      {"{podSelector: {}, ingress: [{ports: [{port: 70000}]}]}", "/spec/ingress/0/ports/0/port",
       "from 1 to 65535"},
      {"{podSelector: {}, ingress: [{ports: [{port: 10, endPort: 1}]}]}",
       "/spec/ingress/0/ports/0/endPort", "port range 10-1"},
      {"{podSelector: {}, ingress: [{ports: [{port: http, endPort: 1}]}]}",
       "/spec/ingress/0/ports/0/endPort", "needs a number"},
      {"{podSelector: {}, ingress: [{ports: [{endPort: 1}]}]}", "/spec/ingress/0/ports/0/endPort",
       "needs a port"},
      {"{podSelector: {}, ingress: [{ports: [{protocol: ICMP}]}]}",
       "/spec/ingress/0/ports/0/protocol", "expected TCP, UDP or SCTP"},
      {"{podSelector: {}, policyTypes: [ingress]}", "/spec/policyTypes/0", "Ingress or Egress"},
      {"{podSelector: {matchExpressions: [{key: a, operator: Like}]}}", "/spec/podSelector", ""},
  };
  for (const Bad& bad : kBad) {
    const std::string text = policy("shop", bad.spec);
    const Cluster cluster({kPods, text});
    ASSERT_EQ(cluster.policies().problems().size(), 1U) << bad.spec;
    const LoadProblem& problem = cluster.policies().problems().front();
    EXPECT_EQ(problem.kind, LoadProblem::Kind::Invalid);
    EXPECT_EQ(problem.pointer, bad.pointer);
    EXPECT_TRUE(problem.message.contains(bad.message)) << problem.message;
    EXPECT_TRUE(cluster.policies().policies().empty()) << bad.spec;
  }
}

std::string cluster_policy(std::string_view kind, std::string_view spec,
                           std::string_view name = "p") {
  const std::string_view version = kind == "ClusterNetworkPolicy" ? "v1alpha2" : "v1alpha1";
  return "apiVersion: policy.networking.k8s.io/" + std::string(version) +
         "\nkind: " + std::string(kind) + "\nmetadata: {name: " + std::string(name) +
         "}\nspec: " + std::string(spec) + "\n";
}

TEST(AdminNetworkPolicy, TiersAndPass) {
  const std::string admin = cluster_policy(
      "AdminNetworkPolicy",
      "{priority: 10, subject: {namespaces: {}}, ingress: ["
      "{action: Allow, from: [{pods: {namespaceSelector: {}, podSelector: {matchLabels: {app: "
      "ledger}}}}], ports: [{portNumber: {port: 80}}]},"
      "{action: Pass, from: [{namespaces: {matchLabels: {team: money}}}]},"
      "{action: Deny, from: [{namespaces: {}}], ports: [{portRange: {start: 1, end: 100}}]}]}");
  const std::string network =
      policy("shop", "{podSelector: {matchLabels: {app: db}}, ingress: [{ports: [{port: 443}]}]}");
  const std::string baseline = cluster_policy(
      "BaselineAdminNetworkPolicy",
      "{subject: {namespaces: {}}, ingress: [{action: Deny, from: [{namespaces: {}}], ports: "
      "[{namedPort: http}, {portNumber: {protocol: UDP, port: 53}}]}]}",
      "default");
  const Cluster cluster({kPods, admin, network, baseline});
  // Allowed by the first rule, then passed to the NetworkPolicy, which isolates.
  EXPECT_EQ(cluster.between("bank/ledger", "shop/db"), "TCP 80,443");
  // Denied up to 100 by the third rule, and the NetworkPolicy ends it.
  EXPECT_EQ(cluster.between("shop/web", "shop/db"), "TCP 443");
  // Not isolated: passed on to the baseline.
  const std::string text = cluster.between("bank/ledger", "shop/web");
  EXPECT_TRUE(text.starts_with("TCP 1-8079,8081-9089,9091-65535; UDP 1-52,54-65535")) << text;
}

TEST(AdminNetworkPolicy, NothingIsDeniedThatNoRuleDenies) {
  const std::string admin =
      cluster_policy("AdminNetworkPolicy",
                     "{priority: 10, subject: {namespaces: {}}, egress: [{action: Allow, "
                     "to: [{networks: [10.0.0.0/8]}], ports: [{portNumber: {port: 80}}]}]}");
  EXPECT_EQ(Cluster({kPods, admin}).between("shop/web", "bank/ledger"), "all");
}

TEST(AdminNetworkPolicy, RefusesWhatTheServerRefuses) {
  constexpr std::string_view kBad[] = {
      "{priority: 1001, subject: {namespaces: {}}}",
      "{priority: -1, subject: {namespaces: {}}}",
      "{subject: {namespaces: {}}}",
      "{priority: 1, subject: {}}",
      "{priority: 1, subject: {namespaces: {}, pods: {podSelector: {}}}}",
      "{priority: 1, subject: {nodes: {}}}",
      "{priority: 1, subject: {namespaces: {}}, ingress: [{action: Allow}]}",
      "{priority: 1, subject: {namespaces: {}}, ingress: [{action: Allow, from: []}]}",
      "{priority: 1, subject: {namespaces: {}}, ingress: [{action: Allow, from: [{}]}]}",
      "{priority: 1, subject: {namespaces: {}}, ingress: [{action: Allow, from: [{networks: "
      "[1.0.0.0/8]}]}]}",
      "{priority: 1, subject: {namespaces: {}}, ingress: [{from: [{namespaces: {}}]}]}",
      "{priority: 1, subject: {namespaces: {}}, ingress: [{action: Accept, from: [{namespaces: "
      "{}}]}]}",
      "{priority: 1, subject: {namespaces: {}}, egress: [{action: Deny, to: [{networks: [x]}]}]}",
      "{priority: 1, subject: {namespaces: {}}, egress: [{action: Deny, to: [{namespaces: {}}], "
      "ports: [{portRange: {start: 10, end: 1}}]}]}",
      "{priority: 1, subject: {namespaces: {}}, egress: [{action: Deny, to: [{namespaces: {}}], "
      "ports: [{}]}]}",
      "{priority: 1, subject: {namespaces: {}}, egress: [{action: Deny, to: [{namespaces: {}}], "
      "ports: [{portNumber: {port: 1}, namedPort: a}]}]}",
  };
  for (const std::string_view spec : kBad) {
    const std::string text = cluster_policy("AdminNetworkPolicy", spec);
    const Cluster cluster({kPods, text});
    EXPECT_EQ(cluster.policies().problems().size(), 1U) << spec;
    EXPECT_TRUE(cluster.policies().policies().empty()) << spec;
  }
}

TEST(ClusterNetworkPolicy, FailsClosed) {
  const std::string accept =
      cluster_policy("ClusterNetworkPolicy",
                     "{tier: Admin, priority: 1, subject: {namespaces: {}}, ingress: ["
                     "{action: Accept, from: [{galaxies: {}}]}, {action: Deny, from: "
                     "[{namespaces: {matchLabels: {team: money}}}]}]}");
  EXPECT_EQ(Cluster({kPods, accept}).between("bank/ledger", "shop/db"), "none");
  EXPECT_EQ(Cluster({kPods, accept}).between("shop/web", "shop/db"), "all");
  for (const std::string_view action : {"Deny", "Pass"}) {
    const std::string text =
        cluster_policy("ClusterNetworkPolicy",
                       "{tier: Baseline, priority: 1, subject: {namespaces: {}}, ingress: "
                       "[{action: " +
                           std::string(action) + ", from: [{galaxies: {}}]}]}");
    EXPECT_EQ(Cluster({kPods, text}).between("shop/web", "shop/db"), "none") << action;
  }
}

TEST(ClusterNetworkPolicy, HostNetworkPodsAreNotSelectedButAreNodes) {
  const std::string deny =
      cluster_policy("ClusterNetworkPolicy",
                     "{tier: Admin, priority: 1, subject: {namespaces: {}}, egress: ["
                     "{action: Deny, to: [{namespaces: {}}]}]}");
  EXPECT_EQ(Cluster({kPods, deny}).between("shop/web", "bank/agent"), "all");
  EXPECT_EQ(Cluster({kPods, deny}).between("bank/agent", "shop/web"), "all");
  const std::string nodes = cluster_policy(
      "ClusterNetworkPolicy",
      "{tier: Admin, priority: 1, subject: {namespaces: {}}, egress: [{action: Deny, to: [{nodes: "
      "{matchExpressions: [{key: kubernetes.io/hostname, operator: Exists}]}}]}]}");
  EXPECT_EQ(Cluster({kPods, nodes}).between("shop/web", "bank/agent"), "none");
}

}  // namespace
}  // namespace tally::network_policy

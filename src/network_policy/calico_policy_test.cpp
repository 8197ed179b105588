// Calico's policies: whom they select, their types, order, tiers, profiles and stages, against
// Calico 3.30 (projectcalico/calico; the files are named with the rows) and
// docs.tigera.io/calico/latest/reference/resources ("docs").
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "network_policy/testing/calico.hpp"

namespace tally::network_policy {
namespace {

using testing::calico_objects;
using testing::CalicoRow;
using testing::Cluster;

class CalicoPolicyTable : public ::testing::TestWithParam<CalicoRow> {};

TEST_P(CalicoPolicyTable, Connections) { testing::expect_connections(GetParam()); }

constexpr CalicoRow kRows[] = {
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

INSTANTIATE_TEST_SUITE_P(Rows, CalicoPolicyTable, ::testing::ValuesIn(kRows));

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
    const Cluster cluster(calico_objects(row.policies), {.with_staged = true});
    EXPECT_EQ(cluster.between("bank/ledger", "shop/db"), row.expected) << row.policies;
  }
}

TEST(Calico, NetsMeanNoPodsWhereTheDialectSaysSo) {
  const Cluster cluster(
      calico_objects(
          "NetworkPolicy shop p {egress: [{action: Allow, destination: {nets: [0.0.0.0/0]}}]}"),
      {.ip_blocks_select_pods = false});
  EXPECT_EQ(cluster.between("shop/db", "shop/web"), "none");
  EXPECT_EQ(cluster.between("shop/db", "1.1.1.0/24"), "all");
}

TEST(Calico, KindsOfTheOtherGroup) {
  std::string text = calico_objects("NetworkPolicy shop p {types: [Ingress]}");
  const std::string from = "projectcalico.org/v3\nkind: NetworkPolicy";
  text.replace(text.find(from), from.size(), "crd.projectcalico.org/v1\nkind: NetworkPolicy");
  const Cluster cluster(text);
  EXPECT_EQ(cluster.between("bank/ledger", "shop/db"), "none");
}

}  // namespace
}  // namespace tally::network_policy

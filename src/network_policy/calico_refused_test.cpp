// Calico's kinds that are refused, as libcalico-go/lib/validator/v3/validator.go of Calico 3.30
// does, and what is ignored.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "network_policy/testing/calico.hpp"

namespace tally::network_policy {
namespace {

using testing::calico_objects;
using testing::Cluster;

struct InvalidRow {
  std::string_view policy;
  std::string_view pointer;
  std::string_view message;
};

class CalicoInvalid : public ::testing::TestWithParam<InvalidRow> {};

// The policy is left out with a problem; the rest is answered.
TEST_P(CalicoInvalid, IsLeftOut) {
  const InvalidRow& row = GetParam();
  const Cluster cluster(calico_objects(row.policy));
  const auto problems = cluster.policies().problems();
  const auto found = std::ranges::find(problems, LoadProblem::Kind::Invalid, &LoadProblem::kind);
  ASSERT_NE(found, problems.end()) << row.policy;
  EXPECT_EQ(found->pointer, row.pointer) << row.policy;
  EXPECT_EQ(found->message, row.message) << row.policy;
  EXPECT_GT(found->offset, testing::kCalicoCluster.size()) << row.policy;
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
    const Cluster cluster(calico_objects(policy));
    const auto problems = cluster.policies().problems();
    ASSERT_EQ(problems.size(), 1U) << policy;
    EXPECT_EQ(problems[0].kind, LoadProblem::Kind::Ignored);
    EXPECT_EQ(problems[0].message, message);
  }
}

}  // namespace
}  // namespace tally::network_policy

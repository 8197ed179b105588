// Calico's rules: whom they mean, with which connections, against
// Calico 3.30 (projectcalico/calico; the files are named with the rows) and
// docs.tigera.io/calico/latest/reference/resources ("docs").
#include <gtest/gtest.h>

#include "network_policy/testing/calico.hpp"

namespace tally::network_policy {
namespace {

using testing::CalicoRow;

class CalicoRuleTable : public ::testing::TestWithParam<CalicoRow> {};

TEST_P(CalicoRuleTable, Connections) { testing::expect_connections(GetParam()); }

constexpr CalicoRow kRows[] = {
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
};

INSTANTIATE_TEST_SUITE_P(Rows, CalicoRuleTable, ::testing::ValuesIn(kRows));

}  // namespace
}  // namespace tally::network_policy

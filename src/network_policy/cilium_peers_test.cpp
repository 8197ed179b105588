// Addresses, entities, names, services and requirements of CiliumNetworkPolicy: each row says what
// is in the file of Cilium 1.19 (github.com/cilium/cilium) that it names last.
#include "network_policy/testing/cilium.hpp"

namespace tally::network_policy::testing {
namespace {

constexpr CiliumRow kRows[] = {
    // Addresses.
    {"a CIDR", "shop", "spec: {endpointSelector: {}, egress: [{toCIDR: [20.0.0.0/8]}]}", "shop/web",
     "20.1.0.0/16", "all", kLayer3},
    {"a single address", "shop", "spec: {endpointSelector: {}, egress: [{toCIDR: [20.1.1.1]}]}",
     "shop/web", "20.1.1.1/32", "all", "pkg/policy/api/rule_validation.go"},
    {"a CIDR is no pod", "shop", "spec: {endpointSelector: {}, egress: [{toCIDR: [0.0.0.0/0]}]}",
     "shop/web", "bank/ledger", "none", kLayer3},
    {"a CIDR is no node", "shop", "spec: {endpointSelector: {}, egress: [{toCIDR: [0.0.0.0/0]}]}",
     "shop/web", "192.168.7.2/32", "none", kLayer3},
    {"toCIDR [] is nobody", "shop",
     "spec: {endpointSelector: {}, egress: [{toCIDR: [], toPorts: [{ports: [{port: \"1\"}]}]}]}",
     "shop/web", "20.0.0.0/8", "none", kParse},
    {"except", "shop",
     "spec: {endpointSelector: {}, egress: [{toCIDRSet: [{cidr: 10.0.0.0/8, except: "
     "[10.96.0.0/12]}]}]}",
     "shop/web", "10.96.0.0/16", "none", kLayer3},
    {"beside except", "shop",
     "spec: {endpointSelector: {}, egress: [{toCIDRSet: [{cidr: 10.0.0.0/8, except: "
     "[10.96.0.0/12]}]}]}",
     "shop/web", "10.8.0.0/16", "all", kLayer3},
    {"a group", "shop",
     "spec: {endpointSelector: {}, ingress: [{fromCIDRSet: [{cidrGroupRef: partners}]}]}",
     "20.1.2.0/24", "shop/db", "all", kGroups},
    {"a group with IPv6", "shop",
     "spec: {endpointSelector: {}, ingress: [{fromCIDRSet: [{cidrGroupRef: partners}]}]}",
     "fd20:1::/32", "shop/db", "all", kGroups},
    {"except of a group", "shop",
     "spec: {endpointSelector: {}, ingress: [{fromCIDRSet: [{cidrGroupRef: partners, except: "
     "[20.1.2.0/24]}]}]}",
     "20.1.2.0/24", "shop/db", "none", kGroups},
    {"a group by labels", "shop",
     "spec: {endpointSelector: {}, ingress: [{fromCIDRSet: [{cidrGroupSelector: {matchLabels: "
     "{zone: outer}}}]}]}",
     "20.1.2.0/24", "shop/db", "all", "pkg/policy/api/cidr.go"},
    {"an absent group is nobody", "shop",
     "spec: {endpointSelector: {}, ingress: [{fromCIDRSet: [{cidrGroupRef: none}]}]}",
     "20.1.2.0/24", "shop/db", "none", kGroups},

    // Entities.
    {"all is everybody", "shop", "spec: {endpointSelector: {}, ingress: [{fromEntities: [all]}]}",
     "bank/ledger", "shop/db", "all", kEntity},
    {"all is the world too", "shop",
     "spec: {endpointSelector: {}, ingress: [{fromEntities: [all]}]}", "20.0.0.0/8", "shop/db",
     "all", kEntity},
    {"[] is nobody", "shop", "spec: {endpointSelector: {}, ingress: [{fromEntities: []}]}",
     "20.0.0.0/8", "shop/db", "none", kParse},
    {"world is outside", "shop", "spec: {endpointSelector: {}, egress: [{toEntities: [world]}]}",
     "shop/web", "20.0.0.0/8", "all", kEntity},
    {"world is no pod", "shop", "spec: {endpointSelector: {}, egress: [{toEntities: [world]}]}",
     "shop/web", "shop/db", "none", kEntity},
    {"world-ipv4", "shop", "spec: {endpointSelector: {}, egress: [{toEntities: [world-ipv4]}]}",
     "shop/web", "20.0.0.0/8", "all", kEntity},
    {"world-ipv4 is not IPv6", "shop",
     "spec: {endpointSelector: {}, egress: [{toEntities: [world-ipv4]}]}", "shop/web", "fd00::/8",
     "none", kEntity},
    {"world-ipv6", "shop", "spec: {endpointSelector: {}, egress: [{toEntities: [world-ipv6]}]}",
     "shop/web", "fd00::/8", "all", kEntity},
    {"cluster is every pod", "shop",
     "spec: {endpointSelector: {}, ingress: [{fromEntities: [cluster]}]}", "bank/ledger", "shop/db",
     "all", kEntity},
    {"cluster is every node", "shop",
     "spec: {endpointSelector: {}, ingress: [{fromEntities: [cluster]}]}", "remote-node", "shop/db",
     "all", kEntity},
    {"cluster is a pod on its node's network", "shop",
     "spec: {endpointSelector: {}, ingress: [{fromEntities: [cluster]}]}", "bank/agent", "shop/db",
     "all", kEntity},
    {"cluster is a node by its address", "shop",
     "spec: {endpointSelector: {}, ingress: [{fromEntities: [cluster]}]}", "192.168.7.2/32",
     "shop/db", "all", kEntity},
    {"cluster is not the world", "shop",
     "spec: {endpointSelector: {}, ingress: [{fromEntities: [cluster]}]}", "20.0.0.0/8", "shop/db",
     "none", kEntity},
    {"host", "shop", "spec: {endpointSelector: {}, ingress: [{fromEntities: [host]}]}", "host",
     "shop/db", "all", kEntity},
    {"host is no other node", "shop",
     "spec: {endpointSelector: {}, ingress: [{fromEntities: [host]}]}", "remote-node", "shop/db",
     "none", kEntity},
    {"a pod on some node's network may be the host", "shop",
     "spec: {endpointSelector: {}, ingress: [{fromEntities: [host]}]}", "bank/agent", "shop/db",
     "none ?all", kLayer3},
    {"remote-node", "shop",
     "spec: {endpointSelector: {}, ingress: [{fromEntities: [remote-node]}]}", "remote-node",
     "shop/db", "all", kEntity},
    {"kube-apiserver", "shop",
     "spec: {endpointSelector: {}, egress: [{toEntities: [kube-apiserver]}]}", "shop/web",
     "kube-apiserver", "all", kEntity},
    {"kube-apiserver as a static pod", "shop",
     "spec: {endpointSelector: {}, egress: [{toEntities: [kube-apiserver]}]}", "shop/web",
     "kube-system/api", "all", kLayer3},
    {"kube-apiserver is no other pod", "shop",
     "spec: {endpointSelector: {}, egress: [{toEntities: [kube-apiserver]}]}", "shop/web",
     "bank/ledger", "none", kEntity},
    {"ingress", "shop", "spec: {endpointSelector: {}, ingress: [{fromEntities: [ingress]}]}",
     "ingress", "shop/db", "all", kEntity},
    {"health, init and unmanaged are nobody that we know", "shop",
     "spec: {endpointSelector: {}, ingress: [{fromEntities: [health, init, unmanaged]}]}",
     "shop/web", "shop/db", "none", kEntity},
    {"none is nobody", "shop", "spec: {endpointSelector: {}, ingress: [{fromEntities: [none]}]}",
     "20.0.0.0/8", "shop/db", "none", kEntity},

    // Names, services, groups, nodes.
    {"a DNS name is no pod (cilium #6292)", "shop",
     "spec: {endpointSelector: {}, egress: [{toFQDNs: [{matchName: example.com}]}]}", "shop/web",
     "bank/ledger", "none", kLayer3},
    {"a DNS name may be any address outside", "shop",
     "spec: {endpointSelector: {}, egress: [{toFQDNs: [{matchPattern: \"*\"}], toPorts: [{ports: "
     "[{port: \"443\", protocol: TCP}]}]}]}",
     "shop/web", "20.0.0.0/8", "none ?TCP 443", kLayer3},
    {"a service is its pods", "shop",
     "spec: {endpointSelector: {}, egress: [{toServices: [{k8sService: {serviceName: ledger, "
     "namespace: bank}}]}]}",
     "shop/web", "bank/ledger", "all", kService},
    {"a service is not others", "shop",
     "spec: {endpointSelector: {}, egress: [{toServices: [{k8sService: {serviceName: ledger, "
     "namespace: bank}}]}]}",
     "shop/web", "shop/db", "none", kService},
    {"a service by labels, with ports", "shop",
     "spec: {endpointSelector: {}, egress: [{toServices: [{k8sServiceSelector: {selector: "
     "{matchLabels: {kind: backend}}}}], toPorts: [{ports: [{port: \"80\", protocol: TCP}]}]}]}",
     "shop/web", "bank/ledger", "TCP 80", kService},
    {"a service without selector is its addresses", "shop",
     "spec: {endpointSelector: {}, egress: [{toServices: [{k8sService: {serviceName: legacy, "
     "namespace: bank}}]}]}",
     "shop/web", "20.0.0.7/32", "all", kService},
    {"whose endpoints may not be known", "shop",
     "spec: {endpointSelector: {}, egress: [{toServices: [{k8sService: {serviceName: far, "
     "namespace: bank}}]}]}",
     "shop/web", "20.0.0.7/32", "none ?all", kService},
    {"an absent service is nobody, with ports too", "shop",
     "spec: {endpointSelector: {}, egress: [{toServices: [{k8sService: {serviceName: gone, "
     "namespace: bank}}], toPorts: [{ports: [{port: \"80\"}]}]}]}",
     "shop/web", "bank/ledger", "none", "pkg/policy/api/egress.go"},
    {"groups of a provider are not known", "shop",
     "spec: {endpointSelector: {}, egress: [{toGroups: [{aws: {securityGroupsIds: [sg-1]}}]}]}",
     "shop/web", "20.0.0.7/32", "none ?all", "pkg/policy/api/groups.go"},
    {"nodes by label are not known", "shop",
     "spec: {endpointSelector: {}, ingress: [{fromNodes: [{matchLabels: {role: x}}]}]}",
     "bank/agent", "shop/db", "none ?all", kLayer3},
    {"nodes by label are no pods", "shop",
     "spec: {endpointSelector: {}, ingress: [{fromNodes: [{}]}]}", "shop/web", "shop/db", "none",
     kLayer3},

    // Requirements (Cilium 1.18 and before).
    {"fromRequires allows nothing", "shop",
     "spec: {endpointSelector: {}, ingress: [{fromRequires: [{matchLabels: {app: web}}]}]}",
     "shop/web", "shop/db", "none", kLayer3},
    {"fromRequires limits what others allow", "shop",
     "spec: {endpointSelector: {}, ingress: [{fromEndpoints: [{}]}, {fromRequires: [{matchLabels: "
     "{tier: back}}]}]}",
     "shop/web", "shop/db", "none", kLayer3},
    {"who meets fromRequires passes", "shop",
     "spec: {endpointSelector: {}, ingress: [{fromEndpoints: [{}]}, {fromRequires: [{matchLabels: "
     "{tier: front}}]}]}",
     "shop/web", "shop/db", "all", kLayer3},
};

class CiliumPeers : public ::testing::TestWithParam<CiliumRow> {};

TEST_P(CiliumPeers, Connections) { expect(GetParam()); }

INSTANTIATE_TEST_SUITE_P(Rows, CiliumPeers, ::testing::ValuesIn(kRows));

}  // namespace
}  // namespace tally::network_policy::testing

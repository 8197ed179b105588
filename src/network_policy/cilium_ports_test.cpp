// Ports, ICMP and deny rules of CiliumNetworkPolicy: each row says what is in the file of Cilium
// 1.19 (github.com/cilium/cilium) that it names last.
#include "network_policy/testing/cilium.hpp"

namespace tally::network_policy::testing {
namespace {

constexpr CiliumRow kRows[] = {
    // Ports.
    {"ports without peers are everybody's", "shop",
     "spec: {endpointSelector: {}, ingress: [{toPorts: [{ports: [{port: \"80\", protocol: "
     "TCP}]}]}]}",
     "20.0.0.0/8", "shop/db", "TCP 80", kEntry},
    {"toPorts [] is none", "shop",
     "spec: {endpointSelector: {}, ingress: [{fromEndpoints: [{}], toPorts: []}]}", "shop/web",
     "shop/db", "all", kMerge},
    {"an item without ports matches nothing", "shop",
     "spec: {endpointSelector: {}, ingress: [{fromEndpoints: [{}], toPorts: [{ports: []}]}]}",
     "shop/web", "shop/db", "none", kMerge},
    {"no protocol is TCP, UDP and SCTP", "shop",
     "spec: {endpointSelector: {}, ingress: [{fromEndpoints: [{}], toPorts: [{ports: [{port: "
     "\"80\"}]}]}]}",
     "shop/web", "shop/db", "TCP 80; UDP 80; SCTP 80", kMerge},
    {"ANY", "shop",
     "spec: {endpointSelector: {}, ingress: [{fromEndpoints: [{}], toPorts: [{ports: [{port: "
     "\"80\", protocol: ANY}]}]}]}",
     "shop/web", "shop/db", "TCP 80; UDP 80; SCTP 80", kMerge},
    {"port 0 is every port, and not ICMP", "shop",
     "spec: {endpointSelector: {}, ingress: [{fromEndpoints: [{}], toPorts: [{ports: [{port: "
     "\"0\"}]}]}]}",
     "shop/web", "shop/db", "TCP; UDP; SCTP", kLayer4},
    {"port 0 of TCP", "shop",
     "spec: {endpointSelector: {}, ingress: [{fromEndpoints: [{}], toPorts: [{ports: [{port: "
     "\"0\", protocol: TCP}]}]}]}",
     "shop/web", "shop/db", "TCP", "pkg/policy/l4.go"},
    {"endPort (cilium #28684)", "shop",
     "spec: {endpointSelector: {}, ingress: [{fromEndpoints: [{}], toPorts: [{ports: [{port: "
     "\"80\", endPort: 444, protocol: TCP}]}]}]}",
     "shop/web", "shop/db", "TCP 80-444", kLayer4},
    {"an endPort below the port says nothing", "shop",
     "spec: {endpointSelector: {}, ingress: [{fromEndpoints: [{}], toPorts: [{ports: [{port: "
     "\"80\", endPort: 8, protocol: TCP}]}]}]}",
     "shop/web", "shop/db", "TCP 80", "pkg/policy/l4.go"},
    {"a name is the destination's", "shop",
     "spec: {endpointSelector: {}, ingress: [{fromEndpoints: [{}], toPorts: [{ports: [{port: http, "
     "protocol: TCP}]}]}]}",
     "shop/web", "shop/db", "TCP 5432", kLayer4},
    {"on egress too", "shop",
     "spec: {endpointSelector: {matchLabels: {app: db}}, egress: [{toEndpoints: [{}], toPorts: "
     "[{ports: [{port: HTTP}]}]}]}",
     "shop/db", "shop/web", "TCP 8080", kLayer4},
    {"several items are OR", "shop",
     "spec: {endpointSelector: {}, ingress: [{fromEndpoints: [{}], toPorts: [{ports: [{port: "
     "\"1\", protocol: TCP}]}, {ports: [{port: \"2\", protocol: UDP}]}]}]}",
     "shop/web", "shop/db", "TCP 1; UDP 2", kMerge},
    {"HTTP rules allow the connection", "shop",
     "spec: {endpointSelector: {}, ingress: [{fromEndpoints: [{}], toPorts: [{ports: [{port: "
     "\"80\", protocol: TCP}], rules: {http: [{method: GET}]}}]}]}",
     "shop/web", "shop/db", "TCP 80", "Documentation/security/policy/layer7.rst"},
    {"DNS rules allow the connection", "shop",
     "spec: {endpointSelector: {}, egress: [{toEndpoints: [{}], toPorts: [{ports: [{port: \"53\", "
     "protocol: ANY}], rules: {dns: [{matchPattern: \"*\"}]}}]}]}",
     "shop/web", "shop/db", "TCP 53; UDP 53; SCTP 53", "Documentation/security/policy/layer7.rst"},
    {"ICMP", "shop",
     "spec: {endpointSelector: {}, ingress: [{fromEndpoints: [{}], icmps: [{fields: [{type: "
     "8}]}]}]}",
     "shop/web", "shop/db", "ICMP 8", kLayer4},
    {"ICMPv6 by name", "shop",
     "spec: {endpointSelector: {}, ingress: [{icmps: [{fields: [{family: IPv6, type: "
     "EchoRequest}]}]}]}",
     "shop/web", "shop/db", "ICMPv6 128", kLayer4},
    {"without ports every protocol", "shop",
     "spec: {endpointSelector: {}, ingress: [{fromEndpoints: [{}]}]}", "shop/web", "shop/db", "all",
     kLayer4},

    // Deny.
    {"deny beats allow", "shop",
     "spec: {endpointSelector: {}, ingress: [{fromEndpoints: [{}]}], ingressDeny: [{fromEndpoints: "
     "[{matchLabels: {app: web}}], toPorts: [{ports: [{port: \"80\", protocol: TCP}]}]}]}",
     "shop/web", "shop/db", "TCP 1-79,81-65535; UDP; SCTP; ICMP; ICMPv6; other protocols", kDeny},
    {"a broader deny beats a narrower allow (cilium #22314)", "shop",
     "spec: {endpointSelector: {}, egress: [{toCIDR: [20.1.1.0/24]}], egressDeny: [{toCIDR: "
     "[20.0.0.0/8]}]}",
     "shop/web", "20.1.1.0/24", "none", kDeny},
    {"deny of the world beats a CIDR (GHSA-3wwx-63fv-pfq6)", "shop",
     "spec: {endpointSelector: {}, egress: [{toCIDR: [20.1.1.0/24]}], egressDeny: [{toEntities: "
     "[world]}]}",
     "shop/web", "20.1.1.0/24", "none", kDeny},
    {"an empty deny rule denies nobody, but isolates", "shop",
     "spec: {endpointSelector: {}, ingressDeny: [{}], ingress: [{fromEndpoints: [{}]}]}",
     "shop/web", "shop/db", "all", kEntry},
    {"deny of [] denies nobody", "shop",
     "spec: {endpointSelector: {}, ingressDeny: [{fromEndpoints: []}], ingress: [{fromEndpoints: "
     "[{}]}]}",
     "shop/web", "shop/db", "all", kParse},
    {"deny of all", "shop",
     "spec: {endpointSelector: {}, ingress: [{fromEntities: [all]}], ingressDeny: [{fromEntities: "
     "[all], toPorts: [{ports: [{port: \"0\", protocol: UDP}]}]}]}",
     "shop/web", "shop/db", "TCP; SCTP; ICMP; ICMPv6; other protocols", kDeny},
};

class CiliumPorts : public ::testing::TestWithParam<CiliumRow> {};

TEST_P(CiliumPorts, Connections) { expect(GetParam()); }

INSTANTIATE_TEST_SUITE_P(Rows, CiliumPorts, ::testing::ValuesIn(kRows));

}  // namespace
}  // namespace tally::network_policy::testing

// What Cilium refuses: pkg/policy/api/rule_validation.go, the CRD's schema, and Parse of
// pkg/k8s/apis/cilium.io/v2 (Cilium 1.19). The policy is left out, the rest is answered.
#include <gtest/gtest.h>

#include <string>

#include "network_policy/testing/cluster.hpp"

namespace tally::network_policy {
namespace {

using testing::Cluster;

struct Bad {
  std::string_view body;
  std::string_view pointer;
  std::string_view message;
};

constexpr Bad kBad[] = {
    {"spec: null", "", "found neither"},
    {"spec: {ingress: [{}]}", "/spec", "must have an endpointSelector"},
    {"spec: {endpointSelector: {}, nodeSelector: {}, ingress: [{}]}", "/spec", "cannot have both"},
    {"spec: {nodeSelector: {}, ingress: [{}]}", "/spec/nodeSelector", "namespaced"},
    {"specs: [{endpointSelector: {}, ingress: [{}]}, {ingress: [{}]}]", "/specs/1", "must have"},
    {"spec: {endpointSelector: [], ingress: [{}]}", "/spec/endpointSelector", "label selector"},
    {"spec: {endpointSelector: {matchLabels: {a: 1}}, ingress: [{}]}",
     "/spec/endpointSelector/matchLabels", "expected a string"},
    {"spec: {endpointSelector: {matchLabels: {a: \"b c\"}}, ingress: [{}]}",
     "/spec/endpointSelector/matchLabels", ""},
    {"spec: {endpointSelector: {matchLabels: {\"k8s:a b\": c}}, ingress: [{}]}",
     "/spec/endpointSelector/matchLabels", ""},
    {"spec: {endpointSelector: {matchExpressions: [{key: a, operator: Gt, values: [\"1\"]}]}, "
     "ingress: [{}]}",
     "/spec/endpointSelector/matchExpressions/0", "In, NotIn"},
    {"spec: {endpointSelector: {matchExpressions: [{operator: Exists}]}, ingress: [{}]}",
     "/spec/endpointSelector/matchExpressions/0", "key"},
    {"spec: {endpointSelector: {matchExpressions: [{key: a, operator: In}]}, ingress: [{}]}",
     "/spec/endpointSelector/matchExpressions/0", ""},
    {"spec: {endpointSelector: {}, ingress: [{fromEndpoints: {}}]}",
     "/spec/ingress/0/fromEndpoints", "expected a list"},
    {"spec: {endpointSelector: {}, ingress: [{fromEndpoints: [{}], fromEntities: [all]}]}",
     "/spec/ingress/0", "combining fromEndpoints and fromEntities"},
    {"spec: {endpointSelector: {}, ingress: [{fromCIDR: [1.0.0.0/8], fromCIDRSet: [{cidr: "
     "1.0.0.0/8}]}]}",
     "/spec/ingress/0", "combining"},
    {"spec: {endpointSelector: {}, egress: [{toFQDNs: [{matchName: a}], toEndpoints: [{}]}]}",
     "/spec/egress/0", "combining"},
    {"spec: {endpointSelector: {}, egress: [{toServices: [{k8sService: {}}], toCIDR: "
     "[1.0.0.0/8]}]}",
     "/spec/egress/0", "combining"},
    {"spec: {endpointSelector: {}, ingress: [{fromEntities: [everything]}]}",
     "/spec/ingress/0/fromEntities/0", "unsupported entity"},
    {"spec: {endpointSelector: {}, ingress: [{fromEntities: [World]}]}",
     "/spec/ingress/0/fromEntities/0", "unsupported entity"},
    {"spec: {endpointSelector: {}, ingress: [{fromCIDR: [1.0.0]}]}", "/spec/ingress/0/fromCIDR/0",
     "invalid CIDR"},
    {"spec: {endpointSelector: {}, ingress: [{fromCIDRSet: [{cidr: 1.0.0.1}]}]}",
     "/spec/ingress/0/fromCIDRSet/0/cidr", "invalid CIDR"},
    {"spec: {endpointSelector: {}, ingress: [{fromCIDRSet: [{}]}]}",
     "/spec/ingress/0/fromCIDRSet/0", "exactly one"},
    {"spec: {endpointSelector: {}, ingress: [{fromCIDRSet: [{cidr: 1.0.0.0/8, cidrGroupRef: a}]}]}",
     "/spec/ingress/0/fromCIDRSet/0", "exactly one"},
    {"spec: {endpointSelector: {}, ingress: [{fromCIDRSet: [{cidr: 1.0.0.0/8, except: "
     "[2.0.0.0/16]}]}]}",
     "/spec/ingress/0/fromCIDRSet/0/except/0", "does not contain"},
    {"spec: {endpointSelector: {}, ingress: [{fromCIDRSet: [{cidr: 1.0.0.0/8, except: "
     "[0.0.0.0/0]}]}]}",
     "/spec/ingress/0/fromCIDRSet/0/except/0", "does not contain"},
    {"spec: {endpointSelector: {}, egress: [{toFQDNs: [{}]}]}", "/spec/egress/0/toFQDNs/0",
     "matchName"},
    {"spec: {endpointSelector: {}, egress: [{toServices: [{}]}]}", "/spec/egress/0/toServices/0",
     "k8sService"},
    {"spec: {endpointSelector: {}, egress: [{toServices: [{k8sServiceSelector: {}}]}]}",
     "/spec/egress/0/toServices/0/k8sServiceSelector", "selector"},
    {"spec: {endpointSelector: {}, ingress: [{toPorts: [{ports: [{}]}]}]}",
     "/spec/ingress/0/toPorts/0/ports/0", "must be specified"},
    {"spec: {endpointSelector: {}, ingress: [{toPorts: [{ports: [{port: 80}]}]}]}",
     "/spec/ingress/0/toPorts/0/ports/0/port", "expected a string"},
    {"spec: {endpointSelector: {}, ingress: [{toPorts: [{ports: [{port: \"65536\"}]}]}]}",
     "/spec/ingress/0/toPorts/0/ports/0/port", "from 0 to 65535"},
    {"spec: {endpointSelector: {}, ingress: [{toPorts: [{ports: [{port: \"-1\"}]}]}]}",
     "/spec/ingress/0/toPorts/0/ports/0/port", "from 0 to 65535"},
    {"spec: {endpointSelector: {}, ingress: [{toPorts: [{ports: [{port: http--x}]}]}]}",
     "/spec/ingress/0/toPorts/0/ports/0/port", "or a name"},
    {"spec: {endpointSelector: {}, ingress: [{toPorts: [{ports: [{port: "
     "a-name-that-is-too-long}]}]}]}",
     "/spec/ingress/0/toPorts/0/ports/0/port", "or a name"},
    {"spec: {endpointSelector: {}, ingress: [{toPorts: [{ports: [{port: \"80\", endPort: "
     "65536}]}]}]}",
     "/spec/ingress/0/toPorts/0/ports/0/endPort", "from 0 to 65535"},
    {"spec: {endpointSelector: {}, ingress: [{toPorts: [{ports: [{port: \"80\", protocol: "
     "HTTP}]}]}]}",
     "/spec/ingress/0/toPorts/0/ports/0/protocol", "expected TCP"},
    {"spec: {endpointSelector: {}, ingress: [{toPorts: [{ports: [{port: \"80\", protocol: "
     "VRRP}]}]}]}",
     "/spec/ingress/0/toPorts/0/ports/0/port", "absent or 0"},
    {"spec: {endpointSelector: {}, ingress: [{toPorts: [{ports: [{port: \"80\", protocol: UDP}], "
     "rules: {http: [{}]}}]}]}",
     "/spec/ingress/0/toPorts/0/ports/0", "TCP only"},
    {"spec: {endpointSelector: {}, ingress: [{toPorts: [{ports: [{port: \"0\", protocol: TCP}], "
     "rules: {http: [{}]}}]}]}",
     "/spec/ingress/0/toPorts/0/ports/0", "port 0"},
    {"spec: {endpointSelector: {}, ingress: [{toPorts: [{ports: [{port: \"80\", protocol: TCP}], "
     "rules: {http: [{}], kafka: [{}]}}]}]}",
     "/spec/ingress/0/toPorts/0/rules", "several kinds"},
    {"spec: {endpointSelector: {}, ingress: [{toPorts: [{ports: [{port: \"80\", protocol: TCP}], "
     "rules: {l7: [{a: b}]}}]}]}",
     "/spec/ingress/0/toPorts/0/rules", "l7proto"},
    {"spec: {endpointSelector: {}, ingress: [{toPorts: [{ports: [{port: \"53\"}], rules: {dns: "
     "[{matchName: a}]}}]}]}",
     "/spec/ingress/0/toPorts/0/rules/dns", "ingress"},
    {"spec: {endpointSelector: {}, egress: [{toPorts: [{rules: {dns: [{matchName: a}]}}]}]}",
     "/spec/egress/0/toPorts/0/rules/dns", "port 53"},
    {"spec: {endpointSelector: {}, egress: [{toPorts: [{ports: [{port: \"53\", endPort: 54}], "
     "rules: {dns: [{matchName: a}]}}]}]}",
     "/spec/egress/0/toPorts/0/ports/0/endPort", "port ranges"},
    {"spec: {endpointSelector: {}, ingress: [{toPorts: [{ports: [{port: \"80\"}], listener: "
     "{}}]}]}",
     "/spec/ingress/0/toPorts/0/listener", "ingress"},
    {"spec: {endpointSelector: {}, ingress: [{toPorts: [{ports: [{port: \"80\"}]}], icmps: "
     "[{fields: [{type: 8}]}]}]}",
     "/spec/ingress/0/icmps", "without toPorts"},
    {"spec: {endpointSelector: {}, ingress: [{icmps: [{fields: [{family: IPX, type: 8}]}]}]}",
     "/spec/ingress/0/icmps/0/fields/0/family", "IPv4 or IPv6"},
    {"spec: {endpointSelector: {}, ingress: [{icmps: [{fields: [{type: 256}]}]}]}",
     "/spec/ingress/0/icmps/0/fields/0/type", "from 0 to 255"},
    {"spec: {endpointSelector: {}, ingress: [{icmps: [{fields: [{type: PacketTooBig}]}]}]}",
     "/spec/ingress/0/icmps/0/fields/0/type", "or its name"},
    {"spec: {endpointSelector: {}, ingress: [{icmps: [{fields: [{}]}]}]}",
     "/spec/ingress/0/icmps/0/fields/0", "found none"},
};

constexpr std::string_view kPods = R"(
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {containers: [{name: a, image: a}]}
---
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: shop, labels: {app: db}}
spec: {containers: [{name: a, image: a}]}
---
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: good, namespace: shop}
spec: {endpointSelector: {matchLabels: {app: db}}, ingress: [{}]}
)";

TEST(CiliumRefused, Policies) {
  for (const Bad& bad : kBad) {
    const std::string text =
        "apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {name: p, namespace: "
        "shop}\n" +
        std::string(bad.body) + "\n";
    const Cluster cluster({kPods, text});
    const auto problems = cluster.policies().problems();
    const auto invalid =
        std::ranges::find(problems, LoadProblem::Kind::Invalid, &LoadProblem::kind);
    ASSERT_NE(invalid, problems.end()) << bad.body;
    EXPECT_EQ(invalid->pointer, bad.pointer) << bad.body << "\n" << invalid->message;
    EXPECT_TRUE(invalid->message.contains(bad.message)) << bad.body << "\n" << invalid->message;
    EXPECT_EQ(cluster.policies().policies().size(), 1U) << bad.body;
    EXPECT_EQ(cluster.between("shop/web", "shop/db"), "none") << bad.body;
  }
}

TEST(CiliumRefused, MorePortsThanFortyOne) {
  const auto with_ports = [](int count) {
    std::string ports;
    for (int i = 1; i <= count; ++i) {
      ports += (i == 1 ? "" : ", ") + std::string("{port: \"") + std::to_string(i) + "\"}";
    }
    return "apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {name: p, namespace: "
           "shop}\nspec: {endpointSelector: {}, ingress: [{toPorts: [{ports: [" +
           ports + "]}]}]}\n";
  };
  const std::string most = with_ports(40);
  EXPECT_TRUE(Cluster({kPods, most}).policies().problems().empty());
  const std::string more = with_ports(41);
  EXPECT_EQ(Cluster({kPods, more}).policies().problems().size(), 1U);
}

}  // namespace
}  // namespace tally::network_policy

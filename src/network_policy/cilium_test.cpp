// Default deny, selectors and subjects of CiliumNetworkPolicy: each row says what is in the file of
// Cilium 1.19 (github.com/cilium/cilium) that it names last.
#include "network_policy/testing/cilium.hpp"

namespace tally::network_policy::testing {
namespace {

constexpr CiliumRow kRows[] = {
    // Default deny.
    {"a rule section isolates in its direction", "shop",
     "spec: {endpointSelector: {}, ingress: [{}]}", "bank/ledger", "shop/db", "none", kIntro},
    {"and not in the other", "shop", "spec: {endpointSelector: {}, ingress: [{}]}", "shop/db",
     "bank/ledger", "all", kIntro},
    {"an empty list does not isolate", "shop", "spec: {endpointSelector: {}, ingress: []}",
     "bank/ledger", "shop/db", "all", "pkg/policy/api/rule.go"},
    {"no section at all has no effect", "shop", "spec: {endpointSelector: {}}", "bank/ledger",
     "shop/db", "all", kIntro},
    {"an empty rule allows nobody", "shop", "spec: {endpointSelector: {}, egress: [{}]}", "shop/db",
     "shop/web", "none", kEntry},
    {"a deny rule isolates too (cilium #20914)", "shop",
     "spec: {endpointSelector: {}, ingressDeny: [{fromEntities: [world]}]}", "bank/ledger",
     "shop/db", "none", kParse},
    {"enableDefaultDeny false: only what is denied is denied", "shop",
     "spec: {endpointSelector: {}, enableDefaultDeny: {ingress: false}, ingressDeny: "
     "[{fromEntities: "
     "[world]}]}",
     "bank/ledger", "shop/db", "all", kParse},
    {"enableDefaultDeny false: what is denied is denied", "shop",
     "spec: {endpointSelector: {}, enableDefaultDeny: {ingress: false}, ingressDeny: "
     "[{fromEndpoints: [{matchLabels: {io.kubernetes.pod.namespace: bank}}], toPorts: [{ports: "
     "[{port: \"80\", protocol: TCP}]}]}]}",
     "bank/ledger", "shop/db", "TCP 1-79,81-65535; UDP; SCTP; ICMP; ICMPv6; other protocols",
     kParse},
    {"enableDefaultDeny false: an allow changes nothing", "shop",
     "spec: {endpointSelector: {}, enableDefaultDeny: {ingress: false}, ingress: [{fromEntities: "
     "[world]}]}",
     "bank/ledger", "shop/db", "all", kParse},
    {"enableDefaultDeny of a direction without rules says nothing", "shop",
     "spec: {endpointSelector: {}, enableDefaultDeny: {egress: true}, ingress: [{}]}", "shop/db",
     "bank/ledger", "all", kParse},
    {"enableDefaultDeny of the other direction stays", "shop",
     "spec: {endpointSelector: {}, enableDefaultDeny: {egress: false}, ingress: [{}], egress: "
     "[{}]}",
     "bank/ledger", "shop/db", "none", kParse},

    // fromEndpoints and toEndpoints.
    {"[] selects nobody", "shop", "spec: {endpointSelector: {}, ingress: [{fromEndpoints: []}]}",
     "shop/web", "shop/db", "none", kParse},
    {"[] selects nobody, with ports too", "shop",
     "spec: {endpointSelector: {}, ingress: [{fromEndpoints: [], toPorts: [{ports: [{port: "
     "\"80\"}]}]}]}",
     "shop/web", "shop/db", "none", kParse},
    {"[{}] is every pod of the namespace", "shop",
     "spec: {endpointSelector: {}, ingress: [{fromEndpoints: [{}]}]}", "shop/web", "shop/db", "all",
     kUtils},
    {"[{}] is no pod of another namespace", "shop",
     "spec: {endpointSelector: {}, ingress: [{fromEndpoints: [{}]}]}", "bank/ledger", "shop/db",
     "none", kUtils},
    {"[{}] is not the world", "shop",
     "spec: {endpointSelector: {}, ingress: [{fromEndpoints: [{}]}]}", "20.0.0.0/8", "shop/db",
     "none", kUtils},
    {"clusterwide [{}] is every pod", "",
     "spec: {endpointSelector: {matchLabels: {app: db}}, ingress: [{fromEndpoints: [{}]}]}",
     "bank/ledger", "shop/db", "all", kUtils},
    {"clusterwide [{}] is not the world", "",
     "spec: {endpointSelector: {matchLabels: {app: db}}, ingress: [{fromEndpoints: [{}]}]}",
     "20.0.0.0/8", "shop/db", "none", kUtils},
    {"clusterwide [{}] is no pod on its node's network", "",
     "spec: {endpointSelector: {matchLabels: {app: db}}, ingress: [{fromEndpoints: [{}]}]}",
     "bank/agent", "shop/db", "none", kLayer3},
    {"labels", "shop",
     "spec: {endpointSelector: {}, ingress: [{fromEndpoints: [{matchLabels: {app: web}}]}]}",
     "shop/web", "shop/db", "all", kLayer3},
    {"labels mean the policy's namespace", "shop",
     "spec: {endpointSelector: {}, ingress: [{fromEndpoints: [{matchLabels: {app: ledger}}]}]}",
     "bank/ledger", "shop/db", "none", kKubernetes},
    {"unless they name one", "shop",
     "spec: {endpointSelector: {}, ingress: [{fromEndpoints: [{matchLabels: {app: ledger, "
     "io.kubernetes.pod.namespace: bank}}]}]}",
     "bank/ledger", "shop/db", "all", kKubernetes},
    {"with the source k8s", "shop",
     "spec: {endpointSelector: {}, ingress: [{fromEndpoints: [{matchLabels: {k8s:app: ledger, "
     "k8s:io.kubernetes.pod.namespace: bank}}]}]}",
     "bank/ledger", "shop/db", "all", kKubernetes},
    {"with the source any", "shop",
     "spec: {endpointSelector: {matchLabels: {any:app: db}}, ingress: [{fromEndpoints: "
     "[{matchLabels: {any:app: web}}]}]}",
     "shop/web", "shop/db", "all", "pkg/labels/labels.go"},
    {"another source is no label of a pod", "shop",
     "spec: {endpointSelector: {}, ingress: [{fromEndpoints: [{matchLabels: {container:app: "
     "web}}]}]}",
     "shop/web", "shop/db", "none", "pkg/labels/labels.go"},
    {"every namespace, by Exists", "shop",
     "spec: {endpointSelector: {}, ingress: [{fromEndpoints: [{matchExpressions: [{key: "
     "k8s:io.kubernetes.pod.namespace, operator: Exists}]}]}]}",
     "bank/ledger", "shop/db", "all", kUtils},
    {"another namespace, by NotIn", "shop",
     "spec: {endpointSelector: {}, ingress: [{fromEndpoints: [{matchExpressions: [{key: "
     "io.kubernetes.pod.namespace, operator: NotIn, values: [bank]}]}]}]}",
     "bank/ledger", "shop/db", "none", kUtils},
    {"labels of a namespace", "shop",
     "spec: {endpointSelector: {}, ingress: [{fromEndpoints: [{matchLabels: "
     "{k8s:io.cilium.k8s.namespace.labels.team: money}}]}]}",
     "bank/ledger", "shop/db", "all", kUtils},
    {"labels of another namespace", "shop",
     "spec: {endpointSelector: {}, ingress: [{fromEndpoints: [{matchLabels: "
     "{io.cilium.k8s.namespace.labels.team: money}}]}]}",
     "shop/web", "shop/db", "none", kUtils},
    {"the name of a namespace, by its label", "shop",
     "spec: {endpointSelector: {}, ingress: [{fromEndpoints: [{matchLabels: "
     "{io.cilium.k8s.namespace.labels.kubernetes.io/metadata.name: bare}}]}]}",
     "bare/guest", "shop/db", "all", kUtils},
    {"labels of a namespace that is not in the input", "shop",
     "spec: {endpointSelector: {}, ingress: [{fromEndpoints: [{matchLabels: "
     "{io.cilium.k8s.namespace.labels.team: money}}]}]}",
     "bare/guest", "shop/db", "none ?all", kUtils},
    {"a service account", "",
     "spec: {endpointSelector: {matchLabels: {io.cilium.k8s.policy.serviceaccount: keeper}}, "
     "ingress: [{}]}",
     "shop/web", "shop/db", "none", kKubernetes},
    {"another service account", "",
     "spec: {endpointSelector: {matchLabels: {io.cilium.k8s.policy.serviceaccount: keeper}}, "
     "ingress: [{}]}",
     "shop/db", "shop/web", "all", kKubernetes},
    {"the name of the cluster is not known", "shop",
     "spec: {endpointSelector: {}, ingress: [{fromEndpoints: [{matchLabels: {app: web, "
     "io.cilium.k8s.policy.cluster: north}}]}]}",
     "shop/web", "shop/db", "none ?all", kKubernetes},
    {"some labels are no part of an identity", "shop",
     "spec: {endpointSelector: {}, ingress: [{fromEndpoints: [{matchLabels: {kubernetes.io/role: "
     "x}}]}]}",
     "shop/web", "shop/db", "none", kLabels},
    {"app.kubernetes.io is", "shop",
     "spec: {endpointSelector: {}, ingress: [{fromEndpoints: [{matchLabels: "
     "{app.kubernetes.io/name: web}}]}]}",
     "shop/web", "shop/db", "all", kLabels},
    {"NotIn matches who has no such label", "shop",
     "spec: {endpointSelector: {}, ingress: [{fromEndpoints: [{matchExpressions: [{key: tier, "
     "operator: NotIn, values: [back]}]}]}]}",
     "shop/web", "shop/db", "all", kLayer3},
    {"DoesNotExist", "shop",
     "spec: {endpointSelector: {}, ingress: [{fromEndpoints: [{matchExpressions: [{key: tier, "
     "operator: DoesNotExist}]}]}]}",
     "shop/web", "shop/db", "none", kLayer3},
    {"a reserved label is an entity", "shop",
     "spec: {endpointSelector: {}, ingress: [{fromEndpoints: [{matchLabels: {reserved:world: "
     "\"\"}}]}]}",
     "20.0.0.0/8", "shop/db", "all", kUtils},
    {"a reserved label is no pod", "shop",
     "spec: {endpointSelector: {}, ingress: [{fromEndpoints: [{matchLabels: {reserved:host: "
     "\"\"}}]}]}",
     "shop/web", "shop/db", "none", kUtils},
    {"egress needs both sides", "shop",
     "spec: {endpointSelector: {matchLabels: {app: web}}, egress: [{toEndpoints: [{matchLabels: "
     "{app: db}}]}]}",
     "shop/web", "shop/db", "all", kLayer3},
    {"egress elsewhere is denied", "shop",
     "spec: {endpointSelector: {matchLabels: {app: web}}, egress: [{toEndpoints: [{matchLabels: "
     "{app: db}}]}]}",
     "shop/web", "bank/ledger", "none", kLayer3},

    // Subjects.
    {"endpointSelector stays in the namespace", "shop",
     "spec: {endpointSelector: {}, ingress: [{}]}", "shop/web", "bank/ledger", "all", kKubernetes},
    {"whatever namespace it names", "shop",
     "spec: {endpointSelector: {matchLabels: {k8s:io.kubernetes.pod.namespace: bank}}, ingress: "
     "[{}]}",
     "bank/ledger", "shop/db", "none", kUtils},
    {"clusterwide selects everywhere", "", "spec: {endpointSelector: {}, ingress: [{}]}",
     "shop/web", "bank/ledger", "none", kKubernetes},
    {"but no pod on its node's network", "", "spec: {endpointSelector: {}, egress: [{}]}",
     "bank/agent", "20.0.0.0/8", "all", "Documentation/security/policy/host.rst"},
    {"a host policy selects no pod", "", "spec: {nodeSelector: {}, ingress: [{}], egress: [{}]}",
     "shop/web", "bank/ledger", "all", "Documentation/security/policy/host.rst"},
    {"specs are rules of their own", "shop",
     "specs: [{endpointSelector: {matchLabels: {app: db}}, ingress: [{fromEndpoints: [{}]}]}, "
     "{endpointSelector: {matchLabels: {app: web}}, ingress: [{}]}]",
     "shop/web", "shop/db", "all", "pkg/k8s/apis/cilium.io/v2/cnp_types.go"},
    {"spec and specs together", "shop",
     "spec: {endpointSelector: {matchLabels: {app: db}}, ingress: [{}]}\nspecs: "
     "[{endpointSelector: {matchLabels: {app: db}}, ingress: [{fromEndpoints: [{matchLabels: "
     "{app: web}}]}]}]",
     "shop/web", "shop/db", "all", "pkg/k8s/apis/cilium.io/v2/cnp_types.go"},
};

class CiliumSelectors : public ::testing::TestWithParam<CiliumRow> {};

TEST_P(CiliumSelectors, Connections) { expect(GetParam()); }

INSTANTIATE_TEST_SUITE_P(Rows, CiliumSelectors, ::testing::ValuesIn(kRows));

TEST(Cilium, StandsInOneTierWithNetworkPolicies) {
  const std::string cilium = cilium_policy(
      "shop",
      "spec: {endpointSelector: {}, ingressDeny: [{fromEntities: [all], toPorts: [{ports: [{port: "
      "\"80\", protocol: TCP}]}]}], ingress: [{toPorts: [{ports: [{port: \"443\", protocol: "
      "TCP}]}]}]}");
  const std::string plain =
      "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: a, namespace: "
      "shop}\nspec: {podSelector: {}, ingress: [{ports: [{port: 80}, {port: 81}]}]}\n";
  EXPECT_EQ(Cluster({kCiliumPods, cilium, plain}).between("bank/ledger", "shop/db"), "TCP 81,443");
}

TEST(Cilium, SaysWhatItDoesNotJudge) {
  struct Noted {
    std::string_view body;
    std::string_view pointer;
    std::string_view message;
  };
  constexpr Noted kNoted[] = {
      {"spec: {endpointSelector: {}, ingress: [{fromEndpoints: [{}], toPorts: [{ports: [{port: "
       "\"80\", protocol: TCP}], rules: {http: [{}]}}]}]}",
       "/spec/ingress/0/toPorts/0/rules", "layer 7 rules (http)"},
      {"spec: {endpointSelector: {}, ingress: [{fromPods: [{}]}]}", "/spec/ingress/0", "fromPods"},
      {"spec: {endpointSelector: {}, ingress: [{authentication: {mode: required}, fromEntities: "
       "[all]}]}",
       "/spec/ingress/0/authentication", "authentication"},
      {"spec: {endpointSelector: {}, egress: [{toCIDRSet: [{cidrGroupRef: gone}]}]}",
       "/spec/egress/0/toCIDRSet/0/cidrGroupRef", "no CiliumCIDRGroup"},
      {"spec: {endpointSelector: {}, egress: [{toServices: [{k8sService: {serviceName: gone}}]}]}",
       "/spec/egress/0/toServices/0", "no such Service"},
      {"spec: {endpointSelector: {}, egress: [{toRequires: [{}]}]}", "/spec/egress/0/toRequires",
       "1.19"},
      {"spec: {endpointSelector: {matchLabels: {k8s:io.kubernetes.pod.namespace: bank}}, egress: "
       "[{}]}",
       "/spec/endpointSelector/matchLabels", "namespace"},
      {"spec: {endpointSelector: {}, egress: [{toPorts: [{}]}]}", "/spec/egress/0/toPorts/0",
       "no ports"},
      {"spec: {endpointSelector: {}, egress: [{toPorts: [{ports: [{port: \"443\", protocol: TCP}], "
       "serverNames: [a.b]}]}]}",
       "/spec/egress/0/toPorts/0/serverNames", "serverNames"},
      {"spec: {endpointSelector: {}, egress: [{toPorts: [{ports: [{port: web, endPort: 9}]}]}]}",
       "/spec/egress/0/toPorts/0/ports/0/endPort", "endPort"},
      {"spec: {endpointSelector: {}, egressDeny: [{toFQDNs: [{matchName: a.b}]}]}",
       "/spec/egressDeny/0/toFQDNs", "toFQDNs"},
      {"spec: {endpointSelector: {}}", "/spec", "no effect"},
  };
  for (const Noted& noted : kNoted) {
    const std::string text = cilium_policy("shop", noted.body);
    const Cluster cluster({kCiliumPods, text});
    ASSERT_EQ(cluster.policies().problems().size(), 1U) << noted.body;
    const LoadProblem& problem = cluster.policies().problems().front();
    EXPECT_EQ(problem.kind, LoadProblem::Kind::Ignored) << noted.body;
    EXPECT_EQ(problem.pointer, noted.pointer) << noted.body;
    EXPECT_TRUE(problem.message.contains(noted.message)) << problem.message;
  }
}

}  // namespace
}  // namespace tally::network_policy::testing

// What lint says about policies: one row a reading, and at least as many where it must be silent.
#include <gtest/gtest.h>

#include "reachability/lint/testing/linted.hpp"

namespace tally::reachability {
namespace {

using testing::check;
using testing::deployment;
using testing::Linted;
using testing::name_space;
using testing::policy;

const std::string kWeb =
    deployment("shop", "web", "app: web", "        ports: [{name: http, containerPort: 8080}]\n");
const std::string kDb =
    deployment("shop", "db", "app: db", "        ports: [{name: sql, containerPort: 5432}]\n");
const std::string kFront = deployment("front", "proxy", "app: proxy");
const std::string kNamespaces = name_space("shop", "team: a") + name_space("front", "team: b");

TEST(LintPolicies, PeersOrAnd) {
  const auto two = [](std::string_view first, std::string_view second) {
    return policy("shop", "p",
                  "  podSelector: {}\n  ingress:\n  - from:\n    - " + std::string(first) +
                      "\n    - " + std::string(second) + "\n");
  };
  const std::string by_namespace = "namespaceSelector: {matchLabels: {team: b}}";
  const std::string by_pod = "podSelector: {matchLabels: {app: proxy}}";
  check({
      {"the dash that makes OR", "peers-or-and",
       kNamespaces + kWeb + kFront + two(by_namespace, by_pod), "medium /spec/ingress/0/from/1"},
      {"the other order", "peers-or-and", kNamespaces + kWeb + kFront + two(by_pod, by_namespace),
       "medium /spec/ingress/0/from/1"},
      {"nothing known", "peers-or-and", two(by_namespace, by_pod), "medium /spec/ingress/0/from/1"},
      {"both places have such pods", "peers-or-and",
       kNamespaces + kFront + deployment("shop", "proxy", "app: proxy") + two(by_namespace, by_pod),
       "low /spec/ingress/0/from/1"},
      {"own pods only: OR is meant", "peers-or-and",
       kNamespaces + kWeb + kFront + two(by_namespace, "podSelector: {matchLabels: {app: web}}"),
       ""},
      {"AND", "peers-or-and",
       policy("shop", "p",
              "  podSelector: {}\n  ingress:\n  - from:\n    - " + by_namespace + "\n      " +
                  by_pod + "\n"),
       ""},
      {"every pod of the own namespace", "peers-or-and", two(by_namespace, "podSelector: {}"), ""},
      {"every namespace", "peers-or-and", two("namespaceSelector: {}", by_pod), ""},
      {"a block", "peers-or-and", two("ipBlock: {cidr: 10.0.0.0/8}", by_pod), ""},
      {"two namespaces", "peers-or-and", two(by_namespace, by_namespace), ""},
      {"two rules", "peers-or-and",
       policy("shop", "p",
              "  podSelector: {}\n  ingress:\n  - from: [{" + by_namespace + "}]\n  - from: [{" +
                  by_pod + "}]\n"),
       ""},
  });
  const Linted linted(kNamespaces + kWeb + kFront + deployment("front", "cache", "app: cache") +
                      two(by_namespace, by_pod));
  EXPECT_NE(linted.messages("peers-or-and").find("Witness: Deployment front/cache"),
            std::string::npos)
      << linted.messages("peers-or-and");
}

TEST(LintPolicies, Dns) {
  const auto egress = [](std::string_view rules) {
    return policy("shop", "p",
                  "  podSelector: {}\n  policyTypes: [Egress]\n  egress:\n" + std::string(rules));
  };
  check({
      {"to: []", "dns-to-everywhere",
       egress("  - to: []\n    ports: [{protocol: UDP, port: 53}]\n"), "medium /spec/egress/0/to"},
      {"no to", "dns-to-everywhere",
       egress("  - ports: [{protocol: UDP, port: 53}, {protocol: TCP, port: 53}]\n"),
       "medium /spec/egress/0"},
      {"the whole world as a block", "dns-to-everywhere",
       egress("  - to: [{ipBlock: {cidr: 0.0.0.0/0}}]\n    ports: [{protocol: UDP, port: 53}]\n"),
       "medium /spec/egress/0/to/0"},
      {"to a namespace", "dns-to-everywhere",
       egress("  - to: [{namespaceSelector: {}}]\n    ports: [{protocol: UDP, port: 53}]\n"), ""},
      {"to an address", "dns-to-everywhere",
       egress("  - to: [{ipBlock: {cidr: 169.254.20.10/32}}]\n    ports: [{protocol: UDP, port: "
              "53}]\n"),
       ""},
      {"everything is open anyway", "dns-to-everywhere", egress("  - {}\n"), ""},
      {"another port", "dns-to-everywhere", egress("  - ports: [{protocol: TCP, port: 443}]\n"),
       ""},
      {"ingress", "dns-to-everywhere",
       policy("shop", "p",
              "  podSelector: {}\n  ingress:\n  - ports: [{protocol: UDP, port: 53}]\n"),
       ""},
      {"UDP only", "dns-without-tcp",
       egress("  - to: [{namespaceSelector: {}}]\n    ports: [{protocol: UDP, port: 53}]\n"),
       "low /spec/egress/0/ports/0"},
      {"both", "dns-without-tcp",
       egress("  - to: [{namespaceSelector: {}}]\n    ports: [{protocol: UDP, port: 53}, {port: "
              "53}]\n"),
       ""},
      {"TCP in another rule", "dns-without-tcp",
       egress("  - ports: [{protocol: UDP, port: 53}]\n  - ports: [{port: 53}]\n"), ""},
      {"a range", "dns-without-tcp",
       egress("  - ports: [{protocol: UDP, port: 53}, {port: 1, endPort: 100}]\n"), ""},
      {"TCP in another policy", "dns-without-tcp",
       kWeb + egress("  - ports: [{protocol: UDP, port: 53}]\n") +
           policy(
               "shop", "q",
               "  podSelector: {}\n  policyTypes: [Egress]\n  egress:\n  - ports: [{port: 53}]\n"),
       ""},
      {"every port", "dns-without-tcp", egress("  - to: [{namespaceSelector: {}}]\n"), ""},
  });
}

TEST(LintPolicies, PolicyTypes) {
  const auto with = [](std::string_view name, std::string_view spec) {
    return kWeb + policy("shop", name, spec);
  };
  check({
      {"deny all without types", "egress-left-open",
       with("default-deny-all", "  podSelector: {}\n"), "medium /spec"},
      {"an empty list of egress rules", "egress-left-open",
       with("p", "  podSelector: {}\n  ingress: []\n  egress: []\n"), "medium /spec/egress"},
      {"ingress rules", "egress-left-open",
       with("p", "  podSelector: {}\n  ingress: [{from: [{podSelector: {}}]}]\n"), "info /spec"},
      {"types", "egress-left-open",
       with("default-deny-all", "  podSelector: {}\n  policyTypes: [Ingress, Egress]\n"), ""},
      {"only ingress, said", "egress-left-open",
       with("deny-ingress", "  podSelector: {}\n  policyTypes: [Ingress]\n"), ""},
      {"egress rules", "egress-left-open",
       with("deny", "  podSelector: {}\n  egress: [{to: [{podSelector: {}}]}]\n"), ""},
      {"another policy isolates egress", "egress-left-open",
       with("default-deny-all", "  podSelector: {}\n") +
           policy("shop", "q", "  podSelector: {}\n  policyTypes: [Egress]\n"),
       ""},
      {"nothing is known of its pods", "egress-left-open",
       policy("shop", "p", "  podSelector: {}\n  ingress: [{from: [{podSelector: {}}]}]\n"), ""},
  });
}

TEST(LintPolicies, Labels) {
  const auto from = [](std::string_view peer) {
    return policy("shop", "p",
                  "  podSelector: {}\n  ingress:\n  - from:\n    - " + std::string(peer) + "\n");
  };
  check({
      {"name where metadata.name was meant", "namespace-label-unknown",
       kNamespaces + from("namespaceSelector: {matchLabels: {name: front}}"),
       "medium /spec/ingress/0/from/0/namespaceSelector"},
      {"a label that nobody has", "namespace-label-unknown",
       kNamespaces + from("namespaceSelector: {matchLabels: {team: z}}"),
       "low /spec/ingress/0/from/0/namespaceSelector"},
      {"alone", "namespace-label-unknown", from("namespaceSelector: {matchLabels: {name: front}}"),
       "info /spec/ingress/0/from/0/namespaceSelector"},
      {"some namespace is not known", "namespace-label-unknown",
       kNamespaces + deployment("other", "x", "app: x") +
           from("namespaceSelector: {matchLabels: {team: z}}"),
       "info /spec/ingress/0/from/0/namespaceSelector"},
      {"a label that is there", "namespace-label-unknown",
       kNamespaces + from("namespaceSelector: {matchLabels: {team: b}}"), ""},
      {"the name that the server sets", "namespace-label-unknown",
       kNamespaces + from("namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: front}}"),
       ""},
      {"every namespace", "namespace-label-unknown", kNamespaces + from("namespaceSelector: {}"),
       ""},
      {"alone, and nobody knows", "namespace-label-unknown",
       from("namespaceSelector: {matchLabels: {team: z}}"), ""},
      {"alone, by the name that the server sets", "namespace-label-unknown",
       from("namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: front}}"), ""},
      {"no pod of the namespace", "pod-label-unknown",
       kWeb + from("podSelector: {matchLabels: {app: nobody}}"),
       "low /spec/ingress/0/from/0/podSelector"},
      {"pods of another namespace", "pod-label-unknown",
       kWeb + kFront + from("podSelector: {matchLabels: {app: proxy}}"),
       "medium /spec/ingress/0/from/0/podSelector"},
      {"no pod of those namespaces", "pod-label-unknown",
       kNamespaces + kWeb + kFront +
           from("namespaceSelector: {matchLabels: {team: b}}\n      podSelector: {matchLabels: "
                "{app: web}}"),
       "medium /spec/ingress/0/from/0/podSelector"},
      {"there is one", "pod-label-unknown", kWeb + from("podSelector: {matchLabels: {app: web}}"),
       ""},
      {"one in those namespaces", "pod-label-unknown",
       kNamespaces + kFront +
           from("namespaceSelector: {matchLabels: {team: b}}\n      podSelector: {matchLabels: "
                "{app: proxy}}"),
       ""},
      {"alone", "pod-label-unknown", from("podSelector: {matchLabels: {app: web}}"), ""},
      {"every namespace, of which the input holds some", "pod-label-unknown",
       kWeb + from("namespaceSelector: {}\n      podSelector: {matchLabels: {k8s-app: kube-dns}}"),
       ""},
      {"labels of the namespace are not known", "pod-label-unknown",
       kWeb + kFront +
           from("namespaceSelector: {matchLabels: {team: b}}\n      podSelector: {matchLabels: "
                "{app: z}}"),
       ""},
      {"labels of the Deployment do not count", "pod-label-unknown",
       kWeb +
           "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: q, namespace: shop, "
           "labels: {app: queue}}\nspec: {template: {metadata: {labels: {x: y}}, spec: "
           "{containers: [{name: a, image: a:1}]}}}\n" +
           from("podSelector: {matchLabels: {app: queue}}"),
       "low /spec/ingress/0/from/0/podSelector"},
  });
}

TEST(LintPolicies, SelectsNothing) {
  const auto of = [](std::string_view space, std::string_view labels) {
    return policy(space, "p", "  podSelector: {matchLabels: {" + std::string(labels) + "}}\n");
  };
  check({
      {"like-named namespace", "policy-selects-nothing",
       deployment("payments-restricted", "processor", "x: y") + of("payments", "app: processor"),
       "high /spec/podSelector"},
      {"a namespace of a name that resembles it, with that workload", "policy-selects-nothing",
       deployment("payments", "processor", "x: y") + of("payment-services", "app: processor"),
       "high /spec/podSelector"},
      {"with other workloads", "policy-selects-nothing",
       deployment("payments", "web", "x: y") + of("payment-services", "app: processor"),
       "info /spec/podSelector"},
      {"workloads, none of them", "policy-selects-nothing", kWeb + kDb + of("shop", "app: z"),
       "medium /spec/podSelector"},
      {"alone", "policy-selects-nothing", of("shop", "app: z"), "info /spec/podSelector"},
      {"another namespace only", "policy-selects-nothing", kFront + of("shop", "app: z"),
       "info /spec/podSelector"},
      {"a cluster-wide policy", "policy-selects-nothing",
       kWeb + "---\napiVersion: policy.networking.k8s.io/v1alpha1\nkind: AdminNetworkPolicy\n"
              "metadata: {name: p}\nspec:\n  priority: 5\n  subject: {namespaces: {matchLabels: "
              "{kubernetes.io/metadata.name: nowhere}}}\n  ingress: [{action: Deny, from: "
              "[{namespaces: {}}]}]\n",
       "medium /spec"},
      {"one is selected", "policy-selects-nothing", kWeb + kDb + of("shop", "app: web"), ""},
      {"every pod", "policy-selects-nothing", kWeb + policy("shop", "p", "  podSelector: {}\n"),
       ""},
      {"pods on the node's network are another matter", "policy-selects-nothing",
       deployment("shop", "agent", "app: agent", "", "      hostNetwork: true\n") +
           of("shop", "app: agent"),
       ""},
      {"which is said", "host-network-not-governed",
       deployment("shop", "agent", "app: agent", "", "      hostNetwork: true\n") +
           of("shop", "app: agent"),
       "medium /spec/podSelector"},
      {"not of others", "host-network-not-governed", kWeb + of("shop", "app: web"), ""},
  });
  const Linted linted(deployment("payments-restricted", "processor", "x: y") +
                      of("payments", "app: processor"));
  EXPECT_EQ(linted.messages("policy-selects-nothing"),
            "the policy protects nothing: it lives in namespace payments, where the input has no "
            "workload; Deployment processor is in namespace payments-restricted, and its pod "
            "template has no label \"app\"");
}

TEST(LintPolicies, NotIsolated) {
  const std::string deny = "  podSelector: {}\n  policyTypes: [Ingress, Egress]\n";
  check({
      {"no policy at all", "workloads-not-isolated", kWeb + kDb, "low "},
      {"a policy elsewhere", "workloads-not-isolated", kWeb + kFront + policy("front", "p", deny),
       "medium "},
      {"one of two", "workloads-not-isolated",
       kWeb + kDb +
           policy("shop", "p",
                  "  podSelector: {matchLabels: {app: web}}\n  policyTypes: [Ingress, "
                  "Egress]\n"),
       "medium "},
      {"ingress only", "workloads-not-isolated", kWeb + policy("shop", "p", "  podSelector: {}\n"),
       "low "},
      {"the platform", "workloads-not-isolated",
       deployment("kube-system", "dns", "a: b") + kWeb + policy("shop", "p", deny), "info "},
      {"all", "workloads-not-isolated", kWeb + kDb + policy("shop", "p", deny), ""},
      {"two policies together", "workloads-not-isolated",
       kWeb + policy("shop", "p", "  podSelector: {}\n") +
           policy("shop", "q", "  podSelector: {}\n  policyTypes: [Egress]\n"),
       ""},
      {"on the node's network", "workloads-not-isolated",
       deployment("shop", "agent", "app: agent", "", "      hostNetwork: true\n"), ""},
      {"nothing there", "workloads-not-isolated", policy("shop", "p", deny), ""},
  });
}

}  // namespace
}  // namespace tally::reachability

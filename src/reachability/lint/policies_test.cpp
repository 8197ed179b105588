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

TEST(LintPolicies, Blocks) {
  const auto egress = [](std::string_view block, std::string_view ports = "") {
    return policy("shop", "p",
                  "  podSelector: {}\n  policyTypes: [Egress]\n  egress:\n  - to: [{ipBlock: " +
                      std::string(block) + "}]\n" + std::string(ports));
  };
  check({
      {"outside", "except-outside-cidr", egress("{cidr: 10.0.0.0/8, except: [192.168.0.0/16]}"),
       "high /spec/egress/0/to/0/ipBlock/except/0"},
      {"the other family", "except-outside-cidr",
       egress("{cidr: 10.0.0.0/8, except: ['fd00::/8']}"),
       "high /spec/egress/0/to/0/ipBlock/except/0"},
      {"wider", "except-outside-cidr", egress("{cidr: 10.0.0.0/16, except: [10.0.0.0/8]}"),
       "high /spec/egress/0/to/0/ipBlock/except/0"},
      {"within", "except-outside-cidr", egress("{cidr: 10.0.0.0/8, except: [10.1.0.0/16]}"), ""},
      {"said once", "policy-not-applied", egress("{cidr: 10.0.0.0/8, except: [192.168.0.0/16]}"),
       ""},
      {"not a block", "except-outside-cidr", egress("{cidr: 10.0.0.0/8, except: [nonsense]}"), ""},
      {"which another check says", "policy-not-applied",
       egress("{cidr: 10.0.0.0/8, except: [nonsense]}"),
       "high /spec/egress/0/to/0/ipBlock/except/0"},
      {"the world", "broad-cidr", egress("{cidr: 0.0.0.0/0}"),
       "medium /spec/egress/0/to/0/ipBlock/cidr"},
      {"the world on one port", "broad-cidr",
       egress("{cidr: 0.0.0.0/0}", "    ports: [{port: 443}]\n"),
       "low /spec/egress/0/to/0/ipBlock/cidr"},
      {"the world without private networks", "broad-cidr",
       egress("{cidr: 0.0.0.0/0, except: [10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16]}"),
       "info /spec/egress/0/to/0/ipBlock/cidr"},
      {"IPv6", "broad-cidr", egress("{cidr: '::/0'}"), "medium /spec/egress/0/to/0/ipBlock/cidr"},
      {"a network", "broad-cidr", egress("{cidr: 10.0.0.0/8}"), ""},
      {"an address", "broad-cidr", egress("{cidr: 10.0.0.1/32}"), ""},
      {"DNS is another finding", "broad-cidr",
       egress("{cidr: 0.0.0.0/0}", "    ports: [{protocol: UDP, port: 53}]\n"), ""},
      {"a direction that does not apply", "broad-cidr",
       policy("shop", "p",
              "  podSelector: {}\n  policyTypes: [Ingress]\n  egress:\n  - to: [{ipBlock: {cidr: "
              "0.0.0.0/0}}]\n"),
       ""},
  });
}

TEST(LintPolicies, Metadata) {
  const auto egress = [](std::string_view rule) {
    return kWeb + policy("shop", "p",
                         "  podSelector: {}\n  policyTypes: [Egress]\n  egress:\n  - " +
                             std::string(rule) + "\n");
  };
  check({
      {"everybody", "cloud-metadata-reachable", egress("{}"), "medium /spec/egress/0"},
      {"a block that holds it", "cloud-metadata-reachable",
       egress("to: [{ipBlock: {cidr: 169.254.0.0/16}}]"), "medium /spec/egress/0"},
      {"IPv6", "cloud-metadata-reachable", egress("to: [{ipBlock: {cidr: 'fd00::/8'}}]"),
       "medium /spec/egress/0"},
      {"without workloads", "cloud-metadata-reachable",
       policy("shop", "p", "  podSelector: {}\n  policyTypes: [Egress]\n  egress: [{}]\n"),
       "info /spec/egress/0"},
      {"left out", "cloud-metadata-reachable",
       egress("to: [{ipBlock: {cidr: 0.0.0.0/0, except: [169.254.0.0/16, 100.64.0.0/10, "
              "192.0.0.192/32]}}]"),
       ""},
      {"another port", "cloud-metadata-reachable", egress("ports: [{port: 443}]"), ""},
      {"pods only", "cloud-metadata-reachable", egress("to: [{namespaceSelector: {}}]"), ""},
      {"not isolated at all is another finding", "cloud-metadata-reachable", kWeb, ""},
      {"denied for the cluster", "cloud-metadata-reachable",
       egress("to: [{ipBlock: {cidr: 169.254.169.254/32}}]") +
           "---\napiVersion: policy.networking.k8s.io/v1alpha1\nkind: AdminNetworkPolicy\n"
           "metadata: {name: p}\nspec:\n  priority: 5\n  subject: {namespaces: {}}\n  egress: "
           "[{action: Deny, to: [{networks: [169.254.169.254/32]}]}]\n",
       ""},
  });
}

TEST(LintPolicies, Ports) {
  const std::string service =
      "---\napiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: shop}\nspec:\n  "
      "selector: {app: web}\n  ports: [{port: 80, targetPort: http}]\n";
  const auto ingress = [](std::string_view ports) {
    return policy("shop", "p",
                  "  podSelector: {matchLabels: {app: web}}\n  ingress:\n  - ports: [" +
                      std::string(ports) + "]\n");
  };
  check({
      {"the Service's port", "service-port-meant", kWeb + service + ingress("{port: 80}"),
       "medium /spec/ingress/0/ports/0/port"},
      {"in egress", "service-port-meant",
       kWeb + kDb + service +
           policy(
               "shop", "p",
               "  podSelector: {matchLabels: {app: db}}\n  policyTypes: [Egress]\n  egress:\n  - "
               "to: [{podSelector: {matchLabels: {app: web}}}]\n    ports: [{port: 80}]\n"),
       "medium /spec/egress/0/ports/0/port"},
      {"the pod's port", "service-port-meant", kWeb + service + ingress("{port: 8080}"), ""},
      {"both", "service-port-meant", kWeb + service + ingress("{port: 80}, {port: 8080}"), ""},
      {"by name", "service-port-meant", kWeb + service + ingress("{port: http}"), ""},
      {"no Service", "service-port-meant", kWeb + ingress("{port: 80}"), ""},
      {"another protocol", "service-port-meant",
       kWeb + service + ingress("{protocol: UDP, port: 80}"), ""},
      {"a pod that has it", "service-port-meant",
       deployment("shop", "web", "app: web", "        ports: [{containerPort: 80}]\n") +
           "---\napiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: shop}\nspec:\n  "
           "selector: {app: web}\n  ports: [{port: 80, targetPort: 8080}]\n" +
           ingress("{port: 80}"),
       ""},
      {"a name that no pod has", "named-port-absent", kWeb + ingress("{port: metrics}"),
       "medium /spec/ingress/0/ports/0/port"},
      {"another protocol of the name", "named-port-absent",
       kWeb + ingress("{protocol: UDP, port: http}"), "medium /spec/ingress/0/ports/0/port"},
      {"a name that is there", "named-port-absent", kWeb + ingress("{port: http}"), ""},
      {"no pod at all", "named-port-absent", ingress("{port: metrics}"), ""},
      {"a restartable init container's", "named-port-absent",
       deployment("shop", "web", "app: web", "",
                  "      initContainers: [{name: s, image: a:1, restartPolicy: Always, ports: "
                  "[{name: metrics, containerPort: 9}]}]\n") +
           ingress("{port: metrics}"),
       ""},
      {"an init container's", "named-port-absent",
       deployment("shop", "web", "app: web", "",
                  "      initContainers: [{name: s, image: a:1, ports: [{name: metrics, "
                  "containerPort: 9}]}]\n") +
           ingress("{port: metrics}"),
       "medium /spec/ingress/0/ports/0/port"},
  });
}

TEST(LintPolicies, OneSided) {
  const std::string deny =
      policy("shop", "deny", "  podSelector: {}\n  policyTypes: [Ingress, Egress]\n");
  const std::string in = policy("shop", "in",
                                "  podSelector: {matchLabels: {app: db}}\n  ingress:\n  - from: "
                                "[{podSelector: {matchLabels: {app: web}}}]\n    ports: [{port: "
                                "5432}]\n");
  const std::string out = policy("shop", "out",
                                 "  podSelector: {matchLabels: {app: web}}\n  policyTypes: "
                                 "[Egress]\n  egress:\n  - to: [{podSelector: {matchLabels: {app: "
                                 "db}}}]\n    ports: [{port: 5432}]\n");
  check({
      {"ingress only", "one-sided-rule", kWeb + kDb + deny + in, "medium /spec/ingress/0"},
      {"egress only", "one-sided-rule", kWeb + kDb + deny + out, "medium /spec/egress/0"},
      {"other ports", "one-sided-rule",
       kWeb + kDb + deny + in +
           policy(
               "shop", "out",
               "  podSelector: {matchLabels: {app: web}}\n  policyTypes: [Egress]\n  egress:\n  - "
               "to: [{podSelector: {matchLabels: {app: db}}}]\n    ports: [{port: 3306}]\n"),
       "medium /spec/ingress/0\nmedium /spec/egress/0"},
      {"both", "one-sided-rule", kWeb + kDb + deny + in + out, ""},
      {"the other side is open", "one-sided-rule", kWeb + kDb + in, ""},
      {"from everybody", "one-sided-rule",
       kWeb + kDb + deny +
           policy(
               "shop", "in",
               "  podSelector: {matchLabels: {app: db}}\n  ingress:\n  - ports: [{port: 5432}]\n"),
       ""},
      {"to a block", "one-sided-rule",
       kWeb + deny +
           policy(
               "shop", "out",
               "  podSelector: {}\n  policyTypes: [Egress]\n  egress:\n  - to: [{ipBlock: {cidr: "
               "10.0.0.0/8}}]\n"),
       ""},
      {"a namespace that is not in the input", "one-sided-rule",
       kWeb + policy("shop", "out",
                     "  podSelector: {}\n  policyTypes: [Egress]\n  egress:\n  - to: "
                     "[{namespaceSelector: {matchLabels: {name: database}}}]\n    ports: [{port: "
                     "5432}]\n"),
       "info /spec/egress/0"},
      {"the platform's is no doubt", "one-sided-rule",
       kWeb + policy("shop", "out",
                     "  podSelector: {}\n  policyTypes: [Egress]\n  egress:\n  - to: "
                     "[{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: "
                     "kube-system}}}]\n    ports: [{protocol: UDP, port: 53}]\n"),
       ""},
  });
}

TEST(LintPolicies, Redundant) {
  const auto one = [](std::string_view name, std::string_view pods, std::string_view rules) {
    return policy("shop", name,
                  "  podSelector: " + std::string(pods) +
                      "\n  policyTypes: [Ingress]\n  ingress:\n" + std::string(rules));
  };
  const std::string web80 =
      "  - from: [{podSelector: {matchLabels: {app: web}}}]\n    ports: [{port: 80}]\n";
  const std::string any80 = "  - ports: [{port: 80}]\n";
  check({
      {"covered by a wider one", "rule-redundant", one("p", "{}", web80 + any80),
       "info /spec/ingress/0"},
      {"twice the same: the later", "rule-redundant", one("p", "{}", web80 + web80),
       "info /spec/ingress/1"},
      {"by another policy with a wider subject", "rule-redundant",
       one("a", "{}", any80) + one("b", "{matchLabels: {app: db}}", web80), "info /spec/ingress/0"},
      {"by two together", "rule-redundant",
       one("p", "{}",
           "  - ports: [{port: 80, endPort: 90}]\n  - ports: [{port: 91, endPort: 99}]\n"
           "  - ports: [{port: 85, endPort: 95}]\n"),
       "info /spec/ingress/2"},
      {"a block in a block", "rule-redundant",
       one("p", "{}",
           "  - from: [{ipBlock: {cidr: 10.0.0.0/8}}]\n  - from: [{ipBlock: {cidr: "
           "10.1.0.0/16}}]\n"),
       "info /spec/ingress/1"},
      {"an exception is no part", "rule-redundant",
       one("p", "{}",
           "  - from: [{ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.0/16]}}]\n  - from: [{ipBlock: "
           "{cidr: 10.1.0.0/16}}]\n"),
       ""},
      {"In within In", "rule-redundant",
       one("p", "{}",
           "  - from: [{podSelector: {matchExpressions: [{key: app, operator: In, values: [web, "
           "api]}]}}]\n" +
               web80),
       "info /spec/ingress/1"},
      {"other ports", "rule-redundant", one("p", "{}", web80 + "  - ports: [{port: 81}]\n"), ""},
      {"other pods", "rule-redundant",
       one("p", "{}",
           web80 +
               "  - from: [{podSelector: {matchLabels: {app: api}}}]\n    ports: [{port: 80}]\n"),
       ""},
      {"a narrower subject", "rule-redundant",
       one("a", "{matchLabels: {app: db}}", any80) + one("b", "{}", web80), ""},
      {"pods that are the same today", "rule-redundant",
       deployment("shop", "web", "app: web, tier: front") +
           one("p", "{}",
               web80 +
                   "  - from: [{podSelector: {matchLabels: {tier: front}}}]\n    ports: [{port: "
                   "80}]\n"),
       ""},
      {"another namespace", "rule-redundant",
       one("p", "{}", web80) +
           policy("front", "p", "  podSelector: {}\n  ingress:\n  - ports: [{port: 80}]\n"),
       ""},
      {"another direction", "rule-redundant",
       one("p", "{}", web80) +
           policy("shop", "q", "  podSelector: {}\n  policyTypes: [Egress]\n  egress: [{}]\n"),
       ""},
      {"without it egress would no longer be isolated", "rule-redundant",
       policy("shop", "p", "  podSelector: {}\n  egress:\n  - to: [{podSelector: {}}]\n") +
           policy("shop", "q",
                  "  podSelector: {}\n  egress:\n  - to: [{namespaceSelector: {}}]\n  - ports: "
                  "[{port: 1}]\n"),
       ""},
  });
}

TEST(LintPolicies, Shadowed) {
  const auto admin = [](std::string_view name, int priority, std::string_view rules) {
    return "---\napiVersion: policy.networking.k8s.io/v1alpha1\nkind: AdminNetworkPolicy\n"
           "metadata: {name: " +
           std::string(name) + "}\nspec:\n  priority: " + std::to_string(priority) +
           "\n  subject: {namespaces: {}}\n  ingress:\n" + std::string(rules);
  };
  const std::string deny_all = "  - {action: Deny, from: [{namespaces: {}}]}\n";
  const std::string allow_a =
      "  - {action: Allow, from: [{namespaces: {matchLabels: {team: a}}}]}\n";
  check({
      {"behind a wider denial", "rule-shadowed", admin("p", 1, deny_all + allow_a),
       "medium /spec/ingress/1"},
      {"of a policy before", "rule-shadowed", admin("p", 1, deny_all) + admin("q", 2, allow_a),
       "medium /spec/ingress/0"},
      {"before it", "rule-shadowed", admin("p", 1, allow_a + deny_all), ""},
      {"of a policy behind", "rule-shadowed", admin("p", 2, deny_all) + admin("q", 1, allow_a), ""},
      {"other ports", "rule-shadowed",
       admin("p", 1,
             "  - {action: Deny, from: [{namespaces: {}}], ports: [{portNumber: {protocol: TCP, "
             "port: 80}}]}\n" +
                 allow_a),
       ""},
  });
}

}  // namespace
}  // namespace tally::reachability

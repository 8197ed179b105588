// What lint says about the rules of policies: blocks, ports, both sides, redundancy; rows as in
// policies_test.cpp.
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

TEST(LintRules, Blocks) {
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

TEST(LintRules, Metadata) {
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

TEST(LintRules, Ports) {
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

TEST(LintRules, OneSided) {
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

TEST(LintRules, Redundant) {
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

TEST(LintRules, Shadowed) {
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

std::string of_dialect(std::string_view version, std::string_view kind, std::string_view metadata,
                       std::string_view spec) {
  return "---\napiVersion: " + std::string(version) + "\nkind: " + std::string(kind) +
         "\nmetadata: {" + std::string(metadata) + "}\nspec: " + std::string(spec) + "\n";
}
std::string cilium(std::string_view spec) {
  return of_dialect("cilium.io/v2", "CiliumNetworkPolicy", "name: p, namespace: shop", spec);
}
std::string calico(std::string_view spec) {
  return of_dialect("projectcalico.org/v3", "NetworkPolicy", "name: p, namespace: shop", spec);
}

TEST(LintRules, OfOtherDialects) {
  check({
      {"the world, Cilium", "broad-cidr",
       kNamespaces + kWeb + cilium("{endpointSelector: {}, egress: [{toCIDR: [0.0.0.0/0]}]}"),
       "medium /spec/egress/0"},
      {"a port of the world, Cilium", "broad-cidr",
       kNamespaces + kWeb +
           cilium("{endpointSelector: {}, egress: [{toCIDR: [0.0.0.0/0], toPorts: [{ports: "
                  "[{port: \"443\", protocol: TCP}]}]}]}"),
       "low /spec/egress/0"},
      {"a network, Cilium", "broad-cidr",
       kNamespaces + kWeb + cilium("{endpointSelector: {}, egress: [{toCIDR: [10.1.0.0/16]}]}"),
       ""},
      {"the world, Calico", "broad-cidr",
       kNamespaces + kWeb +
           calico("{selector: all(), types: [Egress], egress: [{action: Allow, destination: {nets: "
                  "[0.0.0.0/0]}}]}"),
       "medium /spec/egress/0"},
      {"denied, Calico", "broad-cidr",
       kNamespaces + kWeb +
           calico("{selector: all(), types: [Egress], egress: [{action: Deny, destination: {nets: "
                  "[0.0.0.0/0]}}]}"),
       ""},
      {"DNS of the world, Calico", "broad-cidr",
       kNamespaces + kWeb +
           calico("{selector: all(), types: [Egress], egress: [{action: Allow, protocol: UDP, "
                  "destination: {nets: [0.0.0.0/0], ports: [53]}}]}"),
       ""},
      {"UDP alone, Calico", "dns-without-tcp",
       kNamespaces + kWeb +
           calico("{selector: all(), types: [Egress], egress: [{action: Allow, protocol: UDP, "
                  "destination: {ports: [53]}}]}"),
       "low /spec/egress/0"},
      {"both, Calico", "dns-without-tcp",
       kNamespaces + kWeb +
           calico(
               "{selector: all(), types: [Egress], egress: [{action: Allow, protocol: UDP, "
               "destination: {ports: [53]}}, {action: Allow, protocol: TCP, destination: {ports: "
               "[53]}}]}"),
       ""},
      {"UDP alone, Cilium", "dns-without-tcp",
       kNamespaces + kWeb +
           cilium("{endpointSelector: {}, egress: [{toPorts: [{ports: [{port: \"53\", protocol: "
                  "UDP}]}]}]}"),
       "low /spec/egress/0"},
      {"any protocol, Cilium", "dns-without-tcp",
       kNamespaces + kWeb +
           cilium("{endpointSelector: {}, egress: [{toPorts: [{ports: [{port: \"53\", protocol: "
                  "ANY}]}]}]}"),
       ""},
      {"no such name, Calico", "named-port-absent",
       kNamespaces + kWeb +
           calico("{selector: all(), types: [Ingress], ingress: [{action: Allow, protocol: TCP, "
                  "destination: {ports: [none]}}]}"),
       "medium /spec/ingress/0"},
      {"a name, Calico", "named-port-absent",
       kNamespaces + kWeb +
           calico("{selector: all(), types: [Ingress], ingress: [{action: Allow, protocol: TCP, "
                  "destination: {ports: [http]}}]}"),
       ""},
      {"nobody is selected", "named-port-absent",
       kNamespaces +
           calico("{selector: all(), types: [Ingress], ingress: [{action: Allow, protocol: TCP, "
                  "destination: {ports: [none]}}]}"),
       ""},
  });
}

}  // namespace
}  // namespace tally::reachability

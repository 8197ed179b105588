// What policies take away from workloads that their own manifests say they need, and the mesh.
#include <gtest/gtest.h>

#include "reachability/lint/testing/linted.hpp"

namespace tally::reachability {
namespace {

using testing::check;
using testing::deployment;
using testing::Linted;
using testing::name_space;
using testing::policy;

const std::string kDeny =
    policy("shop", "deny", "  podSelector: {}\n  policyTypes: [Ingress, Egress]\n");
std::string egress(std::string_view rule) {
  return policy(
      "shop", "out",
      "  podSelector: {}\n  policyTypes: [Egress]\n  egress:\n  - " + std::string(rule) + "\n");
}
std::string ingress(std::string_view rule) {
  return policy("shop", "in", "  podSelector: {}\n  ingress:\n  - " + std::string(rule) + "\n");
}
std::string with_env(std::string_view variable, std::string_view value) {
  return deployment("shop", "web", "app: web",
                    "        env: [{name: " + std::string(variable) + ", value: '" +
                        std::string(value) + "'}]\n");
}
std::string annotated(std::string_view annotations) {
  return deployment("shop", "web", "app: web", "", "",
                    "      annotations: {" + std::string(annotations) + "}\n");
}

TEST(LintCrossLayer, Dns) {
  const std::string names = with_env("DB", "postgres://db:5432/x");
  check({
      {"a name in the environment", "dns-cut-off", names + kDeny, "medium /spec"},
      {"no sign that it asks", "dns-cut-off", deployment("shop", "web", "app: web") + kDeny,
       "low /spec"},
      {"port 53 to other pods", "dns-cut-off",
       names + egress("{to: [{podSelector: {}}], ports: [{protocol: UDP, port: 53}]}"),
       "medium /spec/egress"},
      {"to kube-dns", "dns-cut-off",
       names + kDeny +
           egress("{to: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: "
                  "kube-system}}, podSelector: {matchLabels: {k8s-app: kube-dns}}}], ports: "
                  "[{protocol: UDP, port: 53}]}"),
       ""},
      {"to everybody", "dns-cut-off", names + egress("{ports: [{protocol: UDP, port: 53}]}"), ""},
      {"to an address", "dns-cut-off",
       names + egress("{to: [{ipBlock: {cidr: 10.96.0.10/32}}], ports: [{protocol: UDP, port: "
                      "53}]}"),
       ""},
      {"to CoreDNS elsewhere", "dns-cut-off",
       names + egress("{to: [{namespaceSelector: {matchLabels: {a: b}}, podSelector: {matchLabels: "
                      "{app: coredns}}}], ports: [{protocol: UDP, port: 53}]}"),
       ""},
      {"OpenShift", "dns-cut-off",
       names + egress("{to: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: "
                      "openshift-dns}}}], ports: [{protocol: UDP, port: 5353}]}"),
       ""},
      {"egress is open", "dns-cut-off", names + ingress("{}"), ""},
  });
}

TEST(LintCrossLayer, SecretStore) {
  check({
      {"the agent's annotation", "secret-store-cut-off",
       annotated("vault.hashicorp.com/agent-inject: 'true'") + kDeny, "medium /spec"},
      {"the address", "secret-store-cut-off",
       with_env("VAULT_ADDR", "https://vault.vault.svc:8200") + egress("{ports: [{port: 443}]}"),
       "medium /spec/egress"},
      {"another port", "secret-store-cut-off",
       with_env("VAULT_ADDR", "https://vault.example.com") + egress("{ports: [{port: 8200}]}"),
       "medium /spec/egress"},
      {"its port is open", "secret-store-cut-off",
       with_env("VAULT_ADDR", "https://vault.vault.svc:8200") + kDeny +
           egress("{ports: [{port: 8200}]}"),
       ""},
      {"https is open", "secret-store-cut-off",
       with_env("VAULT_ADDR", "https://vault.example.com") + egress("{ports: [{port: 443}]}"), ""},
      {"off", "secret-store-cut-off",
       annotated("vault.hashicorp.com/agent-inject: 'false'") + kDeny, ""},
      {"nobody needs one", "secret-store-cut-off", deployment("shop", "web", "app: web") + kDeny,
       ""},
      {"egress is open", "secret-store-cut-off",
       annotated("vault.hashicorp.com/agent-inject: 'true'") + ingress("{}"), ""},
  });
}

TEST(LintCrossLayer, Telemetry) {
  const std::string scraped = annotated("prometheus.io/scrape: 'true', prometheus.io/port: '9090'");
  const std::string pod = deployment("shop", "web", "app: web",
                                     "        ports: [{name: metrics, containerPort: 9090}]\n");
  const std::string monitor =
      "---\napiVersion: monitoring.coreos.com/v1\nkind: PodMonitor\nmetadata: {name: m, namespace: "
      "shop}\nspec: {selector: {matchLabels: {app: web}}, podMetricsEndpoints: [{port: "
      "metrics}]}\n";
  const std::string service_monitor =
      "---\napiVersion: monitoring.coreos.com/v1\nkind: ServiceMonitor\nmetadata: {name: m, "
      "namespace: watch}\nspec: {namespaceSelector: {matchNames: [shop]}, selector: {matchLabels: "
      "{is: watched}}, endpoints: [{port: metrics}]}\n---\napiVersion: v1\nkind: Service\n"
      "metadata: {name: web, namespace: shop, labels: {is: watched}}\nspec: {selector: {app: web}, "
      "ports: [{name: metrics, port: 80, targetPort: metrics}]}\n";
  check({
      {"OTLP", "telemetry-cut-off",
       with_env("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector.otel:4317") + kDeny,
       "medium /spec"},
      {"without a port", "telemetry-cut-off",
       with_env("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "collector.otel") +
           egress("{ports: [{port: 4318}]}"),
       "medium /spec/egress"},
      {"scraped", "telemetry-cut-off", scraped + ingress("{ports: [{port: 8080}]}"),
       "medium /spec/ingress"},
      {"PodMonitor", "telemetry-cut-off", pod + monitor + ingress("{ports: [{port: 8080}]}"),
       "medium /spec/ingress"},
      {"ServiceMonitor of another namespace", "telemetry-cut-off",
       pod + service_monitor + ingress("{ports: [{port: 8080}]}"), "medium /spec/ingress"},
      {"OTLP is let out", "telemetry-cut-off",
       with_env("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector.otel:4317") + kDeny +
           egress("{ports: [{port: 4317}]}"),
       ""},
      {"to the agent of the node", "telemetry-cut-off",
       with_env("OTEL_EXPORTER_OTLP_ENDPOINT", "http://$(HOST_IP):4317") + kDeny, ""},
      {"to the container beside it", "telemetry-cut-off",
       with_env("OTEL_EXPORTER_OTLP_ENDPOINT", "http://localhost:4317") + kDeny, ""},
      {"scraped and open", "telemetry-cut-off", scraped + ingress("{ports: [{port: 9090}]}"), ""},
      {"not scraped", "telemetry-cut-off",
       annotated("prometheus.io/scrape: 'false', prometheus.io/port: '9090'") +
           ingress("{ports: [{port: 8080}]}"),
       ""},
      {"a monitor of others", "telemetry-cut-off",
       deployment("shop", "db", "app: db") + monitor + ingress("{ports: [{port: 8080}]}"), ""},
      {"a monitor of another namespace", "telemetry-cut-off",
       deployment("front", "web", "app: web",
                  "        ports: [{name: metrics, containerPort: 9090}]\n") +
           monitor +
           policy("front", "in", "  podSelector: {}\n  ingress: [{ports: [{port: 8080}]}]\n"),
       ""},
  });
}

TEST(LintCrossLayer, Service) {
  const std::string db =
      deployment("shop", "db", "app: db", "        ports: [{containerPort: 5432}]\n") +
      "---\napiVersion: v1\nkind: Service\nmetadata: {name: db, namespace: "
      "shop}\nspec: {selector: {app: db}, ports: [{port: 5432}]}\n";
  const std::string web = with_env("DB_ADDR", "db:5432");
  check({
      {"denied", "service-cut-off", web + db + kDeny, "medium /spec"},
      {"one side", "service-cut-off", web + db + kDeny + egress("{ports: [{port: 5432}]}"),
       "medium /spec"},
      {"allowed", "service-cut-off",
       web + db + egress("{ports: [{port: 5432}]}") + ingress("{ports: [{port: 5432}]}"), ""},
      {"no policy", "service-cut-off", web + db, ""},
      {"nobody calls it", "service-cut-off", deployment("shop", "web", "app: web") + db + kDeny,
       ""},
      {"a Service that is not there", "service-cut-off", web + kDeny, ""},
  });
}

TEST(LintCrossLayer, EgressByName) {
  const std::string web = with_env("API", "https://api.example.com");
  check({
      {"denied", "egress-by-name", web + kDeny, "low /spec/template/spec/containers/0/env/0/value"},
      {"open to the world for it", "egress-by-name",
       web + egress("{to: [{ipBlock: {cidr: 0.0.0.0/0}}], ports: [{port: 443}]}"),
       "info /spec/template/spec/containers/0/env/0/value"},
      {"ExternalName", "egress-by-name",
       with_env("DB", "db:5432") +
           "---\napiVersion: v1\nkind: Service\nmetadata: {name: db, namespace: shop}\nspec: "
           "{type: "
           "ExternalName, externalName: db.example.com}\n" +
           kDeny,
       "low /spec/template/spec/containers/0/env/0/value"},
      {"not restricted", "egress-by-name", web, ""},
      {"of the cluster", "egress-by-name",
       with_env("API", "http://api.shop.svc.cluster.local") + kDeny, ""},
      {"a namespace of the input", "egress-by-name", with_env("API", "http://api.shop") + kDeny,
       ""},
      {"an address", "egress-by-name", with_env("API", "http://10.0.0.1:80") + kDeny, ""},
      {"no address", "egress-by-name", with_env("DOMAIN", "example.com") + kDeny, ""},
      {"a policy that knows names", "egress-by-name",
       web + "---\napiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {name: p, "
             "namespace: shop}\nspec: {endpointSelector: {}, egress: [{toFQDNs: [{matchName: "
             "api.example.com}]}]}\n",
       ""},
  });
}

TEST(LintCrossLayer, PlatformNeeds) {
  const std::string both = policy(
      "shop", "p",
      "  podSelector: {matchLabels: {app: web}}\n  policyTypes: [Ingress, Egress]\n  ingress: "
      "[{ports: [{port: 8080}]}]\n  egress: [{ports: [{port: 5432}]}]\n");
  check({
      {"alone", "platform-needs", both, "info /spec"},
      {"with its workloads", "platform-needs", deployment("shop", "web", "app: web") + both, ""},
      {"everything is let through", "platform-needs",
       policy("shop", "p", "  podSelector: {}\n  policyTypes: [Egress]\n  egress: [{}]\n"), ""},
      {"deny all", "platform-needs", kDeny, ""},
  });
  EXPECT_EQ(Linted(both).messages("platform-needs"),
            "no rule lets through what pods of a platform usually need: the mesh's control plane "
            "(egress TCP 15012 to istiod), the ambient mesh (ingress TCP 15008, HBONE), the secret "
            "store (egress TCP 8200), telemetry (egress TCP 4317 and 4318); whether these pods do "
            "is not in the input");
}

// --- the mesh
// -------------------------------------------------------------------------------------

const std::string kSidecars = name_space("shop", "istio-injection: enabled");
const std::string kAmbient = name_space("shop", "istio.io/dataplane-mode: ambient");
const std::string kWeb =
    deployment("shop", "web", "app: web",
               "        ports: [{containerPort: 8080}]\n        readinessProbe: {httpGet: {port: "
               "8080}}\n");
std::string service(std::string_view port_name) {
  return "---\napiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: shop}\nspec: "
         "{selector: {app: web}, ports: [{name: " +
         std::string(port_name) + ", port: 80, targetPort: 8080}]}\n";
}
std::string authorization(std::string_view action, std::string_view rules) {
  return "---\napiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {name: a, "
         "namespace: shop}\nspec:\n  action: " +
         std::string(action) + "\n  rules:\n  - " + std::string(rules) + "\n";
}
const std::string kStrict =
    "---\napiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {name: default, "
    "namespace: shop}\nspec: {mtls: {mode: STRICT}}\n";

TEST(LintMesh, ControlPlaneAndHbone) {
  check({
      {"no way to istiod", "control-plane-cut-off", kSidecars + kWeb + kDeny, "medium /spec"},
      {"to other pods", "control-plane-cut-off",
       kSidecars + kWeb + egress("{to: [{podSelector: {}}], ports: [{port: 15012}]}"),
       "medium /spec/egress"},
      {"to istiod", "control-plane-cut-off",
       kSidecars + kWeb +
           egress("{to: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: "
                  "istio-system}}}], ports: [{port: 15012}]}"),
       ""},
      {"no sidecar", "control-plane-cut-off", kWeb + kDeny, ""},
      {"ambient", "control-plane-cut-off", kAmbient + kWeb + kDeny, ""},
      {"the application's port only", "hbone-cut-off",
       kAmbient + kWeb + ingress("{ports: [{port: 8080}]}"), "medium /spec/ingress"},
      {"with HBONE", "hbone-cut-off",
       kAmbient + kWeb + ingress("{ports: [{port: 8080}, {port: 15008}]}"), ""},
      {"sidecars", "hbone-cut-off", kSidecars + kWeb + ingress("{ports: [{port: 8080}]}"), ""},
      {"deny all means it", "hbone-cut-off", kAmbient + kWeb + kDeny, ""},
      {"not isolated", "hbone-cut-off", kAmbient + kWeb, ""},
      {"probes in ambient mode", "probe-cut-off",
       kAmbient + kWeb + ingress("{from: [{podSelector: {}}]}"), "low /spec/ingress"},
      {"probes from their address", "probe-cut-off",
       kAmbient + kWeb +
           ingress("{from: [{podSelector: {}}, {ipBlock: {cidr: 169.254.7.127/32}}]}"),
       ""},
      {"probes without a mesh come from the node", "probe-cut-off",
       kWeb + ingress("{from: [{podSelector: {}}]}"), ""},
      {"the node is denied", "probe-cut-off",
       kWeb + "---\napiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {name: p, "
              "namespace: shop}\nspec: {endpointSelector: {}, ingressDeny: [{fromEntities: "
              "[host]}]}\n",
       "medium /spec/ingressDeny/0"},
      {"something else is denied", "probe-cut-off",
       kWeb + "---\napiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {name: p, "
              "namespace: shop}\nspec: {endpointSelector: {}, ingressDeny: [{fromEntities: "
              "[world]}]}\n",
       ""},
  });
}

TEST(LintMesh, Identity) {
  const std::string deny = authorization("DENY", "from: [{source: {namespaces: [front]}}]");
  const std::string allow =
      authorization("ALLOW", "from: [{source: {principals: [cluster.local/ns/front/sa/x]}}]");
  const std::string paths = authorization("ALLOW", "to: [{operation: {paths: [/a]}}]");
  check({
      {"a denial by namespace", "identity-without-strict-mtls", kSidecars + kWeb + deny,
       "medium /spec/rules"},
      {"what an ALLOW leaves out", "identity-without-strict-mtls",
       kSidecars + kWeb + authorization("ALLOW", "from: [{source: {notNamespaces: [front]}}]"),
       "medium /spec/rules"},
      {"an ALLOW by principal", "identity-without-strict-mtls", kSidecars + kWeb + allow,
       "low /spec/rules"},
      {"without workloads", "identity-without-strict-mtls", deny, "low /spec/rules"},
      {"STRICT", "identity-without-strict-mtls", kSidecars + kWeb + deny + kStrict, ""},
      {"no identity", "identity-without-strict-mtls", kSidecars + kWeb + paths, ""},
      {"paths in plaintext", "l7-without-strict-mtls", kSidecars + kWeb + paths, "low /spec/rules"},
      {"paths, STRICT", "l7-without-strict-mtls", kSidecars + kWeb + paths + kStrict, ""},
      {"said once", "l7-without-strict-mtls",
       kSidecars + kWeb +
           authorization("ALLOW",
                         "{from: [{source: {namespaces: [front]}}], to: [{operation: "
                         "{paths: [/a]}}]}"),
       ""},
      {"no proxy", "authorization-without-proxy",
       name_space("shop") + kWeb + name_space("x", "istio-injection: enabled") + deny,
       "medium /spec/rules"},
      {"a proxy", "authorization-without-proxy", kSidecars + kWeb + deny, ""},
      {"no workload known", "authorization-without-proxy", deny, "info /spec/rules"},
      {"a scheme", "allow-matches-nothing",
       kSidecars + kWeb +
           authorization("ALLOW",
                         "from: [{source: {principals: "
                         "['spiffe://cluster.local/ns/shop/sa/web']}}]"),
       "medium /spec/rules/0/from/0/source/principals/0"},
      {"nobody's account", "allow-matches-nothing",
       kSidecars + kWeb +
           authorization("ALLOW",
                         "from: [{source: {principals: [cluster.local/ns/shop/sa/none]}}]"),
       "low /spec/rules/0/from/0/source/principals/0"},
      {"somebody's", "allow-matches-nothing",
       kSidecars + kWeb +
           authorization("ALLOW",
                         "from: [{source: {principals: [cluster.local/ns/shop/sa/default]}}]"),
       ""},
      {"of a namespace that is not in the input", "allow-matches-nothing", kSidecars + kWeb + allow,
       ""},
      {"deny all", "allow-matches-nothing",
       kSidecars + kWeb +
           "---\napiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {name: a, "
           "namespace: shop}\nspec: {}\n",
       ""},
      {"a DENY on a TCP port", "http-fields-on-tcp",
       kSidecars + kWeb + service("tcp-db") + kStrict +
           authorization("DENY", "to: [{operation: {paths: [/a]}}]"),
       "medium /spec/rules"},
      {"at a ztunnel", "http-fields-on-tcp",
       kAmbient + kWeb + service("http") +
           authorization("DENY", "to: [{operation: {paths: [/a]}}]"),
       "medium /spec/rules"},
      {"on an HTTP port", "http-fields-on-tcp",
       kSidecars + kWeb + service("http") +
           authorization("DENY", "to: [{operation: {paths: [/a]}}]"),
       ""},
      {"no such condition", "http-fields-on-tcp", kAmbient + kWeb + service("http") + deny, ""},
      {"refused", "mesh-policy-not-applied",
       kSidecars + kWeb + authorization("SOMETIMES", "from: [{source: {namespaces: [front]}}]"),
       "high /spec/action"},
      {"accepted", "mesh-policy-not-applied", kSidecars + kWeb + deny, ""},
  });
}

TEST(LintFigures, Shares) {
  const std::string db = deployment("shop", "db", "app: db");
  const std::string deny_web =
      policy("shop", "p",
             "  podSelector: {matchLabels: {app: web}}\n  ingress: [{from: "
             "[{podSelector: {matchLabels: {app: db}}}]}]\n");
  Linted linted(kSidecars + kWeb + db + deployment("shop", "x", "app: x") + service("http") +
                deny_web + kStrict);
  const NetworkFigures figures = linted.figures();
  EXPECT_EQ(figures.workloads, 3U);
  EXPECT_EQ(figures.isolated_ingress, 1U);
  EXPECT_EQ(figures.isolated_egress, 0U);
  EXPECT_EQ(figures.world_exposed, 0U);
  ASSERT_TRUE(figures.pairs.has_value());
  EXPECT_EQ(figures.pairs->all, 1U);  // db to web; x is not let in
  EXPECT_EQ(figures.pairs->encrypted, 1U);

  Linted plain(kWeb + db + deployment("shop", "x", "app: x") + service("http"));
  const NetworkFigures open = plain.figures();
  ASSERT_TRUE(open.pairs.has_value());
  EXPECT_EQ(open.pairs->all, 2U);
  EXPECT_EQ(open.pairs->encrypted, 0U);

  Linted exposed(kWeb + db +
                 "---\napiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: shop}\n"
                 "spec: {type: LoadBalancer, selector: {app: web}, ports: [{port: 80, targetPort: "
                 "8080}]}\n");
  EXPECT_EQ(exposed.figures().world_exposed, 1U);
}

}  // namespace
}  // namespace tally::reachability

#include "reachability/mesh/mesh.hpp"

#include "reachability/mesh/explanation.hpp"
#include "reachability/mesh/testing/mesh_cluster.hpp"

namespace tally::reachability::mesh {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace)
using authorization::Protocol;

const std::string kSidecars = name_space("shop", "{istio-injection: enabled}");

TEST(Mesh, WhetherAPortSpeaksHttp) {
  struct Row {
    std::string_view name;
    std::string ports;
    Protocol expected;
  };
  const auto port = [](std::string_view fields) {
    return "{" + std::string(fields) + ", port: 80, targetPort: 8080}";
  };
  const Row rows[] = {
      {"by name", port("name: http"), Protocol::Http},
      {"by prefix", port("name: grpc-web"), Protocol::Http},
      {"in any case", port("name: HTTP2-main"), Protocol::Http},
      {"a prefix ends at a dash", port("name: httpx"), Protocol::Unknown},
      {"not at all", port("name: tcp-main"), Protocol::Tcp},
      {"TLS hides it", port("name: https"), Protocol::Tcp},
      {"appProtocol stands before the name", port("name: tcp, appProtocol: http"), Protocol::Http},
      {"nothing is said", port("name: main"), Protocol::Unknown},
      {"another port", "{name: http, port: 80, targetPort: 9090}", Protocol::Unknown},
      {"two ports that differ", port("name: http") + ", {name: tcp, port: 81, targetPort: 8080}",
       Protocol::Unknown},
  };
  for (const Row& row : rows) {
    const MeshCluster cluster(kSidecars + pod("shop/web") +
                              "---\napiVersion: v1\nkind: Service\nmetadata: {namespace: shop, "
                              "name: web}\nspec: {selector: {app: web}, ports: [" +
                              row.ports + "]}\n");
    EXPECT_EQ(cluster.mesh().protocol_of(0, 8080), row.expected) << row.name;
  }
}

TEST(Mesh, MutualTlsOfAPort) {
  const std::string peers = peer("istio-system/default", "{mtls: {mode: STRICT}}") +
                            peer("shop/web",
                                 "{selector: {matchLabels: {app: web}}, portLevelMtls: {\"8080\": "
                                 "{mode: DISABLE}}}");
  struct Row {
    std::string_view labels;
    std::optional<std::uint16_t> port;
    std::string_view expected;
  };
  const Row rows[] = {
      {"{istio-injection: enabled}", 8080, "disable"},
      {"{istio-injection: enabled}", 9090, "strict"},
      {"{istio-injection: enabled}", std::nullopt, "strict"},
      {"{istio-injection: enabled}", 15021, "no proxy"},
      {"{istio.io/dataplane-mode: ambient}", 9090, "strict"},
      {"{}", 8080, "no proxy"},
  };
  for (const Row& row : rows) {
    const MeshCluster cluster(name_space("shop", row.labels) + pod("shop/web") + peers);
    const PortMutualTls mode = cluster.mesh().mutual_tls_of(0, row.port);
    EXPECT_EQ(to_text(mode.mode), row.expected) << row.labels << " " << row.port.value_or(0);
    EXPECT_EQ(mode.object == nullptr, row.expected == "no proxy");
  }
  const MeshCluster open(pod("shop/web") + peers);
  EXPECT_EQ(to_text(open.mesh().mutual_tls_of(0, 8080).mode), "unknown");
}

TEST(Mesh, PlaceOfThePeerAuthentication) {
  const MeshCluster cluster(kSidecars + pod("shop/web") +
                            peer("shop/default", "{mtls: {mode: STRICT}}"));
  EXPECT_EQ(cluster.mesh().mutual_tls_of(0, 8080).place, "test.yaml:15");
}

TEST(Mesh, PrincipalsOfAWorkload) {
  const std::string owner =
      "ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: r, "
      "controller: true}]";
  const auto owned = [&](std::string_view name, std::string_view account) {
    return "---\napiVersion: v1\nkind: Pod\nmetadata: {namespace: shop, name: " +
           std::string(name) + ", labels: {app: r}, " + owner +
           "}\nspec: {serviceAccountName: " + std::string(account) +
           ", containers: [{name: c, image: i}]}\n";
  };
  const MeshCluster cluster(kSidecars + owned("r-1", "b") + owned("r-2", "a") + owned("r-3", "b"));
  const auto workload = cluster.mesh().world().find("shop/r");
  ASSERT_TRUE(workload.has_value());
  EXPECT_EQ(
      cluster.mesh().principals_of(cluster.mesh().world().workloads()[*workload]),
      (std::vector<std::string_view>{"cluster.local/ns/shop/sa/a", "cluster.local/ns/shop/sa/b"}));
}

TEST(Mesh, PodsThatDifferAreUnknown) {
  const std::string owner =
      "ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: r, "
      "controller: true}]";
  const auto owned = [&](std::string_view name, std::string_view account) {
    return "---\napiVersion: v1\nkind: Pod\nmetadata: {namespace: shop, name: " +
           std::string(name) + ", labels: {app: r}, " + owner +
           "}\nspec: {serviceAccountName: " + std::string(account) +
           ", containers: [{name: c, image: i}]}\n";
  };
  MeshCluster cluster(kSidecars + owned("r-1", "a") + owned("r-2", "b") + pod("shop/api") +
                      authorization_policy("shop/api",
                                           "{selector: {matchLabels: {app: api}}, rules: [{from: "
                                           "[{source: {principals: [\"*/sa/a\"]}}]}]}"));
  const auto source = parse_side(cluster.world(), "shop/r");
  const auto destination = parse_side(cluster.world(), "shop/api");
  const LayeredAnswer answer =
      evaluate(cluster.mesh(), *source, *destination, {.number = 8080}, std::nullopt);
  EXPECT_EQ(answer.verdict, network_policy::Verdict::Unknown);
  ASSERT_FALSE(answer.missing.empty());
  EXPECT_NE(answer.missing.back().find("differ"), std::string::npos);
}

TEST(Mesh, NearMissesAndRemedies) {
  struct Row {
    std::string_view name;
    std::string policy;
    std::string_view near_miss;  // empty: none
    std::string_view remedy;
  };
  const auto rules = [](std::string_view text) {
    return authorization_policy("shop/api",
                                "{selector: {matchLabels: {app: api}}, " + std::string(text) + "}");
  };
  const Row rows[] = {
      {"another peer",
       rules("rules: [{from: [{source: {principals: [\"cluster.local/ns/shop/sa/job\"]}}]}]"),
       "but not of cluster.local/ns/shop/sa/web",
       "add a rule to AuthorizationPolicy shop/api: from"},
      {"another port",
       rules("rules: [{from: [{source: {namespaces: [shop]}}], to: [{operation: {ports: "
             "[\"9090\"]}}]}]"),
       "but not of the port", "add a rule"},
      {"another method",
       rules("rules: [{from: [{source: {namespaces: [shop]}}], to: [{operation: {methods: "
             "[PUT]}}]}]"),
       "but not of this request", "methods: [\"GET\"]"},
      {"nothing near", rules("rules: []"), "", "add a rule"},
      {"a denial", rules("action: DENY, rules: [{}, {from: [{source: {namespaces: [x]}}]}]"), "",
       "change or remove rule 1 of AuthorizationPolicy shop/api"},
  };
  const HttpRequest request{.method = "GET", .path = "/", .host = "api"};
  for (const Row& row : rows) {
    const MeshCluster cluster(kSidecars + pod("shop/web") + pod("shop/api") + service("shop/api") +
                              row.policy);
    const MeshAnswer answer = cluster.mesh().judge(
        cluster.party("shop/web"), cluster.party("shop/api"), {.number = 8080}, &request);
    EXPECT_EQ(answer.verdict, network_policy::Verdict::Denied) << row.name;
    ASSERT_EQ(answer.near_misses.empty(), row.near_miss.empty()) << row.name;
    if (!row.near_miss.empty()) {
      EXPECT_NE(answer.near_misses.front().what.find(row.near_miss), std::string::npos)
          << row.name << ": " << answer.near_misses.front().what;
    }
    EXPECT_NE(answer.remedy.find(row.remedy), std::string::npos)
        << row.name << ": " << answer.remedy;
  }
}

TEST(Mesh, RegistryOnlyTowardsTheOutside) {
  const std::string base = kSidecars + pod("shop/web") +
                           object("networking.istio.io/v1", "Sidecar", "shop/default",
                                  "{outboundTrafficPolicy: {mode: REGISTRY_ONLY}}");
  const auto entry = [](std::string_view spec) {
    return object("networking.istio.io/v1", "ServiceEntry", "shop/api", spec);
  };
  struct Row {
    std::string_view name;
    std::string yaml;
    std::string_view expected;
  };
  const Row rows[] = {
      {"nothing is known", base, "denied"},
      {"its address is",
       base + entry("{hosts: [api.example], addresses: [203.0.113.0/24], ports: [{number: 443, "
                    "name: tls, protocol: TLS}]}"),
       "allowed"},
      {"on another port",
       base + entry("{hosts: [api.example], addresses: [203.0.113.0/24], ports: [{number: 80, "
                    "name: http, protocol: HTTP}]}"),
       "denied"},
      {"of another address",
       base + entry("{hosts: [api.example], addresses: [198.51.100.0/24], ports: [{number: 443, "
                    "name: tls, protocol: TLS}]}"),
       "denied"},
      {"by name only",
       base + entry("{hosts: [api.example], resolution: DNS, ports: [{number: 443, name: tls, "
                    "protocol: TLS}]}"),
       "unknown"},
      {"exported to others only",
       base + entry("{hosts: [api.example], exportTo: [other], addresses: [203.0.113.0/24], ports: "
                    "[{number: 443, name: tls, protocol: TLS}]}"),
       "denied"},
      {"anything may leave", kSidecars + pod("shop/web"), "allowed"},
  };
  for (const Row& row : rows) {
    const MeshCluster cluster(row.yaml);
    EXPECT_EQ(to_text(judge_layers(cluster.mesh(), cluster.party("shop/web"),
                                   cluster.party("203.0.113.7"), {.number = 443})
                          .verdict),
              row.expected)
        << row.name;
  }
}

TEST(Mesh, HostilePolicyObjects) {
  // Nothing is where it is expected, and nothing breaks.
  for (const std::string_view spec :
       {"null", "[]", "7", "{egress: 3}", "{egress: [{hosts: [7]}]}", "{host: {}}",
        "{trafficPolicy: []}", "{subsets: [1]}", "{hosts: {}, http: [{route: 1}]}",
        "{ports: [{number: x}]}"}) {
    std::string yaml = kSidecars + pod("shop/web") + pod("shop/api") + service("shop/api");
    for (const std::string_view kind :
         {"DestinationRule", "Sidecar", "ServiceEntry", "VirtualService"}) {
      yaml += object("networking.istio.io/v1", kind, "shop/x", spec);
    }
    yaml += object("gateway.networking.k8s.io/v1", "Gateway", "shop/x", spec);
    const MeshCluster cluster(yaml);
    static_cast<void>(connections_between(cluster.mesh(), cluster.party("shop/web"),
                                          cluster.party("shop/api"),
                                          {.allowed = scalar::ConnectionSet::all()}));
  }
}

}  // namespace
}  // namespace tally::reachability::mesh

#include "reachability/mesh/layers.hpp"

#include "reachability/mesh/testing/layer_rows.hpp"

namespace tally::reachability::mesh {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace)
using network_policy::Verdict;

TEST(Layers, MutualTls) {
  const std::string old = kPlain + pod("old/job");
  const Row rows[] = {
      {"sidecars", kSidecars + kPods, "shop/web", Verdict::Allowed, Encryption::MutualTls, kWeb},
      {"no mesh at all", name_space("shop") + kPods},
      {"plaintext into PERMISSIVE", kSidecars + kPods + old, "old/job"},
      {"plaintext into STRICT", kSidecars + kPods + old + kStrict, "old/job", Verdict::Denied},
      {"from outside into STRICT", kSidecars + kPods + kStrict, "203.0.113.7", Verdict::Denied},
      {"sidecar into STRICT", kSidecars + kPods + kStrict, "shop/web", Verdict::Allowed,
       Encryption::MutualTls, kWeb},
      {"DISABLE takes no identity",
       kSidecars + kPods + peer("shop/default", "{mtls: {mode: DISABLE}}") + kAllowWeb, "shop/web",
       Verdict::Denied},
      {"the port is excepted",
       kSidecars + kPods + old +
           peer("shop/api",
                "{selector: {matchLabels: {app: api}}, mtls: {mode: STRICT}, portLevelMtls: "
                "{\"8080\": {mode: PERMISSIVE}}}"),
       "old/job"},
      {"the port alone is strict",
       kSidecars + kPods + old +
           peer("shop/api",
                "{selector: {matchLabels: {app: api}}, mtls: {mode: PERMISSIVE}, portLevelMtls: "
                "{\"8080\": {mode: STRICT}}}"),
       "old/job", Verdict::Denied},
      {"the sidecar does not take the port",
       kSidecars + pod("shop/web") +
           pod("shop/api", {.annotations = "{traffic.sidecar.istio.io/excludeInboundPorts: "
                                           "\"8080\"}"}) +
           old + kStrict + kAllowWeb,
       "old/job"},
      {"nor that of the client",
       kSidecars +
           pod("shop/web", {.annotations = "{traffic.sidecar.istio.io/excludeOutboundPorts: "
                                           "\"80\"}"}) +
           pod("shop/api") + service("shop/api") + kStrict,
       "shop/web", Verdict::Denied},
      {"ranges that nobody knows",
       kSidecars +
           pod("shop/web", {.annotations = "{traffic.sidecar.istio.io/excludeOutboundIPRanges: "
                                           "10.0.0.0/8}"}) +
           pod("shop/api") + service("shop/api") + kStrict,
       "shop/web", Verdict::Unknown, Encryption::Plaintext, "", "annotated with ranges"},
  };
  check(rows);
}

TEST(Layers, WhatTheNetworkSees) {
  const std::string old = kPlain + pod("old/job");
  const Row rows[] = {
      {"HBONE", kAmbient + kPods, "shop/web", Verdict::Allowed, Encryption::Hbone, kWeb},
      {"15008 is open", kAmbient + kPods + kOnlyHbone, "shop/web", Verdict::Allowed,
       Encryption::Hbone, kWeb},
      {"the application's port is not what it sees", kAmbient + kPods + kOnlyApplication,
       "shop/web", Verdict::Denied, Encryption::Hbone, kWeb},
      {"from outside the mesh it is", kAmbient + kPods + old + kOnlyApplication, "old/job"},
      {"and 15008 is not", kAmbient + kPods + old + kOnlyHbone, "old/job", Verdict::Denied},
      {"sidecars use the application's port", kSidecars + kPods + kOnlyApplication, "shop/web",
       Verdict::Allowed, Encryption::MutualTls, kWeb},
      {"and not 15008", kSidecars + kPods + kOnlyHbone, "shop/web", Verdict::Denied,
       Encryption::MutualTls, kWeb},
      {"plaintext into STRICT at a ztunnel", kAmbient + kPods + old + kStrict, "old/job",
       Verdict::Denied},
      {"the tunnel's own port takes no plain connection", kAmbient + kPods + old, "old/job",
       Verdict::Denied, Encryption::Plaintext, "", "", kHbonePort},
      {"a rule that both layers must allow", kAmbient + kPods + kOnlyHbone + kDenyWeb, "shop/web",
       Verdict::Denied, Encryption::Hbone, kWeb},
  };
  check(rows);
}

TEST(Layers, Waypoints) {
  const auto gateway = [](std::string_view path, std::string_view labels = "{}") {
    const std::string where(path.substr(0, path.find('/')));
    return "---\napiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {namespace: " +
           where + ", name: " + std::string(path.substr(path.find('/') + 1)) +
           ", labels: " + std::string(labels) +
           "}\nspec: {gatewayClassName: istio-waypoint, listeners: [{name: mesh, port: 15008, "
           "protocol: HBONE}]}\n";
  };
  const std::string asks = ", labels: {istio.io/use-waypoint: waypoint}";
  const std::string pods = kAmbient + pod("shop/web") + pod("shop/api");
  const std::string base = pods + service("shop/api", "http", asks) + gateway("shop/waypoint");
  constexpr std::string_view kWaypoint = "cluster.local/ns/shop/sa/waypoint";
  const auto at_service = [](std::string_view action) {
    return authorization_policy(
        "shop/l7",
        "{targetRefs: [{group: \"\", kind: Service, name: api}], action: " + std::string(action) +
            ", rules: [{from: [{source: {principals: "
            "[\"cluster.local/ns/shop/sa/web\"]}}]}]}");
  };
  const Row rows[] = {
      {"the pod sees the waypoint", base, "shop/web", Verdict::Allowed, Encryption::Hbone,
       kWaypoint},
      {"the waypoint sees the client", base + at_service("ALLOW"), "shop/web", Verdict::Allowed,
       Encryption::Hbone, kWaypoint},
      {"and denies it", base + at_service("DENY"), "shop/web", Verdict::Denied, Encryption::Hbone,
       kWaypoint},
      {"a rule at the pod that names the client does not hold", base + kAllowWeb, "shop/web",
       Verdict::Denied, Encryption::Hbone, kWaypoint},
      {"who is not in the mesh does not pass it",
       base + kPlain + pod("old/job") + at_service("ALLOW"), "old/job"},
      {"a network policy before the waypoint",
       base + network_policy_of("shop/np",
                                "{podSelector: {matchLabels: "
                                "{gateway.networking.k8s.io/gateway-name: waypoint}}, policyTypes: "
                                "[Ingress]}"),
       "shop/web", Verdict::Denied, Encryption::Hbone, kWaypoint},
      {"a network policy that lets the waypoint alone in",
       base + network_policy_of(
                  "shop/np",
                  "{podSelector: {matchLabels: {app: api}}, policyTypes: [Ingress], ingress: "
                  "[{from: [{podSelector: {matchLabels: {gateway.networking.k8s.io/gateway-name: "
                  "waypoint}}}], ports: [{port: 15008}]}]}"),
       "shop/web", Verdict::Allowed, Encryption::Hbone, kWaypoint},
      {"of the namespace",
       name_space("shop", "{istio.io/dataplane-mode: ambient, istio.io/use-waypoint: waypoint}") +
           kPods + gateway("shop/waypoint"),
       "shop/web", Verdict::Allowed, Encryption::Hbone, kWaypoint},
      {"the Service leaves it",
       name_space("shop", "{istio.io/dataplane-mode: ambient, istio.io/use-waypoint: waypoint}") +
           pod("shop/web") + pod("shop/api") +
           service("shop/api", "http", ", labels: {istio.io/use-waypoint: none}") +
           gateway("shop/waypoint"),
       "shop/web", Verdict::Allowed, Encryption::Hbone, kWeb},
      {"it is for pods only",
       pods + service("shop/api", "http", asks) +
           gateway("shop/waypoint", "{istio.io/waypoint-for: workload}"),
       "shop/web", Verdict::Allowed, Encryption::Hbone, kWeb},
      {"a pod asks for one, and no Service leads there",
       kAmbient + pod("shop/web") +
           pod("shop/api", {.labels = ", istio.io/use-waypoint: waypoint"}) +
           gateway("shop/waypoint", "{istio.io/waypoint-for: all}"),
       "shop/web", Verdict::Allowed, Encryption::Hbone, kWaypoint},
      {"it is not in the input", pods + service("shop/api", "http", asks), "shop/web",
       Verdict::Unknown, Encryption::Hbone, kWeb, "Gateway shop/waypoint is not in the input"},
      {"of another namespace that does not share it",
       pods +
           service("shop/api", "http",
                   ", labels: {istio.io/use-waypoint: waypoint, istio.io/use-waypoint-namespace: "
                   "edge}") +
           gateway("edge/waypoint"),
       "shop/web", Verdict::Allowed, Encryption::Hbone, kWeb},
  };
  check(rows);
}

TEST(Layers, MissingFacts) {
  const std::string elsewhere = kSidecars + kPods + pod("gone/job");
  const Row rows[] = {
      {"a client of which nothing is known, where it does not matter", elsewhere, "gone/job",
       Verdict::Allowed},
      {"and where it does", elsewhere + kStrict, "gone/job", Verdict::Unknown,
       Encryption::Plaintext, "",
       "Pod gone/job is in the mesh: namespace gone is not in the input"},
      {"both are in the mesh, or none", kPods + kStrict, "shop/web", Verdict::Allowed},
      {"or behind a waypoint",
       kPods + kStrict +
           object("gateway.networking.k8s.io/v1", "Gateway", "shop/waypoint",
                  "{gatewayClassName: istio-waypoint}"),
       "shop/web", Verdict::Unknown, Encryption::Hbone, kWeb, "the waypoint: namespace shop"},
      {"unless one says something of its own",
       pod("shop/web", {.labels = ", sidecar.istio.io/inject: \"false\""}) + pod("shop/api") +
           kStrict,
       "shop/web", Verdict::Unknown, Encryption::Plaintext, "", "is in the mesh"},
      {"whoever it is, it is denied",
       elsewhere + authorization_policy("shop/none", "{selector: {matchLabels: {app: api}}}"),
       "gone/job", Verdict::Denied},
      {"the request",
       kSidecars + kPods +
           authorization_policy("shop/api",
                                "{selector: {matchLabels: {app: api}}, rules: [{to: "
                                "[{operation: {methods: [GET]}}]}]}"),
       "shop/web", Verdict::Unknown, Encryption::MutualTls, kWeb, "the HTTP request"},
      {"the external authorizer",
       kSidecars + kPods +
           authorization_policy("shop/api",
                                "{selector: {matchLabels: {app: api}}, action: CUSTOM, provider: "
                                "{name: ext}, rules: [{}]}"),
       "shop/web", Verdict::Unknown, Encryption::MutualTls, kWeb, "external authorizer"},
      {"the address of the client",
       kSidecars + kPods +
           authorization_policy("shop/api",
                                "{selector: {matchLabels: {app: api}}, rules: [{from: [{source: "
                                "{ipBlocks: [10.0.0.0/8]}}]}]}"),
       "shop/web", Verdict::Unknown, Encryption::MutualTls, kWeb, "address"},
  };
  check(rows);
}

TEST(Layers, BypassIsNamed) {
  const MeshCluster cluster(kSidecars + kPods + kDenyWeb);
  const LayeredAnswer answer = judge_layers(cluster.mesh(), cluster.party("shop/web"),
                                            cluster.party("shop/api"), {.number = 8080});
  EXPECT_EQ(answer.verdict, Verdict::Denied);
  EXPECT_TRUE(answer.bypass.has_value());

  const MeshCluster strict(kSidecars + kPods + kDenyWeb + kStrict);
  EXPECT_FALSE(judge_layers(strict.mesh(), strict.party("shop/web"), strict.party("shop/api"),
                            {.number = 8080})
                   .bypass.has_value());
}

TEST(Layers, OtherProtocolsPassNoProxy) {
  const MeshCluster cluster(kSidecars + kPods + kStrict + kAllowWeb + kPlain + pod("old/job"));
  EXPECT_EQ(judge_layers(cluster.mesh(), cluster.party("old/job"), cluster.party("shop/api"),
                         {.protocol = scalar::Protocol::Udp, .number = 8080})
                .verdict,
            Verdict::Allowed);
}

TEST(Layers, OneRequest) {
  const std::string policy = authorization_policy(
      "shop/api",
      "{selector: {matchLabels: {app: api}}, rules: [{to: [{operation: {methods: [GET], paths: "
      "[/items/*]}}]}]}");
  struct RequestRow {
    std::string_view name;
    std::string_view port_name;
    HttpRequest request;
    Verdict expected;
  };
  const RequestRow rows[] = {
      {"matches", "http", {.method = "GET", .path = "/items/7"}, Verdict::Allowed},
      {"another method", "http", {.method = "PUT", .path = "/items/7"}, Verdict::Denied},
      {"another path", "http", {.method = "GET", .path = "/admin"}, Verdict::Denied},
      {"the path is not known", "http", {.method = "GET"}, Verdict::Unknown},
      {"it is normalised", "http", {.method = "GET", .path = "/x/../items/7"}, Verdict::Allowed},
      {"the port speaks what it finds",
       "main",
       {.method = "GET", .path = "/items/7"},
       Verdict::Allowed},
      {"the port does not speak HTTP: the rule does not exist",
       "tcp",
       {.method = "GET", .path = "/items/7"},
       Verdict::Denied},
  };
  for (const RequestRow& row : rows) {
    const MeshCluster cluster(kSidecars + pod("shop/web") + pod("shop/api") +
                              service("shop/api", row.port_name) + policy);
    EXPECT_EQ(to_text(judge_layers(cluster.mesh(), cluster.party("shop/web"),
                                   cluster.party("shop/api"), {.number = 8080}, &row.request)
                          .verdict),
              to_text(row.expected))
        << row.name;
  }
}

}  // namespace
}  // namespace tally::reachability::mesh

#include "authorization/decide.hpp"

#include <gtest/gtest.h>

#include "authorization/testing/world.hpp"

namespace tally::authorization {
namespace {

using testing::policy;
using testing::World;

constexpr std::string_view kWeb = "cluster.local/ns/shop/sa/web";

// A GET of /api/users from shop/web to bank/ledger:8080, everything known.
Request http_request(const document::Node& labels) {
  Request out;
  out.source.principal = kWeb;
  out.source.ip = *scalar::IpAddress::parse("10.0.0.1");
  out.source.remote_ip = out.source.ip;
  out.destination.name_space = "bank";
  out.destination.labels = labels;
  out.destination.port = 8080;
  out.destination.ip = *scalar::IpAddress::parse("10.0.9.9");
  out.is_http = true;
  out.method = "GET";
  out.path = "/api/users";
  out.host = "ledger.bank";
  return out;
}

struct Row {
  std::string name;
  std::string policies;
  Verdict http;  // at a sidecar, over HTTP
  Verdict tcp;   // at a sidecar, over TCP
  Verdict ztunnel;
};

constexpr Verdict kAllow = Verdict::Allow;
constexpr Verdict kDeny = Verdict::Deny;
constexpr Verdict kUnknown = Verdict::Unknown;

std::string bank(std::string_view spec) { return policy("bank/p", spec); }

TEST(Decide, Traps) {
  const std::vector<Row> rows = {
      // Which rules exist (research/network.md, trap 15).
      {"no policy allows", policy("shop/p", "{action: DENY, rules: [{}]}"), kAllow, kAllow, kAllow},
      {"ALLOW without rules denies all", bank("{}"), kDeny, kDeny, kDeny},
      {"an absent spec is ALLOW without rules",
       "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {name: p, "
       "namespace: "
       "bank}\n",
       kDeny, kDeny, kDeny},
      {"rules: [] is no rule, too", bank("{action: ALLOW, rules: []}"), kDeny, kDeny, kDeny},
      {"ALLOW rules: [{}] allows all", bank("{rules: [{}]}"), kAllow, kAllow, kAllow},
      {"DENY without rules denies nothing", bank("{action: DENY}"), kAllow, kAllow, kAllow},
      {"DENY rules: [{}] denies all", bank("{action: DENY, rules: [{}]}"), kDeny, kDeny, kDeny},
      // What is empty: everything to Envoy, nothing to a ztunnel.
      {"an empty source matches all at a sidecar", bank("{rules: [{from: [{source: {}}]}]}"),
       kAllow, kAllow, kDeny},
      {"an absent source, too", bank("{rules: [{from: [{}]}]}"), kAllow, kAllow, kDeny},
      {"an empty from is none", bank("{rules: [{from: []}]}"), kAllow, kAllow, kAllow},
      {"an empty operation matches all at a sidecar", bank("{rules: [{to: [{operation: {}}]}]}"),
       kAllow, kAllow, kDeny},
      {"DENY with an empty source", bank("{action: DENY, rules: [{from: [{source: {}}]}]}"), kDeny,
       kDeny, kAllow},
      {"a rule of null is refused", bank("{rules: [null]}"), kAllow, kAllow, kAllow},
      // HTTP rules on TCP.
      {"ALLOW by path", bank("{rules: [{to: [{operation: {paths: [/api/*]}}]}]}"), kAllow, kDeny,
       kDeny},
      {"ALLOW by path and port",
       bank("{rules: [{to: [{operation: {paths: [/api/*], ports: ['8080']}}]}]}"), kAllow, kDeny,
       kDeny},
      {"ALLOW by another path", bank("{rules: [{to: [{operation: {paths: [/x]}}]}]}"), kDeny, kDeny,
       kDeny},
      {"DENY by another path denies TCP",
       bank("{action: DENY, rules: [{to: [{operation: {paths: [/x]}}]}]}"), kAllow, kDeny, kAllow},
      {"DENY by path and port",
       bank("{action: DENY, rules: [{to: [{operation: {paths: [/x], ports: "
            "['8080']}}]}]}"),
       kAllow, kDeny, kDeny},
      {"DENY by path and another port",
       bank("{action: DENY, rules: [{to: [{operation: {paths: [/api/users], ports: ['9']}}]}]}"),
       kAllow, kAllow, kAllow},
      {"DENY by method and source",
       bank("{action: DENY, rules: [{from: [{source: {namespaces: [shop]}}], "
            "to: [{operation: {methods: [PUT]}}]}]}"),
       kAllow, kDeny, kAllow},
      {"one HTTP rule of two",
       bank("{rules: [{to: [{operation: {paths: [/x]}}]}, {from: [{source: "
            "{namespaces: [shop]}}]}]}"),
       kAllow, kAllow, kAllow},
      {"ALLOW when a header",
       bank("{rules: [{when: [{key: 'request.headers[x]', notValues: [a]}]}]}"), kAllow, kDeny,
       kDeny},
      {"DENY when a header",
       bank("{action: DENY, rules: [{when: [{key: 'request.headers[x]', values: "
            "[a]}]}]}"),
       kAllow, kDeny, kAllow},
      {"the server name is no HTTP field to Envoy",
       bank("{rules: [{when: [{key: connection.sni, notValues: [a]}]}]}"), kAllow, kAllow, kDeny},
      {"remote addresses are none either",
       bank("{rules: [{from: [{source: {remoteIpBlocks: [10.0.0.0/8]}}]}]}"), kAllow, kAllow,
       kDeny},
      // Order and scope.
      {"DENY before ALLOW",
       policy("bank/a", "{rules: [{}]}") + policy("bank/d", "{action: DENY, rules: [{}]}"), kDeny,
       kDeny, kDeny},
      {"ALLOW policies are one set", policy("bank/a", "{}") + policy("bank/b", "{rules: [{}]}"),
       kAllow, kAllow, kAllow},
      {"the root namespace holds everywhere", policy("istio-system/p", "{}"), kDeny, kDeny, kDeny},
      {"a selector of the root namespace",
       policy("istio-system/p",
              "{selector: {matchLabels: {app: "
              "ledger}}}"),
       kDeny, kDeny, kDeny},
      {"a selector that does not match", bank("{selector: {matchLabels: {app: other}}}"), kAllow,
       kAllow, kAllow},
      {"all labels of a selector", bank("{selector: {matchLabels: {app: ledger, tier: db}}}"),
       kAllow, kAllow, kAllow},
      {"an empty selector: all at a sidecar, none at a ztunnel", bank("{selector: {}}"), kDeny,
       kDeny, kAllow},
      {"another namespace", policy("shop/p", "{}"), kAllow, kAllow, kAllow},
      {"targetRefs are for waypoints", bank("{targetRefs: [{kind: Service, name: ledger}]}"),
       kAllow, kAllow, kAllow},
      {"so is targetRef", bank("{targetRef: {kind: Service, name: ledger}}"), kAllow, kAllow,
       kAllow},
      {"AUDIT changes nothing", bank("{action: AUDIT, rules: [{}]}"), kAllow, kAllow, kAllow},
      {"CUSTOM asks somebody, not at a ztunnel",
       bank("{action: CUSTOM, provider: {name: ext}, rules: [{}]}"), kUnknown, kUnknown, kAllow},
      {"CUSTOM that does not match",
       bank("{action: CUSTOM, provider: {name: ext}, rules: [{to: "
            "[{operation: {ports: ['1']}}]}]}"),
       kAllow, kAllow, kAllow},
      {"CUSTOM and DENY",
       policy("bank/c", "{action: CUSTOM, provider: {name: ext}, rules: [{}]}") +
           policy("bank/d", "{action: DENY, rules: [{}]}"),
       kDeny, kDeny, kDeny},
      {"CUSTOM and no ALLOW that matches",
       policy("bank/c", "{action: CUSTOM, provider: {name: ext}, rules: [{}]}") +
           policy("bank/a", "{}"),
       kDeny, kDeny, kDeny},
      {"CUSTOM of two providers",
       policy("bank/c", "{action: CUSTOM, provider: {name: a}, rules: [{}]}") +
           policy("bank/d", "{action: CUSTOM, provider: {name: b}, rules: [{}]}"),
       kDeny, kDeny, kAllow},
      // Values.
      {"not by namespace", bank("{rules: [{from: [{source: {notNamespaces: [bank]}}]}]}"), kAllow,
       kAllow, kAllow},
      {"an unreadable value drops the rule of ALLOW",
       bank("{rules: [{to: [{operation: {ports: ['8080', x]}}]}]}"), kDeny, kDeny, kAllow},
      {"and only the value of DENY",
       bank("{action: DENY, rules: [{to: [{operation: {ports: ['8080', "
            "x]}}]}]}"),
       kDeny, kDeny, kDeny},
      {"DENY whose values all are unreadable",
       bank("{action: DENY, rules: [{to: [{operation: {ports: "
            "[x]}}]}]}"),
       kDeny, kDeny, kAllow},
      {"an unknown key drops the rule",
       bank("{action: DENY, rules: [{when: [{key: nothing, values: "
            "[a]}]}]}"),
       kAllow, kAllow, kAllow},
      {"service accounts of the policy's namespace",
       bank("{rules: [{from: [{source: {serviceAccounts: "
            "[web]}}]}]}"),
       kDeny, kDeny, kDeny},
      {"service accounts of another",
       bank("{rules: [{from: [{source: {serviceAccounts: [shop/web]}}]}]}"), kAllow, kAllow,
       kAllow},
      {"trust domains are unknown to a ztunnel",
       bank("{rules: [{from: [{source: {trustDomains: "
            "[cluster.local]}}]}]}"),
       kAllow, kAllow, kDeny},
  };
  for (const Row& row : rows) {
    World world(row.policies);
    Request request = http_request(world.labels("{app: ledger}"));
    EXPECT_EQ(decide(world.set(), request).verdict, row.http)
        << row.name << ", HTTP: " << describe(decide(world.set(), request));
    request.is_http = false;
    EXPECT_EQ(decide(world.set(), request).verdict, row.tcp)
        << row.name << ", TCP: " << describe(decide(world.set(), request));
    request.point = Point::Ztunnel;
    EXPECT_EQ(decide(world.set(), request).verdict, row.ztunnel)
        << row.name << ", ztunnel: " << describe(decide(world.set(), request));
  }
}

TEST(Decide, Plaintext) {
  struct PlainRow {
    std::string name;
    std::string policies;
    Verdict sidecar;
    Verdict ztunnel;
  };
  const std::string strict =
      "---\napiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {name: default, "
      "namespace: bank}\nspec: {mtls: {mode: STRICT}}\n";
  const std::vector<PlainRow> rows = {
      {"no identity is no namespace", bank("{rules: [{from: [{source: {namespaces: ['*']}}]}]}"),
       kDeny, kDeny},
      // ISTIO-SECURITY-2021-003: what is denied by identity is not denied without one.
      {"notNamespaces passes plaintext",
       bank("{rules: [{from: [{source: {notNamespaces: [shop]}}]}]}"), kAllow, kAllow},
      {"notPrincipals passes plaintext",
       bank("{rules: [{from: [{source: {notPrincipals: ['*']}}]}]}"), kAllow, kAllow},
      {"DENY by namespace is passed by",
       bank("{action: DENY, rules: [{from: [{source: {namespaces: "
            "[shop]}}]}]}"),
       kAllow, kAllow},
      {"DENY by notPrincipals denies it",
       bank("{action: DENY, rules: [{from: [{source: {notPrincipals: "
            "['*']}}]}]}"),
       kDeny, kDeny},
      {"STRICT refuses it", strict, kDeny, kDeny},
      {"STRICT before ALLOW", strict + bank("{rules: [{}]}"), kDeny, kDeny},
  };
  for (const PlainRow& row : rows) {
    World world(row.policies);
    Request request = http_request(world.labels("{app: ledger}"));
    request.source.principal = std::string_view{};
    EXPECT_EQ(decide(world.set(), request).verdict, row.sidecar) << row.name;
    request.point = Point::Ztunnel;
    EXPECT_EQ(decide(world.set(), request).verdict, row.ztunnel) << row.name;
  }
}

// What the ztunnel of the workload sees is the waypoint, so that rules about clients belong to the
// waypoint.
TEST(Decide, AWaypointReplacesTheIdentity) {
  World world(bank("{rules: [{from: [{source: {principals: [cluster.local/ns/shop/sa/web]}}]}]}") +
              policy("bank/w",
                     "{targetRefs: [{kind: Service, name: ledger}], rules: [{from: [{source: "
                     "{principals: [cluster.local/ns/shop/sa/web]}}]}]}"));
  const std::vector<ServiceTarget> services = {{"bank", "ledger"}};
  Request request = http_request(world.labels("{app: ledger}"));
  request.destination.services = services;
  request.point = Point::Waypoint;
  EXPECT_EQ(decide(world.set(), request).verdict, kAllow);
  request.point = Point::Ztunnel;
  EXPECT_EQ(decide(world.set(), request).verdict, kAllow);
  request.source.principal = "cluster.local/ns/bank/sa/waypoint";
  EXPECT_EQ(decide(world.set(), request).verdict, kDeny);
}

TEST(Decide, AWaypointReadsTargets) {
  struct WaypointRow {
    std::string name;
    std::string policies;
    Verdict verdict;
  };
  const std::vector<WaypointRow> rows = {
      {"a selector means nothing", bank("{selector: {matchLabels: {app: ledger}}}"), kAllow},
      {"nor does a policy for all", bank("{}"), kAllow},
      {"its Service", bank("{targetRefs: [{kind: Service, name: ledger}]}"), kDeny},
      {"its Service, the group spelled out",
       bank("{targetRefs: [{group: core, kind: Service, name: ledger}]}"), kDeny},
      {"another Service", bank("{targetRefs: [{kind: Service, name: other}]}"), kAllow},
      {"one of two targets",
       bank("{targetRefs: [{kind: Service, name: other}, {kind: Service, name: "
            "ledger}]}"),
       kDeny},
      {"a Service of that name elsewhere",
       policy("shop/p", "{targetRefs: [{kind: Service, name: ledger}]}"), kAllow},
      {"a ServiceEntry of that name",
       bank("{targetRefs: [{group: networking.istio.io, kind: ServiceEntry, name: ledger}]}"),
       kAllow},
      {"the gateway itself",
       bank("{targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: waypoint}]}"),
       kDeny},
      {"another gateway",
       bank("{targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: other}]}"),
       kAllow},
      {"the class, from the root namespace",
       policy("istio-system/p",
              "{targetRefs: [{group: gateway.networking.k8s.io, kind: GatewayClass, name: "
              "istio-waypoint}]}"),
       kDeny},
      {"the class, from elsewhere",
       bank("{targetRefs: [{group: gateway.networking.k8s.io, kind: GatewayClass, name: "
            "istio-waypoint}]}"),
       kAllow},
      {"HTTP rules hold",
       bank("{targetRefs: [{kind: Service, name: ledger}], rules: [{to: [{operation: "
            "{methods: [GET]}}]}]}"),
       kAllow},
  };
  for (const WaypointRow& row : rows) {
    World world(row.policies);
    const std::vector<ServiceTarget> services = {{"bank", "ledger"}};
    Request request =
        http_request(world.labels("{gateway.networking.k8s.io/gateway-name: waypoint}"));
    request.point = Point::Waypoint;
    request.destination.services = services;
    EXPECT_EQ(decide(world.set(), request).verdict, row.verdict)
        << row.name << ": " << describe(decide(world.set(), request));
  }
}

TEST(Decide, AGatewayReadsTargetsAndSelectors) {
  const std::vector<std::pair<std::string, Verdict>> rows = {
      {bank("{targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: edge}]}"),
       kDeny},
      {bank("{targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: x}]}"), kAllow},
      {bank("{targetRefs: [{kind: Service, name: ledger}]}"), kAllow},
      {bank("{selector: {matchLabels: {gateway.networking.k8s.io/gateway-name: edge}}}"), kDeny},
      {bank("{}"), kDeny},
  };
  for (const auto& [policies, verdict] : rows) {
    World world(policies);
    Request request = http_request(world.labels("{gateway.networking.k8s.io/gateway-name: edge}"));
    request.point = Point::Gateway;
    EXPECT_EQ(decide(world.set(), request).verdict, verdict) << policies;
  }
  MeshSettings settings;
  settings.selects_gateways_by_label = false;
  World world(bank("{}"), settings);
  Request request = http_request(world.labels("{gateway.networking.k8s.io/gateway-name: edge}"));
  request.point = Point::Gateway;
  EXPECT_EQ(decide(world.set(), request).verdict, kAllow);
}

TEST(Decide, SaysWhoAndWhy) {
  World world(policy("bank/audit", "{action: AUDIT, rules: [{}]}") +
              policy("bank/dry", "{action: DENY, rules: [{}]}") +
              policy("bank/deny",
                     "{action: DENY, rules: [{to: [{operation: {methods: [PUT]}}]}, {to: "
                     "[{operation: {methods: [GET]}}]}]}"));
  Request request = http_request(world.labels("{app: ledger}"));
  const Decision denied = decide(world.set(), request);
  EXPECT_EQ(denied.cause, Cause::DenyRule);
  EXPECT_EQ(describe(denied), "Denied: rule 0 of AuthorizationPolicy bank/dry matches.");
  ASSERT_EQ(denied.chain.size(), 2U);
  EXPECT_EQ(denied.chain.front().action, Action::Audit);
  Decision hits;
  find_hits(world.set(), request, hits);
  ASSERT_EQ(hits.chain.size(), 3U);
  EXPECT_EQ(pointer_of(hits.chain.back()), "/spec/rules/1");

  request.method.reset();
  World other(policy("bank/p", "{rules: [{to: [{operation: {methods: [PUT]}}]}]}"));
  request.destination.labels = other.labels("{}");
  const Decision unknown = decide(other.set(), request);
  EXPECT_EQ(describe(unknown), "Unknown: it depends on the method of the request.");
  request.method = "GET";
  EXPECT_EQ(describe(decide(other.set(), request)),
            "Denied: ALLOW policies are attached to the workload (AuthorizationPolicy bank/p), and "
            "no rule of theirs matches.");
  request.method = "PUT";
  EXPECT_EQ(describe(decide(other.set(), request)),
            "Allowed: rule 0 of AuthorizationPolicy bank/p matches.");
}

TEST(Decide, DryRunsAreNotEnforced) {
  const std::string dry =
      "---\napiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {name: p, "
      "namespace: "
      "bank, annotations: {istio.io/dry-run: 'true'}}\nspec: {}\n";
  World world(dry);
  Request request = http_request(world.labels("{app: ledger}"));
  EXPECT_EQ(decide(world.set(), request).verdict, kAllow);
  request.point = Point::Ztunnel;
  EXPECT_EQ(decide(world.set(), request).verdict, kAllow);
}

TEST(Decide, ProvidersOfMeshConfig) {
  const std::string mesh =
      "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: istio, namespace: mesh}\ndata:\n  "
      "mesh: |\n"
      "    rootNamespace: mesh\n    trustDomain: td\n    trustDomainAliases: [old]\n"
      "    pathNormalization: {normalization: MERGE_SLASHES}\n"
      "    extensionProviders:\n    - {name: http, envoyExtAuthzHttp: {service: a, port: 80}}\n"
      "    - {name: grpc, envoyExtAuthzGrpc: {service: a, port: 80}}\n    - {name: log}\n"
      "    outboundTrafficPolicy: {mode: REGISTRY_ONLY}\n    enableAutoMtls: false\n";
  struct ProviderRow {
    std::string_view provider;
    Verdict http;
    Verdict tcp;
  };
  for (const ProviderRow& row :
       {ProviderRow{"http", kUnknown, kAllow}, ProviderRow{"grpc", kUnknown, kUnknown},
        ProviderRow{"absent", kDeny, kDeny}, ProviderRow{"log", kDeny, kDeny}}) {
    const std::string policies =
        mesh +
        bank("{action: CUSTOM, provider: {name: " + std::string(row.provider) + "}, rules: [{}]}");
    const testing::World given(policies);
    // The settings that World gives are defaults; those of the ConfigMap are read here.
    const auto snapshot = kube::Snapshot::create(given.objects(), "default");
    const Loaded loaded = PolicySet::load(*snapshot);
    EXPECT_EQ(loaded.set.settings().root_namespace, "mesh");
    EXPECT_EQ(loaded.set.settings().trust_domain, "td");
    EXPECT_EQ(loaded.set.settings().path_normalization, PathNormalization::MergeSlashes);
    EXPECT_TRUE(loaded.set.settings().is_registry_only);
    EXPECT_FALSE(loaded.set.settings().has_auto_mutual_tls);
    Request request = http_request({});
    EXPECT_EQ(decide(loaded.set, request).verdict, row.http) << row.provider;
    request.is_http = false;
    EXPECT_EQ(decide(loaded.set, request).verdict, row.tcp) << row.provider;
  }
}

}  // namespace
}  // namespace tally::authorization

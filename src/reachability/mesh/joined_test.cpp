// What is remembered by classes is what is asked of each pair by itself, on random small clusters.
#include "reachability/mesh/joined.hpp"

#include <random>

#include "reachability/mesh/connection_list.hpp"
#include "reachability/mesh/testing/mesh_cluster.hpp"

namespace tally::reachability::mesh {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace)
using network_policy::Direction;
using network_policy::PooledAnswer;

struct Random {
  std::mt19937 engine;
  unsigned operator()(unsigned n) { return static_cast<unsigned>(engine() % n); }
  std::string pick(std::initializer_list<std::string_view> values) {
    return std::string(values.begin()[(*this)(static_cast<unsigned>(values.size()))]);
  }
};

std::string authorization_rule(Random& random) {
  std::string from = random.pick(
      {"", "from: [{source: {principals: [\"cluster.local/ns/a/sa/x\"]}}], ",
       "from: [{source: {namespaces: [\"a*\"]}}], ", "from: [{source: {notNamespaces: [b]}}], ",
       "from: [{source: {notPrincipals: [\"*/sa/w\"]}}], ",
       "from: [{source: {serviceAccounts: [a/x]}}], ",
       "from: [{source: {ipBlocks: [10.0.0.0/30]}}], "});
  return "{" + from +
         random.pick({"", "to: [{operation: {ports: [\"8080\"]}}], ",
                      "to: [{operation: {methods: [GET]}}], "}) +
         random.pick({"", "when: [{key: source.namespace, values: [c]}]"}) + "}";
}

void add_authorization(Random& random, const std::string& space, std::string& out) {
  for (unsigned i = random(3); i > 0; --i) {
    const std::string name = "p" + std::to_string(i);
    out += authorization_policy(
        space + "/" + name,
        "{action: " + random.pick({"ALLOW", "DENY", "ALLOW"}) +
            random.pick({"", ", selector: {matchLabels: {app: x}}",
                         ", targetRefs: [{group: \"\", kind: Service, name: w}]",
                         ", targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: "
                         "waypoint}]"}) +
            ", rules: [" + authorization_rule(random) + "]}");
  }
  if (random(2) == 0) {
    out += peer(space + "/default", "{mtls: {mode: " + random.pick({"STRICT", "DISABLE"}) + "}}");
  }
  if (random(3) == 0) {
    out += peer(space + "/x",
                "{selector: {matchLabels: {app: x}}, mtls: {mode: STRICT}, "
                "portLevelMtls: {8080: {mode: " +
                    random.pick({"PERMISSIVE", "DISABLE"}) + "}}}");
  }
}

void add_client_settings(Random& random, const std::string& space, std::string& out) {
  constexpr std::string_view kNetworking = "networking.istio.io/v1";
  if (random(3) == 0) {
    out += object(kNetworking, "DestinationRule", space + "/dr",
                  "{host: " + random.pick({"x", "w.b.svc.cluster.local", "\"*.local\""}) +
                      random.pick({"", ", exportTo: [\".\"]"}) + ", trafficPolicy: {tls: {mode: " +
                      random.pick({"DISABLE", "ISTIO_MUTUAL", "SIMPLE"}) + "}}" +
                      random.pick({"",
                                   ", subsets: [{name: v1, labels: {app: x}, trafficPolicy: "
                                   "{tls: {mode: DISABLE}}}]"}) +
                      "}");
  }
  if (random(4) == 0) {
    out += object(kNetworking, "Sidecar", space + "/sc",
                  "{egress: [{hosts: [\"" + random.pick({"./*", "a/*", "*/x.b.svc.cluster.local"}) +
                      "\"]}]" + random.pick({"", ", workloadSelector: {labels: {app: w}}"}) +
                      random.pick({"", ", outboundTrafficPolicy: {mode: REGISTRY_ONLY}"}) + "}");
  }
  if (random(4) == 0) {
    out +=
        object(kNetworking, "VirtualService", space + "/vs",
               "{hosts: [" + random.pick({"x", "w"}) +
                   "], http: [{route: [{destination: {host: " + random.pick({"x", "w"}) + "}}]}]}");
  }
}

void add_pods(Random& random, const std::string& space, std::string& out) {
  unsigned next = 1;
  for (const std::string_view name : {"x", "w", "z"}) {
    const std::string path = space + "/" + std::string(name);
    const std::string status = random(2) == 0 ? "{}"
                                              : "{podIPs: [{ip: 10.0." +
                                                    std::string(space == "a" ? "0" : "1") + "." +
                                                    std::to_string(2 * next) + "}]}";
    ++next;
    out += pod(path, {.labels = random.pick({"", ", tier: t"}),
                      .annotations = random(6) == 0
                                         ? "{traffic.sidecar.istio.io/excludeOutboundPorts: \"80\"}"
                                         : "{}",
                      .status = status});
    if (random(3) != 0) {
      out += service(path, random.pick({"http", "tcp"}),
                     random.pick({"", ", annotations: {networking.istio.io/exportTo: \".\"}",
                                  ", labels: {istio.io/use-waypoint: waypoint}"}));
    }
  }
}

std::string random_cluster(Random& random) {
  std::string out = peer("istio-system/x", "{}");
  for (const std::string space : {"a", "b", "c"}) {
    if (random(8) != 0) {
      out += name_space(
          space,
          random.pick({"{istio-injection: enabled}", "{}", "{istio.io/dataplane-mode: ambient}",
                       "{istio.io/dataplane-mode: ambient, istio.io/use-waypoint: "
                       "waypoint}"}));
    }
    add_pods(random, space, out);
    add_authorization(random, space, out);
    add_client_settings(random, space, out);
    if (random(2) == 0) {
      out += object("gateway.networking.k8s.io/v1", "Gateway", space + "/waypoint",
                    "{gatewayClassName: istio-waypoint, listeners: [{name: mesh, port: 15008, "
                    "protocol: HBONE}]}");
    }
    if (random(2) == 0) {
      out += object("networking.k8s.io/v1", "NetworkPolicy", space + "/np",
                    "{podSelector: {matchLabels: {app: " + random.pick({"x", "w"}) +
                        "}}, ingress: [{from: [{namespaceSelector: {}, podSelector: {matchLabels: "
                        "{app: " +
                        random.pick({"x", "z"}) +
                        "}}}, {ipBlock: {cidr: 172.16.0.0/16}}], ports: "
                        "[{port: " +
                        random.pick({"8080", "15008"}) + "}]}]}");
    }
  }
  return out;
}

MeshColumns alone(const MeshCluster& cluster, World& world, const Party& from, const Party& to,
                  const PooledAnswer& network) {
  const auto& pool = world.analyser().connections();
  const PairConnections pair = connections_between(
      cluster.mesh(), from, to,
      {.allowed = pool.at(network.allowed), .unknown = pool.at(network.unknown)});
  return {.allowed = pair.allowed,
          .unknown = pair.unknown,
          .encryption = encryption_words(pair),
          .identity = identity_words(pair),
          .requests = request_words(pair)};
}

std::string text_of(const MeshColumns& columns) {
  return to_words(columns) + " [" + columns.identity + "]";
}

TEST(JoinedAnswers, SayOfEveryPairWhatIsSaidOfItAlone) {
  std::size_t denied = 0;
  std::size_t named = 0;
  for (unsigned seed = 1; seed <= 600; ++seed) {
    Random random{std::mt19937(seed)};
    MeshCluster cluster(random_cluster(random));
    World& world = cluster.world();
    JoinedAnswers answers(world, &cluster.mesh());
    const auto workloads = world.workloads();
    for (std::uint32_t i = 0; i < workloads.size(); ++i) {
      const Party from{.endpoint = workloads[i].endpoints.front()};
      for (std::uint32_t j = 0; j < workloads.size(); ++j) {
        const Party to{.endpoint = workloads[j].endpoints.front()};
        const auto network =
            world.analyser().between_classes(workloads[i].class_id, workloads[j].class_id);
        if (i == j) {
          continue;
        }
        const MeshColumns expected = alone(cluster, world, from, to, network);
        const auto found = answers.between(i, j);
        ASSERT_EQ(text_of(*found), text_of(expected))
            << seed << ": " << workloads[i].label << " -> " << workloads[j].label << "\n"
            << cluster.text();
        denied += expected.allowed.is_empty() ? 1U : 0U;
        named += expected.identity.empty() ? 0U : 1U;
      }
      for (const Direction direction : {Direction::Ingress, Direction::Egress}) {
        const auto& table = world.analyser().table(workloads[i].class_id, direction);
        const auto all = answers.outside(i, direction);
        ASSERT_EQ(all.size(), table.outside.size());
        for (std::size_t at = 0; at < all.size(); ++at) {
          const Party outside{.endpoint = {}, .addresses = all[at].first};
          const bool is_ingress = direction == Direction::Ingress;
          const MeshColumns expected = alone(cluster, world, is_ingress ? outside : from,
                                             is_ingress ? from : outside, table.outside[at].second);
          ASSERT_EQ(text_of(*all[at].second), text_of(expected)) << seed << "\n" << cluster.text();
        }
      }
    }
  }
  EXPECT_GT(denied, 1000U);
  EXPECT_GT(named, 1000U);
}

TEST(JoinedAnswers, WithoutMeshSayWhatTheNetworkPoliciesSay) {
  MeshCluster cluster(pod("a/x") + pod("a/w") +
                      object("networking.k8s.io/v1", "NetworkPolicy", "a/np",
                             "{podSelector: {matchLabels: {app: x}}, ingress: [{ports: [{port: "
                             "80}]}]}"));
  JoinedAnswers answers(cluster.world(), nullptr);
  EXPECT_EQ(to_words(*answers.between(0, 1)), "TCP 80");
  EXPECT_EQ(to_words(*answers.between(1, 0)), "all");
  EXPECT_EQ(to_words(MeshColumns{}), "none");
  EXPECT_TRUE(answers.between(0, 1)->encryption.empty());
}

// Workloads of their own labels, accounts and services, of which no rule speaks, are one class.
TEST(JoinedAnswers, ClassesAreAsManyAsRulesTellApart) {
  std::string cluster = name_space("shop", "{istio-injection: enabled}") +
                        peer("istio-system/default", "{mtls: {mode: STRICT}}");
  for (const std::string_view name : {"a", "b", "c", "d", "e"}) {
    const std::string path = "shop/" + std::string(name);
    cluster += pod(path) + service(path);
  }
  struct Row {
    std::string_view name;
    std::string more;
    std::uint32_t classes;
  };
  const Row rows[] = {
      {"no rule", "", 1},
      {"a destination",
       authorization_policy("shop/p", "{selector: {matchLabels: {app: a}}, rules: [{}]}"), 2},
      {"a destination and its client",
       authorization_policy("shop/p",
                            "{selector: {matchLabels: {app: a}}, rules: [{from: [{source: "
                            "{principals: [\"cluster.local/ns/shop/sa/b\"]}}]}]}"),
       3},
      {"everybody as a client",
       authorization_policy("shop/p", "{rules: [{from: [{source: {namespaces: [shop]}}]}]}"), 1},
      {"a port of one",
       peer("shop/p",
            "{selector: {matchLabels: {app: c}}, mtls: {mode: STRICT}, "
            "portLevelMtls: {8080: {mode: DISABLE}}}"),
       2},
      {"a network policy",
       object("networking.k8s.io/v1", "NetworkPolicy", "shop/np",
              "{podSelector: {matchLabels: {app: e}}, policyTypes: [Ingress]}"),
       2}};
  for (const Row& row : rows) {
    MeshCluster read(cluster + row.more);
    const auto classes = JoinedAnswers(read.world(), &read.mesh()).classes();
    EXPECT_EQ(*std::ranges::max_element(classes) + 1, row.classes) << row.name;
    const std::string text = classes_to_text(read.world(), read.mesh());
    EXPECT_NE(text.find("class " + std::to_string(row.classes - 1) + ":"), std::string::npos);
    EXPECT_EQ(text.find("class " + std::to_string(row.classes) + ":"), std::string::npos) << text;
  }
}

}  // namespace
}  // namespace tally::reachability::mesh

// Two ways agree: connection sets (pair.hpp) and single connections read rule by rule (point.hpp),
// on random clusters of every dialect.
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <random>
#include <string>

#include "network_policy/analyser.hpp"
#include "network_policy/live.hpp"
#include "network_policy/testing/cluster.hpp"

namespace tally::network_policy {
namespace {

using scalar::Protocol;
using testing::Cluster;

class Random {
 public:
  explicit Random(unsigned seed) : engine_(seed) {}
  unsigned below(unsigned count) { return static_cast<unsigned>(engine_() % count); }
  bool one_in(unsigned count) { return below(count) == 0; }
  std::string pick(std::initializer_list<std::string_view> from) {
    return std::string(std::data(from)[below(static_cast<unsigned>(from.size()))]);
  }
  // Up to `count` items, joined.
  template <class Make>
  std::string list(unsigned count, Make&& make) {
    std::string text = "[";
    for (unsigned i = below(count + 1); i > 0; --i) {
      text += (text.size() == 1 ? "" : ", ") + make();
    }
    return text + "]";
  }

 private:
  std::mt19937 engine_;
};

std::string selector(Random& random) {
  if (random.one_in(4)) {
    return "{}";
  }
  if (random.one_in(2)) {
    return "{matchLabels: {" + random.pick({"a", "b"}) + ": " + random.pick({"x", "z"}) + "}}";
  }
  const std::string op = random.pick({"In", "NotIn", "Exists", "DoesNotExist"});
  const bool has_values = op.ends_with("In");
  return "{matchExpressions: [{key: " + random.pick({"a", "b"}) + ", operator: " + op +
         (has_values ? ", values: [" + random.pick({"x", "z"}) + "]" : "") + "}]}";
}

std::string cidr(Random& random) {
  return random.pick({"0.0.0.0/0", "10.0.0.0/8", "10.0.0.1/32", "10.0.1.0/24", "192.168.0.0/16",
                      "\"::/0\"", "\"fd00::/16\""});
}

std::string peer(Random& random) {
  switch (random.below(4)) {
    case 0:
      return "{podSelector: " + selector(random) + "}";
    case 1:
      return "{namespaceSelector: " + selector(random) + "}";
    case 2:
      return "{namespaceSelector: " + selector(random) + ", podSelector: " + selector(random) + "}";
    default:
      return "{ipBlock: {cidr: " + cidr(random) + "}}";
  }
}

std::string port(Random& random) {
  const std::string protocol = "protocol: " + random.pick({"TCP", "UDP", "SCTP"});
  switch (random.below(4)) {
    case 0:
      return "{" + protocol + "}";
    case 1:
      return "{" + protocol + ", port: " + random.pick({"web", "dns"}) + "}";
    case 2:
      return "{" + protocol + ", port: 10, endPort: " + random.pick({"10", "11", "90"}) + "}";
    default:
      return "{" + protocol + ", port: " + random.pick({"1", "80", "53"}) + "}";
  }
}

std::string network_policy(Random& random, unsigned number) {
  std::string spec = "{podSelector: " + selector(random);
  if (random.one_in(2)) {
    spec += ", policyTypes: " + random.pick({"[Ingress]", "[Egress]", "[Ingress, Egress]"});
  }
  for (const bool is_ingress : {true, false}) {
    if (random.one_in(3)) {
      continue;
    }
    spec += is_ingress ? ", ingress: " : ", egress: ";
    spec += random.list(2, [&] {
      std::string rule = "{";
      if (!random.one_in(3)) {
        rule += (is_ingress ? "from: " : "to: ") + random.list(2, [&] { return peer(random); });
      }
      if (!random.one_in(3)) {
        rule += std::string(rule.size() > 1 ? ", " : "") +
                "ports: " + random.list(2, [&] { return port(random); });
      }
      return rule + "}";
    });
  }
  return "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p" +
         std::to_string(number) + ", namespace: " + random.pick({"n1", "n2", "n3"}) +
         "}\nspec: " + spec + "}\n";
}

std::string pods(Random& random) {
  return random.one_in(2) ? "{namespaces: " + selector(random) + "}"
                          : "{pods: {namespaceSelector: " + selector(random) +
                                ", podSelector: " + selector(random) + "}}";
}

std::string cluster_policy(Random& random, unsigned number) {
  std::string spec = "{tier: " + random.pick({"Admin", "Baseline"}) +
                     ", priority: " + std::to_string(random.below(5)) +
                     ", subject: " + pods(random);
  for (const bool is_ingress : {true, false}) {
    spec += is_ingress ? ", ingress: " : ", egress: ";
    spec += random.list(3, [&] {
      std::string to = pods(random);
      if (!is_ingress && random.one_in(3)) {
        to = "{networks: [" + cidr(random) + "]}";
      } else if (random.one_in(12)) {
        to = "{others: {}}";
      } else if (!is_ingress && random.one_in(12)) {
        to = "{domainNames: [example.com]}";
      }
      std::string rule = "{action: " + random.pick({"Accept", "Deny", "Pass"}) +
                         (is_ingress ? ", from: [" : ", to: [") + to + "]";
      if (random.one_in(2)) {
        rule +=
            ", protocols: [" +
            random.pick({"{destinationNamedPort: web}", "{tcp: {destinationPort: {number: 80}}}",
                         "{udp: {destinationPort: {range: {start: 50, end: 60}}}}", "{sctp: {}}"}) +
            "]";
      }
      return rule + "}";
    });
  }
  return "---\napiVersion: policy.networking.k8s.io/v1alpha2\nkind: ClusterNetworkPolicy\n"
         "metadata: {name: c" +
         std::to_string(number) + "}\nspec: " + spec + "}\n";
}

std::string cilium_selector(Random& random) {
  switch (random.below(5)) {
    case 0:
      return "{}";
    case 1:
      return "{matchLabels: {" + random.pick({"a", "k8s:a", "any:b"}) + ": x}}";
    case 2:
      return "{matchLabels: {k8s:io.kubernetes.pod.namespace: " + random.pick({"n1", "n2", "n3"}) +
             "}}";
    case 3:
      return "{matchLabels: {io.cilium.k8s.namespace.labels.a: x}}";
    default:
      return "{matchExpressions: [{key: a, operator: " +
             random.pick({"NotIn, values: [x]", "Exists", "DoesNotExist"}) + "}]}";
  }
}

std::string cilium_peers(Random& random, bool is_ingress) {
  const std::string side = is_ingress ? "from" : "to";
  switch (random.below(6)) {
    case 0:
      return "";
    case 1:
      return side + "CIDRSet: [{cidr: " + random.pick({"10.0.0.0/8", "0.0.0.0/0"}) +
             ", except: [10.0.1.0/24]}]";
    case 2:
      return side + "Entities: [" +
             random.pick({"all", "world", "cluster", "host", "remote-node, world-ipv6"}) + "]";
    case 3:
      return is_ingress ? "fromNodes: [{}]" : "toFQDNs: [{matchName: example.com}]";
    default:
      return side + "Endpoints: " + random.list(2, [&] { return cilium_selector(random); });
  }
}

std::string cilium_policy(Random& random, unsigned number) {
  const bool is_namespaced = !random.one_in(3);
  std::string spec = "{endpointSelector: " + cilium_selector(random);
  for (const std::string_view key : {"ingress", "ingressDeny", "egress", "egressDeny"}) {
    const bool is_ingress = key.starts_with("ingress");
    const bool is_deny = key.ends_with("Deny");
    if (random.one_in(is_deny ? 2 : 3)) {
      continue;
    }
    spec.append(", ").append(key).append(": ");
    spec += random.list(2, [&] {
      std::string peers = cilium_peers(random, is_ingress);
      if (is_deny && peers.starts_with("toFQDNs")) {
        peers = "toEntities: [world]";
      }
      std::string rule = "{" + peers;
      if (random.one_in(2)) {
        rule += std::string(peers.empty() ? "" : ", ") +
                random.pick({"toPorts: [{ports: [{port: \"80\"}]}]",
                             "toPorts: [{ports: [{port: \"10\", endPort: 60, protocol: UDP}]}]",
                             "toPorts: [{ports: [{port: web, protocol: TCP}, {port: \"0\", "
                             "protocol: SCTP}]}]",
                             "icmps: [{fields: [{type: 0}]}]"});
      }
      return rule + "}";
    });
  }
  if (random.one_in(3)) {
    spec += ", enableDefaultDeny: {ingress: " + random.pick({"true", "false"}) + "}";
  }
  return "---\napiVersion: cilium.io/v2\nkind: Cilium" +
         std::string(is_namespaced ? "" : "Clusterwide") + "NetworkPolicy\nmetadata: {name: k" +
         std::to_string(number) +
         (is_namespaced ? ", namespace: " + random.pick({"n1", "n2", "n3"}) : "") +
         "}\nspec: " + spec + "}\n";
}

std::string calico_selector(Random& random) {
  return random.pick({"all()", "a == 'x'", "a != 'x'", "has(b)", "!has(a)", "a in {'x', 'z'}",
                      "a == 'x' || b == 'z'", "!(a == 'x' && has(b))", "kind == 'set'"});
}

std::string calico_entity(Random& random) {
  std::string entity = "{";
  const auto add = [&](std::string_view key, const std::string& value) {
    entity.append(entity.size() == 1 ? "" : ", ").append(key).append(": ").append(value);
  };
  for (const std::string_view key : {"selector", "notSelector"}) {
    if (random.one_in(3)) {
      add(key, "\"" + calico_selector(random) + "\"");
    }
  }
  if (random.one_in(4)) {
    add("namespaceSelector",
        "\"" + random.pick({"all()", "global()", "a == 'x'", "!has(b)"}) + "\"");
  }
  for (const std::string_view key : {"nets", "notNets"}) {
    if (random.one_in(5)) {
      add(key,
          "[" + random.pick({"10.0.0.0/8", "10.0.1.0/24", "0.0.0.0/0", "192.168.0.0/16"}) + "]");
    }
  }
  return entity;  // without its closing brace
}

std::string calico_policy(Random& random, unsigned number) {
  const bool is_namespaced = random.one_in(2);
  const std::string tier = random.pick({"default", "early", "late"});
  std::string spec = "{tier: " + tier + ", selector: \"" + calico_selector(random) + "\"";
  if (!random.one_in(4)) {
    spec += ", order: " + std::to_string(random.below(4) * 500);
  }
  for (const bool is_ingress : {true, false}) {
    spec += is_ingress ? ", ingress: " : ", egress: ";
    spec += random.list(3, [&] {
      std::string rule = "{action: " + random.pick({"Allow", "Deny", "Pass", "Log"});
      std::string ports;
      if (random.one_in(2)) {
        rule += ", protocol: " + random.pick({"TCP", "UDP"});
        ports = random.pick({"ports: [80, web]", "ports: ['10:60']", "notPorts: [web, 53]"});
      } else if (random.one_in(4)) {
        rule += random.pick({", notProtocol: TCP", ", protocol: ICMP", ", ipVersion: 4"});
      }
      const bool has_source_ports = !ports.empty() && random.one_in(6);
      for (const std::string_view side : {"source", "destination"}) {
        std::string entity = calico_entity(random);
        if (!ports.empty() && (side == "source") == has_source_ports) {
          entity += (entity.size() == 1 ? "" : ", ") + ports;
        }
        rule.append(", ").append(side).append(": ").append(entity).append("}");
      }
      return rule + "}";
    });
  }
  return "---\napiVersion: projectcalico.org/v3\nkind: " +
         std::string(is_namespaced ? "NetworkPolicy" : "GlobalNetworkPolicy") +
         "\nmetadata: {name: k" + std::to_string(number) +
         (is_namespaced ? ", namespace: " + random.pick({"n1", "n2", "n3"}) : "") +
         "}\nspec: " + spec + "}\n";
}

std::string calico_policies(Random& random) {
  std::string text =
      "---\napiVersion: projectcalico.org/v3\nkind: Tier\nmetadata: {name: early}\n"
      "spec: {order: 5, defaultAction: Pass}\n"
      "---\napiVersion: projectcalico.org/v3\nkind: Tier\nmetadata: {name: late}\nspec: {}\n"
      "---\napiVersion: projectcalico.org/v3\nkind: GlobalNetworkSet\n"
      "metadata: {name: s, labels: {kind: set}}\nspec: {nets: [10.0.2.0/24, 192.168.0.0/24]}\n"
      "---\napiVersion: projectcalico.org/v3\nkind: NetworkSet\n"
      "metadata: {name: s, namespace: n1, labels: {a: x}}\nspec: {nets: [10.0.3.1, 8.0.0.0/8]}\n";
  for (unsigned i = random.below(4); i > 0; --i) {
    text += calico_policy(random, i);
  }
  return text;
}

std::string random_cluster(Random& random) {
  std::string text =
      "apiVersion: v1\nkind: Namespace\nmetadata: {name: n1, labels: {a: x}}\n---\n"
      "apiVersion: v1\nkind: Namespace\nmetadata: {name: n2, labels: {b: z}}\n";
  for (unsigned i = 0; i < 5; ++i) {
    text += "---\napiVersion: v1\nkind: Pod\nmetadata: {name: q" + std::to_string(i) +
            ", namespace: " + random.pick({"n1", "n2", "n3"}) + ", labels: {" +
            random.pick({"a: x", "a: z", "b: x", "a: x, b: z"}) + "}}\nspec:\n" +
            (random.one_in(6) ? "  hostNetwork: true\n" : "") +
            "  containers: [{name: c, ports: [{name: web, containerPort: " +
            random.pick({"80", "8080"}) + "}, {name: dns, protocol: UDP, containerPort: 53}]}]\n" +
            (random.one_in(2)
                 ? "status: {podIP: 10.0." + std::to_string(i) + ".1, hostIP: 192.168.0.1}\n"
                 : "");
  }
  for (unsigned i = random.below(4); i > 0; --i) {
    text += network_policy(random, i);
  }
  for (unsigned i = random.below(4); i > 0; --i) {
    text += cluster_policy(random, i);
  }
  for (unsigned i = random.one_in(2) ? random.below(4) : 0; i > 0; --i) {
    text += cilium_policy(random, i);
  }
  if (random.one_in(3)) {
    text += calico_policies(random);
  }
  return text;
}

Verdict verdict_of(const PairAnswer& answer, Protocol protocol, std::uint16_t port) {
  if (answer.allowed.contains(protocol, port)) {
    return Verdict::Allowed;
  }
  return answer.unknown.contains(protocol, port) ? Verdict::Unknown : Verdict::Denied;
}

TEST(Agreement, SetsAndSingleConnections) {
  std::size_t counts[3] = {};
  for (unsigned seed = 1; seed <= 600; ++seed) {
    Random random(seed);
    const std::string text = random_cluster(random);
    const Cluster cluster(text, {.ip_blocks_select_pods = seed % 2 == 0,
                                 .host_network_pods_are_nodes = seed % 3 != 0});
    ASSERT_TRUE(std::ranges::none_of(cluster.policies().problems(), [](const LoadProblem& problem) {
      return problem.kind == LoadProblem::Kind::Invalid;
    })) << text;
    std::vector<EndpointPeer> endpoints;
    for (const topology::Endpoint& endpoint : cluster.topology().endpoints()) {
      endpoints.emplace_back(cluster.topology(), endpoint);
    }
    std::vector<ExternalPeer> outside;
    for (const scalar::AddressSet& block : external_blocks(cluster.policies(), true)) {
      outside.emplace_back(block);
    }
    std::vector<const Peer*> peers;
    for (const EndpointPeer& peer : endpoints) {
      peers.push_back(&peer);
    }
    for (const ExternalPeer& peer : outside) {
      peers.push_back(&peer);
    }
    for (const Peer* source : peers) {
      for (const Peer* destination : peers) {
        if (source == destination || (!source->is_pod() && !destination->is_pod())) {
          continue;
        }
        const PairAnswer answer = connections_between(cluster.policies(), *source, *destination);
        for (const Protocol protocol :
             {Protocol::Tcp, Protocol::Udp, Protocol::Sctp, Protocol::Icmp}) {
          for (const std::uint16_t port :
               std::initializer_list<std::uint16_t>{1, 10, 11, 12, 53, 60, 80, 90, 8080, 65535}) {
            const Verdict by_point = judge(
                cluster.policies(),
                {.source = source, .destination = destination, .protocol = protocol, .port = port});
            // The node of a pod reaches it by a rule of its own in pair.hpp.
            const bool is_node_rule = answer.egress.hits.empty() && answer.ingress.hits.empty();
            if (is_node_rule) {
              continue;
            }
            ASSERT_EQ(to_text(by_point), to_text(verdict_of(answer, protocol, port)))
                << "seed " << seed << " " << scalar::protocol_name(protocol) << " " << port << "\n"
                << text;
            ++counts[static_cast<int>(by_point)];
          }
        }
      }
    }
  }
  // A comparison that never sees one of the answers proves nothing about it.
  EXPECT_GT(counts[0], 10'000U);
  EXPECT_GT(counts[1], 10'000U);
  EXPECT_GT(counts[2], 1'000U);
}

// A third way: classes and tables.
TEST(Agreement, ClassesAndPairs) {
  std::size_t pairs = 0;
  std::size_t blocks = 0;
  for (unsigned seed = 1; seed <= 600; ++seed) {
    Random random(seed);
    const std::string text = random_cluster(random);
    const Cluster cluster(text, {.ip_blocks_select_pods = seed % 2 == 0,
                                 .host_network_pods_are_nodes = seed % 3 != 0});
    Analyser analyser(cluster.topology(), cluster.policies());
    const auto endpoints = cluster.topology().endpoints();
    for (std::uint32_t source = 0; source < endpoints.size(); ++source) {
      const EndpointPeer from(cluster.topology(), endpoints[source]);
      for (std::uint32_t destination = 0; destination < endpoints.size(); ++destination) {
        if (source == destination) {
          continue;
        }
        const EndpointPeer to(cluster.topology(), endpoints[destination]);
        const PairAnswer expected = connections_between(cluster.policies(), from, to);
        const PooledAnswer actual = analyser.between(source, destination);
        ASSERT_EQ(analyser.connections().at(actual.allowed).to_string(),
                  expected.allowed.to_string())
            << "seed " << seed << " " << source << " -> " << destination << "\n"
            << text;
        ASSERT_EQ(analyser.connections().at(actual.unknown).to_string(),
                  expected.unknown.to_string())
            << "seed " << seed << " " << source << " -> " << destination << "\n"
            << text;
        ++pairs;
      }
      for (const Direction direction : {Direction::Ingress, Direction::Egress}) {
        for (const auto& [addresses, answer] :
             analyser.table(analyser.class_of(source), direction).outside) {
          for (const scalar::AddressSet& block : external_blocks(cluster.policies(), true)) {
            if (!addresses.contains(block)) {
              continue;
            }
            const ExternalPeer outside(block);
            const DirectionAnswer expected =
                judge_direction(cluster.policies(), direction, from, outside);
            ASSERT_EQ(analyser.connections().at(answer.allowed).to_string(),
                      expected.allowed.to_string())
                << "seed " << seed << "\n"
                << text;
            ASSERT_EQ(analyser.connections().at(answer.unknown), expected.unknown);
            ++blocks;
          }
        }
      }
    }
  }
  EXPECT_GT(pairs, 10'000U);
  EXPECT_GT(blocks, 10'000U);
}

// Changes one by one, and the changed cluster read anew.
TEST(Agreement, ChangesAndNewAnalysis) {
  std::size_t pairs = 0;
  std::size_t rebuilds = 0;
  std::size_t removals = 0;
  for (unsigned seed = 1; seed <= 400; ++seed) {
    Random random(seed);
    const LoadOptions options{.ip_blocks_select_pods = seed % 2 == 0,
                              .host_network_pods_are_nodes = seed % 3 != 0};
    const Cluster first(random_cluster(random), options);
    const Cluster second(random_cluster(random), options);  // what changes come from
    std::map<std::string, kube::Object> objects;
    const auto key_of = [](const scalar::ObjectRef& ref) { return ref.to_string(); };
    for (const kube::Object& object : first.snapshot()->objects()) {
      objects.insert_or_assign(key_of(object.ref), object);
    }
    auto live = std::make_unique<Live>(first.snapshot(), options);
    std::shared_ptr<const kube::Snapshot> snapshot;
    for (int step = 0; step < 6; ++step) {
      const auto changes = second.snapshot()->objects();
      Live::Outcome outcome = Live::Outcome::Taken;
      if (random.one_in(3) && objects.size() > 4) {
        const auto at =
            std::next(objects.begin(), random.below(static_cast<unsigned>(objects.size())));
        outcome = live->remove(at->second.ref);
        objects.erase(at);
        ++removals;
      } else {
        const kube::Object& object = changes[random.below(static_cast<unsigned>(changes.size()))];
        outcome = live->put(object);
        objects.insert_or_assign(key_of(object.ref), object);
      }
      std::vector<kube::Object> all;
      for (const auto& [key, object] : objects) {
        all.push_back(object);
      }
      snapshot = kube::Snapshot::create(std::move(all), "default");
      if (outcome == Live::Outcome::NeedsRebuild) {
        ++rebuilds;
        live = std::make_unique<Live>(snapshot, options);
      }
      const topology::Topology topology = topology::Topology::read(*snapshot);
      const PolicySet policies = PolicySet::load(*snapshot, options);
      for (const topology::Endpoint& source : topology.endpoints()) {
        for (const topology::Endpoint& destination : topology.endpoints()) {
          const PairAnswer expected = connections_between(policies, EndpointPeer(topology, source),
                                                          EndpointPeer(topology, destination));
          const auto actual =
              live->between({topology.name_space_of(source).name, source.name},
                            {topology.name_space_of(destination).name, destination.name});
          ASSERT_TRUE(actual.has_value()) << "seed " << seed << " step " << step;
          ASSERT_EQ(actual->allowed.to_string(), expected.allowed.to_string())
              << "seed " << seed << " step " << step << ": " << source.name << " -> "
              << destination.name;
          ASSERT_EQ(actual->unknown.to_string(), expected.unknown.to_string())
              << "seed " << seed << " step " << step << ": " << source.name << " -> "
              << destination.name;
          ++pairs;
        }
      }
      EXPECT_FALSE(live->between({"n1", "nobody"}, {"n1", "q0"}).has_value());
    }
  }
  EXPECT_GT(pairs, 20'000U);
  EXPECT_GT(removals, 500U);
  // Tiers and sets of Calico, and namespaces where its policies are, ask for a new analysis.
  EXPECT_GT(rebuilds, 100U);
  EXPECT_LT(rebuilds, 1'200U);
}

}  // namespace
}  // namespace tally::network_policy

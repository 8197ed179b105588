// Three ways agree on small random clusters: the rows of classes of this mode, its explanations,
// and the plain judge of one connection (network_policy/point.hpp).
#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <string>

#include "base/arena.hpp"
#include "document/read.hpp"
#include "kube/objects.hpp"
#include "network_policy/peer.hpp"
#include "network_policy/point.hpp"
#include "reachability/netpol_analyzer/connectivity.hpp"
#include "reachability/netpol_analyzer/explanation.hpp"
#include "reachability/netpol_analyzer/internal/load_options.hpp"
#include "topology/topology.hpp"

namespace tally::reachability::netpol_analyzer {
namespace {

using scalar::Protocol;

class RandomCluster {
 public:
  explicit RandomCluster(std::uint32_t seed) : random_(seed) {}

  std::string make() {
    std::string out;
    for (const std::string_view name : {"n0", "n1"}) {
      out += "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: " + std::string(name) +
             ", labels: {team: " + pick({"x", "w"}) + "}}\n";
    }
    for (int i = 0; i < 5; ++i) {
      out += "---\napiVersion: v1\nkind: Pod\nmetadata: {name: p" + std::to_string(i) +
             ", namespace: " + pick({"n0", "n1"}) + ", labels: {app: " + pick({"a", "b"}) +
             ", tier: " + pick({"t", "u"}) +
             "}}\nspec: {containers: [{name: c, ports: [{name: web, " +
             "containerPort: " + pick({"80", "81"}) + "}]}]}\n";
    }
    for (int i = 0; i < 3; ++i) {
      out += network_policy(i);
      out += admin_policy(i);
    }
    out +=
        "---\napiVersion: policy.networking.k8s.io/v1alpha1\nkind: BaselineAdminNetworkPolicy\n"
        "metadata: {name: default}\nspec: {subject: " +
        admin_peer() + ", ingress: " + admin_rules("from", false) +
        ", egress: " + admin_rules("to", false) + "}\n";
    return out;
  }

 private:
  std::string selector() {
    return pick({"{}", "{matchLabels: {app: a}}", "{matchLabels: {tier: t, app: b}}",
                 "{matchExpressions: [{key: app, operator: NotIn, values: [a]}]}",
                 "{matchExpressions: [{key: none, operator: DoesNotExist}]}"});
  }
  std::string namespaces() {
    return pick(
        {"{}", "{matchLabels: {team: x}}", "{matchLabels: {kubernetes.io/metadata.name: n1}}"});
  }
  std::string ports() {
    return pick({"", ", ports: [{port: 80}]", ", ports: [{port: web}]",
                 ", ports: [{protocol: UDP}, {port: 81, endPort: 90}]"});
  }
  std::string peers() {
    return pick({"[{podSelector: ", "[{ipBlock: {cidr: 10.0.0.0/8}}, {podSelector: "}) +
           selector() + pick({"", ", namespaceSelector: " + namespaces()}) + "}]";
  }
  std::string pick(std::initializer_list<std::string> choices) {
    return choices.begin()[random_() % choices.size()];
  }
  std::string rules(std::string_view side) {
    std::string out = "[";
    for (auto i = random_() % 3; i > 0; --i) {
      // A name of a port that stands for addresses is refused: those rules have none.
      const std::string from = peers();
      const bool has_block = from.find("ipBlock") != std::string::npos;
      out += "{" + std::string(side) + ": " + from + (has_block ? "" : ports()) + "},";
    }
    return out + "]";
  }
  std::string network_policy(int i) {
    return "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: np" +
           std::to_string(i) + ", namespace: " + pick({"n0", "n1"}) +
           "}\nspec: {podSelector: " + selector() +
           ", policyTypes: " + pick({"[Ingress]", "[Egress]", "[Ingress, Egress]"}) +
           ", ingress: " + rules("from") + ", egress: " + rules("to") + "}\n";
  }
  std::string admin_peer() {
    return random_() % 2 == 0 ? "{namespaces: " + namespaces() + "}"
                              : "{pods: {namespaceSelector: " + namespaces() +
                                    ", podSelector: " + selector() + "}}";
  }
  std::string admin_rules(std::string_view side, bool has_pass) {
    std::string out = "[";
    for (auto i = random_() % 3; i > 0; --i) {
      const std::string action =
          has_pass ? pick({"Allow", "Deny", "Pass"}) : pick({"Allow", "Deny"});
      out +=
          "{name: r, action: " + action + ", " + std::string(side) + ": [" + admin_peer() + "]" +
          pick({"", ", ports: [{portNumber: {port: 80, protocol: TCP}}]",
                ", ports: [{portRange: {start: 1, end: 80, protocol: UDP}}, {namedPort: web}]"}) +
          "},";
    }
    return out + "]";
  }
  std::string admin_policy(int i) {
    return "---\napiVersion: policy.networking.k8s.io/v1alpha1\nkind: "
           "AdminNetworkPolicy\nmetadata: "
           "{name: anp" +
           std::to_string(i) + "}\nspec: {priority: " + std::to_string(i) +
           ", subject: " + admin_peer() + ", ingress: " + admin_rules("from", true) +
           ", egress: " + admin_rules("to", true) + "}\n";
  }

  std::mt19937 random_;
};

TEST(NetpolAnalyzerAgreement, ClassesAndSingleConnections) {
  for (std::uint32_t seed = 0; seed < 300; ++seed) {
    const std::string text = RandomCluster(seed).make();
    const auto source = document::Source::from_text("cluster.yaml", text);
    Arena arena;
    std::vector<document::Document> documents;
    std::vector<document::DocumentError> errors;
    for (const document::Slice& slice : document::split(*source)) {
      document::read_slice(*source, slice, arena, {}, documents, errors);
    }
    ASSERT_TRUE(errors.empty()) << errors.front().error.to_string() << text;
    std::vector<kube::Object> objects;
    std::vector<kube::NotAnObject> rejected;
    for (const document::Document& document : documents) {
      kube::append_objects(document, *source, objects, rejected);
    }
    const auto snapshot = kube::Snapshot::create(std::move(objects), "default");
    const auto set = network_policy::PolicySet::load(*snapshot, kLoadOptions);
    ASSERT_TRUE(set.problems().empty()) << set.problems().front().message << text;
    const Workloads workloads = Workloads::read(*snapshot);
    const auto topology = topology::Topology::read(*snapshot);
    ConnectionPool pool;
    Connectivity connectivity(workloads, set, pool);
    std::vector<network_policy::EndpointPeer> peers;
    for (const Workload& workload : workloads.list) {
      for (const topology::Endpoint& endpoint : topology.endpoints()) {
        if (endpoint.object == workload.object) {
          peers.emplace_back(topology, endpoint);
        }
      }
    }
    ASSERT_EQ(peers.size(), workloads.list.size());
    for (std::uint32_t a = 0; a < peers.size(); ++a) {
      for (std::uint32_t b = 0; b < peers.size(); ++b) {
        const scalar::ConnectionSet allowed = pool.at(connectivity.between(a, b));
        // The explanation comes to the same verdict as what it explains.
        ReasonPool reasons;
        EXPECT_EQ(
            Explainer(connectivity, pool, reasons)
                .between(a, b,
                         {.source = workloads.list[a].text, .destination = workloads.list[b].text})
                .connections(),
            allowed)
            << workloads.list[a].text << " => " << workloads.list[b].text << "\n"
            << text;
        for (const Protocol protocol : {Protocol::Tcp, Protocol::Udp, Protocol::Sctp}) {
          for (const std::uint16_t port :
               {std::uint16_t{80}, std::uint16_t{81}, std::uint16_t{443}}) {
            if (a == b) {
              continue;
            }
            const auto verdict = network_policy::judge(set, {.source = &peers[a],
                                                             .destination = &peers[b],
                                                             .protocol = protocol,
                                                             .port = port});
            EXPECT_EQ(allowed.contains(protocol, port), verdict == network_policy::Verdict::Allowed)
                << workloads.list[a].text << " => " << workloads.list[b].text << " "
                << scalar::protocol_name(protocol) << " " << port << "\n"
                << text;
          }
        }
      }
    }
    if (HasFailure()) {
      return;
    }
  }
}

}  // namespace
}  // namespace tally::reachability::netpol_analyzer

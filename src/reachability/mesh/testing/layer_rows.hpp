#pragma once
// For tests: rows of a cluster, a client of shop/api, and what both layers say.

#include <gtest/gtest.h>

#include <span>
#include <string>
#include <string_view>

#include "reachability/mesh/testing/mesh_cluster.hpp"

namespace tally::reachability::mesh::testing {

using network_policy::Verdict;

inline const std::string kSidecars = name_space("shop", "{istio-injection: enabled}");
inline const std::string kAmbient = name_space("shop", "{istio.io/dataplane-mode: ambient}");
inline const std::string kPlain = name_space("old");
inline const std::string kPods = pod("shop/web") + pod("shop/api") + service("shop/api");
inline const std::string kStrict = peer("shop/default", "{mtls: {mode: STRICT}}");

inline std::string network_policy_of(std::string_view path, std::string_view spec) {
  return object("networking.k8s.io/v1", "NetworkPolicy", path, spec);
}

inline const std::string kOnlyHbone = network_policy_of(
    "shop/np", "{podSelector: {}, policyTypes: [Ingress], ingress: [{ports: [{port: 15008}]}]}");
inline const std::string kOnlyApplication = network_policy_of(
    "shop/np", "{podSelector: {}, policyTypes: [Ingress], ingress: [{ports: [{port: 8080}]}]}");
inline const std::string kAllowWeb = authorization_policy(
    "shop/api",
    "{selector: {matchLabels: {app: api}}, rules: [{from: [{source: {principals: "
    "[\"cluster.local/ns/shop/sa/web\"]}}]}]}");
inline const std::string kDenyWeb = authorization_policy(
    "shop/api",
    "{action: DENY, selector: {matchLabels: {app: api}}, rules: [{from: [{source: {principals: "
    "[\"cluster.local/ns/shop/sa/web\"]}}]}]}");

struct Row {
  std::string_view name;
  std::string yaml;
  std::string_view source = "shop/web";
  Verdict expected = Verdict::Allowed;
  Encryption encryption = Encryption::Plaintext;
  std::string_view identity = "";
  std::string_view missing = "";  // a part of a fact that is named
  std::uint16_t port = 8080;
};
inline constexpr std::string_view kWeb = "cluster.local/ns/shop/sa/web";

inline void check(std::span<const Row> rows) {
  for (const Row& row : rows) {
    const MeshCluster cluster(row.yaml);
    const LayeredAnswer answer = judge_layers(cluster.mesh(), cluster.party(row.source),
                                              cluster.party("shop/api"), {.number = row.port});
    const Route& route = answer.way.mesh.route;
    EXPECT_EQ(to_text(answer.verdict), to_text(row.expected))
        << row.name << "\n"
        << answer.way.mesh.reason << "\n"
        << answer.way.mesh.decided_by.what << "\n"
        << row.yaml;
    EXPECT_EQ(to_text(route.encryption), to_text(row.encryption)) << row.name;
    EXPECT_EQ(route.identity, row.identity) << row.name;
    std::string facts;
    for (const std::string& fact : answer.missing) {
      facts += fact + "\n";
    }
    EXPECT_EQ(facts.empty(), row.missing.empty()) << row.name << "\n" << facts;
    EXPECT_NE(facts.find(row.missing), std::string::npos) << row.name << "\n" << facts;
  }
}

}  // namespace tally::reachability::mesh::testing

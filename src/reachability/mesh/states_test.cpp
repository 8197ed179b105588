// What asks the joined answer of both layers: differences of two states, assertions, ways in.
#include "document/read.hpp"
#include "reachability/assertions.hpp"
#include "reachability/difference.hpp"
#include "reachability/mesh/connection_list.hpp"
#include "reachability/mesh/entry_answers.hpp"
#include "reachability/mesh/testing/layer_rows.hpp"

namespace tally::reachability::mesh {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace)

const std::string kBase = kSidecars + peer("istio-system/x", "{}") + kPods;
const std::string kOnlyGet = authorization_policy(
    "shop/api",
    "{selector: {matchLabels: {app: api}}, rules: [{to: [{operation: {methods: [GET]}}]}]}");

std::string changes(const std::string& before, const std::string& after) {
  MeshCluster old_state(before);
  MeshCluster new_state(after);
  JoinedAnswers old_answers(old_state.world(),
                            old_state.mesh().is_present() ? &old_state.mesh() : nullptr);
  JoinedAnswers new_answers(new_state.world(),
                            new_state.mesh().is_present() ? &new_state.mesh() : nullptr);
  std::string out;
  for (const ChangedConnection& one : difference(old_answers, new_answers)) {
    if (one.source.starts_with("shop/web") && one.destination.starts_with("shop/api")) {
      out += one.before + " => " + one.after;
    }
  }
  return out;
}

TEST(StatesWithAMesh, DifferencesAreOfBothLayers) {
  EXPECT_EQ(changes(kBase, kBase), "");
  EXPECT_EQ(changes(kBase + kAllowWeb, kBase + kAllowWeb + kStrict), "");
  EXPECT_TRUE(changes(kBase, kBase + kDenyWeb).ends_with("plaintext)"))
      << changes(kBase, kBase + kDenyWeb);
  EXPECT_TRUE(changes(kBase, kBase + kOnlyGet).contains("GET)"));
  // The mesh goes: what was encrypted is plaintext.
  const std::string plain = kPods + name_space("shop");
  EXPECT_TRUE(changes(kBase, plain).starts_with("all (mutual TLS)"));
  EXPECT_TRUE(changes(kBase, plain).ends_with("all (plaintext)")) << changes(kBase, plain);
  EXPECT_EQ(changes(plain, plain), "");
}

// The lists of both states, compared row by row.
TEST(StatesWithAMesh, DifferencesAreThoseOfTheLists) {
  const std::string states[] = {kBase, kBase + kAllowWeb, kBase + kDenyWeb, kBase + kOnlyGet,
                                kBase + kStrict + kOnlyApplication};
  for (const std::string& before : states) {
    for (const std::string& after : states) {
      const auto list = [](const std::string& text) {
        MeshCluster cluster(text);
        std::map<std::string, std::string> rows;
        for (const ConnectionRow& row :
             list_connections(cluster.world(), cluster.mesh(), {.with_outside = false})) {
          rows[cluster.world().workloads()[row.source].label + " " +
               cluster.world().workloads()[row.destination].label] = to_words(*row.mesh);
        }
        return rows;
      };
      const auto old_rows = list(before);
      const auto new_rows = list(after);
      std::size_t expected = 0;
      for (const std::string pair :
           {"shop/api[Pod] shop/web[Pod]", "shop/web[Pod] shop/api[Pod]"}) {
        const auto was = old_rows.find(pair);
        const auto is = new_rows.find(pair);
        expected += (was == old_rows.end() ? "none" : was->second) !=
                            (is == new_rows.end() ? "none" : is->second)
                        ? 1U
                        : 0U;
      }
      MeshCluster old_state(before);
      MeshCluster new_state(after);
      JoinedAnswers old_answers(old_state.world(), &old_state.mesh());
      JoinedAnswers new_answers(new_state.world(), &new_state.mesh());
      std::size_t found = 0;
      for (const ChangedConnection& one : difference(old_answers, new_answers)) {
        found += one.source.starts_with("shop/") && one.destination.starts_with("shop/") ? 1U : 0U;
      }
      EXPECT_EQ(found, expected) << before << "\n=>\n" << after;
    }
  }
}

std::string check(const std::string& cluster_text, std::string_view assertion) {
  MeshCluster cluster(cluster_text);
  const std::string text = "kind: NetworkAssertions\nassertions:\n- " + std::string(assertion);
  const auto source = document::Source::from_text("assertions.yaml", text);
  Arena arena;
  std::vector<document::Document> documents;
  std::vector<document::DocumentError> errors;
  for (const document::Slice& slice : document::split(*source)) {
    document::read_slice(*source, slice, arena, {}, documents, errors);
  }
  kube::Object object;
  object.root = documents.front().root;
  object.source = source.get();
  JoinedAnswers answers(cluster.world(), &cluster.mesh());
  const auto results = check_assertions(answers, object);
  if (!results) {
    return "error: " + results.error().to_string();
  }
  return results->front().holds ? "holds" : results->front().witness;
}

TEST(StatesWithAMesh, AssertionsNameTheLayer) {
  struct AssertionRow {
    std::string_view name;
    std::string cluster;
    std::string_view assertion;
    std::string_view expected;  // a part
  };
  const AssertionRow rows[] = {
      {"denied by the mesh", kBase + kDenyWeb, "deny: \"shop/web -> shop/api tcp/8080\"", "holds"},
      {"allowed by both", kBase, "allow: \"shop/web -> shop/api tcp/8080\"", "holds"},
      {"an open door", kBase, "deny: \"shop/web -> shop/api tcp/8080\"",
       "TCP 8080 is allowed by the network policies and by the mesh"},
      {"closed by the mesh", kBase + kDenyWeb, "allow: \"shop/web -> shop/api tcp/8080\"",
       "TCP 8080 is denied by the mesh: AuthorizationPolicy shop/api"},
      {"closed below",
       kBase + network_policy_of("shop/np", "{podSelector: {}, policyTypes: [Ingress]}"),
       "allow: \"shop/web -> shop/api tcp/8080\"", "TCP 8080 is denied by the network policies"},
      {"some requests are not all", kBase + kOnlyGet, "allow: \"shop/web -> shop/api tcp/8080\"",
       "TCP 8080 is allowed for some requests only: "},
      {"some requests are some", kBase + kOnlyGet, "deny: \"shop/web -> shop/api tcp/8080\"",
       "TCP 8080 is allowed for some requests only: "},
      {"from outside, past a strict sidecar", kBase + kStrict,
       "deny: \"outside -> shop/api tcp/8080\"", "holds"},
      {"from outside", kBase, "deny: \"outside -> shop/api tcp/8080\"",
       "TCP 8080 is allowed by the network policies and by the mesh"},
      {"nobody of that name", kBase, "deny: \"shop/none -> shop/api\"", "error: "}};
  for (const AssertionRow& row : rows) {
    const std::string found = check(row.cluster, row.assertion);
    EXPECT_TRUE(found.contains(row.expected)) << row.name << ": " << found;
  }
}

std::string exposed(const std::string& more, std::string_view kind = "type: NodePort, ") {
  const std::string door =
      "---\napiVersion: v1\nkind: Service\nmetadata: {namespace: shop, name: door}\nspec: {" +
      std::string(kind) +
      "externalTrafficPolicy: Local, selector: {app: api}, ports: [{name: http, port: 80, "
      "targetPort: 8080}]}\n";
  MeshCluster cluster(kBase + door + more);
  kube::testing::Manifests manifests(cluster.text());
  EntryList entries = list_entries(*manifests.snapshot(), cluster.world());
  JoinedAnswers answers(cluster.world(), &cluster.mesh());
  ask_mesh(answers, entries);
  const auto found = cluster.world().find("shop/api");
  std::string out(to_text(world_exposed(cluster.world(), entries)[*found]));
  for (const Entry& entry : entries.entries) {
    for (const EntryBackend& backend : entry.backends) {
      out += backend.denied_by.empty() ? "" : ": " + backend.denied_by;
      out += backend.missing.empty() ? "" : ", not known: " + backend.missing;
    }
  }
  return out;
}

TEST(StatesWithAMesh, WaysInAskTheMesh) {
  EXPECT_EQ(exposed(""), "allowed");
  EXPECT_TRUE(exposed(kStrict).starts_with("denied: ")) << exposed(kStrict);
  EXPECT_TRUE(exposed(kAllowWeb).starts_with("denied: ")) << exposed(kAllowWeb);
  EXPECT_EQ(exposed(kDenyWeb), "allowed");
  EXPECT_EQ(exposed(kOnlyGet), "allowed");  // some requests
  const std::string ingress = object(
      "networking.k8s.io/v1", "Ingress", "shop/in",
      "{rules: [{http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: api, port: "
      "{number: 80}}}}]}}]}");
  EXPECT_EQ(exposed(ingress, ""), "allowed");
  EXPECT_TRUE(exposed(ingress + kStrict, "")
                  .starts_with("unknown, not known: whether the "
                               "controller is in the mesh"))
      << exposed(ingress + kStrict, "");
}

}  // namespace
}  // namespace tally::reachability::mesh

// The page: what of the input reaches it, and in which form.
#include "reachability/map/map.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "base/arena.hpp"
#include "crypto/sha256.hpp"
#include "kube/testing/manifests.hpp"
#include "scalar/base64.hpp"

namespace tally::reachability {
namespace {

struct Cluster {
  explicit Cluster(const std::string& yaml)
      : manifests(yaml),
        snapshot(manifests.snapshot()),
        world(std::make_unique<World>(*snapshot, network_policy::LoadOptions{})) {}
  kube::testing::Manifests manifests;
  std::shared_ptr<const kube::Snapshot> snapshot;
  std::unique_ptr<World> world;
};

std::string pod(std::string_view name, std::string_view app) {
  return "---\napiVersion: v1\nkind: Pod\nmetadata: {name: " + std::string(name) +
         ", namespace: shop, labels: {app: " + std::string(app) +
         "}}\nspec: {containers: [{name: a, image: a, ports: [{containerPort: 8080}]}]}\n";
}

const std::string kDb = R"(---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: db, namespace: shop}
spec:
  podSelector: {matchLabels: {app: db}}
  policyTypes: [Ingress]
  ingress: [{from: [{podSelector: {matchLabels: {app: web}}}], ports: [{port: 5432}]}]
)";

std::string_view between(std::string_view text, std::string_view begin, std::string_view end) {
  const auto at = text.find(begin);
  if (at == std::string_view::npos) {
    return {};
  }
  text.remove_prefix(at + begin.size());
  return text.substr(0, text.find(end));
}

std::string_view data_of(std::string_view page) {
  return between(page, "<script type=\"application/json\" id=\"data\">", "</script>");
}

std::size_t count_of(std::string_view text, std::string_view part) {
  std::size_t count = 0;
  for (auto at = text.find(part); at != std::string_view::npos; at = text.find(part, at + 1)) {
    ++count;
  }
  return count;
}

std::string digest(std::string_view text) {
  const crypto::Sha256Digest bytes = crypto::sha256(text);
  return scalar::encode_base64({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

TEST(Map, HoldsWorkloadsAnswersAndReasons) {
  const Cluster cluster(pod("web", "web") + pod("db", "db") + kDb);
  const std::string page = to_html(*cluster.world, {.tally_version = "1", .inputs = {"k8s"}});
  const std::string_view data = data_of(page);
  for (const std::string_view part :
       {"\"inputs\":[\"k8s\"]", "\"web\"", "\"TCP 5432\"", "\"ingress rule 1\"",
        "\"NetworkPolicy shop/db\"", "\"test.yaml:18\"", "\"reasoned\":1", "\"TCP 8080\""}) {
    EXPECT_TRUE(data.contains(part)) << part << " is not in\n" << data;
  }
  EXPECT_FALSE(page.contains("{{")) << "a part of the page is not filled";
  // For readers without JavaScript.
  EXPECT_TRUE(
      page.contains("<tr><td>shop/web[Pod]</td><td>shop/db[Pod]</td><td>TCP 5432</td></tr>"));
}

TEST(Map, RunsAndStylesNothingButItsOwn) {
  const Cluster cluster(pod("web", "web"));
  const std::string page = to_html(*cluster.world, {});
  const std::string policy(between(page, "content=\"default-src", "\""));
  EXPECT_TRUE(policy.contains("script-src &#39;sha256-" +
                              digest(between(page, "</script>\n<script>", "</script>"))));
  EXPECT_TRUE(
      policy.contains("style-src &#39;sha256-" + digest(between(page, "<style>", "</style>"))));
  for (const std::string_view part :
       {"http://", "https://", " style=\"", " onclick", "innerHTML"}) {
    const std::size_t allowed = part == "http://" ? 1 : 0;  // the name of SVG's namespace
    EXPECT_EQ(count_of(page, part), allowed) << part;
  }
}

TEST(Map, KeepsHostileTextsAsData) {
  // Names that no API server takes, but a file may hold.
  const Cluster cluster(pod("\"</script><script>alert(1)</script>\"", "\"<!--<b>&'\"") +
                        pod("\"a\\u202eb\\u0007c\"", "web"));
  const std::string page =
      to_html(*cluster.world, {.inputs = {"</script>"}, .notes = {"<img src=x onerror=alert(1)>"}});
  EXPECT_EQ(count_of(page, "<script"), 2U);
  EXPECT_EQ(count_of(page, "</script"), 2U);
  EXPECT_FALSE(page.contains("<img"));
  EXPECT_FALSE(page.contains("<b>"));
  EXPECT_FALSE(data_of(page).contains("<"));
  EXPECT_TRUE(data_of(page).contains("\\u003c/script>\\u003cscript>alert(1)"));
  // What is not seen is not written either, where no script makes it visible.
  const std::string_view tables = between(page, "<section id=\"static\">", "</section>");
  EXPECT_TRUE(tables.contains("&lt;/script&gt;&lt;script&gt;"));
  EXPECT_FALSE(tables.contains("\xE2\x80\xAE"));
  EXPECT_FALSE(tables.contains("\x07"));
}

constexpr std::string_view kMesh = R"(---
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: db, namespace: shop}
spec:
  selector: {matchLabels: {app: db}}
  action: ALLOW
  rules: [{from: [{source: {principals: [cluster.local/ns/shop/sa/api]}}]}]
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {type: LoadBalancer, selector: {app: web}, ports: [{name: http, port: 80, targetPort: 8080}]}
)";

TEST(Map, SaysWhatTheMeshDeniesAndHowTheWorldGetsIn) {
  const Cluster cluster(pod("web", "web") + pod("db", "db") + std::string(kMesh));
  const mesh::Mesh mesh(*cluster.snapshot, *cluster.world, {});
  ASSERT_TRUE(mesh.is_present());
  const EntryList entries = list_entries(*cluster.snapshot, *cluster.world);
  const std::string page = to_html(*cluster.world, {.mesh = &mesh, .entries = &entries});
  const std::string_view data = data_of(page);
  for (const std::string_view part :
       {"\"meshed\":1", "\"AuthorizationPolicy shop/db\"", "LoadBalancer of Service shop/web",
        "cluster.local/ns/shop/sa/default, mutual TLS permissive"}) {
    EXPECT_TRUE(data.contains(part)) << part << " is not in\n" << data;
  }
  const std::string without = to_html(*cluster.world, {});
  EXPECT_TRUE(data_of(without).contains("\"meshed\":0"));
  EXPECT_FALSE(data_of(without).contains("AuthorizationPolicy"));
  EXPECT_FALSE(data_of(without).contains("LoadBalancer"));
}

TEST(Map, GrowsWithClassesNotWithPairs) {
  std::string few;
  std::string many;
  for (int i = 0; i < 400; ++i) {
    (i < 100 ? few : many) += pod("web-" + std::to_string(i), "web");
  }
  many = few + many;
  const Cluster small(few + pod("db", "db") + kDb);
  const Cluster big(many + pod("db", "db") + kDb);
  const std::size_t size = data_of(to_html(*small.world, {})).size();
  const std::size_t bigger = data_of(to_html(*big.world, {})).size();
  EXPECT_LT(bigger, 5 * size) << size << " and " << bigger << " bytes";
}

TEST(Map, StoresReasonsUpToItsLimit) {
  const Cluster cluster(pod("web", "web") + pod("db", "db") + kDb);
  // Classes web and db: web to db, db to web, and web and db each with its like.
  const std::string under = to_html(*cluster.world, {.reason_work_max = 1'000});
  const std::string over = to_html(*cluster.world, {.reason_work_max = 1});
  EXPECT_TRUE(data_of(under).contains("\"reasoned\":1"));
  EXPECT_TRUE(data_of(under).contains("ingress rule 1"));
  EXPECT_TRUE(data_of(over).contains("\"reasoned\":0"));
  EXPECT_FALSE(data_of(over).contains("ingress rule 1"));
  EXPECT_TRUE(data_of(over).contains("NetworkPolicy shop/db")) << "the policies stay";
}

}  // namespace
}  // namespace tally::reachability

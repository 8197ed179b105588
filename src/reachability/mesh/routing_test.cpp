// VirtualServices in the mesh: where calls of a Service go, with and without a request.
#include <span>

#include "reachability/mesh/testing/layer_rows.hpp"

namespace tally::reachability::mesh {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace)

const std::string kBase =
    kSidecars + peer("istio-system/x", "{}") + kPods + pod("shop/other") + service("shop/other");

std::string routes(std::string_view http, std::string_view hosts = "[api]",
                   std::string_view name = "shop/vs") {
  return object("networking.istio.io/v1", "VirtualService", name,
                "{hosts: " + std::string(hosts) + ", http: [" + std::string(http) + "]}");
}

std::string subsets(std::string_view labels) {
  return object("networking.istio.io/v1", "DestinationRule", "shop/dr",
                "{host: api, subsets: [{name: v1, labels: " + std::string(labels) + "}]}");
}

constexpr std::string_view kToApi = "route: [{destination: {host: api}}]";

struct RoutedRow {
  std::string_view name;
  std::string yaml;
  Verdict without_request = Verdict::Allowed;
  Verdict of_get_a = Verdict::Allowed;   // GET /a
  Verdict of_post_b = Verdict::Allowed;  // POST /b
};

std::string to_api(std::string_view before) {
  return "{" + std::string(before) + std::string(kToApi) + "}";
}
std::string elsewhere(std::string_view before) {
  return "{" + std::string(before) + "route: [{destination: {host: other}}]}";
}

const RoutedRow kRows[] = {
    {"no VirtualService", ""},
    {"of another host", routes(elsewhere(""), "[other]")},
    {"to it", routes(to_api(""))},
    {"elsewhere", routes(elsewhere("")), Verdict::Denied, Verdict::Denied, Verdict::Denied},
    {"to a host that does not exist", routes("{route: [{destination: {host: none}}]}"),
     Verdict::Denied, Verdict::Denied, Verdict::Denied},
    {"a redirect", routes("{redirect: {uri: /x}}"), Verdict::Denied, Verdict::Denied,
     Verdict::Denied},
    {"no route takes the rest", routes(to_api("match: [{uri: {prefix: /a}}], ")), Verdict::Unknown,
     Verdict::Allowed, Verdict::Denied},
    {"by path", routes(elsewhere("match: [{uri: {exact: /a}}], ") + ", " + to_api("")),
     Verdict::Unknown, Verdict::Denied, Verdict::Allowed},
    {"by method", routes(to_api("match: [{method: {exact: GET}}], ") + ", " + elsewhere("")),
     Verdict::Unknown, Verdict::Allowed, Verdict::Denied},
    {"all conditions of a match",
     routes(to_api("match: [{method: {exact: POST}, uri: {prefix: /a}}], ") + ", " + elsewhere("")),
     Verdict::Unknown, Verdict::Denied, Verdict::Denied},
    {"one of the matches",
     routes(to_api("match: [{method: {exact: POST}}, {uri: {prefix: /a}}], ") + ", " +
            elsewhere("")),
     Verdict::Unknown},
    {"the first route that takes it", routes(to_api("") + ", " + elsewhere(""))},
    {"by headers",
     routes(to_api("match: [{headers: {x: {exact: \"1\"}}}], ") + ", " + elsewhere("")),
     Verdict::Unknown, Verdict::Unknown, Verdict::Unknown},
    {"a prefix of everything", routes(to_api("match: [{uri: {prefix: /}}], "))},
    {"weights", routes("{route: [{destination: {host: other}, weight: 90}, {destination: {host: "
                       "api}, weight: 10}]}")},
    {"no weight",
     routes("{route: [{destination: {host: other}, weight: 100}, {destination: {host: "
            "api}, weight: 0}]}"),
     Verdict::Denied, Verdict::Denied, Verdict::Denied},
    {"a subset that holds it",
     subsets("{app: api}") + routes("{route: [{destination: {host: api, subset: v1}}]}")},
    {"a subset of others",
     subsets("{app: no}") + routes("{route: [{destination: {host: api, subset: v1}}]}"),
     Verdict::Denied, Verdict::Denied, Verdict::Denied},
    {"a subset that does not exist",
     subsets("{app: api}") + routes("{route: [{destination: {host: api, subset: v2}}]}"),
     Verdict::Denied, Verdict::Denied, Verdict::Denied},
    {"labels of the client", routes(to_api("match: [{sourceLabels: {app: web}}], "))},
    {"labels of other clients", routes(to_api("match: [{sourceLabels: {app: no}}], ")),
     Verdict::Denied, Verdict::Denied, Verdict::Denied},
    {"a port that is not called", routes(to_api("match: [{port: 81}], ")), Verdict::Denied,
     Verdict::Denied, Verdict::Denied},
    {"another host leads here",
     routes(elsewhere("")) + routes(to_api(""), "[other]", "shop/second"), Verdict::Unknown,
     Verdict::Unknown, Verdict::Unknown},
    {"a delegate", routes("{delegate: {name: x}}"), Verdict::Unknown, Verdict::Unknown,
     Verdict::Unknown},
    {"for a gateway only",
     object("networking.istio.io/v1", "VirtualService", "shop/vs",
            "{hosts: [api], gateways: [edge], http: [" + elsewhere("") + "]}")},
    {"TCP routes say nothing of HTTP",
     object("networking.istio.io/v1", "VirtualService", "shop/vs",
            "{hosts: [api], tcp: [{route: [{destination: {host: other}}]}]}")},
};

TEST(Routing, OfAServiceInTheMesh) {
  constexpr HttpRequest kGetA{.method = "GET", .path = "/a?x=1", .host = "api"};
  constexpr HttpRequest kPostB{.method = "POST", .path = "/b", .host = "api"};
  for (const RoutedRow& row : kRows) {
    const MeshCluster cluster(kBase + row.yaml);
    const auto verdict = [&](const HttpRequest* request) {
      return std::string(to_text(judge_layers(cluster.mesh(), cluster.party("shop/web"),
                                              cluster.party("shop/api"), {.number = 8080}, request)
                                     .verdict));
    };
    EXPECT_EQ(verdict(nullptr), to_text(row.without_request)) << row.name;
    EXPECT_EQ(verdict(&kGetA), to_text(row.of_get_a)) << row.name;
    EXPECT_EQ(verdict(&kPostB), to_text(row.of_post_b)) << row.name;
  }
}

TEST(Routing, NamesTheVirtualServiceAndTheMissingFact) {
  const MeshCluster some(kBase + routes(to_api("match: [{uri: {prefix: /a}}], ")));
  const LayeredAnswer perhaps =
      judge_layers(some.mesh(), some.party("shop/web"), some.party("shop/api"), {.number = 8080});
  ASSERT_FALSE(perhaps.missing.empty());
  EXPECT_TRUE(perhaps.missing.front().contains("VirtualService shop/vs"))
      << perhaps.missing.front();

  const MeshCluster none(kBase + routes("{route: [{destination: {host: api, subset: v9}}]}"));
  const LayeredAnswer denied =
      judge_layers(none.mesh(), none.party("shop/web"), none.party("shop/api"), {.number = 8080});
  EXPECT_TRUE(deciding_layer(denied).contains("no DestinationRule has subset v9"))
      << deciding_layer(denied);
}

}  // namespace
}  // namespace tally::reachability::mesh

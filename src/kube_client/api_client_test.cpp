// The client against a server inside the test that answers as an API server does.
#include "kube_client/api_client.hpp"

#include <gtest/gtest.h>

#include "document/read.hpp"
#include "kube_client/discovery.hpp"
#include "kube_client/list.hpp"
#include "net/testing/server.hpp"

namespace tally::kube_client {
namespace {

using net::testing::Identity;
using net::testing::Peer;
using net::testing::Server;

std::string answer(unsigned status, const std::string& body) {
  return "HTTP/1.1 " + std::to_string(status) +
         " Word\r\nContent-Type: application/json\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\nConnection: close\r\n\r\n" + body;
}

std::string path_of(const std::string& request) {
  const std::size_t begin = request.find(' ') + 1;
  return request.substr(begin, request.find(' ', begin) - begin);
}

bool has(const std::string& request, std::string_view text) {
  return request.find(text) != std::string::npos;
}

// A server with its authority, and clients for it.
class World {
 public:
  using Handler = std::function<std::string(const std::string& path, const std::string& request)>;
  explicit World(Handler handler)
      : server_(
            [handler = std::move(handler)](Peer& peer, const std::string& request) {
              peer.write(handler(path_of(request), request));
            },
            &identity_) {}

  ApiClient client(CredentialSource credentials = {}) {
    ClusterAccess access;
    access.server = server_.url("127.0.0.1", "");
    access.ca_bundle = identity_.pem;
    access.credentials = std::move(credentials);
    Surroundings surroundings;
    surroundings.read_file = [this](const std::string&) -> Result<std::string> {
      return "file-token-" + std::to_string(++files_read_) + "\n";
    };
    surroundings.run = [this](const ExecPlugin&, const std::string&) -> Result<std::string> {
      return plugin_output + std::to_string(++plugin_runs) + R"("}})";
    };
    surroundings.environment = [](const std::string&) { return std::nullopt; };
    auto client = ApiClient::create(std::move(access), std::move(surroundings));
    EXPECT_TRUE(client.has_value());
    return std::move(*client);
  }
  [[nodiscard]] std::vector<std::string> requests() const { return server_.requests(); }

  int plugin_runs = 0;
  std::string plugin_output =
      R"({"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{"token":"p)";

 private:
  Identity identity_{"IP:127.0.0.1"};
  int files_read_ = 0;
  Server server_;
};

const CredentialSource kPlugin{
    .exec = ExecPlugin{.api_version = "client.authentication.k8s.io/v1", .command = "login"}};

TEST(ApiClient, ShowsItsToken) {
  World world([](const std::string&, const std::string&) { return answer(200, "{}"); });
  auto none = world.client();
  EXPECT_EQ(none.get("/version").value(), "{}");
  EXPECT_FALSE(has(world.requests().back(), "Authorization"));
  auto token = world.client({.token = "t0"});
  EXPECT_TRUE(token.get("/version").has_value());
  EXPECT_TRUE(has(world.requests().back(), "Authorization: Bearer t0\r\n"));
  // A file is read for each call: it is renewed in place.
  auto file = world.client({.token_file = "token"});
  EXPECT_TRUE(file.get("/version").has_value());
  EXPECT_TRUE(file.get("/version").has_value());
  EXPECT_TRUE(has(world.requests().back(), "Authorization: Bearer file-token-2\r\n"));
}

TEST(ApiClient, AsksThePluginAgainOnce) {
  World world([](const std::string&, const std::string& request) {
    return has(request, "Bearer p2") ? answer(200, "{}") : answer(401, R"({"message":"no"})");
  });
  auto client = world.client(kPlugin);
  EXPECT_TRUE(client.get("/version").has_value());
  EXPECT_TRUE(client.get("/version").has_value());
  EXPECT_EQ(world.plugin_runs, 2);
  World refusing([](const std::string&, const std::string&) { return answer(401, "{}"); });
  auto refused = refusing.client(kPlugin);
  EXPECT_EQ(refused.get("/version").error().error.message, "GET /version: 401 Unauthorized");
  EXPECT_EQ(refusing.plugin_runs, 2);
}

// What a plugin prints may be a secret.
TEST(ApiClient, QuotesNoPlugin) {
  World world([](const std::string&, const std::string&) { return answer(200, "{}"); });
  world.plugin_output = "hunter2";
  auto client = world.client(kPlugin);
  const auto got = client.get("/version");
  ASSERT_FALSE(got.has_value());
  EXPECT_EQ(got.error().error.to_string().find("hunter2"), std::string::npos);
}

TEST(ApiClient, SaysWhatTheServerSays) {
  struct Row {
    unsigned status;
    std::string body;
    std::string_view message;
  };
  for (const auto& [status, body, message] :
       {Row{403, R"({"kind":"Status","message":"pods is forbidden"})",
            "GET /api/v1/pods: 403 Forbidden: pods is forbidden"},
        Row{503, "<html>", "GET /api/v1/pods: 503 Service Unavailable"},
        Row{410, R"({"message":"too \u001b[31mold"})", "GET /api/v1/pods: 410 Gone: too [31mold"},
        Row{418, R"({"message":7})", "GET /api/v1/pods: 418"},
        Row{302, "{}", "GET /api/v1/pods: 302"}}) {
    World world([&](const std::string&, const std::string&) { return answer(status, body); });
    auto client = world.client();
    const auto got = client.get("/api/v1/pods?limit=1");
    ASSERT_FALSE(got.has_value());
    EXPECT_EQ(got.error().status, status);
    EXPECT_EQ(got.error().error.message, message);
  }
}

constexpr const char* kAggregatedCore = R"({"kind":"APIGroupDiscoveryList","items":[{"versions":[
  {"version":"v1","resources":[
    {"resource":"pods","responseKind":{"kind":"Pod"},"verbs":["get","list"],
     "subresources":[{"subresource":"exec"}]},
    {"resource":"bindings","responseKind":{"kind":"Binding"},"verbs":["create"]}]}]}]})";
constexpr const char* kAggregatedGroups = R"({"kind":"APIGroupDiscoveryList","items":[
  {"metadata":{"name":"apps"},"versions":[
    {"version":"v1","resources":[{"resource":"deployments","responseKind":{"kind":"Deployment"},"verbs":["list"]}]},
    {"version":"v1beta1","resources":[{"resource":"deployments","responseKind":{"kind":"Deployment"},"verbs":["list"]},
      {"resource":"scales","responseKind":{"kind":"Scale"},"verbs":["list"]}]}]},
  {"metadata":{"name":"gone.test"},"versions":[{"version":"v1","freshness":"Stale"}]}]})";

std::string shown(const Discovered& found) {
  std::string text;
  for (const Resource& resource : found.resources) {
    text += resource.path() + "=" + resource.kind + " ";
  }
  return text;
}

TEST(Discovery, Aggregated) {
  World world([](const std::string& path, const std::string&) {
    return answer(200, path == "/api" ? kAggregatedCore : kAggregatedGroups);
  });
  auto client = world.client();
  const auto found = discover(client);
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(shown(*found),
            "/api/v1/pods=Pod /apis/apps/v1/deployments=Deployment "
            "/apis/apps/v1beta1/scales=Scale ");
  ASSERT_EQ(found->problems.size(), 1U);
  EXPECT_EQ(found->problems[0].message, "the server of gone.test/v1 does not answer");
  EXPECT_EQ(world.requests().size(), 2U);
}

TEST(Discovery, GroupByGroup) {
  World world([](const std::string& path, const std::string&) {
    if (path == "/api") {
      return answer(200, R"({"kind":"APIVersions","versions":["v1"]})");
    }
    if (path == "/apis") {
      return answer(200, R"({"kind":"APIGroupList","groups":[{"name":"apps",
        "versions":[{"version":"v1beta1"},{"version":"v1"}],"preferredVersion":{"version":"v1"}},
        {"name":"gone.test","versions":[{"version":"v1"}]}]})");
    }
    if (path == "/api/v1") {
      return answer(200, R"({"resources":[{"name":"pods","kind":"Pod","verbs":["list"]},
        {"name":"pods/exec","kind":"PodExecOptions","verbs":["list"]}]})");
    }
    return path.starts_with("/apis/apps/")
               ? answer(
                     200,
                     R"({"resources":[{"name":"deployments","kind":"Deployment","verbs":["list"]}]})")
               : answer(503, "{}");
  });
  auto client = world.client();
  const auto found = discover(client);
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(shown(*found), "/api/v1/pods=Pod /apis/apps/v1/deployments=Deployment ");
  ASSERT_EQ(found->problems.size(), 1U);
  EXPECT_EQ(found->problems[0].message, "GET /apis/gone.test/v1: 503 Service Unavailable");
}

TEST(Discovery, Role) {
  EXPECT_EQ(reading_role("tally", {{"apps", "v1", "deployments", "Deployment"},
                                   {"", "v1", "pods", "Pod"},
                                   {"", "v1", "namespaces", "Namespace"}}),
            "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata:\n"
            "  name: tally\nrules:\n- apiGroups: [\"\"]\n  resources:\n  - namespaces\n  - pods\n"
            "  verbs: [\"list\"]\n- apiGroups: [\"apps\"]\n  resources:\n  - deployments\n"
            "  verbs: [\"list\"]\n");
}

const Resource kPods{.group = "", .version = "v1", .plural = "pods", .kind = "Pod"};

TEST(List, PageByPage) {
  World world([](const std::string& path, const std::string&) {
    return has(path, "continue=")
               ? answer(200, R"({"metadata":{},"items":[{"n":2}]})")
               : answer(200, R"({"metadata":{"continue":"a+b/="},"items":[{"n":1}]})");
  });
  auto client = world.client();
  const auto pages = list(client, kPods, {.page = 1});
  ASSERT_TRUE(pages.has_value());
  ASSERT_EQ(pages->size(), 2U);
  EXPECT_EQ((*pages)[0]->name(), "cluster:v1/pods");
  EXPECT_EQ(path_of(world.requests()[1]), "/api/v1/pods?limit=1&continue=a%2Bb%2F%3D");
}

// The place where a page ended is too old: the whole list, without pages.
TEST(List, BeginsAnew) {
  World world([](const std::string& path, const std::string&) {
    if (has(path, "continue=")) {
      return answer(410, R"({"reason":"Expired"})");
    }
    return has(path, "limit=") ? answer(200, R"({"metadata":{"continue":"x"},"items":[{}]})")
                               : answer(200, R"({"items":[{},{}]})");
  });
  auto client = world.client();
  const auto pages = list(client, kPods);
  ASSERT_TRUE(pages.has_value());
  EXPECT_EQ(pages->size(), 1U);
  EXPECT_EQ(world.requests().size(), 3U);
}

TEST(List, Refuses) {
  struct Row {
    std::string body;
    std::string_view message;
  };
  for (const auto& [body, message] :
       {Row{R"({"kind":"Pod"})", "cluster:v1/pods: the server's answer is no list"},
        Row{R"({"items":{}})", "cluster:v1/pods: the server's answer is no list"},
        Row{R"({"metadata":{"continue":"x"},"items":[]})",
            "cluster:v1/pods: the list does not go on"},
        Row{R"({"items":[{},{},{}]})", "cluster:v1/pods: more than 2 objects"}}) {
    World world([&](const std::string&, const std::string&) { return answer(200, body); });
    auto client = world.client();
    const auto pages = list(client, kPods, {.objects_max = 2});
    ASSERT_FALSE(pages.has_value()) << body;
    EXPECT_EQ(pages.error().error.message, message);
  }
  World broken([](const std::string&, const std::string&) { return answer(200, "{"); });
  auto client = broken.client();
  EXPECT_FALSE(list(client, kPods).has_value());
}

}  // namespace
}  // namespace tally::kube_client

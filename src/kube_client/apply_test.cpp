// Writing: what is sent, and what is made of refusals.
#include "kube_client/apply.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "kube_client/lease.hpp"
#include "kube_client/testing/api_server.hpp"

namespace tally::kube_client {
namespace {

using namespace std::chrono_literals;
using namespace testing;

const ObjectPlace kWeb{
    .resource = {.group = "apps", .version = "v1", .plural = "deployments", .kind = "Deployment"},
    .name_space = "shop",
    .name = "web"};

TEST(ObjectPlace, Path) {
  const Resource roles{.group = "rbac.authorization.k8s.io",
                       .version = "v1",
                       .plural = "clusterroles",
                       .kind = "ClusterRole"};
  struct Row {
    ObjectPlace place;
    std::string_view path;
  };
  for (const auto& [place, path] :
       {Row{kWeb, "/apis/apps/v1/namespaces/shop/deployments/web"},
        Row{{.resource = kPods}, "/api/v1/pods"},
        Row{{.resource = kPods, .name_space = "a", .name = "b", .subresource = "status"},
            "/api/v1/namespaces/a/pods/b/status"},
        Row{{.resource = roles, .name = "system:node"},
            "/apis/rbac.authorization.k8s.io/v1/clusterroles/system%3Anode"},
        Row{{.resource = kPods, .name_space = "../x", .name = "a/b?c#d"},
            "/api/v1/namespaces/..%2Fx/pods/a%2Fb%3Fc%23d"}}) {
    EXPECT_EQ(place.path(), path);
  }
}

// The request that a call makes: method, path, type of content, body.
template <class Do>
std::string sent(const Do& act) {
  const KeepAliveServer server([](Peer& peer, const ReceivedRequest& request) {
    return peer.write(json_answer(request.method == "POST" ? 201 : 200, R"({"kind":"Thing"})"));
  });
  ApiClient client = client_of(server);
  const auto done = act(client);
  EXPECT_TRUE(done.has_value());
  const ReceivedRequest request = server.requests().at(0);
  const std::size_t at = request.head.find("Content-Type: ") + 14;
  return fmt::format("{} {} {} {}", request.method, request.path,
                     request.head.substr(at, request.head.find("\r\n", at) - at), request.body);
}

TEST(Write, Sends) {
  EXPECT_EQ(sent([](ApiClient& client) {
              return apply(client, kWeb, R"({"metadata": {"name": "web"}, "n": 1.0})");
            }),
            "PATCH /apis/apps/v1/namespaces/shop/deployments/web?fieldManager=tally "
            R"(application/apply-patch+yaml {"metadata":{"name":"web"},"n":1.0})");
  EXPECT_EQ(sent([](ApiClient& client) {
              return apply(client, kWeb, R"({"metadata":{"name":"web"}})",
                           {.field_manager = "a b", .is_forced = true, .is_dry_run = true});
            }),
            "PATCH /apis/apps/v1/namespaces/shop/deployments/web?fieldManager=a%20b&force=true"
            R"(&dryRun=All application/apply-patch+yaml {"metadata":{"name":"web"}})");
  ObjectPlace all = kWeb;
  all.name.clear();
  EXPECT_EQ(
      sent([&](ApiClient& client) { return create(client, all, "{}"); }),
      "POST /apis/apps/v1/namespaces/shop/deployments?fieldManager=tally application/json {}");
  EXPECT_EQ(
      sent([](ApiClient& client) { return replace(client, kWeb, "{}", {.is_forced = true}); }),
      "PUT /apis/apps/v1/namespaces/shop/deployments/web?fieldManager=tally application/json "
      "{}");
  EXPECT_EQ(sent([](ApiClient& client) { return merge_patch(client, kWeb, "{}"); }),
            "PATCH /apis/apps/v1/namespaces/shop/deployments/web?fieldManager=tally "
            "application/merge-patch+json {}");
  EXPECT_EQ(sent([](ApiClient& client) { return remove(client, kWeb); }),
            "DELETE /apis/apps/v1/namespaces/shop/deployments/web application/json "
            R"({"kind":"DeleteOptions","apiVersion":"v1","propagationPolicy":"Background"})");
  EXPECT_EQ(sent([](ApiClient& client) {
              return remove(client, kWeb,
                            {.uid = "u", .resource_version = "7", .is_dry_run = true});
            }),
            "DELETE /apis/apps/v1/namespaces/shop/deployments/web application/json "
            R"({"kind":"DeleteOptions","apiVersion":"v1","propagationPolicy":"Background",)"
            R"("dryRun":["All"],"preconditions":{"uid":"u","resourceVersion":"7"}})");
}

// Nothing goes out.
TEST(Write, RefusesInAdvance) {
  const KeepAliveServer server(
      [](Peer& peer, const ReceivedRequest&) { return peer.write(json_answer(200, "{}")); });
  ApiClient client = client_of(server);
  for (const std::string_view object :
       {"", "{", "[]", "7", "{}", R"({"metadata":{}})", R"({"metadata":[]})",
        R"({"metadata":{"name":"web","managedFields":[]}})"}) {
    EXPECT_FALSE(apply(client, kWeb, object).has_value()) << object;
  }
  ObjectPlace all = kWeb;
  all.name.clear();
  EXPECT_EQ(remove(client, all).error().error.message, "what is to be removed has no name");
  EXPECT_FALSE(create(client, all, std::string((3U << 20U) + 1, 'x')).has_value());
  EXPECT_TRUE(server.requests().empty());
}

TEST(Write, SaysWhyNot) {
  struct Row {
    unsigned status;
    std::string body;
    std::string_view reason;
    std::string_view message;
  };
  for (const auto& [status, body, reason, message] : {
           Row{409, R"({"reason":"AlreadyExists","message":"web exists"})", "AlreadyExists",
               "409 Conflict: web exists"},
           Row{409, R"({"reason":"Conflict"})", "Conflict", "409 Conflict"},
           Row{403, R"({"reason":"Forbidden"})", "Forbidden", "403 Forbidden"},
           Row{404, R"({"reason":"NotFound"})", "NotFound", "404 Not Found"},
           Row{422, R"({"reason":"Invalid","message":"spec.x: bad"})", "Invalid",
               "422 Unprocessable Entity: spec.x: bad"},
           Row{400, "<html>", "", "400"},
           Row{500, R"({"reason":7,"details":{"causes":{}}})", "", "500 Internal Server Error"},
           Row{307, "{}", "", "307"},
       }) {
    const KeepAliveServer server(
        [&](Peer& peer, const ReceivedRequest&) { return peer.write(json_answer(status, body)); });
    ApiClient client = client_of(server);
    const auto done = merge_patch(client, kWeb, "{}");
    if (status == 307) {
      // Redirects are for reading.
      EXPECT_FALSE(done.has_value());
      continue;
    }
    ASSERT_FALSE(done.has_value());
    EXPECT_EQ(done.error().status, status);
    EXPECT_EQ(done.error().reason, reason);
    EXPECT_EQ(done.error().error.message,
              fmt::format("PATCH /apis/apps/v1/namespaces/shop/deployments/web: {}", message));
  }
}

TEST(Write, NamesWhoOwnsAField) {
  std::string causes;
  for (int row = 0; row < 30; ++row) {
    causes += R"({"reason":"FieldValueInvalid","field":"f"},)";
  }
  const std::string body =
      R"({"reason":"Conflict","message":"Apply failed with 2 conflicts","details":{
        "retryAfterSeconds":3,"causes":[
        {"reason":"FieldManagerConflict","message":"conflict with \"kubectl\" using v1","field":".spec.replicas"},
        {"reason":"FieldManagerConflict","message":"conflict","field":".spec.paused"},)" +
      causes + R"({}]}})";
  const KeepAliveServer server(
      [&](Peer& peer, const ReceivedRequest&) { return peer.write(json_answer(409, body)); });
  ApiClient client = client_of(server);
  const auto done = apply(client, kWeb, R"({"metadata":{"name":"web"}})");
  ASSERT_FALSE(done.has_value());
  EXPECT_EQ(done.error().causes.size(), 20U);
  EXPECT_EQ(done.error().retry_after, 3s);
  const auto conflicts = conflicts_of(done.error());
  ASSERT_EQ(conflicts.size(), 2U);
  EXPECT_EQ(conflicts[0].manager, "kubectl");
  EXPECT_EQ(conflicts[0].field, ".spec.replicas");
  EXPECT_EQ(conflicts[1].manager, "");
}

TEST(Refusal, RetryAfter) {
  struct Row {
    std::string field;
    std::optional<std::chrono::seconds> expected;
  };
  for (const auto& [field, expected] :
       {Row{"0", 0s}, Row{"7", 7s}, Row{"86400", 300s}, Row{"-1", std::nullopt},
        Row{"soon", std::nullopt}, Row{"7s", std::nullopt}, Row{"", std::nullopt},
        Row{"Sun, 06 Nov 1994 08:49:37 GMT", std::nullopt},
        Row{"99999999999999999999", std::nullopt}}) {
    const KeepAliveServer server([&](Peer& peer, const ReceivedRequest&) {
      return peer.write(json_answer(429, "{}", "Retry-After: " + field + "\r\n"));
    });
    ApiClient client = client_of(server);
    EXPECT_EQ(client.get("/").error().retry_after, expected) << field;
  }
}

// The calls of an election, against a server that counts versions.
TEST(Lease, GoesOverTheWire) {
  std::string stored;
  const KeepAliveServer server([&](Peer& peer, const ReceivedRequest& request) {
    if (request.method == "GET") {
      return peer.write(stored.empty() ? json_answer(404, R"({"reason":"NotFound"})")
                                       : json_answer(200, stored));
    }
    if (request.method == "PATCH" &&
        request.body.find(R"({"metadata":{"resourceVersion":"1"})") == std::string::npos) {
      return peer.write(json_answer(409, R"({"reason":"Conflict"})"));
    }
    const std::string spec = request.body.substr(request.body.find(R"("spec":)"));
    stored = std::string(R"({"metadata":{"resourceVersion":")") +
             (request.method == "POST" ? "1" : "2") + "\"}," + spec;
    return peer.write(json_answer(request.method == "POST" ? 201 : 200, stored));
  });
  ApiClient client = client_of(server);
  const LeaseCalls calls = lease_calls(client, {.name_space = "tally", .name = "writer"});
  EXPECT_EQ(calls.get(5s).error().status, 404U);
  const LeaseRecord record{.holder = "a\"b",
                           .duration_seconds = 15,
                           .acquire_time = "A",
                           .renew_time = "R",
                           .transitions = 2,
                           .resource_version = "1"};
  EXPECT_EQ(calls.create(record, 5s).value(), record);
  EXPECT_EQ(calls.get(5s).value(), record);
  LeaseRecord released = record;
  released.holder.clear();
  const LeaseRecord after = calls.update(released, 5s).value();
  EXPECT_EQ(after.holder, "");
  EXPECT_EQ(after.resource_version, "2");
  EXPECT_EQ(calls.update(after, 5s).error().reason, "Conflict");
  const auto requests = server.requests();
  EXPECT_EQ(requests[1].path,
            "/apis/coordination.k8s.io/v1/namespaces/tally/leases?fieldManager=tally");
  EXPECT_EQ(requests[1].body,
            R"({"apiVersion":"coordination.k8s.io/v1","kind":"Lease","metadata":{"name":"writer"},)"
            R"("spec":{"holderIdentity":"a\"b","leaseDurationSeconds":15,"acquireTime":"A",)"
            R"("renewTime":"R","leaseTransitions":2}})");
  EXPECT_EQ(requests[3].path,
            "/apis/coordination.k8s.io/v1/namespaces/tally/leases/writer?fieldManager=tally");
  EXPECT_NE(requests[3].body.find(R"("holderIdentity":null)"), std::string::npos);
  EXPECT_EQ(server.connections(), 1) << "one connection for all";
}

}  // namespace
}  // namespace tally::kube_client

#include "assessment/host.hpp"

#include <gtest/gtest.h>

#include <array>
#include <map>
#include <mutex>
#include <thread>

#include "assessment/kyverno_world.hpp"
#include "cel/authorizer.hpp"
#include "cel/kyverno_globals.hpp"
#include "cel/program.hpp"
#include "document/json_writer.hpp"
#include "document/read.hpp"
#include "kube/objects.hpp"

namespace tally::assessment {
namespace {

using cel::Value;

class HostTest : public testing::Test {
 protected:
  void SetUp() override {
    kube::load_api_kinds();
    for (
        const char* text :
        {R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","namespace":"shop","labels":{"tier":"gold"}},"data":{"k":"v"}})",
         R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"b","namespace":"ci"}})",
         R"({"apiVersion":"v1","kind":"Namespace","metadata":{"name":"shop"}})",
         R"({"apiVersion":"apps/v1beta1","kind":"Deployment","metadata":{"name":"old","namespace":"shop"}})",
         R"({"apiVersion":"x.io/v1","kind":"Policy","metadata":{"name":"p","namespace":"shop"}})",
         R"({"apiVersion":"kyverno.io/v2beta1","kind":"GlobalContextEntry","metadata":{"name":"maps"},"spec":{"kubernetesResource":{"group":"","version":"v1","resource":"configmaps","namespace":"shop"},"projections":[{"name":"count","jmesPath":"length(@) "},{"name":"names","jmesPath":"[].metadata.name"},{"name":"broken","jmesPath":"[("}]
    }
    })",
         R"({"apiVersion":"kyverno.io/v2beta1","kind":"GlobalContextEntry","metadata":{"name":"none-such"},"spec":{"kubernetesResource":{"version":"v1","resource":"secrets"}}})",
         R"({"apiVersion":"kyverno.io/v2beta1","kind":"GlobalContextEntry","metadata":{"name":"old"},"spec":{"kubernetesResource":{"group":"apps","version":"v1","resource":"deployments"}}})",
         R"({"apiVersion":"kyverno.io/v2beta1","kind":"GlobalContextEntry","metadata":{"name":"path"},"spec":{"apiCall":{"urlPath":"/api/v1/namespaces/shop/configmaps/a"},"projections":[{"name":"tier","jmesPath":"metadata.labels.tier"},{"name":"nothing","jmesPath":"spec"}]}})",
         R"({"apiVersion":"kyverno.io/v2beta1","kind":"GlobalContextEntry","metadata":{"name":"service"},"spec":{"apiCall":{"method":"POST","service":{"url":"https://teams.test/x","headers":[{"key":"X-A","value":"b"}],"caBundle":"PEM"},"data":[{"key":"k","value":1}]},"projections":[{"name":"n","jmesPath":"n"}]}})",
         R"({"apiVersion":"kyverno.io/v2beta1","kind":"GlobalContextEntry","metadata":{"name":"call"},"spec":{"apiCall":{"method":"GET"}}})",
         R"({"apiVersion":"kyverno.io/v2beta1","kind":"GlobalContextEntry","metadata":{"name":"empty"},"spec":{}})"}) {
      add(text);
    }
  }
  void add(std::string text) {
    sources_.push_back(document::Source::from_text("test", std::move(text)));
    const auto root = document::read_one(*sources_.back(), arena_);
    ASSERT_TRUE(root.has_value());
    objects_.push_back(*kube::object_from_node(*root, sources_.back().get()));
  }
  void add_roles() {
    add(R"({"apiVersion":"rbac.authorization.k8s.io/v1","kind":"ClusterRole","metadata":{"name":"r"},"rules":[{"apiGroups":[""],"resources":["pods"],"verbs":["get"]}]})");
    add(R"({"apiVersion":"rbac.authorization.k8s.io/v1","kind":"ClusterRoleBinding","metadata":{"name":"b"},"roleRef":{"kind":"ClusterRole","name":"r"},"subjects":[{"kind":"Group","name":"system:authenticated"}]})");
  }
  void finish() {
    snapshot_ = kube::Snapshot::create(objects_, "default");
    world_ = std::make_unique<HostContext>(*snapshot_, nullptr);
  }
  std::string shown(const Value& value) {
    return value.is_error() ? (value.as_error().code == cel::ErrorCode::NotProvided ? "? " : "! ") +
                                  std::string(value.as_error().message)
                            : std::string(cel::to_literal(arena_, value));
  }
  std::string ask(const Asker& asker, std::string_view capability, std::string_view function,
                  std::vector<Value> args) {
    return shown(SnapshotHost(*world_, asker).ask(arena_, capability, function, args));
  }

  Arena arena_;
  std::vector<std::shared_ptr<const document::Source>> sources_;
  std::vector<kube::Object> objects_;
  std::shared_ptr<const kube::Snapshot> snapshot_;
  std::unique_ptr<HostContext> world_;
};

Value text(std::string_view t) { return Value::string(t); }

TEST_F(HostTest, Resources) {
  finish();
  struct Row {
    const char* name;
    const char* function;
    std::vector<Value> args;
    const char* own_namespace;
    const char* expected;
  };
  cel::MapBuilder gold(arena_, 1);
  gold.add(text("tier"), text("gold"));
  const Value labels = gold.finish();
  cel::MapBuilder tin(arena_, 1);
  tin.add(text("tier"), text("tin"));
  const Value others = tin.finish();
  const std::string a =
      R"({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": "shop", "labels": {"tier": "gold"}}, "data": {"k": "v"}})";
  const std::string list =
      R"({"apiVersion": "v1", "kind": "ConfigMapList", "metadata": {"resourceVersion": ""}, "items": [)";
  const std::string one = list + a + "]}";
  const std::string none = list + "]}";
  const Row rows[] = {
      {"get", "get", {text("v1"), text("configmaps"), text("shop"), text("a")}, "", a.c_str()},
      {"list", "list", {text("v1"), text("configmaps"), text("shop")}, "", one.c_str()},
      {"by label", "list", {text("v1"), text("configmaps"), text(""), labels}, "", one.c_str()},
      {"no such label",
       "list",
       {text("v1"), text("configmaps"), text(""), others},
       "",
       none.c_str()},
      {"absent among others",
       "get",
       {text("v1"), text("configmaps"), text("shop"), text("b")},
       "",
       "null"},
      {"of a cluster",
       "get",
       {text("v1"), text("namespaces"), text("x"), text("shop")},
       "",
       R"({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}})"},
      {"a kind of which there is none",
       "get",
       {text("v1"), text("secrets"), text("shop"), text("a")},
       "",
       "? resource.get: the input holds no secrets of v1: what a cluster would hold is not "
       "known"},
      {"nor in a list",
       "list",
       {text("v1"), text("secrets"), text("shop")},
       "",
       "? the input holds no secrets of v1: what a cluster would hold is not known"},
      {"a kind that nobody knows",
       "list",
       {text("y.io/v1"), text("things"), text("")},
       "",
       "? resource.list: the input holds no things of y.io/v1: what a cluster would hold is "
       "not "
       "known"},
      {"a kind that only its object knows",
       "get",
       {text("x.io/v1"), text("policies"), text("shop"), text("p")},
       "",
       R"({"apiVersion": "x.io/v1", "kind": "Policy", "metadata": {"name": "p", "namespace": "shop"}})"},
      {"another version",
       "get",
       {text("apps/v1"), text("deployments"), text("shop"), text("old")},
       "",
       "? resource.get: Deployment old is written as version v1beta1"},
      {"own namespace",
       "get",
       {text("v1"), text("configmaps"), Value::null(), text("a")},
       "shop",
       a.c_str()},
      {"the same by name",
       "get",
       {text("v1"), text("configmaps"), text("shop"), text("a")},
       "shop",
       a.c_str()},
      {"another namespace",
       "get",
       {text("v1"), text("configmaps"), text("ci"), text("b")},
       "shop",
       "! resource.get: a policy of a namespace reads only its own namespace"},
      {"all namespaces",
       "list",
       {text("v1"), text("configmaps"), text("")},
       "shop",
       "! resource.list: a policy of a namespace reads only its own namespace"},
      {"no namespace",
       "list",
       {text("v1"), text("configmaps"), Value::null()},
       "",
       "! resource.list: a policy of a namespace reads only its own namespace"},
      {"too many slashes",
       "get",
       {text("a/b/c"), text("x"), text(""), text("y")},
       "",
       "! resource.get: unexpected arguments"},
      {"too few", "get", {text("v1"), text("pods")}, "", "! resource.get: unexpected arguments"},
      {"wrong type",
       "get",
       {text("v1"), text("pods"), text(""), Value::integer(1)},
       "",
       "! resource.get: unexpected arguments"},
      {"creating",
       "post",
       {text("v1"), text("pods"), text(""), labels},
       "",
       "? resource.post: nothing is created while files are judged"},
      {"plural",
       "toGVR",
       {text("networking.k8s.io/v1"), text("NetworkPolicy")},
       "",
       R"("networkpolicies")"},
      {"guessed", "toGVR", {text("x.io/v1"), text("Mystery")}, "", R"("mysteries")"},
      {"no kind",
       "toGVR",
       {text("x.io/v1")},
       "",
       "! resource.toGVR: an apiVersion and a kind are expected"},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.name);
    EXPECT_EQ(ask({.own_namespace = row.own_namespace}, "resource", row.function, row.args),
              row.expected);
  }
}

TEST_F(HostTest, GlobalContext) {
  finish();
  const auto get = [&](std::vector<Value> args) {
    return ask({}, "globalContext", "get", std::move(args));
  };
  EXPECT_TRUE(get({text("maps"), text("")}).starts_with(R"([{"apiVersion": "v1")"));
  EXPECT_EQ(get({text("maps"), text("count")}), "1");
  EXPECT_EQ(get({text("maps"), text("names")}), R"(["a"])");
  EXPECT_EQ(get({text("path"), text("tier")}), R"("gold")");
  EXPECT_TRUE(get({text("path")}).starts_with(R"({"apiVersion": "v1", "kind": "ConfigMap")"));
  EXPECT_EQ(get({text("maps"), text("other")}),
            R"(! globalContext.get: projection "other" not found)");
  EXPECT_EQ(get({text("path"), text("other")}), "! globalContext.get: no data available");
  EXPECT_EQ(get({text("path"), text("nothing")}),
            R"(! globalContext.get: the projection nothing of path: Unknown key "spec" in path)");
  EXPECT_TRUE(get({text("maps"), text("broken")})
                  .starts_with("! globalContext.get: the projection broken of maps: SyntaxError"));
  EXPECT_EQ(get({text("none-such")}), "? globalContext.get: the input holds no secrets");
  EXPECT_EQ(get({text("old")}),
            "? globalContext.get: deployments of v1 are written as version v1beta1");
  EXPECT_EQ(get({text("call")}), "! globalContext.get: missing service for APICall call");
  EXPECT_EQ(get({text("service")}),
            "? globalContext.get: https://teams.test/x is not called: no host is named by "
            "--allow-host");
  EXPECT_EQ(get({text("empty")}),
            "! globalContext.get: the GlobalContextEntry empty names neither objects nor a call");
  EXPECT_EQ(ask({.own_namespace = "shop"}, "globalContext", "get", {text("maps")}),
            "! globalContext.* is not allowed in namespaced policies");
  EXPECT_EQ(get({text("none")}), "? globalContext.get: the input holds no GlobalContextEntry none");
  EXPECT_EQ(get({}), "! globalContext.get: a name is expected");
}

TEST_F(HostTest, ImagesBySayingSo) {
  finish();
  cel::TypePool pool;
  cel::Environment::Options options;
  options.profile = *cel::parse_profile("kubernetes");
  options.variables.push_back({.name = "image", .type = &cel::kDyn});
  const auto environment = cel::Environment::create(pool, std::move(options));
  ASSERT_TRUE(environment.has_value());
  const auto data = [&](std::string_view image, std::string_view expression) {
    const std::array args{text(image)};
    const Value value = SnapshotHost(*world_, {}).ask(arena_, "imageData", "get", args);
    if (value.is_outcome()) {
      return shown(value);
    }
    const auto program = cel::compile(expression, *environment);
    EXPECT_TRUE(program.has_value()) << expression;
    cel::Evaluator evaluator;
    return shown(evaluator.evaluate(*program, std::array{value}, {}));
  };
  EXPECT_EQ(data("nginx", "image.registry + '/' + image.repository + ':' + image.tag"),
            R"("index.docker.io/library/nginx:latest")");
  EXPECT_EQ(data("ghcr.io/a/b:1", "image.identifier + image.image"), R"("1ghcr.io/a/b:1")");
  EXPECT_EQ(data("nginx", "has(image.digest)"), "false");
  EXPECT_EQ(data("nginx", "image.config.user"),
            "? image.getMetadata: the config of nginx is known to its registry, which is not "
            "asked");
  EXPECT_EQ(data("nginx", "image.resolvedImage"),
            "? image.getMetadata: the resolvedImage of nginx is known to its registry, which is "
            "not asked");
  EXPECT_TRUE(data("UPPER/case", "true").starts_with("! failed to get image data: "));
}

TEST_F(HostTest, NothingLeavesTheMachine) {
  finish();
  EXPECT_EQ(ask({}, "http", "get", {text("https://example.com/x")}),
            "? http.get: https://example.com/x is not called: no host is named by --allow-host");
  EXPECT_EQ(ask({}, "jwks", "Fetch", {text("https://example.com/x")}),
            "? jwks.Fetch: https://example.com/x is not called: no host is named by --allow-host");
  EXPECT_EQ(ask({}, "now", "time.now", {}),
            "? now.time.now: nothing here can answer: no provider for 'now'");
  // A moment alone allows no calls.
  const Outside moment({.now_seconds = 1'704'067'200});
  world_->connect(moment);
  EXPECT_EQ(ask({}, "now", "time.now", {}), R"(timestamp("2024-01-01T00:00:00Z"))");
  EXPECT_EQ(ask({}, "http", "get", {text("https://example.com/x")}),
            "? http.get: https://example.com/x is not called: no host is named by --allow-host");
  EXPECT_EQ(ask({}, "random", "x", {}),
            "? random.x: nothing here can answer: no provider for 'random'");
}

// A network of a few URLs, which remembers what it was asked.
class Network final : public HttpCaller {
 public:
  Result<HttpAnswer> call(const HttpCall& call) const override {
    const std::scoped_lock lock(mutex_);
    std::string seen = call.method + " " + call.url;
    for (const auto& [name, value] : call.headers) {
      seen += " " + name + "=" + value;
    }
    asked_.push_back(seen + (call.body.empty() ? "" : " " + call.body) +
                     (call.ca_bundle.empty() ? "" : " ca " + call.ca_bundle));
    if (call.url.ends_with("/refused")) {
      return content_error("evil.test:443 is not an allowed host (--allow-host evil.test:443)");
    }
    const std::map<std::string, HttpAnswer> answers = {
        {"/map", {200, R"({"n": 3, "statusCode": "x", "list": [1, {"a": null}]})"}},
        {"/list", {200, "[1]"}},
        {"/text", {503, "down"}},
        {"/two", {200, R"({"a":1}{"b":2})"}},
        {"/cut", {200, R"({"a":)"}},
        {"/yaml", {200, "a: 1"}},
        {"/twice", {200, R"({"a":1,"a":2})"}},
        {"/deep", {200, std::string(200, '[') + std::string(200, ']')}},
        {"/x", {200, R"({"n": 7})"}},
        {"/keys", {200, R"({"keys":[]})"}},
    };
    const auto found = answers.find(call.url.substr(call.url.rfind('/')));
    return found == answers.end() ? HttpAnswer{404, "{}"} : found->second;
  }
  std::vector<std::string> asked() const {
    const std::scoped_lock lock(mutex_);
    return asked_;
  }

 private:
  mutable std::mutex mutex_;
  mutable std::vector<std::string> asked_;
};

TEST_F(HostTest, Calls) {
  finish();
  const Network network;
  const Outside outside({.caller = &network, .now_seconds = 0});
  world_->connect(outside);
  cel::MapBuilder none(arena_, 0);
  const Value no_headers = none.finish();
  cel::MapBuilder some(arena_, 1);
  some.add(text("Authorization"), text("Bearer p"));
  const Value headers = some.finish();
  cel::MapBuilder wrong(arena_, 1);
  wrong.add(text("X"), Value::integer(1));
  const Value wrong_headers = wrong.finish();
  const auto get = [&](std::string_view path) {
    const std::string url = "https://t.test" + std::string(path);
    return ask({}, "http", "get", {Value::string(arena_.copy(url)), no_headers, text("")});
  };
  EXPECT_EQ(get("/map"), R"({"n": 3.0, "list": [1.0, {"a": null}], "statusCode": 200})");
  EXPECT_EQ(get("/list"), R"({"body": [1.0], "statusCode": 200})");
  EXPECT_EQ(get("/text"), R"({"body": null, "statusCode": 503})");
  EXPECT_EQ(get("/two"), R"({"body": null, "statusCode": 200})");
  EXPECT_EQ(get("/cut"), R"({"body": null, "statusCode": 200})");
  EXPECT_EQ(get("/yaml"), R"({"body": null, "statusCode": 200})");
  EXPECT_EQ(get("/twice"), R"({"a": 2.0, "statusCode": 200})");
  EXPECT_EQ(get("/deep"), R"({"body": null, "statusCode": 200})");
  EXPECT_EQ(get("/else"), R"({"statusCode": 404})");
  EXPECT_EQ(get("/refused"),
            "! request failed: evil.test:443 is not an allowed host (--allow-host evil.test:443)");
  // Equal calls are made once, refused ones too.
  EXPECT_EQ(get("/refused").substr(0, 2), "! ");
  EXPECT_EQ(get("/map").substr(0, 1), "{");
  EXPECT_EQ(network.asked().size(), 10U);

  EXPECT_EQ(ask({}, "http", "post", {text("https://t.test/x"), headers, headers, text("PEM")}),
            R"({"n": 7.0, "statusCode": 200})");
  EXPECT_EQ(
      network.asked().back(),
      "POST https://t.test/x Authorization=Bearer p {\"Authorization\":\"Bearer p\"}\n ca PEM");
  // Another header is another call.
  EXPECT_EQ(ask({}, "http", "get", {text("https://t.test/map"), headers, text("")}).substr(0, 1),
            "{");
  EXPECT_EQ(network.asked().size(), 12U);

  EXPECT_EQ(ask({}, "http", "get", {text("https://t.test/x"), wrong_headers, text("")}),
            "! http.get: headers are texts");
  EXPECT_EQ(ask({}, "http", "get", {text("https://t.test/x")}), "! http.get: unexpected arguments");
  EXPECT_EQ(ask({}, "http", "post", {text("https://t.test/x"), no_headers, text("")}),
            "! http.post: unexpected arguments");
  EXPECT_EQ(ask({.own_namespace = "shop"}, "http", "get",
                {text("https://t.test/x"), no_headers, text("")}),
            "! http calls are not allowed in namespaced policies");
  EXPECT_EQ(ask({}, "jwks", "Fetch", {text("https://t.test/keys")}), R"("{\"keys\":[]}")");
  EXPECT_EQ(ask({}, "jwks", "Fetch", {text("https://t.test/text")}),
            "! jwk.Fetch: request returned status 503, expected 200");
  EXPECT_EQ(ask({}, "jwks", "Fetch", {}), "! jwks.Fetch: a URL is expected");
  EXPECT_EQ(ask({.own_namespace = "shop"}, "jwks", "Fetch", {text("https://t.test/keys")}),
            "! http calls are not allowed in namespaced policies");
}

TEST_F(HostTest, CallsHaveBounds) {
  const Network network;
  const Outside few({.caller = &network, .now_seconds = {}, .calls_max = 2});
  EXPECT_TRUE(few.call({.url = "https://t.test/map"}).has_value());
  EXPECT_TRUE(few.call({.url = "https://t.test/list"}).has_value());
  EXPECT_TRUE(few.call({.url = "https://t.test/map"}).has_value());
  EXPECT_EQ(few.call({.url = "https://t.test/x"}).error(),
            "more than 2 different calls in one run");
  const Outside small({.caller = &network, .now_seconds = {}, .calls_max = 9, .bytes_max = 5});
  EXPECT_TRUE(small.call({.url = "https://t.test/list"}).has_value());
  EXPECT_EQ(small.call({.url = "https://t.test/map"}).error(),
            "the answers of this run have more than 5 bytes");
  EXPECT_TRUE(small.call({.url = "https://t.test/list"}).has_value());
}

TEST_F(HostTest, EqualCallsOfManyThreadsAreOne) {
  const Network network;
  const Outside outside({.caller = &network, .now_seconds = {}});
  std::vector<std::jthread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] { EXPECT_TRUE(outside.call({.url = "https://t.test/map"})); });
  }
  threads.clear();
  EXPECT_EQ(network.asked().size(), 1U);
}

TEST_F(HostTest, EntriesThatAServiceFills) {
  finish();
  const Network network;
  const Outside outside({.caller = &network, .now_seconds = {}});
  world_->connect(outside);
  const auto get = [&](std::vector<Value> args) {
    return ask({}, "globalContext", "get", std::move(args));
  };
  EXPECT_EQ(get({text("service")}), R"({"n": 7.0})");
  EXPECT_EQ(get({text("service"), text("n")}), "7.0");
  ASSERT_EQ(network.asked().size(), 1U);
  EXPECT_EQ(network.asked().front(), "POST https://teams.test/x X-A=b {\"k\":1}\n ca PEM");
}

TEST_F(HostTest, ClassicPoliciesAskTheSame) {
  finish();
  const KyvernoWorld closed(*snapshot_, nullptr, 0);
  const KyvernoWorld open(*snapshot_, nullptr, 0);
  const Network network;
  const Outside outside({.caller = &network, .now_seconds = {}});
  open.connect(outside);
  const auto said = [](const kyverno::World::Answer& answer) {
    if (!answer) {
      return "! " + answer.error();
    }
    std::string out;
    document::append_json(out, *answer);
    return out;
  };
  const auto call = [&](const KyvernoWorld& world, std::string_view url) {
    return said(world.api_call(arena_, {.method = "GET", .service = url}));
  };
  EXPECT_EQ(call(closed, "https://t.test/x"),
            "! https://t.test/x is not called: no host is named by --allow-host");
  EXPECT_EQ(call(open, "https://t.test/x"), R"({"n":7})");
  EXPECT_EQ(call(open, "https://t.test/list"), "[1]");
  EXPECT_EQ(call(open, "https://t.test/text"), "! HTTP 503: down");
  EXPECT_EQ(call(open, "https://t.test/cut"), "! https://t.test/cut answers no JSON");
  EXPECT_EQ(call(open, "https://t.test/refused"),
            "! evil.test:443 is not an allowed host (--allow-host evil.test:443)");
  // The certificates that the policy trusts are part of the call.
  EXPECT_EQ(said(open.api_call(
                arena_, {.method = "GET", .service = "https://t.test/x", .ca_bundle = "PEM"})),
            R"({"n":7})");
  EXPECT_EQ(network.asked().back(), "GET https://t.test/x ca PEM");
  EXPECT_EQ(said(open.global_context(arena_, "maps.count")), "1");
  EXPECT_EQ(said(open.global_context(arena_, "service.n")), "7");
  EXPECT_EQ(said(open.global_context(arena_, "nobody")),
            "! the input holds no GlobalContextEntry nobody");
  EXPECT_EQ(said(open.global_context(arena_, "maps.other")), "! projection \"other\" not found");
}

TEST_F(HostTest, AuthorizerAsksTheRoles) {
  add_roles();
  finish();
  cel::TypePool pool;
  cel::Environment::Options options;
  options.profile = *cel::parse_profile("kubernetes");
  options.variables.push_back({.name = "authorizer", .type = pool.opaque(cel::kAuthorizerType)});
  const auto environment = cel::Environment::create(pool, std::move(options));
  ASSERT_TRUE(environment.has_value());
  const kube::UserInfo ann{.username = "ann", .uid = {}, .groups = {}, .extra = {}};
  const kube::UserInfo nobody;
  const auto value_of = [&](const Asker& asker, std::string_view expression) {
    const auto program = cel::compile(expression, *environment);
    EXPECT_TRUE(program.has_value()) << expression;
    const SnapshotHost host(*world_, asker);
    cel::Evaluator evaluator;
    return shown(
        evaluator.evaluate(*program, std::array{cel::make_authorizer(arena_)}, {.host = &host}));
  };
  constexpr std::string_view kGet = "authorizer.group('').resource('pods').check('get')";
  const std::string get(kGet);
  EXPECT_EQ(value_of({.user = &ann}, get + ".allowed()"), "true");
  EXPECT_EQ(
      value_of({.user = &ann}, get + ".reason()"),
      R"("RBAC: allowed by ClusterRoleBinding \"b\" of ClusterRole \"r\" to Group \"system:authenticated\"")");
  EXPECT_EQ(value_of({.user = &ann}, "authorizer.path('/healthz').check('get').allowed()"),
            "false");
  EXPECT_EQ(value_of({.user = &ann}, "authorizer.path('/healthz').check('get').errored()"),
            "false");
  // A review lists every group: none is added.
  EXPECT_EQ(value_of({.user = &ann, .source = UserSource::Review}, get + ".allowed()"), "false");
  // Selectors narrow what is asked; RBAC does not look at them.
  EXPECT_EQ(value_of({.user = &ann},
                     "authorizer.group('').resource('pods').labelSelector('a in (').check('get')"
                     ".allowed()"),
            "true");
  // Service accounts are asked about with their own groups only.
  EXPECT_EQ(value_of({.user = &nobody},
                     "authorizer.serviceAccount('ci', 'robot').group('').resource('pods')"
                     ".check('get').allowed()"),
            "false");
  EXPECT_EQ(value_of({.user = &nobody}, get + ".allowed()"),
            "? authorizer.check: who sends the request is not known");
}

TEST_F(HostTest, WithoutRolesNothingIsDenied) {
  finish();
  const kube::UserInfo ann{.username = "ann", .uid = {}, .groups = {}, .extra = {}};
  cel::MapBuilder question(arena_, 3);
  question.add(text("verb"), text("get"));
  question.add(text("group"), text(""));
  question.add(text("resource"), text("pods"));
  EXPECT_EQ(ask({.user = &ann}, "authorizer", "check", {question.finish()}),
            "? authorizer.check: the input holds no roles and no bindings");
}

}  // namespace
}  // namespace tally::assessment

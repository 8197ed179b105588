#include "assessment/host.hpp"

#include <gtest/gtest.h>

#include <array>

#include "cel/authorizer.hpp"
#include "cel/kyverno_globals.hpp"
#include "cel/program.hpp"
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
         R"({"apiVersion":"kyverno.io/v2beta1","kind":"GlobalContextEntry","metadata":{"name":"maps"},"spec":{"kubernetesResource":{"group":"","version":"v1","resource":"configmaps","namespace":"shop"}}})",
         R"({"apiVersion":"kyverno.io/v2beta1","kind":"GlobalContextEntry","metadata":{"name":"call"},"spec":{"apiCall":{}}})"}) {
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
       "? resource.get: the input holds no secrets of v1: what a cluster would hold is not known"},
      {"nor in a list",
       "list",
       {text("v1"), text("secrets"), text("shop")},
       "",
       "? the input holds no secrets of v1: what a cluster would hold is not known"},
      {"a kind that nobody knows",
       "list",
       {text("y.io/v1"), text("things"), text("")},
       "",
       "? resource.list: the input holds no things of y.io/v1: what a cluster would hold is not "
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
  EXPECT_EQ(get({text("maps"), text("count")}),
            "? globalContext.get: the projection count of maps is not computed yet");
  EXPECT_EQ(get({text("call")}),
            "? globalContext.get: a call would fill the GlobalContextEntry call");
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
            "? http.get: https://example.com/x is not called: calls over the network are not "
            "built yet");
  EXPECT_EQ(ask({}, "random", "x", {}),
            "? random.x: nothing here can answer: no provider for 'random'");
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

#include "access/rbac.hpp"

#include <gtest/gtest.h>

#include "access/rule.hpp"
#include "document/read.hpp"
#include "kube/api_kinds.hpp"
#include "kube/objects.hpp"

namespace tally::access {
namespace {

class Cluster {
 public:
  explicit Cluster(const std::vector<std::string>& manifests) {
    kube::load_api_kinds();
    std::vector<kube::Object> objects;
    for (const std::string& text : manifests) {
      sources_.push_back(document::Source::from_text("test", text));
      const auto root = document::read_one(*sources_.back(), arena_);
      EXPECT_TRUE(root.has_value()) << text;
      auto object = kube::object_from_node(*root, sources_.back().get());
      EXPECT_TRUE(object.has_value()) << text;
      objects.push_back(*object);
    }
    snapshot_ = kube::Snapshot::create(std::move(objects), "default");
  }
  [[nodiscard]] const kube::Snapshot& snapshot() const { return *snapshot_; }

 private:
  Arena arena_;
  std::vector<std::shared_ptr<const document::Source>> sources_;
  std::shared_ptr<const kube::Snapshot> snapshot_;
};

std::string role(const std::string& name, const std::string& name_space, const std::string& rules) {
  return R"({"apiVersion":"rbac.authorization.k8s.io/v1","kind":")" +
         std::string(name_space.empty() ? "ClusterRole" : "Role") + R"(","metadata":{"name":")" +
         name + "\"" + (name_space.empty() ? "" : R"(,"namespace":")" + name_space + "\"") +
         R"(},"rules":)" + rules + "}";
}

std::string binding(const std::string& name, const std::string& name_space, const std::string& kind,
                    const std::string& to, const std::string& subjects) {
  return R"({"apiVersion":"rbac.authorization.k8s.io/v1","kind":")" +
         std::string(name_space.empty() ? "ClusterRoleBinding" : "RoleBinding") +
         R"(","metadata":{"name":")" + name + "\"" +
         (name_space.empty() ? "" : R"(,"namespace":")" + name_space + "\"") +
         R"(},"roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":")" + kind +
         R"(","name":")" + to + R"("},"subjects":)" + subjects + "}";
}

const std::vector<std::string> kCluster = {
    role("reader", "", R"([{"apiGroups":["","apps"],"resources":["pods","pods/log","deployments"],
        "verbs":["get","list"]}])"),
    role("scaler", "", R"([{"apiGroups":["*"],"resources":["*/scale"],"verbs":["update"]}])"),
    role("health", "", R"([{"nonResourceURLs":["/healthz","/metrics/*"],"verbs":["get"]}])"),
    role("named", "shop", R"([{"apiGroups":[""],"resources":["configmaps"],
        "resourceNames":["settings","*"],"verbs":["*"]}])"),
    role("broken", "shop", R"([{"apiGroups":"","resources":7,"verbs":["get"]},"text",null])"),
    binding("everybody-reads", "", "ClusterRole", "reader",
            R"([{"kind":"Group","name":"readers"},{"kind":"User","name":"ann"}])"),
    binding("scalers", "shop", "ClusterRole", "scaler",
            R"([{"kind":"ServiceAccount","name":"robot"},
                {"kind":"ServiceAccount","name":"other","namespace":"ci"}])"),
    binding("probes", "", "ClusterRole", "health",
            R"([{"kind":"Group","name":"system:unauthenticated"},
                {"kind":"ServiceAccount","name":"prober","namespace":"ci"},
                {"kind":"ServiceAccount","name":"nowhere"}])"),
    binding("settings", "shop", "Role", "named", R"([{"kind":"User","name":"bob"}])"),
    binding("bad", "shop", "Role", "broken", R"([{"kind":"User","name":"bob"},7,null])"),
    binding("no-subjects", "shop", "Role", "named", "null"),
    binding("missing", "shop", "ClusterRole", "view", R"([{"kind":"User","name":"eve"}])"),
    binding("wrong-kind", "", "Role", "named", R"([{"kind":"User","name":"mallory"}])"),
    binding("root", "", "ClusterRole", "cluster-admin", R"([{"kind":"User","name":"root"}])")};

struct Row {
  const char* name;
  const char* user;
  std::vector<std::string_view> groups;
  Access access;
  Decision decision;
  const char* reason;
};

TEST(Rbac, DecidesAsTheServer) {
  const Cluster cluster(kCluster);
  const Rbac rbac = Rbac::read(cluster.snapshot());
  ASSERT_FALSE(rbac.is_empty());
  const Row rows[] = {
      {"user",
       "ann",
       {},
       {.verb = "get", .resource = "pods", .name_space = "shop"},
       Decision::Allow,
       R"(RBAC: allowed by ClusterRoleBinding "everybody-reads" of ClusterRole "reader" to User "ann")"},
      {"group",
       "joe",
       {"readers"},
       {.verb = "list", .group = "apps", .resource = "deployments"},
       Decision::Allow,
       R"(RBAC: allowed by ClusterRoleBinding "everybody-reads" of ClusterRole "reader" to Group "readers")"},
      {"subresource",
       "ann",
       {},
       {.verb = "get", .resource = "pods", .subresource = "log", .name_space = "x"},
       Decision::Allow,
       R"(RBAC: allowed by ClusterRoleBinding "everybody-reads" of ClusterRole "reader" to User "ann")"},
      {"other verb", "ann", {}, {.verb = "create", .resource = "pods"}, Decision::NoOpinion, ""},
      {"other group of the API",
       "ann",
       {},
       {.verb = "get", .group = "batch", .resource = "pods"},
       Decision::NoOpinion,
       ""},
      {"other subresource",
       "ann",
       {},
       {.verb = "get", .resource = "pods", .subresource = "exec"},
       Decision::NoOpinion,
       ""},
      {"other user", "joe", {}, {.verb = "get", .resource = "pods"}, Decision::NoOpinion, ""},
      {"verbs are exact", "ann", {}, {.verb = "GET", .resource = "pods"}, Decision::NoOpinion, ""},
      {"service account of the binding's namespace",
       "system:serviceaccount:shop:robot",
       {},
       {.verb = "update",
        .group = "apps",
        .resource = "deployments",
        .subresource = "scale",
        .name_space = "shop"},
       Decision::Allow,
       R"(RBAC: allowed by RoleBinding "scalers/shop" of ClusterRole "scaler" to ServiceAccount "robot/shop")"},
      {"service account of another one",
       "system:serviceaccount:ci:other",
       {},
       {.verb = "update",
        .group = "x.io",
        .resource = "things",
        .subresource = "scale",
        .name_space = "shop"},
       Decision::Allow,
       R"(RBAC: allowed by RoleBinding "scalers/shop" of ClusterRole "scaler" to ServiceAccount "other/ci")"},
      {"that namespace is not this one",
       "system:serviceaccount:ci:robot",
       {},
       {.verb = "update", .resource = "pods", .subresource = "scale", .name_space = "shop"},
       Decision::NoOpinion,
       ""},
      {"not without the subresource",
       "system:serviceaccount:shop:robot",
       {},
       {.verb = "update", .group = "apps", .resource = "deployments", .name_space = "shop"},
       Decision::NoOpinion,
       ""},
      {"a RoleBinding ends at its namespace",
       "system:serviceaccount:shop:robot",
       {},
       {.verb = "update", .resource = "pods", .subresource = "scale", .name_space = "ci"},
       Decision::NoOpinion,
       ""},
      {"and is nothing for the whole cluster",
       "system:serviceaccount:shop:robot",
       {},
       {.verb = "update", .resource = "pods", .subresource = "scale"},
       Decision::NoOpinion,
       ""},
      {"no user name is a service account by half",
       "system:serviceaccount:shop",
       {},
       {.verb = "update", .resource = "pods", .subresource = "scale", .name_space = "shop"},
       Decision::NoOpinion,
       ""},
      {"path",
       "system:serviceaccount:ci:prober",
       {},
       {.verb = "get", .path = "/healthz"},
       Decision::Allow,
       R"(RBAC: allowed by ClusterRoleBinding "probes" of ClusterRole "health" to ServiceAccount "prober/ci")"},
      {"path with a star",
       "x",
       {"system:unauthenticated"},
       {.verb = "get", .path = "/metrics/slis"},
       Decision::Allow,
       R"(RBAC: allowed by ClusterRoleBinding "probes" of ClusterRole "health" to Group "system:unauthenticated")"},
      {"paths are no prefixes",
       "x",
       {"system:unauthenticated"},
       {.verb = "get", .path = "/healthz/etcd"},
       Decision::NoOpinion,
       ""},
      {"before the star",
       "x",
       {"system:unauthenticated"},
       {.verb = "get", .path = "/metrics"},
       Decision::NoOpinion,
       ""},
      {"no resource of that name",
       "x",
       {"system:unauthenticated"},
       {.verb = "get", .resource = "/healthz"},
       Decision::NoOpinion,
       ""},
      {"a ClusterRoleBinding knows no namespace",
       "system:serviceaccount:default:nowhere",
       {},
       {.verb = "get", .path = "/healthz"},
       Decision::NoOpinion,
       ""},
      {"by name",
       "bob",
       {},
       {.verb = "delete", .resource = "configmaps", .name_space = "shop", .name = "settings"},
       Decision::Allow,
       R"(RBAC: allowed by RoleBinding "settings/shop" of Role "named" to User "bob")"},
      {"a star is a name among names",
       "bob",
       {},
       {.verb = "delete", .resource = "configmaps", .name_space = "shop", .name = "other"},
       Decision::NoOpinion,
       ""},
      {"without a name",
       "bob",
       {},
       {.verb = "list", .resource = "configmaps", .name_space = "shop"},
       Decision::NoOpinion,
       ""},
      {"rules of wrong types allow nothing",
       "bob",
       {},
       {.verb = "get", .resource = "pods", .name_space = "shop"},
       Decision::NoOpinion,
       ""},
      {"a role that is not here",
       "eve",
       {},
       {.verb = "get", .resource = "pods", .name_space = "shop"},
       Decision::Unknown,
       R"(RoleBinding "missing" binds User "eve" to the ClusterRole "view", which the input does not hold)"},
      {"elsewhere it does not matter",
       "eve",
       {},
       {.verb = "get", .resource = "pods", .name_space = "ci"},
       Decision::NoOpinion,
       ""},
      {"what allows goes before what is unknown",
       "eve",
       {"readers"},
       {.verb = "get", .resource = "pods", .name_space = "shop"},
       Decision::Allow,
       R"(RBAC: allowed by ClusterRoleBinding "everybody-reads" of ClusterRole "reader" to Group "readers")"},
      {"a cluster binds no Role",
       "mallory",
       {},
       {.verb = "get", .resource = "configmaps", .name_space = "shop", .name = "settings"},
       Decision::NoOpinion,
       ""},
      {"cluster-admin is everywhere",
       "root",
       {},
       {.verb = "x", .path = "/y"},
       Decision::Allow,
       R"(RBAC: allowed by ClusterRoleBinding "root" of ClusterRole "cluster-admin" to User "root")"},
      {"masters", "m", {"system:masters"}, {.verb = "x", .resource = "y"}, Decision::Allow, ""},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.name);
    const Answer answer = rbac.decide({.user = row.user, .groups = row.groups}, row.access);
    EXPECT_EQ(answer.decision, row.decision);
    EXPECT_EQ(answer.reason, row.reason);
  }
}

TEST(Rbac, NothingIsKnownWithoutRolesAndBindings) {
  const Cluster cluster({R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"}})"});
  const Rbac rbac = Rbac::read(cluster.snapshot());
  EXPECT_TRUE(rbac.is_empty());
  const Answer answer =
      rbac.decide({.user = "ann", .groups = {}}, {.verb = "get", .resource = "pods"});
  EXPECT_EQ(answer.decision, Decision::Unknown);
  EXPECT_EQ(answer.reason, "the input holds no roles and no bindings");
}

std::string labelled(const std::string& name, const std::string& labels, const std::string& more) {
  return R"({"apiVersion":"rbac.authorization.k8s.io/v1","kind":"ClusterRole","metadata":{"name":")" +
         name + R"(","labels":)" + labels + "}," + more + "}";
}

TEST(Rbac, AggregatedRolesHoldTheRulesOfTheOthers) {
  const std::string rules = R"("rules":[{"apiGroups":[""],"resources":["pods"],"verbs":["get"]}])";
  const Cluster cluster(
      {labelled("leaf", R"({"to":"middle"})", rules),
       labelled("middle", R"({"to":"top"})",
                R"("aggregationRule":{"clusterRoleSelectors":[{"matchLabels":{"to":"middle"}}]})"),
       labelled(
           "top", R"({"to":"top"})",
           R"("aggregationRule":{"clusterRoleSelectors":[{"matchLabels":{"to":"top"}}]},"rules":[])"),
       labelled("none", "{}",
                R"("aggregationRule":{"clusterRoleSelectors":[{"matchLabels":{"to":"nobody"}}]})"),
       labelled("wrong", "{}",
                R"("aggregationRule":{"clusterRoleSelectors":[{"matchLabels":7},7]})"),
       binding("t", "", "ClusterRole", "top", R"([{"kind":"User","name":"ann"}])"),
       binding("n", "", "ClusterRole", "none", R"([{"kind":"User","name":"bob"}])"),
       binding("w", "", "ClusterRole", "wrong", R"([{"kind":"User","name":"joe"}])")});
  const Rbac rbac = Rbac::read(cluster.snapshot());
  const Access pods{.verb = "get", .resource = "pods"};
  EXPECT_EQ(rbac.decide({.user = "ann", .groups = {}}, pods).decision, Decision::Allow);
  EXPECT_EQ(rbac.decide({.user = "bob", .groups = {}}, pods).decision, Decision::NoOpinion);
  EXPECT_EQ(rbac.decide({.user = "joe", .groups = {}}, pods).decision, Decision::NoOpinion);
}

TEST(Rbac, GroupsThatTheServerAdds) {
  const auto groups = [](std::string_view user, std::vector<std::string> given) {
    add_groups_of_user(user, given);
    return given;
  };
  using Groups = std::vector<std::string>;
  EXPECT_EQ(groups("ann", {"devs"}), (Groups{"devs", "system:authenticated"}));
  EXPECT_EQ(groups("ann", {"system:authenticated"}), (Groups{"system:authenticated"}));
  EXPECT_EQ(groups("system:anonymous", {}), (Groups{"system:unauthenticated"}));
  EXPECT_EQ(
      groups("system:serviceaccount:ci:robot", {}),
      (Groups{"system:serviceaccounts", "system:serviceaccounts:ci", "system:authenticated"}));
  EXPECT_EQ(groups("system:serviceaccount:ci", {}), (Groups{"system:authenticated"}));
  Groups only;
  add_groups_of_service_account("system:serviceaccount:ci:robot", only);
  EXPECT_EQ(only, (Groups{"system:serviceaccounts", "system:serviceaccounts:ci"}));
}

}  // namespace
}  // namespace tally::access

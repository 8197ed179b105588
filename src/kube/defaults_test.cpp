// The rules behind the table and the hooks; tests/cluster compares whole objects with a server.
#include "kube/defaults.hpp"

#include <gtest/gtest.h>

#include <string>

#include "document/json_writer.hpp"
#include "document/read.hpp"
#include "kube/api_kinds.hpp"
#include "kube/internal/default_hooks.hpp"
#include "kube/internal/default_rules.hpp"
#include "kube/objects.hpp"

namespace tally::kube {
namespace {

using document::Node;

struct Read {
  std::shared_ptr<const document::Source> source;
  Arena arena;
  Object object;

  explicit Read(std::string_view text) {
    load_api_kinds();
    source = document::Source::from_text("test.yaml", text);
    const auto root = document::read_one(*source, arena);
    EXPECT_TRUE(root.has_value()) << text;
    const auto found = object_from_node(*root, source.get());
    EXPECT_TRUE(found.has_value()) << text;
    object = *found;
  }
};

constexpr std::string_view kNothing = "(nothing)";

std::string json_at(const Node& root, std::string_view path) {
  const Node* at = &root;
  while (at != nullptr && !path.empty()) {
    const auto slash = path.find('/');
    const std::string_view part = path.substr(0, slash);
    if (at->is_array()) {
      const auto index = static_cast<std::size_t>(part.front() - '0');
      at = index < at->size() ? &at->items()[index] : nullptr;
    } else {
      at = at->find(part);
    }
    path.remove_prefix(slash == std::string_view::npos ? path.size() : slash + 1);
  }
  if (at == nullptr) {
    return std::string(kNothing);
  }
  std::string out;
  document::append_canonical_json(out, *at);
  return out;
}

struct Row {
  const char* name;
  std::string text;
  std::string_view path;
  std::string_view expected;
};

void expect_rows(std::initializer_list<Row> rows, DefaultStage stage = DefaultStage::Prepared) {
  for (const Row& row : rows) {
    Read read(row.text);
    const Node root = defaulted(read.object, read.arena, {.name_space = "asked", .stage = stage});
    EXPECT_EQ(json_at(root, row.path), row.expected) << row.name << "\n" << row.text;
  }
}

std::string pod(std::string_view spec, std::string_view container = "",
                std::string_view metadata = "") {
  return "{apiVersion: v1, kind: Pod, metadata: {name: p" + std::string(metadata) +
         "}, spec: {containers: [{name: a, image: a:1" + std::string(container) + "}]" +
         std::string(spec) + "}}";
}

std::string deployment(std::string_view spec, std::string_view pod_spec = "") {
  return "{apiVersion: apps/v1, kind: Deployment, metadata: {name: d}, spec: {selector: "
         "{matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, spec: {containers: "
         "[{name: a, image: a, ports: [{containerPort: 80}], resources: {limits: {cpu: 1}}}]" +
         std::string(pod_spec) + "}}" + std::string(spec) + "}}";
}

TEST(Defaults, RowsApplyWhereNothingIsSet) {
  expect_rows({
      {"replicas", deployment(""), "spec/replicas", "1"},
      {"replicas given", deployment(", replicas: 0"), "spec/replicas", "0"},
      {"replicas null", deployment(", replicas: null"), "spec/replicas", "1"},
      {"strategy", deployment(""), "spec/strategy",
       R"({"rollingUpdate":{"maxSurge":"25%","maxUnavailable":"25%"},"type":"RollingUpdate"})"},
      {"half a strategy", deployment(", strategy: {rollingUpdate: {maxSurge: 0}}"),
       "spec/strategy/rollingUpdate", R"({"maxSurge":0,"maxUnavailable":"25%"})"},
      {"another strategy", deployment(", strategy: {type: Recreate}"), "spec/strategy",
       R"({"type":"Recreate"})"},
      {"restart policy", pod(""), "spec/restartPolicy", "\"Always\""},
      {"restart policy given", pod(", restartPolicy: Never"), "spec/restartPolicy", "\"Never\""},
      {"empty text is not set", pod(", restartPolicy: ''"), "spec/restartPolicy", "\"Always\""},
      {"probe", pod("", ", livenessProbe: {exec: {}, timeoutSeconds: 0, periodSeconds: 5}"),
       "spec/containers/0/livenessProbe",
       R"({"exec":{},"failureThreshold":3,"periodSeconds":5,"successThreshold":1,"timeoutSeconds":1})"},
      {"service links of a pod", pod(""), "spec/enableServiceLinks", "true"},
      {"service links switched off", pod(", enableServiceLinks: false"), "spec/enableServiceLinks",
       "false"},
      {"no service links in a template", deployment(""), "spec/template/spec/enableServiceLinks",
       kNothing},
  });
}

TEST(Defaults, ObjectsAreWrittenAsTheServersTypesWriteThem) {
  expect_rows({
      {"false disappears", pod(", hostNetwork: false"), "spec/hostNetwork", kNothing},
      {"a pointer to false stays", pod(", hostUsers: false"), "spec/hostUsers", "false"},
      {"empty lists disappear", pod(", volumes: []"), "spec/volumes", kNothing},
      {"nulls disappear", pod(", nodeName: null"), "spec/nodeName", kNothing},
      {"unknown fields disappear", pod(", unknown: 1"), "spec/unknown", kNothing},
      {"resources are always there", pod(""), "spec/containers/0/resources", "{}"},
      {"empty requests disappear", pod("", ", resources: {requests: {}}"),
       "spec/containers/0/resources", "{}"},
      {"quantities are canonical", pod("", ", resources: {requests: {cpu: 0.5, memory: 1024Mi}}"),
       "spec/containers/0/resources/requests", R"({"cpu":"500m","memory":"1Gi"})"},
      {"and rounded up to a milli", pod("", ", resources: {requests: {cpu: 0.0001}}"),
       "spec/containers/0/resources/requests/cpu", "\"1m\""},
      {"a role without rules",
       "{apiVersion: rbac.authorization.k8s.io/v1, kind: Role, metadata: {name: a}}", "rules",
       "null"},
      {"wrong types stay", pod(", volumes: 3"), "spec/volumes", "3"},
      {"metadata of unknown kinds",
       "{apiVersion: example.org/v1, kind: Thing, metadata: {name: a, labels: {}}, spec: {a: "
       "null}}",
       "metadata", R"({"name":"a","namespace":"asked"})"},
      {"but not their content",
       "{apiVersion: example.org/v1, kind: Thing, metadata: {name: a}, spec: {a: null}}", "spec",
       R"({"a":null})"},
  });
}

TEST(Defaults, NamespaceIsThatOfTheRequest) {
  expect_rows({
      {"none given", pod(""), "metadata/namespace", "\"asked\""},
      {"one given", pod("", "", ", namespace: own"), "metadata/namespace", "\"own\""},
      {"none for cluster kinds", "{apiVersion: v1, kind: Namespace, metadata: {name: nn}}",
       "metadata/namespace", kNothing},
      {"even if given",
       "{apiVersion: v1, kind: PersistentVolume, metadata: {name: n, namespace: x}}",
       "metadata/namespace", kNothing},
  });
}

TEST(Defaults, HooksOfPods) {
  expect_rows({
      {"requests from limits",
       pod("", ", resources: {limits: {cpu: 1, memory: 1Gi}, requests: {cpu: 500m}}"),
       "spec/containers/0/resources/requests", R"({"cpu":"500m","memory":"1Gi"})"},
      {"not in a template", deployment(""), "spec/template/spec/containers/0/resources",
       R"({"limits":{"cpu":"1"}})"},
      {"host ports", pod(", hostNetwork: true", ", ports: [{containerPort: 80}]"),
       "spec/containers/0/ports/0/hostPort", "80"},
      {"not without the host's network", pod("", ", ports: [{containerPort: 80}]"),
       "spec/containers/0/ports/0/hostPort", kNothing},
      {"not in a template", deployment("", ", hostNetwork: true"),
       "spec/template/spec/containers/0/ports/0/hostPort", kNothing},
      {"a volume without source", pod(", volumes: [{name: v}]"), "spec/volumes/0/emptyDir", "{}"},
      {"a volume with one", pod(", volumes: [{name: v, hostPath: {path: /}}]"),
       "spec/volumes/0/emptyDir", kNothing},
      {"old name of the account", pod(", serviceAccount: s"), "spec/serviceAccountName", "\"s\""},
      {"the new one wins", pod(", serviceAccount: s, serviceAccountName: t"), "spec/serviceAccount",
       "\"t\""},
      {"negative grace period", pod(", terminationGracePeriodSeconds: -5"),
       "spec/terminationGracePeriodSeconds", "1"},
      {"pod level requests of the containers",
       "{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {resources: {limits: {cpu: 2, "
       "memory: "
       "1Gi}}, initContainers: [{name: i, image: a, resources: {requests: {cpu: 900m}}}], "
       "containers: [{name: a, image: a, resources: {requests: {cpu: 200m}}}]}}",
       "spec/resources/requests", R"({"cpu":"900m","memory":"1Gi"})"},
      {"annotation to profile",
       pod("", "", ", annotations: {container.apparmor.security.beta.kubernetes.io/a: unconfined}"),
       "spec/containers/0/securityContext", R"({"appArmorProfile":{"type":"Unconfined"}})"},
      {"no profile",
       pod("", "", ", annotations: {container.apparmor.security.beta.kubernetes.io/a: other}"),
       "spec/containers/0/securityContext", kNothing},
      {"of no container",
       pod("", "", ", annotations: {container.apparmor.security.beta.kubernetes.io/b: unconfined}"),
       "spec/containers/0/securityContext", kNothing},
      {"not on Windows",
       pod(", os: {name: windows}", "",
           ", annotations: {container.apparmor.security.beta.kubernetes.io/a: unconfined}"),
       "spec/containers/0/securityContext", kNothing},
  });
  expect_rows(
      {{"mutating policies come before",
        pod("", "",
            ", annotations: {container.apparmor.security.beta.kubernetes.io/a: unconfined}"),
        "spec/containers/0/securityContext", kNothing}},
      DefaultStage::Decoded);
}

TEST(Defaults, HooksOfOtherKinds) {
  const auto service = [](std::string_view spec) {
    return "{apiVersion: v1, kind: Service, metadata: {name: s}, spec: {ports: [{port: 80}]" +
           std::string(spec) + "}}";
  };
  const auto job = [](std::string_view spec) {
    return "{apiVersion: batch/v1, kind: Job, metadata: {name: j}, spec: {template: {metadata: "
           "{labels: {a: b}}, spec: {containers: [{name: a, image: a}]}}" +
           std::string(spec) + "}}";
  };
  const std::string daemon_set =
      "{apiVersion: apps/v1, kind: DaemonSet, metadata: {name: d}, spec: {}}";
  expect_rows({
      {"target port", service(""), "spec/ports/0",
       R"({"port":80,"protocol":"TCP","targetPort":80})"},
      {"affinity", service(", sessionAffinity: ClientIP"), "spec/sessionAffinityConfig",
       R"({"clientIP":{"timeoutSeconds":10800}})"},
      {"no affinity", service(", sessionAffinityConfig: {clientIP: {timeoutSeconds: 1}}"),
       "spec/sessionAffinityConfig", kNothing},
      {"traffic from outside", service(", externalIPs: [192.0.2.1]"), "spec/externalTrafficPolicy",
       "\"Cluster\""},
      {"no traffic from outside", service(""), "spec/externalTrafficPolicy", kNothing},
      {"job", job(""), "spec/completions", "1"},
      {"parallel job", job(", parallelism: 2"), "spec/completions", kNothing},
      {"job labels", job(""), "metadata/labels", R"({"a":"b"})"},
      {"backoff per index", job(", backoffLimitPerIndex: 1"), "spec/backoffLimit", "2147483647"},
      {"namespace", "{apiVersion: v1, kind: Namespace, metadata: {name: nn}}", "metadata/labels",
       R"({"kubernetes.io/metadata.name":"nn"})"},
      {"namespace without name", "{apiVersion: v1, kind: Namespace, metadata: {generateName: n}}",
       "metadata/labels", kNothing},
      {"finalizer", "{apiVersion: v1, kind: Namespace, metadata: {name: nn}}", "spec/finalizers",
       R"(["kubernetes"])"},
      {"secret",
       "{apiVersion: v1, kind: Secret, metadata: {name: s}, stringData: {a: abcd, b: ''}}", "data",
       R"({"a":"YWJjZA==","b":""})"},
      {"never read back", "{apiVersion: v1, kind: Secret, metadata: {name: s}, stringData: {a: b}}",
       "stringData", kNothing},
      {"limits",
       "{apiVersion: v1, kind: LimitRange, metadata: {name: l}, spec: {limits: [{type: Container, "
       "max: {cpu: 2}, min: {memory: 1}}]}}",
       "spec/limits/0/defaultRequest", R"({"cpu":"2","memory":"1"})"},
      {"limits of pods",
       "{apiVersion: v1, kind: LimitRange, metadata: {name: l}, spec: {limits: [{type: Pod, max: "
       "{cpu: 2}}]}}",
       "spec/limits/0/default", kNothing},
      {"generation", daemon_set, "metadata/annotations",
       R"({"deprecated.daemonset.template.generation":"1"})"},
      {"custom names",
       "{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {name: a}, "
       "spec: {names: {kind: Thing, plural: things}}}",
       "spec/names",
       R"({"kind":"Thing","listKind":"ThingList","plural":"things","singular":"thing"})"},
      {"subject",
       "{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {name: a}, "
       "roleRef: {kind: Role, name: r}, subjects: [{kind: ServiceAccount, name: s}]}",
       "subjects/0/apiGroup", kNothing},
      {"user",
       "{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {name: a}, "
       "roleRef: {kind: Role, name: r}, subjects: [{kind: User, name: s}]}",
       "subjects/0/apiGroup", "\"rbac.authorization.k8s.io\""},
      {"policy types",
       "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: a}, spec: "
       "{egress: [{}]}}",
       "spec/policyTypes", R"(["Ingress","Egress"])"},
      {"ingress only",
       "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: a}, spec: "
       "{egress: []}}",
       "spec/policyTypes", R"(["Ingress"])"},
  });
  expect_rows({{"before the strategy", daemon_set, "metadata/annotations",
                R"({"deprecated.daemonset.template.generation":"0"})"},
               {"no finalizer yet", "{apiVersion: v1, kind: Namespace, metadata: {name: nn}}",
                "spec/finalizers", kNothing}},
              DefaultStage::Decoded);
}

TEST(Defaults, NewNodesAreMarkedAndOldOnesShared) {
  Read read(pod(", tolerations: [{key: k, operator: Exists}]"));
  const Node before = read.object.root;
  const Node after = defaulted(read.object, read.arena);
  const Node* spec = after.find("spec");
  ASSERT_NE(spec, nullptr);
  EXPECT_TRUE(spec->find("restartPolicy")->is_defaulted());
  EXPECT_EQ(spec->find("restartPolicy")->offset(), before.find("spec")->offset());
  EXPECT_FALSE(spec->find("containers")->is_defaulted());
  EXPECT_EQ(spec->find("tolerations")->items().data(),
            before.find("spec")->find("tolerations")->items().data());
  EXPECT_EQ(before.find("spec")->find("restartPolicy"), nullptr);
}

TEST(Defaults, ASecondTimeChangesNothing) {
  for (const std::string& text :
       {pod(", volumes: [{name: v}]", ", resources: {limits: {cpu: 1}}"), deployment(""),
        std::string("{apiVersion: v1, kind: Namespace, metadata: {name: nn}}")}) {
    Read read(text);
    std::string once;
    document::append_canonical_json(once, defaulted(read.object, read.arena));
    Read again(once);
    const Node root = defaulted(again.object, again.arena);
    std::string twice;
    document::append_canonical_json(twice, root);
    EXPECT_EQ(once, twice);
    EXPECT_EQ(root.items().data(), again.object.root.items().data()) << text;
  }
}

// Members are found by an index when there are many: input decides how many.
TEST(Defaults, ManyMembersCostNoMoreThanTheirNumber) {
  constexpr std::size_t kMembers = 50'000;
  std::string secret =
      "{\"apiVersion\":\"v1\",\"kind\":\"Secret\",\"metadata\":{\"name\":\"s\"},"
      "\"data\":{\"k7\":\"b2xk\",\"own\":\"eA==\"},\"stringData\":{";
  std::string limits;
  for (std::size_t i = 0; i < kMembers; ++i) {
    secret += (i == 0 ? "\"k" : ",\"k") + std::to_string(i) + "\":\"v\"";
    limits += (i == 0 ? "example.com/r" : ", example.com/r") + std::to_string(i) + ": 1";
  }
  Read read(secret + "}}");
  const Node root = defaulted(read.object, read.arena);
  EXPECT_EQ(root.find("data")->size(), kMembers + 1);
  EXPECT_EQ(root.find("data")->find("k7")->text(), "dg==");
  Read limited(pod("", ", resources: {limits: {" + limits + "}}"));
  const Node limited_root = defaulted(limited.object, limited.arena);
  EXPECT_EQ(internal::find_path(limited_root.find("spec")->find("containers")->items()[0],
                                "resources/requests")
                ->size(),
            kMembers);
}

TEST(Defaults, KnowsWhatPodSecurityCannotTellApart) {
  struct Case {
    const char* name;
    std::string text;
    bool changes;
  };
  for (const Case& row : std::initializer_list<Case>{
           {"plain pod", pod(""), false},
           {"ports", pod("", ", ports: [{containerPort: 80}]"), false},
           {"host network", pod(", hostNetwork: true"), true},
           {"host network off", pod(", hostNetwork: false"), false},
           {"host network of a template", deployment("", ", hostNetwork: true"), false},
           {"volume", pod(", volumes: [{name: v, emptyDir: {}}]"), false},
           {"volume without source", deployment("", ", volumes: [{name: v}]"), true},
           {"volume of nulls", pod(", volumes: [{name: v, emptyDir: null}]"), true},
           {"annotation",
            pod("", "", ", annotations: {container.apparmor.security.beta.kubernetes.io/a: x}"),
            true},
           {"another annotation", pod("", "", ", annotations: {a: x}"), false},
           {"no workload", "{apiVersion: v1, kind: Service, metadata: {name: s}}", false}}) {
    Read read(row.text);
    EXPECT_EQ(defaults_change_pod_security(read.object), row.changes) << row.name;
  }
}

TEST(Defaults, TagsThatMeanLatest) {
  struct Case {
    std::string image;
    bool latest;
  };
  const std::string hex(64, 'a');
  for (const Case& row : std::initializer_list<Case>{
           {"a", true},
           {"a:latest", true},
           {"team/a", true},
           {"registry.example:5000/a", true},
           {"localhost/a:latest", true},
           {"a__b/c-d.e", true},
           {"[2001:db8::1]:5000/a", true},
           {"Upper.example/a", true},
           {"a:latest@sha256:" + hex, true},
           {"a:1", false},
           {"a@sha256:" + hex, false},
           {"a:Latest", false},
           {"", false},
           {"A", false},
           {"Team/a", true},  // an upper-case first part is a domain
           {"a/B", false},
           {"a//b", false},
           {"a:", false},
           {"a:la test", false},
           {"a@sha256:abc", false},
           {"a@md5:" + hex, false},
           {"-a", false},
           {"a_", false},
           {"a___b", false},
           {"registry.example:port/a", false},
           {hex, false},
           {std::string(300, 'a'), false},
       }) {
    EXPECT_EQ(internal::means_latest(row.image), row.latest) << row.image;
  }
}

}  // namespace
}  // namespace tally::kube

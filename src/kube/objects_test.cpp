#include "kube/objects.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "document/read.hpp"
#include "kube/api_kinds.hpp"
#include "kube/keyed_pointer.hpp"
#include "kube/namespace_labels.hpp"
#include "kube/recognised.hpp"
#include "kube/removed_apis.hpp"
#include "kube/review.hpp"
#include "kube/snapshot.hpp"

namespace tally::kube {
namespace {

// Everything that a text holds, with what owns it.
struct Read {
  std::shared_ptr<const document::Source> source;
  Arena arena;
  std::vector<document::Document> documents;
  std::vector<document::DocumentError> errors;
  std::vector<Object> objects;
  std::vector<NotAnObject> rejected;

  explicit Read(std::string_view text) : source(document::Source::from_text("test.yaml", text)) {
    load_api_kinds();
    for (const document::Slice& slice : document::split(*source)) {
      document::read_slice(*source, slice, arena, {}, documents, errors);
    }
    for (const document::Document& document : documents) {
      append_objects(document, *source, objects, rejected);
    }
    EXPECT_TRUE(errors.empty()) << text;
  }
};

TEST(Objects, AreFoundInDocumentsAndLists) {
  const Read read(R"(---
# Source: bank/templates/a.yaml
apiVersion: apps/v1
kind: Deployment
metadata: {name: a, namespace: shop}
---
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: Service, metadata: {name: b}}
- apiVersion: v1
  kind: PodList
  items:
  - {metadata: {name: c}, spec: {containers: []}}
- {apiVersion: v1, kind: ConfigMap}
---
apiVersion: example.org/v1
kind: AllowList
metadata: {name: d}
)");
  ASSERT_EQ(read.objects.size(), 5U);
  EXPECT_TRUE(read.rejected.empty());
  EXPECT_EQ(read.objects[0].ref.to_string(), "Deployment shop/a");
  EXPECT_EQ(read.objects[0].ref.api_version(), "apps/v1");
  EXPECT_EQ(read.objects[0].template_source, "bank/templates/a.yaml");
  EXPECT_EQ(read.objects[0].item, 0U);
  EXPECT_EQ(read.objects[1].ref.to_string(), "Service b");
  EXPECT_EQ(read.objects[1].item, 1U);
  EXPECT_EQ(read.objects[1].template_source, "");
  EXPECT_EQ(read.objects[2].ref.to_string(), "Pod c");
  EXPECT_EQ(read.objects[2].ref.version, "v1");
  EXPECT_EQ(read.objects[2].item, 2U);
  EXPECT_EQ(read.objects[3].ref.to_string(), "ConfigMap (no name)");
  EXPECT_EQ(read.objects[4].ref.to_string(), "AllowList d");
  EXPECT_EQ(read.objects[4].document, 3U);
  EXPECT_EQ(read.objects[4].kind, nullptr);
}

TEST(Objects, WhatIsNoneIsListedWithTheReason) {
  struct Row {
    const char* text;
    const char* pointer;
    const char* reason;
    Resemblance resemblance;
  };
  const std::vector<Row> rows{
      {"just text", "", "found a string, expected a map with apiVersion, kind and metadata",
       Resemblance::Scalar},
      {"[1, 2]", "", "found a list, expected a map with apiVersion, kind and metadata",
       Resemblance::PlainList},
      {"a: b", "", "apiVersion and kind are missing: this is no Kubernetes object",
       Resemblance::Nothing},
      {"apiVersion: v1", "", "Object 'Kind' is missing: kind is missing", Resemblance::Nothing},
      {"{apiVersion: v1, kind: 7}", "",
       "Object 'Kind' is missing: kind is a number, expected a string", Resemblance::Nothing},
      {"{apiVersion: v1, kind: ''}", "", "Object 'Kind' is missing: kind is empty",
       Resemblance::Nothing},
      {"kind: Pod", "", "Object 'apiVersion' is missing: apiVersion is missing (kind Pod)",
       Resemblance::Nothing},
      {"{apiVersion: a/b/c, kind: Pod}", "",
       "unexpected apiVersion \"a/b/c\": expected \"group/version\" or \"version\"",
       Resemblance::Nothing},
      {"{apiVersion: v1, kind: List, items: [7]}", "/items/0",
       "found a number, expected a map with apiVersion, kind and metadata", Resemblance::Scalar},
      {"{apiVersion: v1, kind: List, items: [{apiVersion: v1, kind: List, items: [{a: b}]}]}",
       "/items/0/items/0", "apiVersion and kind are missing: this is no Kubernetes object",
       Resemblance::Nothing},
      {"{version: '3', services: {web: {image: x}}}", "",
       "apiVersion and kind are missing: this is no Kubernetes object", Resemblance::DockerCompose},
      {"{name: CI, 'on': push, jobs: {build: {}}}", "",
       "apiVersion and kind are missing: this is no Kubernetes object",
       Resemblance::GithubWorkflow},
      {"{resources: [a.yaml], namePrefix: x-}", "",
       "apiVersion and kind are missing: this is no Kubernetes object", Resemblance::Kustomization},
      {"{apiVersion: v2, name: bank, version: 1.0.0}", "",
       "Object 'Kind' is missing: kind is missing", Resemblance::HelmChart},
      {"{replicaCount: 1, image: {tag: x}}", "",
       "apiVersion and kind are missing: this is no Kubernetes object", Resemblance::HelmValues},
      {"{$schema: 'http://json-schema.org/draft-07/schema', type: object}", "",
       "apiVersion and kind are missing: this is no Kubernetes object", Resemblance::JsonSchema},
      {"{openapi: 3.0.0, paths: {}}", "",
       "apiVersion and kind are missing: this is no Kubernetes object", Resemblance::OpenApi},
      {"{stages: [a], image: b}", "",
       "apiVersion and kind are missing: this is no Kubernetes object",
       Resemblance::GitlabPipeline},
  };
  for (const Row& row : rows) {
    const Read read(row.text);
    EXPECT_TRUE(read.objects.empty()) << row.text;
    ASSERT_EQ(read.rejected.size(), 1U) << row.text;
    EXPECT_EQ(read.rejected[0].pointer, row.pointer) << row.text;
    EXPECT_EQ(read.rejected[0].reason, row.reason) << row.text;
    EXPECT_EQ(read.rejected[0].resemblance, row.resemblance)
        << row.text << " " << resemblance_name(read.rejected[0].resemblance);
  }
}

TEST(Objects, ListsInListsHaveALimit) {
  const auto nested = [](std::size_t depth) {
    std::string text = "{apiVersion: v1, kind: ConfigMap}";
    for (std::size_t i = 0; i < depth; ++i) {
      text.insert(0, "{apiVersion: v1, kind: List, items: [").append("]}");
    }
    return text;
  };
  EXPECT_EQ(Read(nested(32)).objects.size(), 1U);
  const Read read(nested(33));
  EXPECT_TRUE(read.objects.empty());
  ASSERT_EQ(read.rejected.size(), 1U);
  EXPECT_EQ(read.rejected[0].reason, "lists are nested more than 32 deep");
}

TEST(Objects, TellTheirOwner) {
  struct Row {
    const char* references;
    const char* expected;  // "Kind/name", or "" for none
  };
  for (const Row& row : std::vector<Row>{
           {"[{kind: ReplicaSet, name: a, uid: u}]", "ReplicaSet/a"},
           {"[{kind: X, name: a}, {kind: Job, name: b, controller: true}]", "Job/b"},
           {"[]", ""},
           {"text", ""},
           {"[{}]", ""},
           {"[7]", ""},
       }) {
    const Read read(
        std::string("{apiVersion: v1, kind: Pod, metadata: {name: p, ownerReferences: ") +
        row.references + "}}");
    const auto owner = read.objects.at(0).owner();
    EXPECT_EQ(owner ? std::string(owner->kind) + "/" + std::string(owner->name) : std::string{},
              row.expected)
        << row.references;
  }
}

TEST(PodTemplate, IsFoundInEveryWorkloadKind) {
  struct Row {
    const char* api_version;
    const char* kind;
    const char* pointer;  // "": no workload
  };
  const std::vector<Row> rows{
      {"v1", "Pod", "/spec"},
      {"v1", "PodTemplate", "/template/spec"},
      {"v1", "ReplicationController", "/spec/template/spec"},
      {"apps/v1", "Deployment", "/spec/template/spec"},
      {"apps/v1beta1", "Deployment", "/spec/template/spec"},
      {"extensions/v1beta1", "Deployment", "/spec/template/spec"},
      {"extensions/v1beta1", "DaemonSet", "/spec/template/spec"},
      {"apps/v1", "ReplicaSet", "/spec/template/spec"},
      {"apps/v1beta2", "StatefulSet", "/spec/template/spec"},
      {"apps/v1", "DaemonSet", "/spec/template/spec"},
      {"batch/v1", "Job", "/spec/template/spec"},
      {"batch/v1beta1", "CronJob", "/spec/jobTemplate/spec/template/spec"},
      {"serving.knative.dev/v1", "Deployment", ""},
      {"v1", "Deployment", ""},
      {"extensions/v1beta1", "StatefulSet", ""},
      {"apps/v1", "Pod", ""},
      {"batch.volcano.sh/v1", "Job", ""},
      {"v1", "Service", ""},
  };
  for (const Row& row : rows) {
    // Each way is there; the table decides which one counts.
    const Read read(std::string("apiVersion: ") + row.api_version + "\nkind: " + row.kind + R"(
metadata: {name: a, labels: {at: /metadata}}
template: {metadata: {labels: {at: /template/metadata}}, spec: {nodeName: /template/spec}}
spec:
  nodeName: /spec
  template: {metadata: {labels: {at: /spec/template/metadata}}, spec: {nodeName: /spec/template/spec}}
  jobTemplate: {spec: {template: {spec: {nodeName: /spec/jobTemplate/spec/template/spec}}}}
)");
    const auto pod = pod_template(read.objects.at(0));
    EXPECT_EQ(is_workload(read.objects.at(0).ref), *row.pointer != '\0')
        << row.api_version << " " << row.kind;
    ASSERT_EQ(pod.has_value(), *row.pointer != '\0') << row.api_version << " " << row.kind;
    if (pod) {
      EXPECT_EQ(pod->spec_pointer, row.pointer) << row.kind;
      EXPECT_EQ(pod->spec->find("nodeName")->text(), row.pointer) << row.kind;
      if (pod->metadata != nullptr) {
        EXPECT_EQ(pod->metadata->find("labels")->find("at")->text(), pod->metadata_pointer)
            << row.kind;
      }
    }
  }
}

TEST(PodTemplate, NeedsAMap) {
  for (const char* spec : {"spec: null", "spec: []", "spec: text", "other: {}",
                           "spec: {template: {spec: 7}}", "spec: {template: null}"}) {
    for (const char* kind :
         {"v1, kind: PodTemplate", "apps/v1, kind: Deployment", "batch/v1, kind: CronJob"}) {
      const std::string text = std::string("{apiVersion: ") + kind + ", " + spec + "}";
      EXPECT_FALSE(pod_template(Read(text).objects.at(0))) << text;
    }
  }
}

TEST(Snapshot, FindsAndShadows) {
  Read read(R"(
{apiVersion: v1, kind: ConfigMap, metadata: {name: a, labels: {app: x}}}
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: b, namespace: shop, labels: {app: x, tier: y1}}}
---
{apiVersion: v1, kind: Namespace, metadata: {name: shop, labels: {tier: top}}}
---
{apiVersion: apps/v1, kind: ReplicaSet, metadata: {name: a-1, namespace: shop, ownerReferences: [{kind: Deployment, name: a}]}}
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: default, labels: {app: z}}}
---
{apiVersion: v1, kind: Pod, metadata: {generateName: g-}}
---
{apiVersion: v1, kind: Pod, metadata: {generateName: g-}}
---
{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: reader}}
---
{apiVersion: policy/v1beta1, kind: PodSecurityPolicy, metadata: {name: old}}
---
{apiVersion: kyverno.io/v1, kind: ClusterPolicy, metadata: {name: p}}
---
{apiVersion: example.org/v1, kind: Thing, metadata: {name: t}}
)");
  const auto snapshot = Snapshot::create(std::move(read.objects), "default");
  using Positions = std::vector<std::uint32_t>;
  const auto list = [](std::span<const std::uint32_t> positions) {
    return Positions(positions.begin(), positions.end());
  };
  EXPECT_EQ(list(snapshot->shadowed()), (Positions{0}));
  EXPECT_EQ(snapshot->find("", "ConfigMap", "default", "a"), &snapshot->objects()[4]);
  EXPECT_EQ(snapshot->find("", "ConfigMap", "shop", "a"), nullptr);
  EXPECT_EQ(snapshot->find("", "Pod", "default", ""), nullptr);
  EXPECT_EQ(snapshot->find("rbac.authorization.k8s.io", "ClusterRole", "", "reader"),
            &snapshot->objects()[7]);
  EXPECT_NE(snapshot->find("policy", "PodSecurityPolicy", "", "old"), nullptr);
  EXPECT_NE(snapshot->find("kyverno.io", "ClusterPolicy", "", "p"), nullptr);
  EXPECT_NE(snapshot->find("example.org", "Thing", "default", "t"), nullptr);
  EXPECT_EQ(list(snapshot->by_kind("", "ConfigMap")), (Positions{1, 4}));
  EXPECT_EQ(list(snapshot->by_kind("", "Pod")), (Positions{5, 6}));
  EXPECT_TRUE(snapshot->by_kind("apps", "ConfigMap").empty());
  EXPECT_EQ(list(snapshot->by_namespace("shop")), (Positions{1, 3}));
  EXPECT_EQ(list(snapshot->by_label("app", "x")), (Positions{1}));
  EXPECT_TRUE(snapshot->by_label("app", "q").empty());
  EXPECT_EQ(list(snapshot->by_owner("Deployment", "shop", "a")), (Positions{3}));
  EXPECT_TRUE(snapshot->by_owner("Deployment", "default", "a").empty());
  EXPECT_EQ(
      std::vector<std::string_view>(snapshot->namespaces().begin(), snapshot->namespaces().end()),
      (std::vector<std::string_view>{"default", "shop"}));
}

TEST(NamespaceLabels, AreUnknownOutsideTheInput) {
  Read read("{apiVersion: v1, kind: Namespace, metadata: {name: shop, labels: {tier: top}}}");
  const auto snapshot = Snapshot::create(std::move(read.objects), "default");
  struct Row {
    const char* name_space;
    const char* selector;
    Match expected;
  };
  for (const Row& row : std::vector<Row>{
           {"shop", "tier=top", Match::Yes},
           {"shop", "tier=low", Match::No},
           {"shop", "!other", Match::Yes},
           {"shop", "kubernetes.io/metadata.name=shop", Match::Yes},
           {"away", "", Match::Yes},
           {"away", "kubernetes.io/metadata.name=away", Match::Yes},
           {"away", "kubernetes.io/metadata.name=shop", Match::No},
           {"away", "tier=top", Match::Unknown},
           {"away", "!tier", Match::Unknown},
           {"away", "tier!=top", Match::Unknown},
           {"away", "tier=top,kubernetes.io/metadata.name=away", Match::Unknown},
           {"away", "tier=top,kubernetes.io/metadata.name in (shop)", Match::No},
       }) {
    const auto selector = scalar::LabelSelector::parse(row.selector);
    ASSERT_TRUE(selector) << row.selector;
    EXPECT_EQ(match_namespace(*snapshot, row.name_space, *selector), row.expected)
        << row.name_space << " " << row.selector;
  }
}

TEST(Selectors, AreReadAsTheServerReadsThem) {
  struct Row {
    const char* selector;
    const char* expected;  // text form, or "!" and the beginning of the error
  };
  for (const Row& row : std::vector<Row>{
           {"{}", ""},
           {"{matchLabels: {b: x, a: ''}}", "a=,b=x"},
           {"{matchExpressions: [{key: a, operator: In, values: [y1, x]}, {key: b, operator: "
            "NotIn, values: [z]}, {key: c, operator: Exists}, {key: d, operator: DoesNotExist}]}",
            "a in (x,y1),b!=z,c,!d"},
           {"[]", "!a label selector is a map, found a list"},
           {"{app: x}", "!unknown field \"app\" in a label selector"},
           {"{matchLabels: {a: 1}}", "!matchLabels: the value of a is a number"},
           {"{matchLabels: {a: 'b c'}}", "!label value \"b c\" of a"},
           {"{matchExpressions: [{key: a, operator: Gt, values: ['1']}]}",
            "!\"Gt\" is not a valid label selector operator"},
           {"{matchExpressions: [{key: a, operator: In}]}",
            "!for 'in', 'notin' operators, values set can't be empty"},
           {"{matchExpressions: [{key: a, operator: Exists, values: [b]}]}",
            "!values set must be empty"},
           {"{matchExpressions: [{operator: Exists}]}",
            "!matchExpressions: each entry needs a key"},
           {"{matchExpressions: [{key: a, operator: In, values: [1]}]}",
            "!matchExpressions: values are strings, found a number"},
       }) {
    const Read read(std::string("{apiVersion: v1, kind: X, selector: ") + row.selector + "}");
    const auto selector = read_label_selector(*read.objects.at(0).root.find("selector"));
    const std::string found = selector ? selector->to_string() : "!" + selector.error().message;
    EXPECT_TRUE(*row.expected == '!' ? found.starts_with(row.expected) : found == row.expected)
        << row.selector << "\n"
        << found;
  }
}

TEST(ApiKinds, KnowTheServersTable) {
  EXPECT_EQ(api_version_of_table(), "1.36");
  EXPECT_EQ(api_kinds().size(), 68U);
  const ApiKind* pod = find_kind("", "v1", "Pod");
  ASSERT_NE(pod, nullptr);
  EXPECT_EQ(pod->plural, "pods");
  EXPECT_EQ(pod->scope, Scope::Namespaced);
  EXPECT_TRUE(pod->subresources.contains("ephemeralcontainers"));
  EXPECT_EQ(find_resource("apps", "v1", "deployments"), find_kind("apps", "v1", "Deployment"));
  EXPECT_EQ(find_kind("apps", "v1beta1", "Deployment"), nullptr);
  EXPECT_NE(find_kind_any_version("apps", "Deployment"), nullptr);
  EXPECT_EQ(find_kind("", "v1", "Deployment"), nullptr);
  EXPECT_EQ(find_kind("", "v1", ""), nullptr);
  EXPECT_EQ(find_resource("", "v1", "deployments"), nullptr);
  EXPECT_EQ(find_kind("rbac.authorization.k8s.io", "v1", "ClusterRole")->scope, Scope::Cluster);
  // Every kind finds itself, and each of its fields.
  for (const ApiKind& row : api_kinds()) {
    EXPECT_EQ(find_kind(row.group, row.version, row.kind), &row) << row.kind;
  }
  for (const TypeRow& type : api_types().types()) {
    for (const FieldRow& field : api_types().fields(type)) {
      EXPECT_EQ(api_types().find(type, field.name), &field) << type.name << " " << field.name;
    }
    if (type.kind == TypeKind::Fields) {
      EXPECT_EQ(api_types().find(type, "no such field"), nullptr);
    }
  }
}

TEST(ApiKinds, GuessPluralsAsClientGo) {
  for (const auto& [kind, plural] :
       std::vector<std::pair<const char*, const char*>>{{"NetworkPolicy", "networkpolicies"},
                                                        {"Ingress", "ingresses"},
                                                        {"Pod", "pods"},
                                                        {"Endpoints", "endpoints"},
                                                        {"Gateway", "gatewaies"},
                                                        {"", ""}}) {
    EXPECT_EQ(guess_plural(kind), plural) << kind;
  }
}

TEST(ApiKinds, CustomResourceDefinitionsExtendTheTable) {
  Read read(R"(
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: vaults.bank.example}
spec:
  group: bank.example
  scope: Cluster
  names: {kind: Vault, plural: vaults}
  versions: [{name: v1}, {name: v1beta1}, {name: v1}, 7]
---
{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {name: broken}, spec: {names: 7}}
---
{apiVersion: bank.example/v1, kind: Vault, metadata: {name: a}}
---
{apiVersion: bank.example/v2, kind: Vault, metadata: {name: b}}
)");
  CustomKinds kinds;
  kinds.add(read.objects);
  EXPECT_EQ(kinds.kinds().size(), 2U);
  kinds.resolve(read.objects);
  ASSERT_NE(read.objects[2].kind, nullptr);
  EXPECT_EQ(read.objects[2].kind->plural, "vaults");
  EXPECT_FALSE(is_namespaced(read.objects[2]));
  EXPECT_EQ(read.objects[3].kind, nullptr);
  EXPECT_TRUE(is_namespaced(read.objects[3]));
}

TEST(ApiKinds, PointersWithMergeKeys) {
  const Read read(R"(
apiVersion: v1
kind: Pod
metadata: {name: a}
spec:
  tolerations: [{key: a}]
  containers:
  - {name: main, ports: [{containerPort: 80, protocol: TCP}], args: [-v]}
  - {image: nameless}
  - {name: x, volumeMounts: [{name: data, mountPath: /a~b}]}
)");
  for (const auto& [pointer, expected] : std::vector<std::pair<const char*, const char*>>{
           {"", ""},
           {"/spec/containers/0/image", "/spec/containers/[name=main]/image"},
           {"/spec/containers/0/ports/0/hostPort",
            "/spec/containers/[name=main]/ports/[containerPort=80,protocol=TCP]/hostPort"},
           {"/spec/containers/1/image", "/spec/containers/1/image"},
           {"/spec/containers/9/image", "/spec/containers/9/image"},
           {"/spec/tolerations/0/key", "/spec/tolerations/0/key"},
           {"/spec/containers/0/args/0", "/spec/containers/[name=main]/args/[=-v]"},
           {"/spec/containers/2/volumeMounts/0",
            "/spec/containers/[name=x]/volumeMounts/[mountPath=~1a~0b]"},
           {"/metadata/labels/a~1b", "/metadata/labels/a~1b"},
           {"/no/such/0", "/no/such/0"},
       }) {
    std::string keyed;
    append_keyed_pointer(keyed, kind_of_lists(read.objects.at(0)), read.objects.at(0).root,
                         pointer);
    EXPECT_EQ(keyed, expected);
  }
}

TEST(ApiKinds, ListsOfRemovedAndCustomKindsAreKeyedToo) {
  Read read(R"(
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: vaults.bank.example}
spec:
  group: bank.example
  names: {kind: Vault, plural: vaults}
  scope: Namespaced
  versions:
  - name: v1
    served: true
    storage: true
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            properties:
              doors:
                type: array
                x-kubernetes-list-type: map
                x-kubernetes-list-map-keys: [wall, floor]
                items: {type: object, properties: {wall: {type: string}, floor: {type: integer}}}
              rooms: {type: array, items: {type: object, properties: {name: {type: string}}}}
---
{apiVersion: bank.example/v1, kind: Vault, metadata: {name: a}, spec: {doors: [{wall: north, floor: 2}], rooms: [{name: a}]}}
---
{apiVersion: extensions/v1beta1, kind: Deployment, metadata: {name: a}, spec: {template: {spec: {containers: [{name: main}]}}}}
---
{apiVersion: other.example/v1, kind: Deployment, metadata: {name: a}, spec: {template: {spec: {containers: [{name: main}]}}}}
)");
  CustomKinds kinds;
  kinds.add(read.objects);
  kinds.resolve(read.objects);
  struct Row {
    std::size_t object;
    const char* pointer;
    const char* expected;
  };
  for (const Row& row : std::vector<Row>{
           {1, "/spec/doors/0/wall", "/spec/doors/[wall=north,floor=2]/wall"},
           {1, "/spec/rooms/0/name", "/spec/rooms/0/name"},
           {2, "/spec/template/spec/containers/0", "/spec/template/spec/containers/[name=main]"},
           {3, "/spec/template/spec/containers/0", "/spec/template/spec/containers/0"},
       }) {
    const Object& object = read.objects.at(row.object);
    std::string keyed;
    append_keyed_pointer(keyed, kind_of_lists(object), object.root, row.pointer);
    EXPECT_EQ(keyed, row.expected);
  }
}

TEST(Recognised, KindsOfOtherProjects) {
  struct Row {
    const char* api_version;
    const char* kind;
    const char* what;  // "": not recognised
  };
  for (const Row& row : std::vector<Row>{
           {"kyverno.io/v1", "ClusterPolicy", "Kyverno policy"},
           {"policies.kyverno.io/v1", "ValidatingPolicy", "Kyverno policy"},
           {"constraints.gatekeeper.sh/v1beta1", "K8sRequiredLabels", "Gatekeeper constraint"},
           {"security.istio.io/v1", "AuthorizationPolicy", "Istio security policy"},
           {"eksctl.io/v1alpha5", "ClusterConfig", "eksctl cluster configuration"},
           {"networking.k8s.io/v1", "NetworkPolicy", "network policy"},
           {"admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicyBinding",
            "validating admission policy"},
           {"v1", "Pod", ""},
           {"apps/v1", "Deployment", ""},
           {"kyverno.io.example.org/v1", "ClusterPolicy", ""},
           {"networking.k8s.io/v1", "Ingress", ""},
       }) {
    const auto parts = split_api_version(row.api_version);
    ASSERT_TRUE(parts.has_value()) << row.api_version;
    const RecognisedKind* found = recognise({.group = parts->group,
                                             .version = parts->version,
                                             .kind = row.kind,
                                             .name_space = {},
                                             .name = {}});
    EXPECT_EQ(found == nullptr ? std::string_view{} : found->what, row.what)
        << row.api_version << " " << row.kind;
  }
}

TEST(RemovedApis, AreNoneOfTheTable) {
  for (const RemovedApi& row : removed_apis()) {
    EXPECT_EQ(find_kind(row.group, row.version, row.kind), nullptr) << row.group << " " << row.kind;
    EXPECT_EQ(find_removed_api({.group = row.group,
                                .version = row.version,
                                .kind = row.kind,
                                .name_space = {},
                                .name = {}}),
              &row);
    // What is to be used instead exists, unless the kind is gone.
    const ApiKind* now = find_kind_any_group(row.kind);
    EXPECT_EQ(now == nullptr, row.kind_gone) << row.kind;
    if (now != nullptr) {
      EXPECT_EQ(now->scope == Scope::Namespaced, row.namespaced) << row.kind;
      const auto parts = split_api_version(row.replacement);
      ASSERT_TRUE(parts.has_value()) << row.replacement;
      EXPECT_NE(find_kind(parts->group, parts->version, row.kind), nullptr)
          << row.kind << " " << row.replacement;
    }
  }
  EXPECT_EQ(
      find_removed_api(
          {.group = "apps", .version = "v1", .kind = "Deployment", .name_space = {}, .name = {}}),
      nullptr);
}

TEST(Review, FromAFile) {
  const Read read(
      "{apiVersion: apps/v1, kind: Deployment, metadata: {name: a}}\n---\n{apiVersion: x.org/v1, "
      "kind: Gadget, metadata: {name: b, namespace: c}}\n---\n{apiVersion: v1, kind: Namespace, "
      "metadata: {name: ns1}}\n");
  Arena names;
  const Review review = Review::from_file_object(read.objects.at(0), "shop", names);
  EXPECT_EQ(review.operation, Operation::Create);
  EXPECT_EQ(review.resource, (GroupVersionResource{"apps", "v1", "deployments"}));
  EXPECT_EQ(review.request_kind, (GroupVersionKind{"apps", "v1", "Deployment"}));
  EXPECT_EQ(review.name_space, "shop");
  EXPECT_TRUE(review.user_info.username.empty());
  EXPECT_TRUE(review.old_object.is_null());
  const Review guessed = Review::from_file_object(read.objects.at(1), "shop", names);
  EXPECT_EQ(guessed.resource.resource, "gadgets");
  EXPECT_EQ(guessed.name_space, "c");
  EXPECT_EQ(Review::from_file_object(read.objects.at(2), "shop", names).name_space, "ns1");
}

TEST(Review, RefusesWhatIsNone) {
  struct Row {
    const char* text;
    const char* error;
  };
  const char* head = "{apiVersion: admission.k8s.io/v1, kind: AdmissionReview";
  for (const Row& row : std::vector<Row>{
           {"[]", "/: found a list, expected an AdmissionReview"},
           {"{kind: AdmissionReview}", "/apiVersion: found nothing, expected admission.k8s.io/v1"},
           {"{apiVersion: admission.k8s.io/v1beta1, kind: AdmissionReview}",
            "/apiVersion: found \"admission.k8s.io/v1beta1\", expected admission.k8s.io/v1"},
           {"{apiVersion: admission.k8s.io/v1, kind: Pod}",
            "/kind: found \"Pod\", expected AdmissionReview"},
           {"HEAD}", "/request: found nothing, expected a map"},
           {"HEAD, request: {}}",
            "/request/uid: found nothing, expected the identifier of the request"},
           {"HEAD, request: {uid: 7}}", "/request/uid: found a number, expected a string"},
           {"HEAD, request: {uid: u}}",
            "/request/operation: found nothing, expected CREATE, UPDATE, DELETE or CONNECT"},
           {"HEAD, request: {uid: u, operation: Create}}",
            "/request/operation: found \"Create\", expected CREATE"},
           {"HEAD, request: {uid: u, operation: CREATE}}", "/request/kind/kind: found nothing"},
           {"HEAD, request: {uid: u, operation: CREATE, kind: Pod}}",
            "/request/kind: found \"Pod\", expected a map"},
           {"HEAD, request: {uid: u, operation: CREATE, kind: {kind: P}, userInfo: {groups: [7]}}}",
            "/request/userInfo/groups: found a list, expected a list of strings"},
           {"HEAD, request: {uid: u, operation: CREATE, kind: {kind: P}, userInfo: {extra: {a: "
            "b}}}}",
            "/request/userInfo/extra/a: found \"b\", expected a list of strings"},
           {"HEAD, request: {uid: u, operation: CREATE, kind: {kind: P}, object: []}}",
            "/request/object: found a list, expected a map"},
           {"HEAD, request: {uid: u, operation: CREATE, kind: {kind: P}, dryRun: 'true'}}",
            "/request/dryRun: found \"true\", expected a boolean"},
       }) {
    std::string text = row.text;
    if (const auto at = text.find("HEAD"); at != std::string::npos) {
      text.replace(at, 4, head);
    }
    const auto source = document::Source::from_text("review", text);
    Arena arena;
    const auto root = document::read_one(*source, arena);
    ASSERT_TRUE(root) << text;
    const auto review = Review::parse(*root);
    ASSERT_FALSE(review) << text;
    EXPECT_TRUE(review.error().message.starts_with(row.error)) << text << "\n"
                                                               << review.error().message;
  }
}

std::string corpus_folder() {
  const char* given = std::getenv("TALLY_CORPUS");  // NOLINT(concurrency-mt-unsafe)
  return given != nullptr ? given : std::string(TALLY_SOURCE_DIR) + "/../shared/corpus";
}

TEST(Review, ReadsWhatAServerSent) {
  std::ifstream file(corpus_folder() + "/kube-recordings/admission-reviews.jsonl");
  if (!file) {
    GTEST_SKIP() << "the recorded admission reviews are not here";
  }
  std::size_t count = 0;
  for (std::string line; std::getline(file, line); ++count) {
    const auto source = document::Source::from_text("line", line);
    Arena arena;
    const auto root = document::read_one(*source, arena);
    ASSERT_TRUE(root) << line.substr(0, 300);
    const document::Node& raw = *root->find("review");
    const auto review = Review::parse(raw);
    ASSERT_TRUE(review) << line.substr(0, 300) << review.error().message;
    const document::Node& request = *raw.find("request");
    const auto text = [&request](std::string_view a, std::string_view b = {}) {
      const document::Node* node = request.find(a);
      node = node == nullptr || b.empty() ? node : node->find(b);
      return node == nullptr ? std::string_view{} : node->text();
    };
    EXPECT_EQ(review->uid, text("uid"));
    EXPECT_EQ(operation_name(review->operation), text("operation"));
    EXPECT_EQ(review->kind, (GroupVersionKind{text("kind", "group"), text("kind", "version"),
                                              text("kind", "kind")}));
    EXPECT_EQ(review->resource,
              (GroupVersionResource{text("resource", "group"), text("resource", "version"),
                                    text("resource", "resource")}));
    EXPECT_EQ(review->request_kind.kind, text("requestKind", "kind"));
    EXPECT_EQ(review->request_resource.resource, text("requestResource", "resource"));
    EXPECT_EQ(review->subresource, text("subResource"));
    EXPECT_EQ(review->name, text("name"));
    EXPECT_EQ(review->name_space, text("namespace"));
    EXPECT_EQ(review->user_info.username, text("userInfo", "username"));
    EXPECT_EQ(review->user_info.uid, text("userInfo", "uid"));
    const auto same = [&request](const document::Node& node, std::string_view key) {
      const document::Node* found = request.find(key);
      return document::equal(node, found == nullptr ? document::Node{} : *found);
    };
    EXPECT_TRUE(same(review->object, "object"));
    EXPECT_TRUE(same(review->old_object, "oldObject"));
    EXPECT_TRUE(same(review->options, "options"));
    EXPECT_EQ(review->dry_run,
              request.find("dryRun") != nullptr && request.find("dryRun")->boolean());
    // What the server sent has no structural problem that stops us from knowing its kind.
    if (!review->object.is_null() && review->subresource.empty()) {
      const auto object = object_from_node(review->object, source.get());
      ASSERT_TRUE(object) << line.substr(0, 300);
      EXPECT_EQ(object->ref.kind, review->kind.kind);
    }
  }
  EXPECT_EQ(count, 261U);
}

}  // namespace
}  // namespace tally::kube

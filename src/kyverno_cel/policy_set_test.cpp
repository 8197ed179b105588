#include "kyverno_cel/policy_set.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <string>

#include "document/json_writer.hpp"
#include "document/read.hpp"
#include "kube/objects.hpp"
#include "kyverno_cel/internal/nodes.hpp"

namespace tally::kyverno_cel {
namespace {

using cel::Value;
using document::Node;

std::string json(const Node& node) {
  std::string out;
  document::append_canonical_json(out, node);
  return out;
}

// Policies, exceptions and objects in YAML.
class Bench {
 public:
  Bench() { kube::load_api_kinds(); }

  std::vector<kube::Object> read(const std::string& yaml) {
    sources_.push_back(document::Source::from_text("test", yaml));
    std::vector<document::Document> documents;
    std::vector<document::DocumentError> errors;
    for (const document::Slice slice : document::split(*sources_.back())) {
      document::read_slice(*sources_.back(), slice, arena_, {}, documents, errors);
    }
    EXPECT_TRUE(errors.empty()) << yaml;
    std::vector<kube::Object> found;
    for (const document::Document& document : documents) {
      found.push_back(*kube::object_from_node(document.root, sources_.back().get()));
    }
    return found;
  }

  void load(const std::string& yaml, std::optional<std::int64_t> now = std::nullopt) {
    policies_ = read(yaml);
    loaded_ = PolicySet::load(
        {.policies = policies_, .exceptions = policies_, .kinds = nullptr, .now = now});
  }

  Request request(const std::string& yaml) {
    subjects_.push_back(read(yaml).front());
    Request made;
    made.review = kube::Review::from_file_object(subjects_.back(), "default", arena_);
    made.are_namespaces_complete = true;
    made.host = host;
    return made;
  }

  Response judge(const std::string& yaml, std::uint32_t policy = 0) {
    return loaded_.set.judge(policy, request(yaml), scratch);
  }
  Response judge_payload(const std::string& yaml, Mode mode) {
    sources_.push_back(document::Source::from_text("payload", yaml));
    Request made;
    made.payload = *document::read_one(*sources_.back(), arena_);
    made.mode = mode;
    made.host = host;
    return loaded_.set.judge(0, made, scratch);
  }

  [[nodiscard]] const Loaded& loaded() const { return loaded_; }
  [[nodiscard]] kube::Object object(const std::string& yaml) { return read(yaml).front(); }

  Scratch scratch;
  const cel::Host* host = nullptr;

 private:
  Arena arena_;
  std::vector<std::shared_ptr<const document::Source>> sources_;
  std::vector<kube::Object> policies_;
  std::deque<kube::Object> subjects_;
  Loaded loaded_;
};

// A policy of `kind` with these lines of its specification.
std::string policy(const std::string& kind, const std::string& spec,
                   const std::string& resources = "pods", const std::string& group = "") {
  std::string text = "apiVersion: policies.kyverno.io/v1\nkind: " + kind +
                     "\nmetadata: {name: p, namespace: team}\nspec:\n"
                     "  matchConstraints:\n    resourceRules:\n"
                     "    - {apiGroups: ['" +
                     group + "'], apiVersions: [v1], operations: [CREATE, UPDATE], resources: [" +
                     resources + "]}\n";
  std::string line = "  ";
  for (const char c : spec) {
    line += c;
    if (c == '\n') {
      text += line;
      line = "  ";
    }
  }
  return text + line + "\n";
}

constexpr const char* kPod = R"(
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: team, labels: {app: web}}
spec: {hostNetwork: true, containers: [{name: c, image: 'ghcr.io/a/b:1'}]})";

constexpr const char* kDeployment = R"(
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: team}
spec:
  template:
    metadata: {labels: {app: web}}
    spec: {hostNetwork: true, containers: [{name: c, image: nginx}]})";

constexpr const char* kCronJob = R"(
apiVersion: batch/v1
kind: CronJob
metadata: {name: web, namespace: team}
spec: {jobTemplate: {spec: {template: {spec: {hostNetwork: true, containers: []}}}}})";

struct Row {
  const char* name;
  const char* spec;
  const char* object;
  Verdict verdict;
  const char* message;
};

constexpr Row kRows[] = {
    {"pass", "validations: [{expression: 'object.spec.hostNetwork == true'}]", kPod, Verdict::Pass,
     "success"},
    {"fail", "validations: [{expression: '!object.spec.hostNetwork', message: refused}]", kPod,
     Verdict::Fail, "refused"},
    {"no message", "validations: [{expression: '!object.spec.hostNetwork'}]", kPod, Verdict::Fail,
     "CEL expression validation failed at index 0"},
    {"messageExpression",
     "validations: [{expression: '!object.spec.hostNetwork', messageExpression: "
     "\"'no ' + object.metadata.name\"}]",
     kPod, Verdict::Fail, "no web"},
    {"a broken messageExpression is said",
     "validations: [{expression: '!object.spec.hostNetwork', messageExpression: "
     "string(object.x.y)}]",
     kPod, Verdict::Fail, "failed to evaluate message expression: no such key: x"},
    {"error", "validations: [{expression: 'object.spec.nothing == 1'}]", kPod, Verdict::Error,
     "error: no such key: nothing"},
    {"error of a variable is handed on as it is",
     "variables: [{name: v, expression: object.spec.nothing}]\n"
     "validations: [{expression: 'variables.v == 1'}]",
     kPod, Verdict::Error, "error: no such key: nothing"},
    {"conditions are not met",
     "matchConditions: [{name: c, expression: 'object.metadata.name == \"x\"'}]\n"
     "validations: [{expression: 'false'}]",
     kPod, Verdict::Skip, "skip"},
    {"a condition that fails",
     "matchConditions: [{name: c, expression: 'object.x == 1'}]\nvalidations: [{expression: "
     "'false'}]",
     kPod, Verdict::Error, "failed to load context: no such key: x"},
    {"a condition that is false counts more than one that fails",
     "matchConditions: [{name: c, expression: 'object.x == 1'}, {name: d, expression: 'false'}]\n"
     "validations: [{expression: 'false'}]",
     kPod, Verdict::Skip, "skip"},
    {"failurePolicy Ignore",
     "failurePolicy: Ignore\nmatchConditions: [{name: c, expression: 'object.x == 1'}]\n"
     "validations: [{expression: 'false'}]",
     kPod, Verdict::Skip, "skip"},
    {"another kind", "validations: [{expression: 'false'}]",
     "{apiVersion: v1, kind: Service, metadata: {name: s}}", Verdict::None, ""},
    {"orValue of a plain value",
     "validations: [{expression: 'object.spec.containers.orValue([]).size() == 1'}]", kPod,
     Verdict::Pass, "success"},
    {"request.object", "validations: [{expression: 'request.object.metadata.name == \"web\"'}]",
     kPod, Verdict::Pass, "success"},
    {"request.oldObject is null", "validations: [{expression: 'request.oldObject == null'}]", kPod,
     Verdict::Pass, "success"},
    {"deployments see their pods",
     "validations: [{expression: '!object.spec.hostNetwork', message: 'object.spec.hostNetwork'}]",
     kDeployment, Verdict::Fail, "object.spec.template.spec.hostNetwork"},
    {"cron jobs, too", "validations: [{expression: '!object.spec.hostNetwork', message: refused}]",
     kCronJob, Verdict::Fail, "refused"},
    {"the namespace is the object's own",
     "validations: [{expression: 'object.metadata.namespace == \"team\"'}]", kDeployment,
     Verdict::Pass, "success"},
    {"labels are the pod's", "validations: [{expression: 'object.metadata.labels.app == \"web\"'}]",
     kDeployment, Verdict::Pass, "success"},
    {"no rules for controllers",
     "autogen: {podControllers: {controllers: []}}\nvalidations: [{expression: 'false'}]",
     kDeployment, Verdict::None, ""},
    {"rules for some controllers",
     "autogen: {podControllers: {controllers: [cronjobs]}}\nvalidations: [{expression: 'false'}]",
     kDeployment, Verdict::None, ""},
    {"annotations must be texts",
     "auditAnnotations: [{key: k, valueExpression: 'null'}]\nvalidations: [{expression: 'true'}]",
     kPod, Verdict::Error,
     "failed to load context: failed to convert auditAnnotation 'k' expression: type conversion "
     "error from 'null_type' to 'string'"},
    {"the world is not known",
     "validations: [{expression: \"resource.get('v1', 'pods', '', 'x') "
     "== {}\"}]",
     kPod, Verdict::Unknown, nullptr},
    {"the user is not known", "validations: [{expression: \"request.userInfo.username == 'me'\"}]",
     kPod, Verdict::Unknown, nullptr},
};

TEST(Validating, Table) {
  for (const Row& row : kRows) {
    SCOPED_TRACE(row.name);
    Bench bench;
    bench.load(policy("ValidatingPolicy", row.spec));
    for (const LoadProblem& problem : bench.loaded().problems) {
      ADD_FAILURE() << problem.message;
    }
    if (bench.loaded().set.policies().empty()) {
      continue;
    }
    const Response response = bench.judge(row.object);
    EXPECT_EQ(to_text(response.verdict), to_text(row.verdict)) << response.message;
    if (row.message != nullptr) {
      EXPECT_EQ(response.message, row.message);
    }
  }
}

TEST(Validating, WhatIsRefusedWhenItIsLoaded) {
  struct Refused {
    const char* spec;
    const char* pointer;
    const char* message;  // a part of it
  };
  constexpr Refused kRefused[] = {
      {"validations: [{expression: 'object.'}]", "/spec/validations/0/expression", "Syntax error"},
      {"validations: [{expression: '1'}]", "/spec/validations/0/expression",
       "output is expected to be of type bool"},
      {"validations: [{message: x}]", "/spec/validations/0/expression", "Required value"},
      {"validations: [{expression: 'nothing()'}]", "/spec/validations/0/expression",
       "undeclared reference to 'nothing'"},
      {"validations: [{expression: 'generator.Apply(\"\", []) '}]",
       "/spec/validations/0/expression", "undeclared reference to 'generator'"},
      {"variables: [{name: a, expression: variables.b}, {name: b, expression: '1'}]",
       "/spec/variables/0/expression", "undefined field 'b'"},
      {"variables: [{name: a, expression: '1'}]\n"
       "matchConditions: [{name: c, expression: 'variables.a == 1'}]",
       "/spec/matchConditions/0/expression", "undefined field 'a'"},
      {"auditAnnotations: [{key: k, valueExpression: '1'}]",
       "/spec/auditAnnotations/0/valueExpression",
       "output is expected to be either of type string or null_type"},
      {"failurePolicy: Maybe", "/spec/failurePolicy", "Unsupported value"},
      {"evaluation: {mode: Magic}", "/spec/evaluation/mode", "Unsupported value"},
      {"validations: {}", "/spec/validations", "expected a list, found a map"},
      {"validations: [{expression: 'true', messageExpression: '1'}]",
       "/spec/validations/0/messageExpression", "output is expected to be of type string"},
      {"validations: [{expression: '[1, \"a\"].size() == 2'}]", "/spec/validations/0/expression",
       "expected type 'int' but found 'string'"},
  };
  for (const Refused& row : kRefused) {
    SCOPED_TRACE(row.spec);
    Bench bench;
    bench.load(policy("ValidatingPolicy", row.spec));
    ASSERT_EQ(bench.loaded().problems.size(), 1U);
    const LoadProblem& problem = bench.loaded().problems[0];
    EXPECT_EQ(problem.pointer, row.pointer);
    EXPECT_NE(problem.message.find(row.message), std::string::npos) << problem.message;
    EXPECT_TRUE(problem.is_refused);
    EXPECT_TRUE(bench.loaded().set.policies().empty());
  }
}

std::string exception(const std::string& spec) {
  return "\n---\napiVersion: policies.kyverno.io/v1\nkind: PolicyException\n"
         "metadata: {name: e, namespace: team}\nspec:\n"
         "  policyRefs: [{name: p, kind: ValidatingPolicy}]\n" +
         spec;
}

TEST(Exceptions, ExcuseOrWiden) {
  const std::string denies =
      policy("ValidatingPolicy",
             "validations: [{expression: \"object.spec.containers.all(c, c.image in "
             "exceptions.allowedImages || 'x' in exceptions.allowedValues)\"}]");
  struct Excuse {
    const char* spec;
    Verdict verdict;
    const char* message;
  };
  constexpr Excuse kExcuses[] = {
      {"", Verdict::Skip, "rule is skipped due to policy exception: team/e"},
      {"  reportResult: pass", Verdict::Pass, "rule is passed due to policy exception: team/e"},
      {"  matchConditions: [{name: m, expression: \"object.metadata.name == 'web'\"}]",
       Verdict::Skip, "rule is skipped due to policy exception: team/e"},
      {"  matchConditions: [{name: m, expression: \"object.metadata.name == 'x'\"}]", Verdict::Fail,
       "CEL expression validation failed at index 0"},
      {"  matchConditions: [{name: m, expression: object.x == 1}]", Verdict::Error,
       "failed to load context: no such key: x"},
      {"  images: ['ghcr.io/a/b:1']", Verdict::Pass, "success"},
      {"  images: ['ghcr.io/a/c:1']", Verdict::Fail, "CEL expression validation failed at index 0"},
      {"  allowedValues: [x]", Verdict::Pass, "success"},
      {"  allowedValues: [y]", Verdict::Fail, "CEL expression validation failed at index 0"},
  };
  for (const Excuse& row : kExcuses) {
    SCOPED_TRACE(row.spec);
    Bench bench;
    bench.load(denies + exception(row.spec));
    const Response response = bench.judge(kPod);
    EXPECT_EQ(to_text(response.verdict), to_text(row.verdict));
    EXPECT_EQ(response.message, row.message);
  }
}

TEST(Exceptions, ExpireAndNameWhatIsThere) {
  const std::string denies = policy("ValidatingPolicy", "validations: [{expression: 'false'}]");
  Bench bench;
  bench.load(denies + exception("  expiresAt: '2020-01-01T00:00:00Z'"), 1'600'000'000);
  ASSERT_EQ(bench.loaded().problems.size(), 1U);
  EXPECT_EQ(to_text(bench.loaded().problems[0].kind), "expired");
  EXPECT_EQ(bench.judge(kPod).verdict, Verdict::Fail);

  bench.load(denies + exception("  expiresAt: '2020-01-01T00:00:00Z'"), 1'500'000'000);
  EXPECT_EQ(bench.judge(kPod).verdict, Verdict::Skip);

  bench.load(policy("MutatingPolicy", "mutations: []") + exception(""));
  ASSERT_EQ(bench.loaded().problems.size(), 1U);
  EXPECT_EQ(to_text(bench.loaded().problems[0].kind), "no-policy");

  // An exception that does not compile excuses nothing.
  bench.load(denies + exception("  matchConditions: [{name: m, expression: 'object.'}]"));
  ASSERT_EQ(bench.loaded().problems.size(), 1U);
  EXPECT_EQ(bench.loaded().problems[0].pointer, "/spec/matchConditions/0/expression");
  EXPECT_EQ(bench.judge(kPod).verdict, Verdict::Fail);
}

TEST(Mutating, PatchesInOrder) {
  struct Patch {
    const char* spec;
    const char* object;
    Verdict verdict;
    const char* labels;  // JSON of the labels of the pod, or the message
  };
  constexpr Patch kPatches[] = {
      {"mutations: [{patchType: ApplyConfiguration, applyConfiguration: {expression: "
       "'Object{metadata: Object.metadata{labels: Object.metadata.labels{a: \"b\"}}}'}}]",
       kPod, Verdict::Pass, R"({"a":"b","app":"web"})"},
      {"mutations: [{patchType: JSONPatch, jsonPatch: {expression: '[JSONPatch{op: \"add\", path: "
       "\"/metadata/labels/\" + jsonpatch.escapeKey(\"x/y\"), value: \"z\"}]'}}]",
       kPod, Verdict::Pass, R"({"app":"web","x/y":"z"})"},
      {"mutations: [{patchType: JSONPatch, jsonPatch: {expression: '[JSONPatch{op: \"remove\", "
       "path: \"/metadata/labels/app\"}]'}}, {patchType: JSONPatch, jsonPatch: {expression: "
       "'[JSONPatch{op: \"add\", path: \"/metadata/labels/n\", value: "
       "string(object.metadata.labels.size())}]'}}]",
       kPod, Verdict::Pass, R"({"n":"0"})"},
      {"mutations: [{patchType: ApplyConfiguration, applyConfiguration: {expression: "
       "'Object{metadata: Object.metadata{labels: Object.metadata.labels{a: \"b\"}}}'}}]",
       kDeployment, Verdict::Error, nullptr},  // its types are not rewritten, as upstream
      {"mutations: [{patchType: ApplyConfiguration, applyConfiguration: {expression: "
       "'Object{spec: Object.spec{hostNetwork: !object.spec.hostNetwork}}'}}]",
       kDeployment, Verdict::Pass, R"({"app":"web"})"},
      {"mutations: [{patchType: JSONPatch, jsonPatch: {expression: '[JSONPatch{op: \"remove\", "
       "path: \"/metadata/labels/none\"}]'}}]",
       kPod, Verdict::Error, nullptr},
      {"mutations: [{patchType: ApplyConfiguration, applyConfiguration: {expression: "
       "'Object{spec: Object.spec{nothing: \"b\"}}'}}]",
       kPod, Verdict::Error, nullptr},
      {"mutations: [{patchType: ApplyConfiguration, applyConfiguration: {expression: "
       "'Object{spec: Object.metadata{name: \"b\"}}'}}]",
       kPod, Verdict::Error, nullptr},
      {"matchConditions: [{name: c, expression: 'variables.v'}]\n"
       "variables: [{name: v, expression: 'false'}]\nmutations: []",
       kPod, Verdict::Skip, nullptr},
  };
  for (const Patch& row : kPatches) {
    SCOPED_TRACE(row.spec);
    Bench bench;
    bench.load(policy("MutatingPolicy", row.spec));
    for (const LoadProblem& problem : bench.loaded().problems) {
      ADD_FAILURE() << problem.pointer << problem.message;
    }
    ASSERT_FALSE(bench.loaded().set.policies().empty());
    const Response response = bench.judge(row.object);
    EXPECT_EQ(to_text(response.verdict), to_text(row.verdict)) << response.message;
    if (row.labels != nullptr && response.verdict == Verdict::Pass) {
      const Node* labels = present_at(response.object, {"spec", "template", "metadata", "labels"});
      labels = labels == nullptr ? present_at(response.object, {"metadata", "labels"}) : labels;
      ASSERT_NE(labels, nullptr) << json(response.object);
      EXPECT_EQ(json(*labels), row.labels);
      EXPECT_TRUE(response.is_changed);
    }
  }
}

// A variable is computed once, when it is first read: of the object as it came, or as the mutations
// before left it.
TEST(Mutating, VariablesKeepWhatTheyWere) {
  const std::string second =
      "{patchType: JSONPatch, jsonPatch: {expression: '[JSONPatch{op: \"add\", path: "
      "\"/metadata/labels/n\", value: string(variables.labels.size()) + "
      "string(object.metadata.labels.size())}]'}}";
  const auto labels = [&](std::string_view condition) {
    Bench bench;
    bench.load(
        policy("MutatingPolicy",
               "matchConditions: [{name: c, expression: '" + std::string(condition) +
                   "'}]\nvariables: [{name: labels, expression: object.metadata.labels}]\n"
                   "mutations: [{patchType: JSONPatch, jsonPatch: {expression: '[JSONPatch{op: "
                   "\"add\", path: \"/metadata/labels/m\", value: \"x\"}]'}}, " +
                   second + "]"));
    const Response response = bench.judge(kPod);
    return response.verdict == Verdict::Pass
               ? std::string(text_at(response.object, {"metadata", "labels", "n"}))
               : std::string(response.message);
  };
  EXPECT_EQ(labels("true"), "22");
  EXPECT_EQ(labels("variables.labels.size() == 1"), "12");
  EXPECT_EQ(labels("variables.labels.size() == 2"), "skip");
}

// The object must fit the schema of its kind, as the configuration must.
TEST(Mutating, AnObjectThatFitsNoSchema) {
  Bench bench;
  bench.load(
      policy("MutatingPolicy",
             "mutations: [{patchType: ApplyConfiguration, applyConfiguration: {expression: "
             "'Object{metadata: Object.metadata{labels: Object.metadata.labels{a: \"b\"}}}'}}]"));
  EXPECT_EQ(bench.judge("{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {}}").verdict,
            Verdict::Pass);
  const Response response =
      bench.judge("{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {cointainers: []}}");
  EXPECT_EQ(response.verdict, Verdict::Error);
  EXPECT_EQ(response.message,
            "failed to evaluate policy: error applying patch: failed to convert original object to "
            "typed object: .spec.cointainers: field not declared in schema");
}

TEST(Mutating, ReplacesAtomicFieldsByTheServersApply) {
  const std::string mutation =
      "mutations: [{patchType: ApplyConfiguration, applyConfiguration: {expression: 'Object{spec: "
      "Object.spec{nodeSelector: Object.spec.nodeSelector{disk: \"ssd\"}}}'}}]";
  Bench bench;
  bench.load(policy("MutatingPolicy", mutation));
  EXPECT_EQ(bench.judge(kPod).verdict, Verdict::Error);
  bench.load(policy("MutatingPolicy", "evaluation: {useServerSideApply: true}\n" + mutation));
  const Response response = bench.judge(kPod);
  ASSERT_EQ(response.verdict, Verdict::Pass) << response.message;
  EXPECT_EQ(text_at(response.object, {"spec", "nodeSelector", "disk"}), "ssd");
}

TEST(Mutating, TargetsThatExist) {
  Bench bench;
  bench.load(policy("MutatingPolicy",
                    "evaluation: {mutateExisting: {enabled: true}}\n"
                    "targetMatchConstraints: {resourceRules: [{apiGroups: [''], apiVersions: [v1], "
                    "operations: [CREATE], resources: [configmaps]}]}\n"
                    "mutations: [{patchType: ApplyConfiguration, applyConfiguration: {expression: "
                    "'Object{data: Object.data{by: request.name}}'}}]"));
  ASSERT_TRUE(bench.loaded().problems.empty()) << bench.loaded().problems[0].message;
  bench.loaded().set.open(bench.request(kPod), bench.scratch);
  const auto target = bench.object("{apiVersion: v1, kind: ConfigMap, metadata: {name: m}}");
  const Response changed = bench.loaded().set.judge_target(0, target, bench.scratch);
  ASSERT_EQ(changed.verdict, Verdict::Pass) << changed.message;
  EXPECT_EQ(text_at(changed.object, {"data", "by"}), "web");
  const auto other = bench.object("{apiVersion: v1, kind: Secret, metadata: {name: m}}");
  EXPECT_EQ(bench.loaded().set.judge_target(0, other, bench.scratch).verdict, Verdict::None);
  // The trigger itself stays as it is.
  EXPECT_FALSE(bench.loaded().set.judge(0, bench.scratch).is_changed);
}

TEST(Generating, ObjectsAndTemplates) {
  struct Generate {
    const char* spec;
    Verdict verdict;
    const char* generated;  // JSON of the first, or a part of the message
  };
  constexpr Generate kGenerates[] = {
      {"generate: [{expression: 'generator.Apply(\"x\", [{\"apiVersion\": \"v1\", \"kind\": "
       "\"ConfigMap\", \"metadata\": {\"name\": object.metadata.name}}])'}]",
       Verdict::Pass,
       R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"web","namespace":"x"}})"},
      {"generate: [{template: {interpolate: cel, value: 'apiVersion: v1\n\n    kind: "
       "ConfigMap\n\n    metadata: {name: \"(( object.metadata.name ))-x\", namespace: y}\n\n"
       "    data: (( object.metadata.labels ))'}}]",
       Verdict::Pass, nullptr},
      {"generate: [{template: {value: '{apiVersion: v1, kind: ConfigMap, metadata: {name: \"(( a "
       "))\"}}'}}]",
       Verdict::Pass, R"x({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"(( a ))"}})x"},
      {"generate: [{template: {interpolate: cel, value: '{apiVersion: v1, kind: ConfigMap, "
       "metadata: {name: \"a(( object.metadata.labels ))\"}}'}}]",
       Verdict::Error, "must evaluate to a scalar"},
      {"generate: [{expression: 'generator.Apply(\"x\", [{\"a\": object.nothing}])'}]",
       Verdict::Error, "no such key: nothing"},
      {"matchConditions: [{name: c, expression: 'false'}]\n"
       "generate: [{expression: 'generator.Apply(\"x\", [])'}]",
       Verdict::None, ""},
  };
  for (const Generate& row : kGenerates) {
    SCOPED_TRACE(row.spec);
    Bench bench;
    bench.load(policy("GeneratingPolicy", row.spec));
    for (const LoadProblem& problem : bench.loaded().problems) {
      ADD_FAILURE() << problem.pointer << problem.message;
    }
    if (bench.loaded().set.policies().empty()) {
      continue;
    }
    const Response response = bench.judge(kPod);
    EXPECT_EQ(to_text(response.verdict), to_text(row.verdict)) << response.message;
    if (row.verdict == Verdict::Pass && row.generated != nullptr) {
      ASSERT_FALSE(response.generated.empty());
      EXPECT_EQ(json(response.generated[0]), row.generated);
    } else if (row.generated != nullptr) {
      EXPECT_NE(response.message.find(row.generated), std::string_view::npos) << response.message;
    }
  }
}

TEST(Generating, APolicyOfANamespaceStaysInIt) {
  Bench bench;
  bench.load(policy("NamespacedGeneratingPolicy",
                    "generate: [{template: {value: '{apiVersion: v1, kind: ConfigMap, metadata: "
                    "{name: a, namespace: other}}'}}]"));
  const Response response = bench.judge(kPod);
  EXPECT_EQ(response.verdict, Verdict::Error);
  EXPECT_NE(response.message.find("cross-namespace generation denied"), std::string_view::npos);

  bench.load(policy("NamespacedGeneratingPolicy",
                    "generate: [{expression: 'generator.Apply([{\"apiVersion\": \"v1\", \"kind\": "
                    "\"ConfigMap\", \"metadata\": {\"name\": \"a\"}}])'}]"));
  const Response own = bench.judge(kPod);
  ASSERT_EQ(own.generated.size(), 1U) << own.message;
  EXPECT_EQ(text_at(own.generated[0], {"metadata", "namespace"}), "team");

  // Nothing of the cluster, and no namespace as an argument.
  bench.load(policy("NamespacedGeneratingPolicy",
                    "generate: [{expression: 'generator.Apply([{\"apiVersion\": \"v1\", \"kind\": "
                    "\"Namespace\", \"metadata\": {\"name\": \"a\"}}])'}]"));
  EXPECT_EQ(bench.judge(kPod).verdict, Verdict::Error);
  bench.load(policy("NamespacedGeneratingPolicy",
                    "generate: [{expression: 'generator.Apply(\"other\", [])'}]"));
  EXPECT_EQ(bench.loaded().problems.size(), 1U);
}

// Answers with what it is asked.
class Echo final : public cel::Host {
 public:
  [[nodiscard]] Value ask(Arena& arena, std::string_view capability, std::string_view function,
                          std::span<const Value> args) const override {
    if (capability == "resource" && function == "get") {
      cel::MapBuilder map(arena, 1);
      map.add(Value::string("namespace"), args[2]);
      return map.finish();
    }
    if (capability == "imageVerify") {
      return Value::integer(args[0].text().ends_with("signed") ? 1 : 0);
    }
    return Value::null();
  }
};

TEST(Namespaced, ReadsItsOwnNamespaceAlone) {
  const Echo echo;
  struct Confined {
    const char* expression;
    Verdict verdict;
  };
  constexpr Confined kConfined[] = {
      {"resource.get('v1', 'pods', 'x').namespace == 'team'", Verdict::Pass},
      {"globalContext.get('x') == null", Verdict::Error},
      {"http.get('https://example.com') == null", Verdict::Error},
  };
  for (const Confined& row : kConfined) {
    SCOPED_TRACE(row.expression);
    Bench bench;
    bench.host = &echo;
    bench.load(policy("NamespacedValidatingPolicy",
                      "validations: [{expression: \"" + std::string(row.expression) + "\"}]"));
    ASSERT_TRUE(bench.loaded().problems.empty()) << bench.loaded().problems[0].message;
    const Response response = bench.judge(kPod);
    EXPECT_EQ(to_text(response.verdict), to_text(row.verdict)) << response.message;
  }
  Bench bench;
  bench.load(policy("NamespacedValidatingPolicy",
                    "validations: [{expression: \"resource.get('v1', 'pods', 'other', 'x') == "
                    "null\"}]"));
  EXPECT_EQ(bench.loaded().problems.size(), 1U);
  bench.load(policy("NamespacedValidatingPolicy", "validations: [{expression: 'false'}]"));
  EXPECT_EQ(
      bench.judge("{apiVersion: v1, kind: Pod, metadata: {name: w, namespace: other}}").verdict,
      Verdict::None);
}

TEST(Deleting, SaysWhatWouldGo) {
  Bench bench;
  bench.load(policy("DeletingPolicy",
                    "schedule: '* * * * *'\nvariables: [{name: own, expression: "
                    "object.metadata.name}]\nconditions: [{name: c, expression: \"variables.own == "
                    "'web'\"}]"));
  ASSERT_TRUE(bench.loaded().problems.empty()) << bench.loaded().problems[0].message;
  EXPECT_EQ(bench.loaded().set.policies()[0].schedule, "* * * * *");
  EXPECT_EQ(bench.judge(kPod).verdict, Verdict::Pass);
  EXPECT_EQ(bench.judge("{apiVersion: v1, kind: Pod, metadata: {name: x}}").verdict, Verdict::Fail);
  EXPECT_EQ(bench.judge("{apiVersion: v1, kind: Secret, metadata: {name: web}}").verdict,
            Verdict::None);
}

// pkg/cel/policies/dpol/validate.go
TEST(Deleting, NeedsASchedule) {
  struct Schedule {
    const char* line;
    const char* message;  // "" when there is no problem
  };
  constexpr Schedule kSchedules[] = {
      {"schedule: '0 0 L * *'", ""},
      {"schedule: '@daily'", ""},
      {"schedule: '0 0 1 1 ? 2090'", ""},
      {"variables: []", "Required value: schedule is required"},
      {"schedule: '60 * * * *'",
       "Invalid value: schedule spec in the deletingPolicy is not in proper cron format: syntax "
       "error in minute field: '60'"},
      {"schedule: '@every 5m'",
       "Invalid value: schedule spec in the deletingPolicy is not in proper cron format: missing "
       "field(s)"},
  };
  for (const Schedule& row : kSchedules) {
    SCOPED_TRACE(row.line);
    Bench bench;
    bench.load(policy("DeletingPolicy", row.line));
    if (*row.message == '\0') {
      EXPECT_TRUE(bench.loaded().problems.empty());
      continue;
    }
    ASSERT_EQ(bench.loaded().problems.size(), 1U);
    EXPECT_EQ(bench.loaded().problems[0].pointer, "/spec/schedule");
    EXPECT_EQ(bench.loaded().problems[0].message, row.message);
    EXPECT_TRUE(bench.loaded().problems[0].is_refused);
  }
}

// pkg/cel/policies/ivpol/engine/engine.go, handleMutation: a cluster pins before it verifies.
TEST(ImageValidating, WhatMutateDigestWouldPinIsUnknown) {
  const Echo echo;
  struct Pinned {
    const char* configuration;
    const char* image;
    Verdict verdict;
  };
  constexpr Pinned kPinned[] = {
      {"required: false", "ghcr.io/a:1", Verdict::Unknown},
      {"required: false, verifyDigest: false", "ghcr.io/a:1", Verdict::Unknown},
      {"required: false, mutateDigest: true", "ghcr.io/a:1", Verdict::Unknown},
      {"required: false, mutateDigest: false", "ghcr.io/a:1", Verdict::Fail},
      {"required: false, mutateDigest: false, verifyDigest: false", "ghcr.io/a:1", Verdict::Pass},
      {"required: false",
       "ghcr.io/a@sha256:0123456789012345678901234567890123456789012345678901234567890123",
       Verdict::Pass},
      {"required: false", "docker.io/a:1", Verdict::Pass},  // not selected
  };
  for (const Pinned& row : kPinned) {
    SCOPED_TRACE(std::string(row.configuration) + " " + row.image);
    Bench bench;
    bench.host = &echo;
    bench.load(policy("ImageValidatingPolicy",
                      "matchImageReferences: [{glob: 'ghcr.io/*'}]\n"
                      "validationConfigurations: {" +
                          std::string(row.configuration) +
                          "}\nvalidations: [{expression: 'true'}]"));
    ASSERT_TRUE(bench.loaded().problems.empty()) << bench.loaded().problems[0].message;
    Request request = bench.request(
        "{apiVersion: v1, kind: Pod, metadata: {name: w}, spec: {containers: [{name: c, image: '" +
        std::string(row.image) + "'}]}}");
    request.pins_images = true;
    const Response response = bench.loaded().set.judge(0, request, bench.scratch);
    EXPECT_EQ(to_text(response.verdict), to_text(row.verdict)) << response.message;
    if (row.verdict == Verdict::Unknown) {
      EXPECT_EQ(response.message,
                "image ghcr.io/a:1 has no digest: mutateDigest would pin it, which needs its "
                "registry");
    }
  }
}

TEST(ImageValidating, NeverPassesWithoutASignature) {
  const Echo echo;
  constexpr const char* kChecks =
      "matchImageReferences: [{glob: 'ghcr.io/*'}]\n"
      "attestors: [{name: a, cosign: {key: {data: k}}}]\n"
      "validations: [{expression: 'images.containers.map(i, verifyImageSignatures(i, "
      "[attestors.a])).all(n, n > 0)', message: unsigned}]\n";
  struct Image {
    const char* extra;
    const char* image;
    bool has_host;
    Verdict verdict;
  };
  constexpr Image kImages[] = {
      {"validationConfigurations: {verifyDigest: false}", "ghcr.io/a:signed", true, Verdict::Pass},
      {"validationConfigurations: {verifyDigest: false}", "ghcr.io/a:bad", true, Verdict::Fail},
      {"validationConfigurations: {verifyDigest: false}", "ghcr.io/a:signed", false,
       Verdict::Unknown},
      {"", "ghcr.io/a:signed", true, Verdict::Fail},  // no digest
      {"", "docker.io/a:bad", true, Verdict::Pass},   // not selected
  };
  for (const Image& row : kImages) {
    SCOPED_TRACE(row.image);
    Bench bench;
    bench.host = row.has_host ? &echo : nullptr;
    bench.load(policy("ImageValidatingPolicy", std::string(kChecks) + row.extra));
    ASSERT_TRUE(bench.loaded().problems.empty()) << bench.loaded().problems[0].message;
    const Response response = bench.judge(
        "{apiVersion: v1, kind: Pod, metadata: {name: w}, spec: {containers: [{name: "
        "c, image: '" +
        std::string(row.image) + "'}]}}");
    EXPECT_EQ(to_text(response.verdict), to_text(row.verdict)) << response.message;
  }
  // A policy that asks for no signature does not pass, either.
  Bench bench;
  bench.host = &echo;
  bench.load(policy("ImageValidatingPolicy",
                    "validationConfigurations: {verifyDigest: false}\n"
                    "validations: [{expression: 'true'}]"));
  const Response response = bench.judge(kPod);
  EXPECT_EQ(response.verdict, Verdict::Fail);
  EXPECT_EQ(response.message,
            "image ghcr.io/a/b:1 is not verified: no policy performed a signature or attestation "
            "check on it");
}

TEST(Modes, AnswersToPayloads) {
  const auto mode = [](const char* name, const char* expression) {
    return "apiVersion: policies.kyverno.io/v1\nkind: ValidatingPolicy\nmetadata: {name: p}\nspec: "
           "{evaluation: {mode: " +
           std::string(name) + "}, validations: [{expression: \"" + expression + "\"}]}";
  };
  Bench bench;
  bench.load(mode("JSON", "object.a == 1"));
  EXPECT_EQ(bench.judge_payload("{a: 1}", Mode::Json).verdict, Verdict::Pass);
  EXPECT_EQ(bench.judge_payload("{a: 2}", Mode::Json).verdict, Verdict::Fail);
  EXPECT_EQ(bench.judge_payload("{a: 2}", Mode::Http).verdict, Verdict::None);

  bench.load(mode("HTTP", "object.attributes.path == '/a' ? http.Denied('no').Response() : null"));
  ASSERT_TRUE(bench.loaded().problems.empty()) << bench.loaded().problems[0].message;
  const Response denied = bench.judge_payload("{attributes: {path: /a}}", Mode::Http);
  EXPECT_EQ(denied.verdict, Verdict::Fail);
  EXPECT_EQ(denied.message, "request denied, reason: no");
  EXPECT_EQ(bench.judge_payload("{attributes: {path: /b}}", Mode::Http).verdict, Verdict::Skip);

  bench.load(mode("Envoy", "envoy.Denied(403).Response()"));
  const Response refused = bench.judge_payload("{attributes: {}}", Mode::Envoy);
  EXPECT_EQ(refused.message, "request denied with status code 403");
  EXPECT_EQ(refused.answer.code, 403);

  // What a message leaves out is empty.
  bench.load(mode("Envoy",
                  "object.attributes.request.http.headers[?'x'].orValue('') == '' && "
                  "object.attributes.request.http.path == '' ? envoy.Allowed().Response() : null"));
  EXPECT_EQ(bench.judge_payload("{attributes: {}}", Mode::Envoy).verdict, Verdict::Pass);
  EXPECT_EQ(bench.judge_payload("{attributes: {request: {http: {path: /a}}}}", Mode::Envoy).verdict,
            Verdict::Skip);

  bench.load(mode("Envoy", "true"));
  EXPECT_EQ(bench.loaded().problems.size(), 1U);
}

TEST(Extraction, FindsThePodsOfCustomKinds) {
  Bench bench;
  bench.load(policy("ValidatingPolicy",
                    "autogen: {podControllers: {controllers: [jobsets.v1.example.com]}}\n"
                    "validations: [{expression: \"object.spec.containers.all(c, c.image != 'bad')\""
                    ", message: refused}]"));
  ASSERT_TRUE(bench.loaded().problems.empty()) << bench.loaded().problems[0].message;
  const auto set = [&](const std::string& images) {
    return bench.judge(
        "{apiVersion: example.com/v1, kind: JobSet, metadata: {name: j}, spec: {jobs: [" + images +
        "]}}");
  };
  EXPECT_EQ(set("{template: {spec: {containers: [{name: a, image: ok}]}}}").verdict, Verdict::Pass);
  const Response response =
      set("{template: {spec: {containers: [{name: a, image: ok}]}}}, "
          "{template: {spec: {containers: [{name: a, image: bad}]}}}");
  EXPECT_EQ(response.verdict, Verdict::Fail);
  EXPECT_EQ(response.message, "refused (pod template at spec.jobs[1].template)");
  EXPECT_EQ(set("").verdict, Verdict::Error);
}

}  // namespace
}  // namespace tally::kyverno_cel

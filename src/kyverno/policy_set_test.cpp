#include "kyverno/policy_set.hpp"

#include <gtest/gtest.h>

#include <deque>

#include "document/json_writer.hpp"
#include "document/read.hpp"
#include "kube/objects.hpp"

namespace tally::kyverno {
namespace {

// Policies and objects of texts.
class Bench {
 public:
  kube::Object object(std::string_view text) {
    const auto source = document::Source::from_text("test.yaml", text);
    sources_.push_back(source);
    const auto read = document::read_one(*source, arena_);
    EXPECT_TRUE(read) << (read ? "" : read.error().to_string());
    auto object = kube::object_from_node(*read, source.get());
    EXPECT_TRUE(object);
    return *object;
  }

  void load(std::string_view policy, std::string_view exception = {}) {
    policies_.push_back(object(policy));
    if (!exception.empty()) {
      exceptions_.push_back(object(exception));
    }
    loaded_ = PolicySet::load({.policies = policies_, .exceptions = exceptions_});
  }

  Response judge(Phase phase, const kube::Object& object,
                 kube::Operation operation = kube::Operation::Create) {
    review_ = kube::Review::from_file_object(object, "default", arena_);
    review_.operation = operation;
    if (operation == kube::Operation::Delete) {
      review_.old_object = review_.object;
      review_.object = {};
    }
    request_.review = &review_;
    scratch_.begin();
    return loaded_.set.judge(0, phase, request_, scratch_);
  }

  // "check=fail autogen-check=pass"
  std::string verdicts(std::string_view text, Phase phase = Phase::Validate) {
    const kube::Object read = object(text);
    std::string out;
    for (const RuleResponse& rule : judge(phase, read).rules) {
      out += out.empty() ? "" : " ";
      out += rule.rule->name;
      out += "=";
      out += to_text(rule.verdict);
      message_ = rule.message;
    }
    return out;
  }

  Loaded loaded_;
  Request request_;
  std::string message_;

 private:
  std::vector<std::shared_ptr<const document::Source>> sources_;
  Arena arena_;
  std::vector<kube::Object> policies_;
  std::vector<kube::Object> exceptions_;
  kube::Review review_;
  Scratch scratch_;
};

constexpr std::string_view kNoRoot = R"(
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: teller-uid}
spec:
  validationFailureAction: enforce
  rules:
  - name: check
    match: {resources: {kinds: [Pod]}}
    validate:
      message: Tellers do not run as root
      pattern:
        spec:
          containers:
          - securityContext: {runAsUser: ">0"}
)";

TEST(PolicySet, PatternsOfPodsAndTheirControllers) {
  Bench bench;
  bench.load(kNoRoot);
  EXPECT_TRUE(bench.loaded_.problems.empty());
  ASSERT_EQ(bench.loaded_.set.policies()[0].rules.size(), 3u);
  EXPECT_TRUE(bench.loaded_.set.policies()[0].rules[0].is_enforced);
  EXPECT_EQ(bench.verdicts(R"({apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: [
      {name: c, securityContext: {runAsUser: 1000}}]}})"),
            "check=pass");
  EXPECT_EQ(bench.verdicts(R"({apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: [
      {name: c, securityContext: {runAsUser: 0}}]}})"),
            "check=fail");
  EXPECT_EQ(bench.message_,
            "validation error: Tellers do not run as root. rule check failed at path "
            "/spec/containers/0/securityContext/runAsUser/");
  EXPECT_EQ(bench.verdicts(R"({apiVersion: apps/v1, kind: Deployment, metadata: {name: a}, spec: {
      template: {spec: {containers: [{name: c}]}}}})"),
            "autogen-check=fail");
  EXPECT_EQ(bench.verdicts(R"({apiVersion: batch/v1, kind: CronJob, metadata: {name: a}, spec: {
      jobTemplate: {spec: {template: {spec: {containers: [
      {name: c, securityContext: {runAsUser: "7"}}]}}}}}})"),
            "autogen-cronjob-check=pass");
  EXPECT_EQ(bench.verdicts(R"({apiVersion: v1, kind: Service, metadata: {name: a}})"), "");
}

TEST(PolicySet, DenyReadsVariables) {
  Bench bench;
  bench.load(R"(
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: vault-labels}
spec:
  rules:
  - name: owner
    match: {any: [{resources: {kinds: [ConfigMap]}}]}
    context:
    - name: team
      variable: {jmesPath: "request.object.metadata.labels.team", default: nobody}
    preconditions:
      all: [{key: "{{ request.operation }}", operator: AnyIn, value: [CREATE, UPDATE]}]
    validate:
      message: "{{ request.object.metadata.name }} belongs to {{ team }}"
      deny:
        conditions:
          any: [{key: "{{ team }}", operator: Equals, value: nobody}]
)");
  EXPECT_EQ(bench.verdicts("{apiVersion: v1, kind: ConfigMap, metadata: {name: keys}}"),
            "owner=fail");
  EXPECT_EQ(bench.message_, "keys belongs to nobody");
  EXPECT_EQ(bench.verdicts(
                "{apiVersion: v1, kind: ConfigMap, metadata: {name: keys, labels: {team: fx}}}"),
            "owner=pass");
}

TEST(PolicySet, UnresolvedVariablesAreErrors) {
  Bench bench;
  bench.load(R"(
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: p}
spec:
  rules:
  - name: r
    match: {any: [{resources: {kinds: [ConfigMap]}}]}
    validate:
      deny: {conditions: {any: [{key: "{{ nowhere.to.be.found }}", operator: Equals, value: a}]}}
)");
  EXPECT_EQ(bench.verdicts("{apiVersion: v1, kind: ConfigMap, metadata: {name: keys}}"), "r=error");
  EXPECT_NE(bench.message_.find("Unknown key \"nowhere\""), std::string::npos) << bench.message_;
}

TEST(PolicySet, VariablesOfVariablesEnd) {
  Bench bench;
  bench.load(R"(
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: p}
spec:
  rules:
  - name: r
    match: {any: [{resources: {kinds: [ConfigMap]}}]}
    validate:
      deny: {conditions: {any: [{key: "x{{ request.object.data.a }}", operator: Equals, value: a}]}}
)");
  EXPECT_EQ(bench.verdicts("{apiVersion: v1, kind: ConfigMap, metadata: {name: keys}, data: {a: "
                           "'y{{ request.object.data.a }}'}}"),
            "r=error");
  EXPECT_NE(bench.message_.find("still not resolved"), std::string::npos) << bench.message_;
}

TEST(PolicySet, ForeachNamesItsElement) {
  Bench bench;
  bench.load(R"(
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: images}
spec:
  rules:
  - name: own-registry
    match: {any: [{resources: {kinds: [Pod]}}]}
    validate:
      message: only our registry
      foreach:
      - list: request.object.spec.containers
        deny:
          conditions:
            all: [{key: "{{ images.containers.\"{{element.name}}\".registry }}", operator: NotEquals,
                   value: registry.bank.example}]
)");
  EXPECT_EQ(bench.verdicts(R"({apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: [
      {name: c, image: registry.bank.example/teller:1}, {name: d, image: nginx}]}})"),
            "own-registry=fail");
  EXPECT_EQ(bench.message_, "validation failure: only our registry");
  EXPECT_EQ(bench.verdicts(R"({apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: [
      {name: c, image: registry.bank.example/teller:1}]}})"),
            "own-registry=pass");
}

TEST(PolicySet, MutatesByMergeAndByPatch) {
  Bench bench;
  bench.load(R"(
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: labels}
spec:
  rules:
  - name: merge
    match: {any: [{resources: {kinds: [ConfigMap]}}]}
    mutate: {patchStrategicMerge: {metadata: {labels: {+(zone): vault, name: "{{request.object.metadata.name}}"}}}}
  - name: patch
    match: {any: [{resources: {kinds: [ConfigMap]}}]}
    mutate: {patchesJson6902: "- {op: add, path: /data/k, value: v}"}
)");
  const kube::Object object =
      bench.object("{apiVersion: v1, kind: ConfigMap, metadata: {name: keys, labels: {zone: a}}}");
  const Response response = bench.judge(Phase::Mutate, object);
  ASSERT_EQ(response.rules.size(), 2u);
  std::string text;
  document::append_canonical_json(text, response.object);
  EXPECT_EQ(text, R"({"apiVersion":"v1","data":{"k":"v"},"kind":"ConfigMap","metadata":{"labels":)"
                  R"({"name":"keys","zone":"a"},"name":"keys"}})");
}

TEST(PolicySet, ExceptionsExcuse) {
  Bench bench;
  bench.load(kNoRoot, R"(
apiVersion: kyverno.io/v2
kind: PolicyException
metadata: {name: legacy, namespace: vault}
spec:
  exceptions: [{policyName: teller-uid, ruleNames: ["check", "autogen-*"]}]
  match: {any: [{resources: {kinds: [Pod], names: ["old-*"]}}]}
)");
  EXPECT_EQ(
      bench.verdicts(
          "{apiVersion: v1, kind: Pod, metadata: {name: old-1}, spec: {containers: [{name: c}]}}"),
      "check=skip");
  EXPECT_EQ(
      bench.verdicts(
          "{apiVersion: v1, kind: Pod, metadata: {name: new-1}, spec: {containers: [{name: c}]}}"),
      "check=fail");
}

TEST(PolicySet, PodSecurityWithExclusions) {
  Bench bench;
  bench.load(R"(
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: baseline}
spec:
  rules:
  - name: level
    match: {any: [{resources: {kinds: [Pod]}}]}
    validate:
      podSecurity:
        level: baseline
        version: latest
        exclude: [{controlName: Privileged Containers, images: ["node-*"]}]
)");
  EXPECT_EQ(bench.verdicts(R"({apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: [
      {name: c, image: node-agent, securityContext: {privileged: true}}]}})"),
            "level=pass");
  EXPECT_EQ(bench.verdicts(R"({apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: [
      {name: c, image: shell, securityContext: {privileged: true}}]}})"),
            "level=fail");
  // What is no pod passes nothing.
  for (const std::string_view spec :
       {"shell", "[]", "{containers: shell}", "{containers: [{name: c, image: true}]}",
        "{containers: [1]}", "{containers: [{name: c}], hostPID: 'false'}"}) {
    SCOPED_TRACE(spec);
    EXPECT_EQ(bench.verdicts("{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: " +
                             std::string(spec) + "}"),
              "level=error");
    EXPECT_TRUE(bench.message_.starts_with("Error while getting new resource: ")) << bench.message_;
  }
}

TEST(PolicySet, CelInsideOfARule) {
  Bench bench;
  bench.load(R"y(
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: replicas}
spec:
  rules:
  - name: most
    match: {any: [{resources: {kinds: [Deployment]}}]}
    celPreconditions: [{name: not-test, expression: "!object.metadata.name.startsWith('test')"}]
    validate:
      cel:
        expressions: [{expression: object.spec.replicas <= 5, message: at most five}]
)y");
  EXPECT_EQ(
      bench.verdicts(
          "{apiVersion: apps/v1, kind: Deployment, metadata: {name: a}, spec: {replicas: 6}}"),
      "most=fail");
  EXPECT_EQ(bench.message_, "at most five");
  EXPECT_EQ(
      bench.verdicts("{apiVersion: apps/v1, kind: Deployment, metadata: {name: test-a}, spec: "
                     "{replicas: 6}}"),
      "most=skip");
}

// Conditions that cannot be evaluated speak with the API server's words, each once.
TEST(PolicySet, CelPreconditionsThatFail) {
  struct Row {
    std::string_view conditions;
    std::string_view verdict;
    std::string_view message;
  };
  for (const Row& row : std::initializer_list<Row>{
           {"[{name: a, expression: object.spec.paused == true}]", "r=fail",
            "expression 'object.spec.paused == true' resulted in error: no such key: paused"},
           {"[{name: a, expression: object.spec.paused == true}, {name: b, expression: "
            "object.spec.paused == true}]",
            "r=fail",
            "expression 'object.spec.paused == true' resulted in error: no such key: paused"},
           {"[{name: a, expression: object.spec.paused == true}, {name: b, expression: object.x == "
            "1}]",
            "r=fail",
            "[expression 'object.spec.paused == true' resulted in error: no such key: paused, "
            "expression "
            "'object.x == 1' resulted in error: no such key: x]"},
           {"[{name: a, expression: object.spec.paused == true}, {name: b, expression: 'false'}]",
            "r=skip", "cel preconditions not met"},
           {"[{name: a, expression: 'true'}]", "r=pass", "Validation rule 'r' passed."},
       }) {
    SCOPED_TRACE(row.conditions);
    Bench bench;
    bench.load(
        "{apiVersion: kyverno.io/v1, kind: ClusterPolicy, metadata: {name: p}, spec: {rules: "
        "[{name: r, match: {any: [{resources: {kinds: [Deployment]}}]}, celPreconditions: " +
        std::string(row.conditions) +
        ", validate: {cel: {expressions: [{expression: 'true'}]}}}]}}");
    EXPECT_EQ(bench.verdicts("{apiVersion: apps/v1, kind: Deployment, metadata: {name: a}, spec: "
                             "{replicas: 6}}"),
              row.verdict);
    EXPECT_EQ(bench.message_, row.message);
  }
}

TEST(PolicySet, ANamespacedPolicyLooksAtItsNamespace) {
  Bench bench;
  bench.load(R"(
apiVersion: kyverno.io/v1
kind: Policy
metadata: {name: p, namespace: vault}
spec:
  rules:
  - name: r
    match: {any: [{resources: {kinds: [ConfigMap]}}]}
    validate: {deny: {}}
)");
  EXPECT_EQ(
      bench.verdicts("{apiVersion: v1, kind: ConfigMap, metadata: {name: k, namespace: vault}}"),
      "r=fail");
  EXPECT_EQ(
      bench.verdicts("{apiVersion: v1, kind: ConfigMap, metadata: {name: k, namespace: other}}"),
      "");
}

TEST(PolicySet, GeneratesAPlan) {
  Bench bench;
  bench.load(R"(
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: quota}
spec:
  rules:
  - name: default
    match: {any: [{resources: {kinds: [Namespace]}}]}
    generate:
      apiVersion: v1
      kind: ResourceQuota
      name: default
      namespace: "{{ request.object.metadata.name }}"
      data: {spec: {hard: {pods: "9"}}}
)");
  const kube::Object object =
      bench.object("{apiVersion: v1, kind: Namespace, metadata: {name: fx}}");
  const Response response = bench.judge(Phase::Generate, object);
  ASSERT_EQ(response.rules.size(), 1u);
  ASSERT_EQ(response.rules[0].generated.size(), 1u);
  const document::Node& made = response.rules[0].generated[0];
  EXPECT_EQ(made.find("metadata")->find("namespace")->text(), "fx");
  EXPECT_EQ(made.find("kind")->text(), "ResourceQuota");
}

TEST(PolicySet, SaysWhatIsWrongWithAPolicy) {
  Bench bench;
  bench.load("{apiVersion: kyverno.io/v1, kind: ClusterPolicy, metadata: {name: p}}");
  ASSERT_EQ(bench.loaded_.problems.size(), 1u);
  EXPECT_EQ(bench.loaded_.problems[0].pointer, "/spec");
  Bench second;
  second.load(R"(
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: p}
spec:
  rules:
  - name: nothing
    match: {any: [{resources: {kinds: [Pod]}}]}
  - name: operator
    match: {any: [{resources: {kinds: [Pod]}}]}
    validate: {deny: {conditions: {any: [{key: a, operator: Resembles, value: b}]}}}
)");
  ASSERT_EQ(second.loaded_.problems.size(), 2u);
  EXPECT_EQ(second.loaded_.problems[0].pointer, "/spec/rules/0");
  EXPECT_EQ(second.loaded_.problems[1].pointer,
            "/spec/rules/1/validate/deny/conditions/any/0/operator");
}

}  // namespace
}  // namespace tally::kyverno

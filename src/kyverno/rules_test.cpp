// Rules as whole policies: what decides whether a rule is applied, and how.
#include <gtest/gtest.h>

#include "kyverno/testing/bench.hpp"

namespace tally::kyverno {
namespace {

using testing::Bench;
using testing::FakeWorld;

std::string policy(std::string_view spec, std::string_view annotations = "{}") {
  return "{apiVersion: kyverno.io/v1, kind: ClusterPolicy, metadata: {name: p, annotations: " +
         std::string(annotations) + "}, spec: {" + std::string(spec) + "}}";
}

std::string rule(std::string_view name, std::string_view body,
                 std::string_view kinds = "[ConfigMap]") {
  return "{name: " + std::string(name) +
         ", match: {any: [{resources: {kinds: " + std::string(kinds) + "}}]}, " +
         std::string(body) + "}";
}

std::string map(std::string_view data, std::string_view name_space = "bank") {
  return "{apiVersion: v1, kind: ConfigMap, metadata: {name: keys, namespace: " +
         std::string(name_space) + "}, data: " + std::string(data) + "}";
}

std::string names_of(const Bench& bench) {
  std::string out;
  for (const RuleRecord& record : bench.loaded.set.policies()[0].rules) {
    out += out.empty() ? "" : " ";
    out += record.name;
  }
  return out;
}

// pkg/autogen/v1
TEST(Autogen, WhichRulesAreMade) {
  struct Row {
    std::string_view annotations;
    std::string_view match;
    std::string_view names;
  };
  for (const Row& row : std::initializer_list<Row>{
           {"{}", "any: [{resources: {kinds: [Pod]}}]", "r autogen-r autogen-cronjob-r"},
           {"{}", "resources: {kinds: [Pod]}", "r autogen-r autogen-cronjob-r"},
           {"{}", "any: [{resources: {kinds: [v1/Pod]}}]", "r"},
           {"{pod-policies.kyverno.io/autogen-controllers: all}",
            "any: [{resources: {kinds: [Pod]}}]", "r autogen-r autogen-cronjob-r"},
           {"{pod-policies.kyverno.io/autogen-controllers: none}",
            "any: [{resources: {kinds: [Pod]}}]", "r"},
           {"{pod-policies.kyverno.io/autogen-controllers: CronJob}",
            "any: [{resources: {kinds: [Pod]}}]", "r autogen-cronjob-r"},
           {"{pod-policies.kyverno.io/autogen-controllers: 'Deployment,StatefulSet'}",
            "any: [{resources: {kinds: [Pod]}}]", "r autogen-r"},
           {"{pod-policies.kyverno.io/autogen-controllers: 'Deployment,none'}",
            "any: [{resources: {kinds: [Pod]}}]", "r"},
           {"{}", "any: [{resources: {kinds: [Pod, Deployment]}}]", "r"},
           {"{}", "any: [{resources: {kinds: [Pod], names: [a]}}]", "r"},
           {"{}", "any: [{resources: {kinds: [Pod], name: a}}]", "r"},
           {"{}", "any: [{resources: {kinds: [Pod], selector: {matchLabels: {a: b}}}}]", "r"},
           {"{}", "any: [{resources: {kinds: [Pod], annotations: {a: b}}}]", "r"},
           {"{}", "any: [{resources: {kinds: [Pod], namespaces: [a]}}]",
            "r autogen-r autogen-cronjob-r"},
           {"{}", "any: [{resources: {kinds: [Deployment]}}]", "r"},
           {"{}", "any: [{resources: {kinds: [ConfigMap]}}]", "r"},
       }) {
    Bench bench;
    ASSERT_TRUE(bench.load(policy("rules: [{name: r, match: {" + std::string(row.match) +
                                      "}, validate: {pattern: {spec: {hostPID: false}}}}]",
                                  row.annotations)));
    EXPECT_EQ(names_of(bench), row.names) << row.annotations << " " << row.match;
  }
}

TEST(Autogen, ExcludeBlocks) {
  struct Row {
    std::string_view exclude;
    std::string_view names;
  };
  for (const Row& row : std::initializer_list<Row>{
           {"any: [{resources: {kinds: [Pod]}}]", "r autogen-r autogen-cronjob-r"},
           {"any: [{resources: {namespaces: [a]}}]", "r autogen-r autogen-cronjob-r"},
           {"any: [{resources: {kinds: [Secret]}}]", "r"},
           {"any: [{resources: {names: [a]}}]", "r"},
           {"any: [{resources: {kinds: [Pod], selector: {}}}]", "r"},
       }) {
    Bench bench;
    ASSERT_TRUE(bench.load(
        policy("rules: [{name: r, match: {any: [{resources: {kinds: [Pod]}}]}, "
               "exclude: {" +
               std::string(row.exclude) + "}, validate: {pattern: {spec: {hostPID: false}}}}]")));
    EXPECT_EQ(names_of(bench), row.names) << row.exclude;
  }
}

TEST(Autogen, OneRuleTurnsItOffForAll) {
  for (const std::string_view other :
       {"generate: {apiVersion: v1, kind: ConfigMap, name: a, namespace: b, data: {}}",
        "mutate: {patchesJson6902: '[]'}",
        "mutate: {foreach: [{list: a, patchesJson6902: '[]'}]}"}) {
    Bench bench;
    ASSERT_TRUE(bench.load(
        policy("rules: [" + rule("r", "validate: {pattern: {spec: {hostPID: false}}}", "[Pod]") +
               "," + rule("s", other, "[Pod]") + "]")));
    EXPECT_EQ(names_of(bench), "r s") << other;
  }
}

TEST(Autogen, NamesHave63Bytes) {
  Bench bench;
  const std::string name(60, 'n');
  ASSERT_TRUE(bench.load(policy(
      "rules: [" + rule(name, "validate: {pattern: {spec: {hostPID: false}}}", "[Pod]") + "]")));
  EXPECT_EQ(names_of(bench),
            name + " autogen-" + std::string(55, 'n') + " autogen-cronjob-" + std::string(47, 'n'));
}

TEST(Autogen, VariablesReferencesAndCelAreMoved) {
  Bench bench;
  ASSERT_TRUE(bench.load(policy(
      "rules: [" +
      rule("deny",
           "validate: {message: '{{ request.object.metadata.name }}', deny: {conditions: {any: "
           "[{key: '{{ request.object.spec.hostPID }}', operator: Equals, value: true}]}}}",
           "[Pod]") +
      "," +
      rule("cel", "validate: {cel: {expressions: [{expression: '!object.spec.hostPID'}]}}",
           "[Pod]") +
      "]")));
  constexpr std::string_view kBad =
      "{apiVersion: apps/v1, kind: Deployment, metadata: {name: a}, spec: {template: {metadata: "
      "{name: inner}, spec: {hostPID: true}}}}";
  EXPECT_EQ(bench.verdicts(kBad), "autogen-deny=fail autogen-cel=fail");
  EXPECT_EQ(bench.response.rules[0].message, "inner");
  EXPECT_EQ(bench.verdicts("{apiVersion: batch/v1, kind: CronJob, metadata: {name: a}, spec: "
                           "{jobTemplate: {spec: {template: {spec: {hostPID: true}}}}}}"),
            "autogen-cronjob-deny=fail autogen-cronjob-cel=fail");
  EXPECT_EQ(bench.verdicts("{apiVersion: apps/v1, kind: Deployment, metadata: {name: a}, spec: "
                           "{template: {spec: {hostPID: false}}}}"),
            "autogen-deny=pass autogen-cel=pass");
}

TEST(Rules, ApplyOneStopsAtTheFirstThatDecides) {
  const std::string rules = "rules: [" +
                            rule("skipped",
                                 "preconditions: {all: [{key: a, operator: Equals, value: b}]}, "
                                 "validate: {pattern: {data: {a: x}}}") +
                            "," + rule("first", "validate: {pattern: {data: {a: x}}}") + "," +
                            rule("second", "validate: {pattern: {data: {a: x}}}") + "]";
  Bench one;
  ASSERT_TRUE(one.load(policy("applyRules: One, " + rules)));
  EXPECT_EQ(one.verdicts(map("{a: x}")), "skipped=skip first=pass");
  EXPECT_EQ(one.verdicts(map("{a: w}")), "skipped=skip first=fail");
  Bench all;
  ASSERT_TRUE(all.load(policy("applyRules: All, " + rules)));
  EXPECT_EQ(all.verdicts(map("{a: w}")), "skipped=skip first=fail second=fail");
}

// What violated before may go on violating, where it is enforced (validate_resource.go).
TEST(Rules, ExistingViolationsOnUpdate) {
  struct Row {
    std::string_view spec;
    std::string_view validate;
    std::string_view before;
    std::string_view verdict;
  };
  for (const Row& row : std::initializer_list<Row>{
           {"validationFailureAction: Enforce", "", "{a: w}", "r=skip"},
           {"validationFailureAction: Enforce", "allowExistingViolations: true,", "{a: w}",
            "r=skip"},
           {"validationFailureAction: Enforce", "allowExistingViolations: false,", "{a: w}",
            "r=fail"},
           {"validationFailureAction: Enforce", "", "{a: x}", "r=fail"},
           {"validationFailureAction: Audit", "", "{a: w}", "r=fail"},
           {"background: true", "failureAction: Enforce,", "{a: w}", "r=skip"},
           {"validationFailureAction: Enforce", "failureAction: Audit,", "{a: w}", "r=fail"},
       }) {
    Bench bench;
    ASSERT_TRUE(bench.load(policy(
        std::string(row.spec) + ", rules: [" +
        rule("r", "validate: {" + std::string(row.validate) + " pattern: {data: {a: x}}}") + "]")));
    EXPECT_EQ(bench.verdicts(map("{a: z}"), Phase::Validate, kube::Operation::Update,
                             bench.node(map(row.before))),
              row.verdict)
        << row.spec << row.validate << row.before;
    EXPECT_EQ(bench.verdicts(map("{a: z}")), "r=fail");
  }
}

// pkg/engine/api/engineresponse.go, failureActionForRule
TEST(Rules, FailureActionOverrides) {
  struct Row {
    std::string_view spec;
    std::string_view validate;
    bool is_enforced;
  };
  for (const Row& row : std::initializer_list<Row>{
           {"validationFailureAction: Audit", "", false},
           {"validationFailureAction: enforce", "", true},
           {"validationFailureAction: Audit, validationFailureActionOverrides: [{action: Enforce, "
            "namespaces: [bank]}]",
            "", true},
           {"validationFailureAction: Audit, validationFailureActionOverrides: [{action: enforce, "
            "namespaces: ['b*']}]",
            "", true},
           {"validationFailureAction: Audit, validationFailureActionOverrides: [{action: Enforce}]",
            "", true},
           {"validationFailureAction: Enforce, validationFailureActionOverrides: [{action: Audit, "
            "namespaces: [other, bank]}]",
            "", false},
           {"validationFailureAction: Enforce, validationFailureActionOverrides: [{action: Audit, "
            "namespaces: [other]}]",
            "", true},
           {"validationFailureAction: Enforce, validationFailureActionOverrides: [{action: Audit, "
            "namespaces: []}]",
            "", true},
           {"validationFailureAction: Audit, validationFailureActionOverrides: [{action: Refuse, "
            "namespaces: [bank]}]",
            "", false},
           {"validationFailureAction: Audit, validationFailureActionOverrides: [{action: Audit, "
            "namespaces: [bank]}, {action: Enforce, namespaces: [bank]}]",
            "", false},
           {"validationFailureAction: Audit, validationFailureActionOverrides: [{action: Enforce, "
            "namespaceSelector: {matchLabels: {env: prod}}}]",
            "", true},
           {"validationFailureAction: Audit, validationFailureActionOverrides: [{action: Enforce, "
            "namespaceSelector: {matchLabels: {env: test}}}]",
            "", false},
           {"validationFailureAction: Audit, validationFailureActionOverrides: [{action: Enforce, "
            "namespaces: [bank], namespaceSelector: {matchLabels: {env: test}}}]",
            "", false},
           // The rule's own word comes before the policy's.
           {"validationFailureAction: Audit, validationFailureActionOverrides: [{action: Enforce}]",
            "failureAction: Audit,", false},
           {"validationFailureAction: Audit",
            "failureAction: Audit, failureActionOverrides: [{action: Enforce, namespaces: "
            "[bank]}],",
            true},
           {"validationFailureAction: Enforce",
            "failureActionOverrides: [{action: Audit, namespaces: [bank]}],", false},
           {"validationFailureAction: Enforce",
            "failureActionOverrides: [{action: Audit, namespaces: [other]}],", true},
       }) {
    Bench bench;
    ASSERT_TRUE(bench.load(policy(
        std::string(row.spec) + ", rules: [" +
        rule("r", "validate: {" + std::string(row.validate) + " pattern: {data: {a: x}}}") + "]")));
    bench.request.namespace_labels = bench.node("{env: prod}");
    ASSERT_EQ(bench.verdicts(map("{a: z}")), "r=fail");
    EXPECT_EQ(bench.response.rules[0].is_enforced, row.is_enforced) << row.spec << row.validate;
  }
}

TEST(Rules, MatchConditionsOfTheWebhook) {
  const std::string rules = "rules: [" + rule("r", "validate: {pattern: {data: {a: x}}}") + "]";
  struct Row {
    std::string_view expression;
    std::string_view verdict;
  };
  for (const Row& row : std::initializer_list<Row>{{"object.metadata.name == 'keys'", "r=fail"},
                                                   {"object.metadata.name == 'other'", ""},
                                                   {"request.operation == 'CREATE'", "r=fail"},
                                                   {"request.operation == 'DELETE'", ""}}) {
    Bench bench;
    ASSERT_TRUE(
        bench.load(policy("webhookConfiguration: {matchConditions: [{name: c, expression: "
                          "\"" +
                          std::string(row.expression) + "\"}]}, " + rules)));
    EXPECT_EQ(bench.verdicts(map("{a: z}")), row.verdict) << row.expression;
  }
}

TEST(Rules, Context) {
  struct Row {
    std::string_view context;
    std::string_view key;
    std::string_view verdict;  // fail: the key is "yes"
  };
  for (const Row& row : std::initializer_list<Row>{
           {"{name: a, variable: {value: 'yes'}}", "{{ a }}", "r=fail"},
           {"{name: a, variable: {jmesPath: request.object.data.none, default: 'yes'}}", "{{ a }}",
            "r=fail"},
           {"{name: a, variable: {jmesPath: request.object.data.a, default: 'no'}}", "{{ a }}",
            "r=fail"},
           {"{name: a, variable: {value: {b: 'yes'}, jmesPath: b}}", "{{ a }}", "r=fail"},
           {"{name: a, variable: {value: {b: c}, jmesPath: x, default: 'yes'}}", "{{ a }}",
            "r=fail"},
           {"{name: a, variable: {value: {b: c}, jmesPath: x}}", "{{ a }}", "r=error"},
           {"{name: a, variable: {jmesPath: request.object.data.none}}", "{{ a }}", "r=error"},
           {"{name: a, variable: {jmesPath: '`null`'}}", "{{ a }}", "r=error"},
           {"{name: a, variable: {jmesPath: '('}}", "{{ a }}", "r=error"},
           // Not named, not loaded: what is wrong with it does not matter.
           {"{name: a, variable: {jmesPath: '('}}", "x", "r=pass"},
           // A later entry of the same name builds upon the earlier one.
           {"{name: a, variable: {value: 'ye'}}, {name: a, variable: {value: '{{ a }}s'}}",
            "{{ a }}", "r=fail"},
           {"{name: a, variable: {value: 'yes'}}, {name: b, variable: {jmesPath: a}}", "{{ b }}",
            "r=fail"},
           // An entry sees those before it only.
           {"{name: b, variable: {jmesPath: a}}, {name: a, variable: {value: 'yes'}}", "{{ b }}",
            "r=error"},
           {"{name: a, configMap: {name: c, namespace: d}}", "{{ a.data.k }}", "r=fail"},
           {"{name: a, apiCall: {urlPath: /x, jmesPath: data.k}}", "{{ a }}", "r=fail"},
           {"{name: a, apiCall: {urlPath: /x, jmesPath: data.none}}", "{{ a }}", "r=error"},
           {"{name: a, globalReference: {name: g, jmesPath: data.k}}", "{{ a }}", "r=fail"},
           {"{name: a, imageRegistry: {reference: nginx, jmesPath: data.k}}", "{{ a }}", "r=fail"},
       }) {
    Bench bench;
    ASSERT_TRUE(bench.load(
        policy("rules: [" +
               rule("r", "context: [" + std::string(row.context) +
                             "], validate: {deny: {conditions: {any: [{key: '" +
                             std::string(row.key) + "', operator: Equals, value: 'yes'}]}}}") +
               "]")));
    FakeWorld world;
    world.answer = bench.node("{data: {k: 'yes'}}");
    bench.request.world = &world;
    EXPECT_EQ(bench.verdicts(map("{a: 'yes'}")), row.verdict)
        << row.context << " " << row.key << ": " << bench.message;
  }
}

TEST(Rules, ForeachNamesItsElements) {
  struct Row {
    std::string_view foreach;
    std::string_view verdict;
    std::string_view message;
  };
  for (const Row& row : std::initializer_list<Row>{
           {"{list: 'request.object.data.l', deny: {conditions: {any: [{key: '{{ elementIndex }}', "
            "operator: Equals, value: 1}]}}}",
            "r=fail", "at b 1"},
           {"{list: 'request.object.data.m', foreach: [{list: 'element.q', deny: {conditions: "
            "{any: [{key: '{{ element0.k }}{{ element1 }}{{ elementIndex0 }}{{ elementIndex1 }}', "
            "operator: Equals, value: w401}]}}}]}",
            "r=pass", ""},
           {"{list: 'request.object.data.m', foreach: [{list: 'element.q', deny: {conditions: "
            "{any: [{key: '{{ element0.k }}{{ element1 }}{{ elementIndex0 }}{{ elementIndex1 }}', "
            "operator: Equals, value: w411}]}}}]}",
            "r=fail", "at 4 1"},
           {"{list: 'request.object.data.m', pattern: {k: '?'}}", "r=pass", ""},
           {"{list: 'request.object.data.m', pattern: {k: x}}", "r=fail", ""},
           {"{list: 'request.object.data.m', elementScope: false, pattern: {data: {s: t}}}",
            "r=pass", ""},
           {"{list: 'request.object.data.l', elementScope: true, pattern: {}}", "r=error", "maps"},
           {"{list: 'request.object.data.m', preconditions: {all: [{key: '{{ element.k }}', "
            "operator: Equals, value: x}]}, pattern: {k: x}}",
            "r=pass", ""},
           {"{list: 'request.object.data.none', pattern: {k: x}}", "", ""},
           {"{list: 'request.object.data.nothing', pattern: {k: x}}", "", ""},
           {"{list: '(', pattern: {k: x}}", "r=error", ""},
       }) {
    Bench bench;
    ASSERT_TRUE(bench.load(
        policy("rules: [" +
               rule("r", "validate: {message: 'at {{ element }} {{ elementIndex }}', foreach: [" +
                             std::string(row.foreach) + "]}") +
               "]")));
    EXPECT_EQ(bench.verdicts(map("{l: [a, b], s: t, nothing: null, m: [{k: x, q: [1, 2]}, {k: w, "
                                 "q: [3, 4]}]}")),
              row.verdict)
        << row.foreach << ": " << bench.message;
    EXPECT_NE(bench.message.find(row.message), std::string::npos) << bench.message;
  }
}

// Patches of a foreach are applied from the last element, JSON patches from the first.
TEST(Rules, OrderOfForeachPatches) {
  struct Row {
    std::string_view foreach;
    std::string_view order;
  };
  for (const Row& row : std::initializer_list<Row>{
           {"patchesJson6902: '[{op: add, path: /data/o/-, value: \"{{ element }}\"}]'",
            R"(["a","b","c"])"},
           {"order: Ascending, patchesJson6902: '[{op: add, path: /data/o/-, value: \"{{ element "
            "}}\"}]'",
            R"(["a","b","c"])"},
           {"order: Descending, patchesJson6902: '[{op: add, path: /data/o/-, value: \"{{ element "
            "}}\"}]'",
            R"(["c","b","a"])"},
       }) {
    Bench bench;
    ASSERT_TRUE(bench.load(policy("rules: [" +
                                  rule("r", "mutate: {foreach: [{list: request.object.data.l, " +
                                                std::string(row.foreach) + "}]}") +
                                  "]")));
    EXPECT_EQ(bench.verdicts(map("{l: [a, b, c], o: []}"), Phase::Mutate), "r=pass")
        << bench.message;
    const document::Node* made = bench.response.object.find("data")->find("o");
    ASSERT_NE(made, nullptr);
    EXPECT_EQ(Bench::json(*made), row.order) << row.foreach;
  }
}

TEST(Rules, MutateExisting) {
  Bench bench;
  ASSERT_TRUE(bench.load(
      policy("rules: [" +
             rule("r",
                  "mutate: {targets: [{apiVersion: v1, kind: Secret, namespace: '{{ "
                  "request.namespace }}', name: 's*', preconditions: {all: [{key: '{{ "
                  "target.metadata.name }}', operator: NotEquals, value: s3}]}}], "
                  "patchStrategicMerge: {metadata: {labels: {by: '{{ "
                  "request.object.metadata.name }}', of: '{{ target.metadata.name }}'}}}}") +
             "]")));
  std::vector<document::Node> targets;
  for (const std::string_view target :
       {"{apiVersion: v1, kind: Secret, metadata: {name: s1, namespace: bank}}",
        "{apiVersion: v1, kind: Secret, metadata: {name: s2, namespace: other}}",
        "{apiVersion: v1, kind: Secret, metadata: {name: s3, namespace: bank}}",
        "{apiVersion: v1, kind: ConfigMap, metadata: {name: s4, namespace: bank}}",
        "{apiVersion: v1, kind: Secret, metadata: {name: t, namespace: bank}}"}) {
    targets.push_back(bench.node(target));
  }
  bench.request.targets = targets;
  EXPECT_EQ(bench.verdicts(map("{}"), Phase::Mutate), "r=pass r=skip") << bench.message;
  ASSERT_EQ(bench.response.rules[0].targets.size(), 1U);
  EXPECT_EQ(Bench::json(*bench.response.rules[0].targets[0].find("metadata")->find("labels")),
            R"({"by":"keys","of":"s1"})");
  bench.request.is_admission = true;
  EXPECT_EQ(bench.verdicts(map("{}"), Phase::Mutate), "");
}

TEST(Rules, Exceptions) {
  struct Row {
    std::string_view spec;
    std::string_view verdict;
  };
  for (const Row& row : std::initializer_list<Row>{
           {"exceptions: [{policyName: p, ruleNames: [r]}], match: {any: [{resources: {kinds: "
            "[ConfigMap]}}]}",
            "r=skip"},
           {"exceptions: [{policyName: p, ruleNames: ['*']}], match: {all: [{resources: {names: "
            "[keys]}}]}",
            "r=skip"},
           {"exceptions: [{policyName: p, ruleNames: [r]}], match: {any: [{resources: {kinds: "
            "[ConfigMap]}}]}, conditions: {all: [{key: '{{ request.object.data.a }}', operator: "
            "Equals, value: z}]}",
            "r=skip"},
           {"exceptions: [{policyName: p, ruleNames: [r]}], match: {any: [{resources: {kinds: "
            "[ConfigMap]}}]}, conditions: {all: [{key: '{{ request.object.data.a }}', operator: "
            "Equals, value: x}]}",
            "r=fail"},
           {"exceptions: [{policyName: p, ruleNames: [r]}], match: {any: [{resources: {kinds: "
            "[ConfigMap]}}]}, conditions: {all: [{key: '{{ missing }}', operator: Equals, value: "
            "x}]}",
            "r=fail"},
           {"exceptions: [{policyName: other, ruleNames: [r]}], match: {any: [{resources: {kinds: "
            "[ConfigMap]}}]}",
            "r=fail"},
           {"exceptions: [{policyName: p, ruleNames: [s]}], match: {any: [{resources: {kinds: "
            "[ConfigMap]}}]}",
            "r=fail"},
           {"exceptions: [{policyName: p, ruleNames: [r]}], match: {any: [{resources: {kinds: "
            "[Secret]}}]}",
            "r=fail"},
           {"exceptions: [{policyName: p, ruleNames: [r]}], match: {}", "r=fail"},
           {"exceptions: [{policyName: '*', ruleNames: [r]}], match: {any: [{resources: {kinds: "
            "[ConfigMap]}}]}",
            "r=fail"},
           {"exceptions: [{policyName: p}], match: {any: [{resources: {kinds: [ConfigMap]}}]}",
            "r=fail"},
       }) {
    Bench bench;
    ASSERT_TRUE(bench.add_policy(
        policy("rules: [" + rule("r", "validate: {pattern: {data: {a: x}}}") + "]")));
    ASSERT_TRUE(bench.add_exception(
        "{apiVersion: kyverno.io/v2, kind: PolicyException, metadata: {name: e, namespace: bank}, "
        "spec: {" +
        std::string(row.spec) + "}}"));
    bench.load();
    EXPECT_EQ(bench.verdicts(map("{a: z}")), row.verdict) << row.spec;
    EXPECT_EQ(bench.response.rules[0].exceptions.size(), row.verdict == "r=skip" ? 1U : 0U);
  }
}

// One Scratch is asked about many objects, in every phase.
TEST(Rules, CandidatesAreOfOneKindAndPhase) {
  Bench bench;
  for (const std::string_view body :
       {"kinds: [Pod]}}]}, validate: {deny: {}}", "kinds: [Secret]}}]}, validate: {deny: {}}",
        "kinds: ['*']}}]}, mutate: {patchStrategicMerge: {a: b}}"}) {
    bench.add_policy(
        "{apiVersion: kyverno.io/v1, kind: ClusterPolicy, metadata: {name: p}, spec: "
        "{rules: [{name: r, match: {any: [{resources: {" +
        std::string(body) + "}]}}");
  }
  bench.load();
  const auto candidates = [&](Phase phase, std::string_view kind) {
    std::string out;
    for (const std::uint32_t policy : bench.loaded.set.candidates(
             phase, {.group = "", .version = "v1", .kind = kind}, bench.scratch)) {
      out += std::to_string(policy) + " ";
    }
    return out;
  };
  EXPECT_EQ(candidates(Phase::Validate, "Pod"), "0 ");
  EXPECT_EQ(candidates(Phase::Validate, "Secret"), "1 ");
  EXPECT_EQ(candidates(Phase::Mutate, "Pod"), "2 ");
  EXPECT_EQ(candidates(Phase::Validate, "ConfigMap"), "");
  EXPECT_EQ(candidates(Phase::Generate, "Pod"), "");
}

// pkg/engine/context/loaders/apicall.go: a call that fails says where.
TEST(Context, ApiCallsThatFail) {
  struct Row {
    std::string_view call;
    bool has_answer;
    std::string_view message;
  };
  constexpr std::string_view kBefore =
      "failed to check deny conditions: failed to substitute variables in condition key: failed to "
      "resolve x at path : ";
  for (const Row& row : std::initializer_list<Row>{
           {"{urlPath: '/api/v1/{{ request.object.data.q }}'}", true,
            "failed to fetch data for APICall: failed to substitute variables in context entry x "
            "/api/v1/{{ request.object.data.q }}: failed to resolve request.object.data.q at path "
            "/urlPath: JMESPath query failed: Unknown key \"q\" in path"},
           {"{urlPath: /api/v1/pods}", false,
            "failed to fetch data for APICall: failed to GET resource with raw url: /api/v1/pods: "
            "not there"},
           {"{method: POST, service: {url: 'https://x'}}", false,
            "failed to fetch data for APICall: failed to execute HTTP request for APICall x: not "
            "there"},
           {"{urlPath: /api/v1/pods, jmesPath: abs(@)}", true,
            "failed to store data for APICall: failed to apply JMESPath abs(@) for context entry "
            "x: "
            "Invalid type for: map[a:1], expected: []jmespath.JpType{\"number\"}"},
       }) {
    SCOPED_TRACE(row.call);
    Bench bench;
    FakeWorld world;
    if (row.has_answer) {
      world.answer = bench.node("{a: 1}");
    }
    bench.request.world = &world;
    bench.load(policy("rules: [" +
                      rule("r", "context: [{name: x, apiCall: " + std::string(row.call) +
                                    "}], validate: {message: m, deny: {conditions: {all: [{key: "
                                    "'{{ x }}', operator: Equals, value: a}]}}}") +
                      "]"));
    EXPECT_EQ(bench.verdicts(map("{a: b}")), "r=error");
    EXPECT_EQ(bench.message, std::string(kBefore) + std::string(row.message));
  }
}

}  // namespace
}  // namespace tally::kyverno

#include "kyverno/lint/lint.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>

#include "document/read.hpp"
#include "kube/objects.hpp"
#include "pod_security/pod_security.hpp"

namespace tally::kyverno {
namespace {

struct Linted {
  std::shared_ptr<const document::Source> source;
  Arena arena;
  kube::Object object;
  LintReport report;
};

void lint(std::string_view text, Linted& out) {
  out.source = document::Source::from_text("policy.yaml", text);
  const auto read = document::read_one(*out.source, out.arena);
  ASSERT_TRUE(read) << text;
  const auto object = kube::object_from_node(*read, out.source.get());
  ASSERT_TRUE(object) << text;
  out.object = *object;
  out.report = lint_policies({.objects = std::span(&out.object, 1)});
}

// "check severity pointer: message" of one check, a line each.
std::string said(std::string_view text, std::string_view check) {
  Linted linted;
  lint(text, linted);
  std::string out;
  for (const LintFinding& found : linted.report.findings) {
    if (found.check->id == check) {
      out += std::string(finding::to_text(found.severity)) + " " + found.pointer + ": " +
             found.message + "\n";
    }
  }
  return out;
}

std::string classic(std::string_view rules, std::string_view spec = "background: false") {
  return "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata: {name: p}\nspec:\n  " +
         std::string(spec) + "\n  rules:\n" + std::string(rules);
}

// A rule for pods with this validate.
std::string pods(std::string_view validate, std::string_view spec = "background: false") {
  return classic(
      "  - name: r\n    match: {any: [{resources: {kinds: [Pod]}}]}\n    validate:\n"
      "      message: m\n      " +
          std::string(validate) + "\n",
      spec);
}

std::string matching(std::string_view match, std::string_view exclude = "{}") {
  return classic("  - name: r\n    match: " + std::string(match) + "\n    exclude: " +
                 std::string(exclude) + "\n    validate: {message: m, deny: {}}\n");
}

std::string native(std::string_view spec) {
  return "apiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingAdmissionPolicy\n"
         "metadata: {name: p}\nspec:\n" +
         std::string(spec);
}

std::string validation(std::string_view expression) {
  return native("  validations:\n  - message: m\n    expression: >-\n      " +
                std::string(expression) + "\n");
}

struct Row {
  std::string_view check;
  std::string policy;
  std::string_view said;  // severity, pointer and message of the finding; "": none
};

void expect(const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    const std::string wanted = row.said.empty() ? "" : std::string(row.said) + "\n";
    EXPECT_EQ(said(row.policy, row.check), wanted) << row.check << "\n" << row.policy;
  }
}

TEST(Lint, ContainersThatAreNotCovered) {
  constexpr std::string_view kCheck = "containers-not-covered";
  expect({
      {kCheck, pods("pattern: {spec: {containers: [{image: 'a/*'}]}}"),
       "medium /spec/rules/0/validate/pattern/spec/containers: `containers` are judged, "
       "`initContainers` and `ephemeralContainers` are not"},
      {kCheck,
       pods("pattern: {spec: {=(initContainers): [{image: 'a/*'}], containers: [{image: 'a/*'}]}}"),
       "low /spec/rules/0/validate/pattern/spec/containers: `containers` are judged, "
       "`ephemeralContainers` are not"},
      {kCheck, pods("pattern: {spec: {containers: [{resources: {limits: {cpu: '?*'}}}]}}"),
       "medium /spec/rules/0/validate/pattern/spec/containers: `containers` are judged, "
       "`initContainers` are not"},
      {kCheck,
       pods("deny: {conditions: {any: [{key: '{{ request.object.spec.containers[].image }}', "
            "operator: AnyIn, value: [b]}]}}"),
       "medium /spec/rules/0/validate/deny/conditions/any/0/key: `containers` are judged, "
       "`initContainers` and `ephemeralContainers` are not"},
      {kCheck, validation("object.spec.containers.all(c, c.image != 'b')"),
       "medium /spec/validations/0/expression: `containers` are judged, `initContainers` and "
       "`ephemeralContainers` are not"},
      {kCheck,
       pods("pattern: {spec: {=(ephemeralContainers): [{image: a}], =(initContainers): "
            "[{image: a}], containers: [{image: a}]}}"),
       ""},
      {kCheck,
       pods("pattern: {spec: {containers: [{name: '*', livenessProbe: {periodSeconds: '>0'}}]}}"),
       ""},
      {kCheck, pods("pattern: {spec: {hostNetwork: false}}"), ""},
      {kCheck,
       pods("deny: {conditions: {any: [{key: '{{ request.object.spec.[containers, "
            "initContainers, ephemeralContainers][].image }}', operator: AnyIn, value: [b]}]}}"),
       ""},
      {kCheck, validation("object.spec.replicas < 3"), ""},
  });
}

TEST(Lint, SettingsOfThePod) {
  constexpr std::string_view kCheck = "pod-level-not-honoured";
  expect({
      {kCheck, pods("pattern: {spec: {containers: [{securityContext: {runAsUser: '>0'}}]}}"),
       "medium /spec/rules/0/validate/pattern/spec/containers/0/securityContext/runAsUser: "
       "`runAsUser` is demanded of every container; a pod that sets it once for all in "
       "spec.securityContext is refused"},
      {kCheck,
       validation("object.spec.containers.all(c, c.?securityContext.?runAsNonRoot.orValue(false))"),
       "medium /spec/validations/0/expression: `runAsNonRoot` is demanded of every container; a "
       "pod "
       "that sets it once for all in spec.securityContext is refused"},
      {kCheck, pods("pattern: {spec: {containers: [{=(securityContext): {runAsUser: '>0'}}]}}"),
       ""},
      {kCheck, pods("pattern: {spec: {containers: [{securityContext: {=(runAsUser): '>0'}}]}}"),
       ""},
      {kCheck, pods("pattern: {spec: {containers: [{securityContext: {privileged: false}}]}}"), ""},
      {kCheck,
       pods("anyPattern: [{spec: {securityContext: {runAsNonRoot: true}}}, {spec: {containers: "
            "[{securityContext: {runAsNonRoot: true}}]}}]"),
       ""},
      {kCheck,
       validation("object.spec.containers.all(c, c.?securityContext.?runAsNonRoot.orValue(true))"),
       ""},
  });
}

TEST(Lint, PatternsThatSayLittle) {
  constexpr std::string_view kAny = "any-value-passes";
  constexpr std::string_view kAbsent = "absent-passes";
  constexpr std::string_view kPresence = "only-presence";
  expect({
      {kAny, pods("pattern: {spec: {dnsPolicy: 'None | *'}}"),
       "medium /spec/rules/0/validate/pattern/spec/dnsPolicy: \"None | *\" is satisfied by any "
       "value: "
       "one of its alternatives is \"*\""},
      {kAny, pods("pattern: {spec: {dnsPolicy: '!None | !Default'}}"),
       "medium /spec/rules/0/validate/pattern/spec/dnsPolicy: \"!None | !Default\" is satisfied by "
       "any "
       "value: what one exclusion refuses the other accepts; join them by \"&\""},
      {kAny, pods("pattern: {spec: {=(dnsPolicy): '*'}}"),
       "low /spec/rules/0/validate/pattern/spec/=(dnsPolicy): `dnsPolicy` may be absent, and if it "
       "is "
       "there any value satisfies \"*\""},
      {kAny, pods("pattern: {spec: {=(dnsPolicy): '?*'}}"),
       "info /spec/rules/0/validate/pattern/spec/=(dnsPolicy): `dnsPolicy` may be absent, and if "
       "it is "
       "there any value but the empty one satisfies \"?*\""},
      {kAny, pods("pattern: {spec: {dnsPolicy: 'None | Default'}}"), ""},
      {kAny, pods("pattern: {spec: {dnsPolicy: '!None & !Default'}}"), ""},
      {kAny, pods("pattern: {spec: {dnsPolicy: '?*'}}"), ""},
      {kAny, pods("pattern: {spec: {containers: [{(image): '*'}]}}"), ""},
      {kAny, pods("pattern: {spec: {X(hostPID): '*'}}"), ""},
      {kAbsent, pods("pattern: {spec: {containers: [{resources: {limits: {memory: '<=1Gi'}}}]}}"),
       "medium /spec/rules/0/validate/pattern/spec/containers/0/resources/limits/memory: \"<=1Gi\" "
       "is "
       "passed when `memory` is absent: that counts as 0"},
      {kAbsent,
       pods("pattern: {spec: {containers: [{resources: {limits: {memory: '?* & <=1Gi'}}}]}}"), ""},
      {kAbsent, pods("pattern: {spec: {priority: '>5'}}"), ""},
      {kAbsent, pods("pattern: {spec: {nodeName: 'a-b'}}"), ""},
      {kPresence, pods("pattern: {metadata: {labels: {team: '*'}}}"),
       "info /spec/rules/0/validate/pattern/metadata/labels/team: \"*\" asks that `team` is there; "
       "an "
       "empty value will do"},
      {kPresence, pods("pattern: {metadata: {labels: {team: '?*'}}}"), ""},
      {kPresence, pods("pattern: {spec: {containers: [{name: '*'}]}}"), ""},
  });
}

TEST(Lint, MatchesThatNeverMatch) {
  constexpr std::string_view kKind = "match-unknown-kind";
  constexpr std::string_view kNever = "match-never";
  constexpr std::string_view kExcluded = "match-excluded";
  constexpr std::string_view kOperations = "background-operations";
  expect({
      {kKind, matching("{any: [{resources: {kinds: [Pods]}}]}"),
       "high /spec/rules/0/match/any/0/resources/kinds/0: there is no kind `Pods`; `Pod` was "
       "probably "
       "meant"},
      {kKind, matching("{any: [{resources: {kinds: [apps/v1/Deploymint]}}]}"),
       "high /spec/rules/0/match/any/0/resources/kinds/0: the API group \"apps\" has no kind "
       "`Deploymint`"},
      {kKind, matching("{any: [{resources: {kinds: [Pod/execute]}}]}"),
       "high /spec/rules/0/match/any/0/resources/kinds/0: `Pod` has no subresource `execute`"},
      {kKind,
       native("  matchConstraints: {resourceRules: [{apiGroups: [''], apiVersions: [v1], "
              "operations: ['*'], resources: [Pod]}]}\n"),
       "high /spec/matchConstraints/resourceRules/0/resources/0: no group of this rule has a "
       "resource "
       "`Pod`; resources are written in the plural and in small letters"},
      {kKind,
       matching(
           "{any: [{resources: {kinds: [Pod, apps/v1/Deployment, Pod/exec, 'Deploy*', '*']}}]}"),
       ""},
      {kKind, matching("{any: [{resources: {kinds: [batch/v1/CronJob, batch/v1beta1/CronJob]}}]}"),
       "low /spec/rules/0/match/any/0/resources/kinds/1: Kubernetes has not served "
       "`batch/v1beta1/CronJob` since 1.25"},
      {kKind, matching("{any: [{resources: {kinds: [Certificate, bank.example/v1/Ledger]}}]}"), ""},
      {kKind,
       native("  matchConstraints: {resourceRules: [{apiGroups: [''], apiVersions: [v1], "
              "operations: ['*'], resources: [pods, pods/exec, '*']}]}\n"),
       ""},
      {kNever, matching("{any: [{resources: {kinds: [ClusterRole], namespaces: [a]}}]}"),
       "high /spec/rules/0/match/any/0/resources/namespaces: namespaces are asked of kinds that "
       "have "
       "none"},
      {kNever,
       matching(
           "{any: [{resources: {kinds: [Namespace], namespaceSelector: {matchLabels: {a: b}}}}]}"),
       "high /spec/rules/0/match/any/0/resources/namespaceSelector: a namespaceSelector never "
       "matches a "
       "Namespace itself; use `selector` for its labels"},
      {kNever, matching("{all: [{resources: {kinds: [Pod]}}, {resources: {kinds: [Service]}}]}"),
       "high /spec/rules/0/match/all/1: under `all` an object would have to be a Pod and a "
       "Service; use "
       "`any`"},
      {kNever, matching("{any: [{resources: {kinds: [Namespace], namespaces: [a]}}]}"), ""},
      {kNever, matching("{any: [{resources: {kinds: [ClusterRole, Pod], namespaces: [a]}}]}"), ""},
      {kNever, matching("{all: [{resources: {kinds: [Pod]}}, {resources: {namespaces: [a]}}]}"),
       ""},
      {kExcluded,
       matching("{any: [{resources: {kinds: [Pod], namespaces: [a-1]}}]}",
                "{any: [{resources: {namespaces: ['a-*']}}]}"),
       "high /spec/rules/0/exclude: `exclude` takes out everything that `match` lets in: the rule "
       "never "
       "applies"},
      {kExcluded,
       matching("{any: [{resources: {kinds: [Pod]}}]}", "{any: [{resources: {namespaces: [a]}}]}"),
       ""},
      {kExcluded,
       matching("{any: [{resources: {kinds: [Pod]}}]}",
                "{any: [{subjects: [{kind: User, name: a}]}]}"),
       ""},
      {kExcluded,
       matching("{any: [{resources: {kinds: [Pod]}}, {resources: {kinds: [Job]}}]}",
                "{any: [{resources: {kinds: [Pod]}}]}"),
       ""},
      {kOperations,
       classic(
           "  - name: r\n    match: {any: [{resources: {kinds: [Pod], operations: [DELETE]}}]}\n"
           "    validate: {message: m, deny: {}}\n",
           "background: true"),
       "info /spec/rules/0/match/any/0/resources/operations: a background scan comes as CREATE, "
       "which "
       "this filter does not let in"},
      {kOperations,
       classic(
           "  - name: r\n    match: {any: [{resources: {kinds: [Pod], operations: [DELETE]}}]}\n"
           "    validate: {message: m, deny: {}}\n"),
       ""},
  });
}

TEST(Lint, Variables) {
  constexpr std::string_view kUnresolved = "variable-unresolved";
  constexpr std::string_view kUser = "background-user";
  const auto condition = [](std::string_view key, std::string_view spec = "background: false") {
    return pods("deny: {conditions: {any: [{key: \"{{ " + std::string(key) +
                    " }}\", operator: Equals, value: a}]}}",
                spec);
  };
  expect({
      {kUnresolved, condition("requests.object.kind"),
       "high /spec/rules/0/validate/deny/conditions/any/0/key: no entry of `context` defines "
       "`requests`; `request` was probably meant"},
      {kUnresolved, condition("element.name"),
       "high /spec/rules/0/validate/deny/conditions/any/0/key: `element` is there inside of "
       "foreach "
       "only"},
      {kUnresolved, condition("length(teams.data)"),
       "high /spec/rules/0/validate/deny/conditions/any/0/key: no entry of `context` defines "
       "`teams`"},
      {kUnresolved, condition("request.object.kind"), ""},
      {kUnresolved, condition("length(request.object.spec.volumes || `[]`)"), ""},
      {kUnresolved, condition("@"), ""},
      {kUnresolved, condition("'text'"), ""},
      {kUnresolved,
       pods("foreach: [{list: request.object.spec.volumes, deny: {conditions: {any: [{key: "
            "'{{ element.name }}', operator: Equals, value: a}]}}}]"),
       ""},
      {kUnresolved,
       classic("  - name: r\n    match: {any: [{resources: {kinds: [Pod]}}]}\n"
               "    context: [{name: teams, configMap: {name: a, namespace: b}}]\n"
               "    validate: {message: '{{ teams.data.x }} \\{{ other }}', deny: {}}\n"),
       ""},
      {kUser, condition("request.userInfo.username", "background: true"),
       "high /spec/rules/0/validate/deny/conditions/any/0/key: `request.userInfo.username` has no "
       "value "
       "in background scans; Kyverno refuses the policy unless `background` is false"},
      {kUser,
       classic("  - name: r\n    match: {any: [{resources: {kinds: [Pod]}, roles: ['a:b']}]}\n"
               "    validate: {message: m, deny: {}}\n",
               "admission: true"),
       "high /spec/rules/0/match/any/0/roles: `roles` asks for a user, whom background scans do "
       "not "
       "have; Kyverno refuses the policy unless `background` is false"},
      {kUser, condition("request.userInfo.username"), ""},
      {kUser, condition("request.object.spec.serviceAccountName", "background: true"), ""},
      {kUser, condition("request.object.kind", "background: true"), ""},
  });
}

TEST(Lint, AnchorsAndLoading) {
  expect({
      {"anchor-place", pods("pattern: {spec: {+(dnsPolicy): Default}}"),
       "high /spec/rules/0/validate/pattern/spec/+(dnsPolicy): unsupported anchor +(dnsPolicy)"},
      {"anchor-place", pods("pattern: {spec: {=(dnsPolicy): Default}}"), ""},
      {"does-not-load",
       pods("deny: {conditions: {any: [{key: a, operator: Resembles, value: b}]}}"),
       "high /spec/rules/0/validate/deny/conditions/any/0/operator: unknown operator "
       "\"Resembles\""},
      {"does-not-load", pods("deny: {conditions: {any: [{key: a, operator: Equals, value: b}]}}"),
       ""},
  });
}

TEST(Lint, Autogen) {
  const std::string pod =
      "  - name: one\n    match: {any: [{resources: {kinds: [Pod]}}]}\n"
      "    validate: {message: m, pattern: {spec: {hostPID: false}}}\n";
  const auto other = [](std::string_view resources) {
    return "  - name: two\n    match: {any: [{resources: " + std::string(resources) +
           "}]}\n    validate: {message: m, deny: {}}\n";
  };
  expect({
      {"autogen-off", classic(pod + other("{kinds: [Service], names: [a]}")),
       "medium /spec/rules/0/match: Deployments and other controllers are not judged, because rule "
       "`two` "
       "has `names` in its `match`"},
      {"autogen-off", classic(other("{kinds: [Pod], selector: {matchLabels: {a: b}}}")),
       "info /spec/rules/0/match: Deployments and other controllers are not judged: the rule has "
       "`selector` in its `match`"},
      {"autogen-off", classic(pod), ""},
      {"autogen-off", classic(pod + other("{kinds: [Service]}")), ""},
      {"autogen-off", classic(other("{kinds: [Service], names: [a]}")), ""},
  });
}

TEST(Lint, WhatAuthorsMayWantToKnow) {
  expect({
      {"pod-security-says-the-same", pods("pattern: {spec: {=(hostNetwork): false}}"),
       "info /spec/rules/0/validate: the Pod Security check `hostNamespaces` (baseline) examines "
       "the "
       "same field"},
      {"pod-security-says-the-same",
       validation(
           "object.spec.containers.all(c, c.?securityContext.?privileged.orValue(false) == false)"),
       "info /spec/validations: the Pod Security check `privileged` (baseline) examines the same "
       "field"},
      {"pod-security-says-the-same", pods("podSecurity: {level: baseline, version: latest}"), ""},
      {"pod-security-says-the-same", pods("pattern: {metadata: {labels: {team: '?*'}}}"), ""},
      {"message-missing",
       classic("  - name: r\n    match: {any: [{resources: {kinds: [Pod]}}]}\n    validate: {deny: "
               "{}}\n"),
       "low /spec/rules/0/validate: `validate` has no `message`"},
      {"message-missing", native("  validations: [{expression: 'true'}]\n"),
       "low /spec/validations/0: the expression has neither `message` nor `messageExpression`"},
      {"message-missing", pods("deny: {}"), ""},
      {"message-missing", validation("true"), ""},
      {"platform-namespaces", pods("failureAction: Enforce"),
       "info /spec/rules/0/match: pods of kube-system and of the policy engine would be refused, "
       "too"},
      {"platform-namespaces", pods("failureAction: Audit"), ""},
      {"platform-namespaces",
       classic("  - name: r\n    match: {any: [{resources: {kinds: [Pod], namespaces: [a]}}]}\n"
               "    validate: {message: m, failureAction: Enforce, deny: {}}\n"),
       ""},
      {"cel-unguarded-field", validation("object.metadata.labels['team'] == 'a'"),
       "low /spec/validations/0/expression: `object.metadata.labels` is read without asking "
       "whether it is "
       "there"},
      {"cel-unguarded-field", validation("has(c.securityContext.privileged)"),
       "low /spec/validations/0/expression: `c.securityContext` is read without asking whether it "
       "is "
       "there"},
      {"cel-unguarded-field",
       validation("has(object.metadata.labels) && object.metadata.labels.team == 'a'"), ""},
      {"cel-unguarded-field", validation("object.metadata.?labels.team.orValue('') == 'a'"), ""},
      {"cel-unguarded-field",
       validation("'labels' in object.metadata && object.metadata.labels.x == 'a'"), ""},
      {"cel-unguarded-field", validation("object.metadata.name == 'a.labels.b'"), ""},
      {"cel-unguarded-field",
       validation("!c.?securityContext.?seccompProfile.?type.hasValue() || "
                  "c.securityContext.seccompProfile.type == 'a'"),
       ""},
  });
}

TEST(Lint, Deprecated) {
  const auto operation = [](std::string_view op) {
    return pods("deny: {conditions: {any: [{key: a, operator: " + std::string(op) +
                ", value: [b]}]}}");
  };
  expect({
      {"deprecated-field", pods("deny: {}", "validationFailureAction: Audit"),
       "low /spec/validationFailureAction: `validationFailureAction` is deprecated; use "
       "`failureAction` "
       "under `validate` of each rule"},
      {"deprecated-field", matching("{resources: {kinds: [Pod]}}"),
       "low /spec/rules/0/match/resources: `match.resources` is the old form; use `any` or `all`"},
      {"deprecated-field", pods("deny: {conditions: [{key: a, operator: Equals, value: b}]}"),
       "low /spec/rules/0/validate/deny/conditions: a plain list under `conditions` is the old "
       "form; use "
       "`all` or `any`"},
      {"deprecated-field", pods("assert: {object: {(operator): In}}"),
       "low /spec/rules/0/validate/assert: `assert` has no effect since Kyverno 1.19; use "
       "`validate.cel` or a ValidatingPolicy"},
      {"deprecated-field", pods("deny: {}"), ""},
      {"deprecated-field",
       pods("deny: {conditions: {all: [{key: a, operator: Equals, value: b}]}}"), ""},
      {"deprecated-operator", operation("In"),
       "low /spec/rules/0/validate/deny/conditions/any/0/operator: `In` is deprecated; use `AnyIn` "
       "or "
       "`AllIn`"},
      {"deprecated-operator", operation("DurationLessThan"),
       "low /spec/rules/0/validate/deny/conditions/any/0/operator: `DurationLessThan` is "
       "deprecated; use "
       "`LessThan`"},
      {"deprecated-operator", operation("AnyIn"), ""},
      {"deprecated-operator", operation("LessThan"), ""},
      {"deprecated-kind", pods("deny: {}"),
       "info /kind: upstream has deprecated ClusterPolicy; its successor is ValidatingPolicy, "
       "MutatingPolicy, GeneratingPolicy or ImageValidatingPolicy"},
      {"deprecated-kind", validation("true"), ""},
  });
}

// Nothing of this may end the program; what is wrong is said by does-not-load.
TEST(Lint, PoliciesOfAnyShape) {
  const std::array<std::string, 10> policies{
      "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\n",
      "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata: {name: a}\nspec: [a]\n",
      "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata: {name: a}\nspec: {rules: a}\n",
      classic("  - a\n  - null\n  - [b]\n"),
      classic("  - match: a\n    exclude: [b]\n    validate: c\n    mutate: d\n"),
      classic("  - match: {any: {a: b}, all: c}\n    validate: {foreach: {a: b}, anyPattern: c, "
              "cel: d}\n"),
      classic(
          "  - match: {any: [a, null, {resources: [b]}]}\n    validate: {pattern: [[['{{']]]}\n"),
      classic("  - match: {any: [{resources: {kinds: [{a: b}, null, ////], operations: a}}]}\n"
              "    validate: {cel: {expressions: [a, {expression: '((('}]}}\n"),
      native("  validations: a\n  matchConstraints: [b]\n"),
      native("  validations: [a, {expression: \"has(.'\"}, {expression: '...'}, {expression: "
             "'\\'}]\n"),
  };
  for (const std::string& policy : policies) {
    Linted linted;
    lint(policy, linted);
    EXPECT_EQ(linted.report.policies, 1U) << policy;
  }
}

TEST(Lint, PatternsNestedDeeply) {
  constexpr std::size_t kDepth = 400;
  std::string pattern;
  for (std::size_t i = 0; i < kDepth; ++i) {
    pattern += "{a: ";
  }
  pattern += "'x | *'" + std::string(kDepth, '}');
  EXPECT_NE(said(pods("pattern: " + pattern), "any-value-passes"), "");
}

TEST(Lint, OtherObjectsArePassedOver) {
  Linted linted;
  lint("{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}", linted);
  EXPECT_EQ(linted.report.policies, 0U);
  EXPECT_TRUE(linted.report.findings.empty());
}

TEST(LintChecks, RecordsAreWhole) {
  std::set<std::string_view> seen;
  for (const finding::Check* check : lint_checks()) {
    SCOPED_TRACE(check->id);
    EXPECT_TRUE(seen.insert(check->id).second);
    EXPECT_EQ(check->engine, "policy-lint");
    EXPECT_FALSE(check->title.empty());
    EXPECT_TRUE(check->description.ends_with('.'));
    EXPECT_TRUE(check->remedy.ends_with('.') || check->remedy.ends_with("`."));
  }
}

std::string reference() {
  std::string out =
      "# What `tally lint` says of policies\n\n"
      "For authors of Kyverno policies, classic and CEL, and of ValidatingAdmissionPolicies. "
      "Generated "
      "from the records of\nthe checks; change those, not this page. A finding may be less severe "
      "than "
      "its check: what is probably meant as it\nis, is `low` or `info`.\n";
  for (const finding::Check* check : lint_checks()) {
    out += "\n## " + std::string(check->id) + "\n\n" + std::string(check->title) + " (" +
           std::string(finding::to_text(check->severity)) + ")\n\n" +
           std::string(check->description) + "\n\n**What to do:** " + std::string(check->remedy) +
           "\n";
  }
  return out;
}

TEST(LintChecks, DocumentationIsWhatTheRecordsSay) {
  const std::string path = TALLY_SOURCE_DIR "/docs/lint.md";
  const std::string wanted = reference();
  if (std::getenv("UPDATE_GOLDEN") != nullptr) {  // NOLINT(concurrency-mt-unsafe): one thread
    std::ofstream(path, std::ios::binary) << wanted;
  }
  std::ostringstream found;
  found << std::ifstream(path, std::ios::binary).rdbuf();
  EXPECT_EQ(found.str(), wanted) << "UPDATE_GOLDEN=1 writes docs/lint.md anew";
}

}  // namespace
}  // namespace tally::kyverno

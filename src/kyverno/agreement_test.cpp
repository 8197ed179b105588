// Differences from Kyverno 1.19.1 that generated objects have shown (tests/reference/
// kyverno_agreement), each with its smallest case; expectations are the CLI's own answers.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "document/read.hpp"
#include "kube/objects.hpp"
#include "kyverno/policy_set.hpp"

namespace tally::kyverno {
namespace {

struct Row {
  const char* name;
  std::string_view policy;  // spec
  std::string_view object;
  Phase phase;
  std::string_view expected;  // "rule=verdict: message" a line
};

std::string answers(const Row& row) {
  Arena arena;
  std::vector<std::shared_ptr<const document::Source>> sources;
  const auto read = [&](std::string text) {
    sources.push_back(document::Source::from_text("test", std::move(text)));
    return *kube::object_from_node(*document::read_one(*sources.back(), arena),
                                   sources.back().get());
  };
  const std::vector<kube::Object> policies{
      read("apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata: {name: p}\nspec:\n" +
           std::string(row.policy))};
  const Loaded loaded = PolicySet::load({.policies = policies});
  const kube::Object object = read(std::string(row.object));
  const kube::Review review = kube::Review::from_file_object(object, "default", arena);
  Scratch scratch;
  scratch.begin();
  std::string out;
  for (const RuleResponse& rule :
       loaded.set.judge(0, row.phase, {.review = &review}, scratch).rules) {
    out += std::string(rule.rule->name) + "=" + std::string(to_text(rule.verdict)) + ": " +
           std::string(rule.message) + "\n";
  }
  return out;
}

constexpr std::string_view kBranch =
    "{apiVersion: v1, kind: ConfigMap, metadata: {name: branch, namespace: retail}, "
    "data: {city: Basel}}";

TEST(Agreement, WithAnswersOfTheCommandLine) {
  const Row rows[] = {
      {"a variable that is not there is named",
       R"(
  rules:
  - name: city
    match: {any: [{resources: {kinds: [ConfigMap]}}]}
    validate:
      deny: {conditions: {any: [{key: "{{ request.object.data.street }}", operator: Equals, value: x}]}}
)",
       kBranch, Phase::Validate,
       "city=error: failed to check deny conditions: failed to substitute variables in condition "
       "key: failed to resolve request.object.data.street at path : JMESPath query failed: Unknown "
       "key \"street\" in path\n"},
      {"the list of a mutation that is not there, told twice",
       R"(
  rules:
  - name: each
    match: {any: [{resources: {kinds: [ConfigMap]}}]}
    mutate:
      foreach:
      - list: request.object.data.streets
        patchStrategicMerge: {data: {a: b}}
)",
       kBranch, Phase::Mutate,
       "each=error: failed to evaluate list request.object.data.streets: JMESPath query failed: "
       "Unknown key \"streets\" in path: JMESPath query failed: Unknown key \"streets\" in path\n"},
      {"after a patch that failed no rule is asked",
       R"(
  rules:
  - name: first
    match: {any: [{resources: {kinds: [ConfigMap]}}]}
    mutate:
      foreach:
      - list: request.object.data.streets
        patchStrategicMerge: {data: {a: b}}
  - name: second
    match: {any: [{resources: {kinds: [ConfigMap]}}]}
    mutate: {patchStrategicMerge: {data: {city: Bern}}}
)",
       kBranch, Phase::Mutate,
       "first=error: failed to evaluate list request.object.data.streets: JMESPath query failed: "
       "Unknown key \"streets\" in path: JMESPath query failed: Unknown key \"streets\" in path\n"},
      {"a precondition that fails stops its own rule only",
       R"(
  rules:
  - name: first
    match: {any: [{resources: {kinds: [ConfigMap]}}]}
    preconditions: {all: [{key: "{{ request.object.data.street }}", operator: Equals, value: x}]}
    mutate: {patchStrategicMerge: {data: {city: Bern}}}
  - name: second
    match: {any: [{resources: {kinds: [ConfigMap]}}]}
    mutate: {patchStrategicMerge: {data: {city: Bern}}}
)",
       kBranch, Phase::Mutate,
       "first=error: failed to evaluate preconditions: failed to substitute variables in condition "
       "key: failed to resolve request.object.data.street at path : JMESPath query failed: Unknown "
       "key \"street\" in path\nsecond=pass: mutated ConfigMap/branch in namespace retail\n"},
      {"a place in a patch is named with the patch",
       R"(
  rules:
  - name: merge
    match: {any: [{resources: {kinds: [ConfigMap]}}]}
    mutate: {patchStrategicMerge: {data: {city: "{{ request.object.data.street }}"}}}
)",
       kBranch, Phase::Mutate,
       "merge=error: variable substitution failed: failed to resolve request.object.data.street at "
       "path /mutate/patchStrategicMerge/data/city: JMESPath query failed: Unknown key \"street\" "
       "in "
       "path\n"},
      {"a place in a JSON patch",
       R"(
  rules:
  - name: patch
    match: {any: [{resources: {kinds: [ConfigMap]}}]}
    mutate: {patchesJson6902: "- {op: add, path: /data/x, value: '{{ request.object.data.street }}'}"}
)",
       kBranch, Phase::Mutate,
       "patch=error: variable substitution failed: failed to resolve request.object.data.street at "
       "path /mutate/patchesJson6902: JMESPath query failed: Unknown key \"street\" in path\n"},
      {"a place in a patch of foreach",
       R"(
  rules:
  - name: each
    match: {any: [{resources: {kinds: [ConfigMap]}}]}
    mutate: {foreach: [{list: "['a']", patchStrategicMerge: {data: {city: "{{ request.object.data.street }}"}}}]}
)",
       kBranch, Phase::Mutate,
       "each=error: failed to mutate elements: variable substitution failed: failed to resolve "
       "request.object.data.street at path /patchStrategicMerge/data/city: JMESPath query failed: "
       "Unknown key \"street\" in path\n"},
      {"what holds and what does not, by a static pattern and its message",
       R"(
  rules:
  - name: fails
    match: {any: [{resources: {kinds: [ConfigMap]}}]}
    validate: {message: "not {{ request.object.data.city }}", pattern: {data: {city: Bern}}}
  - name: holds
    match: {any: [{resources: {kinds: [ConfigMap]}}]}
    validate: {message: m, pattern: {data: {city: B*}}}
  - name: names
    match: {any: [{resources: {kinds: [ConfigMap]}}]}
    validate: {message: "not {{ request.object.data.street }}", pattern: {data: {city: Bern}}}
)",
       kBranch, Phase::Validate,
       "fails=fail: validation error: not Basel. rule fails failed at path /data/city/\n"
       "holds=pass: validation rule 'holds' passed.\n"
       "names=fail: validation error: variables substitution error in rule names execution error: "
       "resource value 'Basel' does not match 'Bern' at path /data/city/\n"},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(answers(row), row.expected) << row.name;
  }
}

}  // namespace
}  // namespace tally::kyverno

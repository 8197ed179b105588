// Loading, and what has no recording: policies that are given, unknown things, failure policies.
#include "admission_policy/policy_set.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "document/read.hpp"
#include "kube/objects.hpp"

namespace tally::admission_policy {
namespace {

class Input {
 public:
  explicit Input(const std::string& yaml) {
    kube::load_api_kinds();
    source_ = document::Source::from_text("input.yaml", yaml);
    std::vector<document::Document> documents;
    std::vector<document::DocumentError> errors;
    for (const document::Slice slice : document::split(*source_)) {
      document::read_slice(*source_, slice, arena, {}, documents, errors);
    }
    EXPECT_TRUE(errors.empty());
    std::vector<kube::NotAnObject> rejected;
    for (const document::Document& document : documents) {
      kube::append_objects(document, *source_, objects, rejected);
    }
  }
  Arena arena;
  std::vector<kube::Object> objects;

 private:
  std::shared_ptr<const document::Source> source_;
};

std::string policy(const std::string& spec, const std::string& more_match = "") {
  return "apiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingAdmissionPolicy\n"
         "metadata: {name: p}\nspec:\n  matchConstraints:\n    resourceRules:\n    - {apiGroups: "
         "[''], apiVersions: [v1], operations: [CREATE], resources: [configmaps]}\n" +
         more_match + spec;
}

constexpr const char* kConfigMap =
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c, namespace: shop}\ndata: {a: b}\n";

struct LoadRow {
  const char* name;
  std::string text;
  bool given;
  std::vector<const char*> problems;
  std::size_t applied;
};

TEST(PolicySet, Load) {
  const std::string binding =
      "---\napiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingAdmissionPolicyBinding\n"
      "metadata: {name: b}\nspec: {policyName: p, validationActions: [Deny]}\n";
  const std::string valid = policy("  validations: [{expression: 'true'}]\n");
  const std::vector<LoadRow> rows = {
      {"given without a binding", valid, true, {}, 1},
      {"found without a binding", valid, false, {"not-bound"}, 0},
      {"found with a binding", valid + binding, false, {}, 1},
      {"a binding alone", binding, false, {"no-policy"}, 0},
      {"no validations", policy(""), true, {"invalid"}, 0},
      {"does not compile",
       policy("  validations: [{expression: 'object.'}]\n"),
       true,
       {"does-not-compile"},
       0},
      {"no boolean",
       policy("  validations: [{expression: 'object.data.a'}]\n"),
       true,
       {"does-not-compile"},
       0},
      {"variables in a match condition",
       policy("  variables: [{name: v, expression: '1'}]\n  matchConditions: [{name: m, "
              "expression: 'variables.v == 1'}]\n  validations: [{expression: 'true'}]\n"),
       true,
       {"does-not-compile"},
       0},
      {"a field that the kind does not have",
       policy("  validations: [{expression: 'object.dat.a == \"b\"'}]\n"),
       true,
       {"type-warning"},
       1},
      {"a repeated reason",
       policy("  validations: [{expression: 'true', reason: Bad}]\n"),
       true,
       {"invalid"},
       0},
      {"Deny and Warn",
       valid + "---\napiVersion: admissionregistration.k8s.io/v1\nkind: "
               "ValidatingAdmissionPolicyBinding\nmetadata: {name: b}\nspec: {policyName: p, "
               "validationActions: [Deny, Warn]}\n",
       false,
       {"invalid"},
       0},
  };
  for (const LoadRow& row : rows) {
    SCOPED_TRACE(row.name);
    const Input input(row.text);
    const std::span<const kube::Object> none;
    const Loaded loaded =
        PolicySet::load({.given = row.given ? std::span<const kube::Object>(input.objects) : none,
                         .found = row.given ? none : std::span<const kube::Object>(input.objects),
                         .snapshot = nullptr,
                         .kinds = nullptr});
    std::vector<std::string> kinds;
    for (const LoadProblem& problem : loaded.problems) {
      kinds.emplace_back(to_text(problem.kind));
    }
    EXPECT_EQ(kinds, std::vector<std::string>(row.problems.begin(), row.problems.end()));
    EXPECT_EQ(loaded.set.entries().size(), row.applied);
  }
}

struct AdmitRow {
  const char* name;
  std::string text;
  const char* verdict;  // "" nothing is said
  const char* message;
  bool allowed;
};

TEST(PolicySet, Admit) {
  const std::string selector = "    namespaceSelector: {matchLabels: {team: a}}\n";
  const std::vector<AdmitRow> rows = {
      {"true", policy("  validations: [{expression: 'true'}]\n"), "", "", true},
      {"false", policy("  validations: [{expression: 'object.data.a == \"c\"', message: 'no'}]\n"),
       "fail", "no", false},
      {"an error", policy("  validations: [{expression: 'object.data.z == \"c\"'}]\n"), "error",
       "expression 'object.data.z == \"c\"' resulted in error: no such key: z", false},
      {"an error that is ignored",
       policy("  failurePolicy: Ignore\n  validations: [{expression: 'object.data.z == \"c\"'}]\n"),
       "error", "expression 'object.data.z == \"c\"' resulted in error: no such key: z", true},
      {"a namespace that is not known",
       policy("  validations: [{expression: 'object.data.a == \"c\"', message: 'no'}]\n", selector),
       "unknown", "no", true},
      {"which does not matter when all is well",
       policy("  validations: [{expression: 'true'}]\n", selector), "", "", true},
      {"labels of a namespace that is not known",
       policy("  validations: [{expression: \"'team' in namespaceObject.metadata.labels\"}]\n"),
       "unknown",
       "expression ''team' in namespaceObject.metadata.labels' depends on what is not known", true},
      {"has() of them",
       policy("  validations: [{expression: 'has(namespaceObject.metadata.labels.team)'}]\n"),
       "unknown",
       "expression 'has(namespaceObject.metadata.labels.team)' depends on what is not known", true},
      {"its name is known",
       policy("  validations: [{expression: \"namespaceObject.metadata.name == 'shop'\"}]\n"), "",
       "", true},
      {"the user of a file",
       policy("  validations: [{expression: \"request.userInfo.username == 'x'\"}]\n"), "unknown",
       "expression 'request.userInfo.username == 'x'' depends on what is not known", true},
      {"which does not matter",
       policy("  validations: [{expression: \"true || request.userInfo.username == 'x'\"}]\n"), "",
       "", true},
      {"an authorizer without a host",
       policy("  validations: [{expression: \"authorizer.group('').resource('pods').check('get')"
              ".allowed()\"}]\n"),
       "unknown", nullptr, true},
  };
  for (const AdmitRow& row : rows) {
    SCOPED_TRACE(row.name);
    Input input(row.text + "---\n" + kConfigMap);
    const Loaded loaded = PolicySet::load(
        {.given = input.objects, .found = {}, .snapshot = nullptr, .kinds = nullptr});
    ASSERT_EQ(loaded.set.entries().size(), 1U);
    Scratch scratch;
    const kube::Review review =
        kube::Review::from_file_object(input.objects.back(), "default", input.arena);
    const Decision decision = loaded.set.admit(review, scratch);
    EXPECT_EQ(decision.is_allowed, row.allowed) << decision.message;
    ASSERT_EQ(decision.outcomes.size(), std::string_view(row.verdict).empty() ? 0U : 1U);
    if (!decision.outcomes.empty()) {
      EXPECT_EQ(to_text(decision.outcomes[0].verdict), row.verdict);
      if (row.message != nullptr) {
        EXPECT_EQ(decision.outcomes[0].message, row.message);
      }
      EXPECT_EQ(decision.outcomes[0].pointer, "/spec/validations/0/expression");
      EXPECT_GT(decision.outcomes[0].offset, 0U);
    }
  }
}

}  // namespace
}  // namespace tally::admission_policy

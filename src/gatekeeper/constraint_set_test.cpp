#include "gatekeeper/constraint_set.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "document/read.hpp"
#include "kube/api_kinds.hpp"
#include "kube/objects.hpp"

namespace tally::gatekeeper {
namespace {

constexpr std::string_view kSchema =
    "{type: object, properties: {max: {type: integer, default: 3}, min: {type: integer}}}";

class ConstraintSetTest : public testing::Test {
 protected:
  ConstraintSetTest() { kube::load_api_kinds(); }

  kube::Object object(std::string_view text) {
    sources_.push_back(document::Source::from_text("test.yaml", text));
    const auto read = document::read_one(*sources_.back(), arena_);
    EXPECT_TRUE(read) << text;
    const auto made = kube::object_from_node(*read, sources_.back().get());
    EXPECT_TRUE(made) << text;
    return *made;
  }
  kube::Object template_of(std::string_view source, std::string_view schema = kSchema) {
    return object(fmt::format(
        "{{apiVersion: templates.gatekeeper.sh/v1, kind: ConstraintTemplate, metadata: {{name: "
        "fewreplicas}}, spec: {{crd: {{spec: {{names: {{kind: FewReplicas}}, validation: "
        "{{openAPIV3Schema: {}}}}}}}, targets: [{{target: admission.k8s.gatekeeper.sh, code: "
        "[{{engine: K8sNativeValidation, source: {}}}]}}]}}}}",
        schema, source));
  }
  kube::Object constraint(std::string_view spec) {
    return object(
        fmt::format("{{apiVersion: constraints.gatekeeper.sh/v1beta1, kind: FewReplicas, metadata: "
                    "{{name: few}}, spec: {}}}",
                    spec));
  }
  std::vector<std::string> judge(const kube::Object& policy, const kube::Object& of,
                                 const kube::Review& review) {
    templates_ = {policy};
    constraints_ = {of};
    loaded_ = ConstraintSet::load({.templates = templates_, .constraints = constraints_});
    EXPECT_TRUE(loaded_.problems.empty()) << loaded_.problems.front().message;
    std::vector<std::string> messages;
    if (!loaded_.set.constraints().empty()) {
      for (const Violation& violation :
           loaded_.set.judge(0, {.review = &review, .is_user_unknown_when_empty = false}, scratch_)
               .violations) {
        messages.push_back((violation.is_unknown ? "unknown: " : "") +
                           std::string(violation.message));
      }
    }
    return messages;
  }
  kube::Review create(std::int64_t replicas) {
    return kube::Review::from_file_object(
        object(fmt::format("{{apiVersion: apps/v1, kind: Deployment, metadata: {{name: web, "
                           "namespace: shop}}, spec: {{replicas: {}}}}}",
                           replicas)),
        "default", arena_);
  }
  std::vector<LoadProblem> problems(std::span<const kube::Object> templates,
                                    std::span<const kube::Object> constraints) {
    return ConstraintSet::load({.templates = templates, .constraints = constraints}).problems;
  }

  Arena arena_;
  std::vector<std::shared_ptr<const document::Source>> sources_;
  std::vector<kube::Object> templates_;
  std::vector<kube::Object> constraints_;
  Loaded loaded_;
  Scratch scratch_;
};

constexpr std::string_view kAtMost =
    "{variables: [{name: limit, expression: variables.params.max}], validations: [{expression: "
    "variables.anyObject.spec.replicas <= variables.limit, messageExpression: \"'at most ' + "
    "string(variables.limit)\"}]}";

TEST_F(ConstraintSetTest, ParametersAndTheirDefaults) {
  const kube::Object policy = template_of(kAtMost);
  EXPECT_TRUE(judge(policy, constraint("{parameters: {max: 5}}"), create(5)).empty());
  EXPECT_EQ(judge(policy, constraint("{parameters: {max: 5}}"), create(6)),
            (std::vector<std::string>{"at most 5"}));
  EXPECT_TRUE(judge(policy, constraint("{parameters: {}}"), create(3)).empty());
  EXPECT_EQ(judge(policy, constraint("{parameters: {}}"), create(4)),
            (std::vector<std::string>{"at most 3"}));
  EXPECT_TRUE(judge(policy, constraint("{match: {namespaces: [bank]}, parameters: {}}"), create(9))
                  .empty());
}

TEST_F(ConstraintSetTest, AnyObjectIsWhatWasDeleted) {
  kube::Review review = create(9);
  review.operation = kube::Operation::Delete;
  std::swap(review.object, review.old_object);
  EXPECT_EQ(judge(template_of(kAtMost), constraint("{parameters: {}}"), review),
            (std::vector<std::string>{"at most 3"}));
  EXPECT_EQ(judge(template_of("{validations: [{expression: object != null, message: gone}]}"),
                  constraint("{}"), review),
            (std::vector<std::string>{"gone"}));
}

TEST_F(ConstraintSetTest, ErrorsAreViolationsUnlessIgnored) {
  constexpr std::string_view kWrong =
      "{{failurePolicy: {}, validations: [{{expression: variables.anyObject.spec.none > 1}}]}}";
  EXPECT_EQ(judge(template_of(fmt::format(kWrong, "Fail")), constraint("{}"), create(1)),
            (std::vector<std::string>{"expression 'variables.anyObject.spec.none > 1' resulted in "
                                      "error: no such key: none"}));
  EXPECT_TRUE(
      judge(template_of(fmt::format(kWrong, "Ignore")), constraint("{}"), create(1)).empty());
  EXPECT_EQ(judge(template_of("{validations: [{expression: variables.anyObject == null}]}"),
                  constraint("{}"), create(1)),
            (std::vector<std::string>{"failed expression: variables.anyObject == null"}));
}

TEST_F(ConstraintSetTest, MatchConditions) {
  constexpr std::string_view kUpdate =
      "{matchCondition: [{name: update, expression: 'request.operation == \"UPDATE\"'}], "
      "validations: [{expression: 'false', message: never}]}";
  EXPECT_TRUE(judge(template_of(kUpdate), constraint("{}"), create(1)).empty());
  kube::Review review = create(1);
  review.operation = kube::Operation::Update;
  EXPECT_EQ(judge(template_of(kUpdate), constraint("{}"), review),
            (std::vector<std::string>{"never"}));
}

TEST_F(ConstraintSetTest, RegoAloneIsUnknown) {
  const kube::Object rego = object(
      "{apiVersion: templates.gatekeeper.sh/v1beta1, kind: ConstraintTemplate, metadata: {name: "
      "fewreplicas}, spec: {crd: {spec: {names: {kind: FewReplicas}}}, targets: [{target: "
      "admission.k8s.gatekeeper.sh, rego: 'package a'}]}}");
  EXPECT_EQ(judge(rego, constraint("{}"), create(1)),
            (std::vector<std::string>{"unknown: Rego: not implemented yet"}));
  EXPECT_EQ(loaded_.set.constraints()[0].engine, Engine::RegoOnly);
}

TEST_F(ConstraintSetTest, ProblemsOfLoading) {
  struct Case {
    const char* source;
    LoadProblem::Kind kind;
    const char* pointer;
  };
  for (const Case& one :
       {Case{"{validations: [{expression: 'object.'}]}", LoadProblem::Kind::DoesNotCompile,
             "/spec/targets/0/code/0/source/validations/0/expression"},
        Case{"{validations: [{expression: params.x}]}", LoadProblem::Kind::DoesNotCompile,
             "/spec/targets/0/code/0/source/validations/0/expression"},
        Case{"{variables: [{name: a, expression: '1 +'}], validations: []}",
             LoadProblem::Kind::DoesNotCompile,
             "/spec/targets/0/code/0/source/variables/0/expression"},
        Case{"{variables: [{name: params, expression: '1'}]}", LoadProblem::Kind::Invalid,
             "/spec/targets/0/code/0/source/variables/0/name"},
        Case{"{variables: [{name: gatekeeper_internal_x, expression: '1'}]}",
             LoadProblem::Kind::Invalid, "/spec/targets/0/code/0/source/variables/0/name"},
        Case{"{failurePolicy: Maybe}", LoadProblem::Kind::Invalid,
             "/spec/targets/0/code/0/source/failurePolicy"}}) {
    const std::vector<kube::Object> templates{template_of(one.source)};
    const auto found = problems(templates, {});
    ASSERT_FALSE(found.empty()) << one.source;
    EXPECT_EQ(found[0].kind, one.kind) << one.source;
    EXPECT_EQ(found[0].pointer, one.pointer) << one.source;
  }
  const std::vector<kube::Object> constraints{constraint("{}")};
  EXPECT_EQ(problems({}, constraints).front().kind, LoadProblem::Kind::NoTemplate);
  const std::vector<kube::Object> templates{template_of(kAtMost)};
  const std::vector<kube::Object> wrong{constraint("{match: 3}")};
  EXPECT_EQ(problems(templates, wrong).front().pointer, "/spec/match");
  for (const char* text :
       {"{apiVersion: templates.gatekeeper.sh/v1, kind: ConstraintTemplate}",
        "{apiVersion: templates.gatekeeper.sh/v1, kind: ConstraintTemplate, spec: {crd: {spec: "
        "{names: {kind: A}}}, targets: []}}",
        "{apiVersion: templates.gatekeeper.sh/v1, kind: ConstraintTemplate, spec: {crd: {spec: "
        "{names: {kind: [A]}}}, targets: 3}}"}) {
    const std::vector<kube::Object> broken{object(text)};
    EXPECT_FALSE(problems(broken, {}).empty()) << text;
  }
}

}  // namespace
}  // namespace tally::gatekeeper

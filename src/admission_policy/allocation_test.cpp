// After warm-up, admitting a request about which nothing is to be said allocates nothing, whatever
// the number of policies that do not concern it; and shared expressions are evaluated once.
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "admission_policy/internal/scratch_state.hpp"
#include "admission_policy/policy_set.hpp"
#include "base/testing/counted_allocations.hpp"
#include "document/read.hpp"
#include "kube/objects.hpp"

namespace tally::admission_policy {
namespace {

std::string policy(const std::string& name, const std::string& resource) {
  return "apiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingAdmissionPolicy\n"
         "metadata: {name: " +
         name +
         "}\nspec:\n  matchConstraints:\n    resourceRules:\n"
         "    - {apiGroups: [apps], apiVersions: [v1], operations: [CREATE], resources: [" +
         resource +
         "]}\n  variables:\n  - {name: containers, expression: "
         "'object.spec.template.spec.containers'}\n  validations:\n"
         "  - {expression: 'variables.containers.all(c, !c.image.endsWith(\":latest\"))'}\n"
         "  - {expression: 'object.spec.replicas <= 5', message: too many}\n";
}

const std::string kFriendly =
    "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: a}\nspec:\n"
    "  replicas: 3\n  template: {spec: {containers: [{name: a, image: 'a:1'}]}}\n";

struct Fixture {
  explicit Fixture(std::size_t concerned, std::size_t others,
                   const std::string& object = kFriendly) {
    std::string text;
    for (std::size_t i = 0; i < concerned; ++i) {
      text += policy("p" + std::to_string(i), "deployments") + "---\n";
    }
    for (std::size_t i = 0; i < others; ++i) {
      text += policy("q" + std::to_string(i), "statefulsets") + "---\n";
    }
    text += object;
    kube::load_api_kinds();
    source = document::Source::from_text("policies", text);
    std::vector<document::Document> documents;
    std::vector<document::DocumentError> errors;
    for (const document::Slice slice : document::split(*source)) {
      document::read_slice(*source, slice, arena, {}, documents, errors);
    }
    std::vector<kube::NotAnObject> rejected;
    for (const document::Document& document : documents) {
      kube::append_objects(document, *source, objects, rejected);
    }
    loaded =
        PolicySet::load({.given = objects, .found = {}, .snapshot = nullptr, .kinds = nullptr});
    review = kube::Review::from_file_object(objects.back(), "default", arena);
  }
  std::shared_ptr<const document::Source> source;
  Arena arena;
  std::vector<kube::Object> objects;
  Loaded loaded;
  kube::Review review;
  Scratch scratch;
};

std::size_t allocations_of(Fixture& f, bool is_allowed) {
  const AdmitOptions as_is{.defaults = Defaults::AsIs};
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(f.loaded.set.admit(f.review, f.scratch, as_is).is_allowed, is_allowed);
  }
  const std::size_t before = allocations;
  for (int i = 0; i < 100; ++i) {
    static_cast<void>(f.loaded.set.admit(f.review, f.scratch, as_is));
  }
  return allocations - before;
}

TEST(AdmissionPolicyAllocations, NoneForAFriendlyObject) {
  Fixture f(1, 0);
  EXPECT_EQ(allocations_of(f, true), 0U);
}

TEST(AdmissionPolicyAllocations, NoneWithManyPolicies) {
  Fixture f(20, 1000);
  EXPECT_TRUE(f.loaded.problems.empty());
  ASSERT_EQ(f.loaded.set.entries().size(), 1020U);
  EXPECT_EQ(allocations_of(f, true), 0U);
}

// Much to look at, and nothing to say.
TEST(AdmissionPolicyAllocations, NoneForALargeObject) {
  std::string object =
      "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: a}\nspec:\n"
      "  replicas: 3\n  template:\n    spec:\n      containers:\n";
  for (int i = 0; i < 5000; ++i) {
    object +=
        "      - {name: c" + std::to_string(i) + ", image: '" + std::string(200, 'x') + ":1'}\n";
  }
  Fixture f(20, 10, object);
  EXPECT_EQ(allocations_of(f, true), 0U);
}

// Denials and errors have words; these live in the scratch memory.
TEST(AdmissionPolicyAllocations, NoneForObjectsThatAreRefused) {
  const std::string head =
      "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: a}\nspec: ";
  for (const char* spec :
       {"{replicas: 7, template: {spec: {containers: [{name: a, image: 'a:latest'}]}}}",
        "{replicas: many, template: {spec: {containers: 7}}}", "{}", "[]",
        "{replicas: 1, template: {spec: {containers: [{name: a}, 7, null, []]}}}"}) {
    SCOPED_TRACE(spec);
    Fixture f(5, 5, head + spec + "\n");
    EXPECT_EQ(allocations_of(f, false), 0U);
  }
}

TEST(AdmissionPolicySharing, EqualExpressionsAreEvaluatedOnce) {
  Fixture f(20, 10);
  const Decision decision = f.loaded.set.admit(f.review, f.scratch, {});
  EXPECT_TRUE(decision.is_allowed);
  EXPECT_EQ(decision.evaluated, 20U);
  // One variable and two validations; 19 times two shared, and the variable where it was read.
  EXPECT_EQ(f.scratch.state().evaluation.evaluated(), 3U);
  EXPECT_EQ(f.scratch.state().evaluation.shared(), 38U);
}

TEST(AdmissionPolicyIndex, OthersDoNotConcern) {
  const Fixture f(0, 3);
  EXPECT_FALSE(
      f.loaded.set.concerns({.group = "apps", .version = "v1", .resource = "deployments"}));
  EXPECT_TRUE(
      f.loaded.set.concerns({.group = "apps", .version = "v1", .resource = "statefulsets"}));
}

}  // namespace
}  // namespace tally::admission_policy

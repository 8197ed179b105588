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

struct Fixture {
  explicit Fixture(std::size_t concerned, std::size_t others) {
    std::string text;
    for (std::size_t i = 0; i < concerned; ++i) {
      text += policy("p" + std::to_string(i), "deployments") + "---\n";
    }
    for (std::size_t i = 0; i < others; ++i) {
      text += policy("q" + std::to_string(i), "statefulsets") + "---\n";
    }
    text +=
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: a}\nspec:\n"
        "  replicas: 3\n  template: {spec: {containers: [{name: a, image: 'a:1'}]}}\n";
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

TEST(AdmissionPolicyAllocations, NoneWhenNothingIsSaid) {
  Fixture f(20, 1000);
  EXPECT_TRUE(f.loaded.problems.empty());
  ASSERT_EQ(f.loaded.set.entries().size(), 1020U);
  const AdmitOptions as_is{.defaults = Defaults::AsIs};
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(f.loaded.set.admit(f.review, f.scratch, as_is).is_allowed);
  }
  const std::size_t before = allocations;
  for (int i = 0; i < 100; ++i) {
    static_cast<void>(f.loaded.set.admit(f.review, f.scratch, as_is));
  }
  EXPECT_EQ(allocations - before, 0U);
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

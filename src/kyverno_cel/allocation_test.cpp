// After warm-up, judging an object that passes allocates nothing from the heap.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/testing/counted_allocations.hpp"
#include "document/read.hpp"
#include "kube/objects.hpp"
#include "kyverno_cel/policy_set.hpp"

namespace tally::kyverno_cel {
namespace {

const std::string kPolicy =
    "apiVersion: policies.kyverno.io/v1\nkind: ValidatingPolicy\nmetadata: {name: p}\nspec:\n"
    "  matchConstraints:\n    resourceRules:\n"
    "    - {apiGroups: [''], apiVersions: [v1], operations: [CREATE], resources: [pods]}\n"
    "  matchConditions:\n  - {name: c, expression: 'object.spec.containers.size() < 9'}\n"
    "  variables:\n  - {name: all, expression: 'object.spec.containers + "
    "object.spec.?initContainers.orValue([])'}\n  validations:\n"
    "  - {expression: 'variables.all.all(c, !c.image.endsWith(\":latest\"))'}\n"
    "  - {expression: 'namespaceObject == null || request.operation == \"CREATE\"'}\n"
    "  auditAnnotations:\n  - {key: k, valueExpression: '\"v\"'}\n";

const std::string kDeployment =
    "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: a}\nspec:\n"
    "  template: {spec: {containers: [{name: a, image: 'a:1'}]}}\n";

kube::Object read(const std::string& yaml, Arena& arena,
                  std::vector<std::shared_ptr<const document::Source>>& sources) {
  sources.push_back(document::Source::from_text("test", yaml));
  return *kube::object_from_node(*document::read_one(*sources.back(), arena), sources.back().get());
}

TEST(Allocation, NoneForAnObjectThatPasses) {
  kube::load_api_kinds();
  Arena arena;
  std::vector<std::shared_ptr<const document::Source>> sources;
  std::vector<kube::Object> policies;
  for (int i = 0; i < 4; ++i) {
    policies.push_back(read(kPolicy, arena, sources));
  }
  const kube::Object object = read(kDeployment, arena, sources);
  const Loaded loaded = PolicySet::load(
      {.policies = policies, .exceptions = {}, .kinds = nullptr, .now = std::nullopt});
  ASSERT_TRUE(loaded.problems.empty()) << loaded.problems[0].message;
  Scratch scratch;
  Request request;
  request.review = kube::Review::from_file_object(object, "default", arena);
  std::vector<std::uint32_t> candidates;
  const auto judge = [&] {
    candidates.clear();
    loaded.set.open(request, scratch);
    loaded.set.find(scratch, candidates);
    std::size_t passed = 0;
    for (const std::uint32_t policy : candidates) {
      passed += loaded.set.judge(policy, scratch).verdict == Verdict::Pass ? 1U : 0U;
    }
    return passed;
  };
  EXPECT_EQ(judge(), 4U);
  EXPECT_EQ(judge(), 4U);
  const std::size_t before = allocations;
  const std::size_t passed = judge();
  const std::size_t spent = allocations - before;
  EXPECT_EQ(spent, 0U);
  EXPECT_EQ(passed, 4U);
}

}  // namespace
}  // namespace tally::kyverno_cel

// After warm-up, rules with static patterns judge an object that passes without the heap.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/testing/counted_allocations.hpp"
#include "document/read.hpp"
#include "kube/objects.hpp"
#include "kyverno/policy_set.hpp"

namespace tally::kyverno {
namespace {

constexpr std::string_view kPatterns = R"(
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: vault}
spec:
  validationFailureAction: Enforce
  rules:
  - name: no-privilege
    match: {any: [{resources: {kinds: [Pod]}}]}
    exclude: {any: [{resources: {namespaces: [kube-system]}}]}
    validate:
      message: "{{ request.object.metadata.name }} asks for privileges"
      pattern:
        spec:
          =(initContainers):
          - =(securityContext): {=(privileged): "false"}
          containers:
          - image: "registry.bank.example/* | mirror.bank.example/*"
            =(securityContext): {=(privileged): "false"}
            resources: {limits: {memory: "<=2Gi"}}
  - name: no-root
    match: {any: [{resources: {kinds: [Pod]}}]}
    validate:
      message: No root
      anyPattern:
      - spec: {securityContext: {runAsNonRoot: true}}
      - spec: {containers: [{securityContext: {runAsNonRoot: true}}]}
)";

constexpr std::string_view kPod = R"(
apiVersion: v1
kind: Pod
metadata: {name: teller, namespace: branch, labels: {tier: web}}
spec:
  securityContext: {runAsNonRoot: true}
  containers:
  - name: main
    image: registry.bank.example/teller:2.1
    securityContext: {privileged: false}
    resources: {limits: {memory: 512Mi}}
)";

constexpr std::string_view kDeployment = R"(
apiVersion: apps/v1
kind: Deployment
metadata: {name: teller, namespace: branch, labels: {tier: web}}
spec:
  template:
    spec:
      securityContext: {runAsNonRoot: true}
      containers:
      - name: main
        image: mirror.bank.example/teller:2.1
        resources: {limits: {memory: 2Gi}}
)";

struct Row {
  const char* name;
  std::string_view object;
  std::size_t passes;
};

TEST(Allocation, NoneForPatternsThatHold) {
  kube::load_api_kinds();
  Arena arena;
  std::vector<std::shared_ptr<const document::Source>> sources;
  const auto read = [&](std::string_view text) {
    sources.push_back(document::Source::from_text("test", std::string(text)));
    return *kube::object_from_node(*document::read_one(*sources.back(), arena),
                                   sources.back().get());
  };
  const std::vector<kube::Object> policies{read(kPatterns), read(kPatterns)};
  const Loaded loaded = PolicySet::load({.policies = policies});
  ASSERT_TRUE(loaded.problems.empty()) << loaded.problems[0].message;
  for (const Row& row : {Row{"pod", kPod, 4}, Row{"deployment", kDeployment, 4}}) {
    const kube::Object object = read(row.object);
    const kube::Review review = kube::Review::from_file_object(object, "default", arena);
    const Request request{.review = &review};
    Scratch scratch;
    const auto judge = [&] {
      std::size_t passed = 0;
      scratch.begin();
      for (const std::uint32_t policy :
           loaded.set.candidates(Phase::Validate, review.kind, scratch)) {
        const Response response = loaded.set.judge(policy, Phase::Validate, request, scratch);
        for (const RuleResponse& rule : response.rules) {
          passed += rule.verdict == Verdict::Pass ? 1U : 0U;
        }
      }
      return passed;
    };
    judge();
    judge();
    const std::size_t before = allocations;
    const std::size_t passes = judge();
    EXPECT_EQ(allocations - before, 0U) << row.name;
    EXPECT_EQ(passes, row.passes) << row.name;
  }
}

}  // namespace
}  // namespace tally::kyverno

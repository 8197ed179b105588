// The webhook and `tally assess` say the same of the same request: recorded reviews (where the
// corpus is there) and reviews of our own, each judged both ways.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <tuple>

#include "admission/admission_review.hpp"
#include "admission/testing/desk.hpp"
#include "assessment/assessment.hpp"

namespace tally::admission {
namespace {

using testing::Desk;
using Said = std::set<std::tuple<std::string, std::string, std::string, std::string, std::string>>;

constexpr std::string_view kPolicies = R"(
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: require-team}
spec:
  validationFailureAction: Enforce
  rules:
    - name: team
      match: {any: [{resources: {kinds: ["*"]}}]}
      exclude: {any: [{subjects: [{kind: Group, name: "system:masters"}]}]}
      validate: {message: "a team is required", pattern: {metadata: {labels: {team: "?*"}}}}
---
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: no-latest}
spec:
  rules:
    - name: tag
      match: {any: [{resources: {kinds: [Pod]}}]}
      validate: {message: "no latest", pattern: {spec: {containers: [{image: "!*:latest"}]}}}
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: short-names}
spec:
  matchConstraints: {resourceRules: [{apiGroups: ["*"], apiVersions: ["*"], operations: ["*"], resources: ["*", "*/*"]}]}
  validations:
    - {expression: "request.operation == 'DELETE' || size(request.name) < 12", messageExpression: "'too long: ' + request.name"}
    - {expression: "!has(object.spec) || !has(object.spec.replicas) || object.spec.replicas < 3"}
---
apiVersion: policies.kyverno.io/v1
kind: ValidatingPolicy
metadata: {name: not-ann}
spec:
  validationActions: [Deny]
  matchConstraints: {resourceRules: [{apiGroups: ["*"], apiVersions: ["*"], operations: [CREATE, UPDATE], resources: ["*"]}]}
  validations: [{expression: "request.userInfo.username != 'ann'", message: "not you"}]
)";

Said said(std::span<const finding::Finding> findings) {
  Said out;
  for (const finding::Finding& finding : findings) {
    out.emplace(finding.check->engine, finding.check->id, finding.pointer,
                finding::to_text(finding.verdict), finding.message);
  }
  return out;
}

std::vector<std::string> reviews() {
  std::vector<std::string> out;
  const std::filesystem::path recorded = std::filesystem::path(TALLY_SOURCE_DIR) / "../shared" /
                                         "corpus/kube-recordings/admission-reviews.jsonl";
  std::ifstream file(recorded);
  for (std::string line; std::getline(file, line);) {
    const auto source = document::Source::from_text("recorded", line);
    Arena arena;
    const auto root = document::read_one(*source, arena);
    const document::Node* review = root ? root->find("review") : nullptr;
    if (review == nullptr) {
      ADD_FAILURE() << "not a recording: " << line.substr(0, 200);
      continue;
    }
    document::append_json(out.emplace_back(), *review);
  }
  for (const std::string_view user : {"ann", "bob"}) {
    for (const std::string_view image : {"a:latest", "a:1"}) {
      for (const std::string_view host : {"true", "false"}) {
        const std::string pod =
            "{apiVersion: v1, kind: Pod, metadata: {name: web, namespace: "
            "shop}, spec: {hostNetwork: " +
            std::string(host) + ", containers: [{name: m, image: \"" + std::string(image) +
            "\"}]}}";
        out.push_back(testing::review_of({.object = pod, .user = user}));
        out.push_back(testing::review_of(
            {.object = pod, .old_object = pod, .operation = "UPDATE", .user = user}));
        out.push_back(testing::review_of(
            {.object = {}, .old_object = pod, .operation = "DELETE", .user = user}));
        out.push_back(testing::review_of({.object = "{apiVersion: v1, kind: PodExecOptions}",
                                          .operation = "CONNECT",
                                          .kind = "PodExecOptions",
                                          .subresource = "exec",
                                          .user = user}));
      }
    }
  }
  return out;
}

TEST(Agreement, WebhookAndAssess) {
  const Desk desk({.policies = kPolicies,
                   .cluster = {},
                   .config =
                       "tiers: {restricted: [{names: [shop]}]}\nenforcement: {scopes: [{name: "
                       "a, namespaces: [shop], policies: [\"*\"], mode: enforce}]}"});
  for (const PolicyStatus& status : desk.statuses) {
    ASSERT_TRUE(status.is_loaded) << status.name << ": " << status.why;
  }
  assessment::RequestJudge::Scratch scratch;
  std::size_t judged = 0;
  std::size_t with_findings = 0;
  for (const std::string& body : reviews()) {
    Arena arena;
    const auto read = read_review(body, arena);
    ASSERT_TRUE(read) << read.error().to_string() << "\n" << body;
    const auto verdict =
        desk.generation->judge->judge(read->review, assessment::Steps::All, testing::kNow, scratch);
    assessment::EngineSet engines = desk.programs->engines();
    engines.network = false;
    assessment::Context context;
    context.today = 20'717;
    const finding::Assessment assessment = assessment::assess(desk.generation->world->snapshot(),
                                                              {&read->review, 1}, engines, context);
    // Objects of the snapshot have findings of their own: those of the request alone are compared.
    Said offline;
    for (const finding::Finding& finding : assessment.findings) {
      if (finding.location.source == read->source.get()) {
        offline.insert(*said({&finding, 1}).begin());
      }
    }
    EXPECT_EQ(said(verdict.findings), offline) << body;
    judged += 1;
    with_findings += offline.empty() ? 0 : 1;
  }
  EXPECT_GE(judged, 32U);
  EXPECT_GE(with_findings, 20U);
}

}  // namespace
}  // namespace tally::admission

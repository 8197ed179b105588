#include "admission/webhook.hpp"

#include <gtest/gtest.h>

#include "admission/testing/desk.hpp"

namespace tally::admission {
namespace {

using testing::Desk;
using testing::ReviewText;

constexpr std::string_view kBadPod = R"(
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec: {hostNetwork: true, containers: [{name: main, image: "registry.example/web:1"}]}
)";
constexpr std::string_view kGoodPod = R"(
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {team: blue}}
spec: {containers: [{name: main, image: "registry.example/web:1"}]}
)";
constexpr std::string_view kBadDeployment = R"(
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec: {selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, spec: {hostPID: true, containers: [{name: main, image: "registry.example/web:1"}]}}}
)";
constexpr std::string_view kTeamPolicy = R"(
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: require-team}
spec:
  validationFailureAction: Enforce
  rules:
    - name: team
      match: {any: [{resources: {kinds: [Pod]}}]}
      validate: {message: "a team is required", pattern: {metadata: {labels: {team: "?*"}}}}
)";

// What enforcement makes of the same pod.
TEST(Webhook, ModesOfOurOwnControls) {
  struct Row {
    std::string_view name;
    std::string_view config;
    std::string_view pod;
    Outcome outcome;
  };
  const Row kRows[] = {
      {"nothing set: audit", "", kBadPod, Outcome::Allowed},
      {"warn", "enforcement: {mode: warn}", kBadPod, Outcome::Warned},
      {"enforce", "enforcement: {mode: enforce}", kBadPod, Outcome::Denied},
      {"enforce, nothing wrong", "enforcement: {mode: enforce}", kGoodPod, Outcome::Allowed},
      {"scope of the namespace",
       "enforcement: {scopes: [{name: a, namespaces: [sho?], mode: enforce}]}", kBadPod,
       Outcome::Denied},
      {"scope of another namespace",
       "enforcement: {scopes: [{name: a, namespaces: [bank], mode: enforce}]}", kBadPod,
       Outcome::Allowed},
      {"scope by label",
       "enforcement: {scopes: [{name: a, selector: \"zone=inner\", mode: enforce}]}", kBadPod,
       Outcome::Denied},
      {"scope by a label that it has not",
       "enforcement: {scopes: [{name: a, selector: \"zone=outer\", mode: enforce}]}", kBadPod,
       Outcome::Allowed},
      {"the first scope that matches decides",
       "enforcement: {scopes: [{name: a, namespaces: [shop], mode: warn}, "
       "{name: b, namespaces: [shop], mode: enforce}]}",
       kBadPod, Outcome::Warned},
      {"a scope below the default",
       "enforcement: {mode: enforce, scopes: [{name: a, namespaces: [shop], mode: audit}]}",
       kBadPod, Outcome::Allowed},
      {"a scope that speaks of something else",
       "enforcement: {scopes: [{name: a, policies: [\"workload/*\"], mode: warn}]}", kBadPod,
       Outcome::Warned},
      {"new namespaces only: this one has no date",
       "enforcement: {newNamespaces: {since: \"2026-01-01\", mode: enforce}}", kBadPod,
       Outcome::Allowed},
      {"an exception",
       "enforcement: {mode: enforce}\nexceptions: [{id: E1, owner: o, reason: r, match: {rules: "
       "[\"hostNamespaces\"]}}]",
       kBadPod, Outcome::Allowed},
      {"an exception for another user",
       "enforcement: {mode: enforce}\nexceptions: [{id: E1, owner: o, reason: r, match: {rules: "
       "[\"hostNamespaces\"], users: [bob]}}]",
       kBadPod, Outcome::Denied},
      {"an exception for this user",
       "enforcement: {mode: enforce}\nexceptions: [{id: E1, owner: o, reason: r, match: {rules: "
       "[\"hostNamespaces\"], users: [\"an*\"]}}]",
       kBadPod, Outcome::Allowed},
      {"an exception that is over",
       "enforcement: {mode: enforce}\nexceptions: [{id: E1, owner: o, reason: r, match: {rules: "
       "[\"hostNamespaces\"]}, expires: \"2026-01-01\"}]",
       kBadPod, Outcome::Denied},
  };
  for (const Row& row : kRows) {
    Desk desk({.policies = {}, .cluster = {}, .config = row.config});
    const Reply reply = desk.ask({.object = row.pod});
    EXPECT_EQ(to_text(reply.outcome), to_text(row.outcome)) << row.name << "\n" << reply.body;
    EXPECT_EQ(reply.body.contains(R"("allowed":false)"), row.outcome == Outcome::Denied)
        << row.name;
  }
}

// A namespace begins in the mode that new ones have.
TEST(Webhook, NewNamespaces) {
  for (const auto& [created, outcome] : {std::pair{"2026-03-01T00:00:00Z", Outcome::Denied},
                                         std::pair{"2025-12-31T23:59:59Z", Outcome::Allowed}}) {
    const std::string cluster =
        "{apiVersion: v1, kind: Namespace, metadata: {name: shop, creationTimestamp: \"" +
        std::string(created) + "\"}}";
    Desk desk({.policies = {},
               .cluster = cluster,
               .config = "enforcement: {newNamespaces: {since: \"2026-01-01\", mode: enforce}}"});
    EXPECT_EQ(desk.ask({.object = kBadPod}).outcome, outcome) << created;
  }
}

// As Pod Security: templates warn, pods are refused; what changes nothing of the pods goes through.
TEST(Webhook, WhatIsAskedOfOurOwnControls) {
  struct Row {
    std::string_view name;
    std::string_view config;
    ReviewText review;
    Outcome outcome;
  };
  constexpr std::string_view kEnforce = "enforcement: {mode: enforce}";
  const Row kRows[] = {
      {"a template warns",
       kEnforce,
       {.object = kBadDeployment, .resource = "deployments", .group = "apps", .kind = "Deployment"},
       Outcome::Warned},
      {"a template is refused where that is wanted",
       "enforcement: {mode: enforce, podControllers: enforce}",
       {.object = kBadDeployment, .resource = "deployments", .group = "apps", .kind = "Deployment"},
       Outcome::Denied},
      {"an update that leaves the template",
       "enforcement: {mode: enforce, podControllers: enforce}",
       {.object = kBadDeployment,
        .old_object = kBadDeployment,
        .operation = "UPDATE",
        .resource = "deployments",
        .group = "apps",
        .kind = "Deployment"},
       Outcome::Allowed},
      {"an update that leaves the images",
       kEnforce,
       {.object = kBadPod, .old_object = kBadPod, .operation = "UPDATE"},
       Outcome::Allowed},
      {"an update that puts in another image",
       kEnforce,
       {.object = kBadPod,
        .old_object = R"({apiVersion: v1, kind: Pod, metadata: {name: web}, spec: {hostNetwork:
          true, containers: [{name: main, image: "registry.example/web:0"}]}})",
        .operation = "UPDATE"},
       Outcome::Denied},
      {"the status",
       kEnforce,
       {.object = kBadPod, .old_object = kBadPod, .operation = "UPDATE", .subresource = "status"},
       Outcome::Allowed},
      {"deleting",
       kEnforce,
       {.object = {}, .old_object = kBadPod, .operation = "DELETE"},
       Outcome::Allowed},
      {"exec",
       kEnforce,
       {.object = "{apiVersion: v1, kind: PodExecOptions, command: [sh]}",
        .operation = "CONNECT",
        .kind = "PodExecOptions",
        .subresource = "exec"},
       Outcome::Allowed},
  };
  for (const Row& row : kRows) {
    Desk desk({.policies = {}, .cluster = {}, .config = row.config});
    const Reply reply = desk.ask(row.review);
    EXPECT_EQ(to_text(reply.outcome), to_text(row.outcome)) << row.name << "\n" << reply.body;
  }
}

TEST(Webhook, ForeignPoliciesKeepTheirMode) {
  Desk kyverno({.policies = kTeamPolicy, .cluster = {}, .config = {}});
  EXPECT_EQ(kyverno.ask({.object = kBadPod}).outcome, Outcome::Denied);
  EXPECT_EQ(kyverno.ask({.object = kGoodPod}).outcome, Outcome::Allowed);

  std::string audit(kTeamPolicy);
  audit.replace(audit.find("Enforce"), 7, "Audit");
  Desk audited({.policies = audit, .cluster = {}, .config = {}});
  EXPECT_EQ(audited.ask({.object = kBadPod}).outcome, Outcome::Allowed);

  // Unless the operator names it.
  Desk lowered({.policies = kTeamPolicy,
                .cluster = {},
                .config = "enforcement: {scopes: [{name: a, policies: [\"require-team/*\"], "
                          "mode: warn}]}"});
  EXPECT_EQ(lowered.ask({.object = kBadPod}).outcome, Outcome::Warned);
}

// Expressions that fail: doubt denies, unless the policy or the operator says otherwise.
TEST(Webhook, Doubt) {
  const auto policy = [](std::string_view failure_policy) {
    return std::string(R"(
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: has-owner}
spec:
  failurePolicy: )") +
           std::string(failure_policy) + R"(
  matchConstraints: {resourceRules: [{apiGroups: [""], apiVersions: [v1], operations: ["*"], resources: [pods]}]}
  validations: [{expression: "object.metadata.annotations['owner'] != ''"}]
)";
  };
  struct Row {
    std::string_view name;
    std::string_view failure_policy;
    std::string_view config;
    Outcome outcome;
  };
  const Row kRows[] = {
      {"fail", "Fail", "", Outcome::Denied},
      {"ignore", "Ignore", "", Outcome::Allowed},
      {"fail, but doubt allows", "Fail", "enforcement: {onDoubt: allow}", Outcome::Warned},
  };
  for (const Row& row : kRows) {
    Desk desk({.policies = policy(row.failure_policy), .cluster = {}, .config = row.config});
    const Reply reply = desk.ask({.object = kGoodPod});
    EXPECT_EQ(to_text(reply.outcome), to_text(row.outcome)) << row.name << "\n" << reply.body;
  }
}

TEST(Webhook, DenialTellsRuleFieldFoundAllowedRemedyAndId) {
  Desk desk({.policies = {}, .cluster = {}, .config = "enforcement: {mode: enforce}"});
  const Reply reply = desk.ask({.object = kBadPod});
  ASSERT_TRUE(reply.decision.has_value());
  EXPECT_TRUE(reply.decision_id.starts_with("d-"));
  for (const std::string_view part :
       {"baseline/hostNamespaces", "spec.hostNetwork", "found:   true", "allowed: false or not set",
        "remedy:", reply.decision_id.c_str()}) {
    EXPECT_TRUE(reply.body.contains(part)) << part << "\n" << reply.body;
  }
  EXPECT_EQ(reply.decision->code, 403);
  EXPECT_EQ(reply.decision->user, "ann");
  // The same request is the same decision.
  EXPECT_EQ(desk.ask({.object = kBadPod}).decision_id, reply.decision_id);
  EXPECT_NE(desk.ask({.object = kBadPod, .user = "bob"}).decision_id, reply.decision_id);
}

TEST(Webhook, MutatesInOneCallAndValidatesInTheOther) {
  constexpr std::string_view kMutate = R"(
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: default-team}
spec:
  rules:
    - name: team
      match: {any: [{resources: {kinds: [Pod]}}]}
      mutate: {patchStrategicMerge: {metadata: {labels: {+(team): red}}}}
)";
  const std::string both = std::string(kMutate) + "---" + std::string(kTeamPolicy);
  Desk desk({.policies = both, .cluster = {}, .config = {}});
  const Reply mutated = desk.ask({.object = kBadPod}, assessment::Steps::Mutate);
  EXPECT_EQ(mutated.outcome, Outcome::Mutated) << mutated.body;
  EXPECT_TRUE(mutated.body.contains(R"("patchType":"JSONPatch")"));
  EXPECT_TRUE(mutated.decision->patch.contains(R"("op":"add")")) << mutated.decision->patch;
  // What came to the second call is what is judged, whatever the first would have made of it.
  EXPECT_EQ(desk.ask({.object = kBadPod}).outcome, Outcome::Denied);
  EXPECT_EQ(desk.ask({.object = kGoodPod}).outcome, Outcome::Allowed);
}

TEST(Webhook, ExemptIsNeverJudged) {
  Desk desk({.policies = kTeamPolicy, .cluster = {}, .config = "enforcement: {mode: enforce}"});
  desk.exempt = {.namespaces = {"tally-system"},
                 .user = "system:serviceaccount:tally-system:tally"};
  EXPECT_EQ(desk.ask({.object = kBadPod, .name_space = "tally-system"}).outcome, Outcome::Exempted);
  EXPECT_EQ(
      desk.ask({.object = kBadPod, .user = "system:serviceaccount:tally-system:tally"}).outcome,
      Outcome::Exempted);
  EXPECT_EQ(desk.ask({.object = kBadPod}).outcome, Outcome::Denied);
}

TEST(Webhook, WhatIsNoReviewIsRefused) {
  Desk desk({.policies = {}, .cluster = {}, .config = {}});
  const std::string good = testing::review_of({.object = kGoodPod});
  const auto without = [&good](std::string_view part, std::string_view instead = "") {
    std::string text = good;
    const std::size_t at = text.find(part);
    EXPECT_NE(at, std::string::npos) << part;
    return text.replace(at, part.size(), instead);
  };
  const std::string deep = std::string(300, '[') + std::string(300, ']');
  const std::pair<std::string, std::string_view> kRows[] = {
      {"", "no JSON object"},
      {"nonsense", "no JSON object"},
      {"[]", "no JSON object"},
      {"{", "not an AdmissionReview"},
      {good + good, "2 JSON values"},
      {without(R"("uid":"u-1")", R"("uid":"")"), "/request/uid"},
      {without(R"("uid":"u-1",)"), "/request/uid"},
      {without(R"("operation":"CREATE")", R"("operation":"MAKE")"), "/request/operation"},
      {without("admission.k8s.io/v1", "admission.k8s.io/v2"), "/apiVersion"},
      {without(R"("kind":"AdmissionReview")", R"("kind":"Review")"), "/kind"},
      {without(R"("groups":["dev"])", R"("groups":[1])"), "/request/userInfo/groups"},
      {without(R"("object":{)", R"("thing":{)"), "/request/object"},
      {without(R"("operation":"CREATE")", R"("operation":"DELETE")"), "/request/oldObject"},
      {without(R"("team":"blue")", R"("team":)" + deep), "not an AdmissionReview"},
  };
  for (const auto& [body, part] : kRows) {
    const Reply reply = desk.ask(body);
    EXPECT_EQ(reply.status, 400U) << body;
    EXPECT_TRUE(reply.body.contains(part)) << reply.body << "\n" << body;
  }
  EXPECT_EQ(desk.ask(good).status, 200U);
}

TEST(Webhook, SecretsAreNotKept) {
  Desk desk({.policies = R"(
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: labelled-secrets}
spec:
  validationFailureAction: Enforce
  rules:
    - name: team
      match: {any: [{resources: {kinds: [Secret]}}]}
      validate: {message: "a team is required", pattern: {metadata: {labels: {team: "?*"}}}}
)",
             .cluster = {},
             .config = {}});
  const Reply reply = desk.ask({.object = "{apiVersion: v1, kind: Secret, metadata: {name: s}, "
                                          "data: {password: aHVudGVyMg==}}",
                                .resource = "secrets",
                                .kind = "Secret"});
  ASSERT_EQ(reply.outcome, Outcome::Denied) << reply.body;
  EXPECT_TRUE(reply.decision->request.empty());
  EXPECT_FALSE(history::canonical_json(*reply.decision).contains("aHVudGVyMg"));
  EXPECT_FALSE(reply.body.contains("aHVudGVyMg"));
}

TEST(Webhook, SaysWhichContainerAnotherWebhookPutIn) {
  constexpr std::string_view kPod = R"(
apiVersion: v1
kind: Pod
metadata:
  name: web
  ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: web-1, uid: u, controller: true}]
spec:
  containers:
    - {name: main, image: "registry.example/web:1"}
    - {name: proxy, image: "registry.example/proxy:1", securityContext: {privileged: true}}
)";
  Desk desk({.policies = {}, .cluster = {}, .config = "enforcement: {mode: enforce}"});
  const OwnerContainers owners = [](std::string_view kind, std::string_view name_space,
                                    std::string_view name) {
    return kind == "ReplicaSet" && name_space == "shop" && name == "web-1"
               ? std::optional(std::vector<std::string>{"main"})
               : std::nullopt;
  };
  WebhookScratch scratch;
  const std::string body = testing::review_of({.object = kPod});
  const Reply reply = answer(*desk.generation, {},
                             {.steps = assessment::Steps::Validate,
                              .body = body,
                              .now_seconds = testing::kNow,
                              .owners = &owners},
                             scratch);
  EXPECT_TRUE(reply.body.contains(
      "container proxy was put in by a webhook or a mutating policy: the pod template "
      "of ReplicaSet web-1 does not have it"))
      << reply.body;
  // Without the owner nothing is claimed.
  EXPECT_FALSE(desk.ask(body).body.contains("was put in by"));
}

}  // namespace
}  // namespace tally::admission

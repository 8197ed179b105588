#include "assessment/assessment.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "document/read.hpp"
#include "kube/api_kinds.hpp"
#include "kube/objects.hpp"

namespace tally::assessment {
namespace {

using finding::Assessment;
using finding::Finding;

// Objects of a YAML text as a snapshot, with what they live in.
struct World {
  explicit World(const std::string& yaml) : source(document::Source::from_text("test.yaml", yaml)) {
    kube::load_api_kinds();
    std::vector<document::Document> documents;
    std::vector<document::DocumentError> errors;
    for (const auto& slice : document::split(*source)) {
      document::read_slice(*source, slice, arena, {}, documents, errors);
    }
    EXPECT_TRUE(errors.empty()) << errors.front().error.to_string();
    std::vector<kube::Object> objects;
    std::vector<kube::NotAnObject> rejected;
    for (const auto& document : documents) {
      kube::append_objects(document, *source, objects, rejected);
    }
    EXPECT_TRUE(rejected.empty());
    snapshot = kube::Snapshot::create(std::move(objects), "default");
  }

  Assessment judge(const Context& context = {}) {
    EngineSet engines;
    engines.config = &config;
    engines.network = with_network;
    return assess(*snapshot, {}, engines, context);
  }

  void configure(const std::string& yaml) {
    const auto file = document::Source::from_text("tally.yaml", yaml);
    auto parsed = input::parse_config(*file);
    ASSERT_TRUE(parsed.has_value()) << parsed.error().to_string();
    config = std::move(*parsed);
  }

  Arena arena;
  std::shared_ptr<const document::Source> source;
  std::shared_ptr<const kube::Snapshot> snapshot;
  input::Config config;
  bool with_network = false;  // has tests of its own
};

std::string pod(const std::string& name, const std::string& name_space,
                const std::string& extra = "") {
  return "apiVersion: v1\nkind: Pod\nmetadata:\n  name: " + name + "\n  namespace: " + name_space +
         "\nspec:\n  containers:\n  - name: main\n    image: registry.bank.example/a:1\n" + extra +
         "---\n";
}
const std::string kPrivileged = "    securityContext: {privileged: true}\n";

std::string name_space(const std::string& name, const std::string& labels) {
  return "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: " + name + "\n  labels: {" + labels +
         "}\n---\n";
}

std::vector<std::string> said(const Assessment& assessment, std::string_view engine) {
  std::vector<std::string> texts;
  for (const Finding& finding : assessment.findings) {
    if (finding.check->engine == engine) {
      texts.push_back(std::string(finding.check->id) + " " +
                      std::string(finding::to_text(finding.severity)) + " " +
                      std::string(finding.subject == nullptr ? "" : finding.subject->ref.name));
    }
  }
  std::ranges::sort(texts);
  return texts;
}

bool contains(const std::vector<std::string>& texts, const std::string& text) {
  return std::ranges::find(texts, text) != texts.end();
}

TEST(Assess, WithoutLabelsBaselineIsHeldAndRestrictedIsAdvice) {
  World world(pod("bad", "shop", kPrivileged) + pod("plain", "shop"));
  const Assessment assessment = world.judge();
  const auto texts = said(assessment, "pod-security");
  EXPECT_TRUE(contains(texts, "privileged high bad"));
  EXPECT_TRUE(contains(texts, "runAsNonRoot medium bad"));
  EXPECT_TRUE(contains(texts, "runAsNonRoot medium plain"));
  ASSERT_EQ(assessment.workloads.size(), 2U);
  EXPECT_FALSE(assessment.workloads[0].allowed);
  EXPECT_EQ(
      assessment.workloads[0].message,
      "would violate PodSecurity \"baseline:latest\": privileged (container \"main\" must not set "
      "securityContext.privileged=true)");
  EXPECT_EQ(assessment.workloads[0].meets, "privileged");
  EXPECT_TRUE(assessment.workloads[1].allowed);
  EXPECT_EQ(assessment.workloads[1].meets, "baseline");
}

// With hostNetwork the server copies each containerPort to hostPort, before Pod Security is asked.
TEST(Assess, PodSecurityIsJudgedWithTheDefaultsOfTheServer) {
  World world(
      "apiVersion: v1\nkind: Pod\nmetadata: {name: web, namespace: shop}\nspec:\n  hostNetwork: "
      "true\n"
      "  containers:\n  - name: main\n    image: registry.bank.example/a:1\n    ports: "
      "[{containerPort: "
      "8080}]\n");
  const auto with = said(world.judge(), "pod-security");
  EXPECT_TRUE(contains(with, "hostNamespaces high web"));
  EXPECT_TRUE(contains(with, "hostPorts high web"));
  Context as_written;
  as_written.defaults = false;
  const auto without = said(world.judge(as_written), "pod-security");
  EXPECT_TRUE(contains(without, "hostNamespaces high web"));
  EXPECT_FALSE(contains(without, "hostPorts high web"));
}

TEST(Assess, TheStricterOfTheLabelsIsHeldWithItsVersion) {
  World world(name_space("a",
                         "pod-security.kubernetes.io/enforce: privileged, "
                         "pod-security.kubernetes.io/warn: restricted, "
                         "pod-security.kubernetes.io/warn-version: v1.30") +
              pod("p", "a"));
  const Assessment assessment = world.judge();
  ASSERT_EQ(assessment.workloads.size(), 1U);
  EXPECT_EQ(assessment.workloads[0].level, "restricted");
  EXPECT_EQ(assessment.workloads[0].version, "v1.30");
  for (const Finding& finding : assessment.findings) {
    if (finding.check->engine == "pod-security") {
      EXPECT_EQ(finding.mode, finding::Mode::Warn);
      EXPECT_EQ(finding.severity, finding::Severity::High);
    }
  }
}

TEST(Assess, ATierOfTheConfigurationWinsOverLabels) {
  World world(name_space("a", "pod-security.kubernetes.io/enforce: privileged") + pod("p", "a"));
  world.configure(
      "apiVersion: tallystick.dev/v1alpha1\nkind: Configuration\ntiers:\n  restricted:\n  - names: "
      "[a]\n");
  const Assessment assessment = world.judge();
  EXPECT_EQ(assessment.workloads[0].level, "restricted");
  EXPECT_EQ(assessment.workloads[0].tier, "restricted");
  EXPECT_EQ(said(assessment, "tiers"),
            (std::vector<std::string>{"pod-security-labels-laxer high a"}));
  ASSERT_EQ(assessment.namespaces.size(), 1U);
  // Its pod meets baseline only: enforce that now, warn and audit for the goal.
  std::vector<std::string> labels;
  for (const auto& [key, value] : assessment.namespaces[0].labels_to_apply) {
    labels.push_back(std::string(key.substr(key.find('/') + 1)) + "=" + value);
  }
  const std::string version(pod_security::newest_version().to_text());
  EXPECT_EQ(labels, (std::vector<std::string>{"enforce=baseline", "enforce-version=" + version,
                                              "audit=restricted", "audit-version=" + version,
                                              "warn=restricted", "warn-version=" + version}));
}

TEST(Assess, NamespaceLabels) {
  struct Row {
    const char* labels;
    std::vector<std::string> expected;
  };
  const std::vector<Row> rows = {
      {"team: x", {"pod-security-labels-missing medium a"}},
      {"pod-security.kubernetes.io/enforce: baseline", {"pod-security-labels-unversioned info a"}},
      {"pod-security.kubernetes.io/enforce: baseline, pod-security.kubernetes.io/enforce-version: "
       "v1.30",
       {}},
      {"pod-security.kubernetes.io/enforce: strict", {"pod-security-labels-invalid high a"}},
      {"pod-security.kubernetes.io/enforce: baseline, pod-security.kubernetes.io/enforce-version: "
       "'1.30'",
       {"pod-security-labels-invalid high a"}},
      {"pod-security.kubernetes.io/enforce: privileged", {}},
  };
  for (const Row& row : rows) {
    World world(name_space("a", row.labels));
    EXPECT_EQ(said(world.judge(), "tiers"), row.expected) << row.labels;
  }
}

TEST(Assess, ALevelOnTheCommandLineIsAllThatIsJudged) {
  World world(name_space("a", "pod-security.kubernetes.io/enforce: privileged") + pod("p", "a"));
  Context context;
  context.pod_security_only =
      pod_security::LevelVersion{pod_security::Level::Restricted, pod_security::Version::minor(30)};
  const Assessment assessment = world.judge(context);
  EXPECT_EQ(assessment.workloads[0].level, "restricted");
  EXPECT_EQ(assessment.workloads[0].version, "v1.30");
  for (const Finding& finding : assessment.findings) {
    EXPECT_EQ(finding.check->engine, "pod-security");
    EXPECT_EQ(finding.severity, finding::Severity::High);
  }
}

TEST(Assess, ExemptionsAreSkippedNotPassed) {
  World world(pod("bad", "kube-tools", kPrivileged));
  world.configure(
      "apiVersion: tallystick.dev/v1alpha1\nkind: Configuration\npodSecurity:\n  exemptions:\n    "
      "namespaces: [kube-tools]\n");
  const Assessment assessment = world.judge();
  EXPECT_TRUE(said(assessment, "pod-security").empty());
  EXPECT_EQ(assessment.workloads[0].message, "exempted in tally.yaml");
  for (const auto& rule : assessment.rules) {
    if (rule.check->engine == "pod-security") {
      EXPECT_EQ(rule.pass, 0U) << rule.check->id;
      EXPECT_EQ(rule.skip, 1U) << rule.check->id;
    }
  }
}

TEST(Assess, ExceptionsAcceptCountAndExpire) {
  World world(pod("bad", "shop", kPrivileged));
  finding::Exception valid;
  valid.id = "valid";
  valid.match.rules = {"privileged"};
  finding::Exception expired = valid;
  expired.id = "expired";
  expired.match.rules = {"runAsNonRoot"};
  expired.expires = 10;
  Context context;
  context.today = 11;
  context.exceptions = {&valid, &expired};
  const Assessment assessment = world.judge(context);
  for (const Finding& finding : assessment.findings) {
    EXPECT_EQ(finding.exception, finding.check->id == "privileged" ? &valid : nullptr)
        << finding.check->id;
  }
  ASSERT_EQ(assessment.exceptions.size(), 2U);
  EXPECT_EQ(assessment.exceptions[0].findings, 1U);
  EXPECT_TRUE(assessment.exceptions[1].expired);
  EXPECT_EQ(said(assessment, "exceptions").size(), 1U);
}

TEST(Assess, TheSameObjectTwiceIsJudgedTwice) {
  World world(pod("p", "a", kPrivileged) + pod("p", "a"));
  const Assessment assessment = world.judge();
  EXPECT_EQ(assessment.workloads.size(), 2U);
  EXPECT_TRUE(contains(said(assessment, "structure"), "duplicate-object info p"));
}

TEST(Assess, Figures) {
  World world(pod("bad", "a", kPrivileged) + pod("plain", "a"));
  const Assessment assessment = world.judge();
  const auto figure = [&](std::string_view id) {
    return std::ranges::find_if(assessment.figures,
                                [&](const auto& f) { return f.id == id && f.scope.empty(); });
  };
  EXPECT_EQ(figure("privileged-workloads")->numerator, 1U);
  EXPECT_EQ(figure("privileged-workloads")->denominator, 2U);
  EXPECT_EQ(figure("restricted-workloads")->numerator, 0U);
  EXPECT_EQ(figure("workloads-without-limits")->numerator, 2U);
  EXPECT_EQ(figure("unpinned-images")->denominator, 2U);
}

TEST(Assess, ThreadsDoNotChangeTheResult) {
  std::string yaml;
  for (int i = 0; i < 2000; ++i) {
    yaml +=
        pod("p" + std::to_string(i), "n" + std::to_string(i % 7), i % 3 == 0 ? kPrivileged : "");
  }
  World world(yaml);
  Context one;
  one.include_pass = true;
  Context four = one;
  four.threads = 4;
  const Assessment a = world.judge(one);
  const Assessment b = world.judge(four);
  ASSERT_EQ(a.findings.size(), b.findings.size());
  for (std::size_t i = 0; i < a.findings.size(); ++i) {
    ASSERT_EQ(a.findings[i].check, b.findings[i].check);
    ASSERT_EQ(a.findings[i].pointer, b.findings[i].pointer);
    ASSERT_EQ(a.findings[i].subject->ref, b.findings[i].subject->ref);
    ASSERT_EQ(a.findings[i].verdict, b.findings[i].verdict);
  }
  std::uint64_t listed = 0;
  for (const Finding& finding : a.findings) {
    listed +=
        finding.verdict == finding::Verdict::Pass && finding.check->engine != "structure" ? 1U : 0U;
  }
  std::uint64_t counted = 0;
  for (const auto& rule : a.rules) {
    counted += rule.check->engine == "structure" ? 0U : rule.pass;
  }
  EXPECT_EQ(listed, counted)
      << "passes are counted by subtraction and listed one by one: both must agree";
}

TEST(Rules, IdsAreUniqueWithinTheirEngine) {
  std::vector<std::string> ids;
  for (const finding::Check* check : all_rules()) {
    EXPECT_FALSE(check->title.empty() || check->description.empty() || check->remedy.empty())
        << check->id;
    ids.push_back(std::string(check->engine) + "/" + std::string(check->id));
  }
  std::ranges::sort(ids);
  EXPECT_EQ(std::ranges::adjacent_find(ids), ids.end());
}

// --- network
// ---------------------------------------------------------------------------------------

std::vector<std::string> network_findings(const Assessment& assessment) {
  std::vector<std::string> found;
  for (const Finding& finding : assessment.findings) {
    if (finding.check->engine == "network") {
      found.push_back(std::string(finding::to_text(finding.severity)) + " " +
                      std::string(finding.check->id) + " " +
                      std::string(finding.subject->ref.kind) + "/" +
                      std::string(finding.subject->ref.name) +
                      (finding.exception == nullptr ? "" : " excepted"));
    }
  }
  return found;
}

std::string figure(const Assessment& assessment, std::string_view id) {
  for (const finding::Figure& one : assessment.figures) {
    if (one.id == id) {
      return std::to_string(one.numerator) + "/" + std::to_string(one.denominator);
    }
  }
  return "none";
}

constexpr std::string_view kDenyShop =
    "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: deny, namespace: "
    "shop}\nspec: {podSelector: {}, policyTypes: [Ingress, Egress]}\n";

TEST(AssessNetwork, WithoutAnyPolicyOneFindingForEachNamespace) {
  World world(pod("a", "shop") + "---\n" + pod("b", "shop") + "---\n" + pod("c", "bank"));
  world.with_network = true;
  const Assessment assessment = world.judge();
  EXPECT_EQ(network_findings(assessment),
            (std::vector<std::string>{"low workloads-not-isolated Namespace/bank",
                                      "low workloads-not-isolated Namespace/shop"}));
  EXPECT_EQ(figure(assessment, "isolated-ingress-workloads"), "0/3");
  EXPECT_EQ(figure(assessment, "isolated-egress-workloads"), "0/3");
  EXPECT_EQ(figure(assessment, "world-exposed-workloads"), "0/3");
  EXPECT_EQ(figure(assessment, "encrypted-service-pairs"), "none");
}

TEST(AssessNetwork, AWayInSaysTheSameAboutIsolation) {
  World world(pod("a", "shop") + "---\n" + pod("b", "shop") +
              "---\napiVersion: v1\nkind: Service\nmetadata: {name: s, namespace: shop}\nspec: "
              "{type: NodePort, selector: {x: y}, ports: [{port: 80}]}\n");
  world.with_network = true;
  const auto found = network_findings(world.judge());
  EXPECT_NE(std::ranges::find(found, "low workloads-not-isolated Namespace/shop"), found.end());
}

TEST(AssessNetwork, PoliciesAreJudgedAndCounted) {
  World world(pod("a", "shop") + "---\n" + pod("c", "bank") + std::string(kDenyShop));
  world.with_network = true;
  const Assessment assessment = world.judge();
  const auto found = network_findings(assessment);
  EXPECT_NE(std::ranges::find(found, "medium workloads-not-isolated Namespace/bank"), found.end());
  EXPECT_NE(std::ranges::find(found, "low dns-cut-off NetworkPolicy/deny"), found.end());
  EXPECT_EQ(figure(assessment, "isolated-ingress-workloads"), "1/2");
  EXPECT_EQ(figure(assessment, "isolated-egress-workloads"), "1/2");
}

TEST(AssessNetwork, ExceptionsHold) {
  World world(pod("a", "shop") + std::string(kDenyShop));
  world.with_network = true;
  finding::Exception exception;
  exception.id = "e";
  exception.match.rules = {"network/dns-cut-off"};
  Context context;
  context.exceptions = {&exception};
  EXPECT_EQ(network_findings(world.judge(context)),
            (std::vector<std::string>{"low dns-cut-off NetworkPolicy/deny excepted"}));
}

TEST(AssessNetwork, OneLevelAloneAsksNothingElse) {
  World world(pod("a", "shop") + std::string(kDenyShop));
  world.with_network = true;
  Context context;
  context.pod_security_only = pod_security::LevelVersion{};
  EXPECT_TRUE(network_findings(world.judge(context)).empty());
}

}  // namespace
}  // namespace tally::assessment

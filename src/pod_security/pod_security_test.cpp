#include "pod_security/pod_security.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>

#include "document/read.hpp"
#include "pod_security/scratch.hpp"

namespace tally::pod_security {
namespace {

// A YAML text and what becomes of it at one level and version.
class Judged {
 public:
  Judged(std::string_view yaml, Level level, Version version)
      : source_(document::Source::from_text("pod.yaml", yaml)) {
    auto read = document::read_one(*source_, arena_);
    EXPECT_TRUE(read) << (read ? "" : read.error().to_string());
    root_ = read ? *read : document::Node();
    pod = {.metadata = root_.find("metadata"),
           .spec = root_.find("spec"),
           .metadata_pointer = "/metadata",
           .spec_pointer = "/spec"};
    results = evaluate(pod, plan_for({.level = level, .version = version}), scratch_, arena_);
  }
  [[nodiscard]] std::string text() { return std::string(forbidden_text(results, arena_)); }
  [[nodiscard]] Position position(std::uint32_t offset) const { return source_->position(offset); }

  Pod pod;
  std::span<const CheckResult> results;

 private:
  Arena arena_;
  Scratch scratch_;
  std::shared_ptr<const document::Source> source_;
  document::Node root_;
};

TEST(LevelTest, ReadsItsNames) {
  for (const Level level : {Level::Privileged, Level::Baseline, Level::Restricted}) {
    const auto read = parse_level(to_text(level));
    ASSERT_TRUE(read) << to_text(level);
    EXPECT_EQ(*read, level);
  }
  for (const std::string_view text :
       {"", "Baseline", "restricted ", "restricted:latest", "default"}) {
    const auto read = parse_level(text);
    ASSERT_FALSE(read) << text;
    EXPECT_NE(read.error().message.find("must be one of privileged, baseline, restricted"),
              std::string::npos);
  }
}

TEST(VersionTest, ReadsAsUpstream) {
  for (const std::string_view text :
       {"latest", "v1.0", "v1.9", "v1.37", "v1.127", "v1.128", "v1.4000"}) {
    const auto read = Version::parse(text);
    ASSERT_TRUE(read) << text;
    EXPECT_EQ(read->to_text(), text);
  }
  for (const std::string_view text : {"", "1.25", "v1", "v1.", "v1.01", "v1.-1", "v1.+1", "v2.0",
                                      "V1.25", "v1.25.1", " v1.25", "v1.2 5", "Latest", "v1.x"}) {
    const auto read = Version::parse(text);
    ASSERT_FALSE(read) << text;
    EXPECT_NE(read.error().message.find("must be \"latest\" or \"v1.x\""), std::string::npos);
  }
  EXPECT_FALSE(Version::parse("v1.99999999999999999999")->is_latest());
  EXPECT_LT(Version::minor(9), Version::minor(10));
  EXPECT_LT(Version::minor(65000), Version::latest());
}

TEST(PlanTest, VersionsBeyondTheNewestAreTheNewest) {
  const Plan& newest = plan_for({.level = Level::Restricted, .version = newest_version()});
  EXPECT_EQ(&newest, &plan_for({.level = Level::Restricted, .version = Version::latest()}));
  EXPECT_EQ(&newest, &plan_for({.level = Level::Restricted, .version = Version::minor(4000)}));
  EXPECT_NE(&newest, &plan_for({.level = Level::Restricted, .version = Version::minor(0)}));
  EXPECT_NE(&newest, &plan_for({.level = Level::Baseline, .version = Version::latest()}));
  EXPECT_TRUE(
      checks_of(plan_for({.level = Level::Privileged, .version = Version::latest()})).empty());
}

std::string ids(Level level, Version version) {
  std::string out;
  for (const finding::Check* check : checks_of(plan_for({.level = level, .version = version}))) {
    out += (out.empty() ? "" : " ") + std::string(check->id);
  }
  return out;
}

TEST(PlanTest, ChecksInTheOrderOfTheApiServer) {
  EXPECT_EQ(ids(Level::Baseline, Version::minor(0)),
            "appArmorProfile capabilities_baseline hostNamespaces hostPathVolumes hostPorts "
            "privileged procMount "
            "seLinuxOptions seccompProfile_baseline sysctls windowsHostProcess");
  EXPECT_EQ(ids(Level::Restricted, Version::minor(0)),
            "appArmorProfile capabilities_baseline hostNamespaces hostPorts privileged procMount "
            "seLinuxOptions "
            "seccompProfile_baseline sysctls windowsHostProcess restrictedVolumes runAsNonRoot");
  EXPECT_EQ(ids(Level::Restricted, Version::minor(22)),
            "appArmorProfile hostNamespaces hostPorts privileged procMount seLinuxOptions sysctls "
            "windowsHostProcess "
            "allowPrivilegeEscalation capabilities_restricted restrictedVolumes runAsNonRoot "
            "seccompProfile_restricted");
  EXPECT_EQ(ids(Level::Baseline, Version::latest()),
            "appArmorProfile capabilities_baseline hostNamespaces hostPathVolumes hostPorts "
            "hostProbesAndHostLifecycle privileged procMount seLinuxOptions "
            "seccompProfile_baseline sysctls "
            "windowsHostProcess");
  EXPECT_EQ(
      ids(Level::Restricted, Version::latest()),
      "appArmorProfile hostNamespaces hostPorts hostProbesAndHostLifecycle privileged "
      "seLinuxOptions sysctls "
      "windowsHostProcess allowPrivilegeEscalation capabilities_restricted procMount_restricted "
      "restrictedVolumes runAsNonRoot runAsUser seccompProfile_restricted");
}

TEST(RecordTest, EveryRecordIsComplete) {
  std::set<std::string_view> titles_of_level;
  for (const finding::Check* check : all_checks()) {
    SCOPED_TRACE(check->id);
    EXPECT_EQ(check->engine, "pod-security");
    // How bad it is wherever it is found: what baseline forbids is never less than high, what only
    // restricted forbids is medium.
    EXPECT_EQ(check->policy == "baseline", check->severity <= finding::Severity::High) << check->id;
    EXPECT_FALSE(check->title.empty());
    EXPECT_FALSE(check->controls.empty());
    EXPECT_FALSE(check->references.empty());
    for (const std::string_view sentence : {check->description, check->remedy}) {
      EXPECT_GT(sentence.size(), 40U);
      EXPECT_TRUE(sentence.ends_with('.'));
      EXPECT_EQ(sentence.find("  "), std::string_view::npos);
    }
    for (const std::string_view reference : check->references) {
      EXPECT_TRUE(reference.starts_with("https://kubernetes.io/docs/")) << reference;
    }
  }
  EXPECT_EQ(all_checks().size(), 19U);
}

TEST(EvaluateTest, AllFindingsOfAPodInOneText) {
  Judged judged("spec: {hostPID: true, containers: [{name: a}]}", Level::Restricted,
                Version::latest());
  EXPECT_EQ(
      judged.text(),
      "host namespaces (hostPID=true), allowPrivilegeEscalation != false (container \"a\" must set "
      "securityContext.allowPrivilegeEscalation=false), unrestricted capabilities (container \"a\" "
      "must set "
      "securityContext.capabilities.drop=[\"ALL\"]), runAsNonRoot != true (pod or container \"a\" "
      "must set "
      "securityContext.runAsNonRoot=true), seccompProfile (pod or container \"a\" must set "
      "securityContext.seccompProfile.type to \"RuntimeDefault\" or \"Localhost\")");
  ASSERT_EQ(judged.results.size(), 5U);
  EXPECT_EQ(judged.results[0].level, Level::Baseline);
  EXPECT_EQ(judged.results[1].level, Level::Restricted);
}

TEST(EvaluateTest, NothingIsRefusedAtPrivilegedOrWithoutASpec) {
  EXPECT_TRUE(
      Judged("spec: {hostPID: true}", Level::Privileged, Version::latest()).results.empty());
  EXPECT_TRUE(Judged("metadata: {name: a}", Level::Restricted, Version::latest()).results.empty());
  EXPECT_TRUE(
      Judged("{metadata: null, spec: null}", Level::Restricted, Version::latest()).results.empty());
}

constexpr std::string_view kPlaces = R"(metadata: {}
spec:
  containers:
  - name: a
    securityContext:
      privileged: true
  - name: b
    ports:
    - containerPort: 80
      hostPort: 80
)";

TEST(SiteTest, NamesFieldAndPosition) {
  Judged judged(kPlaces, Level::Restricted, Version::minor(8));
  ASSERT_EQ(judged.results.size(), 4U);
  const Site& port = judged.results[0].sites[0];
  EXPECT_EQ(port.pointer, "/spec/containers/1/ports/0/hostPort");
  EXPECT_EQ(port.container, "b");
  EXPECT_EQ(port.allowed, "0 or not set");
  EXPECT_EQ(judged.position(port.offset), (Position{.line = 10, .column = 17}));
  const Site& privileged = judged.results[1].sites[0];
  EXPECT_EQ(judged.position(privileged.offset), (Position{.line = 6, .column = 19}));
  // Absent fields stand at the nearest thing that is there: a's security context, b itself.
  const auto escalation = judged.results[2].sites;
  ASSERT_EQ(escalation.size(), 2U);
  EXPECT_EQ(escalation[0].found, "not set");
  EXPECT_EQ(judged.position(escalation[0].offset).line, 6U);
  EXPECT_EQ(escalation[1].pointer, "/spec/containers/1/securityContext/allowPrivilegeEscalation");
  EXPECT_EQ(judged.position(escalation[1].offset).line, 7U);
}

TEST(SiteTest, SpeaksAsIfItWereTheOnlyOne) {
  Judged judged(
      "spec: {containers: [{name: a, securityContext: {privileged: true}}, {name: b, "
      "securityContext: "
      "{privileged: true}}]}",
      Level::Baseline, Version::latest());
  ASSERT_EQ(judged.results.size(), 1U);
  EXPECT_EQ(judged.text(),
            "privileged (containers \"a\", \"b\" must not set securityContext.privileged=true)");
  ASSERT_EQ(judged.results[0].sites.size(), 2U);
  EXPECT_EQ(judged.results[0].sites[1].message,
            "privileged (container \"b\" must not set securityContext.privileged=true)");
}

TEST(SiteTest, PointersBeginWhereThePodStands) {
  const auto source = document::Source::from_text(
      "d.yaml",
      "{t: {m: {annotations: {container.apparmor.security.beta.kubernetes.io/~: x}}, s: {hostPID: "
      "true}}}");
  Arena arena;
  const auto root = document::read_one(*source, arena);
  ASSERT_TRUE(root);
  const document::Node* base = root->find("t");
  const Pod pod{.metadata = base->find("m"),
                .spec = base->find("s"),
                .metadata_pointer = "/spec/template/metadata",
                .spec_pointer = "/spec/template/spec"};
  Scratch scratch;
  const auto results = evaluate(
      pod, plan_for({.level = Level::Baseline, .version = Version::latest()}), scratch, arena);
  ASSERT_EQ(results.size(), 2U);
  EXPECT_EQ(
      results[0].sites[0].pointer,
      "/spec/template/metadata/annotations/container.apparmor.security.beta.kubernetes.io~1~0");
  EXPECT_EQ(results[1].sites[0].pointer, "/spec/template/spec/hostPID");
}

}  // namespace
}  // namespace tally::pod_security

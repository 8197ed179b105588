#include "finding/finding.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

#include "finding/assessment.hpp"
#include "finding/exception.hpp"

namespace tally::finding {
namespace {

using document::Node;

constexpr Check kCheck{.engine = "pod-security",
                       .policy = "baseline",
                       .id = "privileged",
                       .title = "t",
                       .description = "d",
                       .remedy = "r",
                       .severity = Severity::High,
                       .controls = {},
                       .references = {}};

// {"metadata": {"labels": {"tier": "web"}}, "spec": {"containers": [{"name": "a"}, {"name": "b"}]}}
class Tree {
 public:
  Tree() {
    const Node containers =
        array({object({{"name", string("a")}}), object({{"name", string("b")}})});
    root = object({{"metadata", object({{"labels", object({{"tier", string("web")}})}})},
                   {"spec", object({{"containers", containers}})}});
  }
  Node string(std::string_view text) { return Node::make_string(arena.copy(text), 0); }
  Node array(const std::vector<Node>& items) { return Node::make_array(arena, items, 0); }
  Node object(const std::vector<std::pair<std::string_view, Node>>& members) {
    std::vector<Node> values;
    std::vector<std::string_view> keys;
    for (const auto& [key, value] : members) {
      keys.push_back(arena.copy(key));
      values.push_back(value);
    }
    return Node::make_object(arena, values, keys, {}, 0);
  }
  Arena arena;
  Node root;
};

Finding finding_at(const Subject& subject, std::string_view pointer) {
  Finding finding;
  finding.check = &kCheck;
  finding.subject = &subject;
  finding.pointer = pointer;
  return finding;
}

// Stands for the library that knows the types: containers are told apart by their names.
constexpr ListKeys kNames{
    .append =
        [](std::string& out, const void*, const Node& root, std::string_view pointer) {
          constexpr std::string_view kContainers = "/spec/containers/";
          if (!pointer.starts_with(kContainers)) {
            out += pointer;
            return;
          }
          const auto index = static_cast<std::size_t>(pointer[kContainers.size()] - '0');
          const Node& containers = *root.find("spec")->find("containers");
          out += kContainers;
          out += index < containers.size() ? containers.items()[index].find("name")->text()
                                           : pointer.substr(kContainers.size(), 1);
          out += pointer.substr(kContainers.size() + 1);
        },
    .kind = nullptr};

TEST(Fingerprint, ContainersAreNamedNotCounted) {
  Tree one;
  Tree two;
  two.root = two.object(
      {{"spec",
        two.object({{"containers", two.array({two.object({{"name", two.string("b")}})})}})}});
  const Subject before{
      .ref = {"", "v1", "Pod", "shop", "api"}, .owner = {}, .root = one.root, .list_keys = kNames};
  const Subject after{
      .ref = {"", "v1", "Pod", "shop", "api"}, .owner = {}, .root = two.root, .list_keys = kNames};
  // `b` moved from index 1 to index 0: the same finding.
  EXPECT_EQ(fingerprint(finding_at(before, "/spec/containers/1/securityContext/privileged")),
            fingerprint(finding_at(after, "/spec/containers/0/securityContext/privileged")));
  EXPECT_NE(fingerprint(finding_at(before, "/spec/containers/0/securityContext/privileged")),
            fingerprint(finding_at(before, "/spec/containers/1/securityContext/privileged")));
}

TEST(Fingerprint, WithoutKeysIndicesStay) {
  Tree tree;
  const Subject subject{
      .ref = {"", "v1", "Pod", "shop", "api"}, .owner = {}, .root = tree.root, .list_keys = {}};
  const Subject named{.ref = subject.ref, .owner = {}, .root = tree.root, .list_keys = kNames};
  EXPECT_NE(fingerprint(finding_at(subject, "/spec/containers/0")),
            fingerprint(finding_at(subject, "/spec/containers/1")));
  EXPECT_NE(fingerprint(finding_at(subject, "/spec/containers/0")),
            fingerprint(finding_at(named, "/spec/containers/0")));
}

TEST(Fingerprint, SubjectAndRuleCountButNotTheVersion) {
  Tree tree;
  const Subject a{.ref = {"apps", "v1", "Deployment", "shop", "api"},
                  .owner = {},
                  .root = tree.root,
                  .list_keys = {}};
  Subject b = a;
  b.ref.version = "v1beta1";
  EXPECT_EQ(fingerprint(finding_at(a, "/spec")), fingerprint(finding_at(b, "/spec")));
  b.ref.name_space = "bank";
  EXPECT_NE(fingerprint(finding_at(a, "/spec")), fingerprint(finding_at(b, "/spec")));
  constexpr Check kOther{.engine = "pod-security",
                         .policy = "restricted",
                         .id = "privileged",
                         .title = "t",
                         .description = "d",
                         .remedy = "r",
                         .severity = Severity::High,
                         .controls = {},
                         .references = {}};
  Finding other = finding_at(a, "/spec");
  other.check = &kOther;
  EXPECT_NE(fingerprint(finding_at(a, "/spec")), fingerprint(other));
}

TEST(Fingerprint, PointersThatLeadNowhereAreKeptAsTheyAre) {
  Tree tree;
  const Subject subject{
      .ref = {"", "v1", "Pod", "", "x"}, .owner = {}, .root = tree.root, .list_keys = {}};
  EXPECT_NE(fingerprint(finding_at(subject, "/spec/containers/7")),
            fingerprint(finding_at(subject, "/spec/containers/8")));
  EXPECT_NE(fingerprint(finding_at(subject, "/a~1b")), fingerprint(finding_at(subject, "/a~0b")));
}

TEST(Day, RoundTripsAndRefusesWhatIsNoDate) {
  for (const std::string text : {"1970-01-01", "2024-02-29", "2026-12-31"}) {
    const auto day = parse_day(text);
    ASSERT_TRUE(day.has_value()) << text;
    EXPECT_EQ(day_to_text(*day), text);
  }
  EXPECT_EQ(parse_day("1970-01-02").value(), 1);
  for (const std::string text : {"", "2026-02-29", "2026-13-01", "2026-00-10", "26-01-01",
                                 "2026/01/01", "2026-1-1", "2026-01-1x", "----------"}) {
    EXPECT_FALSE(parse_day(text).has_value()) << text;
  }
}

TEST(Exception, MatchesWhatItSaysAndNothingElse) {
  Tree tree;
  const Subject subject{
      .ref = {"", "v1", "Pod", "shop-eu", "api"}, .owner = {}, .root = tree.root, .list_keys = {}};
  const Finding finding = finding_at(subject, "/spec");
  struct Row {
    const char* name;
    ExceptionMatch match;
    bool expected;
  };
  const std::array rows = {
      Row{"everything", {}, true},
      Row{"rule",
          {.rules = {"privileged"},
           .kinds = {},
           .namespaces = {},
           .names = {},
           .labels = {},
           .users = {}},
          true},
      Row{"policy/rule",
          {.rules = {"baseline/*"},
           .kinds = {},
           .namespaces = {},
           .names = {},
           .labels = {},
           .users = {}},
          true},
      Row{"engine/rule",
          {.rules = {"pod-security/privileged"},
           .kinds = {},
           .namespaces = {},
           .names = {},
           .labels = {},
           .users = {}},
          true},
      Row{"other rule",
          {.rules = {"hostPorts"},
           .kinds = {},
           .namespaces = {},
           .names = {},
           .labels = {},
           .users = {}},
          false},
      Row{"wildcard namespace",
          {.rules = {},
           .kinds = {},
           .namespaces = {"shop-*"},
           .names = {},
           .labels = {},
           .users = {}},
          true},
      Row{"other namespace",
          {.rules = {},
           .kinds = {},
           .namespaces = {"bank"},
           .names = {},
           .labels = {},
           .users = {}},
          false},
      Row{"kind",
          {.rules = {},
           .kinds = {"Deployment"},
           .namespaces = {},
           .names = {},
           .labels = {},
           .users = {}},
          false},
      Row{"label",
          {.rules = {},
           .kinds = {},
           .namespaces = {},
           .names = {},
           .labels = {{"tier", "web"}},
           .users = {}},
          true},
      Row{"other label",
          {.rules = {},
           .kinds = {},
           .namespaces = {},
           .names = {},
           .labels = {{"tier", "db"}},
           .users = {}},
          false},
      Row{"users never match a file",
          {.rules = {}, .kinds = {}, .namespaces = {}, .names = {}, .labels = {}, .users = {"*"}},
          false},
  };
  for (const Row& row : rows) {
    Exception exception;
    exception.match = row.match;
    EXPECT_EQ(matches(exception, finding, 100), row.expected) << row.name;
  }
  Exception dated;
  dated.expires = 100;
  EXPECT_TRUE(matches(dated, finding, 100));
  EXPECT_FALSE(matches(dated, finding, 101));
}

TEST(ExitCode, ErrorsWinOverFindings) {
  Tree tree;
  const Subject subject{
      .ref = {"", "v1", "Pod", "shop", "api"}, .owner = {}, .root = tree.root, .list_keys = {}};
  const Severity high = Severity::High;
  Assessment assessment;
  EXPECT_EQ(exit_code(assessment, &high), 2) << "nothing judged";
  assessment.totals.objects = 1;
  EXPECT_EQ(exit_code(assessment, &high), 0);
  Finding finding = finding_at(subject, "/spec");
  finding.severity = Severity::Medium;
  assessment.findings.push_back(finding);
  EXPECT_EQ(exit_code(assessment, &high), 0);
  assessment.findings.back().verdict = Verdict::Unknown;
  EXPECT_EQ(exit_code(assessment, &high), 1) << "unknown counts as high";
  EXPECT_EQ(exit_code(assessment, nullptr), 0) << "--fail-on never";
  const Exception waiver;
  assessment.findings.back().exception = &waiver;
  EXPECT_EQ(exit_code(assessment, &high), 0) << "excepted";
  assessment.errors.emplace_back();
  EXPECT_EQ(exit_code(assessment, nullptr), 2);
}

}  // namespace
}  // namespace tally::finding

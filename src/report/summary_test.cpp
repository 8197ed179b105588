#include "report/internal/summary.hpp"

#include <gtest/gtest.h>

#include "report/testing/sample.hpp"

namespace tally::report {
namespace {

using finding::Finding;
using finding::Severity;

constexpr Severity kHigh = Severity::High;

struct Fixture {
  finding::Assessment assessment;
  std::vector<std::unique_ptr<finding::Subject>> subjects;
  WriteOptions options;

  Fixture() {
    assessment.totals.objects = 1;
    options.fail_on = &kHigh;
  }
  const finding::Subject* subject(std::string_view name_space, std::string_view name) {
    subjects.push_back(std::make_unique<finding::Subject>());
    subjects.back()->ref = {"", "v1", "Pod", name_space, name};
    return subjects.back().get();
  }
  Finding& add(const finding::Check& check, const finding::Subject* about, Severity severity) {
    Finding made;
    made.check = &check;
    made.subject = about;
    made.severity = severity;
    assessment.findings.push_back(made);
    return assessment.findings.back();
  }
};

TEST(Summary, RanksBySeverityThenObjectsThenFindings) {
  Fixture fixture;
  const auto* a = fixture.subject("x", "a");
  const auto* b = fixture.subject("x", "b");
  for (int i = 0; i < 5; ++i) {
    fixture.add(testing::kLimits, a, Severity::Low);
  }
  fixture.add(testing::kNonRoot, a, Severity::High);
  fixture.add(testing::kNonRoot, a, Severity::High);
  fixture.add(testing::kCapabilities, a, Severity::High);
  fixture.add(testing::kCapabilities, b, Severity::High);
  const Summary summary = summarize(fixture.assessment, fixture.options);
  ASSERT_EQ(summary.rules.size(), 3U);
  EXPECT_EQ(summary.rules[0].check, &testing::kCapabilities) << "two objects before one";
  EXPECT_EQ(summary.rules[1].check, &testing::kNonRoot);
  EXPECT_EQ(summary.rules[2].check, &testing::kLimits) << "many low ones stay behind";
  EXPECT_EQ(summary.exit_code, 1);
  EXPECT_EQ(what_first(fixture.assessment, summary),
            "capabilities-baseline (high) in 2 objects, beginning with x/Pod/a. Drop the "
            "capabilities that are not in the baseline set.");
}

TEST(Summary, DoubtCountsAsHighAndExceptionsDoNotCount) {
  Fixture fixture;
  const auto* a = fixture.subject("x", "a");
  const finding::Exception waiver;
  fixture.add(testing::kPrivileged, a, Severity::Critical).exception = &waiver;
  fixture.add(testing::kPrivileged, a, Severity::Critical).verdict = finding::Verdict::Pass;
  fixture.add(testing::kLimits, a, Severity::Low).verdict = finding::Verdict::Unknown;
  const Summary summary = summarize(fixture.assessment, fixture.options);
  EXPECT_EQ(summary.findings, 1U);
  EXPECT_EQ(summary.excepted, 1U);
  EXPECT_EQ(summary.by_severity, (std::array<std::uint64_t, 5>{0, 1, 0, 0, 0}));
  const auto groups = groups_of(fixture.assessment);
  ASSERT_EQ(groups.size(), 1U);
  EXPECT_EQ(groups[0].findings.size(), 3U);
  EXPECT_EQ(groups[0].counting, 1U);
}

TEST(Summary, SaysWhatToDoWithoutFindings) {
  Fixture fixture;
  EXPECT_EQ(what_first(fixture.assessment, summarize(fixture.assessment, fixture.options)),
            "nothing to do: no rule failed.");
  fixture.assessment.totals.objects = 0;
  EXPECT_EQ(what_first(fixture.assessment, summarize(fixture.assessment, fixture.options)),
            "give an input with Kubernetes objects: nothing was judged.");
  fixture.assessment.errors.push_back({.kind = ErrorKind::Content,
                                       .message = "tab",
                                       .file = "a.yaml",
                                       .at = {.line = 2, .column = 1},
                                       .hint = ""});
  EXPECT_EQ(what_first(fixture.assessment, summarize(fixture.assessment, fixture.options)),
            "make the input readable: a.yaml:2:1: tab");
}

// Many findings are summed up in runs by all threads; the sums must not depend on it.
TEST(Summary, IsTheSameForAnyNumberOfThreads) {
  Fixture fixture;
  fixture.assessment.findings.reserve(20'000);
  for (int object = 0; fixture.assessment.findings.size() < 19'990; ++object) {
    const auto* about = fixture.subject(object % 7 == 0 ? "x" : "y", "a");
    for (int i = 0; i <= object % 5; ++i) {
      fixture.add(testing::kLimits, about, object % 3000 == 2999 ? Severity::High : Severity::Low);
      fixture.add(testing::kNonRoot, about, i % 2 == 0 ? Severity::High : Severity::Medium);
    }
  }
  const Summary one = summarize(fixture.assessment, fixture.options);
  ASSERT_EQ(one.rules.size(), 2U);
  EXPECT_LT(one.rules[1].urgent_objects, one.rules[1].objects);
  for (const unsigned threads : {2U, 3U, 16U}) {
    fixture.options.threads = threads;
    const Summary many = summarize(fixture.assessment, fixture.options);
    EXPECT_EQ(many.findings, one.findings) << threads;
    EXPECT_EQ(many.by_severity, one.by_severity) << threads;
    EXPECT_EQ(many.by_verdict, one.by_verdict) << threads;
    ASSERT_EQ(many.rules.size(), one.rules.size()) << threads;
    for (std::size_t i = 0; i < one.rules.size(); ++i) {
      EXPECT_EQ(many.rules[i].check, one.rules[i].check) << threads;
      EXPECT_EQ(many.rules[i].severity, one.rules[i].severity) << threads;
      EXPECT_EQ(many.rules[i].findings, one.rules[i].findings) << threads;
      EXPECT_EQ(many.rules[i].objects, one.rules[i].objects) << threads;
      EXPECT_EQ(many.rules[i].urgent_objects, one.rules[i].urgent_objects) << threads;
      EXPECT_EQ(many.rules[i].first, one.rules[i].first) << threads;
    }
    ASSERT_EQ(many.namespaces.size(), 2U) << threads;
    EXPECT_EQ(many.namespaces[0].name, one.namespaces[0].name) << threads;
    EXPECT_EQ(many.namespaces[0].findings, one.namespaces[0].findings) << threads;
  }
}

TEST(Summary, NamespacesWorstFirst) {
  Fixture fixture;
  fixture.add(testing::kLimits, fixture.subject("many", "a"), Severity::Low);
  fixture.add(testing::kLimits, fixture.subject("many", "b"), Severity::Low);
  fixture.add(testing::kPrivileged, fixture.subject("bad", "a"), Severity::Critical);
  const Summary summary = summarize(fixture.assessment, fixture.options);
  ASSERT_EQ(summary.namespaces.size(), 2U);
  EXPECT_EQ(summary.namespaces[0].name, "bad");
  EXPECT_EQ(summary.namespaces[1].findings, 2U);
}

TEST(Summary, ShareNeverSaysAllOrNoneTooEarly) {
  struct Row {
    std::uint64_t numerator;
    std::uint64_t denominator;
    bool known;
    unsigned percent;
  };
  for (const Row row : {Row{0, 0, false, 0}, Row{0, 3, true, 0}, Row{3, 3, true, 100},
                        Row{999, 1000, true, 99}, Row{1, 3, true, 33}, Row{5, 3, true, 100}}) {
    finding::Figure figure;
    figure.numerator = row.numerator;
    figure.denominator = row.denominator;
    const Share part = share(figure);
    EXPECT_EQ(part.known, row.known) << row.numerator << " of " << row.denominator;
    EXPECT_EQ(part.percent, row.percent) << row.numerator << " of " << row.denominator;
  }
}

TEST(Summary, LabelCommandIsSafeToPaste) {
  finding::NamespaceSummary name_space;
  name_space.name = "payments";
  EXPECT_EQ(label_command(name_space), "") << "nothing to apply";
  name_space.labels_to_apply = {{"pod-security.kubernetes.io/enforce", "restricted"}};
  EXPECT_EQ(
      label_command(name_space),
      "kubectl label --overwrite namespace payments pod-security.kubernetes.io/enforce=restricted");
  name_space.labels_to_apply = {{"a", "$(id) 'x'; rm"}};
  EXPECT_EQ(label_command(name_space),
            "kubectl label --overwrite namespace payments 'a=$(id) '\\''x'\\''; rm'");
  for (const std::string_view wrong : {"", "-A", "a b", "a;b", "$(id)", "Ä", "a\nb", "a`b`"}) {
    name_space.name = wrong;
    EXPECT_EQ(label_command(name_space), "") << wrong;
  }
}

TEST(Summary, SeverityText) {
  EXPECT_EQ(severity_text({0, 0, 0, 0, 0}), "no findings");
  EXPECT_EQ(severity_text({1, 0, 2000, 0, 3}), "1 critical, 2,000 medium, 3 info");
}

}  // namespace
}  // namespace tally::report

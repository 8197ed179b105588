#include "audit/report.hpp"

#include <gtest/gtest.h>

#include <string>

#include "document/read_json.hpp"

namespace tally::audit {
namespace {

ReportResult result(const std::string& name) {
  return {.subject = {"apps", "Deployment", "shop", name},
          .api_version = "apps/v1",
          .engine = "pod-security",
          .policy = "baseline",
          .rule = "privileged",
          .container = "web",
          .pointer = "/spec/template/spec/containers/0",
          .message = "privileged \"true\"",
          .verdict = finding::Verdict::Fail,
          .severity = finding::Severity::High,
          .mode = finding::Mode::Enforce};
}

TEST(Report, Text) {
  ReportContent content{.name_space = "shop",
                        .objects = 2,
                        .summary = {.pass = 7, .fail = 1},
                        .results = {result("web")}};
  const std::string summary = R"("summary":{"pass":7,"fail":1,"warn":0,"error":0,"skip":0})";
  const std::string results =
      R"("results":[{"source":"tallystick","policy":"baseline","rule":"privileged",)"
      R"("category":"pod-security","severity":"high","result":"fail","scored":true,)"
      R"("message":"privileged \"true\"","resources":[{"apiVersion":"apps/v1","kind":"Deployment",)"
      R"("namespace":"shop","name":"web"}],"properties":{"container":"web",)"
      R"("pointer":"/spec/template/spec/containers/0","mode":"enforce"}}])";
  const std::string labels = R"("labels":{"app.kubernetes.io/managed-by":"tallystick"})";
  EXPECT_EQ(report_json(ReportKind::PolicyReport, content),
            R"({"apiVersion":"wgpolicyk8s.io/v1alpha2","kind":"PolicyReport","metadata":{)"
            R"("name":"tallystick","namespace":"shop",)" +
                labels + R"(},"scope":{"apiVersion":"v1","kind":"Namespace","name":"shop"},)" +
                summary + "," + results + "}");
  content.name_space.clear();
  content.left_out = 3;
  EXPECT_EQ(report_json(ReportKind::OpenReport, content),
            R"({"apiVersion":"openreports.io/v1alpha1","kind":"ClusterReport","metadata":{)"
            R"("name":"tallystick",)" +
                labels + R"(,"annotations":{"tallystick.dev/results-left-out":"3"}},)" +
                R"("source":"tallystick",)" + summary + "," + results + "}");
}

struct WordRow {
  finding::Verdict verdict;
  finding::Mode mode;
  bool is_excepted;
  const char* word;
};

TEST(Report, Words) {
  using finding::Mode;
  using finding::Verdict;
  for (const WordRow& row : {
           WordRow{Verdict::Fail, Mode::Audit, false, R"("result":"fail","scored":true)"},
           WordRow{Verdict::Fail, Mode::Enforce, false, R"("result":"fail","scored":true)"},
           WordRow{Verdict::Fail, Mode::Warn, false, R"("result":"warn","scored":false)"},
           WordRow{Verdict::Error, Mode::Warn, false, R"("result":"error","scored":true)"},
           WordRow{Verdict::Unknown, Mode::Audit, false, R"("result":"error","scored":true)"},
           WordRow{Verdict::Fail, Mode::Warn, true, R"("result":"skip","scored":true)"},
       }) {
    ReportContent content{.results = {result("web")}};
    content.results[0].verdict = row.verdict;
    content.results[0].mode = row.mode;
    content.results[0].is_excepted = row.is_excepted;
    const std::string text = report_json(ReportKind::PolicyReport, content);
    EXPECT_NE(text.find(row.word), std::string::npos) << text;
  }
}

TEST(Report, IsBoundedWhateverHappens) {
  const std::string hostile(100'000, '\x01');  // six bytes each
  for (const std::string& text : {std::string("x"), std::string(100'000, 'x'), hostile}) {
    ReportContent content{.name_space = "shop", .left_out = 5};
    for (int i = 0; i < 3000; ++i) {
      ReportResult one = result("web-" + std::to_string(i));
      one.message = one.pointer = one.container = one.policy = one.rule = text;
      content.results.push_back(std::move(one));
    }
    const std::string json = report_json(ReportKind::PolicyReport, content);
    EXPECT_LT(json.size(), kReportBytesMax);
    Arena arena;
    const auto source = document::Source::from_text("report", json);
    const auto report = document::read_one_json(*source, arena);
    ASSERT_TRUE(report) << report.error().to_string();
    const std::size_t shown = report->find("results")->size();
    EXPECT_GT(shown, 0U);
    EXPECT_EQ(report->find("metadata")
                  ->find("annotations")
                  ->find("tallystick.dev/results-left-out")
                  ->text(),
              std::to_string(3005 - shown));
  }
}

}  // namespace
}  // namespace tally::audit

#include "history/decision.hpp"

#include <gtest/gtest.h>

#include <set>

#include "document/json_writer.hpp"
#include "document/read.hpp"
#include "finding/exception.hpp"
#include "history/testing/sample.hpp"

namespace tally::history {

namespace {

document::Node read(std::string_view text, Arena& arena) {
  const auto source = document::Source::from_text("test", text);
  const auto node = document::read_one(*source, arena);
  EXPECT_TRUE(node) << text;
  return node ? document::deep_copy(arena, *node) : document::Node{};
}

TEST(CanonicalJson, IsWhatRfc8785MakesOfIt) {
  for (const Decision& decision : {Decision{}, testing::denial(), testing::everything()}) {
    const std::string text = canonical_json(decision);
    Arena arena;
    std::string again;
    document::append_canonical_json(again, read(text, arena));
    EXPECT_EQ(text, again);
  }
}

TEST(CanonicalJson, LeavesOutWhatIsEmpty) {
  EXPECT_EQ(canonical_json(Decision{}), R"({"allowed":true,"dryRun":false,"mode":"audit"})");
}

TEST(CanonicalJson, IsReadBack) {
  for (const Decision& decision : {Decision{}, testing::denial(), testing::everything()}) {
    Arena arena;
    const auto again = read_decision(read(canonical_json(decision), arena));
    ASSERT_TRUE(again) << again.error().to_string();
    Decision expected = decision;
    expected.time_ms = 0;
    expected.uid.clear();
    expected.latency_us = 0;
    expected.request.clear();
    EXPECT_EQ(*again, expected);
  }
}

TEST(CanonicalJson, BadBytesBecomeReplacementCharacters) {
  using namespace std::string_view_literals;
  Decision decision;
  decision.user = "a\xff\0b"sv;
  EXPECT_NE(canonical_json(decision).find("\"user\":\"a\xef\xbf\xbd\\u0000b\""), std::string::npos)
      << canonical_json(decision);
}

TEST(DecisionId, IsBase32OfTheDigest) {
  // RFC 4648 section 6 over the digests of FIPS 180-4; the values are those of
  // `printf TEXT | openssl sha256 -binary | base32`.
  EXPECT_EQ(decision_id(""), "d-4oymiquy7qobjgx36tejs35zeqt24qpemsnzgtfeswmrw6csxbkq");
  EXPECT_EQ(decision_id("abc"), "d-xj4bnp4pahh6uqkbidpf3lrceoyagyndsylxvhfucd7wd4qacwwq");
}

// Each part of what was asked, judged and answered makes another decision; the occurrence and the
// request that is kept beside it do not.
TEST(DecisionId, NamesTheContent) {
  using Change = void (*)(Decision&);
  const Change same[] = {
      [](Decision& d) { d.time_ms += 1; },
      [](Decision& d) { d.uid = "another"; },
      [](Decision& d) { d.latency_us = 7; },
      [](Decision& d) { d.request = "{}"; },
  };
  const Change others[] = {
      [](Decision& d) { d.operation = "UPDATE"; },
      [](Decision& d) { d.group = "x"; },
      [](Decision& d) { d.version = "v9"; },
      [](Decision& d) { d.kind = "Job"; },
      [](Decision& d) { d.resource = "jobs"; },
      [](Decision& d) { d.subresource = "x"; },
      [](Decision& d) { d.name_space = "x"; },
      [](Decision& d) { d.name = "x"; },
      [](Decision& d) { d.user = "x"; },
      [](Decision& d) { d.groups.emplace_back("x"); },
      [](Decision& d) { d.is_dry_run = !d.is_dry_run; },
      [](Decision& d) { d.object_digest = "x"; },
      [](Decision& d) { d.policy_digest = "x"; },
      [](Decision& d) { d.findings.pop_back(); },
      [](Decision& d) { d.is_allowed = !d.is_allowed; },
      [](Decision& d) { d.code = 422; },
      [](Decision& d) { d.mode = finding::Mode::Warn; },
      [](Decision& d) { d.message = "x"; },
      [](Decision& d) { d.warnings.emplace_back("x"); },
      [](Decision& d) { d.patch = "[]"; },
      [](Decision& d) { d.errors.emplace_back("x"); },
      [](Decision& d) { d.findings[0].engine = "x"; },
      [](Decision& d) { d.findings[0].policy = "x"; },
      [](Decision& d) { d.findings[0].rule = "x"; },
      [](Decision& d) { d.findings[0].container = "x"; },
      [](Decision& d) { d.findings[0].pointer = "/x"; },
      [](Decision& d) { d.findings[0].verdict = finding::Verdict::Unknown; },
      [](Decision& d) { d.findings[0].severity = finding::Severity::Info; },
      [](Decision& d) { d.findings[0].mode = finding::Mode::Audit; },
      [](Decision& d) { d.findings[0].found = "x"; },
      [](Decision& d) { d.findings[0].allowed = "x"; },
      [](Decision& d) { d.findings[0].message = "x"; },
      [](Decision& d) { d.findings[0].remedy = "x"; },
      [](Decision& d) { d.findings[0].exception = "x"; },
      [](Decision& d) { d.findings[0].exception_reason = "x"; },
      [](Decision& d) { d.findings[0].exception_owner = "x"; },
      [](Decision& d) { d.findings[0].fingerprint = "x"; },
  };
  const std::string id = decision_id(canonical_json(testing::denial()));
  for (const Change change : same) {
    Decision decision = testing::denial();
    change(decision);
    EXPECT_EQ(decision_id(canonical_json(decision)), id);
  }
  std::set<std::string> ids{id};
  for (std::size_t i = 0; i < std::size(others); ++i) {
    Decision decision = testing::denial();
    others[i](decision);
    EXPECT_TRUE(ids.insert(decision_id(canonical_json(decision))).second) << "change " << i;
  }
}

TEST(ReadDecision, RefusesWhatItNeverWrote) {
  struct Case {
    std::string_view text;
    std::string_view error;  // empty: taken
  };
  const Case cases[] = {
      {"{}", ""},
      {R"({"later":{"member":1}})", ""},
      {"[]", "a decision is a list; expected a map"},
      {R"("x")", "a decision is a string; expected a map"},
      {R"({"allowed":1})", "decision /allowed: number was found; expected true or false"},
      {R"({"allowed":"true"})", "decision /allowed: string was found; expected true or false"},
      {R"({"code":-1})", "decision /code: number was found; expected an HTTP status"},
      {R"({"code":65536})", "decision /code: number was found; expected an HTTP status"},
      {R"({"code":1.5})", "decision /code: number was found; expected an HTTP status"},
      {R"({"user":null})", "decision /user: null was found; expected a string"},
      {R"({"groups":"x"})", "decision /groups: string was found; expected a list of strings"},
      {R"({"groups":[1]})", "decision /groups: number was found; expected a list of strings"},
      {R"({"mode":"block"})", "decision /mode: string was found; expected one of its words"},
      {R"({"findings":{}})", "decision /findings: map was found; expected a list"},
      {R"({"findings":[1]})", "decision /findings: number was found; expected a list of maps"},
      {R"({"findings":[{"rule":[]}]})",
       "decision /findings/0/rule: list was found; expected a string"},
      {R"({"findings":[{},{"severity":"bad"}]})",
       "decision /findings/1/severity: string was found; expected one of its words"},
      {R"({"findings":[{"verdict":true}]})",
       "decision /findings/0/verdict: boolean was found; expected one of its words"},
  };
  for (const Case& row : cases) {
    SCOPED_TRACE(row.text);
    Arena arena;
    const auto decision = read_decision(read(row.text, arena));
    EXPECT_EQ(decision.has_value(), row.error.empty());
    if (!decision) {
      EXPECT_EQ(decision.error().message, row.error);
    }
  }
}

TEST(IsRoutine, MeansThatNobodyWillAsk) {
  using Change = void (*)(Decision&);
  struct Case {
    std::string_view name;
    Change change;
    bool is_routine;
  };
  const auto with = [](finding::Verdict verdict) {
    Decision decision;
    decision.findings.push_back({.rule = "x", .verdict = verdict});
    return is_routine(decision);
  };
  const Case cases[] = {
      {"allowed", [](Decision&) {}, true},
      {"dry run", [](Decision& d) { d.is_dry_run = true; }, true},
      {"denied", [](Decision& d) { d.is_allowed = false; }, false},
      {"warned", [](Decision& d) { d.warnings.emplace_back("x"); }, false},
      {"patched", [](Decision& d) { d.patch = "[]"; }, false},
      {"error", [](Decision& d) { d.errors.emplace_back("x"); }, false},
  };
  for (const Case& row : cases) {
    Decision decision;
    row.change(decision);
    EXPECT_EQ(is_routine(decision), row.is_routine) << row.name;
  }
  EXPECT_TRUE(with(finding::Verdict::Pass));
  EXPECT_TRUE(with(finding::Verdict::Fail)) << "in mode audit nobody is told";
  EXPECT_FALSE(with(finding::Verdict::Error));
  EXPECT_FALSE(with(finding::Verdict::Unknown));
}

TEST(ToDecisionFinding, OwnsItsTexts) {
  const finding::Check check{.engine = "pod-security",
                             .policy = "baseline",
                             .id = "privileged",
                             .title = "t",
                             .description = "d",
                             .remedy = "Set privileged to false.",
                             .severity = finding::Severity::High,
                             .controls = {},
                             .references = {}};
  finding::Exception exception;
  exception.id = "x-1";
  exception.owner = "team-a";
  exception.reason = "legacy";
  finding::Finding finding;
  finding.check = &check;
  finding.pointer = "/spec/x";
  finding.found = "true";
  finding.exception = &exception;
  const DecisionFinding out = to_decision_finding(finding);
  EXPECT_EQ(out.fingerprint.size(), 64U);
  EXPECT_EQ(out.engine, "pod-security");
  EXPECT_EQ(out.rule, "privileged");
  EXPECT_EQ(out.remedy, "Set privileged to false.");
  EXPECT_EQ(out.exception, "x-1");
  EXPECT_EQ(out.exception_owner, "team-a");
}

}  // namespace

}  // namespace tally::history

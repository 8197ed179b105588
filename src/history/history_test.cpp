// What holds for both dialects.
#include "history/history.hpp"

#include <gtest/gtest.h>

#include <array>
#include <set>

#include "history/internal/queries.hpp"
#include "history/testing/sample.hpp"
#include "store/testing/stores.hpp"

namespace tally::history {

namespace {

using testing::denial;
using testing::kNoon;

class AnyHistory : public store::testing::AnyStore {
 protected:
  [[nodiscard]] History open(Access access = Access::Write) const {
    auto history = History::open(url(), access);
    EXPECT_TRUE(history) << history.error().to_string();
    return std::move(*history);
  }
};
TALLY_BOTH_STORES(AnyHistory);

std::vector<KeptDecision> list(History& history, const DecisionQuery& query) {
  std::vector<KeptDecision> found;
  const auto done = history.decisions(query, [&](const KeptDecision& kept) {
    found.push_back(kept);
    return true;
  });
  EXPECT_TRUE(done) << done.error().to_string();
  return found;
}
std::vector<std::string> names(History& history, const DecisionQuery& query) {
  std::vector<std::string> found;
  for (const KeptDecision& kept : list(history, query)) {
    found.push_back(kept.decision.name);
  }
  return found;
}

TEST_P(AnyHistory, GivesBackADecisionWhole) {
  History history = open();
  const Decision decision = testing::everything();
  ASSERT_TRUE(history.record({&decision, 1}));
  const std::string canonical = canonical_json(decision);
  const std::string id = decision_id(canonical);
  for (const std::string& name : {id, id.substr(0, 8), decision.uid}) {
    SCOPED_TRACE(name);
    const auto kept = history.decision(name);
    ASSERT_TRUE(kept) << kept.error().to_string();
    ASSERT_TRUE(*kept);
    EXPECT_EQ((*kept)->decision, decision);
    EXPECT_EQ((*kept)->id, id);
    EXPECT_EQ((*kept)->canonical, canonical);
    EXPECT_EQ((*kept)->occurrences, 1U);
    EXPECT_TRUE((*kept)->is_intact);
  }
}

TEST_P(AnyHistory, DoesNotFindWhatIsNotThere) {
  History history = open();
  const Decision decision = denial();
  ASSERT_TRUE(history.record({&decision, 1}));
  using namespace std::string_view_literals;
  for (const std::string_view name :
       {"d-2222"sv, ""sv, "%"sv, "d-%"sv, "' OR '1'='1"sv, "d-' OR '1'='1"sv, "\0"sv, "\xff"sv,
        "D-"sv, "another-uid"sv}) {
    SCOPED_TRACE(name);
    const auto kept = history.decision(name);
    ASSERT_TRUE(kept) << kept.error().to_string();
    EXPECT_FALSE(*kept);
  }
}

TEST_P(AnyHistory, AnAmbiguousPrefixNamesTheCandidates) {
  History history = open();
  std::vector<Decision> decisions(3, denial());
  decisions[1].name = "b";
  decisions[2].name = "c";
  ASSERT_TRUE(history.record(decisions));
  const auto kept = history.decision("d-");
  ASSERT_FALSE(kept);
  EXPECT_EQ(kept.error().kind, ErrorKind::Content);
  EXPECT_TRUE(kept.error().message.starts_with("3 decisions have an id that begins with d-: d-"))
      << kept.error().message;
}

TEST_P(AnyHistory, CountsWhatIsTheSame) {
  History history = open();
  std::vector<Decision> decisions(3, denial());
  decisions[1].time_ms = kNoon + 1000;
  decisions[1].uid = "second";
  decisions[2].time_ms = kNoon - 1000;
  ASSERT_TRUE(history.record({decisions.data(), 1}));
  ASSERT_TRUE(history.record({decisions.data() + 2, 1}));
  ASSERT_TRUE(history.record({decisions.data() + 1, 1}));
  const auto found = list(history, {});
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].occurrences, 3U);
  EXPECT_EQ(found[0].first_ms, kNoon - 1000);
  EXPECT_EQ(found[0].decision.time_ms, kNoon + 1000);
  EXPECT_EQ(found[0].decision.uid, "second");
}

TEST_P(AnyHistory, AnswersEachQuestion) {
  History history = open();
  std::vector<Decision> decisions(4, denial());
  decisions[0].name = "a";
  decisions[1].name = "b";
  decisions[1].time_ms = kNoon + 1;
  decisions[1].is_allowed = true;
  decisions[1].user = "o'brien";
  decisions[2].name = "c";
  decisions[2].time_ms = kNoon + 2;
  decisions[2].name_space = "shop";
  decisions[2].findings[0].policy = "restricted";
  decisions[3].name = "d";
  decisions[3].time_ms = kNoon + 3;
  decisions[3].kind = "Job";
  decisions[3].findings[0].verdict = finding::Verdict::Pass;
  ASSERT_TRUE(history.record(decisions));
  struct Case {
    std::string name;
    DecisionQuery query;
    std::vector<std::string> found;
  };
  const Case cases[] = {
      {"all", {}, {"d", "c", "b", "a"}},
      {"limit", {.limit = 2}, {"d", "c"}},
      {"denied", {.only_denied = true}, {"d", "c", "a"}},
      {"namespace", {.name_space = "payments"}, {"d", "b", "a"}},
      {"user", {.user = "o'brien"}, {"b"}},
      {"kind", {.kind = "Job"}, {"d"}},
      {"policy", {.policy = "baseline"}, {"b", "a"}},
      {"another policy", {.policy = "restricted"}, {"c"}},
      {"since", {.since_ms = kNoon + 2}, {"d", "c"}},
      {"until", {.until_ms = kNoon + 1}, {"a"}},
      {"between", {.since_ms = kNoon + 1, .until_ms = kNoon + 3}, {"c", "b"}},
      {"several",
       {.since_ms = kNoon,
        .only_denied = true,
        .name_space = "payments",
        .kind = "Pod",
        .policy = "baseline",
        .limit = 5},
       {"a"}},
      {"no such namespace", {.name_space = "nowhere"}, {}},
      {"injected namespace", {.name_space = "' OR 1=1 --"}, {}},
      {"injected user", {.user = "x' UNION SELECT 1,2,3,4,5,6,7 --"}, {}},
      {"injected policy", {.policy = "x') OR ('1'='1"}, {}},
      {"injected kind", {.kind = "\"; DROP TABLE decisions; --"}, {}},
      {"another time", {.since_ms = kNoon + 4}, {}},
      {"denied and allowed user", {.only_denied = true, .user = "o'brien"}, {}},
  };
  for (const Case& row : cases) {
    EXPECT_EQ(names(history, row.query), row.found) << row.name;
  }
  EXPECT_EQ(names(history, {}).size(), 4U);
}

TEST_P(AnyHistory, TakesEveryTextAsItIs) {
  History history = open();
  using namespace std::string_view_literals;
  const std::string_view texts[] = {"'; DROP TABLE decisions; --"sv,
                                    "$1"sv,
                                    "\\"sv,
                                    "a\0b"sv,
                                    "\xff\xfe"sv,
                                    "\"}]"sv,
                                    "%s%n"sv,
                                    "漢字"sv,
                                    "\x1b[31m"sv};
  for (const std::string_view text : texts) {
    Decision decision = denial();
    const std::string value(text);
    for (std::string* member :
         {&decision.uid, &decision.operation, &decision.kind, &decision.name_space, &decision.name,
          &decision.user, &decision.message, &decision.policy_digest, &decision.patch,
          &decision.request, &decision.findings[0].policy, &decision.findings[0].message}) {
      *member = value;
    }
    const auto done = history.record({&decision, 1});
    ASSERT_TRUE(done) << done.error().to_string();
    const auto kept = history.decision(decision_id(canonical_json(decision)));
    ASSERT_TRUE(kept && *kept);
    EXPECT_TRUE((*kept)->is_intact);
  }
  EXPECT_EQ(list(history, {}).size(), std::size(texts));
  Decision giant = denial();
  giant.user = std::string(100'000, 'u');
  giant.name_space = std::string(100'000, 'n');
  giant.findings[0].policy = std::string(100'000, 'p');
  const auto done = history.record({&giant, 1});
  EXPECT_TRUE(done) << done.error().to_string();
}

TEST_P(AnyHistory, SaysWhenARowWasAltered) {
  History history = open();
  const Decision decision = denial();
  ASSERT_TRUE(history.record({&decision, 1}));
  ASSERT_TRUE(history.database().run_script(
      "UPDATE decisions SET canonical = replace(canonical, 'jane', 'john')"));
  const auto found = list(history, {});
  ASSERT_EQ(found.size(), 1U);
  EXPECT_FALSE(found[0].is_intact);
  ASSERT_TRUE(history.database().run_script("UPDATE decisions SET canonical = '{'"));
  const auto broken = list(history, {});
  ASSERT_EQ(broken.size(), 1U);
  EXPECT_FALSE(broken[0].is_intact);
}

std::vector<KeptFinding> findings(History& history, const FindingQuery& query = {}) {
  std::vector<KeptFinding> found;
  const auto done = history.findings(query, [&](const KeptFinding& kept) {
    found.push_back(kept);
    return true;
  });
  EXPECT_TRUE(done) << done.error().to_string();
  return found;
}

Observation observation(std::vector<DecisionFinding> found) {
  return {.subject = {.kind = "Pod", .name_space = "payments", .name = "api"},
          .findings = std::move(found)};
}
Observed observe(History& history, const Observation& one, std::int64_t now_ms) {
  const auto done = history.observe({&one, 1}, now_ms);
  EXPECT_TRUE(done) << done.error().to_string();
  return done.value_or(Observed{});
}

TEST_P(AnyHistory, TellsTheLifeOfAFinding) {
  History history = open();
  DecisionFinding finding = testing::privileged();
  EXPECT_EQ(observe(history, observation({finding, finding}), 1000).opened, 1U);
  const Observed again = observe(history, observation({finding}), 2000);
  EXPECT_EQ(again.opened + again.changed + again.reopened + again.resolved, 0U);
  finding.mode = finding::Mode::Warn;
  EXPECT_EQ(observe(history, observation({finding}), 3000).changed, 1U);
  EXPECT_EQ(observe(history, observation({}), 4000).resolved, 1U);
  EXPECT_EQ(observe(history, observation({}), 4500).resolved, 0U);
  EXPECT_EQ(observe(history, observation({finding}), 5000).reopened, 1U);
  const auto found = findings(history);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].finding, finding);
  EXPECT_EQ(found[0].subject, observation({}).subject);
  EXPECT_EQ(found[0].first_seen_ms, 1000);
  EXPECT_EQ(found[0].last_seen_ms, 5000);
  EXPECT_EQ(found[0].changed_ms, 5000);
  EXPECT_FALSE(found[0].resolved_ms);
  const auto changes = history.changes(found[0]);
  ASSERT_TRUE(changes);
  std::string story;
  for (const FindingChange& change : *changes) {
    story += std::to_string(change.time_ms) + " " + change.what + " [" + change.from + "] [" +
             change.to + "]\n";
  }
  EXPECT_EQ(story,
            "1000 opened [] [fail, high, enforce]\n"
            "3000 changed [fail, high, enforce] [fail, high, warn]\n"
            "4000 resolved [fail, high, warn] []\n"
            "5000 reopened [fail, high, warn] [fail, high, warn]\n");
}

TEST_P(AnyHistory, ResolvesOnlyWhatWasJudged) {
  History history = open();
  DecisionFinding other = testing::privileged();
  other.fingerprint = std::string(64, 'e');
  other.policy = "restricted";
  DecisionFinding excepted = testing::privileged();
  excepted.fingerprint = std::string(64, 'f');
  excepted.exception = "x";
  DecisionFinding passed = testing::privileged();
  passed.fingerprint = std::string(64, '0');
  passed.verdict = finding::Verdict::Pass;
  EXPECT_EQ(
      observe(history, observation({testing::privileged(), other, excepted, passed}), 1000).opened,
      2U);
  Observation part = observation({});
  part.judged_by = {{.engine = "pod-security", .policy = "restricted"}};
  EXPECT_EQ(observe(history, part, 2000).resolved, 1U);
  Observation elsewhere = observation({});
  elsewhere.subject.name = "web";
  EXPECT_EQ(observe(history, elsewhere, 3000).resolved, 0U);
  using State = FindingQuery::State;
  struct Case {
    std::string name;
    FindingQuery query;
    std::size_t found;
  };
  const Case cases[] = {
      {"all", {}, 2},
      {"open", {.state = State::Open}, 1},
      {"resolved", {.state = State::Resolved}, 1},
      {"since", {.since_ms = 2000}, 1},
      {"until", {.until_ms = 2000}, 1},
      {"policy", {.policy = "restricted"}, 1},
      {"namespace", {.name_space = "payments"}, 2},
      {"high", {.severity_min = finding::Severity::High}, 2},
      {"limit", {.limit = 1}, 1},
      {"critical", {.severity_min = finding::Severity::Critical}, 0},
      {"elsewhere", {.name_space = "shop"}, 0},
      {"injected", {.policy = "' OR ''='"}, 0},
      {"later", {.since_ms = 2001}, 0},
      {"open and restricted", {.state = State::Open, .policy = "restricted"}, 0},
  };
  for (const Case& row : cases) {
    EXPECT_EQ(findings(history, row.query).size(), row.found) << row.name;
  }
}

TEST_P(AnyHistory, AFindingThatFlapsKeepsItsLastHundredSteps) {
  History history = open();
  for (int i = 0; i < 70; ++i) {
    observe(history, observation({testing::privileged()}), i * 10);
    observe(history, observation({}), i * 10 + 5);
  }
  const auto found = findings(history);
  ASSERT_EQ(found.size(), 1U);
  const auto changes = history.changes(found[0]);
  ASSERT_TRUE(changes);
  ASSERT_EQ(changes->size(), 100U);
  EXPECT_EQ(changes->back().time_ms, 695);
}

TEST_P(AnyHistory, KnowsPoliciesAndScopes) {
  History history = open();
  std::vector<PolicySeen> policies{
      {.kind = "ClusterPolicy", .name = "a", .digest = "1", .source = "cluster"},
      {.kind = "ClusterPolicy",
       .name = "b",
       .digest = "2",
       .source = "b.yaml",
       .is_loaded = false,
       .why = "line 3: no such function"}};
  ASSERT_TRUE(history.see_policies(policies, 1000));
  policies.resize(1);
  ASSERT_TRUE(history.see_policies(policies, 2000));
  policies[0].digest = "3";
  ASSERT_TRUE(history.see_policies(policies, 3000));
  std::string seen;
  ASSERT_TRUE(history.policies([&](const PolicySeen& one) {
    seen += one.name + one.digest + (one.is_loaded ? " loaded " : " refused ") +
            std::to_string(one.first_seen_ms) + "-" + std::to_string(one.last_seen_ms) + one.why +
            "\n";
    return true;
  }));
  EXPECT_EQ(seen,
            "a3 loaded 3000-3000\na1 loaded 1000-2000\nb2 refused 1000-1000line 3: no such "
            "function\n");

  const std::array<ScopeChange, 3> changes{
      ScopeChange{.policy = "baseline",
                  .name_space = "payments",
                  .from = finding::Mode::Audit,
                  .to = finding::Mode::Warn,
                  .user = "jane",
                  .source = "tally.yaml",
                  .time_ms = 1000},
      ScopeChange{
          .name_space = "shop", .to = finding::Mode::Enforce, .user = "joe", .time_ms = 2000},
      ScopeChange{.from = finding::Mode::Enforce, .user = "joe", .time_ms = 3000}};
  ASSERT_TRUE(history.record_scope_changes(changes));
  ASSERT_TRUE(history.record_scope_changes(changes)) << "once is enough";
  const auto times = [&](const History::ScopeQuery& query) {
    std::vector<std::int64_t> found;
    EXPECT_TRUE(history.scope_changes(query, [&](const ScopeChange& change) {
      found.push_back(change.time_ms);
      return true;
    }));
    return found;
  };
  using Times = std::vector<std::int64_t>;
  EXPECT_EQ(times({}), (Times{3000, 2000, 1000}));
  EXPECT_EQ(times({.name_space = "payments"}), (Times{3000, 1000}));
  EXPECT_EQ(times({.policy = "restricted", .name_space = "shop"}), (Times{3000, 2000}));
  EXPECT_EQ(times({.policy = "' OR ''='"}), (Times{3000, 2000}));
  EXPECT_EQ(times({.since_ms = 2000, .until_ms = 3000}), (Times{2000}));
  EXPECT_EQ(times({.limit = 1}), (Times{3000}));
  EXPECT_EQ(times({.since_ms = 4000}), Times{});
}

TEST_P(AnyHistory, KeepsDenialsUntilTheirAge) {
  History history = open();
  std::vector<Decision> decisions;
  for (int i = 0; i < 30; ++i) {
    decisions.push_back(testing::routine(i));
    decisions.push_back(denial());
    decisions.back().name = "pod-" + std::to_string(i);
    decisions.back().time_ms = kNoon + i;
  }
  ASSERT_TRUE(history.record(decisions));
  Retention retention{.decisions_ms = 100, .routine_ms = 50, .routine_max = 10};
  const auto surplus = history.expire(retention, kNoon + 50);
  ASSERT_TRUE(surplus) << surplus.error().to_string();
  EXPECT_EQ(surplus->decisions, 20U);
  EXPECT_EQ(list(history, {.only_denied = true}).size(), 30U);
  EXPECT_EQ(list(history, {.kind = "ConfigMap"}).back().decision.time_ms, kNoon + 20);
  EXPECT_EQ(history.expire(retention, kNoon + 75)->decisions, 5U);
  EXPECT_EQ(history.expire(retention, kNoon + 110)->decisions, 5U + 10U);
  EXPECT_EQ(list(history, {}).size(), 20U);
  EXPECT_EQ(list(history, {.policy = "baseline"}).size(), 20U);
  observe(history, observation({testing::privileged()}), 1000);
  observe(history, observation({}), 2000);
  EXPECT_EQ(history.expire({.resolved_ms = 10}, 2010)->findings, 0U);
  EXPECT_EQ(history.expire({.resolved_ms = 10}, 2011)->findings, 1U);
  EXPECT_TRUE(findings(history).empty());
}

TEST_P(AnyHistory, AReaderNeedsAStoreAndChangesNothing) {
  const auto none = History::open(url(), Access::Read);
  ASSERT_FALSE(none);
  {
    History history = open();
    const Decision decision = denial();
    ASSERT_TRUE(history.record({&decision, 1}));
  }
  History reader = open(Access::Read);
  EXPECT_EQ(list(reader, {}).size(), 1U);
  const Decision decision = denial();
  EXPECT_FALSE(reader.record({&decision, 1}));
  EXPECT_EQ(list(reader, {}).size(), 1U);
}

TEST_P(AnyHistory, ANewerSchemaIsRefused) {
  {
    History history = open();
    ASSERT_TRUE(history.database().run_script("INSERT INTO schema_versions VALUES (99)"));
  }
  for (const Access access : {Access::Write, Access::Read}) {
    const auto history = History::open(url(), access);
    ASSERT_FALSE(history);
    EXPECT_NE(history.error().message.find("schema version 99"), std::string::npos)
        << history.error().message;
  }
}

}  // namespace

}  // namespace tally::history

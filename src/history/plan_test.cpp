// A hundred thousand decisions: what is asked is answered through an index.
#include <gtest/gtest.h>

#include "history/history.hpp"
#include "history/internal/queries.hpp"
#include "history/testing/sample.hpp"
#include "store/testing/stores.hpp"

namespace tally::history {

namespace {

constexpr int kDecisions = 100'000;

class ManyDecisions : public store::testing::AnyStore {};
TALLY_BOTH_STORES(ManyDecisions);

template <class Query>
std::string plan(History& history, const Query& query) {
  const Question asked = question(query);
  const bool is_sqlite = history.database().dialect() == store::Dialect::Sqlite;
  store::SqlText sql(is_sqlite ? store::Sql("EXPLAIN QUERY PLAN ") : store::Sql("EXPLAIN "));
  sql += asked.sql;
  std::string lines;
  const auto done = history.database().query(sql, asked.values, [&](const store::Row& row) {
    lines.append(row.text(is_sqlite ? 3 : 0)).append("\n");
    return true;
  });
  EXPECT_TRUE(done) << done.error().to_string();
  return lines;
}

TEST_P(ManyDecisions, QuestionsUseTheirIndexes) {
  auto history = History::open(url());
  ASSERT_TRUE(history) << history.error().to_string();
  std::vector<Decision> batch;
  for (int i = 0; i < kDecisions; ++i) {
    batch.push_back(i % 100 == 0 ? testing::denial() : testing::routine(i));
    batch.back().name = "object-" + std::to_string(i);
    batch.back().time_ms = testing::kNoon + i;
    for (DecisionFinding& finding : batch.back().findings) {
      finding.policy = "policy-" + std::to_string(i / 100 % 100);
    }
    if (batch.size() == 10'000) {
      ASSERT_TRUE(history->record(batch));
      batch.clear();
    }
  }
  ASSERT_TRUE(history->database().run_script("ANALYZE"));
  struct Case {
    std::string_view index;
    DecisionQuery query;
  };
  const std::int64_t recent = testing::kNoon + kDecisions - 500;
  const Case cases[] = {
      {"decisions_last", {.limit = 20}},
      {"decisions_last", {.since_ms = recent}},
      {"decisions_denied", {.since_ms = recent, .only_denied = true}},
      {"decisions_denied", {.only_denied = true, .limit = 20}},
      {"decisions_namespace", {.name_space = "team-7", .limit = 20}},
      {"decisions_username", {.user = "user-7", .limit = 20}},
      {"decisions_kind", {.kind = "Secret", .limit = 20}},
      {"decision_policies_pkey", {.policy = "policy-7"}},
  };
  for (const Case& row : cases) {
    const std::string lines = plan(*history, row.query);
    // SQLite numbers the indexes of primary keys.
    const std::string_view index =
        row.index == "decision_policies_pkey" && GetParam() == store::Dialect::Sqlite
            ? "sqlite_autoindex_decision_policies_1"
            : row.index;
    EXPECT_NE(lines.find(index), std::string::npos) << row.index << " is not in:\n" << lines;
    EXPECT_EQ(lines.find("Seq Scan on decisions"), std::string::npos) << lines;
  }
  std::size_t denied = 0;
  ASSERT_TRUE(history->decisions({.only_denied = true}, [&](const KeptDecision&) {
    ++denied;
    return true;
  }));
  EXPECT_EQ(denied, static_cast<std::size_t>(kDecisions / 100));
}

TEST_P(ManyDecisions, FindingsUseTheirIndexes) {
  auto history = History::open(url());
  ASSERT_TRUE(history) << history.error().to_string();
  std::vector<Observation> batch;
  for (int i = 0; i < 5000; ++i) {
    DecisionFinding finding = testing::privileged();
    finding.fingerprint = std::to_string(i);
    finding.policy = "policy-" + std::to_string(i % 100);
    batch.push_back({.subject = {.kind = "Pod",
                                 .name_space = "team-" + std::to_string(i % 100),
                                 .name = std::to_string(i)},
                     .findings = {finding}});
  }
  ASSERT_TRUE(history->observe(batch, 1000));
  for (Observation& one : batch) {
    one.findings.clear();
  }
  batch.resize(4900);
  ASSERT_TRUE(history->observe(batch, 2000));
  ASSERT_TRUE(history->database().run_script("ANALYZE"));
  const std::pair<std::string_view, FindingQuery> cases[] = {
      {"findings_changed", {.limit = 20}},
      {"findings_open", {.state = FindingQuery::State::Open, .limit = 20}},
      {"findings_namespace", {.name_space = "team-7", .limit = 20}},
      {"findings_policy", {.policy = "policy-7", .limit = 20}},
  };
  for (const auto& [index, query] : cases) {
    const std::string lines = plan(*history, query);
    EXPECT_NE(lines.find(index), std::string::npos) << index << " is not in:\n" << lines;
  }
}

}  // namespace

}  // namespace tally::history

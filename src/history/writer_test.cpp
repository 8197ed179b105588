#include "history/writer.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <thread>

#include "history/testing/sample.hpp"
#include "store/database.hpp"
#include "store/testing/stores.hpp"

namespace tally::history {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds kLong{60'000};

class AnyWriter : public store::testing::AnyStore {
 protected:
  [[nodiscard]] History open() const {
    auto history = History::open(url());
    EXPECT_TRUE(history) << history.error().to_string();
    return std::move(*history);
  }
  [[nodiscard]] std::size_t count(const DecisionQuery& query = {}) const {
    History history = open();
    std::size_t found = 0;
    EXPECT_TRUE(history.decisions(query, [&](const KeptDecision&) {
      ++found;
      return true;
    }));
    return found;
  }
};
TALLY_BOTH_STORES(AnyWriter);

Decision denial(int number) {
  Decision decision = testing::denial();
  decision.name = "pod-" + std::to_string(number);
  return decision;
}

TEST_P(AnyWriter, WritesWhatManyThreadsSay) {
  constexpr int kThreads = 4;
  constexpr int kEach = 500;
  {
    const auto writer = Writer::start(open());
    {
      std::vector<std::jthread> threads;
      for (int t = 0; t < kThreads; ++t) {
        threads.emplace_back([&, t] {
          for (int i = 0; i < kEach; ++i) {
            writer->record(denial(t * kEach + i));
          }
        });
      }
    }
    ASSERT_TRUE(writer->flush(kLong));
    const WriterCounts counts = writer->counts();
    EXPECT_EQ(counts.written, static_cast<std::uint64_t>(kThreads * kEach));
    EXPECT_EQ(counts.queued, 0U);
    EXPECT_EQ(counts.failures, 0U) << counts.last_error;
  }
  EXPECT_EQ(count(), static_cast<std::size_t>(kThreads * kEach));
}

TEST_P(AnyWriter, WritesAllKindsAndTheRestAtTheEnd) {
  {
    const auto writer = Writer::start(open());
    writer->record(testing::denial());
    EXPECT_TRUE(writer->observe({.subject = {.kind = "Pod", .name_space = "x", .name = "y"},
                                 .findings = {testing::privileged()}},
                                1000));
    writer->see_policies({{.kind = "ClusterPolicy", .name = "a", .digest = "1"}}, testing::kNoon);
    writer->record_scope_change({.to = finding::Mode::Enforce, .user = "jane", .time_ms = 1000});
    writer->expire({.decisions_ms = 1}, testing::kNoon + 1000);
  }
  History history = open();
  std::size_t rows = 0;
  const auto any = [&](const auto&) {
    ++rows;
    return true;
  };
  ASSERT_TRUE(history.findings({}, any));
  ASSERT_TRUE(history.policies(any));
  ASSERT_TRUE(history.scope_changes({}, any));
  EXPECT_EQ(rows, 3U);
}

TEST_P(AnyWriter, ATextThatIsTooLongSpoilsNoOther) {
  const auto writer = Writer::start(open(), {.bytes_max = 256 * 1024 * 1024});
  Decision giant = denial(0);
  giant.request = std::string(17 * 1024 * 1024, 'x');
  writer->record(denial(1));
  writer->record(giant);
  writer->record(denial(2));
  ASSERT_TRUE(writer->flush(kLong));
  EXPECT_EQ(writer->counts().written, 2U);
  EXPECT_EQ(writer->counts().refused, 1U);
  EXPECT_EQ(count(), 2U);
}

TEST_P(AnyWriter, SamplesWhatIsRoutine) {
  struct Case {
    std::uint32_t one_in;
    std::uint64_t sampled_out;
  };
  for (const Case& row : {Case{0, 100}, Case{1, 0}, Case{10, 90}, Case{1000, 99}}) {
    const auto writer = Writer::start(open(), {.routine_one_in = row.one_in});
    for (int i = 0; i < 100; ++i) {
      writer->record(testing::routine(i));
      writer->record(denial(i));
    }
    ASSERT_TRUE(writer->flush(kLong));
    EXPECT_EQ(writer->counts().sampled_out, row.sampled_out) << row.one_in;
    EXPECT_EQ(writer->counts().written, 200U - row.sampled_out) << row.one_in;
  }
  EXPECT_EQ(count({.only_denied = true}), 100U);
}

// A writer whose store is locked by somebody else: what it is given stays in the queue.
class LockedWriter : public ::testing::Test {
 protected:
  void SetUp() override {
    // The tables, so that opening needs no lock.
    ASSERT_TRUE(History::open(path_));
    auto other = store::Database::open(path_);
    ASSERT_TRUE(other);
    other_.emplace(std::move(*other));
  }
  store::testing::TemporaryFolder folder_;   // NOLINT(*-non-private-member-*)
  std::string path_ = folder_.file("x.db");  // NOLINT(*-non-private-member-*)
  std::optional<store::Database> other_;     // NOLINT(*-non-private-member-*)
};

TEST_F(LockedWriter, DropsRoutineDecisionsFirst) {
  auto lock = other_->begin();
  ASSERT_TRUE(lock);
  auto history = History::open(path_);
  ASSERT_TRUE(history);
  const auto writer = Writer::start(
      std::move(*history),
      {.decisions_max = 10, .observations_max = 1, .batch_max = 1, .retry_after = milliseconds(1)});
  // The thread takes one decision and waits for the lock with it.
  writer->record(denial(1000));
  while (writer->counts().queued != 0) {
    std::this_thread::yield();
  }
  for (int i = 0; i < 10; ++i) {
    writer->record(testing::routine(i));
  }
  EXPECT_EQ(writer->counts().dropped_routine, 0U);
  writer->record(testing::routine(10));  // the oldest leaves
  EXPECT_EQ(writer->counts().dropped_routine, 1U);
  for (int i = 0; i < 10; ++i) {
    writer->record(denial(i));
  }
  EXPECT_EQ(writer->counts().dropped_routine, 11U);
  EXPECT_EQ(writer->counts().dropped_others, 0U);
  writer->record(testing::routine(11));
  EXPECT_EQ(writer->counts().dropped_routine, 12U);
  writer->record(denial(10));
  EXPECT_EQ(writer->counts().dropped_others, 1U);
  EXPECT_TRUE(writer->observe({}, 1));
  EXPECT_FALSE(writer->observe({}, 1));
  EXPECT_EQ(writer->counts().dropped_observations, 1U);
  EXPECT_FALSE(writer->flush(milliseconds(1)));
  ASSERT_TRUE(lock->commit());
  ASSERT_TRUE(writer->flush(kLong));
  EXPECT_EQ(writer->counts().written, 11U);
}

TEST_F(LockedWriter, DropsByBytesToo) {
  auto lock = other_->begin();
  ASSERT_TRUE(lock);
  auto history = History::open(path_);
  ASSERT_TRUE(history);
  const auto writer = Writer::start(std::move(*history), {.bytes_max = 100'000, .batch_max = 1});
  writer->record(denial(1000));
  while (writer->counts().queued != 0) {
    std::this_thread::yield();
  }
  Decision big = denial(1);
  big.request = std::string(60'000, 'x');
  writer->record(big);
  writer->record(testing::routine(1));
  EXPECT_EQ(writer->counts().queued, 2U);
  big.name = "second";
  writer->record(big);  // no room, even without the routine one
  EXPECT_EQ(writer->counts().dropped_others, 1U);
  EXPECT_EQ(writer->counts().dropped_routine, 1U);
  big.request = std::string(200'000, 'x');
  writer->record(big);
  EXPECT_EQ(writer->counts().dropped_others, 2U);
  ASSERT_TRUE(lock->commit());
  ASSERT_TRUE(writer->flush(kLong));
}

TEST(Writer, TriesAgainAndGivesUpAtTheEnd) {
  const store::testing::TemporaryFolder folder;
  auto history = History::open(folder.file("x.db"));
  ASSERT_TRUE(history);
  // A disk that is full and stays so.
  ASSERT_TRUE(history->database().run_script("PRAGMA max_page_count = 60"));
  const auto writer = Writer::start(
      std::move(*history), {.retry_after = milliseconds(1), .give_up_after = milliseconds(1)});
  for (int i = 0; i < 400; ++i) {
    writer->record(denial(i));
  }
  while (writer->counts().failures < 3) {
    std::this_thread::yield();
  }
  EXPECT_NE(writer->counts().last_error.find("the disk is full"), std::string::npos)
      << writer->counts().last_error;
  EXPECT_FALSE(writer->flush(milliseconds(1)));
}

}  // namespace

}  // namespace tally::history

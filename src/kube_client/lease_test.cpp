// Elections with a lease in memory and time that is told.
#include "kube_client/lease.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <memory>
#include <random>

#include "kube_client/testing/fake_time.hpp"

namespace tally::kube_client {
namespace {

using namespace std::chrono_literals;
using testing::FakeTime;

Refusal refusal(unsigned status, std::string reason) {
  return {.status = status,
          .error = environment_error("the server says " + reason).error(),
          .reason = reason};
}

// One lease, as a server keeps it.
class Store {
 public:
  enum class Fault { None, BeforeWriting, AfterWriting };

  LeaseCalls calls(
      std::function<Fault()> fault = [] { return Fault::None; },
      std::function<void()> on_call = [] {}) {
    return {
        .get = [=, this](std::chrono::milliseconds) -> Answer<LeaseRecord> {
          on_call();
          if (fault() != Fault::None) {
            return std::unexpected(refusal(0, "nothing"));
          }
          return lease ? Answer<LeaseRecord>(*lease) : std::unexpected(refusal(404, "NotFound"));
        },
        .create = [=, this](const LeaseRecord& record,
                            std::chrono::milliseconds) -> Answer<LeaseRecord> {
          return write(record, lease ? std::optional(refusal(409, "AlreadyExists")) : std::nullopt,
                       fault(), on_call);
        },
        .update = [=, this](const LeaseRecord& record,
                            std::chrono::milliseconds) -> Answer<LeaseRecord> {
          const bool is_current = lease && lease->resource_version == record.resource_version;
          return write(record, is_current ? std::nullopt : std::optional(refusal(409, "Conflict")),
                       fault(), on_call);
        }};
  }
  // As somebody else would.
  void change(const std::function<void(LeaseRecord&)>& by) {
    by(*lease);
    lease->resource_version = std::to_string(++version_);
  }

  std::optional<LeaseRecord> lease;

 private:
  Answer<LeaseRecord> write(LeaseRecord record, const std::optional<Refusal>& refused, Fault fault,
                            const std::function<void()>& on_call) {
    on_call();
    if (fault == Fault::BeforeWriting) {
      return std::unexpected(refusal(0, "nothing"));
    }
    if (refused) {
      return std::unexpected(*refused);
    }
    record.resource_version = std::to_string(++version_);
    lease = record;
    if (fault == Fault::AfterWriting) {
      return std::unexpected(refusal(0, "nothing"));
    }
    return record;
  }

  int version_ = 0;
};

LeaseOptions options_of(std::string identity) {
  return {.name_space = "tally", .name = "writer", .identity = std::move(identity)};
}

// One candidate and a lease.
struct World {
  FakeTime time;
  Store store;
  Store::Fault fault = Store::Fault::None;

  LeaderElector elector(std::string identity, std::chrono::milliseconds skew = {}) {
    return {store.calls([this] { return fault; }), options_of(std::move(identity)),
            time.timing(skew)};
  }
};

TEST(LeaderElector, MakesTheLease) {
  World world;
  auto one = world.elector("one");
  EXPECT_FALSE(one.is_leader());
  EXPECT_EQ(one.step(), 2s);
  EXPECT_TRUE(one.is_leader());
  EXPECT_EQ(*world.store.lease, (LeaseRecord{.holder = "one",
                                             .duration_seconds = 15,
                                             .acquire_time = "2027-01-15T08:00:00.000000Z",
                                             .renew_time = "2027-01-15T08:00:00.000000Z",
                                             .transitions = 0,
                                             .resource_version = "1"}));
  world.time.pass(2s);
  EXPECT_EQ(one.step(), 2s);
  EXPECT_EQ(world.store.lease->acquire_time, "2027-01-15T08:00:00.000000Z");
  EXPECT_EQ(world.store.lease->renew_time, "2027-01-15T08:00:02.000000Z");
  EXPECT_EQ(one.holder(), "one");
}

TEST(LeaderElector, WaitsForItsTurn) {
  World world;
  auto one = world.elector("one");
  auto two = world.elector("two", -48h);  // a clock that is wrong changes nothing
  static_cast<void>(one.step());
  // Candidates wait for 2 s and up to 1.2 times as much again.
  world.time.chance = 0.5;
  EXPECT_EQ(two.step(), 3200ms);
  EXPECT_FALSE(two.is_leader());
  EXPECT_EQ(two.holder(), "one");
  EXPECT_EQ(two.error(), "");
  // As long as the lease lasts since it was seen, to the millisecond.
  world.time.pass(14'999ms);
  static_cast<void>(two.step());
  EXPECT_FALSE(two.is_leader());
  world.time.pass(1ms);
  static_cast<void>(two.step());
  EXPECT_TRUE(two.is_leader());
  EXPECT_EQ(world.store.lease->holder, "two");
  EXPECT_EQ(world.store.lease->transitions, 1);
  EXPECT_FALSE(one.is_leader()) << "its own time was over first";
  static_cast<void>(one.step());
  EXPECT_FALSE(one.is_leader());
  EXPECT_EQ(one.holder(), "two");
}

// A renewal begins the time of those who watch anew.
TEST(LeaderElector, SeesThatTheOtherLives) {
  World world;
  auto one = world.elector("one");
  auto two = world.elector("two", 48h);
  for (int second = 0; second < 60; ++second) {
    if (second % 2 == 0) {
      static_cast<void>(one.step());
    }
    static_cast<void>(two.step());
    EXPECT_TRUE(one.is_leader());
    EXPECT_FALSE(two.is_leader());
    world.time.pass(1s);
  }
}

TEST(LeaderElector, StopsWhenItCannotRenew) {
  World world;
  auto one = world.elector("one");
  static_cast<void>(one.step());
  world.fault = Store::Fault::BeforeWriting;
  world.time.pass(9'999ms);
  EXPECT_EQ(one.step(), 2s);
  EXPECT_TRUE(one.is_leader());
  EXPECT_EQ(one.error(), "the server says nothing");
  world.time.pass(1ms);
  EXPECT_FALSE(one.is_leader()) << "without a step";
  world.fault = Store::Fault::None;
  static_cast<void>(one.step());
  EXPECT_TRUE(one.is_leader()) << "nobody took it";
  EXPECT_EQ(world.store.lease->transitions, 0);
  EXPECT_EQ(one.error(), "");
}

// What a call takes counts: the time of a leader begins before it asks.
TEST(LeaderElector, CountsFromBeforeItAsked) {
  FakeTime time;
  Store store;
  LeaderElector one(store.calls([] { return Store::Fault::None; }, [&] { time.pass(4s); }),
                    options_of("one"), time.timing());
  static_cast<void>(one.step());  // reading 4 s, making it 4 s
  EXPECT_TRUE(one.is_leader());
  time.pass(5'999ms);
  EXPECT_TRUE(one.is_leader());
  time.pass(1ms);
  EXPECT_FALSE(one.is_leader());
}

TEST(LeaderElector, LosesToWhoWroteFirst) {
  World world;
  auto one = world.elector("one");
  static_cast<void>(one.step());
  world.store.change([](LeaseRecord& lease) { lease.holder = "thief"; });
  world.time.pass(2s);
  static_cast<void>(one.step());
  EXPECT_FALSE(one.is_leader());
  EXPECT_EQ(one.holder(), "thief");
}

// A change by somebody who is no candidate (a label) costs one more try.
TEST(LeaderElector, RenewsAfterAForeignChange) {
  World world;
  auto one = world.elector("one");
  static_cast<void>(one.step());
  world.store.change([](LeaseRecord&) {});
  world.time.pass(2s);
  static_cast<void>(one.step());
  EXPECT_TRUE(one.is_leader());
  EXPECT_EQ(world.store.lease->renew_time, "2027-01-15T08:00:02.000000Z");
}

TEST(LeaderElector, RecoversFromAnAnswerThatWasLost) {
  World world;
  auto one = world.elector("one");
  world.fault = Store::Fault::AfterWriting;
  auto other = world.elector("two");
  static_cast<void>(other.step());  // not even a read
  EXPECT_FALSE(world.store.lease.has_value());
  int call = 0;
  LeaderElector lost(world.store.calls([&] {
    return ++call == 2 ? Store::Fault::AfterWriting : Store::Fault::None;
  }),
                     options_of("one"), world.time.timing());
  static_cast<void>(lost.step());
  EXPECT_FALSE(lost.is_leader()) << "it does not know";
  EXPECT_EQ(world.store.lease->holder, "one");
  static_cast<void>(lost.step());
  EXPECT_TRUE(lost.is_leader());
  EXPECT_EQ(world.store.lease->transitions, 0);
}

TEST(LeaderElector, GivesUpWhenItIsStopped) {
  World world;
  auto one = world.elector("one");
  auto two = world.elector("two");
  std::stop_source stop;
  world.time.on_sleep = [&] {
    static_cast<void>(two.step());
    EXPECT_FALSE(two.is_leader());
    if (world.time.sleeps.size() == 3) {
      stop.request_stop();
    }
  };
  EXPECT_TRUE(one.run(stop.get_token()).has_value());
  EXPECT_FALSE(one.is_leader());
  EXPECT_EQ(world.store.lease->holder, "");
  EXPECT_EQ(world.store.lease->duration_seconds, 1);
  static_cast<void>(two.step());
  EXPECT_TRUE(two.is_leader()) << "at once";
  EXPECT_EQ(world.store.lease->transitions, 1);
  // Who does not lead gives nothing up.
  one.release();
  EXPECT_EQ(world.store.lease->holder, "two");
}

TEST(LeaderElector, RefusesWhatCannotBe) {
  struct Row {
    LeaseOptions options;
    std::string_view message;
  };
  LeaseOptions nameless = options_of("one");
  nameless.name.clear();
  LeaseOptions late = options_of("one");
  late.renew_deadline = 15s;
  LeaseOptions lazy = options_of("one");
  lazy.retry_period = 9s;
  LeaseOptions frantic = options_of("one");
  frantic.retry_period = 0s;
  for (const auto& [options, message] :
       {Row{options_of(""), "an election needs a namespace, a name and an identity"},
        Row{nameless, "an election needs a namespace, a name and an identity"},
        Row{late, "the renew deadline of an election must be less than the lease duration"},
        Row{frantic, "the renew deadline of an election must be less than the lease duration"},
        Row{lazy, "the retry period of an election must be less than its renew deadline"}}) {
    World world;
    LeaderElector elector(world.store.calls(), options, world.time.timing());
    const auto done = elector.run({});
    ASSERT_FALSE(done.has_value());
    EXPECT_EQ(done.error().message, message);
  }
}

// Many candidates whose calls are slow, fail before or after they are done, with calendars that
// differ by days: never two leaders, and always one again.
TEST(LeaderElector, NeverTwo) {
  for (unsigned seed = 0; seed < 20; ++seed) {
    std::mt19937 random(seed);
    const auto below = [&random](int bound) {
      return std::uniform_int_distribution<int>(0, bound - 1)(random);
    };
    FakeTime time;
    Store store;
    std::vector<std::unique_ptr<LeaderElector>> electors;
    int troubles = 0;
    const auto leaders = [&] {
      return std::ranges::count_if(electors, [](const auto& row) { return row->is_leader(); });
    };
    std::array<int, 3> troubled{};  // calls that fail from now on
    for (std::size_t row = 0; row < troubled.size(); ++row) {
      electors.push_back(std::make_unique<LeaderElector>(
          store.calls(
              [&, row] {
                int& left = troubled[row];
                left = left > 0 ? left - 1 : (below(100) == 0 ? below(40) : 0);
                troubles += left > 0 ? 1 : 0;
                return left == 0       ? Store::Fault::None
                       : below(2) == 0 ? Store::Fault::BeforeWriting
                                       : Store::Fault::AfterWriting;
              },
              [&] {
                time.pass(std::chrono::milliseconds(below(300)));
                EXPECT_LE(leaders(), 1) << "seed " << seed;
              }),
          options_of(fmt::format("candidate-{}", row)),
          time.timing(std::chrono::hours(below(96) - 48))));
    }
    int ruled = 0;
    std::array<std::chrono::steady_clock::time_point, 3> next{};
    for (int turn = 0; turn < 3000; ++turn) {
      const auto first = std::ranges::min_element(next);
      if (*first > time.now()) {
        time.pass(std::chrono::duration_cast<std::chrono::milliseconds>(*first - time.now()));
      }
      time.chance = below(1000) / 1000.0;
      EXPECT_LE(leaders(), 1) << "seed " << seed;
      ruled += leaders() == 1 ? 1 : 0;
      const auto wait = electors[static_cast<std::size_t>(first - next.begin())]->step();
      *first = time.now() + wait;
    }
    EXPECT_GT(ruled, 1500) << "seed " << seed;
    EXPECT_GT(store.lease->transitions, 0) << "seed " << seed;
    EXPECT_GT(troubles, 100) << "seed " << seed;
  }
}

TEST(Lease, Reads) {
  const auto read = [](std::string_view text) {
    const auto record = read_lease(text);
    return record ? fmt::format("{} {} {} {} {} {}", record->holder, record->duration_seconds,
                                record->acquire_time, record->renew_time, record->transitions,
                                record->resource_version)
                  : "! " + record.error().message;
  };
  struct Row {
    std::string_view text;
    std::string_view expected;
  };
  for (const auto& [text, expected] : {
           Row{R"({"metadata":{"resourceVersion":"7"},"spec":{"holderIdentity":"a",
             "leaseDurationSeconds":15,"acquireTime":"A","renewTime":"R","leaseTransitions":3}})",
               "a 15 A R 3 7"},
           Row{R"({"metadata":{"resourceVersion":"7"}})", " 1   0 7"},
           Row{R"({"metadata":{"resourceVersion":"7"},"spec":{"holderIdentity":null}})",
               " 1   0 7"},
           Row{R"({"metadata":{"resourceVersion":"7"},"spec":{"leaseDurationSeconds":-3,
             "leaseTransitions":-1}})",
               " 1   0 7"},
           Row{R"({"metadata":{"resourceVersion":"7"},"spec":{"leaseDurationSeconds":9000000000,
             "leaseTransitions":9000000000}})",
               " 86400   2147483646 7"},
           Row{"{}", "! the server's lease: metadata is not what a Lease has there"},
           Row{R"({"metadata":{}})",
               "! the server's lease: metadata.resourceVersion is not what a Lease has there"},
           Row{R"({"metadata":{"resourceVersion":7}})",
               "! the server's lease: resourceVersion is not what a Lease has there"},
           Row{R"({"metadata":{"resourceVersion":"7"},"spec":[]})",
               "! the server's lease: spec is not what a Lease has there"},
           Row{R"({"metadata":{"resourceVersion":"7"},"spec":{"holderIdentity":1}})",
               "! the server's lease: holderIdentity is not what a Lease has there"},
           Row{R"({"metadata":{"resourceVersion":"7"},"spec":{"leaseDurationSeconds":"15"}})",
               "! the server's lease: leaseDurationSeconds is not what a Lease has there"},
           Row{R"({"metadata":{"resourceVersion":"7"},"spec":{"leaseTransitions":1.5}})",
               "! the server's lease: leaseTransitions is not what a Lease has there"},
       }) {
    EXPECT_EQ(read(text), expected) << text;
  }
  EXPECT_FALSE(read_lease("").has_value());
  EXPECT_FALSE(read_lease("{").has_value());
}

TEST(Lease, MicroTime) {
  using std::chrono::system_clock;
  const auto at = [](std::chrono::microseconds time) {
    return micro_time(system_clock::time_point(time));
  };
  EXPECT_EQ(at(0us), "1970-01-01T00:00:00.000000Z");
  EXPECT_EQ(at(-1us), "1969-12-31T23:59:59.999999Z");
  EXPECT_EQ(at(-86'400'000'000us), "1969-12-31T00:00:00.000000Z");
  EXPECT_EQ(at(1'709'251'199'000'007us), "2024-02-29T23:59:59.000007Z");
}

}  // namespace
}  // namespace tally::kube_client

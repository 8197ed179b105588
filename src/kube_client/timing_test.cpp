#include "kube_client/timing.hpp"

#include <gtest/gtest.h>

#include <thread>

namespace tally::kube_client {
namespace {

using namespace std::chrono_literals;

TEST(Backoff, GrowsToItsCap) {
  Backoff backoff({.base = 800ms, .cap = 30s});
  for (const auto most : {800ms, 1600ms, 3200ms, 6400ms, 12800ms, 25600ms, 30000ms, 30000ms}) {
    EXPECT_EQ(backoff.next(0.5), most / 2);
  }
  for (int failure = 0; failure < 100; ++failure) {
    EXPECT_EQ(backoff.next(1), 30s);  // no overflow
  }
  backoff.reset();
  EXPECT_EQ(backoff.next(1), 800ms);
}

TEST(Backoff, JittersInFull) {
  for (const double chance : {-1.0, 0.0}) {
    EXPECT_EQ(Backoff().next(chance), 0ms);
  }
  EXPECT_EQ(Backoff().next(0.25), 200ms);
  EXPECT_EQ(Backoff().next(7), 800ms);
}

TEST(SystemTiming, SleepsUntilItIsStopped) {
  const Timing timing = system_timing();
  std::stop_source stop;
  std::jthread thread([&] { stop.request_stop(); });
  timing.sleep(1h, stop.get_token());
  EXPECT_TRUE(stop.stop_requested());
  const double chance = timing.chance();
  EXPECT_TRUE(chance >= 0 && chance < 1);
  const auto before = timing.now();
  EXPECT_LE(before, timing.now());
}

}  // namespace
}  // namespace tally::kube_client

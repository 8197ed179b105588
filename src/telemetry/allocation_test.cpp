// Updates and the lookup of known series take nothing from the heap.

#include <gtest/gtest.h>

#include "base/testing/counted_allocations.hpp"
#include "telemetry/registry.hpp"

namespace tally::telemetry {
namespace {

TEST(Allocation, UpdatesTakeNone) {
  Registry registry;
  auto& counters = registry.counter({"c", "C.", {"policy", "verdict"}});
  auto& histograms = registry.histogram({"h", "H.", {"policy"}});
  auto& gauge = registry.gauge({"g", "G."}).get();
  const std::string_view policy = "a policy with a name that no short string holds";
  counters.with({policy, "deny"}).add();
  histograms.with({policy}).observe(1);
  const std::size_t before = allocations;
  for (int i = 0; i < 100; ++i) {
    counters.with({policy, "deny"}).add();
    histograms.with({policy}).observe(i);
    gauge.set(i);
  }
  EXPECT_EQ(allocations, before);
  counters.with({policy, "allow"}).add();
  EXPECT_GT(allocations, before) << "the count counts";
}

}  // namespace
}  // namespace tally::telemetry

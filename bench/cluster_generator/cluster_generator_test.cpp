#include "cluster_generator.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

namespace tally::bench {
namespace {

std::size_t occurrences(std::string_view text, std::string_view word) {
  std::size_t count = 0;
  for (std::size_t at = text.find(word); at != std::string_view::npos;
       at = text.find(word, at + word.size())) {
    ++count;
  }
  return count;
}

TEST(ClusterGenerator, SameOptionsSameBytes) {
  for (const bool uniform : {false, true}) {
    const ClusterOptions options{.workloads = 300, .seed = 9, .uniform = uniform};
    EXPECT_EQ(generate(options), generate(options));
    EXPECT_NE(generate(options), generate({.workloads = 300, .seed = 10, .uniform = uniform}));
  }
}

TEST(ClusterGenerator, UniformHasTheSizeThatTargetsAreStatedFor) {
  const std::string yaml = generate({.workloads = 1000, .seed = 1, .uniform = true});
  EXPECT_EQ(occurrences(yaml, "kind: Deployment\n"), 1000U);
  EXPECT_EQ(occurrences(yaml, "privileged: true"), 28U);  // of 1000, every 37th
  EXPECT_GT(yaml.size(), 1'240'000U);
  EXPECT_LT(yaml.size(), 1'320'000U);
}

TEST(ClusterGenerator, VariedHoldsEveryKind) {
  const std::string yaml = generate({.workloads = 2000, .seed = 1, .uniform = false});
  std::size_t workloads = 0;
  for (const std::string_view kind :
       {"Deployment", "StatefulSet", "DaemonSet", "CronJob", "Job", "Pod"}) {
    const std::size_t count = occurrences(yaml, "\nkind: " + std::string{kind} + "\n");
    EXPECT_GT(count, 20U) << kind;
    workloads += count;
  }
  EXPECT_EQ(workloads, 2000U);
  EXPECT_EQ(occurrences(yaml, "\nkind: Namespace\n"), 67U);  // one for 30 workloads
  for (const std::string_view other : {"Service", "ConfigMap", "ServiceAccount"}) {
    EXPECT_GT(occurrences(yaml, "\nkind: " + std::string{other} + "\n"), 100U) << other;
  }
  EXPECT_EQ(std::ranges::count(yaml, '\t'), 0);
}

TEST(ClusterGenerator, PiecesAreTheWhole) {
  const ClusterOptions options{.workloads = 50, .seed = 3, .uniform = false};
  ClusterGenerator generator{options};
  std::string pieces;
  std::size_t count = 0;
  for (; !generator.done(); ++count) {
    generator.append_next(pieces);
  }
  EXPECT_EQ(count, 50U);
  EXPECT_EQ(pieces, generate(options));
}

}  // namespace
}  // namespace tally::bench

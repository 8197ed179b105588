// The ways to judge agree on random clusters of every dialect: rule by rule, sets for each pair,
// classes and tables, and changes to these one by one.
#include "network_policy/testing/agreement.hpp"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <random>
#include <string>

#include "network_policy/live.hpp"
#include "network_policy/testing/cluster.hpp"
#include "network_policy/testing/random_cluster.hpp"

namespace tally::network_policy {
namespace {

using testing::Cluster;

testing::Choose choose_by(unsigned seed) {
  return [engine = std::make_shared<std::mt19937>(seed)](unsigned n) {
    return static_cast<unsigned>((*engine)() % n);
  };
}

LoadOptions options_of(unsigned seed) {
  return {.ip_blocks_select_pods = seed % 2 == 0, .host_network_pods_are_nodes = seed % 3 != 0};
}

TEST(Agreement, PointsPairsAndTables) {
  testing::Agreement agreement;
  for (unsigned seed = 1; seed <= 600; ++seed) {
    const std::string text = testing::random_cluster(choose_by(seed));
    const Cluster cluster(text, options_of(seed));
    ASSERT_TRUE(std::ranges::none_of(cluster.policies().problems(), [](const LoadProblem& problem) {
      return problem.kind == LoadProblem::Kind::Invalid;
    })) << text;
    testing::compare(cluster.topology(), cluster.policies(), agreement);
    ASSERT_EQ(agreement.difference, "") << "seed " << seed << "\n" << text;
  }
  EXPECT_GT(agreement.allowed, 10'000U);
  EXPECT_GT(agreement.denied, 10'000U);
  EXPECT_GT(agreement.unknown, 1'000U);
  EXPECT_GT(agreement.pairs, 10'000U);
  EXPECT_GT(agreement.blocks, 10'000U);
}

// Changes one by one, and the changed cluster read anew.
TEST(Agreement, ChangesAndNewAnalysis) {
  std::size_t pairs = 0;
  std::size_t rebuilds = 0;
  std::size_t removals = 0;
  for (unsigned seed = 1; seed <= 400; ++seed) {
    const testing::Choose choose = choose_by(seed);
    const LoadOptions options = options_of(seed);
    const Cluster first(testing::random_cluster(choose), options);
    const Cluster second(testing::random_cluster(choose), options);  // what changes come from
    std::map<std::string, kube::Object> objects;
    const auto key_of = [](const scalar::ObjectRef& ref) { return ref.to_string(); };
    for (const kube::Object& object : first.snapshot()->objects()) {
      objects.insert_or_assign(key_of(object.ref), object);
    }
    auto live = std::make_unique<Live>(first.snapshot(), options);
    std::shared_ptr<const kube::Snapshot> snapshot;
    for (int step = 0; step < 6; ++step) {
      const auto changes = second.snapshot()->objects();
      Live::Outcome outcome = Live::Outcome::Taken;
      if (choose(3) == 0 && objects.size() > 4) {
        const auto at = std::next(objects.begin(), choose(static_cast<unsigned>(objects.size())));
        outcome = live->remove(at->second.ref);
        objects.erase(at);
        ++removals;
      } else {
        const kube::Object& object = changes[choose(static_cast<unsigned>(changes.size()))];
        outcome = live->put(object);
        objects.insert_or_assign(key_of(object.ref), object);
      }
      std::vector<kube::Object> all;
      for (const auto& [key, object] : objects) {
        all.push_back(object);
      }
      snapshot = kube::Snapshot::create(std::move(all), "default");
      if (outcome == Live::Outcome::NeedsRebuild) {
        ++rebuilds;
        live = std::make_unique<Live>(snapshot, options);
      }
      const topology::Topology topology = topology::Topology::read(*snapshot);
      const PolicySet policies = PolicySet::load(*snapshot, options);
      for (const topology::Endpoint& source : topology.endpoints()) {
        for (const topology::Endpoint& destination : topology.endpoints()) {
          const PairAnswer expected = connections_between(policies, EndpointPeer(topology, source),
                                                          EndpointPeer(topology, destination));
          const auto actual =
              live->between({topology.name_space_of(source).name, source.name},
                            {topology.name_space_of(destination).name, destination.name});
          ASSERT_TRUE(actual.has_value()) << "seed " << seed << " step " << step;
          ASSERT_EQ(actual->allowed.to_string(), expected.allowed.to_string())
              << "seed " << seed << " step " << step << ": " << source.name << " -> "
              << destination.name;
          ASSERT_EQ(actual->unknown.to_string(), expected.unknown.to_string())
              << "seed " << seed << " step " << step << ": " << source.name << " -> "
              << destination.name;
          ++pairs;
        }
      }
      EXPECT_FALSE(live->between({"n1", "nobody"}, {"n1", "q0"}).has_value());
    }
  }
  EXPECT_GT(pairs, 20'000U);
  EXPECT_GT(removals, 500U);
  // Tiers and sets of Calico, and namespaces where its policies are, ask for a new analysis.
  EXPECT_GT(rebuilds, 100U);
  EXPECT_LT(rebuilds, 1'200U);
}

}  // namespace
}  // namespace tally::network_policy

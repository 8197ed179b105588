// Figures: each with the sentence that says how both of its numbers are counted.
#include <fmt/format.h>

#include <array>
#include <map>

#include "assessment/internal/summaries.hpp"

namespace tally::assessment {

namespace {

struct Sums {
  std::uint64_t workloads = 0;
  std::uint64_t privileged = 0;
  std::uint64_t restricted = 0;
  std::uint64_t without_limits = 0;
  std::uint64_t images = 0;
  std::uint64_t unpinned = 0;

  void add(const WorkloadFacts& fact) {
    workloads += 1;
    privileged += fact.meets == Level::Privileged ? 1U : 0U;
    restricted += fact.meets == Level::Restricted ? 1U : 0U;
    without_limits += fact.census.without_limits ? 1U : 0U;
    images += fact.census.images;
    unpinned += fact.census.images_unpinned;
  }
};

void append(const Sums& sums, const std::string& scope, std::vector<finding::Figure>& figures) {
  figures.push_back({.id = "privileged-workloads",
                     .title = "workloads that fail baseline",
                     .numerator = sums.privileged,
                     .denominator = sums.workloads,
                     .unit = "workloads",
                     .scope = scope,
                     .formula = "Workloads whose pod fails at least one baseline control at the "
                                "version of their namespace, of all workloads.",
                     .good = false});
  figures.push_back({.id = "restricted-workloads",
                     .title = "workloads that meet restricted",
                     .numerator = sums.restricted,
                     .denominator = sums.workloads,
                     .unit = "workloads",
                     .scope = scope,
                     .formula = "Workloads whose pod passes every restricted control at the "
                                "version of their namespace, of all workloads.",
                     .good = true});
  figures.push_back(
      {.id = "workloads-without-limits",
       .title = "workloads without limits",
       .numerator = sums.without_limits,
       .denominator = sums.workloads,
       .unit = "workloads",
       .scope = scope,
       .formula = "Workloads with a container (sidecars included, other init containers not) that "
                  "lacks a CPU or a memory limit, of all workloads.",
       .good = false});
  figures.push_back({.id = "unpinned-images",
                     .title = "images not pinned by digest",
                     .numerator = sums.unpinned,
                     .denominator = sums.images,
                     .unit = "images",
                     .scope = scope,
                     .formula = "Image references of containers and init containers without a "
                                "digest, of all such references.",
                     .good = false});
}

}  // namespace

void compute_figures(const Run& run, std::span<const WorkloadFacts> facts,
                     finding::Assessment& assessment) {
  Sums all;
  std::map<Level, Sums> by_tier;
  for (const WorkloadFacts& fact : facts) {
    all.add(fact);
    // The tier is that of tally.yaml, or else the level that the namespace is held to.
    by_tier[run.policies[fact.namespace_index].set.level].add(fact);
  }
  if (all.workloads == 0) {
    return;
  }
  append(all, "", assessment.figures);
  for (const auto& [level, sums] : by_tier) {
    append(sums, fmt::format("tier:{}", pod_security::to_text(level)), assessment.figures);
  }
}

}  // namespace tally::assessment

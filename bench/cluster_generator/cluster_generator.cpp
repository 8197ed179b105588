#include "cluster_generator.hpp"

#include "uniform.hpp"
#include "varied.hpp"

namespace tally::bench {

std::uint64_t Random::next() noexcept {
  state_ += 0x9E3779B97F4A7C15U;
  std::uint64_t z = state_;
  z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9U;
  z = (z ^ (z >> 27U)) * 0x94D049BB133111EBU;
  return z ^ (z >> 31U);
}

std::uint32_t Random::below(std::uint32_t bound) noexcept {
  return static_cast<std::uint32_t>(((next() >> 32U) * bound) >> 32U);
}

ClusterGenerator::ClusterGenerator(const ClusterOptions& options) noexcept
    : options_(options), random_(options.seed) {}

void ClusterGenerator::append_next(std::string& yaml) {
  if (options_.uniform) {
    append_uniform(next_, options_.workloads, random_, yaml);
  } else {
    append_varied(next_, random_, yaml);
  }
  ++next_;
}

std::string generate(const ClusterOptions& options) {
  std::string yaml;
  yaml.reserve(std::size_t{options.workloads} * 2048);
  for (ClusterGenerator generator{options}; !generator.done();) {
    generator.append_next(yaml);
  }
  return yaml;
}

}  // namespace tally::bench

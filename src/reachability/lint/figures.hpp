#pragma once
// Figures of a network: how many workloads are isolated, exposed, and how many pairs of them talk
// encrypted.

#include <cstdint>
#include <optional>

#include "reachability/entries/entries.hpp"
#include "reachability/mesh/mesh.hpp"
#include "reachability/world.hpp"

namespace tally::reachability {

struct NetworkFigures {
  std::uint64_t workloads = 0;  // of World; those on their node's network among them
  std::uint64_t isolated_ingress = 0;
  std::uint64_t isolated_egress = 0;
  std::uint64_t world_exposed = 0;  // for sure, or perhaps
  // Ordered pairs of different workloads of which the first may reach a port that a Service of the
  // second leads to; of them those whose connections all arrive under mutual TLS, for sure. Nothing
  // if there are too many pairs to look at.
  struct Pairs {
    std::uint64_t all = 0;
    std::uint64_t encrypted = 0;
  };
  std::optional<Pairs> pairs{};
};

[[nodiscard]] NetworkFigures network_figures(World& world, const mesh::Mesh& mesh,
                                             const EntryList& entries);

}  // namespace tally::reachability

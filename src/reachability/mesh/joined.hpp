#pragma once
// What passes between the workloads of a World by all layers: network policies, and the mesh if
// there is one.
//
//   JoinedAnswers answers(world, mesh);          // mesh may be null
//   answers.between(source, destination)         // positions in World::workloads()
//
// Of workloads with pods that differ: allowed is what all of them are, unknown what some are. Work
// is shared by classes of workloads that no rule of either layer tells apart.
//
// World and Mesh must outlive it. One thread at a time.

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "network_policy/policy_set.hpp"
#include "reachability/connections.hpp"
#include "reachability/mesh/mesh.hpp"

namespace tally::reachability::mesh {

class JoinedAnswers {
 public:
  JoinedAnswers(World& world, const Mesh* mesh);
  JoinedAnswers(const JoinedAnswers&) = delete;
  JoinedAnswers& operator=(const JoinedAnswers&) = delete;
  ~JoinedAnswers();

  [[nodiscard]] World& world() const noexcept;
  [[nodiscard]] const Mesh* mesh() const noexcept;  // null: none

  using Columns = std::shared_ptr<const MeshColumns>;  // never null
  [[nodiscard]] Columns between(std::uint32_t source, std::uint32_t destination);
  // `network`: what the network policies say of them.
  [[nodiscard]] Columns between(std::uint32_t source, std::uint32_t destination,
                                const network_policy::PooledAnswer& network);
  // Disjoint blocks of outside addresses, together everything, with what passes.
  [[nodiscard]] std::vector<std::pair<scalar::AddressSet, Columns>> outside(
      std::uint32_t workload, network_policy::Direction direction);
  [[nodiscard]] Columns with_outside(std::uint32_t workload, network_policy::Direction direction,
                                     const scalar::AddressSet& addresses,
                                     const network_policy::PooledAnswer& network);

  // Workloads of one number are alike in both layers, from 0 in the order of workloads().
  [[nodiscard]] std::vector<std::uint32_t> classes() const;

 private:
  class Book;
  std::unique_ptr<Book> book_;
};

// "TCP 8080, perhaps UDP 53 (mutual TLS; GET /api/*)"; "none".
[[nodiscard]] std::string to_words(const MeshColumns& columns);

}  // namespace tally::reachability::mesh

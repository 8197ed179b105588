#pragma once
// What the page says of a pair, or of a class and a block of addresses: the connections across
// layers, and numbers of the reasons.

#include <cstdint>
#include <optional>
#include <string>

#include "reachability/explain.hpp"
#include "reachability/map/internal/page_classes.hpp"
#include "reachability/map/internal/tables.hpp"
#include "reachability/mesh/layers.hpp"

namespace tally::reachability {

// One end: a workload, or one address of a block that is answered alike.
struct PairEnd {
  std::optional<std::uint32_t> workload{};  // position in World::workloads()
  scalar::AddressSet addresses{};
};

struct PairText {
  std::uint32_t allowed = 0;  // numbers of texts
  std::uint32_t unknown = 0;
  std::uint32_t egress = 0;  // numbers of reasons
  std::uint32_t ingress = 0;
  std::uint32_t mesh = 0;  // number of what the mesh says; 0: nothing
  friend auto operator<=>(const PairText&, const PairText&) = default;
};

class PairReader {
 public:
  // `mesh` may be null.
  PairReader(const World& world, const mesh::Mesh* mesh, TextTable& texts)
      : world_(world), mesh_(mesh), texts_(texts) {
    static_cast<void>(meshes_.number("[]"));
    static_cast<void>(reasons_.number("[0,0]"));
  }

  // `network`: what network policies say.
  [[nodiscard]] PairText read(const PairEnd& source, const PairEnd& destination,
                              const network_policy::PooledAnswer& network, bool with_reasons);

  [[nodiscard]] const TextTable& reasons() const noexcept { return reasons_; }
  [[nodiscard]] const TextTable& meshes() const noexcept { return meshes_; }

 private:
  [[nodiscard]] Side side_of(const PairEnd& end) const;
  [[nodiscard]] std::uint32_t reason(const SideExplanation& side);
  [[nodiscard]] mesh::Party party_of(const PairEnd& end, bool is_second) const;
  void read_mesh(const PairEnd& source, const PairEnd& destination,
                 const network_policy::PooledAnswer& network, PairText& into);

  const World& world_;
  const mesh::Mesh* mesh_;
  TextTable& texts_;
  TextTable reasons_;  // JSON, each once: most pairs of a policy have the same
  TextTable meshes_;
};

}  // namespace tally::reachability

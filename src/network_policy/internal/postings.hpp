#pragma once
// Which endpoints a selector matches, found without asking every endpoint where the selector names
// a namespace or a label.

#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "network_policy/policy_set.hpp"
#include "topology/topology.hpp"

namespace tally::network_policy {

// By endpoint: what holds for most, and who differs.
struct Posting {
  Match usual[2] = {Match::No, Match::No};              // of pods without and with known addresses
  std::vector<std::pair<std::uint32_t, Match>> others;  // ascending
};

class PostingReader {
 public:
  PostingReader(const topology::Topology& topology, const SelectorPool& selectors);
  [[nodiscard]] Posting read(SelectorId id) const;

 private:
  using Endpoints = std::vector<std::uint32_t>;
  // A superset of what the selector matches, perhaps with repetitions; nothing: all endpoints.
  [[nodiscard]] std::optional<Endpoints> candidates(SelectorId id) const;
  [[nodiscard]] std::optional<Endpoints> candidates(const Term& term) const;
  void add_namespace(std::uint32_t name_space, Endpoints& into) const;

  const topology::Topology& topology_;
  const SelectorPool& selectors_;
  // "key\0value" and "key\0" alone.
  std::unordered_map<std::string, Endpoints> by_label_;
  std::unordered_map<std::string, Endpoints> namespaces_by_label_;
  Endpoints unknown_namespaces_;
};

// Which endpoints lie in sets of addresses; one posting for each id of `wanted`.
[[nodiscard]] std::vector<Posting> read_address_postings(const topology::Topology& topology,
                                                         const PolicySet& policies,
                                                         const std::vector<AddressesId>& wanted);

}  // namespace tally::network_policy

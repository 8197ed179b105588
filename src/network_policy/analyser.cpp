#include "network_policy/analyser.hpp"

#include <algorithm>

#include "network_policy/internal/analyser_builder.hpp"

namespace tally::network_policy {

PooledAnswer DirectionTable::towards(ClassId other, bool knows_addresses) const noexcept {
  for (const Part& part : parts) {
    if (std::ranges::binary_search(part.classes, other)) {
      return part.answer;
    }
  }
  return usual[static_cast<int>(knows_addresses)];
}

PooledAnswer Analyser::join(const PooledAnswer& egress, const PooledAnswer& ingress) {
  const PooledId allowed = pool_.intersect(egress.allowed, ingress.allowed);
  if (egress.unknown == kNone && ingress.unknown == kNone) {
    return {.allowed = allowed, .unknown = kNone};
  }
  const PooledId perhaps = pool_.intersect(pool_.unite(egress.allowed, egress.unknown),
                                           pool_.unite(ingress.allowed, ingress.unknown));
  return {.allowed = allowed, .unknown = pool_.minus(perhaps, allowed)};
}

Analyser::Analyser(const topology::Topology& topology, const PolicySet& policies) {
  AnalyserBuilder(*this, topology, policies).build();
}

}  // namespace tally::network_policy

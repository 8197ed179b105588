#include "reachability/connections.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace tally::reachability {

using network_policy::Analyser;
using network_policy::Direction;
using network_policy::kNone;
using network_policy::PooledAnswer;

namespace {

bool is_denied(const PooledAnswer& answer) {
  return answer.allowed == kNone && answer.unknown == kNone;
}

}  // namespace

std::vector<ConnectionRow> list_connections(World& world, const ConnectionFilter& filter) {
  Analyser& analyser = world.analyser();
  std::vector<bool> wanted(world.workloads().size(), filter.workloads.empty());
  for (const std::uint32_t workload : filter.workloads) {
    wanted[workload] = true;
  }
  std::vector<ConnectionRow> rows;
  const auto workloads = world.workloads();
  for (const network_policy::ClassPair& row : network_policy::list_class_pairs(analyser)) {
    for (const std::uint32_t source : world.workloads_of(row.source)) {
      for (const std::uint32_t destination : world.workloads_of(row.destination)) {
        const bool is_itself = source == destination;
        if ((wanted[source] || wanted[destination]) && (!is_itself || filter.with_itself)) {
          rows.push_back({.source = source, .destination = destination, .answer = row.answer});
        }
      }
    }
  }
  if (filter.with_outside) {
    for (std::uint32_t i = 0; i < workloads.size(); ++i) {
      if (!wanted[i]) {
        continue;
      }
      for (const Direction direction : {Direction::Ingress, Direction::Egress}) {
        const bool is_ingress = direction == Direction::Ingress;
        for (const auto& [addresses, answer] :
             analyser.table(workloads[i].class_id, direction).outside) {
          if (!is_denied(answer)) {
            rows.push_back({.source = is_ingress ? kOutside : i,
                            .destination = is_ingress ? i : kOutside,
                            .outside = addresses,
                            .answer = answer});
          }
        }
      }
    }
  }
  // Workloads are sorted by their labels: positions stand for texts; outside is less than all.
  std::ranges::sort(rows, [](const ConnectionRow& a, const ConnectionRow& b) {
    return std::tuple(a.source + 1, a.destination + 1, a.outside) <
           std::tuple(b.source + 1, b.destination + 1, b.outside);
  });
  return rows;
}

}  // namespace tally::reachability

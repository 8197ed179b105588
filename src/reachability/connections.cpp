#include "reachability/connections.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace tally::reachability {

using network_policy::Analyser;
using network_policy::ClassId;
using network_policy::Direction;
using network_policy::DirectionTable;
using network_policy::kNone;
using network_policy::PooledAnswer;

namespace {

bool is_denied(const PooledAnswer& answer) {
  return answer.allowed == kNone && answer.unknown == kNone;
}

bool is_closed(const DirectionTable& table) {
  return is_denied(table.usual[0]) && is_denied(table.usual[1]);
}

// Who may send to a class at all: where egress is closed or ingress is, only what is singled out.
class Sources {
 public:
  explicit Sources(const Analyser& analyser)
      : analyser_(analyser), singled_out_(analyser.class_count()) {
    for (ClassId id = 0; id < analyser.class_count(); ++id) {
      const DirectionTable& egress = analyser.table(id, Direction::Egress);
      if (is_closed(egress)) {
        for (const auto& [other, answer] : egress.others) {
          singled_out_[other].push_back(id);
        }
      } else {
        open_.push_back(id);
      }
    }
  }

  [[nodiscard]] std::vector<ClassId> of(ClassId destination) const {
    const DirectionTable& ingress = analyser_.table(destination, Direction::Ingress);
    std::vector<ClassId> sources;
    if (is_closed(ingress)) {
      for (const auto& [other, answer] : ingress.others) {
        sources.push_back(other);
      }
      return sources;
    }
    sources = open_;
    sources.insert(sources.end(), singled_out_[destination].begin(),
                   singled_out_[destination].end());
    std::ranges::sort(sources);
    return sources;
  }

 private:
  const Analyser& analyser_;
  std::vector<ClassId> open_;
  std::vector<std::vector<ClassId>> singled_out_;  // by destination
};

}  // namespace

std::vector<ClassRow> list_class_connections(World& world) {
  Analyser& analyser = world.analyser();
  const Sources sources(analyser);
  std::vector<ClassRow> rows;
  for (ClassId destination = 0; destination < analyser.class_count(); ++destination) {
    for (const ClassId source : sources.of(destination)) {
      const PooledAnswer answer = analyser.between_classes(source, destination);
      if (!is_denied(answer)) {
        rows.push_back({.source = source, .destination = destination, .answer = answer});
      }
    }
  }
  return rows;
}

std::vector<ConnectionRow> list_connections(World& world, const ConnectionFilter& filter) {
  Analyser& analyser = world.analyser();
  std::vector<bool> wanted(world.workloads().size(), filter.workloads.empty());
  for (const std::uint32_t workload : filter.workloads) {
    wanted[workload] = true;
  }
  std::vector<ConnectionRow> rows;
  const auto workloads = world.workloads();
  for (const ClassRow& row : list_class_connections(world)) {
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

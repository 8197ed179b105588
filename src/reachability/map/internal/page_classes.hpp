#pragma once
// The classes of workloads that the page numbers: those of the analyser, taken apart where proxies
// of a mesh tell their workloads apart. By their first workload, so that those of a namespace stand
// together and runs of numbers are long.

#include <cstdint>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include "reachability/mesh/mesh.hpp"
#include "reachability/world.hpp"

namespace tally::reachability {

struct PageClass {
  network_policy::ClassId class_id = 0;
  std::vector<std::uint32_t> workloads;  // positions in World::workloads(), ascending
};

class PageClasses {
 public:
  // `mesh` may be null.
  PageClasses(const World& world, const mesh::Mesh* mesh)
      : of_class_(world.analyser().class_count()) {
    std::map<std::pair<network_policy::ClassId, std::uint32_t>, std::uint32_t> numbers;
    for (std::uint32_t i = 0; i < world.workloads().size(); ++i) {
      const Workload& workload = world.workloads()[i];
      const std::uint32_t seen = mesh == nullptr ? 0 : mesh->class_of(workload.endpoints.front());
      const auto number = static_cast<std::uint32_t>(classes_.size());
      const auto [at, is_new] = numbers.try_emplace({workload.class_id, seen}, number);
      if (is_new) {
        classes_.push_back({.class_id = workload.class_id, .workloads = {}});
        of_class_[workload.class_id].push_back(number);
      }
      classes_[at->second].workloads.push_back(i);
      number_of_.push_back(at->second);
    }
  }

  [[nodiscard]] std::span<const PageClass> list() const noexcept { return classes_; }
  [[nodiscard]] std::uint32_t number_of(std::uint32_t workload) const noexcept {
    return number_of_[workload];
  }
  [[nodiscard]] std::span<const std::uint32_t> of_class(network_policy::ClassId id) const noexcept {
    return of_class_[id];
  }

 private:
  std::vector<PageClass> classes_;
  std::vector<std::uint32_t> number_of_;              // by workload
  std::vector<std::vector<std::uint32_t>> of_class_;  // by class of the analyser
};

}  // namespace tally::reachability

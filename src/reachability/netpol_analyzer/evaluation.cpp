#include "reachability/netpol_analyzer/evaluation.hpp"

#include <algorithm>
#include <optional>

#include "reachability/netpol_analyzer/checks.hpp"
#include "reachability/netpol_analyzer/connectivity.hpp"
#include "reachability/netpol_analyzer/internal/load_options.hpp"
#include "topology/networks.hpp"

namespace tally::reachability::netpol_analyzer {
namespace {

using network_policy::Direction;

struct Place {
  PeerId id = 0;
  bool is_pod = false;  // the question names one pod, not all of a workload
};

Result<Place> find(const Question::End& end, Direction side, const Workloads& workloads,
                   const Connectivity& connectivity, std::string_view what) {
  if (!end.address.empty()) {
    const auto address = scalar::IpAddress::parse(end.address);
    if (!address) {
      return std::unexpected(address.error());
    }
    const auto blocks = connectivity.blocks(side);
    for (std::uint32_t i = 0; i < blocks.size(); ++i) {
      if (blocks[i].contains(*address)) {
        return Place{.id = kFirstBlock + i, .is_pod = false};
      }
    }
    return content_error("IPv6 addresses are not supported: " + end.address);
  }
  std::optional<Place> workload;
  for (std::uint32_t i = 0; i < workloads.list.size(); ++i) {
    const Workload& one = workloads.list[i];
    if (workloads.name_space_of(one) != end.name_space) {
      continue;
    }
    if (std::ranges::find(one.pods, end.name) != one.pods.end()) {
      return Place{.id = i, .is_pod = true};
    }
    if (one.name == end.name) {
      workload = Place{.id = i, .is_pod = one.pods.size() == 1};
    }
  }
  if (!workload) {
    return content_error("no pod or workload " + end.name_space + "/" + end.name +
                         " is there: the " + std::string(what) + " of the question");
  }
  return *workload;
}

}  // namespace

Result<bool> evaluate(const kube::Snapshot& snapshot, const Question& question,
                      std::vector<Warning>& warnings) {
  if (!question.source.address.empty() && !question.destination.address.empty()) {
    return content_error("source and destination are both outside addresses: " +
                         question.source.address + " and " + question.destination.address);
  }
  const auto set = network_policy::PolicySet::load(snapshot, kLoadOptions);
  TALLY_CHECK(check_names(snapshot));
  TALLY_CHECK(check_policies(set, warnings));
  const Workloads workloads = Workloads::read(snapshot);
  warnings.insert(warnings.end(), workloads.warnings.begin(), workloads.warnings.end());
  ConnectionPool pool;
  Connectivity connectivity(workloads, set, pool);
  TALLY_CHECK(check_named_ports(connectivity));
  TALLY_TRY(const Place source,
            find(question.source, Direction::Ingress, workloads, connectivity, "source"));
  TALLY_TRY(const Place destination,
            find(question.destination, Direction::Egress, workloads, connectivity, "destination"));
  // A pod always reaches itself.
  if (source.id == destination.id && source.is_pod && destination.is_pod &&
      question.source.name == question.destination.name) {
    return true;
  }
  TALLY_TRY(const topology::Networks networks, topology::Networks::read(snapshot));
  const auto network_of = [&](const Place& place) -> const topology::PrimaryNetwork* {
    const auto at = networks.primary.find(workloads.name_space_of(workloads.list[place.id]));
    return at == networks.primary.end() ? nullptr : &at->second;
  };
  if (!is_block(source.id) && !is_block(destination.id)) {
    const topology::PrimaryNetwork* one = network_of(source);
    const topology::PrimaryNetwork* other = network_of(destination);
    if ((one == nullptr) != (other == nullptr) || (one != nullptr && !(*one == *other))) {
      return false;  // in networks that do not meet
    }
  }
  return pool.at(connectivity.between(source.id, destination.id))
      .contains(question.protocol, question.port);
}

}  // namespace tally::reachability::netpol_analyzer

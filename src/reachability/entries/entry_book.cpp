#include "reachability/entries/internal/entry_book.hpp"

#include <algorithm>
#include <numeric>
#include <tuple>
#include <utility>

#include "base/text.hpp"
#include "reachability/netpol_analyzer/internal/fields.hpp"

namespace tally::reachability::entries {

using kube::Object;
using scalar::AddressSet;
using topology::ServicePort;

PortWish read_port_wish(const document::Node* node) {
  if (node == nullptr || node->is_null()) {
    return {.is_all = true};
  }
  if (node->is_string()) {
    return {.name = node->text(), .is_invalid = node->text().empty()};
  }
  const auto number = node->integer();
  if (!number || *number < scalar::kPortMin || *number > scalar::kPortMax) {
    return {.is_invalid = true};
  }
  return {.number = static_cast<std::uint16_t>(*number)};
}

std::string to_words(const PortWish& wish) {
  return wish.number != 0 ? std::to_string(wish.number) : "\"" + std::string(wish.name) + "\"";
}

bool has_labels(const topology::Endpoint& endpoint, const document::Node& labels) {
  for (const document::Member label : labels.members()) {
    if (endpoint.label(label.key) != label.value.text()) {
      return false;
    }
  }
  return true;
}

EntryBook::EntryBook(const kube::Snapshot& snapshot, World& world)
    : snapshot_(snapshot),
      world_(world),
      services_(snapshot, world.topology()),
      doorkeeper_(snapshot, world),
      workload_of_(world.topology().endpoints().size()) {
  const auto workloads = world.workloads();
  for (std::uint32_t i = 0; i < workloads.size(); ++i) {
    for (const std::uint32_t endpoint : workloads[i].endpoints) {
      workload_of_[endpoint] = i;
    }
  }
}

void EntryBook::for_each(std::string_view group, std::string_view kind,
                         const std::function<void(const Object&)>& visit) const {
  for (const std::uint32_t i : snapshot_.by_kind(group, kind)) {
    visit(snapshot_.objects()[i]);
  }
}

void EntryBook::problem(EntryProblem::Kind kind, const Place& place, std::string message) {
  if (list_.problems.size() < kProblemsMax) {
    list_.problems.push_back({.kind = kind,
                              .object = place.object,
                              .pointer = place.pointer,
                              .offset = place.offset,
                              .message = std::move(message)});
  }
}

bool EntryBook::add(Entry entry, const Place& place, const Door& door,
                    const std::vector<Target>& targets) {
  of_last_object_ = place.object == last_object_ ? of_last_object_ + 1 : 1;
  last_object_ = place.object;
  targets_ += targets.size();
  const bool was_full = is_full_;
  is_full_ = is_full_ || list_.entries.size() >= kEntriesMax || targets_ > kTargetsMax;
  if (is_full_ || of_last_object_ > kEntriesOfObjectMax) {
    if (!was_full && (is_full_ || of_last_object_ == kEntriesOfObjectMax + 1)) {
      problem(EntryProblem::Kind::TooMany, place,
              is_full_ ? "there are too many entries in the input; the rest is left out"
                       : "there are too many entries; the rest of this object is left out");
    }
    return false;
  }
  entry.object = place.object;
  entry.offset = place.offset;
  entry.pointer = place.pointer;
  entry.place = place_of(*place.object, place.offset);
  if (door.kind == Door::Kind::Pods) {
    const auto next = static_cast<std::uint32_t>(list_.doors.size());
    const auto [at, is_new] = door_numbers_.try_emplace(&door, next);
    if (is_new) {
      list_.doors.push_back(door.pods);
    }
    entry.door = at->second;
  }
  std::map<std::uint32_t, EntryBackend> backends;
  for (const Target& target : targets) {
    EntryBackend& backend = backends[workload_of_[target.endpoint]];
    backend.workload = workload_of_[target.endpoint];
    if (backend.endpoints.empty() || backend.endpoints.back() != target.endpoint) {
      backend.endpoints.push_back(target.endpoint);
    }
    backend.ports = backend.ports.unite(target.ports);
  }
  for (auto& [workload, backend] : backends) {
    std::ranges::sort(backend.endpoints);
    doorkeeper_.judge(door, entry.sources, backend);
    if (!entry.missing.empty() && !backend.allowed.is_empty()) {
      backend.unknown = backend.unknown.unite(backend.allowed);
      backend.allowed = {};
      backend.missing = entry.missing;
    }
    entry.backends.push_back(std::move(backend));
  }
  list_.entries.push_back(std::move(entry));
  return true;
}

document::Node EntryBook::make_label(std::string_view key, std::string_view value) {
  const document::Node node = document::Node::make_string(value, 0);
  return document::Node::make_object(arena_, std::span(&node, 1), std::span(&key, 1), {}, 0);
}

// Ports of the Service that are meant. Number and name are those of the Service; what names the
// pod's port instead is found too where a controller reads it so.
std::vector<EntryBook::WantedPort> EntryBook::wanted_ports(const topology::Service& service,
                                                           const PortWish& wish,
                                                           PortReading reading) {
  std::vector<WantedPort> found;
  for (const ServicePort& port : service.ports) {
    if (wish.is_all) {
      found.push_back({.port = &port});
      continue;
    }
    const bool is_named = !wish.name.empty() && port.name == wish.name;
    const bool is_target = wish.number != 0
                               ? port.target_name.empty() && port.target_port == wish.number
                               : !wish.name.empty() && port.target_name == wish.name;
    if (is_named ||
        (reading != PortReading::OfPods && wish.number != 0 && port.port == wish.number)) {
      return {{.port = &port}};
    }
    if (is_target && reading != PortReading::Strict) {
      found.push_back({.port = &port, .is_by_target = true});
    }
  }
  return found;
}

bool EntryBook::send(const Entry& entry, const Place& place, const Door& door,
                     std::string_view name_space, std::string_view service, const PortWish& wish,
                     PortReading reading, const document::Node* labels) {
  using enum EntryProblem::Kind;
  Entry own = entry;
  own.service = std::string(name_space) + "/" + std::string(service);
  const auto named = services_.find(name_space, service);
  if (!named) {
    problem(ServiceAbsent, place, "Service " + own.service + " is not in the input");
    return add(std::move(own), place, door, {});
  }
  const auto followed = services_.follow(*named);
  if (!followed) {
    return add(std::move(own), place, door, {});  // a name outside the cluster
  }
  const topology::Service& found = services_.at(*followed);
  if (wish.is_invalid) {
    problem(Invalid, place, "the port is neither a number from 1 to 65535 nor a name");
    return add(std::move(own), place, door, {});
  }
  const std::vector<WantedPort> ports = wanted_ports(found, wish, reading);
  if (ports.empty()) {
    std::string message = "Service " + own.service + " has no port " + to_words(wish);
    for (const ServicePort& port : found.ports) {
      if (wish.number != 0 && port.target_port == wish.number && port.target_name.empty()) {
        message += "; its port " + std::to_string(port.port) + " leads to that port of the pods";
        break;
      }
    }
    problem(PortAbsent, place, std::move(message));
    return add(std::move(own), place, door, {});
  }
  const bool has_pods = !services_.pods(*followed).empty();
  if (!has_pods) {
    problem(NoPods, place, "Service " + own.service + " has no workload of the input behind it");
  }
  for (const WantedPort& wanted : ports) {
    own.service_port = wanted.port->port;
    if (wanted.is_by_target && reading == PortReading::Lenient) {
      problem(PortAbsent, place,
              "Service " + own.service + " has no port " + to_words(wish) + "; its port " +
                  std::to_string(wanted.port->port) +
                  " leads to that port of the pods, which some controllers take for it");
    }
    std::vector<Target> targets = services_.targets(*followed, *wanted.port);
    if (has_pods && targets.empty() && !wanted.port->target_name.empty()) {
      problem(NamedPortAbsent, place,
              "no pod of Service " + own.service + " has the port \"" +
                  std::string(wanted.port->target_name) + "\" that its port " +
                  std::to_string(wanted.port->port) + " leads to");
    }
    if (labels != nullptr) {
      std::erase_if(targets, [&](const Target& target) {
        return !has_labels(topology().endpoints()[target.endpoint], *labels);
      });
    }
    if (!add(own, place, door, targets)) {
      return false;
    }
  }
  return true;
}

std::vector<std::uint32_t> EntryBook::pods_with(std::string_view key, std::string_view value,
                                                std::string_view name_space) {
  const auto [at, is_new] = by_label_.try_emplace(key);
  const auto endpoints = topology().endpoints();
  if (is_new) {
    for (std::uint32_t i = 0; i < endpoints.size(); ++i) {
      if (const auto label = endpoints[i].label(key)) {
        at->second[*label].push_back(i);
      }
    }
  }
  std::vector<std::uint32_t> found;
  for (const auto& [label, pods] : at->second) {
    if (value.empty() || label == value) {
      std::ranges::copy_if(pods, std::back_inserter(found), [&](std::uint32_t i) {
        return name_space.empty() || topology().name_space_of(endpoints[i]).name == name_space;
      });
    }
  }
  std::ranges::sort(found);
  return found;
}

void EntryBook::index_outer_services() {
  has_outer_ = true;
  std::size_t pairs = 0;
  const auto services = topology().services();
  for (std::uint32_t i = 0; i < services.size() && pairs < kTargetsMax; ++i) {
    if (services[i].type == "LoadBalancer" || services[i].type == "NodePort") {
      for (const std::uint32_t pod : services_.pods(i)) {
        outer_[pod].push_back(i);
        ++pairs;
      }
    }
  }
}

EntryBook::Front EntryBook::front_of(const std::vector<std::uint32_t>& pods) {
  const auto [at, is_new] = fronts_.try_emplace(pods, Front{AddressSet::all(), {}});
  if (!is_new) {
    return at->second;
  }
  AddressSet sources;
  std::string internal;
  bool is_open = false;
  if (!has_outer_) {
    index_outer_services();
  }
  std::vector<std::uint32_t> outer;
  for (const std::uint32_t pod : pods) {
    if (const auto known = outer_.find(pod); known != outer_.end()) {
      outer.insert(outer.end(), known->second.begin(), known->second.end());
    }
  }
  std::ranges::sort(outer);
  const auto repeated = std::ranges::unique(outer);
  outer.erase(repeated.begin(), repeated.end());
  for (const std::uint32_t i : outer) {
    const topology::Service& service = services_.at(i);
    if (service.type == "NodePort") {
      is_open = true;
      sources = AddressSet::all();
      continue;
    }
    const std::string_view load_balancer_class = netpol_analyzer::text_at(
        netpol_analyzer::field(&service.object->root, "spec"), "loadBalancerClass");
    const std::string why =
        internal_by_annotations(service.object->annotations(), load_balancer_class);
    if (!why.empty()) {
      internal = why;
      continue;
    }
    is_open = true;
    sources = sources.unite(source_ranges(nullptr, *service.object));
  }
  if (is_open) {
    at->second.sources = std::move(sources);
  } else {
    at->second.internal = std::move(internal);
  }
  return at->second;
}

namespace {

// By `key`; what has the same key stays as it stood.
template <class T, class Key>
std::vector<T> sorted(std::vector<T> list, Key key) {
  std::vector<std::size_t> order(list.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(order, {}, [&](std::size_t i) { return std::pair(key(list[i]), i); });
  std::vector<T> out;
  out.reserve(list.size());
  for (const std::size_t i : order) {
    out.push_back(std::move(list[i]));
  }
  return out;
}

}  // namespace

EntryList EntryBook::take() {
  list_.entries = sorted(std::move(list_.entries), [](const Entry& entry) {
    const scalar::ObjectRef& ref = entry.object->ref;
    return std::tuple(entry.kind, ref.name_space, ref.kind, ref.name);
  });
  list_.problems = sorted(std::move(list_.problems), [](const EntryProblem& problem) {
    const scalar::ObjectRef& ref = problem.object->ref;
    return std::tuple(ref.name_space, ref.kind, ref.name, problem.offset);
  });
  return std::move(list_);
}

}  // namespace tally::reachability::entries

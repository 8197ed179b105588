// Reading what a list is made from: workloads, policies, networks; and what is in focus.
#include <algorithm>
#include <numeric>
#include <tuple>
#include <utility>

#include "network_policy/multi_network.hpp"
#include "reachability/netpol_analyzer/checks.hpp"
#include "reachability/netpol_analyzer/internal/list_maker.hpp"
#include "reachability/netpol_analyzer/internal/load_options.hpp"

namespace tally::reachability::netpol_analyzer {

using network_policy::Direction;
using network_policy::PolicySet;

ListMaker::ListMaker(const kube::Snapshot& snapshot, const Options& options)
    : snapshot_(snapshot), set_(PolicySet::load(snapshot, kLoadOptions)) {
  list_.options_ = options;
}

Result<ConnectionList> ListMaker::make() {
  drop_idle_options(list_.options_, list_.warnings_);
  TALLY_CHECK(read());
  if (workloads_.list.empty()) {
    warn("no relevant Kubernetes workload resources found");
    return std::move(list_);
  }
  ingress_ = IngressRules::read(snapshot_, workloads_, list_.warnings_);
  const std::size_t own_count = workloads_.list.size();
  if (ingress_.has_controller) {
    controller_ = workloads_.add_ingress_controller();
  }
  connectivity_ = std::make_unique<Connectivity>(workloads_, set_, *list_.pool_);
  TALLY_CHECK(check_named_ports(*connectivity_));
  TALLY_CHECK(read_secondary());
  if (!check_focus(own_count)) {
    return std::move(list_);
  }
  add_peers(own_count);
  ask_pairs();
  if (explanation_bytes_ > kExplanationBytesMax) {
    return limit_error(
        "the explanations would take more than 1 GiB: put workloads, a direction or a connection "
        "in "
        "focus");
  }
  ask_ingress();
  if (list_.options_.exposure) {
    find_exposure_of(own_count);
  }
  name_networks(own_count);
  sort();
  warn_of_named_ports(*connectivity_, workloads_, list_.warnings_);
  return std::move(list_);
}

void ListMaker::warn(std::string message) {
  list_.warnings_.push_back({.message = std::move(message), .file = {}, .at = {}});
}

bool ListMaker::is_network_kind(std::string_view kind) {
  return kind == "UserDefinedNetwork" || kind == "ClusterUserDefinedNetwork" ||
         kind == "NetworkAttachmentDefinition";
}

Result<void> ListMaker::read() {
  TALLY_CHECK(check_names(snapshot_));
  TALLY_CHECK(check_policies(set_, list_.warnings_));
  TALLY_CHECK(check_owners(snapshot_, set_));
  workloads_ = Workloads::read(snapshot_);
  std::ranges::move(workloads_.warnings, std::back_inserter(list_.warnings_));
  if (list_.options_.multiple_networks) {
    return read_networks();
  }
  for (const kube::Object& object : snapshot_.objects()) {
    if (is_network_kind(object.ref.kind) || object.ref.kind == "MultiNetworkPolicy") {
      Warning warning{.message = "skipping object with type: " + std::string(object.ref.kind) +
                                 ", it is analysed with multiple networks only",
                      .file = {},
                      .at = {}};
      if (object.source != nullptr) {
        warning.file = object.source->name();
        warning.at = object.source->position(object.root.offset());
      }
      list_.warnings_.push_back(std::move(warning));
    }
  }
  return {};
}

Result<void> ListMaker::read_networks() {
  if (list_.options_.exposure) {
    for (const kube::Object& object : snapshot_.objects()) {
      if (is_network_kind(object.ref.kind)) {
        Error error{.kind = ErrorKind::Content,
                    .message =
                        "exposure-analysis is not supported when input resources include "
                        "(cluster-)user-defined-network or network-attachment-definition "
                        "objects",
                    .file = {},
                    .at = {},
                    .hint = {}};
        if (object.source != nullptr) {
          error.file = object.source->name();
          error.at = object.source->position(object.root.offset());
        }
        return std::unexpected(std::move(error));
      }
    }
  }
  TALLY_TRY(networks_, topology::Networks::read(snapshot_));
  for (const topology::NetworkNote& note : networks_.notes) {
    Warning warning{.message = note.message, .file = {}, .at = {}};
    if (note.object != nullptr && note.object->source != nullptr) {
      warning.file = note.object->source->name();
      warning.at = note.object->source->position(note.offset);
    }
    list_.warnings_.push_back(std::move(warning));
  }
  return {};
}

// Which workloads are in a secondary network: those that ask for it where it is defined.
Result<void> ListMaker::read_secondary() {
  for (const auto& [name, network] : networks_.secondary) {
    SecondaryRules rules{.name = name,
                         .set = network_policy::load_multi_network(
                             snapshot_, name, network.namespaces, kLoadOptions),
                         .connectivity = nullptr,
                         .members = std::vector<bool>(workloads_.list.size(), false)};
    TALLY_CHECK(check_policies(rules.set, list_.warnings_));
    bool has_members = false;
    std::vector<scalar::AddressSet> addresses(workloads_.list.size());
    for (std::size_t i = 0; i < workloads_.list.size(); ++i) {
      for (const topology::Attachment& attachment : workloads_.list[i].attachments) {
        const std::string_view in = attachment.name_space.empty()
                                        ? workloads_.name_space_of(workloads_.list[i])
                                        : std::string_view(attachment.name_space);
        if (attachment.network == name && network.is_in(in)) {
          rules.members[i] = true;
          has_members = true;
          for (const scalar::IpAddress& address : attachment.addresses) {
            addresses[i] = addresses[i].unite(scalar::AddressSet(address));
          }
        }
      }
    }
    if (has_members) {
      secondary_.push_back(std::make_unique<SecondaryRules>(std::move(rules)));
      SecondaryRules& kept = *secondary_.back();
      kept.connectivity =
          std::make_unique<Connectivity>(workloads_, kept.set, *list_.pool_, std::move(addresses));
    }
  }
  return {};
}

bool ListMaker::is_named(const Workload& workload, const std::vector<std::string>& names) const {
  return std::ranges::any_of(names, [&](const std::string& name) {
    return name == workload.name ||
           (name.size() == workloads_.name_space_of(workload).size() + 1 + workload.name.size() &&
            name ==
                std::string(workloads_.name_space_of(workload)) + "/" + std::string(workload.name));
  });
}

// False: nothing that was asked for is there.
bool ListMaker::check_focus(std::size_t own_count) {
  const auto any_exists = [&](const std::vector<std::string>& names) {
    if (names.empty()) {
      return true;
    }
    std::size_t missing = 0;
    for (const std::string& name : names) {
      if (name == "ingress-controller") {
        if (!controller_) {
          ++missing;
          warn(
              "The ingress-controller workload was not added to the analysis, since "
              "Ingress/Route resources were not found.");
        }
        continue;
      }
      bool exists = false;
      for (std::size_t i = 0; i < own_count && !exists; ++i) {
        exists = is_named(workloads_.list[i], {name});
      }
      if (!exists) {
        ++missing;
        warn("Workload " + name + " does not exist in the input resources.");
      }
    }
    if (missing == names.size()) {
      warn("Connectivity map report will be empty.");
    }
    return missing < names.size();
  };
  const Options& options = list_.options_;
  for (const Workload& workload : workloads_.list) {
    in_focus_.push_back(is_named(workload, options.focus_workloads));
    in_focus_as_peer_.push_back(is_named(workload, options.focus_workload_peers));
  }
  return any_exists(options.focus_workloads) &&
         (options.focus_workloads.empty() || any_exists(options.focus_workload_peers));
}

bool ListMaker::is_focus(const Place& place) const {
  return list_.options_.focus_workloads.empty() || (!place.is_block && in_focus_[place.id]);
}

bool ListMaker::is_focus_peer(const Place& place) const {
  return list_.options_.focus_workloads.empty() || list_.options_.focus_workload_peers.empty() ||
         (!place.is_block && in_focus_as_peer_[place.id]);
}

bool ListMaker::is_wanted(const Place& source, const Place& destination) const {
  const bool source_is = is_focus(source);
  const bool destination_is = is_focus(destination);
  const auto& direction = list_.options_.focus_direction;
  if (direction && !(*direction == Direction::Ingress ? destination_is : source_is)) {
    return false;
  }
  return (source_is && is_focus_peer(destination)) || (destination_is && is_focus_peer(source));
}

const PrimaryNetwork* ListMaker::primary_of(const Place& place) const {
  if (place.is_block || workloads_.list[place.id].is_ingress_controller) {
    return nullptr;
  }
  const auto at = networks_.primary.find(workloads_.name_space_of(workloads_.list[place.id]));
  return at == networks_.primary.end() ? nullptr : &at->second;
}

bool ListMaker::is_external(const Place& place) const {
  return place.is_block || workloads_.list[place.id].is_ingress_controller;
}

std::uint32_t ListMaker::network_place(NetworkName name) {
  const auto at = std::ranges::find(list_.networks_, name);
  if (at != list_.networks_.end()) {
    return static_cast<std::uint32_t>(at - list_.networks_.begin());
  }
  list_.networks_.push_back(std::move(name));
  return static_cast<std::uint32_t>(list_.networks_.size() - 1);
}

std::uint32_t ListMaker::network_of(const PrimaryNetwork* network) {
  if (network == nullptr) {
    return network_place({});
  }
  return network_place({.kind = network->kind == PrimaryNetwork::Kind::Cluster
                                    ? NetworkName::Kind::Cluster
                                    : NetworkName::Kind::Namespaced,
                        .name = network->name});
}

void ListMaker::add_peers(std::size_t own_count) {
  for (std::uint32_t i = 0; i < workloads_.list.size(); ++i) {
    const Workload& workload = workloads_.list[i];
    ListedPeer peer{.text = workload.text,
                    .marked = workload.text,
                    .name_space = std::string(workloads_.name_space_of(workload)),
                    .name = std::string(workload.name),
                    .kind = std::string(workload.kind),
                    .block = {},
                    .is_ingress_controller = i >= own_count};
    places_.push_back({.id = i, .direction = Direction::Ingress, .is_block = false});
    const PrimaryNetwork* network = primary_of(places_.back());
    if (network != nullptr && network->kind == PrimaryNetwork::Kind::Namespaced) {
      peer.marked.insert(peer.name_space.size(), "[udn]");
    }
    list_.peers_.push_back(std::move(peer));
  }
  for (const Direction direction : {Direction::Ingress, Direction::Egress}) {
    const auto blocks = connectivity_->blocks(direction);
    for (std::uint32_t i = 0; i < blocks.size(); ++i) {
      ListedPeer peer;
      peer.text = blocks[i].ranges().front() + "[External]";
      peer.marked = peer.text;
      peer.block = blocks[i];
      list_.peers_.push_back(std::move(peer));
      places_.push_back({.id = kFirstBlock + i, .direction = direction, .is_block = true});
    }
  }
  order_.resize(places_.size());
  std::iota(order_.begin(), order_.end(), 0U);
  std::ranges::sort(order_, [&](std::uint32_t a, std::uint32_t b) {
    return std::tie(list_.peers_[a].marked, a) < std::tie(list_.peers_[b].marked, b);
  });
}

void ListMaker::find_exposure_of(std::size_t own_count) {
  const Options& options = list_.options_;
  ExposureQuery query;
  query.focus = options.focus_connection;
  query.is_wanted = [&](std::uint32_t workload, Direction direction) {
    return workload < own_count && is_focus(places_[workload]) &&
           (!options.focus_direction || *options.focus_direction == direction);
  };
  list_.exposure_ = find_exposure(*connectivity_, workloads_, *list_.pool_, query);
}

void ListMaker::name_networks(std::size_t own_count) {
  if (!list_.options_.multiple_networks) {
    return;
  }
  for (std::uint32_t i = 0; i < own_count; ++i) {
    const PrimaryNetwork* network = primary_of(places_[i]);
    ConnectionList::WorkloadNetworks names{.peer = i, .primary = "pod-network", .secondary = {}};
    if (network == nullptr) {
      list_.has_pod_network_workloads_ = true;
    } else {
      names.primary =
          network->name + (network->kind == PrimaryNetwork::Kind::Cluster ? "[CUDN]" : "[UDN]");
    }
    for (const topology::Attachment& attachment : workloads_.list[i].attachments) {
      names.secondary.push_back(attachment.network + "[NAD]");
    }
    std::ranges::sort(names.secondary);
    list_.workload_networks_.push_back(std::move(names));
  }
}

void ListMaker::sort() {
  std::ranges::sort(list_.connections_, [&](const auto& a, const auto& b) {
    const int sources = list_.source_text(a).compare(list_.source_text(b));
    if (sources != 0) {
      return sources < 0;
    }
    const int destinations = list_.destination_text(a).compare(list_.destination_text(b));
    return destinations != 0
               ? destinations < 0
               : list_.networks_[a.network].text() < list_.networks_[b.network].text();
  });
}

}  // namespace tally::reachability::netpol_analyzer

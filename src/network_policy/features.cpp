#include "network_policy/internal/features.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace tally::network_policy {
namespace {

constexpr FeatureId kNoFeature = 0xFFFF'FFFF;

}  // namespace

Features::Features(const topology::Topology& topology, const PolicySet& policies,
                   ConnectionPool& pool)
    : topology_(topology), policies_(policies), pool_(pool) {
  std::vector<EndpointMark> marks;
  read_postings(marks);
  read_names(marks);
  sort_marks(marks);
  find_classes();
  list_classes();
}

FeatureValue Features::value(ClassId id, FeatureId feature) const {
  const auto own = marks(id);
  const auto at = std::ranges::lower_bound(own, feature, {}, &Mark::feature);
  return at != own.end() && at->feature == feature ? at->value
                                                   : usual(feature, knows_addresses_[id]);
}

void Features::want(SelectorId id) {
  if (of_selector_[id] == kNoFeature) {
    of_selector_[id] = static_cast<FeatureId>(wanted_.size());
    wanted_.push_back(id);
  }
}

void Features::add(const Posting& posting, std::vector<EndpointMark>& marks) {
  const auto feature = static_cast<FeatureId>(usual_.size());
  usual_.push_back(
      {{static_cast<FeatureValue>(posting.usual[0]), static_cast<FeatureValue>(posting.usual[1])}});
  for (const auto& [endpoint, match] : posting.others) {
    marks.push_back({endpoint, {feature, static_cast<FeatureValue>(match)}});
  }
}

void Features::read_postings(std::vector<EndpointMark>& marks) {
  of_selector_.assign(policies_.selectors().size(), kNoFeature);
  for (const Policy& policy : policies_.policies()) {
    want(policy.subject);
  }
  for (const Rule& rule : policies_.rules()) {
    want(rule.own);
    for (const Peers& peers : policies_.peers_of(rule)) {
      want(peers.endpoints);
      want(peers.addresses_only);
      if (peers.addresses != kNoAddresses && peers.addresses_reach_endpoints) {
        of_addresses_.emplace(peers.addresses, 0);
      }
      if (peers.endpoints_within != kNoAddresses) {
        of_addresses_.emplace(peers.endpoints_within, 0);
      }
    }
    if (rule.own_within != kNoAddresses) {
      of_addresses_.emplace(rule.own_within, 0);
    }
  }
  const PostingReader reader(topology_, policies_.selectors());
  usual_.reserve(wanted_.size() + of_addresses_.size());
  for (const SelectorId id : wanted_) {
    add(reader.read(id), marks);
  }
  std::vector<AddressesId> ids;
  for (auto& [id, feature] : of_addresses_) {
    feature = static_cast<FeatureId>(wanted_.size() + ids.size());
    ids.push_back(id);
  }
  for (const Posting& posting : read_address_postings(topology_, policies_, ids)) {
    add(posting, marks);
  }
}

// Names that no rule asks for tell nobody apart.
void Features::read_names(std::vector<EndpointMark>& marks) {
  struct Asked {
    scalar::Protocol protocol = scalar::Protocol::Tcp;
    FeatureId feature = 0;
  };
  std::unordered_map<std::string_view, std::vector<Asked>> asked;
  for (const Rule& rule : policies_.rules()) {
    for (const NamedPort& port : policies_.named_ports_of(rule)) {
      const auto feature = static_cast<FeatureId>(usual_.size());
      if (of_name_.try_emplace({port.name, port.protocol}, feature).second) {
        asked[port.name].push_back({.protocol = port.protocol, .feature = feature});
        usual_.push_back({{kNone, kNone}});
      }
    }
  }
  const auto endpoints = topology_.endpoints();
  for (std::uint32_t e = 0; e < endpoints.size() && !asked.empty(); ++e) {
    std::vector<FeatureId> done;
    for (const topology::ContainerPort& port : endpoints[e].ports) {
      const auto at = asked.find(port.name);
      if (at == asked.end()) {
        continue;
      }
      for (const auto& [protocol, feature] : at->second) {
        const scalar::PortSet numbers = topology::named_ports(endpoints[e], port.name, protocol);
        if (!numbers.is_empty() && std::ranges::find(done, feature) == done.end()) {
          done.push_back(feature);
          marks.push_back(
              {e, {feature, pool_.intern(scalar::ConnectionSet::of(protocol, numbers))}});
        }
      }
    }
  }
}

// By endpoint; those of one endpoint stay in the order in which they came, which is by feature but
// for names.
void Features::sort_marks(const std::vector<EndpointMark>& marks) {
  marks_begin_.assign(topology_.endpoints().size() + 1, 0);
  for (const EndpointMark& mark : marks) {
    ++marks_begin_[mark.endpoint + 1];
  }
  for (std::size_t i = 1; i < marks_begin_.size(); ++i) {
    marks_begin_[i] += marks_begin_[i - 1];
  }
  std::vector<std::uint32_t> next(marks_begin_.begin(), marks_begin_.end() - 1);
  marks_.resize(marks.size());
  for (const EndpointMark& mark : marks) {
    marks_[next[mark.endpoint]++] = mark.mark;
  }
  for (std::uint32_t e = 0; e + 1 < marks_begin_.size(); ++e) {
    const std::span own = std::span(marks_).subspan(marks_begin_[e], next[e] - marks_begin_[e]);
    if (!std::ranges::is_sorted(own, {}, &Mark::feature)) {
      std::ranges::sort(own, {}, &Mark::feature);
    }
  }
}

void Features::find_classes() {
  const auto endpoints = topology_.endpoints();
  // Marks are numbers without gaps between them: their bytes are the key.
  std::array<std::unordered_map<std::string_view, ClassId>, 2> classes;
  class_of_.reserve(endpoints.size());
  for (std::uint32_t e = 0; e < endpoints.size(); ++e) {
    const bool knows = !endpoints[e].addresses.empty();
    const auto own = marks_of(e);
    const std::string_view key(reinterpret_cast<const char*>(own.data()), own.size_bytes());
    const auto [at, is_new] =
        classes[static_cast<std::size_t>(knows)].try_emplace(key, class_count());
    if (is_new) {
      first_.push_back(e);
      knows_addresses_.push_back(knows);
    }
    class_of_.push_back(at->second);
  }
}

void Features::list_classes() {
  classes_begin_.assign(usual_.size() + 1, 0);
  for (ClassId id = 0; id < class_count(); ++id) {
    for (const Mark& mark : marks(id)) {
      ++classes_begin_[mark.feature + 1];
    }
  }
  for (std::size_t i = 1; i < classes_begin_.size(); ++i) {
    classes_begin_[i] += classes_begin_[i - 1];
  }
  classes_.resize(classes_begin_.back());
  std::vector<std::uint32_t> next(classes_begin_.begin(), classes_begin_.end() - 1);
  for (ClassId id = 0; id < class_count(); ++id) {
    for (const Mark& mark : marks(id)) {
      classes_[next[mark.feature]++] = {id, mark.value};
    }
  }
}

}  // namespace tally::network_policy

#pragma once
// Features: what rules ask of an endpoint: does a selector hold, does its address lie in a set,
// which numbers has a named port. Endpoints with the same values of all features are one class.

#include <cstdint>
#include <map>
#include <span>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "network_policy/analyser.hpp"
#include "network_policy/internal/postings.hpp"

namespace tally::network_policy {

using FeatureId = std::uint32_t;
// Of selectors and sets of addresses: a Match. Of named ports: the PooledId of their numbers.
using FeatureValue = std::uint32_t;

struct Mark {
  FeatureId feature = 0;
  FeatureValue value = 0;
  friend bool operator==(const Mark&, const Mark&) = default;
};

// What an analyser knows of classes, and what tells them apart.
class Features {
 public:
  Features(const topology::Topology& topology, const PolicySet& policies, ConnectionPool& pool);

  [[nodiscard]] FeatureId of_selector(SelectorId id) const { return of_selector_[id]; }
  [[nodiscard]] FeatureId of_addresses(AddressesId id) const { return of_addresses_.at(id); }
  [[nodiscard]] FeatureId of_name(std::string_view name, scalar::Protocol protocol) const {
    return of_name_.at({name, protocol});
  }

  // What a class has that has no mark of the feature.
  [[nodiscard]] FeatureValue usual(FeatureId id, bool knows_addresses) const {
    return usual_[id][static_cast<int>(knows_addresses)];
  }
  [[nodiscard]] FeatureValue value(ClassId id, FeatureId feature) const;
  // Marks of a class, ascending by feature.
  [[nodiscard]] std::span<const Mark> marks(ClassId id) const { return marks_of(first_[id]); }
  // Classes with a mark of the feature, ascending.
  [[nodiscard]] std::span<const std::pair<ClassId, FeatureValue>> classes(FeatureId id) const {
    return std::span(classes_).subspan(classes_begin_[id],
                                       classes_begin_[id + 1] - classes_begin_[id]);
  }
  [[nodiscard]] bool knows_addresses(ClassId id) const { return knows_addresses_[id]; }

  // For the analyser, which takes them over: classes by endpoint; whether classes know addresses.
  [[nodiscard]] std::vector<ClassId> take_class_of() { return std::move(class_of_); }
  [[nodiscard]] const std::vector<bool>& knows_addresses() const { return knows_addresses_; }
  [[nodiscard]] std::uint32_t class_count() const {
    return static_cast<std::uint32_t>(first_.size());
  }

 private:
  struct EndpointMark {
    std::uint32_t endpoint = 0;
    Mark mark;
  };
  void want(SelectorId id);
  void read_postings(std::vector<EndpointMark>& marks);
  void read_names(std::vector<EndpointMark>& marks);
  void add(const Posting& posting, std::vector<EndpointMark>& marks);
  void sort_marks(const std::vector<EndpointMark>& marks);
  void find_classes();
  void list_classes();
  [[nodiscard]] std::span<const Mark> marks_of(std::uint32_t endpoint) const {
    return std::span(marks_).subspan(marks_begin_[endpoint],
                                     marks_begin_[endpoint + 1] - marks_begin_[endpoint]);
  }

  const topology::Topology& topology_;
  const PolicySet& policies_;
  ConnectionPool& pool_;

  std::vector<FeatureId> of_selector_;  // by SelectorId
  std::map<AddressesId, FeatureId> of_addresses_;
  std::map<std::pair<std::string_view, scalar::Protocol>, FeatureId> of_name_;
  std::vector<SelectorId> wanted_;
  struct Usual {
    FeatureValue values[2] = {0, 0};
    FeatureValue operator[](int knows) const { return values[knows]; }
  };
  std::vector<Usual> usual_;  // by feature

  std::vector<std::uint32_t> marks_begin_;  // by endpoint
  std::vector<Mark> marks_;
  std::vector<ClassId> class_of_;     // by endpoint
  std::vector<std::uint32_t> first_;  // by class: its first endpoint
  std::vector<bool> knows_addresses_;
  std::vector<std::uint32_t> classes_begin_;  // by feature
  std::vector<std::pair<ClassId, FeatureValue>> classes_;
};

}  // namespace tally::network_policy

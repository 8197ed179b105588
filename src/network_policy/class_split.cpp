#include "network_policy/internal/class_split.hpp"

#include <algorithm>
#include <cstring>

namespace tally::network_policy {

const std::vector<ClassGroup>& ClassSplit::split(std::span<const FeatureId> singling,
                                                 std::span<const FeatureId> also) {
  std::string key;
  const auto count = static_cast<std::uint32_t>(singling.size());
  key.append(reinterpret_cast<const char*>(&count), sizeof count);
  for (const auto part : {singling, also}) {
    key.append(reinterpret_cast<const char*>(part.data()), part.size_bytes());
  }
  const auto at = known_.find(key);
  return at != known_.end() ? at->second
                            : known_.emplace(std::move(key), make(singling, also)).first->second;
}

std::vector<ClassGroup> ClassSplit::make(std::span<const FeatureId> singling,
                                         std::span<const FeatureId> also) {
  struct Entry {
    ClassId id = 0;
    Mark mark;
  };
  std::vector<Entry> entries;
  for (const FeatureId feature : singling) {
    for (const auto& [id, value] : features_.classes(feature)) {
      entries.push_back({id, {feature, value}});
    }
  }
  if (singling.size() > 1) {
    std::ranges::sort(entries, {}, [](const Entry& entry) {
      return std::uint64_t{entry.id} << 32U | entry.mark.feature;
    });
  }
  std::vector<ClassGroup> groups;
  std::vector<std::vector<ClassId>*> lists;  // by group
  std::unordered_map<std::string, std::size_t> group_of;
  std::string key;
  std::vector<Mark> marks;
  for (std::size_t begin = 0, end = 0; begin < entries.size(); begin = end) {
    const ClassId id = entries[begin].id;
    marks.clear();
    for (; end < entries.size() && entries[end].id == id; ++end) {
      marks.push_back(entries[end].mark);
    }
    const bool knows = features_.knows_addresses(id);
    for (const FeatureId feature : also) {
      const FeatureValue value = features_.value(id, feature);
      if (value != features_.usual(feature, knows)) {
        marks.push_back({feature, value});
      }
    }
    key.assign(1, knows ? '1' : '0');
    key.append(reinterpret_cast<const char*>(marks.data()), marks.size() * sizeof(Mark));
    const auto [at, is_new] = group_of.try_emplace(key, groups.size());
    if (is_new) {
      std::ranges::sort(marks, {}, &Mark::feature);
      groups.push_back({.classes = {}, .marks = marks, .knows_addresses = knows});
      lists.push_back(&lists_.emplace_back());
    }
    lists[at->second]->push_back(id);
  }
  for (std::size_t i = 0; i < groups.size(); ++i) {
    lists[i]->shrink_to_fit();
    groups[i].classes = *lists[i];
  }
  return groups;
}

}  // namespace tally::network_policy

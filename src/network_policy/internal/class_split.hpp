#pragma once
// ClassSplit: classes grouped by their values of some features. Tables of many policies ask for the
// same few features: each question is answered once, and its lists are shared.

#include <deque>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "network_policy/internal/features.hpp"

namespace tally::network_policy {

// Classes that have the same values.
struct ClassGroup {
  std::span<const ClassId> classes;  // ascending
  std::vector<Mark> marks;           // of the features asked for, ascending; others have the usual
  bool knows_addresses = false;
};

class ClassSplit {
 public:
  // The lists of classes live in `lists`.
  ClassSplit(const Features& features, std::deque<std::vector<ClassId>>& lists)
      : features_(features), lists_(lists) {}

  // Every class with a mark of one of `singling` (ascending, unique), grouped by its marks of those
  // and of `also`.
  [[nodiscard]] const std::vector<ClassGroup>& split(std::span<const FeatureId> singling,
                                                     std::span<const FeatureId> also);

 private:
  [[nodiscard]] std::vector<ClassGroup> make(std::span<const FeatureId> singling,
                                             std::span<const FeatureId> also);

  const Features& features_;
  std::deque<std::vector<ClassId>>& lists_;
  std::unordered_map<std::string, std::vector<ClassGroup>> known_;  // by the numbers of features
};

}  // namespace tally::network_policy

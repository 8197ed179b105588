#pragma once
// A set of unsigned integers as sorted, disjoint, non-adjacent closed intervals: ports and
// addresses are mostly a few long ranges. All operations are linear in the number of intervals. A
// plain value; equal sets compare equal.

#include <algorithm>
#include <cstddef>
#include <initializer_list>
#include <span>
#include <vector>

namespace tally::scalar {

template <class T>
struct Interval {
  T first{};
  T last{};  // included
  friend bool operator==(const Interval&, const Interval&) = default;
  friend auto operator<=>(const Interval&, const Interval&) = default;
};

template <class T>
class IntervalSet {
 public:
  IntervalSet() = default;
  // Precondition: first <= last.
  IntervalSet(T first, T last) : intervals_{{first, last}} {}

  [[nodiscard]] bool is_empty() const noexcept { return intervals_.empty(); }
  [[nodiscard]] std::span<const Interval<T>> intervals() const noexcept { return intervals_; }

  [[nodiscard]] bool contains(T value) const noexcept {
    const auto after = std::upper_bound(
        intervals_.begin(), intervals_.end(), value,
        [](const T& wanted, const Interval<T>& interval) { return wanted < interval.first; });
    return after != intervals_.begin() && value <= std::prev(after)->last;
  }
  [[nodiscard]] bool contains(const IntervalSet& other) const {
    return other.minus(*this).is_empty();
  }
  [[nodiscard]] bool intersects(const IntervalSet& other) const noexcept {
    auto left = intervals_.begin();
    auto right = other.intervals_.begin();
    while (left != intervals_.end() && right != other.intervals_.end()) {
      if (left->last < right->first) {
        ++left;
      } else if (right->last < left->first) {
        ++right;
      } else {
        return true;
      }
    }
    return false;
  }

  // Precondition: first <= last.
  void add(T first, T last) { *this = unite(IntervalSet(first, last)); }

  [[nodiscard]] IntervalSet unite(const IntervalSet& other) const {
    std::vector<Interval<T>> all;
    all.reserve(intervals_.size() + other.intervals_.size());
    std::merge(intervals_.begin(), intervals_.end(), other.intervals_.begin(),
               other.intervals_.end(), std::back_inserter(all));
    IntervalSet result;
    for (const Interval<T>& next : all) {
      if (!result.intervals_.empty() && touches(result.intervals_.back().last, next.first)) {
        result.intervals_.back().last = std::max(result.intervals_.back().last, next.last);
      } else {
        result.intervals_.push_back(next);
      }
    }
    return result;
  }

  [[nodiscard]] IntervalSet intersect(const IntervalSet& other) const {
    IntervalSet result;
    auto left = intervals_.begin();
    auto right = other.intervals_.begin();
    while (left != intervals_.end() && right != other.intervals_.end()) {
      const T first = std::max(left->first, right->first);
      const T last = std::min(left->last, right->last);
      if (first <= last) {
        result.intervals_.push_back({first, last});
      }
      if (left->last < right->last) {
        ++left;
      } else {
        ++right;
      }
    }
    return result;
  }

  [[nodiscard]] IntervalSet minus(const IntervalSet& other) const {
    IntervalSet result;
    auto right = other.intervals_.begin();
    for (Interval<T> rest : intervals_) {
      while (right != other.intervals_.end() && right->last < rest.first) {
        ++right;
      }
      bool is_used_up = false;
      for (auto cut = right; cut != other.intervals_.end() && cut->first <= rest.last; ++cut) {
        if (rest.first < cut->first) {
          result.intervals_.push_back({rest.first, static_cast<T>(cut->first - 1)});
        }
        if (rest.last <= cut->last) {
          is_used_up = true;
          break;
        }
        rest.first = static_cast<T>(cut->last + 1);
      }
      if (!is_used_up) {
        result.intervals_.push_back(rest);
      }
    }
    return result;
  }

  friend bool operator==(const IntervalSet&, const IntervalSet&) = default;
  friend auto operator<=>(const IntervalSet& a, const IntervalSet& b) {
    return std::lexicographical_compare_three_way(a.intervals_.begin(), a.intervals_.end(),
                                                  b.intervals_.begin(), b.intervals_.end());
  }

 private:
  // Whether an interval that ends at `last` and one that begins at `first` (not before the first
  // one's beginning) are one. Written so that the greatest value does not overflow.
  [[nodiscard]] static bool touches(const T& last, const T& first) noexcept {
    return first <= last || first - last == 1;
  }

  std::vector<Interval<T>> intervals_;
};

}  // namespace tally::scalar

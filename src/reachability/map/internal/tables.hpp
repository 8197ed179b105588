#pragma once
// Tables of things that the page's data names by number: each thing once, in the order in which it
// was first met.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace tally::reachability {

class TextTable {
 public:
  std::uint32_t number(std::string_view text) {
    const auto [at, is_new] =
        numbers_.try_emplace(std::string(text), static_cast<std::uint32_t>(texts_.size()));
    if (is_new) {
      texts_.push_back(&at->first);
    }
    return at->second;
  }
  // Pointers into the table: entries of an unordered_map stay where they are.
  [[nodiscard]] const std::vector<const std::string*>& texts() const noexcept { return texts_; }

 private:
  std::unordered_map<std::string, std::uint32_t> numbers_;
  std::vector<const std::string*> texts_;
};

// Sets of numbers as runs: first, last, first, last ...
using Runs = std::vector<std::uint32_t>;

class RunsTable {
 public:
  std::uint32_t number(Runs runs) {
    return numbers_.try_emplace(std::move(runs), static_cast<std::uint32_t>(numbers_.size()))
        .first->second;
  }
  [[nodiscard]] std::vector<const Runs*> list() const {
    std::vector<const Runs*> list(numbers_.size());
    for (const auto& [runs, number] : numbers_) {
      list[number] = &runs;
    }
    return list;
  }

 private:
  std::map<Runs, std::uint32_t> numbers_;
};

inline void append_to_runs(Runs& runs, std::uint32_t number) {
  if (!runs.empty() && runs.back() + 1 == number) {
    runs.back() = number;
    return;
  }
  runs.push_back(number);
  runs.push_back(number);
}

}  // namespace tally::reachability

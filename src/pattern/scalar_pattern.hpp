#pragma once
// One value against one pattern that is no tree: numbers, booleans, null, and texts with operators,
// ranges, durations, quantities and wildcards (internal/term.hpp has the grammar). As Kyverno
// 1.19.1, pkg/engine/pattern/pattern.go, with its traps: null is the quantity and the duration 0,
// so `<=1Gi` accepts an absent field; a null pattern accepts 0, "", false and null; a map pattern
// accepts any map; a list is no pattern.
//
// ScalarPattern is compiled once and matched often, by any number of threads; matching allocates
// nothing (but for a value that is a quantity of more than 15 characters).

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/arena.hpp"
#include "document/node.hpp"
#include "pattern/internal/term.hpp"
#include "pattern/number_reading.hpp"

namespace tally::pattern {

class ScalarPattern {
 public:
  // Texts are copied into `texts`, which must outlive the pattern.
  [[nodiscard]] static ScalarPattern compile(const document::Node& pattern, Arena& texts,
                                             NumberReading reading = NumberReading::AsWritten);

  [[nodiscard]] Match match(const document::Node& value, Budget& budget) const;

  [[nodiscard]] const document::Node& node() const noexcept { return node_; }
  [[nodiscard]] NumberReading reading() const noexcept { return reading_; }
  // %T of Go.
  [[nodiscard]] std::string_view type_name() const noexcept;
  // A pattern that is the text "*": in a map it asks only for the presence of the key.
  [[nodiscard]] bool is_star() const noexcept { return node_.text() == "*" && node_.is_string(); }

 private:
  struct TermInList {
    Term term;
    bool ends_alternative = false;
  };

  document::Node node_;  // in `texts`; of a map or a list only the kind counts
  NumberReading reading_ = NumberReading::AsWritten;
  GoNumber number_;                // of a number
  std::vector<TermInList> terms_;  // of a text
};

// The same at once, for patterns that are used one time.
[[nodiscard]] Match match_scalar(const document::Node& value, const document::Node& pattern,
                                 Budget& budget, NumberReading reading = NumberReading::AsWritten);

}  // namespace tally::pattern

#pragma once
// The rules of diagnose_text(): each looks at the lines of one document and adds what it sees.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "document/node.hpp"
#include "input/internal/text_lines.hpp"
#include "input/pasted_text.hpp"

namespace tally::input {

using Lines = std::span<const TextLine>;
using Diagnoses = std::vector<PastedDiagnosis>;

// One cause that may stand in many lines: it is reported at the first, with the number of the
// others.
class Sightings {
 public:
  void see(std::uint32_t offset, std::string_view what) {
    if (count_++ == 0) {
      offset_ = offset;
      what_ = what;
    }
  }
  [[nodiscard]] bool any() const noexcept { return count_ != 0; }
  [[nodiscard]] std::uint32_t offset() const noexcept { return offset_; }
  [[nodiscard]] std::string_view what() const noexcept { return what_; }
  // "" or ", and on 3 more lines".
  [[nodiscard]] std::string others() const;

 private:
  std::uint32_t count_ = 0;
  std::uint32_t offset_ = 0;
  std::string_view what_;
};

// By offset; at one place a wrong character comes before the wrong shape that it may have caused.
void sort_by_position(Diagnoses& found);

// pasted_characters.cpp: characters that look like YAML's and are not.
void find_typographic_characters(Lines lines, Diagnoses& found);
void find_tabs(Lines lines, Diagnoses& found);
void find_foreign_bytes(Lines lines, Diagnoses& found);

// pasted_surroundings.cpp: what stood around the manifest where it was copied.
void find_surroundings(Lines lines, Diagnoses& found);
void find_foreign_comments(Lines lines, Diagnoses& found);
void find_prose(Lines lines, Diagnoses& found);  // words that are no comment; not for readable text
void find_template_actions(Lines lines, Diagnoses& found);  // the same

// pasted_shape.cpp: indentation that is gone, parts that are missing.
void find_lost_indentation(Lines lines, bool readable, Diagnoses& found);
void find_misplaced_items(Lines lines, Diagnoses& found);
void find_missing_parts(Lines lines, Diagnoses& found);
void find_bare_selectors(Lines lines, Diagnoses& found);

}  // namespace tally::input

#pragma once
// Texts of the judged input are hostile: each format escapes them in its own way, and all look at
// characters, not bytes.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "finding/finding.hpp"

namespace tally::report {

inline constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

struct Character {
  char32_t code_point = 0;
  std::string_view bytes;
  bool valid = true;  // false: one byte that is no UTF-8
};

// for (const Character c : characters(text)) ...
class Characters {
 public:
  class Iterator {
   public:
    Iterator(std::string_view text, std::size_t at) : text_(text), at_(at) { read(); }
    [[nodiscard]] Character operator*() const noexcept { return current_; }
    Iterator& operator++() {
      at_ += current_.bytes.size();
      read();
      return *this;
    }
    friend bool operator==(const Iterator& a, const Iterator& b) noexcept { return a.at_ == b.at_; }

   private:
    void read();
    std::string_view text_;
    std::size_t at_;
    Character current_;
  };
  explicit Characters(std::string_view text) noexcept : text_(text) {}
  [[nodiscard]] Iterator begin() const { return {text_, 0}; }
  [[nodiscard]] Iterator end() const { return {text_, text_.size()}; }

 private:
  std::string_view text_;
};
[[nodiscard]] inline Characters characters(std::string_view text) { return Characters{text}; }

// C0, DEL, C1 and the non-characters that XML and YAML refuse.
[[nodiscard]] bool is_control(char32_t c) noexcept;
// Characters that change what a reader sees without being seen: directions, separators, zero
// widths, byte order marks.
[[nodiscard]] bool is_deceptive(char32_t c) noexcept;

// prefix and at least `digits` lower-case hex digits.
// Is every byte printable ASCII and none of `special`? Nearly all texts are: they are copied as a
// whole.
[[nodiscard]] bool is_simple(std::string_view text, std::string_view special) noexcept;

void append_hex_escape(std::string& out, std::string_view prefix, char32_t c, unsigned digits);

// One line for a terminal: control and deceptive characters become visible escapes such as \x1b,
// \n, \u202e.
void append_terminal(std::string& out, std::string_view text);
[[nodiscard]] std::string terminal(std::string_view text);

// Any number of lines for a reader's page: as append_terminal(), but line breaks and tabs stay.
[[nodiscard]] std::string visible(std::string_view text);

// Character data and attribute values of XML 1.0 and HTML; what XML cannot carry becomes a visible
// escape. Line breaks stay in character data and become references in attributes.
enum class Markup : std::uint8_t { Text, Attribute };
void append_markup(std::string& out, std::string_view text, Markup place);

// "Deployment payments/api", escaped by nobody yet; "" without a subject.
[[nodiscard]] std::string subject_text(const finding::Subject* subject);
// "payments/Deployment/api", "Namespace/payments".
[[nodiscard]] std::string subject_path(const finding::Subject* subject);
// "file:line:column" with the parts that are known.
[[nodiscard]] std::string place_text(std::string_view file, Position at);
[[nodiscard]] std::string place_text(const finding::Location& location);

// At most `bytes_max` bytes of a text and "...", cut between characters.
[[nodiscard]] std::string shortened(std::string_view text, std::size_t bytes_max);

// The sentence of a finding: its message; else what was found and what is allowed; else the title
// of its rule.
[[nodiscard]] std::string sentence(const finding::Finding& finding);

// "1 workload", "12 workloads"; thousands are separated by a comma.
[[nodiscard]] std::string count_text(std::uint64_t count, std::string_view singular);
[[nodiscard]] std::string number_text(std::uint64_t count);
[[nodiscard]] std::string bytes_text(std::uint64_t bytes);

// The record of a finding without one: every member empty.
[[nodiscard]] const finding::Check& check_of(const finding::Finding& finding) noexcept;

}  // namespace tally::report

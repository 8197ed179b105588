#include "document/internal/yaml_text.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

#include "document/internal/yaml_scalar.hpp"

namespace tally::document {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Takes `at_least` to `at_most` digits from the front; -1 without them.
int take_number(std::string_view& text, std::size_t at_least, std::size_t at_most) {
  std::size_t size = 0;
  int value = 0;
  while (size < at_most && size < text.size() && is_digit(text[size])) {
    value = value * 10 + (text[size++] - '0');
  }
  if (size < at_least) {
    return -1;
  }
  text.remove_prefix(size);
  return value;
}

bool take(std::string_view& text, char wanted) {
  const bool found = text.starts_with(wanted);
  text.remove_prefix(found ? 1 : 0);
  return found;
}

int days_of_month(int year, int month) {
  constexpr std::array kDays = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  return kDays[static_cast<std::size_t>(month - 1)] + (month == 2 && leap ? 1 : 0);
}

// parseTimestamp of resolve.go: 2006-1-2, and with a time: T15:4:5.9Z, T15:4:5+07:00, or a space
// and no zone.
bool is_timestamp(std::string_view text) {
  const int year = take_number(text, 4, 4);
  if (year < 0 || !take(text, '-')) {
    return false;
  }
  const int month = take_number(text, 1, 2);
  if (month < 1 || month > 12 || !take(text, '-')) {
    return false;
  }
  const int day = take_number(text, 1, 2);
  if (day < 1 || day > days_of_month(year, month)) {
    return false;
  }
  if (text.empty()) {
    return true;
  }
  const bool has_zone = text.front() == 'T' || text.front() == 't';
  if (!has_zone && text.front() != ' ') {
    return false;
  }
  text.remove_prefix(1);
  const int hour = take_number(text, 1, 2);
  if (hour < 0 || hour > 23 || !take(text, ':')) {
    return false;
  }
  const int minute = take_number(text, 1, 2);
  if (minute < 0 || minute > 59 || !take(text, ':')) {
    return false;
  }
  const int second = take_number(text, 1, 2);
  if (second < 0 || second > 59) {
    return false;
  }
  if (text.size() > 1 && (text[0] == '.' || text[0] == ',') && is_digit(text[1])) {
    text.remove_prefix(1);
    text.remove_prefix(std::min(text.find_first_not_of("0123456789"), text.size()));
  }
  if (!has_zone) {
    return text.empty();
  }
  if (take(text, 'Z')) {
    return text.empty();
  }
  if (!take(text, '+') && !take(text, '-')) {
    return false;
  }
  const int zone_hour = take_number(text, 2, 2);
  if (zone_hour < 0 || zone_hour > 24 || !take(text, ':')) {
    return false;
  }
  const int zone_minute = take_number(text, 2, 2);
  return zone_minute >= 0 && zone_minute <= 60 && text.empty();
}

// isBase60Float: ^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$
bool is_base_60(std::string_view text) {
  if (!take(text, '-')) {
    take(text, '+');
  }
  if (text.empty() || !is_digit(text.front())) {
    return false;
  }
  constexpr std::string_view kDigits = "0123456789_";
  text.remove_prefix(std::min(text.find_first_not_of(kDigits), text.size()));
  if (!text.starts_with(':')) {
    return false;
  }
  while (take(text, ':')) {
    const std::size_t size =
        std::min(std::min(text.find_first_not_of("0123456789"), text.size()), std::size_t{3});
    if (size == 0 || size > 2 || (size == 2 && text[0] > '5')) {
      return false;
    }
    text.remove_prefix(size);
  }
  return text.empty() || (take(text, '.') && text.find_first_not_of(kDigits) == text.npos);
}

// Whether an unquoted text is read as this text.
bool reads_as_text(std::string_view text) {
  if (text.empty()) {
    return false;
  }
  if (always_text(text.front())) {
    return true;
  }
  return resolve_plain(text).kind == YamlScalar::Kind::Text && !is_timestamp(text) &&
         !is_base_60(text);
}

bool is_blank(std::string_view text, std::size_t at) { return text[at] == ' ' || text[at] == '\t'; }

// What the emitter looks for in a text.
struct Analysis {
  bool has_indicators = false;
  bool has_special = false;
  bool is_between_blanks = false;  // a space or break at either end
  bool ends_in_space = false;
  bool has_space_break = false;
};

bool is_indicator(std::string_view text, std::size_t at, bool preceded_by_blank) {
  const bool followed_by_blank = at + 1 >= text.size() || is_blank(text, at + 1);
  const char c = text[at];
  if (at == 0) {
    return std::string_view("#,[]{}&*!|>'\"%@`").contains(c) ||
           ((c == '?' || c == ':' || c == '-') && followed_by_blank);
  }
  return (c == ':' && followed_by_blank) || (c == '#' && preceded_by_blank);
}

Analysis analyze(std::string_view text) {
  const auto is_space_or_break = [](char c) { return c == ' ' || c == '\n'; };
  Analysis found;
  found.has_indicators = text.starts_with("---") || text.starts_with("...");
  found.is_between_blanks = is_space_or_break(text.front()) || is_space_or_break(text.back());
  found.ends_in_space = text.ends_with(' ');
  found.has_space_break = text.contains(" \n");
  bool preceded_by_blank = true;
  for (std::size_t i = 0; i < text.size();) {
    found.has_indicators = found.has_indicators || is_indicator(text, i, preceded_by_blank);
    found.has_special = found.has_special || is_yaml_special(text.substr(i));
    preceded_by_blank = is_blank(text, i) || text[i] == '\n';
    i += utf8_length(text[i]);
  }
  return found;
}

// Close to unicode.IsLetter: all of ASCII and the letters of Latin, and whatever is no block of
// signs above.
bool is_letter(char32_t c) {
  if (c < 0x80) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  }
  if (c < 0x2000) {
    return c >= 0xC0 ? c != 0xD7 && c != 0xF7 : c == 0xAA || c == 0xB5 || c == 0xBA;
  }
  return !(c <= 0x2BFF || (c >= 0x3000 && c <= 0x3004) || (c >= 0x3007 && c <= 0x3030) ||
           (c >= 0xD7FC && c <= 0xF8FF) || (c >= 0xFE00 && c <= 0xFE6F) || c == 0xFEFF ||
           (c >= 0xFFF0 && c <= 0xFFFF) || (c >= 0x1F000 && c <= 0x1FAFF) || c >= 0xE0000);
}

char32_t decode(std::string_view text, std::size_t at) {
  const std::size_t length = std::min(utf8_length(text[at]), text.size() - at);
  auto value = static_cast<char32_t>(static_cast<unsigned char>(text[at]));
  if (length == 1) {
    return value;
  }
  value &= 0xFFU >> (length + 1);
  for (std::size_t i = 1; i < length; ++i) {
    value = (value << 6U) | (static_cast<unsigned char>(text[at + i]) & 0x3FU);
  }
  return value;
}

struct Run {
  std::uint64_t value = 0;
  std::size_t size = 0;
};

Run digits_at(std::string_view text, std::size_t at, std::uint64_t start) {
  Run run{.value = start};
  while (at + run.size < text.size() && is_digit(text[at + run.size])) {
    run.value = run.value * 10 + static_cast<std::uint64_t>(text[at + run.size] - '0');
    ++run.size;
  }
  return run;
}

}  // namespace

// Not is_printable of yamlprivateh.go, to which characters above U+FFFF are special as well.
bool is_yaml_special(std::string_view text) noexcept {
  const auto byte = [&](std::size_t at) {
    return at < text.size() ? static_cast<unsigned char>(text[at]) : 0U;
  };
  const unsigned first = byte(0);
  if (first < 0x80) {
    return first != '\n' && (first < 0x20 || first > 0x7E);
  }
  if (first == 0xC2) {
    return byte(1) < 0xA0;
  }
  if (first == 0xE2) {
    return byte(1) == 0x80 && (byte(2) == 0xA8 || byte(2) == 0xA9);
  }
  if (first == 0xED) {
    return byte(1) >= 0xA0;
  }
  if (first == 0xEF) {
    return (byte(1) == 0xBB && byte(2) == 0xBF) || (byte(1) == 0xBF && byte(2) >= 0xBE);
  }
  return first < 0xC2 || first > 0xEF;
}

YamlStyle choose_style(std::string_view text) {
  if (text.empty()) {
    return YamlStyle::DoubleQuoted;
  }
  const Analysis found = analyze(text);
  if (found.has_space_break || found.has_special) {
    return YamlStyle::DoubleQuoted;
  }
  if (text.contains('\n')) {
    return found.ends_in_space ? YamlStyle::DoubleQuoted : YamlStyle::Literal;
  }
  if (!reads_as_text(text)) {
    return YamlStyle::DoubleQuoted;
  }
  return found.is_between_blanks || found.has_indicators ? YamlStyle::SingleQuoted
                                                         : YamlStyle::Plain;
}

bool yaml_key_less(std::string_view a, std::string_view b) {
  auto i = static_cast<std::size_t>(std::ranges::mismatch(a, b).in1 - a.begin());
  if (i == a.size() || i == b.size()) {
    return a.size() < b.size();
  }
  while (i > 0 && (static_cast<unsigned char>(a[i]) & 0xC0U) == 0x80) {
    --i;  // to the start of the character
  }
  const char32_t left = decode(a, i);
  const char32_t right = decode(b, i);
  if (is_letter(left) || is_letter(right)) {
    return is_letter(left) && is_letter(right) ? left < right : is_letter(right);
  }
  // Zeros behind a number count as its digits.
  std::uint64_t start = 0;
  if (a[i] == '0' || b[i] == '0') {
    for (std::size_t j = i; j > 0 && is_digit(a[j - 1]); --j) {
      if (a[j - 1] != '0') {
        start = 1;
        break;
      }
    }
  }
  const Run x = digits_at(a, i, start);
  const Run y = digits_at(b, i, start);
  if (x.value != y.value) {
    return static_cast<std::int64_t>(x.value) < static_cast<std::int64_t>(y.value);
  }
  return x.size != y.size ? x.size < y.size : left < right;
}

}  // namespace tally::document

#include "report/internal/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace tally::report {

void Characters::Iterator::read() {
  if (at_ >= text_.size()) {
    current_ = {};
    return;
  }
  const auto byte = [this](std::size_t i) -> char32_t {
    return at_ + i < text_.size() ? static_cast<unsigned char>(text_[at_ + i]) : 0U;
  };
  const auto tail = [&](std::size_t i) { return (byte(i) & 0xC0U) == 0x80U; };
  const char32_t lead = byte(0);
  std::size_t length = 1;
  char32_t c = lead;
  bool valid = lead < 0x80;
  if (lead >= 0xC2 && lead <= 0xDF && tail(1)) {
    length = 2;
    c = ((lead & 0x1FU) << 6U) | (byte(1) & 0x3FU);
    valid = true;
  } else if (lead >= 0xE0 && lead <= 0xEF && tail(1) && tail(2)) {
    c = ((lead & 0x0FU) << 12U) | ((byte(1) & 0x3FU) << 6U) | (byte(2) & 0x3FU);
    valid = c >= 0x800 && !(c >= 0xD800 && c <= 0xDFFF);
    length = valid ? 3 : 1;
  } else if (lead >= 0xF0 && lead <= 0xF4 && tail(1) && tail(2) && tail(3)) {
    c = ((lead & 0x07U) << 18U) | ((byte(1) & 0x3FU) << 12U) | ((byte(2) & 0x3FU) << 6U) |
        (byte(3) & 0x3FU);
    valid = c >= 0x10000 && c <= 0x10FFFF;
    length = valid ? 4 : 1;
  }
  current_ = {.code_point = valid ? c : 0xFFFD, .bytes = text_.substr(at_, length), .valid = valid};
}

bool is_control(char32_t c) noexcept {
  return c < 0x20 || (c >= 0x7F && c <= 0x9F) || c == 0xFFFE || c == 0xFFFF;
}

bool is_deceptive(char32_t c) noexcept {
  return c == 0x061C || (c >= 0x200B && c <= 0x200F) || (c >= 0x2028 && c <= 0x202E) ||
         (c >= 0x2060 && c <= 0x206F) || c == 0xFEFF || (c >= 0xFFF9 && c <= 0xFFFB);
}

bool is_simple(std::string_view text, std::string_view special) noexcept {
  return std::ranges::all_of(text, [](char c) { return c >= 0x20 && c < 0x7F; }) &&
         text.find_first_of(special) == std::string_view::npos;
}

void append_hex_escape(std::string& out, std::string_view prefix, char32_t c, unsigned digits) {
  fmt::format_to(std::back_inserter(out), "{}{:0{}x}", prefix, static_cast<std::uint32_t>(c),
                 digits);
}

void append_terminal(std::string& out, std::string_view text) {
  if (is_simple(text, {})) {
    out += text;
    return;
  }
  for (const Character c : characters(text)) {
    if (c.code_point == '\n') {
      out += "\\n";
    } else if (c.code_point == '\t') {
      out += "\\t";
    } else if (!c.valid) {
      append_hex_escape(out, "\\x", static_cast<unsigned char>(c.bytes.front()), 2);
    } else if (is_control(c.code_point) && c.code_point < 0x100) {
      append_hex_escape(out, "\\x", c.code_point, 2);
    } else if (is_control(c.code_point) || is_deceptive(c.code_point)) {
      append_hex_escape(out, "\\u", c.code_point, 4);
    } else {
      out += c.bytes;
    }
  }
}

std::string terminal(std::string_view text) {
  std::string out;
  append_terminal(out, text);
  return out;
}

std::string visible(std::string_view text) {
  if (is_simple(text, {})) {
    return std::string(text);
  }
  std::string out;
  out.reserve(text.size());
  for (const Character c : characters(text)) {
    if (c.code_point == '\n' || c.code_point == '\t') {
      out += c.bytes;
    } else {
      append_terminal(out, c.bytes);
    }
  }
  return out;
}

void append_markup(std::string& out, std::string_view text, Markup place) {
  if (is_simple(text, "<>&\"'")) {
    out += text;
    return;
  }
  for (const Character c : characters(text)) {
    switch (c.code_point) {
      case '<':
        out += "&lt;";
        continue;
      case '>':
        out += "&gt;";
        continue;
      case '&':
        out += "&amp;";
        continue;
      case '"':
        out += "&quot;";
        continue;
      case '\'':
        out += "&#39;";
        continue;
      case '\n':
        out += place == Markup::Text ? "\n" : "&#10;";
        continue;
      case '\t':
        out += place == Markup::Text ? "\t" : "&#9;";
        continue;
      default:
        break;
    }
    if (is_control(c.code_point) || is_deceptive(c.code_point) || !c.valid) {
      append_terminal(out, c.bytes);
    } else {
      out += c.bytes;
    }
  }
}

std::string subject_text(const finding::Subject* subject) {
  return subject == nullptr ? std::string{} : subject->ref.to_string();
}

std::string subject_path(const finding::Subject* subject) {
  if (subject == nullptr) {
    return {};
  }
  const auto& ref = subject->ref;
  std::string text;
  if (!ref.name_space.empty()) {
    text.append(ref.name_space).append("/");
  }
  text.append(ref.kind).append("/").append(ref.name.empty() ? std::string_view{"(no name)"}
                                                            : ref.name);
  return text;
}

std::string place_text(std::string_view file, Position at) {
  std::string text(file);
  if (at.line != 0) {
    text += fmt::format("{}{}", text.empty() ? "" : ":", at.line);
    if (at.column != 0) {
      text += fmt::format(":{}", at.column);
    }
  }
  return text;
}

std::string place_text(const finding::Location& location) {
  return location.source == nullptr ? std::string{}
                                    : place_text(location.file(), location.position());
}

std::string sentence(const finding::Finding& finding) {
  if (!finding.message.empty()) {
    return std::string(finding.message);
  }
  if (!finding.found.empty() && !finding.allowed.empty()) {
    return fmt::format("found {}, allowed {}", finding.found, finding.allowed);
  }
  return std::string(check_of(finding).title);
}

std::string shortened(std::string_view text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) {
    return std::string(text);
  }
  std::size_t size = 0;
  for (const Character c : characters(text)) {
    if (size + c.bytes.size() > bytes_max) {
      break;
    }
    size += c.bytes.size();
  }
  return std::string(text.substr(0, size)) + "...";
}

std::string number_text(std::uint64_t count) {
  std::string digits = std::to_string(count);
  for (std::size_t at = digits.size(); at > 3;) {
    at -= 3;
    digits.insert(at, 1, ',');
  }
  return digits;
}

std::string count_text(std::uint64_t count, std::string_view singular) {
  return fmt::format("{} {}{}", number_text(count), singular, count == 1 ? "" : "s");
}

std::string bytes_text(std::uint64_t bytes) {
  constexpr std::array<std::string_view, 4> kUnits = {"KB", "MB", "GB", "TB"};
  if (bytes < 1000) {
    return count_text(bytes, "byte");
  }
  double value = static_cast<double>(bytes) / 1000;
  std::size_t unit = 0;
  while (value >= 999.95 && unit + 1 < kUnits.size()) {
    value /= 1000;
    ++unit;
  }
  return fmt::format("{:.1f} {}", value, kUnits[unit]);
}

const finding::Check& check_of(const finding::Finding& finding) noexcept {
  static constexpr finding::Check kNone{};
  return finding.check == nullptr ? kNone : *finding.check;
}

}  // namespace tally::report

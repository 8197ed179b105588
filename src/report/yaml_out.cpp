#include "report/internal/yaml_out.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "report/internal/text.hpp"

namespace tally::report {

namespace {

// Words that YAML 1.1 (yaml.org/type: bool, null, merge, value) or 1.2 resolves to something else
// than a string.
constexpr std::array<std::string_view, 12> kReserved = {
    "y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf", "nil"};

bool is_letter(char c) noexcept { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

bool is_plain_character(char c) noexcept {
  return is_letter(c) || (c >= '0' && c <= '9') || std::string_view{" _-./(),;=+"}.contains(c);
}

}  // namespace

bool is_plain_yaml(std::string_view text) noexcept {
  // A letter first: no number, date, sexagesimal, indicator or `.inf` begins with one.
  if (text.empty() || text.size() > 400 || !is_letter(text.front()) || text.back() == ' ' ||
      !std::ranges::all_of(text, is_plain_character)) {
    return false;
  }
  return std::ranges::none_of(kReserved, [text](std::string_view word) {
    return std::ranges::equal(text, word, [](char a, char b) { return (a | 0x20) == b; });
  });
}

void append_yaml_string(std::string& out, std::string_view text) {
  if (is_plain_yaml(text)) {
    out += text;
    return;
  }
  out += '"';
  if (is_simple(text, "\"\\")) {
    out.append(text).append("\"");
    return;
  }
  for (const Character c : characters(text)) {
    switch (c.code_point) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        // YAML 1.1 section 4.1.1: C0, C1, DEL, surrogates and U+FFFE are not printable; separators
        // and direction marks are, but are escaped so that nobody is misled by what he does not
        // see.
        if (is_control(c.code_point) || is_deceptive(c.code_point)) {
          append_hex_escape(out, "\\u", c.code_point, 4);
        } else {
          out += c.valid ? c.bytes : kReplacement;
        }
    }
  }
  out += '"';
}

void YamlOut::open_document() {
  if (!at_start_) {
    out_.append("\n");
  }
  out_.append("---");
  at_start_ = false;
}

void YamlOut::new_line(std::size_t indent) {
  if (!at_start_) {
    out_.append("\n");
  }
  at_start_ = false;
  out_.text().append(indent, ' ');
}

YamlOut::After YamlOut::place_value() {
  if (stack_.empty()) {
    return After::Nothing;
  }
  Frame& frame = stack_.back();
  if (frame.kind == Kind::Object) {
    return After::Key;
  }
  if (!(frame.empty && frame.after == After::Dash)) {
    new_line(frame.indent);
  }
  frame.empty = false;
  out_.append("- ");
  return After::Dash;
}

void YamlOut::open(Kind kind) {
  const After after = place_value();
  std::size_t indent = 0;
  if (!stack_.empty()) {
    // A list stands under its key without further indentation, as kubectl prints it.
    const bool deeper = after == After::Dash || kind == Kind::Object;
    indent = stack_.back().indent + (deeper ? 2 : 0);
  }
  stack_.push_back({.kind = kind, .indent = indent, .after = after, .empty = true});
}

void YamlOut::close(std::string_view empty_text) {
  const Frame frame = stack_.back();
  stack_.pop_back();
  if (frame.empty) {
    word(empty_text, frame.after);
  }
  out_.settle();
}

void YamlOut::key(std::string_view name) {
  Frame& frame = stack_.back();
  if (!(frame.empty && frame.after == After::Dash)) {
    new_line(frame.indent);
  }
  frame.empty = false;
  append_yaml_string(out_.text(), name);
  out_.append(":");
}

void YamlOut::text(std::string_view value) {
  if (place_value() == After::Key) {
    out_.append(" ");
  }
  append_yaml_string(out_.text(), value);
  out_.settle();
}

void YamlOut::number(std::uint64_t value) {
  std::array<char, 20> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  word({digits.data(), static_cast<std::size_t>(end - digits.data())});
}

void YamlOut::word(std::string_view value) { word(value, place_value()); }

void YamlOut::word(std::string_view value, After after) {
  if (after == After::Key) {
    out_.append(" ");
  }
  at_start_ = false;
  out_.append(value);
}

}  // namespace tally::report

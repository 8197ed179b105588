#include "document/yaml_writer.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <numeric>
#include <string_view>
#include <vector>

#include "base/text.hpp"
#include "document/internal/yaml_text.hpp"

namespace tally::document {

namespace {

constexpr std::size_t kIndent = 2;
constexpr std::size_t kSimpleKeyBytesMax = 128;
constexpr std::size_t kColumns = 80;  // past which a single space becomes a line break

// strconv.FormatFloat(value, 'g', -1, 64)
void append_go_double(std::string& out, double value) {
  std::array<char, 32> buffer;
  const auto shortest = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value,
                                      std::chars_format::scientific);
  const std::string_view text{buffer.data(),
                              static_cast<std::size_t>(shortest.ptr - buffer.data())};
  const std::size_t mark = text.find('e');
  int exponent = 0;
  const std::size_t digits = mark + (text[mark + 1] == '+' ? 2 : 1);
  std::from_chars(text.data() + digits, text.data() + text.size(), exponent);
  constexpr int kExponentEnd = 6;  // of what is written without one
  if (exponent < -4 || exponent >= kExponentEnd) {
    out += text;
    return;
  }
  std::array<char, 64> fixed;
  const auto written =
      std::to_chars(fixed.data(), fixed.data() + fixed.size(), value, std::chars_format::fixed);
  out.append(fixed.data(), written.ptr);
}

// The emitter of go-yaml 2, reduced to what its block style needs: whether a line break or a blank
// is due is decided by what was written last.
class Writer {
 public:
  Writer(std::string& out, KeyOrder order) : out_(out), line_start_(out.size()), order_(order) {}

  void write(const Node& root) {
    begin(root, Place::Document, 0);
    while (!open_.empty()) {
      Open& open = open_.back();
      if (open.at == open.node->size()) {
        sorted_.resize(open.order);
        open_.pop_back();
        continue;
      }
      const std::size_t child = is_sorted(*open.node) ? sorted_[open.order + open.at] : open.at;
      ++open.at;
      const Node& value = open.node->items()[child];
      const std::size_t indent = open.indent;
      start_line(indent);
      if (open.node->is_object()) {
        write_key(open.node->key(child), indent);
        begin(value, Place::Map, indent);  // may move what `open` refers to
      } else {
        write_indicator("-", true);
        begin(value, Place::List, indent);
      }
    }
    start_line(0);
  }

 private:
  enum class Place : std::uint8_t { Document, Map, List };
  struct Open {
    const Node* node;
    std::size_t at;
    std::size_t indent;
    std::size_t order;  // where its permutation begins
  };

  [[nodiscard]] bool is_sorted(const Node& node) const {
    return order_ == KeyOrder::Sorted && node.is_object();
  }

  void begin(const Node& node, Place place, std::size_t indent) {
    const std::size_t inner = indent + kIndent;
    switch (node.kind()) {
      case NodeKind::Null:
        write_word("null");
        return;
      case NodeKind::Bool:
        write_word(node.boolean() ? "true" : "false");
        return;
      case NodeKind::Number:
        write_number(node);
        return;
      case NodeKind::String:
        write_text(node.text(), inner);
        return;
      case NodeKind::Array:
      case NodeKind::Object:
        break;
    }
    if (node.size() == 0) {
      write_word(node.is_object() ? "{}" : "[]");
      return;
    }
    // A list stands under its key without an indent, but not behind an explicit `:`.
    const bool is_flush =
        place == Place::Document || (node.is_array() && place == Place::Map && !is_line_start_);
    open_.push_back(
        {.node = &node, .at = 0, .indent = is_flush ? indent : inner, .order = sorted_.size()});
    if (is_sorted(node)) {
      add_order(node);
    }
  }

  void add_order(const Node& node) {
    const std::size_t first = sorted_.size();
    sorted_.resize(first + node.size());
    const auto order = std::span(sorted_).subspan(first);
    std::iota(order.begin(), order.end(), 0U);
    // Some sets of keys have no order that this comparison agrees with. A heap stays within its
    // bounds then, which std::sort may leave.
    const auto less = [&node](std::uint32_t a, std::uint32_t b) {
      return yaml_key_less(node.key(a), node.key(b));
    };
    std::ranges::make_heap(order, less);
    std::ranges::sort_heap(order, less);
  }

  void write_key(std::string_view key, std::size_t indent) {
    // Upstream writes `<<` plain, which is read as a merge key.
    const YamlStyle style = key == "<<" ? YamlStyle::DoubleQuoted : choose_style(key);
    if (!key.contains('\n') && key.size() <= kSimpleKeyBytesMax) {
      write_styled(key, style, kNoFold);
      out_ += ':';
      return;
    }
    write_indicator("?", true);
    write_styled(key, style, indent + kIndent);
    start_line(indent);
    write_indicator(":", true);
  }

  // yaml_emitter_write_indicator
  void write_indicator(std::string_view indicator, bool keeps_line_start) {
    blank();
    out_ += indicator;
    needs_blank_ = true;
    is_line_start_ = is_line_start_ && keeps_line_start;
  }

  void write_word(std::string_view word) { write_indicator(word, false); }

  void write_number(const Node& node) {
    blank();
    const std::string_view text = node.text();
    const char* const end = text.data() + text.size();
    std::uint64_t above_int64 = 0;
    const auto parsed = std::from_chars(text.data(), end, above_int64);
    if (const auto integer = node.integer()) {
      out_ += std::to_string(*integer);
    } else if (parsed.ec == std::errc{} && parsed.ptr == end) {
      out_ += std::to_string(above_int64);
    } else if (std::isfinite(node.number())) {
      append_go_double(out_, node.number());
    } else {
      out_ += text;
    }
    needs_blank_ = true;
    is_line_start_ = false;
  }

  void write_text(std::string_view text, std::size_t indent) {
    if (!find_invalid_utf8(text)) {
      write_styled(text, choose_style(text), indent);
      return;
    }
    std::string valid;
    while (const auto invalid = find_invalid_utf8(text)) {
      valid += text.substr(0, *invalid);
      valid += "\xEF\xBF\xBD";
      text.remove_prefix(*invalid + 1);
    }
    valid += text;
    write_styled(valid, choose_style(valid), indent);
  }

  void write_styled(std::string_view text, YamlStyle style, std::size_t indent) {
    switch (style) {
      case YamlStyle::Plain:
        write_plain(text, indent);
        return;
      case YamlStyle::SingleQuoted:
        write_single_quoted(text, indent);
        return;
      case YamlStyle::DoubleQuoted:
        write_double_quoted(text, indent);
        return;
      case YamlStyle::Literal:
        write_literal(text, indent);
        return;
    }
  }

  // A key that fits on a line is not folded: kNoFold.
  static constexpr std::size_t kNoFold = static_cast<std::size_t>(-1);

  void write_plain(std::string_view text, std::size_t indent) {
    const std::size_t column = out_.size() - line_start_;
    if (indent == kNoFold || column + text.size() < kColumns || !text.contains(' ')) {
      write_word(text);
      return;
    }
    write_word("");
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (folds_at(text, i, indent)) {
        fold(indent);
      } else {
        out_ += text[i];
      }
    }
    is_line_start_ = false;
    needs_blank_ = true;
  }

  void write_single_quoted(std::string_view text, std::size_t indent) {
    write_indicator("'", false);
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (i > 0 && i + 1 < text.size() && folds_at(text, i, indent)) {
        fold(indent);
      } else {
        out_.append(text[i] == '\'' ? 2 : 1, text[i]);
      }
    }
    out_ += '\'';
    is_line_start_ = false;
    needs_blank_ = true;
  }

  void write_double_quoted(std::string_view text, std::size_t indent) {
    write_indicator("\"", false);
    // Upstream asks the first character, not this one, whether it is a byte order mark.
    const bool escapes_all = text.starts_with("\xEF\xBB\xBF");
    bool is_after_space = false;
    for (std::size_t i = 0; i < text.size();) {
      const std::string_view rest = text.substr(i);
      const std::size_t width = std::min(utf8_length(text[i]), rest.size());
      if (escapes_all || text[i] == '"' || text[i] == '\\' || text[i] == '\n' ||
          is_yaml_special(rest)) {
        append_escape(rest.substr(0, width));
      } else if (text[i] == ' ' && !is_after_space && i > 0 && i + 1 < text.size() &&
                 is_past_end(indent)) {
        fold(indent);
        out_ += text[i + 1] == ' ' ? "\\" : "";
      } else {
        out_ += rest.substr(0, width);
      }
      is_after_space = text[i] == ' ';
      i += width;
    }
    out_ += '"';
    is_line_start_ = false;
    needs_blank_ = true;
  }

  // A space alone, past the end of the line.
  [[nodiscard]] bool folds_at(std::string_view text, std::size_t at, std::size_t indent) const {
    return text[at] == ' ' && (at == 0 || text[at - 1] != ' ') && at + 1 < text.size() &&
           text[at + 1] != ' ' && is_past_end(indent);
  }

  [[nodiscard]] bool is_past_end(std::size_t indent) const {
    const std::string_view line = std::string_view(out_).substr(line_start_);
    if (indent == kNoFold || line.size() <= kColumns) {
      return false;
    }
    const auto is_character = [](char c) {
      return (static_cast<unsigned char>(c) & 0xC0U) != 0x80;
    };
    // The text before a fold is at most the line and a word: counting it again stays cheap, but
    // for long lines without a break.
    return line.size() > 4 * kColumns ||
           static_cast<std::size_t>(std::ranges::count_if(line, is_character)) > kColumns;
  }

  void fold(std::size_t indent) {
    is_line_start_ = false;
    start_line(indent);
  }

  void append_escape(std::string_view character) {
    auto value = static_cast<std::uint32_t>(static_cast<unsigned char>(character[0]));
    if (character.size() > 1) {
      value &= 0xFFU >> (character.size() + 1);
    }
    for (const char c : character.substr(1)) {
      value = (value << 6U) | (static_cast<unsigned char>(c) & 0x3FU);
    }
    struct Named {
      std::uint32_t value;
      char letter;
    };
    static constexpr Named kNamed[] = {{0x00, '0'}, {0x07, 'a'},   {0x08, 'b'},  {0x09, 't'},
                                       {0x0A, 'n'}, {0x0B, 'v'},   {0x0C, 'f'},  {0x0D, 'r'},
                                       {0x1B, 'e'}, {0x22, '"'},   {0x5C, '\\'}, {0x85, 'N'},
                                       {0xA0, '_'}, {0x2028, 'L'}, {0x2029, 'P'}};
    out_ += '\\';
    const auto* const named = std::ranges::find(kNamed, value, &Named::value);
    if (named != std::end(kNamed)) {
      out_ += named->letter;
      return;
    }
    const std::uint32_t digits = value <= 0xFF ? 2 : value <= 0xFFFF ? 4 : 8;
    out_ += digits == 2 ? 'x' : digits == 4 ? 'u' : 'U';
    for (std::uint32_t k = digits; k-- > 0;) {
      out_ += "0123456789ABCDEF"[(value >> (k * 4)) & 0xFU];
    }
  }

  void write_literal(std::string_view text, std::size_t indent) {
    write_indicator("|", false);
    if (text[0] == ' ' || text[0] == '\n') {
      out_ += static_cast<char>('0' + kIndent);
    }
    // yaml_emitter_write_block_scalar_hints
    if (!text.ends_with('\n')) {
      out_ += '-';
    } else if (text.size() == 1 || text.ends_with("\n\n")) {
      out_ += '+';
    }
    new_line();
    needs_blank_ = false;
    while (!text.empty()) {
      const std::size_t size = std::min(text.find('\n'), text.size());
      if (size > 0) {
        start_line(indent);
        out_ += text.substr(0, size);
        is_line_start_ = false;
      }
      text.remove_prefix(size);
      if (!text.empty()) {
        new_line();
        text.remove_prefix(1);
      }
    }
  }

  void blank() {
    if (needs_blank_) {
      out_ += ' ';
    }
  }

  void new_line() {
    out_ += '\n';
    line_start_ = out_.size();
    is_line_start_ = true;
  }

  // yaml_emitter_write_indent
  void start_line(std::size_t indent) {
    const std::size_t column = out_.size() - line_start_;
    if (!is_line_start_ || column > indent || (column == indent && needs_blank_)) {
      new_line();
    }
    const std::size_t now = out_.size() - line_start_;
    out_.append(indent - std::min(indent, now), ' ');
    needs_blank_ = false;
    is_line_start_ = true;
  }

  std::string& out_;
  std::size_t line_start_;
  KeyOrder order_;
  bool needs_blank_ = false;   // the opposite of the emitter's `whitespace`
  bool is_line_start_ = true;  // `indention`: nothing but indicators on this line
  std::vector<Open> open_;
  std::vector<std::uint32_t> sorted_;  // of the members of all open maps
};

}  // namespace

void append_yaml(std::string& out, const Node& node, KeyOrder order) {
  Writer(out, order).write(node);
}

}  // namespace tally::document

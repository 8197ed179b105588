// One pass over the lines with an explicit stack of open collections.
//
// Columns decide everything, as in libyaml's scanner (yaml_parser_unroll_indent,
// yaml_parser_roll_indent): a line closes the collections whose column is greater than its own;
// what it holds then continues the collection of its column, or is the value for which the
// innermost collection waits. A sequence may stand at the column of its key
// (yaml_parser_parse_indentless_sequence_entry).
//
// The class, and how it is spread over files: internal/fast_yaml_scanner.hpp.
#include "document/internal/fast_yaml.hpp"

#include <cstring>

#include "document/internal/duplicate_key.hpp"
#include "document/internal/fast_yaml_scanner.hpp"

namespace tally::document {

// ---------------------------------------------------------------- collections

bool FastYamlScanner::close() {
  if (scratch_.frames.back().pending && !close_missing()) {
    return false;
  }
  const Frame frame = scratch_.frames.back();
  const std::span<const Node> values{scratch_.values.data() + frame.values,
                                     scratch_.values.size() - frame.values};
  Node closed;
  if (frame.kind == Kind::Map || frame.kind == Kind::FlowMap) {
    if (frame.suspicious && has_duplicate(frame.keys)) {
      return false;
    }
    const std::span<const KeySpan> keys{scratch_.keys.data() + frame.keys, values.size()};
    closed = Node::make_named_object(arena_, values, keys, text_, frame.offset);
    scratch_.keys.resize(frame.keys);
    scratch_.hashes.resize(frame.keys);
  } else {
    closed = Node::make_array(arena_, values, frame.offset);
  }
  scratch_.values.resize(frame.values);
  scratch_.frames.pop_back();
  return add_value(closed);
}

bool FastYamlScanner::has_duplicate(std::size_t first_key) {
  const auto hashes = std::span(scratch_.hashes).subspan(first_key);
  if (!repeats_hash(hashes, scratch_.order)) {
    return false;
  }
  scratch_.names.clear();
  for (const KeySpan key : std::span(scratch_.keys).subspan(first_key)) {
    scratch_.names.emplace_back(text_ + key.offset, key.size);
  }
  return find_duplicate_key(scratch_.names, scratch_.order).has_value();
}

// ---------------------------------------------------------------- lines

bool FastYamlScanner::read_plain(const char* content) {
  const Plain plain = scan_plain(content);
  if (plain.why == PlainEnd::Colon || plain.why == PlainEnd::Tab) {
    return false;
  }
  const std::string_view text{content, static_cast<std::size_t>(plain.end - content)};
  const std::optional<Node> value = resolve(text, offset_of(content));
  if (!value || !add_value(*value)) {
    return false;
  }
  if (plain.why == PlainEnd::Comment) {
    at_ = next_line(find_line_end(plain.stop));
    return true;
  }
  continuable_ = content;
  at_ = next_line(plain.stop);
  return true;
}

// A value behind a key, a dash or on its own line; the innermost collection waits for it.
bool FastYamlScanner::read_value(const char* content) {
  switch (first_byte_of(*content)) {
    case FirstByte::Text:
    case FirstByte::Word:
    case FirstByte::Number:
      return read_plain(content);
    case FirstByte::Dash:
      return !is_blank_or_end(content[1]) && read_plain(content);
    case FirstByte::Quote: {
      const Quoted quoted = read_quoted(content);
      return quoted.end != nullptr &&
             add_value(Node::make_string(quoted.text, offset_of(content))) &&
             finish_line(quoted.end);
    }
    case FirstByte::Flow:
      return read_flow(content);
    case FirstByte::BlockText:
      return read_block_text(content);
    case FirstByte::Other:
      break;
  }
  return false;
}

// yaml_parser_fetch_value for a simple key in the block context, and what stands behind it.
bool FastYamlScanner::read_key(const char* line, const char* content, std::string_view key,
                               const char* colon) {
  const auto column = static_cast<std::int32_t>(content - line);
  if (indent() < column) {
    if (!open(Kind::Map, column, content)) {
      return false;
    }
  } else if (scratch_.frames.back().kind != Kind::Map) {
    return false;
  } else if (scratch_.frames.back().pending && !close_missing()) {
    return false;
  }
  if (!add_key(key, colon)) {
    return false;
  }
  const char* value = skip_spaces(colon + 1);
  if (ends_line(*value)) {
    at_ = next_line(value);
    return true;
  }
  if (*value == '#') {
    at_ = next_line(find_line_end(value));
    return true;
  }
  return read_value(value);
}

// A key with its value, or a value, in column content - line.
bool FastYamlScanner::read_token(const char* line, const char* content) {
  const auto column = static_cast<std::int32_t>(content - line);
  std::string_view key;
  const char* colon = nullptr;
  switch (first_byte_of(*content)) {
    case FirstByte::Quote: {
      const Quoted quoted = read_quoted(content);
      if (quoted.end == nullptr) {
        return false;
      }
      colon = skip_spaces(quoted.end);
      if (*colon == ':') {
        if (!quoted.in_source || quoted.text.empty() || quoted.text == "<<" ||
            !is_blank_or_end(colon[1]) || colon[1] == '\t') {
          return false;
        }
        key = quoted.text;
      } else {
        colon = nullptr;
      }
      break;
    }
    case FirstByte::Text:
    case FirstByte::Word:
    case FirstByte::Number:
    case FirstByte::Dash: {
      const Plain plain = scan_plain(content);
      if (plain.why == PlainEnd::Colon) {
        key = {content, static_cast<std::size_t>(plain.end - content)};
        colon = plain.stop;
        if (!is_text_key(key)) {
          return false;
        }
      }
      break;
    }
    case FirstByte::Flow:
    case FirstByte::BlockText:
      break;
    case FirstByte::Other:
      return false;
  }
  const bool nested = indent() < column;
  if (nested && !(scratch_.frames.empty() ? !root_ : scratch_.frames.back().pending)) {
    return false;
  }
  if (colon != nullptr) {
    return colon - content <= kKeyBytesMax && read_key(line, content, key, colon);
  }
  // Scalars as root are libyaml's; a value must be indented deeper than what waits for it.
  const bool is_flow = first_byte_of(*content) == FirstByte::Flow;
  return nested && (is_flow || !scratch_.frames.empty()) && read_value(content);
}

// The dashes at the start of a line. Leaves `content` at what follows them, nullptr if nothing.
bool FastYamlScanner::read_entries(const char* line, const char*& content) {
  while (*content == '-' && is_blank_or_end(content[1])) {
    const auto column = static_cast<std::int32_t>(content - line);
    if (indent() < column) {
      if (!(scratch_.frames.empty() ? !root_ : scratch_.frames.back().pending) ||
          !open(Kind::Sequence, column, content)) {
        return false;
      }
    } else if (Frame& frame = scratch_.frames.back(); frame.kind == Kind::Map) {
      if (!frame.pending || !open(Kind::IndentlessSequence, column, content)) {
        return false;
      }
    } else if (frame.pending && !close_missing()) {
      return false;
    }
    Frame& sequence = scratch_.frames.back();
    sequence.pending = true;
    sequence.after = offset_of(content) + 1;
    content = skip_spaces(content + 1);
    if (ends_line(*content) || *content == '#') {
      at_ = next_line(find_line_end(content));
      content = nullptr;
      return true;
    }
  }
  return true;
}

bool FastYamlScanner::read_line() {
  const char* line = at_;
  const char* content = skip_spaces(line);
  if (ends_line(*content)) {
    at_ = next_line(content);
    return true;
  }
  const char c = *content;
  if (c == '#') {
    continuable_ = nullptr;
    at_ = next_line(find_line_end(content));
    return true;
  }
  const auto column = static_cast<std::int32_t>(content - line);
  if (column == 0 && (c == '-' || c == '.') && line[1] == c && line[2] == c) {
    return false;
  }
  if (continuable_ != nullptr && indent() < column) {
    const bool going_on = continue_plain(content);
    continuable_ = nullptr;
    return going_on;
  }
  continuable_ = nullptr;
  while (indent() > column) {
    if (!close()) {
      return false;
    }
  }
  if (indent() == column && scratch_.frames.back().kind != Kind::Map &&
      !(c == '-' && is_blank_or_end(content[1]))) {
    if (scratch_.frames.back().kind != Kind::IndentlessSequence || !close()) {
      return false;
    }
  }
  if (!read_entries(line, content)) {
    return false;
  }
  return content == nullptr || read_token(line, content);
}

// `---` on the first line, with a comment at most.
void FastYamlScanner::skip_document_start() {
  if (end_ - at_ >= 3 && std::memcmp(at_, "---", 3) == 0) {
    const char* rest = skip_spaces(at_ + 3);
    if (ends_line(*rest) || (*rest == '#' && rest != at_ + 3)) {
      at_ = next_line(find_line_end(rest));
    }
  }
}

std::optional<Node> FastYamlScanner::read() {
  if (!check_bytes()) {
    return std::nullopt;
  }
  skip_document_start();
  while (at_ < end_) {
    if (!read_line()) {
      return std::nullopt;
    }
  }
  while (!scratch_.frames.empty()) {
    if (!close()) {
      return std::nullopt;
    }
  }
  return root_;
}

std::optional<Node> read_fast_yaml(std::string_view source_text, std::uint32_t begin,
                                   std::uint32_t end, Arena& arena, FastYamlScratch& scratch,
                                   const ReadLimits& limits) {
  // Searches stop at line ends: a slice that ends inside a line would be overrun.
  if (begin >= end || (end < source_text.size() && source_text[end - 1] != '\n')) {
    return std::nullopt;
  }
  return FastYamlScanner(source_text, begin, end, arena, scratch, limits).read();
}

}  // namespace tally::document

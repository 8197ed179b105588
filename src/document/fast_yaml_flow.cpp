// Flow collections: lists and maps in brackets and braces, over any number of lines.
#include "document/internal/fast_yaml_scanner.hpp"

namespace tally::document {

// Blanks, line breaks and comments between the tokens of a flow collection; nullptr in doubt.
const char* FastYamlScanner::skip_flow_blanks(const char* at) const {
  for (;;) {
    const char* before = at;
    while (*at == ' ' || *at == '\t') {
      ++at;
    }
    if (*at == '#') {
      if (at == before && at[-1] != '\n') {
        return nullptr;  // libyaml takes it for a comment, others do not
      }
      at = find_line_end(at);
    }
    if (!ends_line(*at)) {
      return at;
    }
    at = next_line(at);
    if (at >= end_ || *at == '-' || *at == '.') {
      return nullptr;
    }
  }
}

namespace {

// A plain scalar of a flow collection on one line; text is empty in doubt.
std::string_view scan_flow_plain(const char* at) {
  const FirstByte first = first_byte_of(*at);
  if (first != FirstByte::Text && first != FirstByte::Word && first != FirstByte::Number &&
      !(first == FirstByte::Dash && !is_blank_or_end(at[1]))) {
    return {};
  }
  const char* stop = at;
  for (;; ++stop) {
    const char c = *stop;
    if (c == ',' || c == '[' || c == ']' || c == '{' || c == '}' || ends_line(c)) {
      break;
    }
    if (c == '?' || c == '\t') {
      return {};
    }
    if (c == ':') {
      if (is_blank_or_end(stop[1])) {
        break;
      }
      if (std::string_view{",?[]{}"}.contains(stop[1])) {
        return {};
      }
    }
    if (c == '#' && stop[-1] == ' ') {
      break;
    }
  }
  while (stop > at && stop[-1] == ' ') {
    --stop;
  }
  return {at, static_cast<std::size_t>(stop - at)};
}

}  // namespace

const char* FastYamlScanner::read_flow_scalar(const char* at) {
  if (*at == '"' || *at == '\'') {
    const Quoted quoted = read_quoted(at);
    return quoted.end != nullptr && add_value(Node::make_string(quoted.text, offset_of(at)))
               ? quoted.end
               : nullptr;
  }
  const std::string_view text = scan_flow_plain(at);
  if (text.empty() || text == "-") {
    return nullptr;
  }
  const std::optional<Node> value = resolve(text, offset_of(at));
  return value && add_value(*value) ? at + text.size() : nullptr;
}

// A key with its colon; the place behind the colon.
const char* FastYamlScanner::read_flow_key(const char* at) {
  std::string_view key;
  const char* colon = nullptr;
  if (*at == '"' || *at == '\'') {
    const Quoted quoted = read_quoted(at);
    if (!quoted.in_source || quoted.text.empty() || quoted.text == "<<") {
      return nullptr;
    }
    key = quoted.text;
    colon = skip_spaces(quoted.end);
  } else {
    key = scan_flow_plain(at);
    if (key.empty() || !is_text_key(key)) {
      return nullptr;
    }
    colon = skip_spaces(at + key.size());
  }
  if (*colon != ':' || colon - at > kKeyBytesMax || !is_blank_or_end(colon[1]) ||
      !add_key(key, colon)) {
    return nullptr;
  }
  return colon + 1;
}

bool FastYamlScanner::read_flow(const char* content) {
  const std::size_t outside = scratch_.frames.size();
  const char* at = content;
  bool value_expected = true;  // else a comma or the closing bracket
  do {
    at = skip_flow_blanks(at);
    if (at == nullptr || at >= end_) {
      return false;
    }
    const bool inside = scratch_.frames.size() > outside;
    const Kind kind = inside ? scratch_.frames.back().kind : Kind::Map;
    if (inside && *at == (kind == Kind::FlowMap ? '}' : ']')) {
      if (scratch_.frames.back().pending || !close()) {
        return false;
      }
      value_expected = false;
      ++at;
      continue;
    }
    if (!value_expected) {
      if (*at != ',') {
        return false;
      }
      value_expected = true;
      ++at;
      continue;
    }
    if (inside && kind == Kind::FlowMap && !scratch_.frames.back().pending) {
      at = read_flow_key(at);
      if (at == nullptr) {
        return false;
      }
      continue;
    }
    if (*at == '[' || *at == '{') {
      if (!open(*at == '[' ? Kind::FlowSequence : Kind::FlowMap, indent(), at)) {
        return false;
      }
      ++at;
      continue;
    }
    at = read_flow_scalar(at);
    if (at == nullptr) {
      return false;
    }
    value_expected = false;
  } while (scratch_.frames.size() > outside);
  return finish_line(at);
}

}  // namespace tally::document

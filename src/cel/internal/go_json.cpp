#include "cel/internal/go_json.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace tally::cel {

namespace {

using document::Node;
using document::NodeKind;

constexpr unsigned kDepthMax = 500;

void append_string(TextBuilder& out, std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  out.add('"');
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '"' || c == '\\') {
      out.add('\\');
      out.add(c);
    } else if (const std::size_t which = std::string_view("\b\f\n\r\t").find(c);
               which != std::string_view::npos) {
      out.add('\\');
      out.add(std::string_view("bfnrt")[which]);
    } else if (static_cast<unsigned char>(c) < 0x20 || c == '<' || c == '>' || c == '&') {
      out.add("\\u00");
      out.add(kHex[static_cast<unsigned char>(c) >> 4U]);
      out.add(kHex[static_cast<unsigned char>(c) & 15U]);
    } else if (const std::string_view rest = text.substr(i);
               rest.starts_with("\u2028") || rest.starts_with("\u2029")) {
      out.add(rest[2] == '\xa8' ? "\\u2028" : "\\u2029");
      i += 2;
    } else {
      out.add(c);
    }
  }
  out.add('"');
}

// encoding/json/encode.go, floatEncoder: "Convert as if by ES6 number to string conversion."
void append_number(TextBuilder& out, const Node& node) {
  if (node.integer()) {
    out.add(node.text());
    return;
  }
  const double value = node.number();
  const double size = std::fabs(value);
  const bool scientific = size != 0 && (size < 1e-6 || size >= 1e21);
  std::array<char, 400> digits{};
  char* const end =
      std::to_chars(digits.data(), digits.data() + digits.size(), value,
                    scientific ? std::chars_format::scientific : std::chars_format::fixed)
          .ptr;
  const std::string_view text{digits.data(), static_cast<std::size_t>(end - digits.data())};
  // e-09 becomes e-9.
  if (scientific && text.size() >= 4 && text[text.size() - 4] == 'e' &&
      text[text.size() - 3] == '-' && text[text.size() - 2] == '0') {
    out.add(text.substr(0, text.size() - 2));
    out.add(text.back());
    return;
  }
  out.add(text);
}

bool append(TextBuilder& out, Arena& arena, const Node& node, unsigned depth) {
  if (depth > kDepthMax) {
    return false;
  }
  switch (node.kind()) {
    case NodeKind::Null:
      out.add("null");
      return true;
    case NodeKind::Bool:
      out.add(node.boolean() ? "true" : "false");
      return true;
    case NodeKind::Number:
      append_number(out, node);
      return true;
    case NodeKind::String:
      append_string(out, node.text());
      return true;
    case NodeKind::Array: {
      out.add('[');
      for (std::size_t i = 0; i < node.size(); ++i) {
        if (i != 0) {
          out.add(',');
        }
        if (!append(out, arena, node.items()[i], depth + 1)) {
          return false;
        }
      }
      out.add(']');
      return true;
    }
    case NodeKind::Object: {
      auto* const order = arena.allocate_array<std::uint32_t>(node.size());
      for (std::uint32_t i = 0; i < node.size(); ++i) {
        order[i] = i;
      }
      std::sort(order, order + node.size(),
                [&node](std::uint32_t a, std::uint32_t b) { return node.key(a) < node.key(b); });
      out.add('{');
      for (std::size_t i = 0; i < node.size(); ++i) {
        if (i != 0) {
          out.add(',');
        }
        append_string(out, node.key(order[i]));
        out.add(':');
        if (!append(out, arena, node.items()[order[i]], depth + 1)) {
          return false;
        }
      }
      out.add('}');
      return true;
    }
  }
  return true;
}

}  // namespace

bool append_go_json(TextBuilder& out, Arena& arena, const Node& node) {
  return append(out, arena, node, 0);
}

}  // namespace tally::cel

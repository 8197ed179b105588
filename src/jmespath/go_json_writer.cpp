#include <algorithm>
#include <numeric>
#include <vector>

#include "base/text.hpp"
#include "jmespath/internal/go_json.hpp"
#include "jmespath/internal/numbers.hpp"
#include "jmespath/internal/value.hpp"

namespace tally::jmespath {

namespace {

void append_string(std::string& out, std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  out += '"';
  auto bad = find_invalid_utf8(text);
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (bad && i == *bad) {
      out += "\\ufffd";
      bad = find_invalid_utf8(text.substr(i + 1));
      bad = bad ? std::optional(*bad + i + 1) : std::nullopt;
    } else if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (const std::size_t which = std::string_view("\b\f\n\r\t").find(c);
               which != std::string_view::npos) {
      out += '\\';
      out += std::string_view("bfnrt")[which];
    } else if (static_cast<unsigned char>(c) < 0x20 || c == '<' || c == '>' || c == '&') {
      out += "\\u00";
      out += kHex[static_cast<unsigned char>(c) >> 4U];
      out += kHex[static_cast<unsigned char>(c) & 15U];
    } else if (const std::string_view rest = text.substr(i);
               rest.starts_with("\u2028") || rest.starts_with("\u2029")) {
      out += rest[2] == '\xa8' ? "\\u2028" : "\\u2029";
      i += 2;
    } else {
      out += c;
    }
  }
  out += '"';
}

// As deep as the value: readers and the evaluator bound that.
bool append(std::string& out, const Node& node, std::string& unsupported) {
  switch (type_of(node)) {
    case Type::Null:
      out += "null";
      return true;
    case Type::Boolean:
      out += node.boolean() ? "true" : "false";
      return true;
    case Type::Number: {
      const NumberText text = json_number_text(number_of(node));
      if (text.text().find_first_of("NI") != std::string_view::npos) {
        unsupported = text.text();
        return false;
      }
      out += text.text();
      return true;
    }
    case Type::Integer:
      out += node.text();
      return true;
    case Type::String:
      append_string(out, node.text());
      return true;
    case Type::ExpressionRef:
      out += "{}";
      return true;
    case Type::Array:
    case Type::ObjectArray:
      out += '[';
      for (std::size_t i = 0; i < node.size(); ++i) {
        out += i == 0 ? "" : ",";
        if (!append(out, node.items()[i], unsupported)) {
          return false;
        }
      }
      out += ']';
      return true;
    case Type::Object: {
      std::vector<std::uint32_t> order(node.size());
      std::iota(order.begin(), order.end(), std::uint32_t{0});
      std::ranges::sort(order, {}, [&node](std::uint32_t i) { return node.key(i); });
      out += '{';
      for (std::size_t i = 0; i < order.size(); ++i) {
        out += i == 0 ? "" : ",";
        append_string(out, node.key(order[i]));
        out += ':';
        if (!append(out, node.items()[order[i]], unsupported)) {
          return false;
        }
      }
      out += '}';
      return true;
    }
  }
  return true;
}

}  // namespace

bool append_go_json(std::string& out, const Node& node, std::string& unsupported) {
  return append(out, node, unsupported);
}

}  // namespace tally::jmespath

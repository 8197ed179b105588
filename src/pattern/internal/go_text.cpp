#include "pattern/internal/go_text.hpp"

#include <algorithm>
#include <numeric>
#include <vector>

#include "pattern/internal/go_number.hpp"

namespace tally::pattern {

using document::Node;
using document::NodeKind;

namespace {

constexpr unsigned kDepthMax = 500;

class Printer {
 public:
  Printer(std::string& out, NumberReading reading, std::size_t bytes_max)
      : out_(out), reading_(reading), bytes_max_(bytes_max) {}

  bool print(const Node& node, unsigned depth) {
    if (out_.size() > bytes_max_ || depth > kDepthMax) {
      return false;
    }
    switch (node.kind()) {
      case NodeKind::Null:
        out_ += "<nil>";
        return true;
      case NodeKind::Bool:
        out_ += node.boolean() ? "true" : "false";
        return true;
      case NodeKind::Number: {
        NumberText text;
        print_number(text, read_number(node, reading_), NumberStyle::Plain);
        out_ += text.text();
        return true;
      }
      case NodeKind::String:
        out_ += node.text().substr(0, bytes_max_ + 1);
        return out_.size() <= bytes_max_;
      case NodeKind::Array:
        return print_list(node, depth);
      case NodeKind::Object:
        return print_map(node, depth);
    }
    return true;
  }

 private:
  bool print_list(const Node& node, unsigned depth) {
    out_ += '[';
    for (std::size_t i = 0; i < node.size(); ++i) {
      if (i > 0) {
        out_ += ' ';
      }
      if (!print(node.items()[i], depth + 1)) {
        return false;
      }
    }
    out_ += ']';
    return true;
  }

  bool print_map(const Node& node, unsigned depth) {
    std::vector<std::size_t> order(node.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::sort(order, {}, [&](std::size_t i) { return node.key(i); });
    out_ += "map[";
    bool first = true;
    for (const std::size_t i : order) {
      if (!first) {
        out_ += ' ';
      }
      first = false;
      out_ += node.key(i);
      out_ += ':';
      if (!print(node.items()[i], depth + 1)) {
        return false;
      }
    }
    out_ += ']';
    return true;
  }

  std::string& out_;
  NumberReading reading_;
  std::size_t bytes_max_;
};

}  // namespace

std::string_view go_type_name(const Node& node) noexcept {
  switch (node.kind()) {
    case NodeKind::Null:
      return "<nil>";
    case NodeKind::Bool:
      return "bool";
    case NodeKind::Number:
      return read_number(node).is_integer ? "int64" : "float64";
    case NodeKind::String:
      return "string";
    case NodeKind::Array:
      return "[]interface {}";
    case NodeKind::Object:
      return "map[string]interface {}";
  }
  return "";
}

bool append_go_text(std::string& out, const Node& node, NumberReading reading,
                    std::size_t bytes_max) {
  return Printer(out, reading, bytes_max).print(node, 0);
}

void append_pointer_step(std::string& out, std::string_view key) {
  out += '/';
  for (const char c : key) {
    if (c == '~') {
      out += "~0";
    } else if (c == '/') {
      out += "~1";
    } else {
      out += c;
    }
  }
}

}  // namespace tally::pattern

// kyverno-json pkg/engine/match/match.go and pkg/utils/reflect/match.go; the texts of
// k8s.io/apimachinery/pkg/util/validation/field/errors.go.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numeric>
#include <vector>

#include "document/json_writer.hpp"
#include "kyverno/internal/assertion.hpp"
#include "scalar/go_quote.hpp"

namespace tally::kyverno::internal {

using document::Node;
using document::NodeKind;

namespace {

// reflect.Kind
std::string_view go_kind(const Node& node) {
  switch (node.kind()) {
    case NodeKind::Null:
      return "invalid";
    case NodeKind::Bool:
      return "bool";
    case NodeKind::Number:
      return jmespath::is_go_integer(node) ? "int64" : "float64";
    case NodeKind::String:
      return "string";
    case NodeKind::Array:
      return "slice";
    case NodeKind::Object:
      return "map";
  }
  return "";
}

// %v of fmt.
void append_number(std::string& out, const Node& node) {
  if (jmespath::is_go_integer(node)) {
    out += node.text();
    return;
  }
  const double value = node.number();
  const double size = std::abs(value);
  const bool is_plain = size == 0 || (size >= 1e-4 && size < 1e21);
  char text[64];
  const auto [end, error] =
      std::to_chars(text, text + sizeof(text), value,
                    is_plain ? std::chars_format::fixed : std::chars_format::scientific);
  out += error == std::errc{} ? std::string_view(text, static_cast<std::size_t>(end - text))
                              : node.text();
}

std::vector<std::size_t> by_key(const Node& object) {
  std::vector<std::size_t> order(object.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(order, {}, [&](std::size_t i) { return object.key(i); });
  return order;
}

// %#v of fmt, of a value inside of an interface. As deep as the value: its reader bounds that.
void append_go_syntax(std::string& out, const Node& node) {
  switch (node.kind()) {
    case NodeKind::Null:
      out += "interface {}(nil)";
      return;
    case NodeKind::Bool:
      out += node.boolean() ? "true" : "false";
      return;
    case NodeKind::Number:
      append_number(out, node);
      return;
    case NodeKind::String:
      scalar::append_go_quoted(out, node.text());
      return;
    case NodeKind::Array:
      out += "[]interface {}{";
      for (std::size_t i = 0; i < node.size(); ++i) {
        out += i == 0 ? "" : ", ";
        append_go_syntax(out, node.items()[i]);
      }
      out += '}';
      return;
    case NodeKind::Object: {
      out += "map[string]interface {}{";
      bool is_first = true;
      for (const std::size_t i : by_key(node)) {
        out += is_first ? "" : ", ";
        is_first = false;
        scalar::append_go_quoted(out, node.key(i));
        out += ':';
        append_go_syntax(out, node.items()[i]);
      }
      out += '}';
      return;
    }
  }
}

// encoding/json: sorted keys.
void append_sorted_json(std::string& out, const Node& node) {
  if (node.is_array()) {
    out += '[';
    for (std::size_t i = 0; i < node.size(); ++i) {
      out += i == 0 ? "" : ",";
      append_sorted_json(out, node.items()[i]);
    }
    out += ']';
  } else if (node.is_object()) {
    out += '{';
    bool is_first = true;
    for (const std::size_t i : by_key(node)) {
      out += is_first ? "" : ",";
      is_first = false;
      document::append_json(out, Node::make_string(node.key(i), 0));
      out += ':';
      append_sorted_json(out, node.items()[i]);
    }
    out += '}';
  } else {
    document::append_json(out, node);
  }
}

// MatchScalar
std::expected<bool, std::string> match_scalar(const Node& expected, const Node& actual) {
  if (expected.is_null() || actual.is_null()) {
    return expected.is_null() && actual.is_null();
  }
  if (expected.is_number() && actual.is_number()) {
    const auto a = expected.integer();
    const auto b = actual.integer();
    return a && b ? *a == *b : expected.number() == actual.number();
  }
  if (expected.kind() == actual.kind()) {
    return expected.is_string() ? expected.text() == actual.text()
                                : expected.boolean() == actual.boolean();
  }
  return std::unexpected(
      fmt::format("types are not comparable, {} - {}", go_kind(expected), go_kind(actual)));
}

}  // namespace

// As deep as what is expected: its reader, or the evaluator, bounds that.
std::expected<bool, std::string> assertion_match(const Node& expected, const Node& actual,
                                                 std::uint64_t& steps) {
  ++steps;
  if (expected.is_array()) {
    if (!actual.is_array()) {
      return std::unexpected(
          fmt::format("invalid actual value, must be a slice, found {}", go_kind(actual)));
    }
    if (expected.size() != actual.size()) {
      return false;
    }
    for (std::size_t i = 0; i < expected.size(); ++i) {
      const auto inner = assertion_match(expected.items()[i], actual.items()[i], steps);
      if (!inner || !*inner) {
        return inner;
      }
    }
    return true;
  }
  if (expected.is_object()) {
    if (!actual.is_object()) {
      return std::unexpected(
          fmt::format("invalid actual value, must be a map, found {}", go_kind(actual)));
    }
    for (const document::Member member : expected.members()) {
      const Node* const found = actual.find(member.key);
      if (found == nullptr) {
        return false;
      }
      const auto inner = assertion_match(member.value, *found, steps);
      if (!inner || !*inner) {
        return inner;
      }
    }
    return true;
  }
  return match_scalar(expected, actual);
}

std::string expected_text(const Node& expected) {
  std::string out = "Expected value: ";
  if (expected.is_null()) {
    out += "<nil>";
  } else {
    append_go_syntax(out, expected);
  }
  return out;
}

std::string invalid_text(std::string_view path, const Node& value, std::string_view detail) {
  std::string out(path.empty() ? "<nil>" : path);
  out += ": Invalid value: ";
  if (value.is_number()) {
    append_number(out, value);
  } else if (value.is_string()) {
    scalar::append_go_quoted(out, value.text());
  } else {
    append_sorted_json(out, value);
  }
  out += ": ";
  out += detail;
  return out;
}

std::string required_text(std::string_view path, std::string_view detail) {
  return fmt::format("{}: Required value: {}", path, detail);
}

std::string internal_error_text(std::string_view path, std::string_view detail) {
  return fmt::format("{}: Internal error: {}", path.empty() ? "<nil>" : path, detail);
}

}  // namespace tally::kyverno::internal

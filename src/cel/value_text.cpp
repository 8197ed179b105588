// Values as JSON nodes and as CEL literals.
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

#include "cel/type.hpp"
#include "cel/value.hpp"
#include "scalar/base64.hpp"
#include "scalar/time_text.hpp"

namespace tally::cel {

using document::Node;

namespace {

// Integers beyond are no exact JSON numbers (RFC 8259 section 6); cel-go's isJSONSafe.
constexpr std::int64_t kJsonIntegerMax = (std::int64_t{1} << 53U) - 1;

std::string number_text(auto number) {
  std::array<char, 32> digits{};
  return {digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr};
}

class NodeBuilder {
 public:
  NodeBuilder(Arena& arena, const ToNodeOptions& options) : arena_(arena), options_(options) {}

  bool build(const Value& value, std::size_t depth, Node& out) {
    if (depth > options_.depth_max) {
      return false;
    }
    switch (value.kind()) {
      case ValueKind::Null:
        out = Node::make_null(options_.offset);
        return true;
      case ValueKind::Bool:
        out = Node::make_bool(value.as_bool(), options_.offset);
        return true;
      case ValueKind::Int:
        out = value.as_int() >= -kJsonIntegerMax && value.as_int() <= kJsonIntegerMax
                  ? number(number_text(value.as_int()))
                  : string(number_text(value.as_int()));
        return true;
      case ValueKind::Uint:
        out = value.as_uint() <= std::uint64_t{kJsonIntegerMax}
                  ? number(number_text(value.as_uint()))
                  : string(number_text(value.as_uint()));
        return true;
      case ValueKind::Double:
        if (!std::isfinite(value.as_double())) {
          return false;
        }
        out = number(number_text(value.as_double()));
        return true;
      case ValueKind::String:
        out = Node::make_string(value.text(), options_.offset);
        return true;
      case ValueKind::Bytes:
        out = string(scalar::encode_base64(value.text()));
        return true;
      case ValueKind::Timestamp:
        out = string(scalar::timestamp_text({value.as_int(), value.nanoseconds()}).text());
        return true;
      case ValueKind::Duration:
        out = string(scalar::duration_text(value.as_int()).text());
        return true;
      case ValueKind::List:
        return build_list(value, depth, out);
      case ValueKind::Map:
        return build_map(value, depth, out);
      case ValueKind::Optional:
        return value.held() != nullptr && build(*value.held(), depth + 1, out);
      case ValueKind::Opaque: {
        const OpaqueValue& opaque = value.as_opaque();
        if (opaque.kind->text == nullptr) {
          return false;
        }
        out = Node::make_string(opaque.kind->text(arena_, opaque.data), options_.offset);
        return true;
      }
      case ValueKind::Error:
      case ValueKind::Unknown:
      case ValueKind::Type:
        return false;
    }
    return false;
  }

 private:
  Node number(std::string_view text) {
    return Node::make_number(arena_.copy(text), options_.offset);
  }
  Node string(std::string_view text) {
    return Node::make_string(arena_.copy(text), options_.offset);
  }

  bool build_list(const Value& list, std::size_t depth, Node& out) {
    const std::size_t size = list_size(list);
    auto* items = arena_.allocate_array<Node>(size);
    for (std::size_t i = 0; i < size; ++i) {
      items[i] = Node{};
      if (!build(list_at(arena_, list, i), depth + 1, items[i])) {
        return false;
      }
    }
    out = Node::make_array(arena_, {items, size}, options_.offset);
    return true;
  }

  bool build_map(const Value& map, std::size_t depth, Node& out) {
    const std::size_t size = map_size(map);
    auto* values = arena_.allocate_array<Node>(size);
    auto* keys = arena_.allocate_array<std::string_view>(size);
    for (std::size_t i = 0; i < size; ++i) {
      const Value key = map_key_at(arena_, map, i);
      switch (key.kind()) {
        case ValueKind::Bool:
          keys[i] = key.as_bool() ? "true" : "false";
          break;
        case ValueKind::Int:
          keys[i] = arena_.copy(number_text(key.as_int()));
          break;
        case ValueKind::Uint:
          keys[i] = arena_.copy(number_text(key.as_uint()));
          break;
        case ValueKind::String:
          keys[i] = key.text();
          break;
        default:
          return false;
      }
      values[i] = Node{};
      if (!build(map_value_at(arena_, map, i), depth + 1, values[i])) {
        return false;
      }
    }
    out = Node::make_object(arena_, std::span<const Node>{values, size},
                            std::span<const std::string_view>{keys, size}, {}, options_.offset);
    return true;
  }

  Arena& arena_;
  const ToNodeOptions& options_;
};

// --- literals

constexpr std::size_t kLiteralDepthMax = 200;

void append_double(std::string& out, double d) {
  if (std::isnan(d)) {
    out += "double(\"NaN\")";
    return;
  }
  if (std::isinf(d)) {
    out += d < 0 ? "double(\"-Infinity\")" : "double(\"Infinity\")";
    return;
  }
  const std::string text = number_text(d);
  out += text;
  if (text.find_first_of(".e") == std::string::npos) {
    out += ".0";
  }
}

void append_quoted(std::string& out, std::string_view text, bool octets) {
  out += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    switch (c) {
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
        if (byte < 0x20 || byte == 0x7F || (octets && byte > 0x7F)) {
          std::array<char, 8> escaped{};
          static_cast<void>(std::snprintf(escaped.data(), escaped.size(), "\\x%02x",
                                          static_cast<unsigned>(byte)));
          out += escaped.data();
        } else {
          out += c;
        }
    }
  }
  out += '"';
}

void append_literal(Arena& arena, std::string& out, const Value& value, std::size_t depth) {
  if (depth > kLiteralDepthMax) {
    out += "...";
    return;
  }
  switch (value.kind()) {
    case ValueKind::Error:
      out += "error(";
      append_quoted(out, value.as_error().message, false);
      out += ')';
      return;
    case ValueKind::Unknown:
      out += "unknown";
      return;
    case ValueKind::Null:
      out += "null";
      return;
    case ValueKind::Bool:
      out += value.as_bool() ? "true" : "false";
      return;
    case ValueKind::Int:
      out += number_text(value.as_int());
      return;
    case ValueKind::Uint:
      out += number_text(value.as_uint());
      out += 'u';
      return;
    case ValueKind::Double:
      append_double(out, value.as_double());
      return;
    case ValueKind::String:
      append_quoted(out, value.text(), false);
      return;
    case ValueKind::Bytes:
      out += 'b';
      append_quoted(out, value.text(), true);
      return;
    case ValueKind::Timestamp:
      out += "timestamp(\"";
      out += scalar::timestamp_text({value.as_int(), value.nanoseconds()}).text();
      out += "\")";
      return;
    case ValueKind::Duration:
      out += "duration(\"";
      out += scalar::duration_text(value.as_int()).text();
      out += "\")";
      return;
    case ValueKind::List: {
      out += '[';
      const std::size_t size = list_size(value);
      for (std::size_t i = 0; i < size; ++i) {
        out += i == 0 ? "" : ", ";
        append_literal(arena, out, list_at(arena, value, i), depth + 1);
      }
      out += ']';
      return;
    }
    case ValueKind::Map: {
      const HostMap* host = value.host_map();
      if (host != nullptr && host->type() != nullptr) {
        out += host->type()->name;
      }
      out += '{';
      const std::size_t size = map_size(value);
      for (std::size_t i = 0; i < size; ++i) {
        out += i == 0 ? "" : ", ";
        append_literal(arena, out, map_key_at(arena, value, i), depth + 1);
        out += ": ";
        append_literal(arena, out, map_value_at(arena, value, i), depth + 1);
      }
      out += '}';
      return;
    }
    case ValueKind::Type:
      out += value.as_type()->name;
      return;
    case ValueKind::Optional:
      if (value.held() == nullptr) {
        out += "optional.none()";
        return;
      }
      out += "optional.of(";
      append_literal(arena, out, *value.held(), depth + 1);
      out += ')';
      return;
    case ValueKind::Opaque: {
      const OpaqueValue& opaque = value.as_opaque();
      out += opaque.kind->type_name;
      out += '(';
      if (opaque.kind->text != nullptr) {
        append_quoted(out, opaque.kind->text(arena, opaque.data), false);
      }
      out += ')';
      return;
    }
  }
}

}  // namespace

bool to_node(Arena& arena, const Value& value, const ToNodeOptions& options, Node& out) {
  return NodeBuilder(arena, options).build(value, 0, out);
}

std::string_view to_literal(Arena& arena, const Value& value) {
  std::string text;
  append_literal(arena, text, value, 0);
  return arena.copy(text);
}

}  // namespace tally::cel

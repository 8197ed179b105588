#include "cel/internal/code.hpp"

namespace tally::cel {
namespace {

constexpr std::uint32_t bit(ValueKind kind) noexcept { return 1U << static_cast<unsigned>(kind); }

// Everything but errors and unknowns.
constexpr std::uint32_t kAnyValue = ~(bit(ValueKind::Error) | bit(ValueKind::Unknown));

struct Row {
  std::string_view type;
  std::uint32_t kinds;
};

constexpr Row kRows[] = {
    {"dyn", kAnyValue},
    {"any", kAnyValue},
    {"google.protobuf.Any", kAnyValue},
    {"google.protobuf.Value", kAnyValue},
    {"null_type", bit(ValueKind::Null)},
    {"null", bit(ValueKind::Null)},
    {"bool", bit(ValueKind::Bool)},
    {"int", bit(ValueKind::Int)},
    {"uint", bit(ValueKind::Uint)},
    {"double", bit(ValueKind::Double)},
    {"string", bit(ValueKind::String)},
    {"bytes", bit(ValueKind::Bytes)},
    {"timestamp", bit(ValueKind::Timestamp)},
    {"google.protobuf.Timestamp", bit(ValueKind::Timestamp)},
    {"duration", bit(ValueKind::Duration)},
    {"google.protobuf.Duration", bit(ValueKind::Duration)},
    {"list", bit(ValueKind::List)},
    {"map", bit(ValueKind::Map)},
    {"type", bit(ValueKind::Type)},
    {"optional_type", bit(ValueKind::Optional)},
};

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) {
    text.remove_prefix(1);
  }
  while (text.ends_with(' ')) {
    text.remove_suffix(1);
  }
  return text;
}

}  // namespace

ArgPattern arg_pattern(std::string_view type, Arena& arena) {
  type = trimmed(type);
  if (type.starts_with("wrapper(") && type.ends_with(')')) {
    ArgPattern held = arg_pattern(type.substr(8, type.size() - 9), arena);
    held.kinds |= bit(ValueKind::Null);
    return held;
  }
  const std::string_view name = type.substr(0, type.find('('));
  for (const Row& row : kRows) {
    if (row.type == name) {
      return {.kinds = row.kinds, .opaque = {}};
    }
  }
  // A type parameter is one capital letter, as in cel-go's declarations.
  if (name.size() == 1 && name[0] >= 'A' && name[0] <= 'Z') {
    return {.kinds = kAnyValue, .opaque = {}};
  }
  // A named type: an opaque value of that name, or a struct of the host.
  return {.kinds = bit(ValueKind::Opaque) | bit(ValueKind::Map), .opaque = arena.copy(name)};
}

std::vector<std::string_view> argument_types(std::string_view signature) {
  std::vector<std::string_view> out;
  const std::size_t arrow = signature.find("->");
  std::string_view list = trimmed(signature.substr(0, arrow));
  if (list.size() < 2 || list.front() != '(' || list.back() != ')') {
    return out;
  }
  list = list.substr(1, list.size() - 2);
  int depth = 0;
  std::size_t begin = 0;
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (list[i] == '(') {
      ++depth;
    } else if (list[i] == ')') {
      --depth;
    } else if (list[i] == ',' && depth == 0) {
      out.push_back(trimmed(list.substr(begin, i - begin)));
      begin = i + 1;
    }
  }
  if (!trimmed(list.substr(begin)).empty()) {
    out.push_back(trimmed(list.substr(begin)));
  }
  return out;
}

}  // namespace tally::cel

// Equality, order and hash of values: cel-spec doc/langdef.md, "Equality" and "Ordering"; across
// number types as cel-go common/types/compare.go.
#include <bit>
#include <cmath>

#include "cel/type.hpp"
#include "cel/value.hpp"

namespace tally::cel {
namespace {

// Deeper than any document reader or expression makes values; a value beyond it equals nothing.
constexpr int kDepthMax = 1000;

constexpr int kUnordered = 2;

int order_of(double a, double b) noexcept {
  if (std::isnan(a) || std::isnan(b)) {
    return kUnordered;
  }
  return a < b ? -1 : (a > b ? 1 : 0);
}

template <class T>
int order_of(T a, T b) noexcept {
  return a < b ? -1 : (b < a ? 1 : 0);
}

constexpr double kInt64Limit = 9223372036854775808.0;    // 2^63
constexpr double kUint64Limit = 18446744073709551616.0;  // 2^64

int order_of(double d, std::int64_t i) noexcept {
  if (std::isnan(d)) {
    return kUnordered;
  }
  if (d < -kInt64Limit) {
    return -1;
  }
  if (d > kInt64Limit) {
    return 1;
  }
  return order_of(d, static_cast<double>(i));
}

int order_of(double d, std::uint64_t u) noexcept {
  if (std::isnan(d)) {
    return kUnordered;
  }
  if (d < 0) {
    return -1;
  }
  if (d > kUint64Limit) {
    return 1;
  }
  return order_of(d, static_cast<double>(u));
}

int order_of(std::int64_t i, std::uint64_t u) noexcept {
  return i < 0 ? -1 : order_of(static_cast<std::uint64_t>(i), u);
}

int reversed(int order) noexcept { return order == kUnordered ? order : -order; }

bool is_number(ValueKind kind) noexcept {
  return kind == ValueKind::Int || kind == ValueKind::Uint || kind == ValueKind::Double;
}

int order_numbers(const Value& a, const Value& b) noexcept {
  switch (a.kind()) {
    case ValueKind::Int:
      switch (b.kind()) {
        case ValueKind::Int:
          return order_of(a.as_int(), b.as_int());
        case ValueKind::Uint:
          return order_of(a.as_int(), b.as_uint());
        default:
          return reversed(order_of(b.as_double(), a.as_int()));
      }
    case ValueKind::Uint:
      switch (b.kind()) {
        case ValueKind::Int:
          return reversed(order_of(b.as_int(), a.as_uint()));
        case ValueKind::Uint:
          return order_of(a.as_uint(), b.as_uint());
        default:
          return reversed(order_of(b.as_double(), a.as_uint()));
      }
    default:
      switch (b.kind()) {
        case ValueKind::Int:
          return order_of(a.as_double(), b.as_int());
        case ValueKind::Uint:
          return order_of(a.as_double(), b.as_uint());
        default:
          return order_of(a.as_double(), b.as_double());
      }
  }
}

bool equal_at(Arena& arena, const Value& a, const Value& b, int depth);

bool equal_lists(Arena& arena, const Value& a, const Value& b, int depth) {
  const std::size_t size = list_size(a);
  if (size != list_size(b)) {
    return false;
  }
  for (std::size_t i = 0; i < size; ++i) {
    if (!equal_at(arena, list_at(arena, a, i), list_at(arena, b, i), depth + 1)) {
      return false;
    }
  }
  return true;
}

// The struct type of a map that a host typed; empty for plain maps.
std::string_view struct_name(const Value& map) {
  const HostMap* host = map.host_map();
  const Type* type = host != nullptr ? host->type() : nullptr;
  return type != nullptr ? type->name : std::string_view{};
}

bool equal_maps(Arena& arena, const Value& a, const Value& b, int depth) {
  const std::size_t size = map_size(a);
  if (size != map_size(b) || struct_name(a) != struct_name(b)) {
    return false;
  }
  for (std::size_t i = 0; i < size; ++i) {
    Value other;
    if (!map_find(arena, b, map_key_at(arena, a, i), other) ||
        !equal_at(arena, map_value_at(arena, a, i), other, depth + 1)) {
      return false;
    }
  }
  return true;
}

bool equal_at(Arena& arena, const Value& a, const Value& b, int depth) {
  if (depth > kDepthMax) {
    return false;
  }
  if (a.kind() != b.kind()) {
    return is_number(a.kind()) && is_number(b.kind()) && order_numbers(a, b) == 0;
  }
  switch (a.kind()) {
    case ValueKind::Error:
    case ValueKind::Unknown:
      return false;
    case ValueKind::Null:
      return true;
    case ValueKind::Bool:
      return a.as_bool() == b.as_bool();
    case ValueKind::Int:
    case ValueKind::Uint:
    case ValueKind::Double:
      return order_numbers(a, b) == 0;
    case ValueKind::String:
    case ValueKind::Bytes:
      return a.text() == b.text();
    case ValueKind::Timestamp:
      return a.as_int() == b.as_int() && a.nanoseconds() == b.nanoseconds();
    case ValueKind::Duration:
      return a.as_int() == b.as_int();
    case ValueKind::List:
      return equal_lists(arena, a, b, depth);
    case ValueKind::Map:
      return equal_maps(arena, a, b, depth);
    case ValueKind::Type:
      return a.as_type()->name == b.as_type()->name;
    case ValueKind::Optional:
      if (a.held() == nullptr || b.held() == nullptr) {
        return a.held() == b.held();
      }
      return equal_at(arena, *a.held(), *b.held(), depth + 1);
    case ValueKind::Opaque: {
      const OpaqueValue& left = a.as_opaque();
      const OpaqueValue& right = b.as_opaque();
      return left.kind == right.kind && left.kind->equal(left.data, right.data);
    }
  }
  return false;
}

constexpr std::uint64_t mix(std::uint64_t h) noexcept {
  h ^= h >> 32U;
  h *= 0xD6E8FEB86659FD93U;
  h ^= h >> 32U;
  return h;
}

constexpr std::uint64_t join(std::uint64_t a, std::uint64_t b) noexcept {
  return mix(a * 0x9E3779B97F4A7C15U + b);
}

std::uint64_t hash_number(double d) noexcept {
  return mix(std::bit_cast<std::uint64_t>(d == 0 ? 0.0 : d));
}

std::uint64_t hash_at(Arena& arena, const Value& value, int depth) {
  if (depth > kDepthMax) {
    return 0;
  }
  const auto kind = static_cast<std::uint64_t>(value.kind());
  switch (value.kind()) {
    case ValueKind::Error:
    case ValueKind::Unknown:
    case ValueKind::Null:
      return mix(kind);
    case ValueKind::Bool:
      return join(kind, value.as_bool() ? 1 : 0);
    // Through double, because that is how numbers of different types are compared.
    case ValueKind::Int:
      return hash_number(static_cast<double>(value.as_int()));
    case ValueKind::Uint:
      return hash_number(static_cast<double>(value.as_uint()));
    case ValueKind::Double:
      return hash_number(value.as_double());
    case ValueKind::String:
    case ValueKind::Bytes:
      return join(kind, document::find_hashed_symbol(value.text()).hash);
    case ValueKind::Timestamp:
      return join(join(kind, static_cast<std::uint64_t>(value.as_int())), value.nanoseconds());
    case ValueKind::Duration:
      return join(kind, static_cast<std::uint64_t>(value.as_int()));
    case ValueKind::List: {
      std::uint64_t h = mix(kind);
      const std::size_t size = list_size(value);
      for (std::size_t i = 0; i < size; ++i) {
        h = join(h, hash_at(arena, list_at(arena, value, i), depth + 1));
      }
      return h;
    }
    case ValueKind::Map: {
      std::uint64_t sum = 0;  // of the entries in any order
      const std::size_t size = map_size(value);
      for (std::size_t i = 0; i < size; ++i) {
        sum += join(hash_at(arena, map_key_at(arena, value, i), depth + 1),
                    hash_at(arena, map_value_at(arena, value, i), depth + 1));
      }
      return join(kind, sum);
    }
    case ValueKind::Type:
      return join(kind, document::find_hashed_symbol(value.as_type()->name).hash);
    case ValueKind::Optional:
      return value.held() == nullptr ? mix(kind)
                                     : join(kind, hash_at(arena, *value.held(), depth + 1));
    case ValueKind::Opaque:
      // Libraries know equality only; values of one type share a bucket.
      return join(kind, document::find_hashed_symbol(value.as_opaque().kind->type_name).hash);
  }
  return 0;
}

}  // namespace

bool equal(Arena& arena, const Value& a, const Value& b) { return equal_at(arena, a, b, 0); }

bool compare(const Value& a, const Value& b, int& order) noexcept {
  if (is_number(a.kind()) && is_number(b.kind())) {
    order = order_numbers(a, b);
    return true;
  }
  if (a.kind() != b.kind()) {
    return false;
  }
  switch (a.kind()) {
    case ValueKind::Bool:
      order = order_of(static_cast<int>(a.as_bool()), static_cast<int>(b.as_bool()));
      return true;
    case ValueKind::String:
    case ValueKind::Bytes:  // the order of UTF-8 bytes is the order of code points
      order = order_of(a.text().compare(b.text()), 0);
      return true;
    case ValueKind::Timestamp:
      order = order_of(a.as_int(), b.as_int());
      if (order == 0) {
        order = order_of(a.nanoseconds(), b.nanoseconds());
      }
      return true;
    case ValueKind::Duration:
      order = order_of(a.as_int(), b.as_int());
      return true;
    default:
      return false;
  }
}

std::uint64_t hash(Arena& arena, const Value& value) { return hash_at(arena, value, 0); }

}  // namespace tally::cel

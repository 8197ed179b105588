#pragma once
// Value: one CEL value during evaluation. 16 bytes, trivially copyable. Scalars stand in it; texts,
// lists, maps and the rest are views of memory that outlives the evaluation: document nodes, the
// constants of the program, or the arena of the evaluation. Nothing is converted ahead of use: a
// list or map of a document stays a document::Node, and its items become Values when they are
// looked at.
//
// Errors and unknowns are values (cel-spec, "Runtime Errors"): functions return them, `&&`, `||`,
// `?:` and the macros absorb them as the specification says.
//
// Threads: immutable; share freely while the memory behind it lives.

#include <cstdint>
#include <span>
#include <string_view>
#include <type_traits>

#include "base/arena.hpp"
#include "document/node.hpp"

namespace tally::cel {

struct Type;
class Value;

// The order is part of the program format: everything below Null is no value but an outcome.
enum class ValueKind : std::uint8_t {
  Error,
  Unknown,
  Null,
  Bool,
  Int,
  Uint,
  Double,
  String,
  Bytes,
  Timestamp,
  Duration,
  List,
  Map,
  Type,
  Optional,
  Opaque,  // a value of a library (URL, Quantity, IP, ...) or of the host (authorizer)
};

enum class ErrorCode : std::uint8_t {
  NoSuchField,
  NoSuchKey,
  NoSuchOverload,
  NoSuchAttribute,  // a variable that is declared but not given
  DivideByZero,
  ModulusByZero,
  Overflow,
  InvalidArgument,
  IndexOutOfRange,
  DuplicateKey,
  CostLimit,    // the budget is spent: never absorbed, evaluation ends
  NotProvided,  // needs the world (authorizer, http, ...), and the host supplies none
  Custom,
};

struct EvalError {
  ErrorCode code = ErrorCode::Custom;
  std::uint32_t offset = 0;  // byte offset in the expression, filled in by the evaluator
  std::string_view message;  // in the words of cel-go where users see them: "no such key: x"
};

// A list or map that the host or a library computes on access: lazily evaluated `variables`, values
// typed by a schema, params. Lives in the arena or longer than the evaluation.
class HostList {
 public:
  [[nodiscard]] virtual std::size_t size() const = 0;
  // Precondition: i < size().
  [[nodiscard]] virtual Value at(Arena& arena, std::size_t i) const = 0;
  // Equality or concatenation other than by element and order (CRD list types); null: the usual.
  [[nodiscard]] virtual const Type* type() const { return nullptr; }

 protected:
  ~HostList() = default;
};

class HostMap {
 public:
  [[nodiscard]] virtual std::size_t size() const = 0;
  [[nodiscard]] virtual Value key_at(Arena& arena, std::size_t i) const = 0;
  [[nodiscard]] virtual Value value_at(Arena& arena, std::size_t i) const = 0;
  // False: no such key; `out` is untouched. The value may be an Error or Unknown.
  [[nodiscard]] virtual bool find(Arena& arena, const Value& key, Value& out) const = 0;
  // Whether has() holds; differs from find() where a field has a default.
  [[nodiscard]] virtual bool has(Arena& arena, std::string_view field) const = 0;
  // A struct type, when type() and equality must see one; null: a map.
  [[nodiscard]] virtual const Type* type() const { return nullptr; }

 protected:
  ~HostMap() = default;
};

// What a library says about its opaque values, one static record per type.
struct OpaqueKind {
  std::string_view type_name;  // "kubernetes.Quantity", "net.IP"
  bool (*equal)(const void* a, const void* b);
  // The text of the value for messages and string(); may be null.
  std::string_view (*text)(Arena& arena, const void* value);
  // What the cost of calls depends on: bytes of an IP address, bytes of the prefix of a CIDR, the
  // length of the longest pattern of a named format. Null: 1.
  std::uint64_t (*size)(const void* value) = nullptr;
};

struct OpaqueValue {
  const OpaqueKind* kind;
  const void* data;
};

struct MapEntries;  // a map that the evaluation built: value.cpp

class Value {
 public:
  constexpr Value() noexcept : kind_(ValueKind::Null) {}

  static constexpr Value null() noexcept { return Value{}; }
  static Value boolean(bool b) noexcept {
    return {ValueKind::Bool, Form::Plain, 0, Payload{.u = b ? 1U : 0U}};
  }
  static Value integer(std::int64_t i) noexcept {
    return {ValueKind::Int, Form::Plain, 0, Payload{.i = i}};
  }
  static Value unsigned_integer(std::uint64_t u) noexcept {
    return {ValueKind::Uint, Form::Plain, 0, Payload{.u = u}};
  }
  static Value real(double d) noexcept {
    return {ValueKind::Double, Form::Plain, 0, Payload{.d = d}};
  }
  // Valid UTF-8, less than 4 GiB; `text` must outlive the value.
  static Value string(std::string_view text) noexcept {
    return {ValueKind::String, Form::Plain, static_cast<std::uint32_t>(text.size()),
            Payload{.p = text.data()}};
  }
  static Value bytes(std::string_view octets) noexcept {
    return {ValueKind::Bytes, Form::Plain, static_cast<std::uint32_t>(octets.size()),
            Payload{.p = octets.data()}};
  }
  // Seconds since 1970-01-01T00:00:00Z; 0 <= nanoseconds < 1e9.
  static Value timestamp(std::int64_t seconds, std::uint32_t nanoseconds) noexcept {
    return {ValueKind::Timestamp, Form::Plain, nanoseconds, Payload{.i = seconds}};
  }
  // Nanoseconds: CEL in Go holds durations so, and its limits are part of the language as it is
  // used.
  static Value duration(std::int64_t nanoseconds) noexcept {
    return {ValueKind::Duration, Form::Plain, 0, Payload{.i = nanoseconds}};
  }
  static Value list(std::span<const Value> items) noexcept {
    return {ValueKind::List, Form::Plain, static_cast<std::uint32_t>(items.size()),
            Payload{.p = items.data()}};
  }
  static Value list(const HostList* host) noexcept {
    return {ValueKind::List, Form::Host, 0, Payload{.p = host}};
  }
  static Value map(const MapEntries* entries) noexcept {
    return {ValueKind::Map, Form::Plain, 0, Payload{.p = entries}};
  }
  static Value map(const HostMap* host) noexcept {
    return {ValueKind::Map, Form::Host, 0, Payload{.p = host}};
  }
  static Value type(const Type* type) noexcept {
    return {ValueKind::Type, Form::Plain, 0, Payload{.p = type}};
  }
  // Null: optional.none().
  static Value optional(const Value* held) noexcept {
    return {ValueKind::Optional, Form::Plain, 0, Payload{.p = held}};
  }
  static Value opaque(const OpaqueValue* value) noexcept {
    return {ValueKind::Opaque, Form::Plain, 0, Payload{.p = value}};
  }
  static Value error(const EvalError* error) noexcept {
    return {ValueKind::Error, Form::Plain, 0, Payload{.p = error}};
  }
  static Value unknown(std::uint32_t expression) noexcept {
    return {ValueKind::Unknown, Form::Plain, expression, Payload{.u = 0}};
  }

  // A document node as Kubernetes hands unstructured objects to CEL: integers that fit int64 are
  // int, other numbers double; lists and maps stay nodes. `node` must outlive the value.
  static Value from_node(const document::Node& node) noexcept;

  [[nodiscard]] ValueKind kind() const noexcept { return kind_; }
  [[nodiscard]] bool is_error() const noexcept { return kind_ == ValueKind::Error; }
  // Error or Unknown.
  [[nodiscard]] bool is_outcome() const noexcept { return kind_ <= ValueKind::Unknown; }
  [[nodiscard]] bool is(ValueKind kind) const noexcept { return kind_ == kind; }
  [[nodiscard]] bool is_true() const noexcept {
    return kind_ == ValueKind::Bool && payload_.u != 0;
  }
  [[nodiscard]] bool is_false() const noexcept {
    return kind_ == ValueKind::Bool && payload_.u == 0;
  }

  // Each has its kind as precondition.
  [[nodiscard]] bool as_bool() const noexcept { return payload_.u != 0; }
  [[nodiscard]] std::int64_t as_int() const noexcept {
    return payload_.i;
  }  // Int, Timestamp (seconds), Duration
  [[nodiscard]] std::uint64_t as_uint() const noexcept { return payload_.u; }
  [[nodiscard]] double as_double() const noexcept { return payload_.d; }
  [[nodiscard]] std::string_view text() const noexcept {  // String, Bytes
    return {static_cast<const char*>(payload_.p), extra_};
  }
  [[nodiscard]] std::uint32_t nanoseconds() const noexcept { return extra_; }  // Timestamp
  [[nodiscard]] const Type* as_type() const noexcept {
    return static_cast<const Type*>(payload_.p);
  }
  [[nodiscard]] const Value* held() const noexcept {
    return static_cast<const Value*>(payload_.p);
  }  // Optional
  [[nodiscard]] const OpaqueValue& as_opaque() const noexcept {
    return *static_cast<const OpaqueValue*>(payload_.p);
  }
  [[nodiscard]] const EvalError& as_error() const noexcept {
    return *static_cast<const EvalError*>(payload_.p);
  }

  // How a List or Map is held; at most one of the three is not null or empty.
  [[nodiscard]] const document::Node* node() const noexcept {
    return form_ == Form::Node ? static_cast<const document::Node*>(payload_.p) : nullptr;
  }
  [[nodiscard]] const HostList* host_list() const noexcept {
    return kind_ == ValueKind::List && form_ == Form::Host
               ? static_cast<const HostList*>(payload_.p)
               : nullptr;
  }
  [[nodiscard]] const HostMap* host_map() const noexcept {
    return kind_ == ValueKind::Map && form_ == Form::Host ? static_cast<const HostMap*>(payload_.p)
                                                          : nullptr;
  }
  [[nodiscard]] std::span<const Value> plain_items() const noexcept {
    return kind_ == ValueKind::List && form_ == Form::Plain
               ? std::span<const Value>{static_cast<const Value*>(payload_.p), extra_}
               : std::span<const Value>{};
  }
  [[nodiscard]] const MapEntries* entries() const noexcept {
    return kind_ == ValueKind::Map && form_ == Form::Plain
               ? static_cast<const MapEntries*>(payload_.p)
               : nullptr;
  }

 private:
  enum class Form : std::uint8_t { Plain, Node, Host };
  union Payload {
    std::int64_t i;
    std::uint64_t u;
    double d;
    const void* p;
  };
  constexpr Value(ValueKind kind, Form form, std::uint32_t extra, Payload payload) noexcept
      : kind_(kind), form_(form), extra_(extra), payload_(payload) {}

  ValueKind kind_;
  Form form_ = Form::Plain;
  std::uint32_t extra_ = 0;  // bytes of a text, items of a plain list, nanoseconds of a timestamp
  Payload payload_{.u = 0};
};

static_assert(sizeof(Value) == 16 && std::is_trivially_copyable_v<Value> &&
              std::is_trivially_destructible_v<Value>);

struct MapEntry {
  Value key;
  Value value;
};

// Entries in the order in which they were written; `slots` is an open-addressing table (index + 1)
// over hash(key) when there are more than kMapLinearMax.
inline constexpr std::uint32_t kMapLinearMax = 8;
struct MapEntries {
  const MapEntry* items = nullptr;
  std::uint32_t size = 0;
  std::uint32_t slot_mask = 0;
  const std::uint32_t* slots = nullptr;
};

// --- lists and maps, however they are held
// -----------------------------------------------------------

[[nodiscard]] std::size_t list_size(const Value& list) noexcept;
[[nodiscard]] Value list_at(Arena& arena, const Value& list, std::size_t i);  // i < list_size
[[nodiscard]] std::size_t map_size(const Value& map) noexcept;
[[nodiscard]] Value map_key_at(Arena& arena, const Value& map, std::size_t i);
[[nodiscard]] Value map_value_at(Arena& arena, const Value& map, std::size_t i);
// Keys compare across int, uint and double (cel-spec, "Equality"): 1, 1u and 1.0 are the same key.
[[nodiscard]] bool map_find(Arena& arena, const Value& map, const Value& key, Value& out);

// Builds a map in the arena. A repeated key, or a key that is not bool, int, uint or string, makes
// finish() an error value.
class MapBuilder {
 public:
  MapBuilder(Arena& arena, std::size_t capacity);
  void add(const Value& key, const Value& value);  // at most `capacity` times
  [[nodiscard]] Value finish();

 private:
  Arena* arena_;
  MapEntry* items_;
  std::uint32_t size_ = 0;
  Value failed_ = Value::null();
};

// --- what holds for every value
// ----------------------------------------------------------------------

// cel-spec, "Equality": numbers across types, lists and maps deeply, everything else of different
// type unequal; NaN equals nothing. Errors and unknowns among the operands must be handled before.
[[nodiscard]] bool equal(Arena& arena, const Value& a, const Value& b);

// <0, 0, >0 for bool, int, uint, double (also across), string (by code point), bytes, timestamp,
// duration; false when the two cannot be ordered (or one is NaN: then `ordered` is set and `order`
// 2).
[[nodiscard]] bool compare(const Value& a, const Value& b, int& order) noexcept;

// Equal values have equal hashes (also across number types).
[[nodiscard]] std::uint64_t hash(Arena& arena, const Value& value);

[[nodiscard]] Value make_error(Arena& arena, ErrorCode code, std::string_view message);
[[nodiscard]] Value make_error(Arena& arena, ErrorCode code,
                               std::initializer_list<std::string_view> parts);
// "no such overload": what cel-go says when no implementation takes these operands.
[[nodiscard]] Value no_such_overload() noexcept;

[[nodiscard]] Value make_optional(Arena& arena, const Value& held);
[[nodiscard]] Value make_opaque(Arena& arena, const OpaqueKind& kind, const void* data);

// The name of the value's type, as type(x) and messages print it: "int", "null_type", "net.IP".
[[nodiscard]] std::string_view type_name(const Value& value) noexcept;

// The value as JSON, as cel-go converts to google.protobuf.Value (bytes base64, timestamps RFC
// 3339, durations in seconds, int and uint beyond 2^53 as text); an Error for what has no JSON
// form.
struct ToNodeOptions {
  std::uint32_t offset = 0;  // position of the nodes
  std::size_t depth_max = 200;
};
[[nodiscard]] bool to_node(Arena& arena, const Value& value, const ToNodeOptions& options,
                           document::Node& out);

// The value as a CEL literal, for traces, the `cel` verb and failing tests: `[1, 2u, "a"]`.
[[nodiscard]] std::string_view to_literal(Arena& arena, const Value& value);

}  // namespace tally::cel

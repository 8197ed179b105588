#pragma once
// Types of CEL expressions. Hash-consed: two equal types of one TypePool are one pointer; the plain
// ones are static and the same in every pool.
//
// Threads: a pool is used by one thread while it grows; finished types are immutable.

#include <cstdint>
#include <deque>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/arena.hpp"
#include "base/result.hpp"

namespace tally::cel {

enum class TypeKind : std::uint8_t {
  Dyn,  // also google.protobuf.Value
  Error,
  Null,
  Bool,
  Int,
  Uint,
  Double,
  String,
  Bytes,
  Timestamp,
  Duration,
  Any,       // google.protobuf.Any
  Wrapper,   // google.protobuf.Int64Value, ...: of args[0], or null
  List,      // args: element
  Map,       // args: key, value
  Type,      // args: the type it is the type of
  Optional,  // args: what it holds
  Struct,    // named, fields from a TypeProvider
  Opaque,    // named, values of a library
  Param,     // a type parameter of a function signature, or a variable of inference
};

struct Type {
  TypeKind kind = TypeKind::Dyn;
  std::uint8_t arg_count = 0;
  bool open = false;       // a Param, or has one somewhere within
  std::uint32_t size = 1;  // how many types it is made of, counted as a tree
  std::uint32_t id = 0;    // of a Param that inference made; 0: none
  const Type* args[2] = {nullptr, nullptr};
  std::string_view
      name;  // as type(x) and messages print it: "int", "list", "optional_type", "net.IP"
};

// The plain types.
extern const Type kDyn, kErrorType, kNull, kBool, kInt, kUint, kDouble, kString, kBytes, kTimestamp,
    kDuration, kAny;
// What type(x) of a type, list, map and optional is: "type", list(dyn), map(dyn, dyn),
// optional_type(dyn).
extern const Type kTypeType, kListDyn, kMapDyn, kOptionalDyn;

class TypePool {
 public:
  TypePool();
  ~TypePool();
  TypePool(TypePool&&) noexcept;
  TypePool& operator=(TypePool&&) noexcept;

  [[nodiscard]] const Type* list(const Type* element);
  [[nodiscard]] const Type* map(const Type* key, const Type* value);
  [[nodiscard]] const Type* type_of(const Type* type);
  [[nodiscard]] const Type* optional(const Type* held);
  [[nodiscard]] const Type* wrapper(const Type* plain);
  [[nodiscard]] const Type* named_struct(std::string_view name);
  [[nodiscard]] const Type* opaque(std::string_view name,
                                   std::initializer_list<const Type*> args = {});
  [[nodiscard]] const Type* param(std::string_view name);
  // A fresh variable of inference; forget_fresh() hands the same ones out again.
  [[nodiscard]] const Type* fresh();
  void forget_fresh() noexcept;

 private:
  struct Table;
  std::unique_ptr<Table> table_;
};

// As cel-go prints it: "list(map(string, dyn))", "type(int)", "optional_type(string)".
[[nodiscard]] std::string to_string(const Type& type);

// Fields of named structs: Kubernetes API types, CRD schemas, google.protobuf messages.
class TypeProvider {
 public:
  // The type that `name` denotes (fully qualified), or null.
  [[nodiscard]] virtual const Type* find_type(TypePool& pool, std::string_view name) const = 0;
  // The type of a field, or null if the struct has none of that name.
  [[nodiscard]] virtual const Type* find_field(TypePool& pool, const Type& of,
                                               std::string_view field) const = 0;
  // Names of the fields, for suggestions; may be empty.
  [[nodiscard]] virtual std::span<const std::string_view> field_names(const Type&) const {
    return {};
  }

 protected:
  ~TypeProvider() = default;
};

}  // namespace tally::cel

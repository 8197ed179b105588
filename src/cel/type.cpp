#include "cel/type.hpp"

#include <algorithm>
#include <limits>
#include <unordered_map>

namespace tally::cel {

constinit const Type kDyn{.kind = TypeKind::Dyn, .name = "dyn"};
constinit const Type kErrorType{.kind = TypeKind::Error, .name = "error"};
constinit const Type kNull{.kind = TypeKind::Null, .name = "null_type"};
constinit const Type kBool{.kind = TypeKind::Bool, .name = "bool"};
constinit const Type kInt{.kind = TypeKind::Int, .name = "int"};
constinit const Type kUint{.kind = TypeKind::Uint, .name = "uint"};
constinit const Type kDouble{.kind = TypeKind::Double, .name = "double"};
constinit const Type kString{.kind = TypeKind::String, .name = "string"};
constinit const Type kBytes{.kind = TypeKind::Bytes, .name = "bytes"};
constinit const Type kTimestamp{.kind = TypeKind::Timestamp, .name = "google.protobuf.Timestamp"};
constinit const Type kDuration{.kind = TypeKind::Duration, .name = "google.protobuf.Duration"};
constinit const Type kAny{.kind = TypeKind::Any, .name = "google.protobuf.Any"};
constinit const Type kTypeType{.kind = TypeKind::Type, .name = "type"};
constinit const Type kListDyn{
    .kind = TypeKind::List, .arg_count = 1, .size = 2, .args = {&kDyn, nullptr}, .name = "list"};
constinit const Type kMapDyn{
    .kind = TypeKind::Map, .arg_count = 2, .size = 3, .args = {&kDyn, &kDyn}, .name = "map"};
constinit const Type kOptionalDyn{.kind = TypeKind::Optional,
                                  .arg_count = 1,
                                  .size = 2,
                                  .args = {&kDyn, nullptr},
                                  .name = "optional_type"};

namespace {

// What makes two types one.
struct Key {
  TypeKind kind;
  const Type* args[2];
  std::string_view name;
  friend bool operator==(const Key& a, const Key& b) {
    return a.kind == b.kind && a.args[0] == b.args[0] && a.args[1] == b.args[1] && a.name == b.name;
  }
};

struct KeyHash {
  std::size_t operator()(const Key& key) const noexcept {
    std::size_t h = std::hash<std::string_view>{}(key.name);
    const auto mix = [&h](std::size_t more) { h = (h ^ more) * 0x9E3779B97F4A7C15U; };
    mix(static_cast<std::size_t>(key.kind));
    mix(reinterpret_cast<std::uintptr_t>(key.args[0]) >> 4);
    mix(reinterpret_cast<std::uintptr_t>(key.args[1]) >> 4);
    return h;
  }
};

Key key_of(const Type& type) { return {type.kind, {type.args[0], type.args[1]}, type.name}; }

constexpr const Type* kSeeded[] = {&kTypeType, &kListDyn, &kMapDyn, &kOptionalDyn};

}  // namespace

struct TypePool::Table {
  Arena arena;
  std::unordered_map<Key, const Type*, KeyHash> types;
  std::deque<Type> fresh;  // variables of inference, kept for reuse
  std::uint32_t fresh_used = 0;

  const Type* make(TypeKind kind, std::string_view name,
                   std::initializer_list<const Type*> args = {}) {
    Type type{.kind = kind, .name = name};
    std::uint64_t size = 1;
    for (const Type* arg : args) {
      type.args[type.arg_count++] = arg;
      type.open = type.open || arg->open;
      size += arg->size;
    }
    type.open = type.open || kind == TypeKind::Param;
    type.size = static_cast<std::uint32_t>(
        std::min<std::uint64_t>(size, std::numeric_limits<std::uint32_t>::max()));
    if (const auto found = types.find(key_of(type)); found != types.end()) {
      return found->second;
    }
    type.name = arena.copy(name);
    const Type* made = arena.create<Type>(type);
    types.emplace(key_of(*made), made);
    return made;
  }
};

TypePool::TypePool() : table_(std::make_unique<Table>()) {
  for (const Type* type : kSeeded) {
    table_->types.emplace(key_of(*type), type);
  }
}
TypePool::~TypePool() = default;
TypePool::TypePool(TypePool&&) noexcept = default;
TypePool& TypePool::operator=(TypePool&&) noexcept = default;

const Type* TypePool::list(const Type* element) {
  return table_->make(TypeKind::List, "list", {element});
}

const Type* TypePool::map(const Type* key, const Type* value) {
  return table_->make(TypeKind::Map, "map", {key, value});
}

const Type* TypePool::type_of(const Type* type) {
  return table_->make(TypeKind::Type, "type", {type});
}

const Type* TypePool::optional(const Type* held) {
  return table_->make(TypeKind::Optional, "optional_type", {held});
}

const Type* TypePool::wrapper(const Type* plain) {
  return table_->make(TypeKind::Wrapper, plain->name, {plain});
}

const Type* TypePool::named_struct(std::string_view name) {
  return table_->make(TypeKind::Struct, name);
}

const Type* TypePool::opaque(std::string_view name, std::initializer_list<const Type*> args) {
  return table_->make(TypeKind::Opaque, name, args);
}

const Type* TypePool::param(std::string_view name) { return table_->make(TypeKind::Param, name); }

const Type* TypePool::fresh() {
  Table& table = *table_;
  if (table.fresh_used == table.fresh.size()) {
    const std::string name = "_var" + std::to_string(table.fresh_used);
    table.fresh.push_back({.kind = TypeKind::Param,
                           .open = true,
                           .id = table.fresh_used + 1,
                           .name = table.arena.copy(name)});
  }
  return &table.fresh[table.fresh_used++];
}

void TypePool::forget_fresh() noexcept { table_->fresh_used = 0; }

namespace {

// Types grow as fast as 2^depth ({a: a} of {a: a} ...), texts must not.
constexpr std::size_t kTextMax = 4096;

void print(const Type& type, std::string& out) {
  if (out.size() > kTextMax) {
    return;
  }
  switch (type.kind) {
    case TypeKind::Any:
      out += "any";
      return;
    case TypeKind::Duration:
      out += "duration";
      return;
    case TypeKind::Timestamp:
      out += "timestamp";
      return;
    case TypeKind::Error:
      out += "!error!";
      return;
    case TypeKind::Null:
      out += "null";
      return;
    case TypeKind::Wrapper:
      out += "wrapper";
      break;
    case TypeKind::Dyn:
    case TypeKind::Bool:
    case TypeKind::Int:
    case TypeKind::Uint:
    case TypeKind::Double:
    case TypeKind::String:
    case TypeKind::Bytes:
    case TypeKind::List:
    case TypeKind::Map:
    case TypeKind::Type:
    case TypeKind::Optional:
    case TypeKind::Struct:
    case TypeKind::Opaque:
    case TypeKind::Param:
      out += type.name;
      break;
  }
  if (type.arg_count == 0) {
    return;
  }
  out += '(';
  for (std::size_t i = 0; i < type.arg_count; ++i) {
    out += i == 0 ? "" : ", ";
    print(*type.args[i], out);
  }
  out += ')';
}

}  // namespace

std::string to_string(const Type& type) {
  std::string out;
  print(type, out);
  if (out.size() > kTextMax) {
    out.resize(kTextMax);
    out += "...";
  }
  return out;
}

}  // namespace tally::cel

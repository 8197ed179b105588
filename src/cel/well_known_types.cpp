// The messages of google.protobuf that CEL has values for (cel-spec doc/langdef.md, "Protocol
// Buffer Data Conversion", "Dynamic Values").
#include <array>

#include "cel/internal/environment_table.hpp"

namespace tally::cel {

namespace {

enum class Shape : std::uint8_t { Plain, Wrapper, List, Map };

struct Row {
  std::string_view name;
  Shape shape;
  const Type* type;  // the plain type; the element
};

constexpr std::string_view kPackage = "google.protobuf.";

constexpr Row kRows[] = {
    {"BoolValue", Shape::Wrapper, &kBool},
    {"BytesValue", Shape::Wrapper, &kBytes},
    {"DoubleValue", Shape::Wrapper, &kDouble},
    {"FloatValue", Shape::Wrapper, &kDouble},
    {"Int32Value", Shape::Wrapper, &kInt},
    {"Int64Value", Shape::Wrapper, &kInt},
    {"StringValue", Shape::Wrapper, &kString},
    {"UInt32Value", Shape::Wrapper, &kUint},
    {"UInt64Value", Shape::Wrapper, &kUint},
    {"Any", Shape::Plain, &kAny},
    {"Duration", Shape::Plain, &kDuration},
    {"Timestamp", Shape::Plain, &kTimestamp},
    {"Value", Shape::Plain, &kDyn},
    {"NullValue", Shape::Plain, &kNull},
    {"ListValue", Shape::List, &kDyn},
    {"Struct", Shape::Map, &kDyn},
};

constexpr std::array<std::string_view, 16> kNames = {
    "google.protobuf.BoolValue",   "google.protobuf.BytesValue",  "google.protobuf.DoubleValue",
    "google.protobuf.FloatValue",  "google.protobuf.Int32Value",  "google.protobuf.Int64Value",
    "google.protobuf.StringValue", "google.protobuf.UInt32Value", "google.protobuf.UInt64Value",
    "google.protobuf.Any",         "google.protobuf.Duration",    "google.protobuf.Timestamp",
    "google.protobuf.Value",       "google.protobuf.NullValue",   "google.protobuf.ListValue",
    "google.protobuf.Struct"};
static_assert(std::size(kRows) == kNames.size());

const Row* row_of(std::string_view name) noexcept {
  if (!name.starts_with(kPackage)) {
    return nullptr;
  }
  name.remove_prefix(kPackage.size());
  for (const Row& row : kRows) {
    if (row.name == name) {
      return &row;
    }
  }
  return nullptr;
}

struct Field {
  std::string_view message;
  std::string_view name;
  const Type* type;
};

constexpr Field kFields[] = {
    {"Any", "type_url", &kString},       {"Any", "value", &kBytes},
    {"Duration", "seconds", &kInt},      {"Duration", "nanos", &kInt},
    {"Timestamp", "seconds", &kInt},     {"Timestamp", "nanos", &kInt},
    {"Value", "null_value", &kInt},      {"Value", "number_value", &kDouble},
    {"Value", "string_value", &kString}, {"Value", "bool_value", &kBool},
    {"Value", "list_value", &kListDyn},  {"ListValue", "values", &kListDyn},
};

}  // namespace

std::span<const std::string_view> well_known_names() noexcept { return kNames; }

const Type* well_known_type(TypePool& pool, std::string_view name) {
  const Row* row = row_of(name);
  if (row == nullptr) {
    return nullptr;
  }
  switch (row->shape) {
    case Shape::Plain:
      return row->type;
    case Shape::Wrapper:
      return pool.wrapper(row->type);
    case Shape::List:
      return pool.list(row->type);
    case Shape::Map:
      return pool.map(&kString, row->type);
  }
  return nullptr;
}

const Type* well_known_field(TypePool& pool, std::string_view message, std::string_view field) {
  const Row* row = row_of(message);
  if (row == nullptr) {
    return nullptr;
  }
  if (row->shape == Shape::Wrapper) {
    return field == "value" ? row->type : nullptr;
  }
  if ((row->name == "Struct" && field == "fields") ||
      (row->name == "Value" && field == "struct_value")) {
    return pool.map(&kString, &kDyn);
  }
  for (const Field& known : kFields) {
    if (known.message == row->name && known.name == field) {
      return known.type;
    }
  }
  return nullptr;
}

}  // namespace tally::cel

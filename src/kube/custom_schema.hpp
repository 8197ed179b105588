#pragma once
// The structural schema of one version of a CustomResourceDefinition
// (spec.versions[].schema.openAPIV3Schema of apiextensions.k8s.io/v1), flat: nodes that refer to
// one another by index, and their properties sorted by name. References do not exist in structural
// schemas, so a schema is a tree.
//
// Every node keeps the map that it was read from: who evaluates x-kubernetes-validations finds the
// rules of a node there.
//
// Not read: pattern, allOf, anyOf, oneOf, not (docs/differences.md).
//
// Threads: immutable once read. Lifetime: views into the document of the definition.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "document/node.hpp"
#include "kube/api_types.hpp"

namespace tally::kube {

enum class SchemaType : std::uint8_t {
  Any,  // no type: x-kubernetes-preserve-unknown-fields
  Object,
  Array,
  String,
  Integer,
  Number,
  Boolean,
  IntOrString,
};

// The formats of strings and numbers that the API server enforces and we know; every other one is
// none, as upstream ignores what it does not know.
enum class SchemaFormat : std::uint8_t {
  None,
  Int32,
  Int64,
  Float,
  DateTime,
  Date,
  Duration,
  Byte,
  Ipv4,
  Ipv6,
  Cidr,
  Mac,
  Uuid,
  Uuid3,
  Uuid4,
  Uuid5,
  HexColor,
  ShortName,
  LongName,
};

using SchemaIndex = std::uint32_t;
inline constexpr SchemaIndex kNoSchema = UINT32_MAX;

struct SchemaNode {
  SchemaType type = SchemaType::Any;
  SchemaFormat format = SchemaFormat::None;
  ListKind list = ListKind::Unspecified;
  bool nullable = false;
  bool preserves_unknown = false;   // x-kubernetes-preserve-unknown-fields
  bool is_embedded = false;         // x-kubernetes-embedded-resource
  bool has_default = false;         // the API server fills it in where it is absent
  bool has_any_additional = false;  // additionalProperties: true
  bool is_minimum_exclusive = false;
  bool is_maximum_exclusive = false;
  bool has_unique_items = false;
  SchemaIndex items = kNoSchema;
  SchemaIndex additional = kNoSchema;  // additionalProperties with a schema
  std::uint32_t first_property = 0;
  std::uint32_t property_count = 0;
  std::optional<double> minimum;
  std::optional<double> maximum;
  std::optional<double> multiple_of;
  std::optional<std::int64_t> length_min;  // of strings, in code points
  std::optional<std::int64_t> length_max;
  std::optional<std::int64_t> items_min;
  std::optional<std::int64_t> items_max;
  std::optional<std::int64_t> properties_min;
  std::optional<std::int64_t> properties_max;
  std::uint32_t first_enum = 0;  // see CustomSchema::enumeration
  std::uint32_t enum_count = 0;
  std::span<const document::Node> required;       // texts
  std::span<const document::Node> list_map_keys;  // texts
  const document::Node* source = nullptr;         // its own map in the definition
};

struct SchemaLimits {
  std::uint32_t depth = 100;      // levels of properties and items
  std::uint32_t nodes = 100'000;  // of one version; enum values count as well
};

class CustomSchema {
 public:
  struct Property {
    std::string_view name;
    SchemaIndex schema = kNoSchema;
  };

  // `schema`: openAPIV3Schema; must outlive the result. What has a wrong type is left out: the
  // structure check of the definition reports it.
  [[nodiscard]] static CustomSchema read(const document::Node& schema,
                                         const SchemaLimits& limits = {});

  // Empty, or which limit the schema exceeds: then it has no nodes, and objects are not held to it.
  [[nodiscard]] std::string_view over_limit() const noexcept { return over_limit_; }

  [[nodiscard]] const SchemaNode& root() const noexcept { return nodes_.front(); }
  [[nodiscard]] const SchemaNode& node(SchemaIndex index) const noexcept { return nodes_[index]; }
  [[nodiscard]] std::span<const SchemaNode> nodes() const noexcept { return nodes_; }
  [[nodiscard]] std::span<const Property> properties(const SchemaNode& node) const noexcept {
    return std::span{properties_}.subspan(node.first_property, node.property_count);
  }
  // The allowed values as canonical JSON (RFC 8785), sorted; empty: no enum.
  [[nodiscard]] std::span<const std::string> enumeration(const SchemaNode& node) const noexcept {
    return std::span{enumerations_}.subspan(node.first_enum, node.enum_count);
  }
  // The schema of a property, or null. O(log n).
  [[nodiscard]] const SchemaNode* find(const SchemaNode& node,
                                       std::string_view name) const noexcept;

 private:
  friend class CustomSchemaReader;
  std::vector<SchemaNode> nodes_;
  std::vector<Property> properties_;
  std::vector<std::string> enumerations_;
  std::string_view over_limit_;
};

}  // namespace tally::kube

#pragma once
// Values and types of objects that a structural schema describes, as CEL rules of
// CustomResourceDefinitions see them (k8s.io/apiserver v0.36 pkg/cel/common/schemas.go and
// valuesunstructured.go): declared fields only, names escaped, texts of some formats as bytes,
// durations and timestamps, lists of sets and maps compared without order.
//
// Threads: the types are made by one thread; values are pure, one arena per thread.

#include <string>
#include <string_view>
#include <unordered_map>

#include "cel/type.hpp"
#include "cel/value.hpp"
#include "kube/custom_schema.hpp"

namespace tally::policy_cel {

// Where a value stands in a schema. The root of a resource has apiVersion, kind and metadata.
struct SchemaPlace {
  const kube::CustomSchema* schema = nullptr;
  const kube::SchemaNode* node = nullptr;
  bool is_resource_root = false;
};

// The types of one CustomSchema's nodes. Must outlive what was compiled with it.
class SchemaTypes final : public cel::TypeProvider {
 public:
  // The type of a place; null: not exposed to CEL.
  [[nodiscard]] const cel::Type* type_of(cel::TypePool& pool, const SchemaPlace& place);

  [[nodiscard]] const cel::Type* find_type(cel::TypePool& pool,
                                           std::string_view name) const override;
  [[nodiscard]] const cel::Type* find_field(cel::TypePool& pool, const cel::Type& of,
                                            std::string_view field) const override;

 private:
  // Types are made when they are asked for.
  mutable std::unordered_map<std::string, SchemaPlace> places_;
  mutable std::unordered_map<const void*, std::string> names_;
  const cel::Type* make(cel::TypePool& pool, const SchemaPlace& place, std::size_t depth) const;
};

// The value of a node at a place. Both must outlive it.
[[nodiscard]] cel::Value schema_value(Arena& arena, const document::Node& node,
                                      const SchemaPlace& place);

// A property's name as CEL writes it: `foo-bar` is `foo__dash__bar` (pkg/cel/escaping.go). False:
// it cannot be written.
[[nodiscard]] bool unescape_identifier(std::string_view escaped, std::string& out);

}  // namespace tally::policy_cel

#pragma once
// The type of a place in an object, whoever describes it: the table of the API's own kinds or the
// structural schema of a custom kind. A small value; copy it.

#include <span>
#include <string_view>
#include <vector>

#include "kube/api_kinds.hpp"
#include "kube/custom_schema.hpp"

namespace tally::policy_cel {

enum class PlaceKind : std::uint8_t { Unknown, Struct, Map, List, Text, Number, Bool, Any };

class SchemaType {
 public:
  // Nothing is known.
  SchemaType() = default;
  explicit SchemaType(const kube::ApiKind& kind);
  SchemaType(const kube::CustomSchema& schema, const kube::SchemaNode& node, bool is_root = false)
      : schema_(&schema), node_(&node), is_root_(is_root) {}

  [[nodiscard]] bool is_known() const noexcept { return row_ != nullptr || node_ != nullptr; }
  // By the table of the API's own kinds, not by a custom schema.
  [[nodiscard]] bool is_of_api() const noexcept { return row_ != nullptr; }
  [[nodiscard]] PlaceKind kind() const noexcept;
  // Of a Struct; `is_declared` false: the schema does not know it.
  [[nodiscard]] SchemaType field(std::string_view name, bool& is_declared) const;
  // Of a Map and a List.
  [[nodiscard]] SchemaType element() const;

  // Lists and maps that are replaced as a whole (structured-merge-diff's "atomic").
  [[nodiscard]] bool is_atomic() const;
  [[nodiscard]] kube::ListKind list_kind() const noexcept;
  void merge_keys(std::vector<std::string_view>& out) const;

 private:
  // API table
  const kube::TypeRow* row_ = nullptr;
  const kube::TypeRow* parent_ = nullptr;
  const kube::FieldRow* field_ = nullptr;
  // custom schema
  const kube::CustomSchema* schema_ = nullptr;
  const kube::SchemaNode* node_ = nullptr;
  bool is_root_ = false;  // its metadata is the API's
};

// The object with the defaults of its structural schema (apiextensions-apiserver
// pkg/apiserver/schema/defaulting): where a property is absent, and null where that is not allowed.
[[nodiscard]] document::Node with_schema_defaults(Arena& arena, const document::Node& object,
                                                  const kube::CustomSchema& schema);

}  // namespace tally::policy_cel

#pragma once
// Which lists of which kinds merge by a key, as the strategic merge of sigs.k8s.io/kustomize/kyaml
// v0.21.1 knows them: the patch strategies and merge keys of the OpenAPI of Kubernetes 1.21.2 that
// it carries (openapi/kubernetesapi/v1_21_2). Kinds and fields that are younger than that, and all
// custom resources, have lists that a patch replaces as a whole.
//
// Types of the same shape are one row. A field that leads to no such list has no row.

#include <cstdint>
#include <span>
#include <string_view>

namespace tally::kyverno {

enum class MergeShape : std::uint8_t {
  Map,   // an object that holds such lists somewhere
  List,  // objects that merge by `keys`
  Set,   // scalars that merge by value
};

struct MergeField;

// What is known about a value of the merge. Unknown: no schema; an object inside it that says its
// apiVersion and kind gets that kind's. Closed: a schema without merging lists.
struct MergeType {
  std::span<const MergeField> fields;
};

struct MergeField {
  std::string_view name;
  MergeShape shape = MergeShape::Map;
  const MergeType* type = nullptr;  // of the value, or of the elements
  std::span<const std::string_view> keys;
};

inline constexpr const MergeType* kUnknownType = nullptr;
extern const MergeType kClosedType;

// The type of a kind, or kUnknownType.
[[nodiscard]] const MergeType* merge_type(std::string_view api_version, std::string_view kind);

[[nodiscard]] const MergeField* find_field(const MergeType& type, std::string_view name) noexcept;

}  // namespace tally::kyverno

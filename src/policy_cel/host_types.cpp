#include "policy_cel/host_types.hpp"

#include <algorithm>

namespace tally::policy_cel {

namespace {

using cel::Type;
using cel::TypeKind;
using cel::TypePool;

// What a field is: a plain type, or the name of another struct; in a list, or as values of a map of
// strings.
enum class Shape : std::uint8_t { Plain, List, Map, MapOfLists };

struct Field {
  std::string_view of;
  std::string_view name;
  const Type* plain = nullptr;
  std::string_view named;
  Shape shape = Shape::Plain;
};

constexpr std::string_view kKind = "kubernetes.GroupVersionKind";
constexpr std::string_view kResource = "kubernetes.GroupVersionResource";
constexpr std::string_view kUser = "kubernetes.UserInfo";
constexpr std::string_view kMetadata = "kubernetes.NamespaceMetadata";
constexpr std::string_view kSpec = "kubernetes.NamespaceSpec";
constexpr std::string_view kStatus = "kubernetes.NamespaceStatus";
constexpr std::string_view kCondition = "kubernetes.NamespaceCondition";

constexpr Field kFields[] = {
    {kKind, "group", &cel::kString, {}, Shape::Plain},
    {kKind, "version", &cel::kString, {}, Shape::Plain},
    {kKind, "kind", &cel::kString, {}, Shape::Plain},
    {kResource, "group", &cel::kString, {}, Shape::Plain},
    {kResource, "version", &cel::kString, {}, Shape::Plain},
    {kResource, "resource", &cel::kString, {}, Shape::Plain},
    {kUser, "username", &cel::kString, {}, Shape::Plain},
    {kUser, "uid", &cel::kString, {}, Shape::Plain},
    {kUser, "groups", &cel::kString, {}, Shape::List},
    {kUser, "extra", &cel::kString, {}, Shape::MapOfLists},
    {kRequestType, "kind", nullptr, kKind, Shape::Plain},
    {kRequestType, "resource", nullptr, kResource, Shape::Plain},
    {kRequestType, "subResource", &cel::kString, {}, Shape::Plain},
    {kRequestType, "requestKind", nullptr, kKind, Shape::Plain},
    {kRequestType, "requestResource", nullptr, kResource, Shape::Plain},
    {kRequestType, "requestSubResource", &cel::kString, {}, Shape::Plain},
    {kRequestType, "name", &cel::kString, {}, Shape::Plain},
    {kRequestType, "namespace", &cel::kString, {}, Shape::Plain},
    {kRequestType, "operation", &cel::kString, {}, Shape::Plain},
    {kRequestType, "userInfo", nullptr, kUser, Shape::Plain},
    {kRequestType, "dryRun", &cel::kBool, {}, Shape::Plain},
    {kRequestType, "options", &cel::kDyn, {}, Shape::Plain},
    {kNamespaceType, "metadata", nullptr, kMetadata, Shape::Plain},
    {kNamespaceType, "spec", nullptr, kSpec, Shape::Plain},
    {kNamespaceType, "status", nullptr, kStatus, Shape::Plain},
    {kMetadata, "name", &cel::kString, {}, Shape::Plain},
    {kMetadata, "generateName", &cel::kString, {}, Shape::Plain},
    {kMetadata, "namespace", &cel::kString, {}, Shape::Plain},
    {kMetadata, "labels", &cel::kString, {}, Shape::Map},
    {kMetadata, "annotations", &cel::kString, {}, Shape::Map},
    {kMetadata, "UID", &cel::kString, {}, Shape::Plain},
    {kMetadata, "creationTimestamp", &cel::kTimestamp, {}, Shape::Plain},
    {kMetadata, "deletionGracePeriodSeconds", &cel::kInt, {}, Shape::Plain},
    {kMetadata, "deletionTimestamp", &cel::kTimestamp, {}, Shape::Plain},
    {kMetadata, "generation", &cel::kInt, {}, Shape::Plain},
    {kMetadata, "resourceVersion", &cel::kString, {}, Shape::Plain},
    {kMetadata, "finalizers", &cel::kString, {}, Shape::List},
    {kSpec, "finalizers", &cel::kString, {}, Shape::List},
    {kStatus, "conditions", nullptr, kCondition, Shape::List},
    {kStatus, "phase", &cel::kString, {}, Shape::Plain},
    {kCondition, "status", &cel::kString, {}, Shape::Plain},
    {kCondition, "type", &cel::kString, {}, Shape::Plain},
    {kCondition, "lastTransitionTime", &cel::kTimestamp, {}, Shape::Plain},
    {kCondition, "message", &cel::kString, {}, Shape::Plain},
    {kCondition, "reason", &cel::kString, {}, Shape::Plain},
};

bool is_object_type(std::string_view name) noexcept {
  return name == kObjectType || (name.starts_with(kObjectType) && name[kObjectType.size()] == '.');
}

}  // namespace

const Type* HostTypes::find_type(TypePool& pool, std::string_view name) const {
  if (name == kVariablesType ||
      std::ranges::any_of(kFields, [&](const Field& field) { return field.of == name; })) {
    return pool.named_struct(name);
  }
  if (request_objects_ == RequestObjects::Yes && name == kExceptionsType) {
    return pool.named_struct(name);
  }
  if (patch_types_ == PatchTypes::Yes && (name == kJsonPatchType || is_object_type(name))) {
    return pool.named_struct(name);
  }
  return more_ == nullptr ? nullptr : more_->find_type(pool, name);
}

const Type* HostTypes::find_field(TypePool& pool, const Type& of, std::string_view field) const {
  if (of.name == kVariablesType) {
    if (variables_ != nullptr) {
      // Of two variables with one name, the later one stands.
      for (auto it = variables_->rbegin(); it != variables_->rend(); ++it) {
        if (it->first == field) {
          return it->second;
        }
      }
    }
    return nullptr;
  }
  for (const Field& row : kFields) {
    if (row.of != of.name || row.name != field) {
      continue;
    }
    const Type* type = row.plain != nullptr ? row.plain : pool.named_struct(row.named);
    switch (row.shape) {
      case Shape::Plain:
        return type;
      case Shape::List:
        return pool.list(type);
      case Shape::Map:
        return pool.map(&cel::kString, type);
      case Shape::MapOfLists:
        return pool.map(&cel::kString, pool.list(type));
    }
  }
  if (request_objects_ == RequestObjects::Yes) {
    if (of.name == kRequestType && (field == "object" || field == "oldObject")) {
      return &cel::kDyn;
    }
    if (of.name == kExceptionsType && (field == "allowedImages" || field == "allowedValues")) {
      return pool.list(&cel::kString);
    }
  }
  if (patch_types_ == PatchTypes::Yes) {
    if (of.name == kJsonPatchType) {
      return field == "op" || field == "path" || field == "from" ? &cel::kString
             : field == "value"                                  ? &cel::kDyn
                                                                 : nullptr;
    }
    if (is_object_type(of.name)) {
      return &cel::kDyn;
    }
  }
  return more_ == nullptr ? nullptr : more_->find_field(pool, of, field);
}

const Type* variable_type(TypePool& pool, const Type& type) {
  switch (type.kind) {
    case TypeKind::Any:
    case TypeKind::Bool:
    case TypeKind::Bytes:
    case TypeKind::Double:
    case TypeKind::Duration:
    case TypeKind::Int:
    case TypeKind::Null:
    case TypeKind::String:
    case TypeKind::Timestamp:
    case TypeKind::Uint:
      return &type;
    case TypeKind::List:
      return pool.list(variable_type(pool, *type.args[0]));
    case TypeKind::Map:
      return pool.map(variable_type(pool, *type.args[0]), variable_type(pool, *type.args[1]));
    case TypeKind::Dyn:
    case TypeKind::Error:
    case TypeKind::Wrapper:
    case TypeKind::Type:
    case TypeKind::Optional:
    case TypeKind::Struct:
    case TypeKind::Opaque:
    case TypeKind::Param:
      break;
  }
  return &cel::kDyn;
}

}  // namespace tally::policy_cel

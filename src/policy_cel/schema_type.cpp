#include "policy_cel/schema_type.hpp"

#include <algorithm>

namespace tally::policy_cel {

using document::Node;
using kube::ListKind;

namespace {

// x-kubernetes-map-type: atomic, of types and of fields (openapi-spec of v1.36). The table of API
// kinds holds the kinds of lists only.
constexpr std::string_view kAtomicTypes[] = {
    "admissionregistration.v1.MatchResources",
    "admissionregistration.v1.NamedRuleWithOperations",
    "admissionregistration.v1.ParamKind",
    "admissionregistration.v1.ParamRef",
    "admissionregistration.v1.Variable",
    "autoscaling.v1.CrossVersionObjectReference",
    "core.v1.ConfigMapKeySelector",
    "core.v1.EndpointAddress",
    "core.v1.EndpointPort",
    "core.v1.FileKeySelector",
    "core.v1.LocalObjectReference",
    "core.v1.NodeSelector",
    "core.v1.NodeSelectorTerm",
    "core.v1.ObjectFieldSelector",
    "core.v1.ObjectReference",
    "core.v1.ResourceFieldSelector",
    "core.v1.ScopeSelector",
    "core.v1.SecretKeySelector",
    "core.v1.SecretReference",
    "core.v1.TopologySelectorTerm",
    "core.v1.TypedLocalObjectReference",
    "discovery.v1.EndpointPort",
    "networking.v1.ServiceBackendPort",
    "rbac.v1.RoleRef",
    "rbac.v1.Subject",
    "meta.v1.LabelSelector",
    "meta.v1.OwnerReference",
};

struct FieldName {
  std::string_view of;
  std::string_view field;
};
constexpr FieldName kAtomicFields[] = {
    {"core.v1.PodSpec", "nodeSelector"},
    {"core.v1.ReplicationControllerSpec", "selector"},
    {"core.v1.ServiceSpec", "selector"},
    {"node.v1.Scheduling", "nodeSelector"},
};
// ... and fields that are merged although their type is atomic.
constexpr FieldName kGranularFields[] = {
    {"core.v1.PersistentVolumeSpec", "claimRef"},
};

bool lists(std::span<const FieldName> names, const kube::TypeRow* of,
           const kube::FieldRow* field) noexcept {
  return of != nullptr && field != nullptr &&
         std::ranges::any_of(names, [&](const FieldName& name) {
           return of->name == name.of && field->name == name.field;
         });
}

// The package of a type may be written in full.
bool is_atomic_type(std::string_view name) noexcept {
  return std::ranges::find(kAtomicTypes, name) != std::end(kAtomicTypes);
}

const kube::TypeRow* object_meta() {
  const kube::ApiKind* config_map = kube::find_kind("", "v1", "ConfigMap");
  if (config_map == nullptr || !config_map->type) {
    return nullptr;
  }
  const kube::ApiTypes& types = kube::api_types();
  const kube::FieldRow* metadata = types.find(types.type(*config_map->type), "metadata");
  return metadata == nullptr ? nullptr : &types.type(metadata->type);
}

}  // namespace

SchemaType::SchemaType(const kube::ApiKind& kind) {
  if (kind.type) {
    row_ = &kube::api_types().type(*kind.type);
  } else if (kind.schema != nullptr && kind.schema->over_limit().empty()) {
    schema_ = kind.schema;
    node_ = &kind.schema->root();
    is_root_ = true;
  }
}

PlaceKind SchemaType::kind() const noexcept {
  if (row_ != nullptr) {
    switch (row_->kind) {
      case kube::TypeKind::Fields:
        return PlaceKind::Struct;
      case kube::TypeKind::Map:
        return PlaceKind::Map;
      case kube::TypeKind::List:
        return PlaceKind::List;
      case kube::TypeKind::String:
      case kube::TypeKind::Enum:
      case kube::TypeKind::Bytes:
      case kube::TypeKind::Time:
      case kube::TypeKind::MicroTime:
        return PlaceKind::Text;
      case kube::TypeKind::Int32:
      case kube::TypeKind::Int64:
      case kube::TypeKind::Number:
        return PlaceKind::Number;
      case kube::TypeKind::Bool:
        return PlaceKind::Bool;
      case kube::TypeKind::FreeObject:
      case kube::TypeKind::Quantity:
      case kube::TypeKind::IntOrString:
      case kube::TypeKind::Any:
        return PlaceKind::Any;
    }
  }
  if (node_ != nullptr) {
    switch (node_->type) {
      case kube::SchemaType::Object:
        return node_->additional != kube::kNoSchema ? PlaceKind::Map
               : node_->property_count == 0 &&
                       (node_->preserves_unknown || node_->has_any_additional)
                   ? PlaceKind::Any
                   : PlaceKind::Struct;
      case kube::SchemaType::Array:
        return PlaceKind::List;
      case kube::SchemaType::String:
        return PlaceKind::Text;
      case kube::SchemaType::Integer:
      case kube::SchemaType::Number:
        return PlaceKind::Number;
      case kube::SchemaType::Boolean:
        return PlaceKind::Bool;
      case kube::SchemaType::Any:
      case kube::SchemaType::IntOrString:
        return PlaceKind::Any;
    }
  }
  return PlaceKind::Unknown;
}

SchemaType SchemaType::field(std::string_view name, bool& is_declared) const {
  SchemaType found;
  is_declared = true;
  if (row_ != nullptr) {
    const kube::ApiTypes& types = kube::api_types();
    found.field_ = types.find(*row_, name);
    is_declared = found.field_ != nullptr;
    if (is_declared) {
      found.parent_ = row_;
      found.row_ = &types.type(found.field_->type);
    }
    return found;
  }
  if (node_ != nullptr) {
    const bool embedded = is_root_ || node_->is_embedded;
    if (embedded && name == "metadata") {
      found.row_ = object_meta();
      return found;
    }
    const kube::SchemaNode* property = schema_->find(*node_, name);
    if (property != nullptr) {
      return {*schema_, *property};
    }
    is_declared =
        node_->preserves_unknown || (embedded && (name == "apiVersion" || name == "kind"));
  }
  return found;
}

SchemaType SchemaType::element() const {
  SchemaType found;
  if (row_ != nullptr &&
      (row_->kind == kube::TypeKind::Map || row_->kind == kube::TypeKind::List)) {
    found.row_ = &kube::api_types().type(row_->element);
  } else if (node_ != nullptr) {
    const kube::SchemaIndex index =
        node_->type == kube::SchemaType::Array ? node_->items : node_->additional;
    if (index != kube::kNoSchema) {
      return {*schema_, schema_->node(index)};
    }
  }
  return found;
}

ListKind SchemaType::list_kind() const noexcept {
  return field_ != nullptr ? field_->list : node_ != nullptr ? node_->list : ListKind::Unspecified;
}

bool SchemaType::is_atomic() const {
  const PlaceKind place = kind();
  if (place == PlaceKind::List) {
    const ListKind list = list_kind();
    return list == ListKind::Atomic || list == ListKind::Unspecified;
  }
  if (place != PlaceKind::Struct && place != PlaceKind::Map) {
    return false;
  }
  if (row_ != nullptr) {
    return !lists(kGranularFields, parent_, field_) &&
           (is_atomic_type(row_->name) || lists(kAtomicFields, parent_, field_));
  }
  const Node* type =
      node_->source == nullptr ? nullptr : node_->source->find("x-kubernetes-map-type");
  return type != nullptr && type->text() == "atomic";
}

void SchemaType::merge_keys(std::vector<std::string_view>& out) const {
  out.clear();
  if (node_ != nullptr) {
    for (const Node& key : node_->list_map_keys) {
      out.push_back(key.text());
    }
    return;
  }
  std::string_view keys = field_ == nullptr ? std::string_view{} : field_->list_map_keys;
  while (!keys.empty()) {
    const std::size_t comma = keys.find(',');
    out.push_back(keys.substr(0, comma));
    keys = comma == std::string_view::npos ? std::string_view{} : keys.substr(comma + 1);
  }
}

namespace {

constexpr std::size_t kDefaultDepthMax = 100;  // SchemaLimits::depth

// True if something changed.
bool default_node(Arena& arena, const kube::CustomSchema& schema, const kube::SchemaNode& type,
                  Node& node, std::size_t depth) {
  if (depth > kDefaultDepthMax) {
    return false;
  }
  bool changed = false;
  if (node.is_array() && type.items != kube::kNoSchema) {
    auto* items = arena.allocate_array<Node>(node.size());
    for (std::size_t i = 0; i < node.size(); ++i) {
      items[i] = node.items()[i];
      changed =
          default_node(arena, schema, schema.node(type.items), items[i], depth + 1) || changed;
    }
    if (changed) {
      node = Node::make_array(arena, std::span<const Node>{items, node.size()}, node.offset());
    }
    return changed;
  }
  if (!node.is_object()) {
    return false;
  }
  const auto properties = schema.properties(type);
  const std::size_t room = node.size() + properties.size();
  auto* keys = arena.allocate_array<std::string_view>(room);
  auto* values = arena.allocate_array<Node>(room);
  std::size_t count = 0;
  for (std::size_t i = 0; i < node.size(); ++i) {
    keys[count] = node.key(i);
    values[count] = node.items()[i];
    const kube::SchemaNode* property = schema.find(type, keys[count]);
    if (property == nullptr && type.additional != kube::kNoSchema) {
      property = &schema.node(type.additional);
    }
    if (property != nullptr) {
      if (values[count].is_null() && !property->nullable && property->has_default) {
        changed = true;  // defaulted below
        continue;
      }
      changed = default_node(arena, schema, *property, values[count], depth + 1) || changed;
    }
    ++count;
  }
  for (const kube::CustomSchema::Property& property : properties) {
    const kube::SchemaNode& child = schema.node(property.schema);
    const bool there = std::find(keys, keys + count, property.name) != keys + count;
    const Node* value = there || !child.has_default || child.source == nullptr
                            ? nullptr
                            : child.source->find("default");
    if (value != nullptr) {
      keys[count] = property.name;
      values[count] = *value;
      static_cast<void>(default_node(arena, schema, child, values[count], depth + 1));
      ++count;
      changed = true;
    }
  }
  if (changed) {
    node = Node::make_object(arena, std::span<const Node>{values, count},
                             std::span<const std::string_view>{keys, count}, {}, node.offset());
  }
  return changed;
}

}  // namespace

Node with_schema_defaults(Arena& arena, const Node& object, const kube::CustomSchema& schema) {
  Node result = object;
  if (schema.over_limit().empty()) {
    static_cast<void>(default_node(arena, schema, schema.root(), result, 0));
  }
  return result;
}

}  // namespace tally::policy_cel

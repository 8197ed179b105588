#include "policy_cel/schema_sizes.hpp"

#include <algorithm>
#include <string>

#include "cel/cost_limits.hpp"

namespace tally::policy_cel {

using document::Node;
using kube::SchemaNode;
using kube::SchemaType;
using Size = SchemaSizes::Size;

namespace {

constexpr auto kRequestBytes = static_cast<std::int64_t>(cel::kRequestBytesMax);
// k8s.io/apiserver/pkg/cel/limits.go, quotation marks included.
constexpr std::int64_t kEmptyTextBytes = 2;
constexpr std::int64_t kTextLengthMax = kRequestBytes - 2;
constexpr std::int64_t kBoolBytes = 4;
constexpr std::int64_t kNumberBytes = 1;
constexpr std::int64_t kContainerBytes = 2;  // [] and {}
constexpr std::int64_t kDurationBytesMin = 3;
constexpr std::int64_t kDurationLengthMax = 32;
constexpr std::int64_t kDateBytes = 12;
constexpr std::int64_t kTimestampBytesMin = 21;
constexpr std::int64_t kTimestampLengthMax = 32;
// ASCII is not assumed: maxLength counts code points, costs count bytes.
constexpr std::int64_t kBytesPerCodePoint = 4;

constexpr Size kPlainText{
    .is_exposed = true, .json_bytes_min = kEmptyTextBytes, .elements_max = kTextLengthMax};
// metadata of resources: an object with two texts, none of them required.
constexpr Size kMetadata{.is_exposed = true, .json_bytes_min = kContainerBytes, .elements_max = 0};
constexpr Size kMapKey{.is_exposed = true, .json_bytes_min = kEmptyTextBytes, .elements_max = 0};

std::int64_t at_least_zero(std::int64_t value) noexcept { return std::max<std::int64_t>(value, 0); }

// zeroIfNegative(maxLength) * 4, which wraps in Go.
std::int64_t bytes_of_length(std::int64_t length) noexcept {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(at_least_zero(length)) *
                                   static_cast<std::uint64_t>(kBytesPerCodePoint));
}

std::string_view written(const SchemaNode& node, std::string_view field) {
  const Node* found = node.source == nullptr ? nullptr : node.source->find(field);
  return found == nullptr ? std::string_view{} : found->text();
}

Size text_size(const SchemaNode& node) {
  // The format as it is written: the server's CEL knows no other spelling.
  const std::string_view format = written(node, "format");
  if (format == "byte") {
    return {.is_exposed = true,
            .json_bytes_min = kEmptyTextBytes,
            .elements_max = node.length_max ? at_least_zero(*node.length_max) : kTextLengthMax};
  }
  if (format == "duration") {
    return {.is_exposed = true,
            .json_bytes_min = kDurationBytesMin,
            .elements_max = kDurationLengthMax};
  }
  if (format == "date") {
    return {.is_exposed = true, .json_bytes_min = kDateBytes, .elements_max = kDateBytes};
  }
  if (format == "date-time") {
    return {.is_exposed = true,
            .json_bytes_min = kTimestampBytesMin,
            .elements_max = kTimestampLengthMax};
  }
  Size size = kPlainText;
  if (node.length_max) {
    size.elements_max = bytes_of_length(*node.length_max);
  } else if (node.enum_count != 0) {
    size.elements_max = 0;
    const Node* values = node.source->find("enum");
    for (const Node& value : values->items()) {
      size.elements_max =
          std::max(size.elements_max, static_cast<std::int64_t>(value.text().size()));
    }
  }
  return size;
}

// The fields that every resource has, whatever its schema says about them.
std::optional<Size> resource_field(std::string_view name) noexcept {
  if (name == "kind" || name == "apiVersion") {
    return kPlainText;
  }
  return name == "metadata" ? std::optional{kMetadata} : std::nullopt;
}

// WithTypeAndObjectMeta: a schema that declares them all is taken at its word.
bool declares_resource_fields(const kube::CustomSchema& schema, const SchemaNode& node) {
  const auto is = [&](const SchemaNode& of, std::string_view name, SchemaType type) {
    const SchemaNode* found = schema.find(of, name);
    return found != nullptr && found->type == type;
  };
  const SchemaNode* metadata = schema.find(node, "metadata");
  return metadata != nullptr && metadata->type == SchemaType::Object &&
         is(node, "kind", SchemaType::String) && is(node, "apiVersion", SchemaType::String) &&
         is(*metadata, "name", SchemaType::String) &&
         is(*metadata, "generateName", SchemaType::String);
}

bool is_required(const SchemaNode& node, std::string_view name) {
  return std::ranges::any_of(node.required, [&](const Node& one) { return one.text() == name; });
}

constexpr std::int64_t field_bytes(std::string_view name, const Size& value) noexcept {
  return static_cast<std::int64_t>(name.size()) + value.json_bytes_min + 4;  // "":,
}

}  // namespace

SchemaSizes::SchemaSizes(const kube::CustomSchema& schema)
    : schema_(&schema), sizes_(schema.nodes().size()) {
  // Children stand behind their parents.
  for (std::size_t i = sizes_.size(); i-- > 0;) {
    const SchemaNode& node = schema.nodes()[i];
    sizes_[i] = measure(node, i == 0 || node.is_embedded);
  }
}

const Size& SchemaSizes::of(const SchemaNode& node) const noexcept {
  return sizes_[static_cast<std::size_t>(&node - schema_->nodes().data())];
}

std::uint64_t SchemaSizes::per_request(const SchemaNode& node) const noexcept {
  return static_cast<std::uint64_t>(kRequestBytes / (of(node).json_bytes_min + 1));
}

// SchemaDeclType
Size SchemaSizes::measure(const SchemaNode& node, bool is_root) const {
  switch (node.type) {
    case SchemaType::IntOrString:
      return {.is_exposed = true,
              .json_bytes_min = kNumberBytes,
              .elements_max = node.length_max ? bytes_of_length(*node.length_max) : kTextLengthMax};
    case SchemaType::Any:
      return {};
    case SchemaType::Boolean:
      return {.is_exposed = true, .json_bytes_min = kBoolBytes, .elements_max = 0};
    case SchemaType::Integer:
    case SchemaType::Number:
      return {.is_exposed = true, .json_bytes_min = kNumberBytes, .elements_max = 0};
    case SchemaType::String:
      return text_size(node);
    case SchemaType::Array: {
      if (node.items == kube::kNoSchema) {
        return {};
      }
      const Size& items = sizes_[node.items];
      return {.is_exposed = items.is_exposed,
              .json_bytes_min = kContainerBytes,
              .elements_max = node.items_max ? at_least_zero(*node.items_max)
                                             : (kRequestBytes - 2) / (items.json_bytes_min + 1)};
    }
    case SchemaType::Object:
      return measure_object(node, is_root);
  }
  return {};
}

Size SchemaSizes::measure_object(const SchemaNode& node, bool is_root) const {
  if (node.additional != kube::kNoSchema) {
    const Size& values = sizes_[node.additional];
    return {.is_exposed = values.is_exposed,
            .json_bytes_min = kContainerBytes,
            .elements_max = node.properties_max
                                ? at_least_zero(*node.properties_max)
                                : (kRequestBytes - 2) / (values.json_bytes_min + 6)};
  }
  Size size{.is_exposed = true, .json_bytes_min = kContainerBytes, .elements_max = 0};
  const bool is_replaced = is_root && !declares_resource_fields(*schema_, node);
  for (const auto& property : schema_->properties(node)) {
    const SchemaNode& value = schema_->node(property.schema);
    const Size& written_size = sizes_[property.schema];
    if ((is_replaced && resource_field(property.name)) || !written_size.is_exposed ||
        value.has_default || !is_required(node, property.name)) {
      continue;
    }
    size.json_bytes_min += field_bytes(property.name, written_size);
  }
  if (is_replaced) {
    for (const std::string_view name : {"kind", "apiVersion", "metadata"}) {
      if (is_required(node, name)) {
        size.json_bytes_min += field_bytes(name, *resource_field(name));
      }
    }
  }
  return size;
}

// EstimateSize. A path of nothing has no size, and one that the types do not know has none.
std::optional<cel::SizeEstimate> SchemaSizes::Estimator::size_of(
    std::span<const std::string_view> path, const cel::Type& /*type*/) const {
  if (path.empty()) {
    return std::nullopt;
  }
  const kube::CustomSchema& schema = *sizes_->schema_;
  const SchemaNode* node = self_.node;
  bool is_root = self_.is_resource_root;
  std::optional<Size> leaf;  // of what is no node of the schema
  bool is_metadata = false;
  std::string name;
  for (const std::string_view step : path.subspan(1)) {
    if (leaf) {
      if (!is_metadata || (step != "name" && step != "generateName")) {
        return std::nullopt;
      }
      leaf = kPlainText;
      is_metadata = false;
      continue;
    }
    const bool is_map = node->type == SchemaType::Object && node->additional != kube::kNoSchema;
    if (step == "@items" || step == "@values") {
      const kube::SchemaIndex below = node->type == SchemaType::Array ? node->items
                                      : is_map                        ? node->additional
                                                                      : kube::kNoSchema;
      if (below == kube::kNoSchema) {
        return std::nullopt;
      }
      node = &schema.node(below);
    } else if (step == "@keys") {
      if (!is_map) {
        return std::nullopt;
      }
      leaf = kMapKey;
      continue;
    } else {
      if (node->type != SchemaType::Object || is_map || !unescape_identifier(step, name)) {
        return std::nullopt;
      }
      if (is_root && !declares_resource_fields(schema, *node)) {
        leaf = resource_field(name);
        is_metadata = name == "metadata";
        if (leaf) {
          continue;
        }
      }
      const SchemaNode* property = schema.find(*node, name);
      if (property == nullptr || !sizes_->of(*property).is_exposed) {
        return std::nullopt;
      }
      node = property;
    }
    is_root = node->is_embedded;
  }
  const std::int64_t elements = leaf ? leaf->elements_max : sizes_->of(*node).elements_max;
  return cel::SizeEstimate{.min = 0, .max = static_cast<std::uint64_t>(elements)};
}

}  // namespace tally::policy_cel

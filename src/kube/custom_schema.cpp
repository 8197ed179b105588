// Reading structural schemas, after k8s.io/apiextensions-apiserver v0.36.0,
// pkg/apiserver/schema/convert.go and pkg/apiserver/validation/validation.go.
#include "kube/custom_schema.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "base/assert.hpp"
#include "document/json_writer.hpp"

namespace tally::kube {

namespace {

using document::Node;

bool flag(const Node& schema, std::string_view name) {
  const Node* found = schema.find(name);
  return found != nullptr && found->boolean();
}

std::string_view text(const Node& schema, std::string_view name) {
  const Node* found = schema.find(name);
  return found != nullptr ? found->text() : std::string_view{};
}

std::span<const Node> list(const Node& schema, std::string_view name) {
  const Node* found = schema.find(name);
  return found != nullptr && found->is_array() ? found->items() : std::span<const Node>{};
}

const Node* map(const Node& schema, std::string_view name) {
  const Node* found = schema.find(name);
  return found != nullptr && found->is_object() ? found : nullptr;
}

std::optional<double> number(const Node& schema, std::string_view name) {
  const Node* found = schema.find(name);
  return found != nullptr && found->is_number() ? std::optional{found->number()} : std::nullopt;
}

std::optional<std::int64_t> integer(const Node& schema, std::string_view name) {
  const Node* found = schema.find(name);
  return found != nullptr ? found->integer() : std::nullopt;
}

SchemaType type_of(const Node& schema) {
  struct Row {
    std::string_view name;
    SchemaType type;
  };
  constexpr auto kTypes = std::to_array<Row>({{"object", SchemaType::Object},
                                              {"array", SchemaType::Array},
                                              {"string", SchemaType::String},
                                              {"integer", SchemaType::Integer},
                                              {"number", SchemaType::Number},
                                              {"boolean", SchemaType::Boolean}});
  if (flag(schema, "x-kubernetes-int-or-string")) {
    return SchemaType::IntOrString;
  }
  const auto* row = std::ranges::find(kTypes, text(schema, "type"), &Row::name);
  return row == kTypes.end() ? SchemaType::Any : row->type;
}

// StripUnsupportedFormatsPostProcessorForVersion: formats belong to types, and dashes do not count
// (go-openapi's DefaultNameNormalizer).
SchemaFormat format_of(const Node& schema, SchemaType type) {
  struct Row {
    std::string_view name;
    SchemaFormat format;
  };
  constexpr auto kTexts = std::to_array<Row>({{"datetime", SchemaFormat::DateTime},
                                              {"date", SchemaFormat::Date},
                                              {"duration", SchemaFormat::Duration},
                                              {"byte", SchemaFormat::Byte},
                                              {"ipv4", SchemaFormat::Ipv4},
                                              {"ipv6", SchemaFormat::Ipv6},
                                              {"cidr", SchemaFormat::Cidr},
                                              {"mac", SchemaFormat::Mac},
                                              {"uuid", SchemaFormat::Uuid},
                                              {"uuid3", SchemaFormat::Uuid3},
                                              {"uuid4", SchemaFormat::Uuid4},
                                              {"uuid5", SchemaFormat::Uuid5},
                                              {"hexcolor", SchemaFormat::HexColor},
                                              {"k8sshortname", SchemaFormat::ShortName},
                                              {"k8slongname", SchemaFormat::LongName}});
  std::string name(text(schema, "format"));
  if (type == SchemaType::Integer) {
    return name == "int32"   ? SchemaFormat::Int32
           : name == "int64" ? SchemaFormat::Int64
                             : SchemaFormat::None;
  }
  if (type == SchemaType::Number) {
    return name == "float" ? SchemaFormat::Float : SchemaFormat::None;
  }
  if (type != SchemaType::String && type != SchemaType::Any) {
    return SchemaFormat::None;
  }
  std::erase(name, '-');
  const auto* row = std::ranges::find(kTexts, name, &Row::name);
  return row == kTexts.end() ? SchemaFormat::None : row->format;
}

ListKind list_of(const Node& schema) {
  const std::string_view name = text(schema, "x-kubernetes-list-type");
  return name == "atomic" ? ListKind::Atomic
         : name == "set"  ? ListKind::Set
         : name == "map"  ? ListKind::Map
                          : ListKind::Unspecified;
}

}  // namespace

class CustomSchemaReader {
 public:
  explicit CustomSchemaReader(const SchemaLimits& limits) : limits_(limits) {}

  CustomSchema read(const Node& schema) {
    static_cast<void>(add(schema, 0));
    if (!result_.over_limit_.empty()) {
      result_.nodes_.clear();
      result_.properties_.clear();
      result_.enumerations_.clear();
    }
    return std::move(result_);
  }

 private:
  // The recursion ends at limits_.depth.
  SchemaIndex add(const Node& schema, std::uint32_t depth) {
    if (!schema.is_object() || !result_.over_limit_.empty()) {
      return kNoSchema;
    }
    if (depth > limits_.depth) {
      result_.over_limit_ = "its schema is nested too deep";
      return kNoSchema;
    }
    if (result_.nodes_.size() + result_.enumerations_.size() >= limits_.nodes) {
      result_.over_limit_ = "its schema has too many parts";
      return kNoSchema;
    }
    const auto index = static_cast<SchemaIndex>(result_.nodes_.size());
    result_.nodes_.push_back(own(schema));
    add_enum(index, list(schema, "enum"));
    const Node* additional = schema.find("additionalProperties");
    result_.nodes_[index].has_any_additional = additional != nullptr && additional->boolean();
    // Children may move the nodes: each result is stored after its call.
    const SchemaIndex below = additional == nullptr ? kNoSchema : add(*additional, depth + 1);
    result_.nodes_[index].additional = below;
    if (const Node* items = map(schema, "items"); items != nullptr) {
      const SchemaIndex item = add(*items, depth + 1);
      result_.nodes_[index].items = item;
    }
    if (const Node* properties = map(schema, "properties"); properties != nullptr) {
      add_properties(index, *properties, depth);
    }
    return index;
  }

  void add_enum(SchemaIndex owner, std::span<const Node> values) {
    if (result_.nodes_.size() + result_.enumerations_.size() + values.size() > limits_.nodes) {
      result_.over_limit_ = "its schema has too many parts";
      return;
    }
    SchemaNode& node = result_.nodes_[owner];
    node.first_enum = static_cast<std::uint32_t>(result_.enumerations_.size());
    node.enum_count = static_cast<std::uint32_t>(values.size());
    for (const Node& value : values) {
      document::append_canonical_json(result_.enumerations_.emplace_back(), value);
    }
    std::ranges::sort(std::span{result_.enumerations_}.subspan(node.first_enum));
  }

  void add_properties(SchemaIndex owner, const Node& properties, std::uint32_t depth) {
    std::vector<CustomSchema::Property> found;
    for (const document::Member member : properties.members()) {
      if (const SchemaIndex schema = add(member.value, depth + 1); schema != kNoSchema) {
        found.push_back({.name = member.key, .schema = schema});
      }
    }
    std::ranges::sort(found, {}, &CustomSchema::Property::name);
    SchemaNode& node = result_.nodes_[owner];
    node.first_property = static_cast<std::uint32_t>(result_.properties_.size());
    node.property_count = static_cast<std::uint32_t>(found.size());
    result_.properties_.insert(result_.properties_.end(), found.begin(), found.end());
  }

  static SchemaNode own(const Node& schema) {
    SchemaNode node;
    node.source = &schema;
    node.type = type_of(schema);
    node.format = format_of(schema, node.type);
    node.list = list_of(schema);
    node.nullable = flag(schema, "nullable");
    node.preserves_unknown = flag(schema, "x-kubernetes-preserve-unknown-fields");
    node.is_embedded = flag(schema, "x-kubernetes-embedded-resource");
    const Node* filled = schema.find("default");
    node.has_default = filled != nullptr && !filled->is_null();
    node.minimum = number(schema, "minimum");
    node.maximum = number(schema, "maximum");
    node.is_minimum_exclusive = flag(schema, "exclusiveMinimum");
    node.is_maximum_exclusive = flag(schema, "exclusiveMaximum");
    node.multiple_of = number(schema, "multipleOf");
    node.length_min = integer(schema, "minLength");
    node.length_max = integer(schema, "maxLength");
    node.items_min = integer(schema, "minItems");
    node.items_max = integer(schema, "maxItems");
    node.properties_min = integer(schema, "minProperties");
    node.properties_max = integer(schema, "maxProperties");
    node.has_unique_items = flag(schema, "uniqueItems");
    node.required = list(schema, "required");
    node.list_map_keys = list(schema, "x-kubernetes-list-map-keys");
    return node;
  }

  SchemaLimits limits_;
  CustomSchema result_;
};

CustomSchema CustomSchema::read(const Node& schema, const SchemaLimits& limits) {
  TALLY_ASSERT(schema.is_object());
  return CustomSchemaReader(limits).read(schema);
}

const SchemaNode* CustomSchema::find(const SchemaNode& node, std::string_view name) const noexcept {
  const auto all = properties(node);
  const auto at = std::ranges::lower_bound(all, name, {}, &Property::name);
  return at != all.end() && at->name == name ? &nodes_[at->schema] : nullptr;
}

}  // namespace tally::kube

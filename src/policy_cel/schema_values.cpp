#include "policy_cel/schema_values.hpp"

#include <algorithm>
#include <array>

#include "cel/function.hpp"

namespace tally::policy_cel {

using cel::HostList;
using cel::HostMap;
using cel::Type;
using cel::TypePool;
using cel::Value;
using cel::ValueKind;
using document::Node;
using kube::SchemaFormat;

namespace {

constexpr std::size_t kDepthMax = 100;

// A place whose objects may be anything: metadata of resources has two fields.
constexpr std::string_view kMetadataType = "kubernetes.ObjectMeta";

SchemaPlace below(const SchemaPlace& place, const kube::SchemaNode& node) {
  return {.schema = place.schema, .node = &node, .is_resource_root = node.is_embedded};
}

bool is_map(const kube::SchemaNode& node) noexcept { return node.additional != kube::kNoSchema; }

// Validation knows `datetime` as well, CEL compares the written name (pkg/cel/common/schemas.go).
SchemaFormat format_in_cel(const kube::SchemaNode& node) {
  if (node.format != SchemaFormat::DateTime || node.source == nullptr) {
    return node.format;
  }
  const Node* written = node.source->find("format");
  return written != nullptr && written->text() == "date-time" ? node.format : SchemaFormat::None;
}

constexpr std::string_view kReserved[] = {
    "true",     "false",   "null",      "in",       "as",  "break",  "const",
    "continue", "else",    "for",       "function", "if",  "import", "let",
    "loop",     "package", "namespace", "return",   "var", "void",   "while"};

Value text_value(Arena& arena, const Node& node, SchemaFormat format);

class SchemaMap final : public HostMap {
 public:
  SchemaMap(const Node& node, const SchemaPlace& place) noexcept : node_(&node), place_(place) {}

  [[nodiscard]] std::size_t size() const override { return node_->size(); }
  [[nodiscard]] Value key_at(Arena&, std::size_t i) const override {
    return Value::string(node_->key(i));
  }
  [[nodiscard]] Value value_at(Arena& arena, std::size_t i) const override {
    return value(arena, node_->key(i), node_->items()[i]);
  }
  [[nodiscard]] bool find(Arena& arena, const Value& key, Value& out) const override {
    if (!key.is(ValueKind::String)) {
      return false;
    }
    std::string unescaped;
    std::string_view name = key.text();
    if (!is_map(*place_.node) && name.find("__") != std::string_view::npos &&
        unescape_identifier(name, unescaped)) {
      name = unescaped;
    }
    const Node* found = node_->find(name);
    if (found == nullptr || !declares(name)) {
      return false;
    }
    out = value(arena, name, *found);
    return true;
  }
  [[nodiscard]] bool has(Arena& arena, std::string_view field) const override {
    Value ignored;
    return find(arena, Value::string(field), ignored);
  }

 private:
  [[nodiscard]] bool declares(std::string_view name) const {
    return is_map(*place_.node) || place_.schema->find(*place_.node, name) != nullptr ||
           (place_.is_resource_root &&
            (name == "metadata" || name == "kind" || name == "apiVersion"));
  }
  [[nodiscard]] Value value(Arena& arena, std::string_view name, const Node& node) const {
    if (is_map(*place_.node)) {
      return schema_value(arena, node, below(place_, place_.schema->node(place_.node->additional)));
    }
    const kube::SchemaNode* property = place_.schema->find(*place_.node, name);
    // Metadata is the API's, whatever the schema says of it.
    return property == nullptr || (place_.is_resource_root && name == "metadata")
               ? Value::from_node(node)
               : schema_value(arena, node, below(place_, *property));
  }

  const Node* node_;
  SchemaPlace place_;
};

class SchemaList final : public HostList {
 public:
  SchemaList(const Node& node, const SchemaPlace& items) noexcept : node_(&node), items_(items) {}
  [[nodiscard]] std::size_t size() const override { return node_->size(); }
  [[nodiscard]] Value at(Arena& arena, std::size_t i) const override {
    return schema_value(arena, node_->items()[i], items_);
  }

 private:
  const Node* node_;
  SchemaPlace items_;
};

// The library's own conversions, so that there is one reading of such texts.
Value text_value(Arena& arena, const Node& node, SchemaFormat format) {
  const char* function = format == SchemaFormat::Duration   ? "duration"
                         : format == SchemaFormat::DateTime ? "timestamp"
                                                            : nullptr;
  std::string_view text = node.text();
  if (format == SchemaFormat::Date) {
    function = "timestamp";
    text = arena.concat({text, "T00:00:00Z"});
  }
  if (function == nullptr) {
    return Value::string(text);
  }
  for (const auto family : cel::all_functions()) {
    for (const cel::Function& row : family) {
      if (row.name != function) {
        continue;
      }
      for (const cel::Overload& overload : row.overloads) {
        if (overload.signature.starts_with("(string)") && overload.apply != nullptr) {
          cel::EvalContext context{.arena = arena};
          const std::array args{Value::string(text)};
          return overload.apply(context, args);
        }
      }
    }
  }
  return Value::string(text);
}

}  // namespace

bool unescape_identifier(std::string_view escaped, std::string& out) {
  out.clear();
  if (escaped.starts_with("__") && escaped.ends_with("__") && escaped.size() > 4) {
    const std::string_view word = escaped.substr(2, escaped.size() - 4);
    if (std::ranges::find(kReserved, word) != std::end(kReserved)) {
      out = word;
      return true;
    }
  }
  constexpr std::pair<std::string_view, char> kEscapes[] = {
      {"__dot__", '.'}, {"__dash__", '-'}, {"__slash__", '/'}};
  constexpr std::string_view kUnderscores = "__underscores__";
  while (!escaped.empty()) {
    bool taken = false;
    for (const auto& [text, character] : kEscapes) {
      if (escaped.starts_with(text)) {
        out += character;
        escaped.remove_prefix(text.size());
        taken = true;
        break;
      }
    }
    if (!taken && escaped.starts_with(kUnderscores)) {
      out += "__";
      escaped.remove_prefix(kUnderscores.size());
      taken = true;
    }
    if (!taken && escaped.starts_with("__")) {
      return false;
    }
    if (!taken) {
      out += escaped.front();
      escaped.remove_prefix(1);
    }
  }
  return true;
}

const Type* SchemaTypes::make(TypePool& pool, const SchemaPlace& place, std::size_t depth) const {
  const kube::SchemaNode& node = *place.node;
  if (depth > kDepthMax) {
    return nullptr;
  }
  switch (node.type) {
    case kube::SchemaType::IntOrString:
      return &cel::kDyn;
    case kube::SchemaType::Any:
      return nullptr;
    case kube::SchemaType::Boolean:
      return &cel::kBool;
    case kube::SchemaType::Integer:
      return &cel::kInt;
    case kube::SchemaType::Number:
      return &cel::kDouble;
    case kube::SchemaType::String:
      switch (format_in_cel(node)) {
        case SchemaFormat::Byte:
          return &cel::kBytes;
        case SchemaFormat::Duration:
          return &cel::kDuration;
        case SchemaFormat::Date:
        case SchemaFormat::DateTime:
          return &cel::kTimestamp;
        default:
          return &cel::kString;
      }
    case kube::SchemaType::Array: {
      const Type* items = node.items == kube::kNoSchema
                              ? nullptr
                              : make(pool, below(place, place.schema->node(node.items)), depth + 1);
      return items == nullptr ? nullptr : pool.list(items);
    }
    case kube::SchemaType::Object:
      break;
  }
  if (is_map(node)) {
    const Type* values = make(pool, below(place, place.schema->node(node.additional)), depth + 1);
    return values == nullptr ? nullptr : pool.map(&cel::kString, values);
  }
  // One name per node; a root of a resource is another type than the same node elsewhere.
  auto& name = names_[reinterpret_cast<const char*>(&node) + (place.is_resource_root ? 1 : 0)];
  if (name.empty()) {
    name = "selfType" + std::to_string(names_.size());
    places_.emplace(name, place);
  }
  return pool.named_struct(name);
}

const Type* SchemaTypes::type_of(TypePool& pool, const SchemaPlace& place) {
  return make(pool, place, 0);
}

const Type* SchemaTypes::find_type(TypePool& pool, std::string_view name) const {
  return name == kMetadataType || places_.contains(std::string(name)) ? pool.named_struct(name)
                                                                      : nullptr;
}

const Type* SchemaTypes::find_field(TypePool& pool, const Type& of, std::string_view field) const {
  if (of.name == kMetadataType) {
    return field == "name" || field == "generateName" ? &cel::kString : nullptr;
  }
  const auto found = places_.find(std::string(of.name));
  std::string name;
  if (found == places_.end() || !unescape_identifier(field, name)) {
    return nullptr;
  }
  const SchemaPlace place = found->second;
  const kube::SchemaNode* property = place.schema->find(*place.node, name);
  if (place.is_resource_root) {
    if (name == "metadata") {
      return pool.named_struct(kMetadataType);
    }
    if (name == "kind" || name == "apiVersion") {
      return &cel::kString;
    }
  }
  return property == nullptr ? nullptr : make(pool, below(place, *property), 0);
}

Value schema_value(Arena& arena, const Node& node, const SchemaPlace& place) {
  const kube::SchemaNode& schema = *place.node;
  switch (node.kind()) {
    case document::NodeKind::Object:
      return schema.type == kube::SchemaType::Object
                 ? Value::map(static_cast<const HostMap*>(arena.create<SchemaMap>(node, place)))
                 : Value::from_node(node);
    case document::NodeKind::Array:
      return schema.type == kube::SchemaType::Array && schema.items != kube::kNoSchema
                 ? Value::list(static_cast<const HostList*>(arena.create<SchemaList>(
                       node, below(place, place.schema->node(schema.items)))))
                 : Value::from_node(node);
    case document::NodeKind::String:
      return schema.type == kube::SchemaType::String
                 ? text_value(arena, node, format_in_cel(schema))
                 : Value::from_node(node);
    case document::NodeKind::Number:
      return schema.type == kube::SchemaType::Number ? Value::real(node.number())
                                                     : Value::from_node(node);
    case document::NodeKind::Bool:
    case document::NodeKind::Null:
      break;
  }
  return Value::from_node(node);
}

}  // namespace tally::policy_cel

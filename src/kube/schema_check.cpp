// The API server's path of a custom resource, after k8s.io/apiextensions-apiserver v0.36.0,
// pkg/apiserver: unknown fields (schema/pruning/algorithm.go with TrackUnknownFieldPaths), nulls of
// fields that are not nullable (schema/defaulting/prunenulls.go), values
// (validation/validation.go and k8s.io/kube-openapi pkg/validation/validate), keys of lists
// (schema/listtype/validation.go), embedded objects (schema/objectmeta/validation.go).
//
// One walk does all of it: check() sees every value with its schema once. The recursion ends with
// the values, whose depth the reader limits.
#include "kube/internal/schema_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <tuple>
#include <vector>

#include "base/text.hpp"
#include "document/json_writer.hpp"
#include "kube/internal/rule_nodes.hpp"
#include "kube/internal/schema_format.hpp"
#include "kube/internal/structure_rules.hpp"

namespace tally::kube::internal {

namespace {

using document::Member;
using document::Name;
using document::Node;
using document::NodeKind;
using Kind = StructureProblemKind;

// What happens to fields that the schema does not name.
enum class Unknown : std::uint8_t {
  Reported,   // the API server refuses or drops them
  Preserved,  // x-kubernetes-preserve-unknown-fields stood here: known fields below are strict
              // again
  Ignored,    // metadata of an object: read as ObjectMeta, not by the schema
};

std::string_view type_name(SchemaType type) {
  switch (type) {
    case SchemaType::Any:
      return {};
    case SchemaType::Object:
      return "object";
    case SchemaType::Array:
      return "array";
    case SchemaType::String:
      return "string";
    case SchemaType::Integer:
      return "integer";
    case SchemaType::Number:
      return "number";
    case SchemaType::Boolean:
      return "boolean";
    case SchemaType::IntOrString:
      return "integer,string";
  }
  return {};
}

std::string_view type_name(const Node& value) {
  switch (value.kind()) {
    case NodeKind::Null:
      return "null";
    case NodeKind::Bool:
      return "boolean";
    case NodeKind::Number:
      return value.integer() ? "integer" : "number";
    case NodeKind::String:
      return "string";
    case NodeKind::Array:
      return "array";
    case NodeKind::Object:
      return "object";
  }
  return {};
}

// swag.IsFloat64AJSONInteger: within 2^53 and without a fraction.
bool is_integral(const Node& value) {
  constexpr double kExact = 9007199254740991;
  const double number = value.number();
  return value.integer() || (std::abs(number) <= kExact && std::trunc(number) == number);
}

bool has_type(const Node& value, SchemaType type) {
  switch (type) {
    case SchemaType::Any:
      return true;
    case SchemaType::Object:
      return value.is_object();
    case SchemaType::Array:
      return value.is_array();
    case SchemaType::String:
      return value.is_string();
    case SchemaType::Integer:
      return value.is_number() && is_integral(value);
    case SchemaType::Number:
      return value.is_number();
    case SchemaType::Boolean:
      return value.is_bool();
    case SchemaType::IntOrString:
      return value.is_string() || (value.is_number() && is_integral(value));
  }
  return false;
}

bool is_meta_field(std::string_view key) {
  return key == "apiVersion" || key == "kind" || key == "metadata";
}

std::string canonical(const Node& value) {
  std::string text;
  document::append_canonical_json(text, value);
  return text;
}

std::int64_t code_points(std::string_view text) {
  return std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; });
}

// Does a number lie beyond a bound? As integers where both are: doubles are not exact past 2^53.
enum class Side : std::uint8_t { Below, Above };
bool is_beyond(const Node& value, double bound, bool exclusive, Side side) {
  const auto integer = value.integer();
  constexpr double kExact = 9007199254740991;
  if (integer && std::trunc(bound) == bound && std::abs(bound) <= kExact) {
    const auto whole = static_cast<std::int64_t>(bound);
    return side == Side::Below ? (*integer < whole || (exclusive && *integer == whole))
                               : (*integer > whole || (exclusive && *integer == whole));
  }
  const double number = value.number();
  return side == Side::Below ? (number < bound || (exclusive && number == bound))
                             : (number > bound || (exclusive && number == bound));
}

// MultipleOf and MultipleOfInt of kube-openapi's values.go.
bool is_multiple(const Node& value, double factor) {
  if (factor <= 0) {
    return true;  // the definition itself is refused
  }
  const auto integer = value.integer();
  if (integer && std::trunc(factor) == factor && factor < 9e18) {
    return *integer % static_cast<std::int64_t>(factor) == 0;
  }
  const double times = factor < 1 ? 1 / factor * value.number() : value.number() / factor;
  return std::trunc(times) == times;
}

class SchemaChecker {
 public:
  SchemaChecker(StructureWalk& walk, const CustomSchema& schema) : walk_(walk), schema_(schema) {}

  // `schema` null: nothing is known of the value, and none of its fields are. This is the one place
  // that every value passes with its schema: rules on nodes of a schema belong here.
  void check(const Frame& frame, const SchemaNode* schema, Unknown unknown) {
    if (walk_.is_full()) {
      walk_.overflow = true;
      return;
    }
    if (schema != nullptr && !check_value(frame, *schema)) {
      return;
    }
    if (schema != nullptr && schema->preserves_unknown && unknown == Unknown::Reported) {
      unknown = Unknown::Preserved;
    }
    if (frame.node->is_object()) {
      check_members(frame, schema, unknown);
    } else if (frame.node->is_array()) {
      check_items(frame, schema, unknown);
    }
  }

  void check_root(const Frame& root) {
    const SchemaNode& schema = schema_.root();
    Unknown unknown = Unknown::Reported;
    if (check_value(root, schema)) {
      unknown = schema.preserves_unknown ? Unknown::Preserved : unknown;
      check_members(root, &schema, unknown);
    }
  }

 private:
  void check_members(const Frame& frame, const SchemaNode* schema, Unknown unknown) {
    const Node& node = *frame.node;
    // The root is an object of the API like an embedded one.
    const bool embedded = schema != nullptr && (schema->is_embedded || frame.up == nullptr);
    for (std::size_t i = 0; i < node.size(); ++i) {
      const std::string_view key = node.key(i);
      const Node& value = node.items()[i];
      const SchemaNode* known = schema == nullptr ? nullptr : schema_.find(*schema, key);
      const bool meta = embedded && is_meta_field(key);
      if (known == nullptr && schema != nullptr && schema->additional != kNoSchema && !meta) {
        known = &schema_.node(schema->additional);
      }
      const bool allowed =
          known != nullptr || meta || (schema != nullptr && schema->has_any_additional);
      if (!allowed) {
        if (unknown == Unknown::Reported) {
          report_unknown(frame, schema, i);
        }
        continue;
      }
      if (value.is_null()) {
        continue;  // dropped, defaulted, or nullable
      }
      const Unknown below =
          meta || unknown == Unknown::Ignored ? Unknown::Ignored : Unknown::Reported;
      check(child_frame(frame, value, key), known, below);
    }
  }

  void check_items(const Frame& frame, const SchemaNode* schema, Unknown unknown) {
    const SchemaNode* wanted =
        schema == nullptr || schema->items == kNoSchema ? nullptr : &schema_.node(schema->items);
    if (wanted == nullptr && unknown != Unknown::Reported) {
      return;
    }
    const std::span<const Node> items = frame.node->items();
    for (std::size_t i = 0; i < items.size(); ++i) {
      const bool filled = items[i].is_null() && wanted != nullptr && wanted->has_default;
      if (!filled) {
        check(child_frame(frame, items[i], {}, i), wanted, unknown);
      }
    }
  }

  // False if the value has another type: then nothing more is said about it.
  bool check_value(const Frame& frame, const SchemaNode& schema) {
    const Node& value = *frame.node;
    if (value.is_null() && schema.nullable) {
      return true;
    }
    if (!has_type(value, schema.type)) {
      wrong_type(frame, type_name(schema.type), type_name(value));
      return false;
    }
    check_enum(frame, schema);
    switch (value.kind()) {
      case NodeKind::Null:
      case NodeKind::Bool:
        break;
      case NodeKind::Number:
        check_number(frame, schema);
        break;
      case NodeKind::String:
        check_string(frame, schema);
        break;
      case NodeKind::Array:
        check_list(frame, schema);
        break;
      case NodeKind::Object:
        check_object(frame, schema);
        break;
    }
    return true;
  }

  void check_enum(const Frame& frame, const SchemaNode& schema) {
    const auto allowed = schema_.enumeration(schema);
    if (allowed.empty() || std::ranges::binary_search(allowed, canonical(*frame.node))) {
      return;
    }
    std::string supported;
    std::vector<std::string_view> names;
    constexpr std::size_t kShown = 40;
    for (std::size_t i = 0; i < std::min(allowed.size(), kShown); ++i) {
      // Go quotes what is no string, too.
      std::string_view text = allowed[i];
      if (text.starts_with('"')) {
        text = text.substr(1, text.size() - 2);
      }
      names.push_back(text);
      supported += fmt::format("{}\"{}\"", supported.empty() ? "" : ", ", excerpt(text));
    }
    supported += allowed.size() > kShown ? ", ..." : "";
    const auto meant = frame.node->is_string() ? nearest(frame.node->text(), names) : std::nullopt;
    walk_.report(
        Kind::UnsupportedValue, frame, found_text(*frame.node), supported,
        fmt::format("{}: Unsupported value: {}: supported values: {}{}", dotted_path(frame),
                    found_text(*frame.node), supported,
                    meant ? fmt::format("; did you mean \"{}\"?", *meant) : std::string{}));
  }

  void check_number(const Frame& frame, const SchemaNode& schema) {
    const Node& value = *frame.node;
    const auto integer = value.integer();
    const bool int32_over = schema.format == SchemaFormat::Int32 && integer &&
                            (*integer < INT32_MIN || *integer > INT32_MAX);
    if (int32_over || (schema.format == SchemaFormat::Float &&
                       std::abs(value.number()) > 3.40282346638528859811704183484516925440e+38)) {
      // A number of another type would have been refused above.
      invalid(frame,
              fmt::format("Checked value must be of type {} with format {} in {}",
                          type_name(schema.type), format_name(schema.format), dotted_path(frame)));
    }
    if (schema.multiple_of && !is_multiple(value, *schema.multiple_of)) {
      should(frame, fmt::format("be a multiple of {}", *schema.multiple_of));
    }
    if (schema.maximum &&
        is_beyond(value, *schema.maximum, schema.is_maximum_exclusive, Side::Above)) {
      should(frame,
             fmt::format("be less than {}{}", schema.is_maximum_exclusive ? "" : "or equal to ",
                         *schema.maximum));
    }
    if (schema.minimum &&
        is_beyond(value, *schema.minimum, schema.is_minimum_exclusive, Side::Below)) {
      should(frame,
             fmt::format("be greater than {}{}", schema.is_minimum_exclusive ? "" : "or equal to ",
                         *schema.minimum));
    }
  }

  void check_string(const Frame& frame, const SchemaNode& schema) {
    const std::string_view text = frame.node->text();
    if (schema.length_max && code_points(text) > *schema.length_max) {
      const std::string why = fmt::format("may not be more than {} byte{}", *schema.length_max,
                                          *schema.length_max == 1 ? "" : "s");
      walk_.report(Kind::InvalidValue, frame, fmt::format("{} characters", code_points(text)), why,
                   fmt::format("{}: Too long: {}", dotted_path(frame), why));
    }
    if (schema.length_min && code_points(text) < *schema.length_min) {
      should(frame, fmt::format("be at least {} chars long", *schema.length_min));
    }
    if (!has_format(text, schema.format)) {
      const std::string why =
          fmt::format("must be of type {}: \"{}\"", format_name(schema.format), excerpt(text));
      invalid(frame, fmt::format("{} in body {}", dotted_path(frame), why));
    }
  }

  void check_list(const Frame& frame, const SchemaNode& schema) {
    const auto size = static_cast<std::int64_t>(frame.node->size());
    if (schema.items_min && size < *schema.items_min) {
      too_few(frame, fmt::format("have at least {} items", *schema.items_min));
    }
    too_many(frame, schema.items_max);
    if (schema.has_unique_items && !repeated(all_items(frame)).empty()) {
      walk_.report(Kind::InvalidValue, frame, "repeated items", "items that differ",
                   fmt::format("{0}: Invalid value: {0} in body shouldn't contain duplicates",
                               dotted_path(frame)));
    }
    if (schema.list == ListKind::Set) {
      for (const std::size_t i : repeated(all_items(frame))) {
        duplicate(frame, i, found_text(frame.node->items()[i]));
      }
    } else if (schema.list == ListKind::Map) {
      check_list_map(frame, schema);
    }
  }

  void check_list_map(const Frame& frame, const SchemaNode& schema) {
    const std::span<const Node> items = frame.node->items();
    std::vector<std::string> keys;
    keys.reserve(items.size());
    for (std::size_t i = 0; i < items.size(); ++i) {
      if (!items[i].is_object() && !items[i].is_null()) {
        const Frame item = child_frame(frame, items[i], {}, i);
        invalid(item, "must be an object for an array of list-type map");
        return;
      }
      std::string key = "{";
      for (const Node& name : schema.list_map_keys) {
        if (const Node* value = items[i].find(name.text()); value != nullptr) {
          key += key.size() > 1 ? "," : "";
          document::append_json_string(key, name.text());
          key += ':';
          document::append_canonical_json(key, *value);
        }
      }
      keys.push_back(key + "}");
    }
    for (const std::size_t i : repeated(keys)) {
      duplicate(frame, i, excerpt(keys[i]));
    }
  }

  void check_object(const Frame& frame, const SchemaNode& schema) {
    const Node& node = *frame.node;
    const auto size = static_cast<std::int64_t>(node.size());
    if (schema.properties_min && size < *schema.properties_min) {
      too_few(frame, fmt::format("have at least {} properties", *schema.properties_min));
    }
    too_many(frame, schema.properties_max);
    check_required(frame, schema);
    if (schema.is_embedded && frame.up != nullptr) {
      check_embedded(frame);
    }
  }

  void check_required(const Frame& frame, const SchemaNode& schema) {
    const Node& node = *frame.node;
    constexpr std::size_t kFew = 32;  // members that are gone through again for each name
    std::vector<std::string_view> present;
    if (node.size() > kFew && schema.required.size() > 1) {
      for (const Member member : node.members()) {
        const SchemaNode* property =
            member.value.is_null() ? schema_.find(schema, member.key) : nullptr;
        if (property == nullptr || property->nullable) {
          present.push_back(member.key);
        }
      }
      std::ranges::sort(present);
    }
    for (const Node& required : schema.required) {
      const std::string_view name = required.text();
      const SchemaNode* property = schema_.find(schema, name);
      bool there = false;
      if (!present.empty()) {
        there = std::ranges::binary_search(present, name);
      } else {
        const Node* value = node.find(name);
        there =
            value != nullptr && (!value->is_null() || property == nullptr || property->nullable);
      }
      if (!there && (property == nullptr || !property->has_default)) {
        walk_.required(frame, name);
      }
    }
  }

  // validateEmbeddedResource
  void check_embedded(const Frame& frame) {
    for (const Name* name : {&kApiVersion, &kKind}) {
      const Node* value = frame.node->find(*name);
      if (value == nullptr) {
        walk_.required(frame, name->text());
      } else if (!value->is_string()) {
        walk_.invalid(Kind::WrongType, frame, name->text(), found_text(*value), "must be a string");
      } else if (value->text().empty()) {
        walk_.invalid(Kind::InvalidValue, frame, name->text(), "\"\"", "must not be empty");
      }
    }
    if (const Node* metadata = map_at(*frame.node, kMetadata); metadata != nullptr) {
      check_object_meta(walk_, child_frame(frame, *metadata, kMetadata.text()));
    }
  }

  // --- What is said ---

  void report_unknown(const Frame& frame, const SchemaNode* schema, std::size_t member) {
    const std::string_view name = frame.node->key(member);
    std::vector<std::string_view> names;
    if (schema != nullptr) {
      for (const auto& property : schema_.properties(*schema)) {
        names.push_back(property.name);
      }
    }
    const auto near = nearest(name, names);
    const std::string message =
        fmt::format("unknown field \"{}\"{}", dotted_path(frame, name),
                    near ? fmt::format(": did you mean \"{}\"?", *near) : std::string{});
    walk_.report_member(Kind::UnknownField, frame, member, excerpt(name),
                        near ? fmt::format("\"{}\"", *near) : std::string{}, message);
  }

  void wrong_type(const Frame& frame, std::string_view wanted, std::string_view found) {
    walk_.report(Kind::WrongType, frame, found_text(*frame.node), wanted,
                 fmt::format("{0}: Invalid value: \"{2}\": {0} in body must be of type {1}: "
                             "\"{2}\"",
                             dotted_path(frame), wanted, found));
  }

  void invalid(const Frame& frame, std::string_view why) {
    walk_.report(
        Kind::InvalidValue, frame, found_text(*frame.node), why,
        fmt::format("{}: Invalid value: {}: {}", dotted_path(frame), found_text(*frame.node), why));
  }

  void should(const Frame& frame, std::string_view what) {
    invalid(frame, fmt::format("{} in body should {}", dotted_path(frame), what));
  }

  // Values of lists and maps are counts.
  void too_few(const Frame& frame, std::string_view what) {
    walk_.report(Kind::InvalidValue, frame, fmt::format("{}", frame.node->size()), what,
                 fmt::format("{0}: Invalid value: {1}: {0} in body should {2}", dotted_path(frame),
                             frame.node->size(), what));
  }

  void too_many(const Frame& frame, const std::optional<std::int64_t>& most) {
    if (!most || static_cast<std::int64_t>(frame.node->size()) <= *most) {
      return;
    }
    const std::string why =
        fmt::format("must have at most {} item{}", *most, *most == 1 ? "" : "s");
    walk_.report(Kind::InvalidValue, frame, fmt::format("{}", frame.node->size()), why,
                 fmt::format("{}: Too many: {}: {}", dotted_path(frame), frame.node->size(), why));
  }

  void duplicate(const Frame& frame, std::size_t index, std::string_view value) {
    const Frame item = child_frame(frame, frame.node->items()[index], {}, index);
    walk_.report(Kind::DuplicateName, item, value, "a value of its own",
                 fmt::format("{}: Duplicate value: {}", dotted_path(item), value));
  }

  static std::vector<std::string> all_items(const Frame& frame) {
    std::vector<std::string> texts;
    texts.reserve(frame.node->size());
    for (const Node& item : frame.node->items()) {
      texts.push_back(canonical(item));
    }
    return texts;
  }

  // The second of each run of equal texts, by position.
  static std::vector<std::size_t> repeated(const std::vector<std::string>& texts) {
    std::vector<std::size_t> order(texts.size());
    for (std::size_t i = 0; i < order.size(); ++i) {
      order[i] = i;
    }
    std::ranges::sort(order, [&](std::size_t a, std::size_t b) {
      return std::tie(texts[a], a) < std::tie(texts[b], b);
    });
    std::vector<std::size_t> found;
    for (std::size_t i = 1; i < order.size(); ++i) {
      const bool same = texts[order[i]] == texts[order[i - 1]];
      const bool second = same && (i == 1 || texts[order[i - 2]] != texts[order[i]]);
      if (second) {
        found.push_back(order[i]);
      }
    }
    std::ranges::sort(found);
    return found;
  }

  static inline const Name kApiVersion{"apiVersion"};
  static inline const Name kKind{"kind"};
  static inline const Name kMetadata{"metadata"};

  StructureWalk& walk_;
  const CustomSchema& schema_;
};

}  // namespace

void check_custom_schema(StructureWalk& walk, const CustomSchema& schema) {
  const Frame root{
      .up = nullptr, .node = &walk.object.root, .type = nullptr, .key = {}, .index = 0};
  if (!schema.over_limit().empty()) {
    walk.report_child(Kind::InvalidValue, root, "kind",
                      fmt::format("\"{}\"", excerpt(walk.object.ref.kind)),
                      "a schema within the limits",
                      fmt::format("the object was not held to its CustomResourceDefinition: {}",
                                  schema.over_limit()));
    return;
  }
  SchemaChecker(walk, schema).check_root(root);
}

}  // namespace tally::kube::internal

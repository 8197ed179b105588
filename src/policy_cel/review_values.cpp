#include "policy_cel/review_values.hpp"

#include <array>
#include <string>

#include "kube/namespace_labels.hpp"

namespace tally::policy_cel {

using cel::HostMap;
using cel::Value;
using cel::ValueKind;
using document::Node;

namespace {

const document::Name kApiVersion{"apiVersion"};
const document::Name kSpec{"spec"};
const document::Name kStatus{"status"};

// A few named values.
class Record final : public HostMap {
 public:
  struct Field {
    std::string_view name;
    Value value;
  };
  static constexpr std::size_t kFieldsMax = 17;

  void add(std::string_view name, const Value& value) { fields_[size_++] = {name, value}; }
  // As `omitempty` leaves it out.
  void add_text(std::string_view name, std::string_view text) {
    if (!text.empty()) {
      add(name, Value::string(text));
    }
  }

  [[nodiscard]] std::size_t size() const override { return size_; }
  [[nodiscard]] Value key_at(Arena&, std::size_t i) const override {
    return Value::string(fields_[i].name);
  }
  [[nodiscard]] Value value_at(Arena&, std::size_t i) const override { return fields_[i].value; }
  [[nodiscard]] bool find(Arena&, const Value& key, Value& out) const override {
    if (!key.is(ValueKind::String)) {
      return false;
    }
    for (std::size_t i = 0; i < size_; ++i) {
      if (fields_[i].name == key.text()) {
        out = fields_[i].value;
        return true;
      }
    }
    return false;
  }
  [[nodiscard]] bool has(Arena&, std::string_view field) const override {
    for (std::size_t i = 0; i < size_; ++i) {
      if (fields_[i].name == field) {
        return true;
      }
    }
    return false;
  }

 private:
  std::array<Field, kFieldsMax> fields_{};
  std::size_t size_ = 0;
};

// Labels of which one is known.
class PartlyKnown final : public HostMap {
 public:
  PartlyKnown(std::string_view key, std::string_view value) noexcept : key_(key), value_(value) {}
  [[nodiscard]] std::size_t size() const override { return 2; }
  [[nodiscard]] Value key_at(Arena&, std::size_t i) const override {
    return i == 0 ? Value::string(key_) : Value::unknown(0);
  }
  [[nodiscard]] Value value_at(Arena&, std::size_t i) const override {
    return i == 0 ? Value::string(value_) : Value::unknown(0);
  }
  [[nodiscard]] bool find(Arena&, const Value& key, Value& out) const override {
    if (!key.is(ValueKind::String)) {
      return false;
    }
    out = key.text() == key_ ? Value::string(value_) : Value::unknown(0);
    return true;
  }
  [[nodiscard]] bool has(Arena&, std::string_view) const override { return true; }

 private:
  std::string_view key_;
  std::string_view value_;
};

Value map_of(const HostMap* map) { return Value::map(map); }

Value kind_value(Arena& arena, std::string_view group, std::string_view version,
                 std::string_view name, std::string_view value) {
  auto* record = arena.create<Record>();
  record->add("group", Value::string(group));
  record->add("version", Value::string(version));
  record->add(name, Value::string(value));
  return map_of(record);
}

Value user_value(Arena& arena, const kube::UserInfo& user, EmptyUser empty) {
  const bool given = !user.username.empty() || !user.uid.empty() || user.groups.size() != 0 ||
                     user.extra.size() != 0;
  if (!given && empty == EmptyUser::IsUnknown) {
    return Value::unknown(0);
  }
  auto* record = arena.create<Record>();
  record->add_text("username", user.username);
  record->add_text("uid", user.uid);
  if (user.groups.size() != 0) {
    record->add("groups", Value::from_node(user.groups));
  }
  if (user.extra.size() != 0) {
    record->add("extra", Value::from_node(user.extra));
  }
  return map_of(record);
}

Node text_map(Arena& arena, std::string_view key, const Node& value) {
  const std::array keys{key};
  const std::array values{value};
  return Node::make_object(arena, std::span<const Node>{values},
                           std::span<const std::string_view>{keys}, {}, value.offset());
}

const Node& kept(Arena& arena, const Node& node) { return *arena.create<Node>(node); }

// `map` with one text more, in place of what it has there.
Node with_text(Arena& arena, const Node& map, std::string_view key, std::string_view text) {
  const std::size_t size = map.is_object() ? map.size() : 0;
  auto* keys = arena.allocate_array<std::string_view>(size + 1);
  auto* values = arena.allocate_array<Node>(size + 1);
  std::size_t count = 0;
  for (std::size_t i = 0; i < size; ++i) {
    if (map.key(i) != key) {
      keys[count] = map.key(i);
      values[count++] = map.items()[i];
    }
  }
  keys[count] = key;
  values[count++] = Node::make_string(text, map.offset());
  return Node::make_object(arena, std::span<const Node>{values, count},
                           std::span<const std::string_view>{keys, count}, {}, map.offset());
}

void known_namespace(Arena& arena, const kube::Object& object, Record& record) {
  auto* metadata = arena.create<Record>();
  for (const std::string_view name :
       {"name", "generateName", "uid", "resourceVersion", "generation", "creationTimestamp",
        "deletionTimestamp", "deletionGracePeriodSeconds", "annotations", "finalizers"}) {
    const Node* field = object.metadata.find(name);
    if (field != nullptr && !field->is_null()) {
      metadata->add(name, Value::from_node(*field));
    } else if (name == "creationTimestamp") {
      metadata->add(name, Value::unknown(0));
    }
  }
  const Node labels = with_text(arena, object.labels(), kube::kNamespaceNameLabel, object.ref.name);
  metadata->add("labels", Value::from_node(kept(arena, labels)));
  record.add("metadata", map_of(metadata));
  for (const document::Name* name : {&kSpec, &kStatus}) {
    const Node* field = object.root.find(*name);
    if (field != nullptr && field->is_object() && field->size() != 0) {
      record.add(name->text(), Value::from_node(*field));
    }
  }
}

void unknown_namespace(Arena& arena, std::string_view name, Record& record) {
  auto* metadata = arena.create<Record>();
  metadata->add("name", Value::string(name));
  metadata->add("labels", map_of(arena.create<PartlyKnown>(kube::kNamespaceNameLabel, name)));
  for (const std::string_view field : {"annotations", "uid", "resourceVersion", "generation",
                                       "creationTimestamp", "deletionTimestamp", "finalizers"}) {
    metadata->add(field, Value::unknown(0));
  }
  record.add("metadata", map_of(metadata));
}

// What the server fills in for a namespace that somebody wrote.
void add_usual(Arena& arena, Record& record) {
  if (!record.has(arena, "spec")) {
    const std::array finalizers{Node::make_string("kubernetes", 0)};
    const Node list = Node::make_array(arena, finalizers, 0);
    record.add("spec", Value::from_node(kept(arena, text_map(arena, "finalizers", list))));
  }
  if (!record.has(arena, "status")) {
    record.add("status", Value::from_node(kept(
                             arena, text_map(arena, "phase", Node::make_string("Active", 0)))));
  }
}

// Of custom kinds, the strategy None changes apiVersion only; what a webhook does is not known.
bool converts_by_webhook(const kube::GroupVersionKind& kind, const MatchContext& context) {
  const kube::ApiKind* row = context.kinds->find(kind.group, kind.version, kind.kind);
  if (context.snapshot == nullptr || row == nullptr) {
    return false;
  }
  const std::string name = std::string(row->plural) + "." + std::string(row->group);
  const kube::Object* definition =
      context.snapshot->find("apiextensions.k8s.io", "CustomResourceDefinition", "", name);
  const Node* spec = definition == nullptr ? nullptr : definition->root.find(kSpec);
  const Node* conversion = spec == nullptr ? nullptr : spec->find("conversion");
  const Node* strategy = conversion == nullptr ? nullptr : conversion->find("strategy");
  return strategy != nullptr && strategy->text() == "Webhook";
}

}  // namespace

Value request_value(Arena& arena, const kube::Review& review, const Matched& matched,
                    EmptyUser user, RequestShape shape) {
  auto* record = arena.create<Record>();
  const bool has_request_kind = !review.request_kind.kind.empty();
  const kube::GroupVersionKind& kind = has_request_kind ? review.request_kind : review.kind;
  const kube::GroupVersionResource& resource =
      has_request_kind ? review.request_resource : review.resource;
  record->add("kind", kind_value(arena, matched.kind.group, matched.kind.version, "kind",
                                 matched.kind.kind));
  record->add("resource", kind_value(arena, matched.resource.group, matched.resource.version,
                                     "resource", matched.resource.resource));
  record->add_text("subResource", review.subresource);
  record->add("requestKind", kind_value(arena, kind.group, kind.version, "kind", kind.kind));
  record->add("requestResource",
              kind_value(arena, resource.group, resource.version, "resource", resource.resource));
  record->add_text("requestSubResource", review.request_subresource.empty()
                                             ? review.subresource
                                             : review.request_subresource);
  record->add_text("name", review.name);
  record->add_text("namespace", review.name_space);
  record->add("operation", Value::string(kube::operation_name(review.operation)));
  record->add("userInfo", user_value(arena, review.user_info, user));
  record->add("dryRun", Value::boolean(review.dry_run));
  record->add("options", Value::from_node(review.options));
  if (shape == RequestShape::WithObjects) {
    record->add("uid", Value::string(review.uid));
    record->add("object", Value::from_node(review.object));
    record->add("oldObject", Value::from_node(review.old_object));
  }
  return map_of(record);
}

Value namespace_value(Arena& arena, const kube::Review& review, const kube::Snapshot* snapshot) {
  const bool is_namespace =
      review.kind.group.empty() && review.kind.version == "v1" && review.kind.kind == "Namespace";
  if (review.name_space.empty() || is_namespace) {
    return Value::null();
  }
  const kube::Object* known =
      snapshot == nullptr ? nullptr : snapshot->find("", "Namespace", "", review.name_space);
  auto* record = arena.create<Record>();
  if (known != nullptr) {
    known_namespace(arena, *known, *record);
  } else {
    unknown_namespace(arena, review.name_space, *record);
  }
  add_usual(arena, *record);
  return map_of(record);
}

bool as_version(Arena& arena, const Node& object, const kube::GroupVersionKind& from,
                const kube::GroupVersionKind& to, const MatchContext& context, Node& out) {
  if (!object.is_object() || (from.group == to.group && from.version == to.version)) {
    out = object;
    return true;
  }
  const kube::ApiKind* a = kube::find_kind(from.group, from.version, from.kind);
  const kube::ApiKind* b = kube::find_kind(to.group, to.version, to.kind);
  if (a != nullptr && b != nullptr) {
    if (!a->type || !b->type || *a->type != *b->type) {
      return false;
    }
  } else if (context.kinds == nullptr ||
             context.kinds->find(from.group, from.version, from.kind) == nullptr ||
             context.kinds->find(to.group, to.version, to.kind) == nullptr) {
    return false;
  } else if (converts_by_webhook(from, context)) {
    return false;
  }
  const std::string_view version =
      to.group.empty() ? to.version : arena.concat({to.group, "/", to.version});
  const std::size_t size = object.size();
  auto* keys = arena.allocate_array<std::string_view>(size);
  auto* values = arena.allocate_array<Node>(size);
  for (std::size_t i = 0; i < size; ++i) {
    keys[i] = object.key(i);
    values[i] = keys[i] == kApiVersion.text()
                    ? Node::make_string(version, object.items()[i].offset())
                    : object.items()[i];
  }
  out = Node::make_object(arena, std::span<const Node>{values, size},
                          std::span<const std::string_view>{keys, size}, {}, object.offset());
  return true;
}

}  // namespace tally::policy_cel

// Objects of the Snapshot, and what an image reference says (github.com/kyverno/sdk
// extensions/cel/libs/{resource,globalcontext,imagedata}, extensions/imagedataloader).
#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "assessment/internal/host_answers.hpp"
#include "assessment/kyverno_world.hpp"
#include "scalar/image_reference.hpp"

namespace tally::assessment {

using cel::Value;
using cel::ValueKind;
using document::Node;

namespace {

struct Resource {
  std::string_view group;
  std::string_view version;
  std::string_view kind;
  bool is_namespaced = true;
};

// "apps/v1": false: there is more than one slash.
bool split_api_version(std::string_view text, std::string_view& group, std::string_view& version) {
  const std::size_t slash = text.find('/');
  group = slash == std::string_view::npos ? std::string_view{} : text.substr(0, slash);
  version = slash == std::string_view::npos ? text : text.substr(slash + 1);
  return version.find('/') == std::string_view::npos;
}

// By the table of kinds, the definitions of the input, or the objects themselves: a kind of which
// nothing is known has the plural that client-go guesses.
std::optional<Resource> find_resource(const HostContext& world, std::string_view group,
                                      std::string_view version, std::string_view plural) {
  const auto from_row = [](const kube::ApiKind& row) {
    return Resource{.group = row.group,
                    .version = row.version,
                    .kind = row.kind,
                    .is_namespaced = row.scope == kube::Scope::Namespaced};
  };
  if (const kube::ApiKind* row = kube::find_resource(group, version, plural)) {
    return from_row(*row);
  }
  if (world.kinds() != nullptr) {
    for (const kube::ApiKind& row : world.kinds()->kinds()) {
      if (row.group == group && row.version == version && row.plural == plural) {
        return from_row(row);
      }
    }
  }
  for (const kube::Object& object : world.snapshot().objects()) {
    if (object.kind == nullptr && object.ref.group == group && object.ref.version == version &&
        kube::guess_plural(object.ref.kind) == plural) {
      return Resource{.group = object.ref.group,
                      .version = object.ref.version,
                      .kind = object.ref.kind,
                      .is_namespaced = kube::is_namespaced(object)};
    }
  }
  return std::nullopt;
}

bool has_labels(Arena& arena, const kube::Object& object, const Value& labels) {
  for (std::size_t i = 0; i < cel::map_size(labels); ++i) {
    const Value key = cel::map_key_at(arena, labels, i);
    const Value wanted = cel::map_value_at(arena, labels, i);
    if (!key.is(ValueKind::String) || !wanted.is(ValueKind::String) ||
        object.label(key.text()) != wanted.text()) {
      return false;
    }
  }
  return true;
}

// The namespace that a call names. Policies of a namespace name none, and read only their own.
std::optional<std::string_view> namespace_of(const Asker& asker, const Value& argument) {
  if (argument.is(ValueKind::Null)) {
    return asker.own_namespace.empty() ? std::nullopt : std::optional{asker.own_namespace};
  }
  if (!argument.is(ValueKind::String) ||
      (!asker.own_namespace.empty() && argument.text() != asker.own_namespace)) {
    return std::nullopt;
  }
  return argument.text();
}

Value unknown_kind(Arena& arena, std::string_view function, const Value& version,
                   const Value& resource) {
  return not_known(arena, {function, ": the input holds no ", resource.text(), " of ",
                           version.text(), ": what a cluster would hold is not known"});
}

Value get_object(Arena& arena, const HostContext& world, const Resource& resource,
                 std::string_view name_space, std::span<const Value> args) {
  if (world.snapshot().by_kind(resource.group, resource.kind).empty()) {
    return unknown_kind(arena, "resource.get", args[0], args[1]);
  }
  const kube::Object* object = world.snapshot().find(
      resource.group, resource.kind, resource.is_namespaced ? name_space : std::string_view{},
      args[3].text());
  if (object == nullptr) {
    return Value::null();  // NotFound
  }
  if (object->ref.version != resource.version) {
    return not_known(arena, {"resource.get: ", resource.kind, " ", args[3].text(),
                             " is written as version ", object->ref.version});
  }
  return Value::from_node(object->root);
}

Value list_objects(Arena& arena, const HostContext& world, const Resource& resource,
                   std::string_view name_space, std::span<const Value> args) {
  const ObjectQuery query{.group = resource.group,
                          .version = resource.version,
                          .resource = args[1].text(),
                          .name_space = resource.is_namespaced ? name_space : std::string_view{}};
  std::string_view kind;
  const Value* labels = args.size() > 3 && args[3].is(ValueKind::Map) ? &args[3] : nullptr;
  const Value items = objects_of(arena, world, query, labels, kind);
  if (items.is_outcome()) {
    return items;
  }
  cel::MapBuilder metadata(arena, 1);
  metadata.add(Value::string("resourceVersion"), Value::string(""));
  cel::MapBuilder list(arena, 4);
  list.add(Value::string("apiVersion"), args[0]);
  list.add(Value::string("kind"), Value::string(arena.concat({kind, "List"})));
  list.add(Value::string("metadata"), metadata.finish());
  list.add(Value::string("items"), items);
  return list.finish();
}

Value plural_of(Arena& arena, const HostContext& world, std::span<const Value> args) {
  std::string_view group;
  std::string_view version;
  if (args.size() != 2 || !args[0].is(ValueKind::String) || !args[1].is(ValueKind::String) ||
      !split_api_version(args[0].text(), group, version)) {
    return cel::make_error(arena, cel::ErrorCode::InvalidArgument,
                           "resource.toGVR: an apiVersion and a kind are expected");
  }
  const std::string_view kind = args[1].text();
  const kube::ApiKind* row = kube::find_kind(group, version, kind);
  if (row == nullptr && world.kinds() != nullptr) {
    row = world.kinds()->find(group, version, kind);
  }
  return Value::string(row != nullptr ? row->plural : arena.copy(kube::guess_plural(kind)));
}

// What is known of an image without its registry. The other fields of imagedataloader's ImageData
// exist, and are errors.
class ReferenceData final : public cel::HostMap {
 public:
  enum Field : std::uint8_t { Image, Registry, Repository, Identifier, Tag, Digest, kFieldCount };
  static constexpr std::array<std::string_view, kFieldCount> kNames = {
      "image", "registry", "repository", "identifier", "tag", "digest"};
  static constexpr std::array<std::string_view, 4> kOfRegistry = {"resolvedImage", "imageIndex",
                                                                  "manifest", "config"};

  explicit ReferenceData(const std::array<std::string_view, kFieldCount>& values) noexcept
      : values_(values) {}

  [[nodiscard]] std::size_t size() const override { return kFieldCount + kOfRegistry.size(); }
  [[nodiscard]] Value key_at(Arena&, std::size_t i) const override {
    return Value::string(i < kFieldCount ? kNames[i] : kOfRegistry[i - kFieldCount]);
  }
  [[nodiscard]] Value value_at(Arena& arena, std::size_t i) const override {
    return i < kFieldCount ? Value::string(values_[i])
                           : of_registry(arena, kOfRegistry[i - kFieldCount]);
  }
  [[nodiscard]] bool find(Arena& arena, const Value& key, Value& out) const override {
    if (!key.is(ValueKind::String)) {
      return false;
    }
    for (std::size_t i = 0; i < size(); ++i) {
      // What is empty is left out (`omitempty`).
      if (key_at(arena, i).text() == key.text() && (i >= kFieldCount || !values_[i].empty())) {
        out = value_at(arena, i);
        return true;
      }
    }
    return false;
  }
  [[nodiscard]] bool has(Arena& arena, std::string_view field) const override {
    Value ignored;
    return find(arena, Value::string(field), ignored);
  }

 private:
  [[nodiscard]] Value of_registry(Arena& arena, std::string_view field) const {
    return not_known(arena, {"image.getMetadata: the ", field, " of ", values_[Image],
                             " is known to its registry, which is not asked"});
  }
  std::array<std::string_view, kFieldCount> values_;
};

}  // namespace

Value objects_of(Arena& arena, const HostContext& world, const ObjectQuery& query,
                 const Value* labels, std::string_view& kind) {
  const auto resource = find_resource(world, query.group, query.version, query.resource);
  const auto positions = resource ? world.snapshot().by_kind(resource->group, resource->kind)
                                  : std::span<const std::uint32_t>{};
  if (positions.empty()) {
    return not_known(arena, {"the input holds no ", query.resource, " of ", query.group,
                             query.group.empty() ? "" : "/", query.version,
                             ": what a cluster would hold is not known"});
  }
  kind = resource->kind;
  std::vector<Value> items;
  for (const std::uint32_t position : positions) {
    const kube::Object& object = world.snapshot().objects()[position];
    if ((!query.name_space.empty() && object.ref.name_space != query.name_space) ||
        (labels != nullptr && !has_labels(arena, object, *labels))) {
      continue;
    }
    if (object.ref.version != query.version) {
      return not_known(arena,
                       {kind, " ", object.ref.name, " is written as version ", object.ref.version});
    }
    items.push_back(Value::from_node(object.root));
  }
  return Value::list(arena.copy(std::span<const Value>{items}));
}

Value answer_resource(Arena& arena, const HostContext& world, const Asker& asker,
                      std::string_view function, std::span<const Value> args) {
  if (function == "toGVR") {
    return plural_of(arena, world, args);
  }
  const bool is_get = function == "get";
  if (!is_get && function != "list") {
    return not_known(arena, {"resource.", function, ": nothing is created while files are judged"});
  }
  std::string_view group;
  std::string_view version;
  if (args.size() < (is_get ? 4U : 3U) || !args[0].is(ValueKind::String) ||
      !args[1].is(ValueKind::String) || (is_get && !args[3].is(ValueKind::String)) ||
      !split_api_version(args[0].text(), group, version)) {
    return cel::make_error(arena, cel::ErrorCode::InvalidArgument,
                           {"resource.", function, ": unexpected arguments"});
  }
  const auto name_space = namespace_of(asker, args[2]);
  if (!name_space) {
    return cel::make_error(
        arena, cel::ErrorCode::InvalidArgument,
        {"resource.", function, ": a policy of a namespace reads only its own namespace"});
  }
  const auto resource = find_resource(world, group, version, args[1].text());
  if (!resource) {
    return unknown_kind(arena, is_get ? "resource.get" : "resource.list", args[0], args[1]);
  }
  return is_get ? get_object(arena, world, *resource, *name_space, args)
                : list_objects(arena, world, *resource, *name_space, args);
}

// pkg/cel/libs (GetGlobalReference), pkg/globalcontext: KyvernoWorld reads the entries.
Value answer_global_context(Arena& arena, const HostContext& world, const Asker& asker,
                            std::span<const Value> args) {
  if (args.empty() || !args[0].is(ValueKind::String)) {
    return cel::make_error(arena, cel::ErrorCode::InvalidArgument,
                           "globalContext.get: a name is expected");
  }
  // pkg/cel/compiler/http.go, ConfineGlobalContext: an entry reads the whole cluster.
  if (!asker.own_namespace.empty()) {
    return cel::make_error(arena, cel::ErrorCode::Custom,
                           "globalContext.* is not allowed in namespaced policies");
  }
  KyvernoWorld entries(world.snapshot(), world.kinds(), -1);
  if (const Outside* outside = asker.outside != nullptr ? asker.outside : world.outside()) {
    entries.connect(*outside);
  }
  const std::string_view projection =
      args.size() > 1 && args[1].is(ValueKind::String) ? args[1].text() : std::string_view{};
  const auto entry = entries.global_entry(arena, args[0].text(), projection);
  if (!entry) {
    return cel::make_error(
        arena, entry.error().is_unknown ? cel::ErrorCode::NotProvided : cel::ErrorCode::Custom,
        {"globalContext.get: ", arena.copy(entry.error().message)});
  }
  // A value refers to its node.
  const Node& value = *arena.create<Node>(entry->value);
  return entry->is_called ? json_value(arena, value) : Value::from_node(value);
}

Value answer_image_data(Arena& arena, std::span<const Value> args) {
  const bool is_text = !args.empty() && args[0].is(ValueKind::String);
  const auto reference = is_text ? scalar::ImageReference::parse(args[0].text())
                                 : Result<scalar::ImageReference>(content_error("no image"));
  if (!reference) {
    return cel::make_error(arena, cel::ErrorCode::InvalidArgument,
                           {"failed to get image data: ", reference.error().message});
  }
  const bool by_digest = !reference->digest.empty();
  const std::string_view identifier = arena.copy(by_digest ? reference->digest : reference->tag);
  return Value::map(static_cast<const cel::HostMap*>(
      arena.create<ReferenceData>(std::array<std::string_view, ReferenceData::kFieldCount>{
          args[0].text(), arena.copy(reference->registry), arena.copy(reference->repository),
          identifier, by_digest ? std::string_view{} : identifier,
          by_digest ? identifier : std::string_view{}})));
}

}  // namespace tally::assessment

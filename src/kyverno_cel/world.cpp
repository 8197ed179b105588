#include "kyverno_cel/internal/world.hpp"

#include <algorithm>
#include <array>

#include "kube/objects.hpp"
#include "kyverno_cel/internal/nodes.hpp"

namespace tally::kyverno_cel {

using cel::ErrorCode;
using cel::Value;
using cel::ValueKind;
using document::Node;

namespace {

constexpr std::size_t kGeneratedMax = 100'000;
constexpr std::size_t kArgsMax = 8;

// A kind that is not known lives in namespaces (kube::is_namespaced).
bool is_of_cluster(const Node& object, const kube::CustomKinds* kinds) {
  const auto version = kube::split_api_version(text_at(object, {"apiVersion"}));
  const std::string_view kind = text_at(object, {"kind"});
  if (!version) {
    return false;
  }
  const kube::ApiKind* row = kube::find_kind(version->group, version->version, kind);
  if (row == nullptr && kinds != nullptr) {
    row = kinds->find(version->group, version->version, kind);
  }
  return row != nullptr && row->scope == kube::Scope::Cluster;
}

}  // namespace

Value World::ask(Arena& arena, std::string_view capability, std::string_view function,
                 std::span<const Value> args) const {
  const bool confined = !bounds_.policy_namespace.empty();
  if (capability == "generator") {
    return collect(arena, args);
  }
  if (confined && capability == "globalContext") {
    return cel::make_error(arena, ErrorCode::Custom,
                           "globalContext.* is not allowed in namespaced policies");
  }
  if (confined && capability == "http" && !bounds_.allows_http) {
    return cel::make_error(arena, ErrorCode::Custom,
                           "http calls are not allowed in namespaced policies: set "
                           "--allowHTTPInNamespacedPolicies to enable");
  }
  if (capability == "imageVerify" && function.starts_with("verify")) {
    return verify(arena, function, args);
  }
  if (bounds_.outer == nullptr) {
    return cel::not_provided(arena, capability, function);
  }
  if (confined && capability == "resource" && args.size() > 2 && args.size() <= kArgsMax) {
    std::array<Value, kArgsMax> own{};
    std::ranges::copy(args, own.begin());
    own[2] = Value::string(bounds_.policy_namespace);
    return bounds_.outer->ask(arena, capability, function,
                              std::span<const Value>{own.data(), args.size()});
  }
  return bounds_.outer->ask(arena, capability, function, args);
}

// imageverify/impl.go: an image that matchImageReferences does not select has no signatures.
Value World::verify(Arena& arena, std::string_view function, std::span<const Value> args) const {
  const bool names_image = !args.empty() && args[0].is(ValueKind::String);
  if (names_image && selects_ && !selects_(args[0].text())) {
    return Value::integer(0);
  }
  if (bounds_.outer == nullptr) {
    return cel::not_provided(arena, "imageVerify", function);
  }
  const Value answer = bounds_.outer->ask(arena, "imageVerify", function, args);
  if (names_image && answer.is(ValueKind::Int)) {
    (answer.as_int() > 0 ? verified_ : tried_).emplace_back(args[0].text());
  }
  return answer;
}

bool World::is_verified(std::string_view image) const {
  return std::ranges::find(verified_, image) != verified_.end();
}
bool World::is_attempted(std::string_view image) const {
  return std::ranges::find(tried_, image) != tried_.end();
}

Value World::collect(Arena& arena, std::span<const Value> args) const {
  if (args.size() != 2 || !args[1].is(ValueKind::List)) {
    return cel::make_error(arena, ErrorCode::InvalidArgument,
                           "generator.apply: expected a list of objects");
  }
  const std::string_view name_space =
      args[0].is(ValueKind::String) ? args[0].text() : bounds_.policy_namespace;
  for (std::size_t i = 0; i < cel::list_size(args[1]); ++i) {
    const Value item = cel::list_at(arena, args[1], i);
    if (item.is_outcome()) {
      return item;
    }
    Node node;
    if (!item.is(ValueKind::Map) || !cel::to_node(arena, item, {}, node)) {
      return cel::make_error(arena, ErrorCode::InvalidArgument,
                             "generator.apply: expected a list of objects");
    }
    std::string problem;
    if (!generate(arena, name_space, node, problem)) {
      return cel::make_error(arena, ErrorCode::Custom, problem);
    }
  }
  return Value::boolean(true);
}

// contextProvider.GenerateResources of pkg/cel/libs/context.go: the items of a list each, without
// what a server has filled in.
bool World::generate(Arena& arena, std::string_view name_space, const Node& object,
                     std::string& problem) const {
  if (generated_.size() >= kGeneratedMax) {
    problem = "more than " + std::to_string(kGeneratedMax) + " objects are generated";
    return false;
  }
  if (const Node* items = object.find("items"); items != nullptr && items->is_array()) {
    return std::ranges::all_of(items->items(), [&](const Node& item) {
      return !item.is_object() || item.find("items") != nullptr ||
             generate(arena, name_space, item, problem);
    });
  }
  std::string_view target = name_space;
  if (is_of_cluster(object, bounds_.kinds)) {
    if (!name_space.empty() && !bounds_.policy_namespace.empty()) {
      problem = "cross-scope generation denied: a policy scoped to namespace \"" +
                std::string(name_space) + "\" cannot generate cluster-scoped resource " +
                std::string(text_at(object, {"apiVersion"})) + "/" +
                std::string(text_at(object, {"kind"}));
      return false;
    }
    target = {};
  }
  const Node* written = present(object, "metadata");
  Node metadata = written == nullptr ? Node{} : *written;
  const std::string_view source = text_at(object, {"metadata", "namespace"});
  if (!source.empty() && source != target) {
    metadata = without_member(arena, metadata, "ownerReferences");
  }
  for (const std::string_view field :
       {"uid", "selfLink", "creationTimestamp", "managedFields", "resourceVersion"}) {
    metadata = without_member(arena, metadata, field);
  }
  metadata = target.empty() ? without_member(arena, metadata, "namespace")
                            : with_member(arena, metadata, "namespace",
                                          Node::make_string(arena.copy(target), object.offset()));
  generated_.push_back(metadata.is_object() ? with_member(arena, object, "metadata", metadata)
                                            : object);
  return true;
}

}  // namespace tally::kyverno_cel

#include "kube/object.hpp"

namespace tally::kube {

namespace {

using document::Name;
using document::Node;

const Name kLabels{"labels"};
const Name kAnnotations{"annotations"};
const Name kOwnerReferences{"ownerReferences"};
const Name kController{"controller"};
const Name kKind{"kind"};
const Name kName{"name"};
const Name kUid{"uid"};

Node map_at(const Node& metadata, const Name& name) {
  const Node* found = metadata.find(name);
  return found != nullptr && found->is_object() ? *found : Node{};
}

std::optional<std::string_view> text_at(const Node& map, std::string_view key) {
  const Node* found = map.find(key);
  return found != nullptr && found->is_string() ? std::optional{found->text()} : std::nullopt;
}

std::string_view text_or_empty(const Node& map, const Name& name) {
  const Node* found = map.find(name);
  return found != nullptr && found->is_string() ? found->text() : std::string_view{};
}

}  // namespace

Node Object::labels() const { return map_at(metadata, kLabels); }

Node Object::annotations() const { return map_at(metadata, kAnnotations); }

std::optional<std::string_view> Object::label(std::string_view key) const {
  return text_at(labels(), key);
}

std::optional<std::string_view> Object::annotation(std::string_view key) const {
  return text_at(annotations(), key);
}

std::optional<Object::Owner> Object::owner() const {
  const Node* references = metadata.find(kOwnerReferences);
  if (references == nullptr || !references->is_array() || references->size() == 0) {
    return std::nullopt;
  }
  const Node* chosen = &references->items().front();
  for (const Node& reference : references->items()) {
    if (const Node* controller = reference.find(kController);
        controller != nullptr && controller->boolean()) {
      chosen = &reference;
      break;
    }
  }
  const Owner owner{.kind = text_or_empty(*chosen, kKind),
                    .name = text_or_empty(*chosen, kName),
                    .uid = text_or_empty(*chosen, kUid)};
  return owner.kind.empty() && owner.name.empty() ? std::nullopt : std::optional{owner};
}

}  // namespace tally::kube

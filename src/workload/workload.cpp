#include "workload/workload.hpp"

#include <charconv>

#include "workload/internal/view.hpp"

namespace tally::workload {

using document::Name;
using document::Node;

namespace {

const Name kContainers{"containers"};
const Name kInitContainers{"initContainers"};
const Name kName{"name"};
const Name kImage{"image"};
const Name kResources{"resources"};
const Name kLimits{"limits"};
const Name kCpu{"cpu"};
const Name kMemory{"memory"};
const Name kSecurityContext{"securityContext"};
const Name kReadinessProbe{"readinessProbe"};
const Name kLivenessProbe{"livenessProbe"};
const Name kRestartPolicy{"restartPolicy"};

ContainerView view_of(const Node& node, std::string_view list, std::size_t index, bool init) {
  ContainerView view;
  view.node = &node;
  view.list = list;
  view.index = index;
  const Node* name = node.find(kName);
  view.name = name != nullptr && name->is_string() ? name->text() : std::string_view{};
  view.image = node.find(kImage);
  view.resources = node.find(kResources);
  view.security_context = node.find(kSecurityContext);
  const auto probe = [&](const Name& which) {
    const Node* found = node.find(which);
    return found != nullptr && !found->is_null();
  };
  view.has_readiness_probe = probe(kReadinessProbe);
  view.has_liveness_probe = probe(kLivenessProbe);
  const Node* restart = init ? node.find(kRestartPolicy) : nullptr;
  // An init container with restartPolicy Always is a sidecar: it runs beside the others.
  view.init = init && (restart == nullptr || restart->text() != "Always");
  return view;
}

void judge_container(const ContainerView& view, Reporter& reporter, Census& census) {
  if (view.image != nullptr && view.image->is_string()) {
    census.images += 1;
    census.images_unpinned += has_digest(view.image->text()) ? 0U : 1U;
  }
  if (!view.init && (!has_limit(view, kCpu) || !has_limit(view, kMemory))) {
    census.without_limits = true;
  }
  for (const Entry& entry : entries()) {
    if (entry.container != nullptr) {
      entry.container(view, reporter);
    }
  }
}

}  // namespace

bool has_digest(std::string_view image) noexcept {
  const auto at = image.find('@');
  return at != std::string_view::npos && image.substr(at + 1).contains(':');
}

std::optional<std::string_view> image_tag(std::string_view image) noexcept {
  image = image.substr(0, image.find('@'));
  const auto slash = image.rfind('/');
  const std::string_view last = slash == std::string_view::npos ? image : image.substr(slash + 1);
  const auto colon = last.find(':');
  if (colon == std::string_view::npos || colon + 1 == last.size()) {
    return std::nullopt;
  }
  return last.substr(colon + 1);
}

bool has_limit(const ContainerView& container, const Name& resource) {
  const Node* limits =
      container.resources == nullptr ? nullptr : container.resources->find(kLimits);
  const Node* value = limits == nullptr ? nullptr : limits->find(resource);
  return value != nullptr && !value->is_null();
}

void Reporter::object(const finding::Check& check, const ContainerView* container,
                      const Objection& objection) {
  Site site;
  site.check = &check;
  site.offset = objection.offset;
  site.found = objection.found;
  site.allowed = objection.allowed;
  site.message = objection.message;
  if (container == nullptr) {
    site.pointer = arena_->concat({workload_->spec_pointer, objection.field});
  } else {
    site.container = container->name;
    std::array<char, 24> digits{};
    const auto end =
        std::to_chars(digits.data(), digits.data() + digits.size(), container->index).ptr;
    site.pointer = arena_->concat(
        {workload_->spec_pointer, "/", container->list, "/",
         std::string_view{digits.data(), static_cast<std::size_t>(end - digits.data())},
         objection.field});
  }
  sites_->push_back(site);
}

Census evaluate(const Workload& workload, Arena& arena, std::vector<Site>& sites) {
  Census census;
  Reporter reporter(workload, arena, sites);
  for (const Entry& entry : entries()) {
    if (entry.pod != nullptr) {
      entry.pod(workload, reporter);
    }
  }
  struct List {
    const Name& name;
    bool init;
  };
  for (const List& list : {List{kInitContainers, true}, List{kContainers, false}}) {
    const Node* containers = workload.spec->find(list.name);
    if (containers == nullptr || !containers->is_array()) {
      continue;
    }
    for (std::size_t i = 0; i < containers->size(); ++i) {
      if (containers->items()[i].is_object()) {
        judge_container(view_of(containers->items()[i], list.name.text(), i, list.init), reporter,
                        census);
      }
    }
  }
  return census;
}

}  // namespace tally::workload

#include "admission/injected.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "document/read.hpp"
#include "kube/objects.hpp"

namespace tally::admission {

using document::Node;

namespace {

constexpr std::array<std::string_view, 2> kLists{"containers", "initContainers"};
constexpr std::size_t kAnnotationBytesMax = std::size_t{256} << 10U;  // the server's own limit

std::vector<std::string_view> names_of(const Node& spec) {
  std::vector<std::string_view> names;
  for (const std::string_view list : kLists) {
    const Node* containers = spec.find(list);
    if (containers == nullptr || !containers->is_array()) {
      continue;
    }
    for (const Node& container : containers->items()) {
      const Node* name = container.find("name");
      if (name != nullptr && name->is_string()) {
        names.push_back(name->text());
      }
    }
  }
  return names;
}

void compare(const Node& pod_spec, const std::vector<std::string>& written, Injected& out) {
  for (const std::string_view name : names_of(pod_spec)) {
    if (std::ranges::find(written, name) == written.end()) {
      out.containers.emplace_back(name);
    }
  }
}

std::vector<std::string> copies(const std::vector<std::string_view>& names) {
  return {names.begin(), names.end()};
}

}  // namespace

bool Injected::contains(std::string_view container) const {
  return std::ranges::find(containers, container) != containers.end();
}

std::optional<std::vector<std::string>> template_containers(const kube::Object& object) {
  const auto written = kube::pod_template(object);
  return written ? std::optional(copies(names_of(*written->spec))) : std::nullopt;
}

Injected injected_containers(const kube::Object& pod, const OwnerContainers& owners) {
  Injected out;
  const Node* spec = pod.root.find("spec");
  if (pod.ref.kind != "Pod" || spec == nullptr) {
    return out;
  }
  if (const auto owner = pod.owner()) {
    const auto written =
        owners ? owners(owner->kind, pod.ref.name_space, owner->name) : std::nullopt;
    if (written) {
      compare(*spec, *written, out);
      out.authority = fmt::format("the pod template of {} {}", owner->kind, owner->name);
    }
    return out;
  }
  const auto applied = pod.annotation("kubectl.kubernetes.io/last-applied-configuration");
  if (!applied || applied->size() > kAnnotationBytesMax) {
    return out;
  }
  const auto source = document::Source::from_text("last applied", *applied);
  Arena arena;
  const auto root = document::read_one(*source, arena);
  const Node* written = root ? root->find("spec") : nullptr;
  if (written != nullptr) {
    compare(*spec, copies(names_of(*written)), out);
    out.authority = "what kubectl applied";
  }
  return out;
}

}  // namespace tally::admission

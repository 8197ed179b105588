// Pods and what they are made of: SetDefaults_Container, _Volume, _Pod
// (pkg/apis/core/v1/defaults.go) and the conversions of conversion.go beside it.
#include <algorithm>
#include <array>
#include <map>

#include "kube/internal/default_hooks.hpp"
#include "kube/object.hpp"
#include "scalar/quantity.hpp"

namespace tally::kube::internal {

namespace {

using document::Member;
using document::Node;
using scalar::Quantity;

// From before init containers were fields.
constexpr auto kDroppedAnnotations = std::to_array<std::string_view>(
    {"pod.beta.kubernetes.io/init-containers", "pod.alpha.kubernetes.io/init-containers",
     "pod.beta.kubernetes.io/init-container-statuses",
     "pod.alpha.kubernetes.io/init-container-statuses"});

constexpr auto kContainerLists = std::to_array<std::string_view>({"containers", "initContainers"});

void drop_init_annotations(Draft& object, Arena& arena) {
  const Node* metadata = object.find("metadata");
  const Node* annotations = metadata == nullptr ? nullptr : metadata->find("annotations");
  if (annotations == nullptr) {
    return;
  }
  Node kept = *annotations;
  for (const std::string_view key : kDroppedAnnotations) {
    kept = without_member(kept, key, arena);
  }
  if (!same(kept, *annotations)) {
    object.set("metadata", kept.size() == 0 ? without_member(*metadata, "annotations", arena)
                                            : with_member(*metadata, "annotations", kept, arena));
  }
}

// "If limits are specified, but requests are not, default requests to limits", one by one.
Node requests_from_limits(const Node& container, Arena& arena) {
  const Node* resources = container.find("resources");
  const Node* limits = resources == nullptr ? nullptr : resources->find("limits");
  if (limits == nullptr || limits->size() == 0) {
    return container;
  }
  Draft requests;
  if (const Node* given = resources->find("requests")) {
    requests.begin(*given);
  } else {
    requests.begin(resources->offset());
  }
  for (const Member limit : limits->members()) {
    if (requests.find(limit.key) == nullptr) {
      requests.set(limit.key, plant(limit.value, requests.offset(), arena));
    }
  }
  if (!requests.changed()) {
    return container;
  }
  Node made = requests.finish(arena);
  if (resources->find("requests") == nullptr) {
    made = made.as_defaulted();
  }
  return with_member(container, "resources", with_member(*resources, "requests", made, arena),
                     arena);
}

Node host_ports(const Node& container, Arena& arena) {
  const Node* ports = container.find("ports");
  if (ports == nullptr) {
    return container;
  }
  const Node changed = map_items(*ports, arena, [&arena](const Node& port) {
    const Node* wanted = port.find("containerPort");
    return port.find("hostPort") != nullptr || wanted == nullptr
               ? port
               : with_member(port, "hostPort", plant(*wanted, port.offset(), arena), arena);
  });
  return same(changed, *ports) ? container : with_member(container, "ports", changed, arena);
}

// A ResourceList under change: exact amounts by name.
using Amounts = std::map<std::string_view, Quantity>;

Amounts amounts_of(const Node& container, std::string_view list) {
  Amounts amounts;
  const Node* resources = container.find("resources");
  const Node* map = resources == nullptr ? nullptr : resources->find(list);
  if (map == nullptr) {
    return amounts;
  }
  for (const Member member : map->members()) {
    if (auto quantity = Quantity::try_parse(member.value.text())) {
      amounts.emplace(member.key, *std::move(quantity));
    }
  }
  return amounts;
}

void add(Amounts& to, const Amounts& amounts) {
  for (const auto& [name, quantity] : amounts) {
    const auto [found, is_new] = to.emplace(name, quantity);
    if (is_new) {
      continue;
    }
    if (const auto sum = found->second.add(quantity)) {
      found->second = *sum;
    }
  }
}

void raise(Amounts& to, const Amounts& amounts) {
  for (const auto& [name, quantity] : amounts) {
    const auto [found, is_new] = to.emplace(name, quantity);
    if (!is_new && found->second < quantity) {
      found->second = quantity;
    }
  }
}

// AggregateContainerRequests and AggregateContainerLimits (k8s.io/component-helpers/resource): the
// containers together, but no less than any init container needs beside the sidecars before it.
Amounts aggregate(const Node& spec, std::string_view list) {
  Amounts total;
  if (const Node* containers = spec.find("containers")) {
    for (const Node& container : containers->items()) {
      add(total, amounts_of(container, list));
    }
  }
  Amounts sidecars;
  Amounts starting;
  if (const Node* containers = spec.find("initContainers")) {
    for (const Node& container : containers->items()) {
      Amounts needed = amounts_of(container, list);
      const Node* policy = container.find("restartPolicy");
      if (policy != nullptr && policy->text() == "Always") {
        add(total, needed);
        add(sidecars, needed);
        needed = sidecars;
      } else {
        add(needed, sidecars);
      }
      raise(starting, needed);
    }
  }
  raise(total, starting);
  return total;
}

bool is_huge_page(std::string_view name) { return name.starts_with("hugepages-"); }
bool is_pod_level(std::string_view name) {
  return name == "cpu" || name == "memory" || is_huge_page(name);
}

void set_amount(Draft& map, std::string_view name, const Quantity& quantity, Arena& arena) {
  map.set(name, added_text(arena.copy(quantity.to_string()), map.offset()));
}

Draft draft_of(const Node& object, std::string_view key) {
  Draft draft;
  if (const Node* given = object.find(key)) {
    draft.begin(*given);
  } else {
    draft.begin(object.offset());
  }
  return draft;
}

// defaultHugePagePodLimits, then defaultPodRequests (KEP-2837).
Node pod_level_resources(const Node& spec, Arena& arena) {
  const Node* resources = spec.find("resources");
  if (resources == nullptr || !resources->is_object()) {
    return spec;
  }
  Draft limits = draft_of(*resources, "limits");
  Draft requests = draft_of(*resources, "requests");
  if (limits.size() == 0 && requests.size() == 0) {
    return spec;
  }
  for (const auto& [name, quantity] : aggregate(spec, "limits")) {
    if (is_huge_page(name) && requests.find(name) == nullptr && limits.find(name) == nullptr) {
      set_amount(limits, name, quantity, arena);
    }
  }
  if (limits.size() > 0) {
    for (const auto& [name, quantity] : aggregate(spec, "requests")) {
      if (is_pod_level(name) && !is_huge_page(name) && requests.find(name) == nullptr) {
        set_amount(requests, name, quantity, arena);
      }
    }
  }
  const Node all_limits = limits.finish(arena);
  for (const Member limit : all_limits.members()) {
    if (is_pod_level(limit.key) && requests.find(limit.key) == nullptr) {
      requests.set(limit.key, plant(limit.value, requests.offset(), arena));
    }
  }
  Node changed = *resources;
  if (limits.changed()) {
    changed = with_member(changed, "limits", all_limits, arena);
  }
  if (requests.changed()) {
    changed = with_member(changed, "requests", requests.finish(arena), arena);
  }
  return same(changed, *resources) ? spec : with_member(spec, "resources", changed, arena);
}

std::string_view text_at(const Draft& object, std::string_view key) {
  const Node* found = object.find(key);
  return found == nullptr ? std::string_view{} : found->text();
}

std::string_view pull_policy(std::string_view image) {
  return means_latest(image) ? "Always" : "IfNotPresent";
}

}  // namespace

void default_container(Draft& container, Arena& /*arena*/, DefaultStage /*stage*/) {
  if (container.find("imagePullPolicy") == nullptr) {
    container.set("imagePullPolicy",
                  added_text(pull_policy(text_at(container, "image")), container.offset()));
  }
}

void default_image_volume(Draft& source, Arena& /*arena*/, DefaultStage /*stage*/) {
  if (source.find("pullPolicy") == nullptr) {
    source.set("pullPolicy",
               added_text(pull_policy(text_at(source, "reference")), source.offset()));
  }
}

// A volume without a source is an empty directory.
void default_volume(Draft& volume, Arena& arena, DefaultStage /*stage*/) {
  const std::size_t sources = volume.size() - (volume.find("name") == nullptr ? 0U : 1U);
  if (sources == 0) {
    volume.set("emptyDir", Node::make_object(arena, {}, std::span<const std::string_view>{}, {},
                                             volume.offset())
                               .as_defaulted());
  }
}

// serviceAccount is an alias of serviceAccountName, which wins.
void default_pod_spec(Draft& spec, Arena& /*arena*/, DefaultStage /*stage*/) {
  const Node* name = spec.find("serviceAccountName");
  const Node* alias = spec.find("serviceAccount");
  if (name != nullptr && (alias == nullptr || alias->text() != name->text())) {
    spec.set("serviceAccount", added_text(name->text(), spec.offset()));
  } else if (name == nullptr && alias != nullptr) {
    spec.set("serviceAccountName", added_text(alias->text(), spec.offset()));
  }
}

void default_pod_template(Draft& pod_template, Arena& arena, DefaultStage /*stage*/) {
  drop_init_annotations(pod_template, arena);
}

void default_pod(Draft& pod, Arena& arena, DefaultStage stage) {
  drop_init_annotations(pod, arena);
  const Node* spec = pod.find("spec");
  if (spec == nullptr || !spec->is_object()) {
    return;
  }
  Node changed = *spec;
  const Node* host_network = spec->find("hostNetwork");
  const bool on_host = host_network != nullptr && host_network->boolean();
  for (const std::string_view list : kContainerLists) {
    const Node* containers = changed.find(list);
    if (containers == nullptr) {
      continue;
    }
    const Node filled = map_items(*containers, arena, [&](const Node& container) {
      const Node with_requests = requests_from_limits(container, arena);
      return on_host ? host_ports(with_requests, arena) : with_requests;
    });
    if (!same(filled, *containers)) {
      changed = with_member(changed, list, filled, arena);
    }
  }
  changed = pod_level_resources(changed, arena);
  // "Forcing the value of TerminationGracePeriodSeconds to 1 if it is negative."
  if (const Node* period = changed.find("terminationGracePeriodSeconds")) {
    if (period->integer().value_or(0) < 0) {
      changed = with_member(changed, "terminationGracePeriodSeconds",
                            Node::make_number("1", period->offset()).as_defaulted(), arena);
    }
  }
  if (!same(changed, *spec)) {
    pod.set("spec", changed);
  }
  if (stage == DefaultStage::Prepared) {
    prepare_pod(pod, arena);
  }
}

}  // namespace tally::kube::internal

namespace tally::kube {

namespace {

// A name only, or nulls beside it.
bool has_no_source(const document::Node& volume) noexcept {
  for (const document::Member member : volume.members()) {
    if (member.key != "name" && !member.value.is_null()) {
      return false;
    }
  }
  return volume.is_object();
}

}  // namespace

bool defaults_change_pod_security(const Object& object) {
  const auto pod = pod_template(object);
  if (!pod) {
    return false;
  }
  if (const document::Node* volumes = pod->spec->find("volumes")) {
    for (const document::Node& volume : volumes->items()) {
      if (has_no_source(volume)) {
        return true;
      }
    }
  }
  if (object.ref.kind != "Pod") {
    return false;
  }
  if (const document::Node* host_network = pod->spec->find("hostNetwork");
      host_network != nullptr && host_network->boolean()) {
    return true;
  }
  if (pod->metadata != nullptr) {
    if (const document::Node* annotations = pod->metadata->find("annotations")) {
      for (const document::Member annotation : annotations->members()) {
        if (annotation.key.starts_with(internal::kAppArmorAnnotation)) {
          return true;
        }
      }
    }
  }
  return false;
}

}  // namespace tally::kube

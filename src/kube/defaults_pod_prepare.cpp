// What the strategy of pods does before one is created (pkg/registry/core/pod/strategy.go,
// PrepareForCreate): deprecated AppArmor annotations become fields, label keys join selectors.
// Controllers' templates are not prepared.
#include <array>
#include <optional>
#include <unordered_map>

#include "kube/internal/default_hooks.hpp"

namespace tally::kube::internal {

namespace {

using document::Member;
using document::Node;

constexpr std::size_t kLocalhostProfileBytesMax = 4095;

Node object_of(std::initializer_list<std::pair<std::string_view, std::string_view>> members,
               std::uint32_t offset, Arena& arena) {
  Draft draft;
  draft.begin(offset);
  for (const auto& [key, text] : members) {
    draft.append(key, added_text(text, offset));
  }
  return draft.finish(arena).as_defaulted();
}

// ApparmorFieldForAnnotation and ValidateAppArmorProfileField: nothing for what is no valid
// profile.
std::optional<Node> app_armor_profile(std::string_view annotation, std::uint32_t offset,
                                      Arena& arena) {
  if (annotation == "unconfined") {
    return object_of({{"type", "Unconfined"}}, offset, arena);
  }
  if (annotation == "runtime/default") {
    return object_of({{"type", "RuntimeDefault"}}, offset, arena);
  }
  constexpr std::string_view kLocalhost = "localhost/";
  if (!annotation.starts_with(kLocalhost)) {
    return std::nullopt;
  }
  const std::string_view profile = annotation.substr(kLocalhost.size());
  constexpr std::string_view kBlank = " \t\n\v\f\r";
  if (profile.empty() || profile.size() > kLocalhostProfileBytesMax ||
      kBlank.find(profile.front()) != std::string_view::npos ||
      kBlank.find(profile.back()) != std::string_view::npos) {
    return std::nullopt;
  }
  return object_of({{"type", "Localhost"}, {"localhostProfile", profile}}, offset, arena);
}

// applyAppArmorVersionSkew
Node sync_app_armor(const Node& spec, const Node& annotations, Arena& arena) {
  const Node* os = find_path(spec, "os/name");
  if (os != nullptr && os->text() == "windows") {
    return spec;
  }
  std::unordered_map<std::string_view, std::string_view> profiles;  // by container
  for (const Member annotation : annotations.members()) {
    if (annotation.key.starts_with(kAppArmorAnnotation)) {
      profiles.emplace(annotation.key.substr(kAppArmorAnnotation.size()), annotation.value.text());
    }
  }
  if (profiles.empty()) {
    return spec;
  }
  const Node* of_pod = find_path(spec, "securityContext/appArmorProfile");
  Node changed = spec;
  for (const std::string_view list : {"initContainers", "containers", "ephemeralContainers"}) {
    const Node* containers = changed.find(list);
    if (containers == nullptr) {
      continue;
    }
    const Node synced = map_items(*containers, arena, [&](const Node& container) {
      const Node* name = container.find("name");
      if (name == nullptr || find_path(container, "securityContext/appArmorProfile") != nullptr) {
        return container;
      }
      const auto found = profiles.find(name->text());
      if (found == profiles.end()) {
        return container;
      }
      const auto profile = app_armor_profile(found->second, container.offset(), arena);
      if (!profile || (of_pod != nullptr && document::equal(*profile, *of_pod))) {
        return container;
      }
      const Node* context = container.find("securityContext");
      const Node base =
          context != nullptr ? *context : Node::make_null(container.offset()).as_defaulted();
      return with_member(container, "securityContext",
                         with_member(base, "appArmorProfile", *profile, arena), arena);
    });
    if (!same(synced, *containers)) {
      changed = with_member(changed, list, synced, arena);
    }
  }
  return changed;
}

// applyLabelKeysToLabelSelector: the pod's own values of these keys, as requirements.
Node join_label_keys(const Node& term, std::string_view keys_field, std::string_view operation,
                     const Node& labels, Arena& arena) {
  const Node* keys = term.find(keys_field);
  const Node* selector = term.find("labelSelector");
  if (keys == nullptr || selector == nullptr) {
    return term;
  }
  std::vector<Node> requirements;
  if (const Node* given = selector->find("matchExpressions")) {
    requirements.assign(given->items().begin(), given->items().end());
  }
  const std::size_t before = requirements.size();
  for (const Node& key : keys->items()) {
    const Node* value = labels.find(key.text());
    if (value == nullptr) {
      continue;
    }
    const std::uint32_t offset = selector->offset();
    const std::array values{added_text(value->text(), offset)};
    Draft requirement;
    requirement.begin(offset);
    requirement.append("key", added_text(key.text(), offset));
    requirement.append("operator", added_text(operation, offset));
    requirement.append("values", Node::make_array(arena, values, offset).as_defaulted());
    requirements.push_back(requirement.finish(arena).as_defaulted());
  }
  if (requirements.size() == before) {
    return term;
  }
  return with_member(term, "labelSelector",
                     with_member(*selector, "matchExpressions",
                                 Node::make_array(arena, requirements, selector->offset()), arena),
                     arena);
}

Node join_affinity_term(const Node& term, const Node& labels, Arena& arena) {
  const Node joined = join_label_keys(term, "matchLabelKeys", "In", labels, arena);
  return join_label_keys(joined, "mismatchLabelKeys", "NotIn", labels, arena);
}

// mutatePodAffinity
Node join_affinity(const Node& spec, const Node& labels, Arena& arena) {
  const Node* affinity = spec.find("affinity");
  if (affinity == nullptr) {
    return spec;
  }
  Node changed = *affinity;
  for (const std::string_view side : {"podAffinity", "podAntiAffinity"}) {
    const Node* found = changed.find(side);
    if (found == nullptr) {
      continue;
    }
    Node terms = *found;
    if (const Node* list = terms.find("preferredDuringSchedulingIgnoredDuringExecution")) {
      const Node joined = map_items(*list, arena, [&](const Node& weighted) {
        const Node* term = weighted.find("podAffinityTerm");
        if (term == nullptr) {
          return weighted;
        }
        const Node out = join_affinity_term(*term, labels, arena);
        return same(out, *term) ? weighted : with_member(weighted, "podAffinityTerm", out, arena);
      });
      if (!same(joined, *list)) {
        terms =
            with_member(terms, "preferredDuringSchedulingIgnoredDuringExecution", joined, arena);
      }
    }
    if (const Node* list = terms.find("requiredDuringSchedulingIgnoredDuringExecution")) {
      const Node joined = map_items(
          *list, arena, [&](const Node& term) { return join_affinity_term(term, labels, arena); });
      if (!same(joined, *list)) {
        terms = with_member(terms, "requiredDuringSchedulingIgnoredDuringExecution", joined, arena);
      }
    }
    if (!same(terms, *found)) {
      changed = with_member(changed, side, terms, arena);
    }
  }
  return same(changed, *affinity) ? spec : with_member(spec, "affinity", changed, arena);
}

// mutateTopologySpreadConstraints
Node join_spread(const Node& spec, const Node& labels, Arena& arena) {
  const Node* constraints = spec.find("topologySpreadConstraints");
  if (constraints == nullptr) {
    return spec;
  }
  const Node joined = map_items(*constraints, arena, [&](const Node& constraint) {
    return join_label_keys(constraint, "matchLabelKeys", "In", labels, arena);
  });
  return same(joined, *constraints) ? spec
                                    : with_member(spec, "topologySpreadConstraints", joined, arena);
}

}  // namespace

void prepare_pod(Draft& pod, Arena& arena) {
  const Node* spec = pod.find("spec");
  const Node* metadata = pod.find("metadata");
  if (spec == nullptr || metadata == nullptr) {
    return;
  }
  Node changed = *spec;
  if (const Node* labels = metadata->find("labels")) {
    changed = join_spread(join_affinity(changed, *labels, arena), *labels, arena);
  }
  if (const Node* annotations = metadata->find("annotations")) {
    changed = sync_app_armor(changed, *annotations, arena);
  }
  if (!same(changed, *spec)) {
    pod.set("spec", changed);
  }
}

}  // namespace tally::kube::internal

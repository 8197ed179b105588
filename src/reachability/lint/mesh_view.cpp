#include "reachability/lint/internal/mesh_view.hpp"

#include <algorithm>

#include "authorization/mutual_tls.hpp"

namespace tally::reachability::linting {

using document::Node;
using mesh::PortMutualTls;

namespace {

const Node* spec_field(const kube::Object& object, std::string_view name) {
  const Node* spec = object.root.find("spec");
  return spec == nullptr ? nullptr : spec->find(name);
}

bool selects(const Node* labels, const topology::Endpoint& endpoint) {
  if (labels == nullptr) {
    return true;
  }
  for (const document::Member label : labels->members()) {
    if (endpoint.label(label.key) != label.value.text()) {
      return false;
    }
  }
  return true;
}

}  // namespace

std::vector<Attached> attached_policies(const View& view,
                                        const std::vector<authorization::PolicySummary>& policies) {
  const auto& settings = view.mesh().policies().settings();
  const auto workloads = view.world().workloads();
  std::vector<Attached> list;
  for (const authorization::PolicySummary& policy : policies) {
    if (policy.has_targets) {
      continue;
    }
    Attached attached{.policy = &policy, .name_space = policy.object->ref.name_space};
    attached.is_mesh_wide = attached.name_space == settings.root_namespace;
    const Node* selector = spec_field(*policy.object, "selector");
    const Node* labels = selector == nullptr ? nullptr : selector->find("matchLabels");
    for (std::uint32_t i = 0; i < workloads.size(); ++i) {
      const topology::Endpoint& pod = view.topology().endpoints()[workloads[i].endpoints.front()];
      if ((attached.is_mesh_wide || workloads[i].name_space == attached.name_space) &&
          selects(labels, pod)) {
        attached.workloads.push_back(i);
      }
    }
    list.push_back(std::move(attached));
  }
  return list;
}

Strictness strictness_of(const View& view, const Attached& attached) {
  const auto workloads = view.world().workloads();
  for (const std::uint32_t i : attached.workloads) {
    const PortMutualTls mode =
        view.mesh().mutual_tls_of(workloads[i].endpoints.front(), std::nullopt);
    if (mode.mode == PortMutualTls::Mode::Permissive || mode.mode == PortMutualTls::Mode::Disable) {
      return {.is_strict = false,
              .who = std::string(workloads[i].name_space) + "/" + std::string(workloads[i].name),
              .place = mode.place};
    }
  }
  if (!attached.workloads.empty()) {
    return {.is_strict = true, .who = {}, .place = {}};
  }
  const authorization::EffectiveMutualTls effective = authorization::effective_mutual_tls(
      view.mesh().policies(), {.name_space = attached.name_space, .labels = {}}, std::nullopt);
  return {.is_strict = authorization::is_plaintext_refused(effective), .who = {}, .place = {}};
}

bool has_source_field(const kube::Object& policy, std::span<const std::string_view> names) {
  const Node* rules = spec_field(policy, "rules");
  for (std::size_t i = 0; rules != nullptr && i < rules->size(); ++i) {
    const Node* from = rules->items()[i].find("from");
    for (std::size_t j = 0; from != nullptr && j < from->size(); ++j) {
      const Node* source = from->items()[j].find("source");
      for (const std::string_view name : names) {
        if (source != nullptr && source->find(name) != nullptr) {
          return true;
        }
      }
    }
  }
  return false;
}

Place place_of_rules(const kube::Object& policy) {
  if (const Node* rules = spec_field(policy, "rules"); rules != nullptr) {
    return {"/spec/rules", rules->offset()};
  }
  const Node* spec = policy.root.find("spec");
  return {"/spec", spec == nullptr ? policy.root.offset() : spec->offset()};
}

}  // namespace tally::reachability::linting

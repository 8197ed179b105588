#pragma once
// What the checks of the mesh share: to whom an AuthorizationPolicy speaks, and what they accept.

#include <cstdint>
#include <string>
#include <vector>

#include "authorization/inspect.hpp"
#include "reachability/lint/internal/view.hpp"
#include "reachability/mesh/mesh.hpp"

namespace tally::reachability::linting {

struct Attached {
  const authorization::PolicySummary* policy = nullptr;
  std::string_view name_space;  // of the policy
  bool is_mesh_wide = false;    // it stands in the root namespace
  std::vector<std::uint32_t>
      workloads{};  // that its selector means: positions in World::workloads()
};
// Policies without targetRefs, in the order of the input.
[[nodiscard]] std::vector<Attached> attached_policies(
    const View& view, const std::vector<authorization::PolicySummary>& policies);

// Whether plaintext is refused by all workloads of a policy, as far as the input shows it.
struct Strictness {
  bool is_strict = true;
  std::string who;    // one that takes plaintext: "shop/api"; empty: the input holds none
  std::string place;  // of the PeerAuthentication that says so; empty: the default
};
[[nodiscard]] Strictness strictness_of(const View& view, const Attached& attached);

// Fields of the sources of all rules: is one of these names there?
[[nodiscard]] bool has_source_field(const kube::Object& policy,
                                    std::span<const std::string_view> names);

[[nodiscard]] Place place_of_rules(const kube::Object& policy);

}  // namespace tally::reachability::linting

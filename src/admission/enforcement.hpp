#pragma once
// Which mode a rule has in a namespace, and what becomes of doubt there (CONTRACTS.md section 4;
// docs/configuration.md, "Enforcement"). A policy that carries a mode keeps it, unless a scope of
// tally.yaml names it; our own controls begin in audit.
//
// Threads: immutable.

#include <optional>
#include <string_view>

#include "finding/finding.hpp"
#include "input/config.hpp"
#include "kube/object.hpp"

namespace tally::admission {

struct Setting {
  finding::Mode mode = finding::Mode::Audit;
  input::OnDoubt on_doubt = input::OnDoubt::Deny;
  const input::EnforcementScope* scope = nullptr;  // that decided; null: none
};

// A rule of this program, without a mode of its own.
[[nodiscard]] bool is_own_control(const finding::Check& check) noexcept;

// `name_space` may be null: the Namespace is not known (or there is none): selectors of scopes do
// not match then, and a stricter scope that would ask for labels makes the mode that of the scope.
[[nodiscard]] Setting setting_of(const input::Enforcement& enforcement,
                                 const finding::Finding& finding, std::string_view name_space,
                                 const kube::Object* namespace_object);

// Whether the workload is a template of pods rather than a pod.
[[nodiscard]] bool is_pod_controller(const scalar::ObjectRef& ref) noexcept;

}  // namespace tally::admission

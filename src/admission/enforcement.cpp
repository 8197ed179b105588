#include "admission/enforcement.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "finding/exception.hpp"
#include "kube/object.hpp"
#include "kube/selectors.hpp"
#include "scalar/time_text.hpp"

namespace tally::admission {

using finding::Mode;

namespace {

bool names_namespace(const input::EnforcementScope& scope, std::string_view name) {
  return scope.namespaces.empty() ||
         std::ranges::any_of(scope.namespaces, [&](const std::string& pattern) {
           return wildcard_match(pattern, name);
         });
}

// A namespace that is not known might have the label: in doubt it belongs to the scope.
bool selects(const input::EnforcementScope& scope, std::string_view name,
             const kube::Object* object) {
  if (!scope.selector) {
    return true;
  }
  if (object != nullptr) {
    return kube::matches(*scope.selector, object->labels());
  }
  return !name.empty();
}

bool names_rule(const input::EnforcementScope& scope, const finding::Check& check) {
  if (scope.policies.empty()) {
    return check.engine == "pod-security";
  }
  return finding::names_rule(scope.policies, check) ||
         std::ranges::any_of(scope.policies, [&](const std::string& pattern) {
           return wildcard_match(pattern, check.engine) || wildcard_match(pattern, check.policy);
         });
}

bool is_new(const input::Enforcement::NewNamespaces& rule, const kube::Object* object) {
  const document::Node* created =
      object == nullptr ? nullptr : object->metadata.find("creationTimestamp");
  if (created == nullptr || created->text().size() < 10) {
    return false;
  }
  const auto day = finding::parse_day(created->text().substr(0, 10));
  return day && *day >= rule.since;
}

}  // namespace

bool is_own_control(const finding::Check& check) noexcept {
  constexpr std::array<std::string_view, 3> kForeign{"admission-policy", "kyverno", "gatekeeper"};
  return std::ranges::find(kForeign, check.engine) == kForeign.end();
}

bool is_pod_controller(const scalar::ObjectRef& ref) noexcept {
  return kube::is_workload(ref) && ref.kind != "Pod";
}

Setting setting_of(const input::Enforcement& enforcement, const finding::Finding& finding,
                   std::string_view name_space, const kube::Object* namespace_object) {
  const finding::Check& check = *finding.check;
  const bool is_own = is_own_control(check);
  Setting setting{.mode = is_own ? Mode::Audit : finding.mode,
                  .on_doubt = enforcement.on_doubt,
                  .scope = nullptr};
  for (const input::EnforcementScope& scope : enforcement.scopes) {
    const bool is_named = !scope.policies.empty() || is_own;
    if (is_named && names_rule(scope, check) && names_namespace(scope, name_space) &&
        selects(scope, name_space, namespace_object)) {
      setting.mode = scope.mode;
      setting.on_doubt = scope.on_doubt.value_or(enforcement.on_doubt);
      setting.scope = &scope;
      break;
    }
  }
  if (is_own && setting.scope == nullptr && check.engine == "pod-security") {
    const bool begins_anew =
        enforcement.new_namespaces && is_new(*enforcement.new_namespaces, namespace_object);
    setting.mode =
        begins_anew ? std::min(enforcement.new_namespaces->mode, Mode::Enforce) : enforcement.mode;
  }
  if (check.engine == "pod-security") {
    // Of stricter levels than the one that is set is only told (severity Medium), never enforced.
    if (finding.severity > finding::Severity::High) {
      setting.mode = Mode::Audit;
    } else if (finding.subject != nullptr && is_pod_controller(finding.subject->ref)) {
      setting.mode = std::min(setting.mode, enforcement.pod_controllers);
    }
  }
  return setting;
}

}  // namespace tally::admission

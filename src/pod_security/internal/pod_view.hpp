#pragma once
// PodView: the fields of a pod that checks examine, gathered in one pass over its nodes.
//
// Deny in doubt. The API server refuses an object with a field of a wrong type before any policy
// sees it, so upstream has no answer for one; we judge text that no server has seen. One rule for
// every field:
//   - absent and null are "not set", as for the API server;
//   - a value of a wrong type stands for the worst value of its field: it never equals an allowed
//   value and never grants
//     a relaxation (`privileged: "true"`, `runAsUser: 0.5`, `hostUsers: "false"` on a pod that sets
//     procMount);
//   - a wrongly typed list or map on the way to a field stands for one element, and each field
//   below it is kWrongType
//     (`securityContext: []`, `containers: {}`): every check that would have read something there
//     fails.
// A null entry of a list is an element with nothing set, as for Go's decoder.

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "document/node.hpp"
#include "document/symbol.hpp"

namespace tally::pod_security {

// What stands below a value of a wrong type: of a kind and text that no field accepts.
extern const document::Node kWrongType;

// Fields are null pointers when absent or null, else the node as it was found (of any kind) or
// kWrongType.
struct SecurityContextView {
  const document::Node* allow_privilege_escalation = nullptr;
  const document::Node* app_armor_profile = nullptr;
  const document::Node* capabilities = nullptr;
  const document::Node* privileged = nullptr;
  const document::Node* proc_mount = nullptr;
  const document::Node* run_as_non_root = nullptr;
  const document::Node* run_as_user = nullptr;
  const document::Node* seccomp_profile = nullptr;
  const document::Node* se_linux_options = nullptr;
  const document::Node* sysctls = nullptr;
  const document::Node* windows_options = nullptr;
};

enum class ContainerKind : std::uint8_t { Init, Regular, Ephemeral };
[[nodiscard]] std::string_view list_name(ContainerKind kind) noexcept;  // "initContainers" ...

struct ContainerView {
  ContainerKind kind = ContainerKind::Regular;
  std::uint32_t index = 0;  // in its list
  std::string_view name;
  SecurityContextView security;
  const document::Node* ports = nullptr;
  const document::Node* liveness_probe = nullptr;
  const document::Node* readiness_probe = nullptr;
  const document::Node* startup_probe = nullptr;
  const document::Node* lifecycle = nullptr;
};

struct PodView {
  const document::Node* host_ipc = nullptr;
  const document::Node* host_network = nullptr;
  const document::Node* host_pid = nullptr;
  const document::Node* host_users = nullptr;
  const document::Node* os = nullptr;
  const document::Node* volumes = nullptr;
  const document::Node* annotations = nullptr;
  SecurityContextView security;
  std::span<const ContainerView>
      containers;  // init, regular, ephemeral: the order in which upstream visits them
};

// Fills `view`; its containers lie in `room`, which is overwritten.
void read_pod(const document::Node* metadata, const document::Node* spec,
              std::vector<ContainerView>& room, PodView& view);

// The member of a map that is itself a field: nullptr when the map or the member is absent or null,
// kWrongType when the map is no map.
[[nodiscard]] inline const document::Node* member(const document::Node* map,
                                                  const document::Name& name) noexcept {
  if (map == nullptr) {
    return nullptr;
  }
  if (!map->is_object()) {
    return &kWrongType;
  }
  const document::Node* value = map->find(name);
  return value == nullptr || value->is_null() ? nullptr : value;
}

// The elements of a list that is a field: one kWrongType when it is no list.
[[nodiscard]] inline std::span<const document::Node> elements(const document::Node* list) noexcept {
  if (list == nullptr) {
    return {};
  }
  return list->is_array() ? list->items() : std::span<const document::Node>{&kWrongType, 1};
}

// A list element as a map to read members of: nullptr for null.
[[nodiscard]] inline const document::Node* element_map(const document::Node& element) noexcept {
  return element.is_null() ? nullptr : &element;
}

// The text of a string field: empty when not set; not meaningful for a wrong type, see is_text().
[[nodiscard]] inline bool is_text(const document::Node* field, std::string_view wanted) noexcept {
  return field != nullptr && field->is_string() && field->text() == wanted;
}

// A string field is empty or not set.
[[nodiscard]] inline bool is_empty_text(const document::Node* field) noexcept {
  return field == nullptr || (field->is_string() && field->text().empty());
}

// A boolean field is set to anything but `value`.
[[nodiscard]] inline bool is_other_than(const document::Node* field, bool value) noexcept {
  return field != nullptr && !(field->is_bool() && field->boolean() == value);
}

// An integer field is zero, or something that no integer field can hold.
[[nodiscard]] inline bool is_zero_or_wrong(const document::Node* field) noexcept {
  if (field == nullptr) {
    return false;
  }
  const auto number = field->integer();
  return !number || *number == 0;
}

// The name of a container or volume: empty when it has none.
[[nodiscard]] inline std::string_view name_text(const document::Node* field) noexcept {
  return field == nullptr || field == &kWrongType ? std::string_view{} : field->text();
}

// spec.os.name: windows. Linux-only fields cannot be set on such a pod.
[[nodiscard]] bool is_windows(const PodView& pod) noexcept;
// spec.hostUsers: false. The pod runs in a user namespace of its own.
[[nodiscard]] bool has_user_namespace(const PodView& pod) noexcept;

// A value as our texts show it: strings and numbers as written, "list" and "map" for what is
// neither.
[[nodiscard]] std::string_view display_text(const document::Node& value) noexcept;

}  // namespace tally::pod_security

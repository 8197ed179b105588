#include "pod_security/internal/pod_view.hpp"

#include <array>

#include "pod_security/internal/name_table.hpp"

namespace tally::pod_security {

using document::Name;
using document::Node;

// A number without digits: no list, map, string or boolean, and integer() has no value for it.
const Node kWrongType = Node::make_number("value of a wrong type", 0);

namespace {

// The names that read_pod() dispatches on.
enum class Field : std::uint8_t {
  Other,
  AllowPrivilegeEscalation,
  Annotations,
  AppArmorProfile,
  Capabilities,
  Containers,
  EphemeralContainers,
  HostIpc,
  HostNetwork,
  HostPid,
  HostUsers,
  InitContainers,
  Lifecycle,
  LivenessProbe,
  Name,
  Os,
  Ports,
  Privileged,
  ProcMount,
  ReadinessProbe,
  RunAsNonRoot,
  RunAsUser,
  SeLinuxOptions,
  SeccompProfile,
  SecurityContext,
  StartupProbe,
  Sysctls,
  Volumes,
  WindowsOptions,
};

// The second half is never examined here. It is interned so that a key without a symbol, whose text
// has to be looked at, is rare among the fields of a pod.
constexpr std::array kFieldNames = std::to_array<NameTable<Field>::Row>({
    {"allowPrivilegeEscalation", Field::AllowPrivilegeEscalation},
    {"annotations", Field::Annotations},
    {"appArmorProfile", Field::AppArmorProfile},
    {"capabilities", Field::Capabilities},
    {"containers", Field::Containers},
    {"ephemeralContainers", Field::EphemeralContainers},
    {"hostIPC", Field::HostIpc},
    {"hostNetwork", Field::HostNetwork},
    {"hostPID", Field::HostPid},
    {"hostUsers", Field::HostUsers},
    {"initContainers", Field::InitContainers},
    {"lifecycle", Field::Lifecycle},
    {"livenessProbe", Field::LivenessProbe},
    {"name", Field::Name},
    {"os", Field::Os},
    {"ports", Field::Ports},
    {"privileged", Field::Privileged},
    {"procMount", Field::ProcMount},
    {"readinessProbe", Field::ReadinessProbe},
    {"runAsNonRoot", Field::RunAsNonRoot},
    {"runAsUser", Field::RunAsUser},
    {"seLinuxOptions", Field::SeLinuxOptions},
    {"seccompProfile", Field::SeccompProfile},
    {"securityContext", Field::SecurityContext},
    {"startupProbe", Field::StartupProbe},
    {"sysctls", Field::Sysctls},
    {"volumes", Field::Volumes},
    {"windowsOptions", Field::WindowsOptions},

    {"affinity", Field::Other},
    {"args", Field::Other},
    {"automountServiceAccountToken", Field::Other},
    {"command", Field::Other},
    {"dnsPolicy", Field::Other},
    {"env", Field::Other},
    {"envFrom", Field::Other},
    {"fsGroup", Field::Other},
    {"image", Field::Other},
    {"imagePullPolicy", Field::Other},
    {"imagePullSecrets", Field::Other},
    {"labels", Field::Other},
    {"namespace", Field::Other},
    {"nodeSelector", Field::Other},
    {"priorityClassName", Field::Other},
    {"readOnlyRootFilesystem", Field::Other},
    {"resources", Field::Other},
    {"restartPolicy", Field::Other},
    {"runAsGroup", Field::Other},
    {"schedulerName", Field::Other},
    {"serviceAccount", Field::Other},
    {"serviceAccountName", Field::Other},
    {"supplementalGroups", Field::Other},
    {"terminationGracePeriodSeconds", Field::Other},
    {"terminationMessagePath", Field::Other},
    {"terminationMessagePolicy", Field::Other},
    {"tolerations", Field::Other},
    {"topologySpreadConstraints", Field::Other},
    {"volumeMounts", Field::Other},
});

const NameTable<Field> kFields{kFieldNames};
const Name kName{"name"};

void set_all(SecurityContextView& view, const Node* value) {
  view = {.allow_privilege_escalation = value,
          .app_armor_profile = value,
          .capabilities = value,
          .privileged = value,
          .proc_mount = value,
          .run_as_non_root = value,
          .run_as_user = value,
          .seccomp_profile = value,
          .se_linux_options = value,
          .sysctls = value,
          .windows_options = value};
}

// Where a big input no longer fits the cache, waiting for memory is most of the work. What will be
// walked next is asked for while something else is done.
void prefetch_items(const Node& value) noexcept { __builtin_prefetch(value.items().data()); }

void read_security_context(const Node& context, SecurityContextView& view) {
  if (!context.is_object()) {
    set_all(view, &kWrongType);
    return;
  }
  std::size_t i = 0;
  for (const Node& value : context.items()) {
    const Field field = kFields.of(context, i++, value);
    if (value.is_null()) {
      continue;
    }
    switch (field) {
      case Field::AllowPrivilegeEscalation:
        view.allow_privilege_escalation = &value;
        break;
      case Field::AppArmorProfile:
        view.app_armor_profile = &value;
        break;
      case Field::Capabilities:
        view.capabilities = &value;
        prefetch_items(value);
        break;
      case Field::Privileged:
        view.privileged = &value;
        break;
      case Field::ProcMount:
        view.proc_mount = &value;
        break;
      case Field::RunAsNonRoot:
        view.run_as_non_root = &value;
        break;
      case Field::RunAsUser:
        view.run_as_user = &value;
        break;
      case Field::SeccompProfile:
        view.seccomp_profile = &value;
        prefetch_items(value);
        break;
      case Field::SeLinuxOptions:
        view.se_linux_options = &value;
        break;
      case Field::Sysctls:
        view.sysctls = &value;
        break;
      case Field::WindowsOptions:
        view.windows_options = &value;
        break;
      default:
        break;
    }
  }
}

// The texts below a security context that tests compare.
void prefetch_texts(const SecurityContextView& security) noexcept {
  for (const Node* map : {security.seccomp_profile, security.capabilities}) {
    if (map == nullptr || map->size() == 0) {
      continue;
    }
    const Node& first = map->items().front();
    const bool is_list = first.is_array() && first.size() > 0;
    __builtin_prefetch((is_list ? first.items().front() : first).text().data());
  }
}

// Precondition: `view` is fresh.
void read_container(const Node& container, ContainerView& view) {
  if (!container.is_object()) {
    if (!container.is_null()) {
      set_all(view.security, &kWrongType);
      view.ports = view.liveness_probe = view.readiness_probe = view.startup_probe =
          view.lifecycle = &kWrongType;
    }
    return;
  }
  const Node* security_context = nullptr;
  std::size_t i = 0;
  for (const Node& value : container.items()) {
    const Field field = kFields.of(container, i++, value);
    if (value.is_null()) {
      continue;
    }
    switch (field) {
      case Field::Name:
        view.name = value.text();
        break;
      case Field::SecurityContext:
        security_context = &value;
        prefetch_items(value);
        break;
      case Field::Ports:
        view.ports = &value;
        prefetch_items(value);
        break;
      case Field::LivenessProbe:
        view.liveness_probe = &value;
        prefetch_items(value);
        break;
      case Field::ReadinessProbe:
        view.readiness_probe = &value;
        prefetch_items(value);
        break;
      case Field::StartupProbe:
        view.startup_probe = &value;
        break;
      case Field::Lifecycle:
        view.lifecycle = &value;
        break;
      default:
        break;
    }
  }
  if (security_context != nullptr) {
    read_security_context(*security_context, view.security);
  }
}

void read_containers(const Node* list, ContainerKind kind, std::vector<ContainerView>& room) {
  std::uint32_t index = 0;
  for (const Node& container : elements(list)) {
    ContainerView& view = room.emplace_back();
    view.kind = kind;
    view.index = index++;
    read_container(container, view);
  }
}

struct ContainerLists {
  const Node* init = nullptr;
  const Node* regular = nullptr;
  const Node* ephemeral = nullptr;
};

void read_spec(const Node& spec, PodView& view, ContainerLists& lists) {
  if (!spec.is_object()) {
    set_all(view.security, &kWrongType);
    view.host_ipc = view.host_network = view.host_pid = view.host_users = view.os = view.volumes =
        &kWrongType;
    lists.regular = &kWrongType;
    return;
  }
  const Node* security_context = nullptr;
  std::size_t i = 0;
  for (const Node& value : spec.items()) {
    const Field field = kFields.of(spec, i++, value);
    if (value.is_null()) {
      continue;
    }
    switch (field) {
      case Field::Containers:
        lists.regular = &value;
        prefetch_items(value);
        break;
      case Field::EphemeralContainers:
        lists.ephemeral = &value;
        break;
      case Field::InitContainers:
        lists.init = &value;
        break;
      case Field::HostIpc:
        view.host_ipc = &value;
        break;
      case Field::HostNetwork:
        view.host_network = &value;
        break;
      case Field::HostPid:
        view.host_pid = &value;
        break;
      case Field::HostUsers:
        view.host_users = &value;
        break;
      case Field::Os:
        view.os = &value;
        break;
      case Field::SecurityContext:
        security_context = &value;
        prefetch_items(value);
        break;
      case Field::Volumes:
        view.volumes = &value;
        prefetch_items(value);
        break;
      default:
        break;
    }
  }
  if (security_context != nullptr) {
    read_security_context(*security_context, view.security);
  }
}

const Node* read_annotations(const Node* metadata) {
  if (metadata == nullptr || metadata->is_null()) {
    return nullptr;
  }
  if (!metadata->is_object()) {
    return &kWrongType;
  }
  std::size_t i = 0;
  for (const Node& value : metadata->items()) {
    if (kFields.of(*metadata, i++, value) == Field::Annotations && !value.is_null()) {
      return &value;
    }
  }
  return nullptr;
}

}  // namespace

std::string_view list_name(ContainerKind kind) noexcept {
  switch (kind) {
    case ContainerKind::Init:
      return "initContainers";
    case ContainerKind::Regular:
      return "containers";
    case ContainerKind::Ephemeral:
      return "ephemeralContainers";
  }
  return "containers";
}

void read_pod(const Node* metadata, const Node* spec, std::vector<ContainerView>& room,
              PodView& view) {
  ContainerLists lists;
  room.clear();
  if (spec != nullptr && !spec->is_null()) {
    read_spec(*spec, view, lists);
  }
  read_containers(lists.init, ContainerKind::Init, room);
  read_containers(lists.regular, ContainerKind::Regular, room);
  read_containers(lists.ephemeral, ContainerKind::Ephemeral, room);
  view.containers = room;
  prefetch_texts(view.security);
  for (const ContainerView& container : room) {
    prefetch_texts(container.security);
  }
  view.annotations = read_annotations(metadata);
}

bool is_windows(const PodView& pod) noexcept { return is_text(member(pod.os, kName), "windows"); }

bool has_user_namespace(const PodView& pod) noexcept {
  return pod.host_users != nullptr && pod.host_users->is_bool() && !pod.host_users->boolean();
}

std::string_view display_text(const Node& value) noexcept {
  switch (value.kind()) {
    case document::NodeKind::Null:
      return "";
    case document::NodeKind::Bool:
      return value.boolean() ? "true" : "false";
    case document::NodeKind::Number:
    case document::NodeKind::String:
      return value.text();
    case document::NodeKind::Array:
      return value.size() == 0 ? "[]" : "list";
    case document::NodeKind::Object:
      return value.size() == 0 ? "{}" : "map";
  }
  return "";
}

}  // namespace tally::pod_security

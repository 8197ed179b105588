#pragma once
// Defaults that are more than a row: functions of one object, by its type. They run after the rows
// of the type and after everything below it.

#include <span>
#include <string_view>

#include "kube/defaults.hpp"
#include "kube/internal/draft.hpp"

namespace tally::kube::internal {

// The deprecated annotation of a container's profile begins so; the container's name follows.
inline constexpr std::string_view kAppArmorAnnotation =
    "container.apparmor.security.beta.kubernetes.io/";

struct DefaultHook {
  std::string_view type;  // "core.v1.Container"
  void (*apply)(Draft& object, Arena& arena, DefaultStage stage);
};

// Wherever an object of the type stands.
[[nodiscard]] std::span<const DefaultHook> default_hooks() noexcept;
// Only where it is the whole object: what the kind's own defaulting, conversion and strategy do.
[[nodiscard]] std::span<const DefaultHook> kind_hooks() noexcept;

// defaults_pod.cpp
void default_container(Draft& container, Arena& arena, DefaultStage stage);
void default_image_volume(Draft& source, Arena& arena, DefaultStage stage);
void default_volume(Draft& volume, Arena& arena, DefaultStage stage);
void default_pod_spec(Draft& spec, Arena& arena, DefaultStage stage);
void default_pod_template(Draft& pod_template, Arena& arena, DefaultStage stage);
void default_pod(Draft& pod, Arena& arena, DefaultStage stage);
// defaults_pod_prepare.cpp: the pod strategy.
void prepare_pod(Draft& pod, Arena& arena);
// defaults_kinds.cpp
void default_service_port(Draft& port, Arena& arena, DefaultStage stage);
void default_service_spec(Draft& spec, Arena& arena, DefaultStage stage);
void default_limit_range_item(Draft& item, Arena& arena, DefaultStage stage);
void default_stateful_set_spec(Draft& spec, Arena& arena, DefaultStage stage);
void default_custom_resource_spec(Draft& spec, Arena& arena, DefaultStage stage);
void default_replication_controller(Draft& controller, Arena& arena, DefaultStage stage);
void default_job(Draft& job, Arena& arena, DefaultStage stage);
void default_first_autoscaler(Draft& autoscaler, Arena& arena, DefaultStage stage);
void default_namespace(Draft& name_space, Arena& arena, DefaultStage stage);
void default_secret(Draft& secret, Arena& arena, DefaultStage stage);
void default_daemon_set(Draft& set, Arena& arena, DefaultStage stage);
void default_volume_claim(Draft& claim, Arena& arena, DefaultStage stage);

// Does the server pull this image always? True for the tag "latest", also where it is only meant;
// false for texts that are no image reference.
[[nodiscard]] bool means_latest(std::string_view image) noexcept;

}  // namespace tally::kube::internal

#pragma once
// Who stands before a pod: a sidecar, the ztunnel of its node, or nobody.
//
// istio.io/istio at 86c9f01: manifests/charts/istio-control/istio-discovery/templates/
// mutatingwebhook.yaml (which pods the injector is asked about), pkg/kube/inject/inject.go
// injectRequired(), cni/pkg/util/podutil.go PodRedirectionEnabled().

#include <optional>
#include <string>
#include <string_view>

#include "kube/object.hpp"
#include "topology/topology.hpp"

namespace tally::reachability::mesh {

enum class DataPlane : std::uint8_t {
  None,
  Sidecar,
  Ambient,
  Unknown,  // it depends on the labels of a namespace that is not in the input
};
[[nodiscard]] std::string_view to_text(DataPlane plane) noexcept;  // "none", "sidecar", ...

enum class MeshMode : std::uint8_t {
  Auto,     // as the input says
  None,     // no mesh, whatever the input says
  Sidecar,  // as if every namespace that says nothing were labelled istio-injection=enabled
  Ambient,  // as if every namespace that says nothing were labelled istio.io/dataplane-mode=ambient
};
[[nodiscard]] std::optional<MeshMode> parse_mesh_mode(std::string_view name) noexcept;

struct Enrolment {
  DataPlane plane = DataPlane::None;
  // "namespace shop is labelled istio-injection=enabled"; empty: nothing speaks of it.
  std::string reason{};
  const kube::Object* object = nullptr;  // that says so; may be null
  // Of Unknown: the labels of the namespace alone decide, so that pods of it share the answer.
  bool is_shared = false;
};

struct EnrolmentOptions {
  MeshMode mode = MeshMode::Auto;
  bool has_mesh = false;  // the input speaks of Istio somewhere
};
[[nodiscard]] Enrolment enrolment_of(const topology::Endpoint& endpoint,
                                     const topology::Namespace& name_space,
                                     const EnrolmentOptions& options);

// Does the object speak of Istio: a kind of its own, a label or annotation of enrolment, a proxy?
[[nodiscard]] bool speaks_of_istio(const kube::Object& object);

// A waypoint, or another proxy that istiod's gateway controller made or a Gateway names.
[[nodiscard]] bool is_waypoint_pod(const topology::Endpoint& endpoint);

// The value of a label or annotation of the pod that an endpoint stands for.
[[nodiscard]] std::optional<std::string_view> pod_annotation(const topology::Endpoint& endpoint,
                                                             std::string_view key);
// The spec of that pod; null: there is none.
[[nodiscard]] const document::Node* pod_spec(const topology::Endpoint& endpoint);

}  // namespace tally::reachability::mesh

#include "reachability/mesh/enrolment.hpp"

#include <algorithm>
#include <array>

namespace tally::reachability::mesh {

using document::Node;

namespace {

constexpr std::string_view kInjection = "istio-injection";
constexpr std::string_view kInject = "sidecar.istio.io/inject";
constexpr std::string_view kStatus = "sidecar.istio.io/status";
constexpr std::string_view kRevision = "istio.io/rev";
constexpr std::string_view kDataPlaneMode = "istio.io/dataplane-mode";
constexpr std::string_view kRedirection = "ambient.istio.io/redirection";
constexpr std::string_view kManaged = "gateway.istio.io/managed";
constexpr std::string_view kProxyContainer = "istio-proxy";

// inject.IgnoredNamespaces.
constexpr std::array<std::string_view, 4> kNeverInjected = {
    "kube-system", "kube-public", "kube-node-lease", "local-path-storage"};

// The pod of a controller stands in its template; of a virtual machine there is none to look at.
struct PodView {
  const Node* spec = nullptr;
  Node annotations;
};

PodView pod_of(const topology::Endpoint& endpoint) {
  PodView view;
  if (endpoint.object == nullptr) {
    return view;
  }
  const auto pod = kube::pod_template(*endpoint.object);
  if (!pod) {
    return view;
  }
  view.spec = pod->spec;
  if (const Node* found = pod->metadata == nullptr ? nullptr : pod->metadata->find("annotations")) {
    view.annotations = *found;
  }
  return view;
}

std::optional<std::string_view> text_at(const Node& map, std::string_view key) {
  const Node* value = map.find(key);
  return value == nullptr ? std::nullopt : std::optional(value->text());
}

bool has_proxy_container(const Node& spec) {
  return std::ranges::any_of(
      std::array<std::string_view, 2>{"containers", "initContainers"}, [&](std::string_view list) {
        const Node* containers = spec.find(list);
        return containers != nullptr &&
               std::ranges::any_of(containers->items(), [](const Node& container) {
                 return text_at(container, "name") == kProxyContainer;
               });
      });
}

std::string quoted(std::string_view key, std::string_view value) {
  return std::string(key) + "=" + std::string(value);
}

class Decider {
 public:
  Decider(const topology::Endpoint& endpoint, const topology::Namespace& name_space,
          const EnrolmentOptions& options)
      : endpoint_(endpoint), name_space_(name_space), options_(options), pod_(pod_of(endpoint)) {}

  Enrolment decide() {
    if (options_.mode == MeshMode::None) {
      return {};
    }
    // What runs already speaks for itself; waypoints and gateways are proxies.
    if (pod_.spec != nullptr && has_proxy_container(*pod_.spec)) {
      return of_pod(DataPlane::Sidecar, "the pod has a container istio-proxy");
    }
    if (pod_.annotations.find(kStatus) != nullptr) {
      return of_pod(DataPlane::Sidecar, "the pod is annotated " + std::string(kStatus));
    }
    if (text_at(pod_.annotations, kRedirection) == "enabled") {
      return of_pod(DataPlane::Ambient, "the pod is annotated " + quoted(kRedirection, "enabled"));
    }
    if (endpoint_.is_on_host_network) {
      return of_pod(DataPlane::None, "pods on the network of their node are never in the mesh");
    }
    if (options_.mode == MeshMode::Auto && !options_.has_mesh) {
      return {};
    }
    const Enrolment sidecar = injection();
    if (sidecar.plane == DataPlane::Sidecar) {
      return sidecar;
    }
    const Enrolment ambient = redirection();
    // A sidecar wins: only where there is none a ztunnel takes over.
    if (sidecar.plane == DataPlane::Unknown && ambient.plane != DataPlane::Unknown) {
      return sidecar;
    }
    if (ambient.plane == DataPlane::None && ambient.reason.empty()) {
      return sidecar;
    }
    return ambient;
  }

 private:
  [[nodiscard]] Enrolment of_pod(DataPlane plane, std::string reason) const {
    return {plane, std::move(reason), endpoint_.object};
  }
  [[nodiscard]] Enrolment of_namespace(DataPlane plane, std::string_view key,
                                       std::string_view value) const {
    return {plane,
            "namespace " + std::string(name_space_.name) + " is labelled " + quoted(key, value),
            name_space_.object};
  }
  [[nodiscard]] Enrolment unknown() const {
    const bool has_own = endpoint_.label(kInject) || endpoint_.label(kRevision) ||
                         endpoint_.label(kDataPlaneMode) ||
                         pod_.annotations.find(kInject) != nullptr;
    return {DataPlane::Unknown,
            "namespace " + std::string(name_space_.name) + " is not in the input", nullptr,
            !has_own};
  }

  // The webhooks of the injector: {rev.,}namespace by the labels of the namespace, unless the pod
  // is labelled "false"; {rev.,}object by those of the pod, where the namespace has neither label.
  [[nodiscard]] Enrolment injection() const {
    if (std::ranges::find(kNeverInjected, name_space_.name) != kNeverInjected.end()) {
      return {DataPlane::None, "namespace " + std::string(name_space_.name) + " is never injected",
              nullptr};
    }
    // injectRequired(): the label before the annotation; other words than these count as nothing.
    const auto label = endpoint_.label(kInject);
    const auto wish = label ? label : text_at(pod_.annotations, kInject);
    const std::string_view where = label ? "labelled " : "annotated ";
    if (wish == "false") {
      return of_pod(DataPlane::None, "the pod is " + std::string(where) + quoted(kInject, "false"));
    }
    const bool asks = label == "true";
    const auto revision = endpoint_.label(kRevision);
    if (!name_space_.is_known()) {
      if (options_.mode == MeshMode::Sidecar) {
        return {DataPlane::Sidecar, "taken as injected", nullptr};
      }
      return options_.mode == MeshMode::Ambient ? Enrolment{} : unknown();
    }
    const auto injects = name_space_.label(kInjection);
    if (injects) {
      return of_namespace(injects == "enabled" ? DataPlane::Sidecar : DataPlane::None, kInjection,
                          *injects);
    }
    if (const auto of_revision = name_space_.label(kRevision)) {
      return of_namespace(DataPlane::Sidecar, kRevision, *of_revision);
    }
    if (asks) {
      return of_pod(DataPlane::Sidecar, "the pod is labelled " + quoted(kInject, "true"));
    }
    if (revision) {
      return of_pod(DataPlane::Sidecar, "the pod is labelled " + quoted(kRevision, *revision));
    }
    const bool is_redirected = name_space_.label(kDataPlaneMode).has_value();
    if (options_.mode == MeshMode::Sidecar && !is_redirected) {
      return {DataPlane::Sidecar, "taken as injected", nullptr};
    }
    return {};
  }

  // PodRedirectionEnabled(): the namespace or the pod asks for it, and the pod does not refuse.
  [[nodiscard]] Enrolment redirection() const {
    const auto own = endpoint_.label(kDataPlaneMode);
    if (own) {
      return of_pod(own == "ambient" ? DataPlane::Ambient : DataPlane::None,
                    "the pod is labelled " + quoted(kDataPlaneMode, *own));
    }
    if (!name_space_.is_known()) {
      if (options_.mode == MeshMode::Ambient) {
        return {DataPlane::Ambient, "taken as redirected to a ztunnel", nullptr};
      }
      return options_.mode == MeshMode::Sidecar ? Enrolment{} : unknown();
    }
    if (const auto mode = name_space_.label(kDataPlaneMode)) {
      return of_namespace(mode == "ambient" ? DataPlane::Ambient : DataPlane::None, kDataPlaneMode,
                          *mode);
    }
    const bool says_injection =
        name_space_.label(kInjection).has_value() || name_space_.label(kRevision).has_value();
    if (options_.mode == MeshMode::Ambient && !says_injection) {
      return {DataPlane::Ambient, "taken as redirected to a ztunnel", nullptr};
    }
    return {};
  }

  const topology::Endpoint& endpoint_;
  const topology::Namespace& name_space_;
  const EnrolmentOptions& options_;
  PodView pod_;
};

bool is_enrolment_key(std::string_view key) {
  return key == kInjection || key == kInject || key == kRevision || key == kDataPlaneMode ||
         key == kStatus || key == kRedirection;
}

}  // namespace

std::string_view to_text(DataPlane plane) noexcept {
  switch (plane) {
    case DataPlane::None:
      return "none";
    case DataPlane::Sidecar:
      return "sidecar";
    case DataPlane::Ambient:
      return "ambient";
    case DataPlane::Unknown:
      return "unknown";
  }
  return "unknown";
}

std::optional<MeshMode> parse_mesh_mode(std::string_view name) noexcept {
  constexpr std::array<std::pair<std::string_view, MeshMode>, 4> kNames{
      {{"auto", MeshMode::Auto},
       {"none", MeshMode::None},
       {"sidecar", MeshMode::Sidecar},
       {"ambient", MeshMode::Ambient}}};
  for (const auto& [text, mode] : kNames) {
    if (text == name) {
      return mode;
    }
  }
  return std::nullopt;
}

Enrolment enrolment_of(const topology::Endpoint& endpoint, const topology::Namespace& name_space,
                       const EnrolmentOptions& options) {
  return Decider(endpoint, name_space, options).decide();
}

bool speaks_of_istio(const kube::Object& object) {
  if (object.ref.group == "security.istio.io" || object.ref.group == "networking.istio.io") {
    return true;
  }
  const auto has_key = [](const Node& map) {
    for (const document::Member member : map.members()) {
      if (is_enrolment_key(member.key)) {
        return true;
      }
    }
    return false;
  };
  const Node labels = object.labels();
  if (object.ref.kind == "Namespace" && object.ref.group.empty()) {
    return has_key(labels);
  }
  if (!kube::is_workload(object.ref)) {
    return false;
  }
  const auto pod = kube::pod_template(object);
  if (!pod) {
    return false;
  }
  for (const std::string_view map : {"labels", "annotations"}) {
    const Node* found = pod->metadata == nullptr ? nullptr : pod->metadata->find(map);
    if (found != nullptr && has_key(*found)) {
      return true;
    }
  }
  return has_proxy_container(*pod->spec);
}

bool is_waypoint_pod(const topology::Endpoint& endpoint) {
  return endpoint.label(kManaged) == "istio.io-mesh-controller";
}

std::optional<std::string_view> pod_annotation(const topology::Endpoint& endpoint,
                                               std::string_view key) {
  return text_at(pod_of(endpoint).annotations, key);
}

const Node* pod_spec(const topology::Endpoint& endpoint) { return pod_of(endpoint).spec; }

}  // namespace tally::reachability::mesh

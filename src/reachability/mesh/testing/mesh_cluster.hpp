#pragma once
// For tests: a cluster and its mesh, read from YAML.

#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "kube/testing/manifests.hpp"
#include "reachability/mesh/layers.hpp"

namespace tally::reachability::mesh::testing {

class MeshCluster {
 public:
  explicit MeshCluster(std::string yaml, MeshMode mode = MeshMode::Auto)
      : text_(std::move(yaml)),
        manifests_(text_),
        world_(std::make_unique<World>(*manifests_.snapshot(), network_policy::LoadOptions{})),
        mesh_(std::make_unique<Mesh>(*manifests_.snapshot(), *world_, MeshOptions{.mode = mode})) {}

  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] World& world() { return *world_; }
  [[nodiscard]] const Mesh& mesh() const { return *mesh_; }
  // "shop/web"; "10.0.0.1": outside.
  [[nodiscard]] Party party(std::string_view name) const {
    if (const auto address = scalar::IpAddress::parse(name)) {
      return {.endpoint = {}, .addresses = scalar::AddressSet(*address)};
    }
    const auto workload = world_->find(name);
    if (!workload) {
      ADD_FAILURE() << workload.error().to_string() << "\n" << text_;
      return {};
    }
    return {.endpoint = world_->workloads()[*workload].endpoints.front(), .addresses = {}};
  }

 private:
  std::string text_;
  kube::testing::Manifests manifests_;
  std::unique_ptr<World> world_;
  std::unique_ptr<Mesh> mesh_;
};

inline std::string name_space(std::string_view name, std::string_view labels = "{}") {
  return "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: " + std::string(name) +
         ", labels: " + std::string(labels) + "}\n";
}

struct PodText {
  std::string_view labels = "";  // after app: ", tier: db"
  std::string_view annotations = "{}";
  std::string_view spec = "";  // ", hostNetwork: true"
  std::string_view status = "{}";
};
// "shop/web": a Pod with the label app and a service account of the same name.
inline std::string pod(std::string_view path, const PodText& text = {}) {
  const std::string where(path.substr(0, path.find('/')));
  const std::string name(path.substr(path.find('/') + 1));
  return "---\napiVersion: v1\nkind: Pod\nmetadata: {namespace: " + where + ", name: " + name +
         ", labels: {app: " + name + std::string(text.labels) +
         "}, annotations: " + std::string(text.annotations) +
         "}\nspec: {serviceAccountName: " + name +
         ", containers: [{name: c, image: i, ports: [{containerPort: 8080}]}]" +
         std::string(text.spec) + "}\nstatus: " + std::string(text.status) + "\n";
}

// "shop/web": a Service that selects app: web; port 80 leads to 8080.
inline std::string service(std::string_view path, std::string_view port_name = "http",
                           std::string_view metadata = "") {
  const std::string where(path.substr(0, path.find('/')));
  const std::string name(path.substr(path.find('/') + 1));
  return "---\napiVersion: v1\nkind: Service\nmetadata: {namespace: " + where + ", name: " + name +
         std::string(metadata) + "}\nspec: {selector: {app: " + name +
         "}, ports: [{name: " + std::string(port_name) + ", port: 80, targetPort: 8080}]}\n";
}

// "security.istio.io/v1 PeerAuthentication shop/default"
inline std::string object(std::string_view group_version, std::string_view kind,
                          std::string_view path, std::string_view spec) {
  return "---\napiVersion: " + std::string(group_version) + "\nkind: " + std::string(kind) +
         "\nmetadata: {namespace: " + std::string(path.substr(0, path.find('/'))) +
         ", name: " + std::string(path.substr(path.find('/') + 1)) +
         "}\nspec: " + std::string(spec) + "\n";
}
inline std::string peer(std::string_view path, std::string_view spec) {
  return object("security.istio.io/v1", "PeerAuthentication", path, spec);
}
inline std::string authorization_policy(std::string_view path, std::string_view spec) {
  return object("security.istio.io/v1", "AuthorizationPolicy", path, spec);
}

}  // namespace tally::reachability::mesh::testing

#pragma once
// Config: a cluster and the policies of one configuration of a scheme, and the variants of it that
// queries ask about (without a policy, without a rule, with one policy only).

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/arena.hpp"
#include "base/result.hpp"
#include "kube/snapshot.hpp"
#include "network_policy/policy_set.hpp"
#include "reachability/query/cluster.hpp"

namespace tally::reachability::query {

// In Config::other_layers().
inline constexpr std::string_view kMeshLayer = "istio";

enum class PolicyKind : std::uint8_t { Kubernetes, Calico, CalicoGlobal };
// "K8sNetworkPolicy", as names of configurations write it.
[[nodiscard]] std::string_view to_text(PolicyKind kind) noexcept;

struct ConfigPolicy {
  std::uint32_t index = 0;  // in PolicySet::policies()
  PolicyKind kind = PolicyKind::Kubernetes;
  std::string full_name{};        // "shop/web"
  std::optional<double> order{};  // nothing: after all others
  std::string text{};             // what it says, for comparing
  std::size_t position = 0;       // in the input: decides between equal orders
};

// An AuthorizationPolicy of Istio, as far as whom it selects.
struct MeshPolicy {
  std::string full_name;
  std::string_view name_space;
  document::Node labels;  // that a pod must have; Null: any

  [[nodiscard]] bool selects(const ClusterPeer& peer) const;
};

class Config {
 public:
  // Documents of `policies` that are no policies are passed over.
  Config(std::string name, std::shared_ptr<const Cluster> cluster,
         std::vector<LoadedDocument> policies);

  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] const Cluster& cluster() const noexcept { return *cluster_; }
  [[nodiscard]] const std::shared_ptr<const Cluster>& shared_cluster() const noexcept {
    return cluster_;
  }
  [[nodiscard]] const std::vector<LoadedDocument>& documents() const noexcept { return documents_; }
  // Like those of the cluster, with the labels that profiles add.
  [[nodiscard]] const std::vector<ClusterPeer>& peers() const noexcept { return peers_; }
  [[nodiscard]] const network_policy::PolicySet& set() const noexcept { return *set_; }
  // In the order of evaluation.
  [[nodiscard]] const std::vector<ConfigPolicy>& policies() const noexcept { return policies_; }
  [[nodiscard]] const std::vector<MeshPolicy>& mesh_policies() const noexcept {
    return mesh_policies_;
  }
  // Kinds that decide connections and that are not read: of the mesh, of gateways.
  [[nodiscard]] const std::set<std::string>& other_layers() const noexcept { return other_layers_; }
  [[nodiscard]] bool names_v6() const noexcept { return names_v6_; }
  // Whether a rule of Kubernetes means the pods of the cluster's DNS, of which there is none: the
  // tool adds one then ("livesim", nca/NetworkConfig/ResourcesHandler.py).
  [[nodiscard]] bool lacks_kube_dns() const;

 private:
  void apply_profile_labels();
  void list_policies();

  std::string name_;
  std::shared_ptr<const Cluster> cluster_;
  std::vector<LoadedDocument> documents_;
  std::vector<ClusterPeer> peers_;
  std::vector<document::Node> profiles_;
  std::vector<kube::Object> objects_;
  std::shared_ptr<const kube::Snapshot> snapshot_;
  std::unique_ptr<network_policy::PolicySet> set_;
  std::vector<ConfigPolicy> policies_;
  std::vector<MeshPolicy> mesh_policies_;
  std::set<std::string> other_layers_;
  bool names_v6_ = false;
  std::unique_ptr<Arena> arena_ = std::make_unique<Arena>();
};

// A Config of which some policies or rules are left out.
struct View {
  const Config* config = nullptr;
  std::string name;                          // "config", "config/shop/web"
  std::vector<bool> left_out{};              // by position in Config::policies(); empty: none
  std::set<std::uint32_t> rules_left_out{};  // positions in PolicySet::rules()

  [[nodiscard]] bool has(std::size_t policy) const { return left_out.empty() || !left_out[policy]; }
  [[nodiscard]] bool is_empty() const;
};

[[nodiscard]] View view_of(const Config& config);
[[nodiscard]] View without_policies(View view);
[[nodiscard]] View without_policy(View view, std::size_t policy);
[[nodiscard]] View with_one_policy(View view, std::size_t policy);
// "config/shop/web", "config/web", "config/K8sNetworkPolicy/shop/web"
[[nodiscard]] Result<View> select(const Config& config, std::string_view policy);

}  // namespace tally::reachability::query

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
#include "reachability/query/layer.hpp"

namespace tally::reachability::query {

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
  // Positions in policies() as the tool goes through them: those of one order as they stand in the
  // input, whatever their names.
  [[nodiscard]] const std::vector<std::size_t>& evaluation_order() const noexcept {
    return evaluation_order_;
  }
  // Of the mesh and of gateways: by layer, within it in the order of evaluation.
  [[nodiscard]] const std::vector<LayerPolicy>& layer_policies() const noexcept {
    return layer_policies_;
  }
  // Policies of all layers are numbered: those of policies(), then those of layer_policies().
  [[nodiscard]] std::size_t policy_count() const noexcept {
    return policies_.size() + layer_policies_.size();
  }
  [[nodiscard]] Layer layer_of(std::size_t policy) const;
  [[nodiscard]] const std::string& full_name_of(std::size_t policy) const;
  [[nodiscard]] const LayerPolicy* layer_policy(std::size_t policy) const;  // null: of policies()
  // Kind and name, which are a policy's own in a configuration; with what it says.
  [[nodiscard]] std::string text_of(std::size_t policy, bool with_content) const;
  // Keys of labels that policies select by, those of one selector joined by ":": pods of firewall
  // rules are grouped by them.
  [[nodiscard]] std::set<std::string> labels() const;
  [[nodiscard]] bool names_v6() const noexcept { return names_v6_; }
  // Whether a rule of Kubernetes means the pods of the cluster's DNS, of which there is none: the
  // tool adds one then ("livesim", nca/NetworkConfig/ResourcesHandler.py).
  [[nodiscard]] bool lacks_kube_dns() const;
  // Whether there are gateways or virtual services of Istio, though no policy may come of them.
  [[nodiscard]] bool has_istio_gateways() const noexcept {
    return !gateways_.empty() || !virtual_services_.empty();
  }
  // The same of all pods that the tool adds.
  [[nodiscard]] AddedPods lacks() const;

 private:
  void apply_profile_labels();
  void list_policies();
  void read_layers();

  std::string name_;
  std::shared_ptr<const Cluster> cluster_;
  std::vector<LoadedDocument> documents_;
  std::vector<ClusterPeer> peers_;
  std::vector<document::Node> profiles_;
  std::vector<kube::Object> objects_;
  std::shared_ptr<const kube::Snapshot> snapshot_;
  std::unique_ptr<network_policy::PolicySet> set_;
  std::vector<ConfigPolicy> policies_;
  std::vector<std::size_t> evaluation_order_;
  std::vector<document::Node> authorization_policies_;
  std::vector<document::Node> sidecars_;
  std::vector<document::Node> ingresses_;
  std::vector<document::Node> gateways_;
  std::vector<document::Node> virtual_services_;
  std::vector<LayerPolicy> layer_policies_;
  AddedPods lacks_{};
  bool names_v6_ = false;
  std::unique_ptr<Arena> arena_ = std::make_unique<Arena>();
};

// A Config of which some policies or rules are left out.
struct View {
  const Config* config = nullptr;
  std::string name;                          // "config", "config/shop/web"
  std::vector<bool> left_out{};              // by number of policy; empty: none
  std::set<std::uint32_t> rules_left_out{};  // positions in PolicySet::rules()
  // A policy of policies() that goes behind those of its order, where the tool puts what it
  // changed.
  std::optional<std::size_t> moved_behind{};
  // Of layer_policies(): number of the policy, and of its rule.
  std::set<std::pair<std::size_t, std::size_t>> layer_rules_left_out{};

  [[nodiscard]] bool has(std::size_t policy) const { return left_out.empty() || !left_out[policy]; }
  [[nodiscard]] bool is_empty() const;
  // Whether some policy of the layer is there; of a whole configuration the layer of gateways is,
  // too, where objects of Istio describe them.
  [[nodiscard]] bool has_layer(Layer layer) const;
  // Config::evaluation_order() with that one policy moved.
  [[nodiscard]] std::vector<std::size_t> evaluation_order() const;
};

[[nodiscard]] View view_of(const Config& config);
[[nodiscard]] View without_policies(View view);
[[nodiscard]] View without_policy(View view, std::size_t policy);
[[nodiscard]] View with_one_policy(View view, std::size_t policy);
[[nodiscard]] View without_gateways(View view);
// "config/shop/web", "config/web", "config/K8sNetworkPolicy/shop/web"
[[nodiscard]] Result<View> select(const Config& config, std::string_view policy);

}  // namespace tally::reachability::query

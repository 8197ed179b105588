#pragma once
// Readers of the objects behind the layers, and what they ask of the cluster.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "document/node.hpp"
#include "reachability/query/cluster.hpp"
#include "reachability/query/layer.hpp"

namespace tally::reachability::query {

// Istio's own is istio-system; the tool takes this one (nca/Resources/IstioTrafficResources.py).
inline constexpr std::string_view kRootNamespace = "istio-config";

// The cluster as readers ask it. Holds references; short-lived.
class LayerWorld {
 public:
  LayerWorld(const Cluster& cluster, const std::vector<ClusterPeer>& peers)
      : cluster_(cluster), peers_(peers) {}

  [[nodiscard]] const Cluster& cluster() const noexcept { return cluster_; }
  [[nodiscard]] const std::vector<ClusterPeer>& peers() const noexcept { return peers_; }
  [[nodiscard]] PeerSet nobody() const;
  // Pods, and host endpoints.
  [[nodiscard]] PeerSet pods() const;
  [[nodiscard]] PeerSet pods_and_hosts() const;
  [[nodiscard]] PeerSet of_namespace(std::string_view name) const;
  [[nodiscard]] PeerSet with_label(std::string_view key, std::string_view value) const;
  // Host endpoints too, and every address.
  [[nodiscard]] PeerSet everybody() const;
  [[nodiscard]] PeerSet with_account(std::string_view name_space, std::string_view account) const;
  [[nodiscard]] PeerSet dns_entries() const;
  // "*.example.com" means every entry below; the entry itself may be such a pattern.
  [[nodiscard]] PeerSet dns_entries(std::string_view host) const;
  [[nodiscard]] PeerSet targets(const Service& service) const;
  // Of services and hosts of ServiceEntries; of one namespace, which all of the latter are in.
  [[nodiscard]] PeerSet of_services() const;
  [[nodiscard]] PeerSet of_services(std::string_view name_space) const;
  [[nodiscard]] const Service* service(std::string_view name_space, std::string_view name) const;
  // {"selector": {"matchLabels": ...}} of Istio: nothing selects all pods, {} host endpoints too.
  [[nodiscard]] PeerSet selected(const document::Node* selector, std::string_view key,
                                 std::string_view name_space,
                                 std::vector<std::string>& labels) const;

 private:
  template <class Predicate>
  [[nodiscard]] PeerSet where(const Predicate& holds) const;

  const Cluster& cluster_;
  const std::vector<ClusterPeer>& peers_;
};

[[nodiscard]] std::string_view text_of(const document::Node* node, std::string_view key);
[[nodiscard]] const document::Node* node_of(const document::Node* node,
                                            std::initializer_list<std::string_view> keys);
[[nodiscard]] std::span<const document::Node> items_of(const document::Node* node);
[[nodiscard]] std::string_view namespace_of_object(const document::Node& object);
// Fills name, full_name and text.
void name_policy(LayerPolicy& policy, const document::Node& object);
// A host of an Ingress, a Gateway or a VirtualService. Nothing: not understood.
[[nodiscard]] std::optional<Language> host_language(std::string_view host);
// Paths below a prefix, which ends at a slash.
[[nodiscard]] std::optional<Language> path_prefix(std::string_view prefix);

[[nodiscard]] LayerPolicy read_authorization_policy(const LayerWorld& world,
                                                    const document::Node& object);
// In the order of the input: the first that selects a pod is the one.
[[nodiscard]] std::vector<LayerPolicy> read_sidecars(const LayerWorld& world,
                                                     const std::vector<document::Node>& objects);
[[nodiscard]] LayerPolicy read_ingress(const LayerWorld& world, const document::Node& object);
[[nodiscard]] std::vector<LayerPolicy> read_gateways(
    const LayerWorld& world, const std::vector<document::Node>& gateways,
    const std::vector<document::Node>& virtual_services);
// Whether a gateway selects pods by a label that none has and that one of the tool's own gateways
// has.
void note_missing_pods(const LayerWorld& world, const std::vector<document::Node>& gateways,
                       AddedPods& lacks);

}  // namespace tally::reachability::query

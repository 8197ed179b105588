#pragma once
// The peers of a configuration as network-config-analyzer sees them: pods, the pods that it makes
// up for workloads, Calico's WorkloadEndpoints and HostEndpoints. Of the pods of one owner two at
// most: the others are like them (nca/NetworkConfig/TopologyObjectsFinder.py).
//
// Nodes point into documents that the caller keeps. Immutable after reading; share freely.

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

#include "document/node.hpp"
#include "document/source.hpp"
#include "kube/object.hpp"
#include "network_policy/peer.hpp"
#include "topology/topology.hpp"

namespace tally::reachability::query {

// One document of the input: an object, a list of them, a list of lists.
struct LoadedDocument {
  const document::Source* source = nullptr;
  document::Node root;
};

class ClusterPeer final : public network_policy::Peer {
 public:
  std::string name;      // "shop/web-1"
  std::string workload;  // "shop/web[Deployment]"
  bool is_host_endpoint = false;
  bool is_dns_entry = false;  // a host of a ServiceEntry: no pod, outside of all namespaces
  std::vector<std::string> profiles;
  topology::Endpoint endpoint;
  std::vector<topology::ContainerPort> ports;
  const topology::Namespace* name_space = nullptr;

  [[nodiscard]] network_policy::Match selected_by(const network_policy::SelectorPool& selectors,
                                                  network_policy::SelectorId id) const override;
  [[nodiscard]] bool is_pod() const override { return !is_dns_entry; }
  [[nodiscard]] const scalar::AddressSet& addresses() const override { return addresses_; }
  [[nodiscard]] bool knows_addresses() const override { return false; }
  [[nodiscard]] network_policy::Entity entity() const override {
    return network_policy::Entity::None;
  }
  [[nodiscard]] scalar::PortSet named_port(std::string_view port,
                                           scalar::Protocol protocol) const override;

 private:
  scalar::AddressSet addresses_;
};

struct ServicePort {
  std::string_view name;
  std::int64_t port = 0;
  scalar::Protocol protocol = scalar::Protocol::Tcp;
  std::variant<std::int64_t, std::string_view> target;  // a number, or the name of a pod's port
};

struct Service {
  std::string full_name;  // "shop/web"
  std::string_view name;
  std::string_view name_space;
  std::vector<ServicePort> ports;
  std::vector<bool> targets;  // by position in Cluster::peers()
};

// What the tool adds where policies need it and the input lacks it ("livesim",
// nca/NetworkConfig/ResourcesHandler.py).
struct AddedPods {
  bool kube_dns = false;
  bool ingress_controller = false;
  bool istio_ingress_gateway = false;
  bool istio_egress_gateway = false;
  [[nodiscard]] bool any() const noexcept {
    return kube_dns || ingress_controller || istio_ingress_gateway || istio_egress_gateway;
  }
};

class Cluster {
 public:
  // The same with a pod of the cluster's DNS, kube-system/kube-dns-livesim.
  [[nodiscard]] static std::shared_ptr<const Cluster> with_kube_dns(
      const std::vector<LoadedDocument>& namespaces, const std::vector<LoadedDocument>& pods);

  // Namespaces of the first, pods, services and hosts of ServiceEntries of the second.
  Cluster(const std::vector<LoadedDocument>& namespaces, const std::vector<LoadedDocument>& pods,
          AddedPods added = {});

  [[nodiscard]] const std::vector<std::unique_ptr<ClusterPeer>>& peers() const noexcept {
    return peers_;
  }
  [[nodiscard]] std::size_t namespace_count() const noexcept { return namespaces_.size(); }
  [[nodiscard]] std::vector<std::string_view> namespace_names() const;
  // What it was made of.
  [[nodiscard]] const std::vector<LoadedDocument>& namespace_documents() const noexcept {
    return namespace_documents_;
  }
  [[nodiscard]] const std::vector<LoadedDocument>& pod_documents() const noexcept {
    return pod_documents_;
  }
  // Services, each as one text: for comparing clusters.
  [[nodiscard]] const std::vector<std::string>& services() const noexcept { return services_; }
  [[nodiscard]] const std::vector<Service>& service_list() const noexcept { return service_list_; }

 private:
  void read_pod(const document::Node& node);
  void read_workload(const document::Node& node, std::string_view kind);
  void read_workload_endpoint(const document::Node& node);
  void read_host_endpoint(const document::Node& node);
  void read_service(const document::Node& node);
  void read_service_entry(const document::Node& node);
  void find_targets();
  void add_pods(AddedPods added);
  std::unique_ptr<ClusterPeer> make_peer(std::string_view name_space, std::string_view name,
                                         const document::Node* labels);
  void add_peer(std::unique_ptr<ClusterPeer> peer, std::string_view owner);
  const topology::Namespace* name_space_of(std::string_view name);

  // A namespace's object; without one, an object that has nothing.
  std::unordered_map<std::string, std::unique_ptr<topology::Namespace>> namespaces_;
  std::vector<std::unique_ptr<kube::Object>> namespace_objects_;
  std::vector<std::unique_ptr<ClusterPeer>> peers_;
  std::unordered_map<std::string, int> alike_;
  std::vector<std::string> services_;
  std::vector<Service> service_list_;
  std::vector<document::Node> service_selectors_;  // of service_list_
  std::vector<LoadedDocument> namespace_documents_;
  std::vector<LoadedDocument> pod_documents_;
};

// The objects in a document, lists taken apart; `kind` of the items of a typed list that name none.
void for_each_object(const document::Node& node, std::string_view kind_of_list,
                     const std::function<void(const document::Node&, std::string_view)>& visit);

}  // namespace tally::reachability::query

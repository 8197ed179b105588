#pragma once
// Layers of a configuration beside network policies: authorization policies and sidecars of Istio,
// Ingresses, and gateways of Istio with their virtual services, each as policies of one form
// (np-guard/network-config-analyzer, nca/NetworkConfig/NetworkLayer.py).
//
// A policy of a layer selects peers; its rules are flows between peers, which it allows or denies.
// What no policy speaks of is allowed from (or to) peers that no closing policy selects.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "reachability/query/traffic.hpp"
#include "scalar/address_set.hpp"

namespace tally::reachability::query {

enum class Layer : std::uint8_t { K8sCalico, Istio, Ingress, IstioGateway };
// "K8s_Calico", "Istio", "K8sGateway", "IstioGateway"
[[nodiscard]] std::string_view to_text(Layer layer) noexcept;

// Endpoints by position in Config::peers(), and outside addresses.
struct PeerSet {
  std::vector<bool> endpoints;
  scalar::AddressSet addresses{};

  [[nodiscard]] bool has(std::size_t endpoint) const { return endpoints[endpoint]; }
  [[nodiscard]] bool has_endpoints() const;
  [[nodiscard]] bool is_empty() const { return !has_endpoints() && addresses.is_empty(); }
  void unite(const PeerSet& other);
  void intersect(const PeerSet& other);
  void subtract(const PeerSet& other);
  friend bool operator==(const PeerSet&, const PeerSet&) = default;
};

struct Flow {
  PeerSet sources;
  PeerSet destinations;
  TrafficCube traffic;
};

struct LayerRule {
  bool is_ingress = false;
  bool is_empty = false;  // means nobody
  std::vector<Flow> flows{};
};

struct LayerPolicy {
  Layer layer = Layer::Istio;
  std::string_view kind{};   // "IstioAuthorizationPolicy", as names of configurations write it
  std::string_view title{};  // "AuthorizationPolicy", as answers do
  std::string name{};
  std::string full_name{};  // "shop/web"
  std::string text{};       // what it says, for comparing
  bool denies = false;      // else it allows
  bool closes = true;       // whoever it selects is closed but for what is allowed
  bool affects_ingress = false;
  bool affects_egress = false;
  PeerSet selected{};
  std::vector<LayerRule> rules{};
  // Keys of labels that its selectors name; several of one selector joined by ":".
  std::vector<std::string> labels{};
  bool names_v6 = false;
};

}  // namespace tally::reachability::query

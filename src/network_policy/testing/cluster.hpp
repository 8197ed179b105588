#pragma once
// For tests: a cluster read from YAML.

#include <gtest/gtest.h>

#include <memory>
#include <string_view>
#include <vector>

#include "kube/testing/manifests.hpp"
#include "network_policy/pair.hpp"
#include "network_policy/point.hpp"

namespace tally::network_policy::testing {

class Cluster {
 public:
  explicit Cluster(std::string_view yaml, const LoadOptions& options = {})
      : Cluster(std::vector<std::string_view>{yaml}, options) {}

  explicit Cluster(const std::vector<std::string_view>& texts, const LoadOptions& options = {})
      : manifests_(texts) {
    topology_ = std::make_unique<topology::Topology>(topology::Topology::read(*snapshot()));
    policies_ = std::make_unique<PolicySet>(PolicySet::load(*snapshot(), options));
  }

  [[nodiscard]] const std::shared_ptr<const kube::Snapshot>& snapshot() const {
    return manifests_.snapshot();
  }
  [[nodiscard]] const topology::Topology& topology() const { return *topology_; }
  [[nodiscard]] const PolicySet& policies() const { return *policies_; }

  [[nodiscard]] EndpointPeer pod(std::string_view name_space, std::string_view name) const {
    for (const topology::Endpoint& endpoint : topology_->endpoints()) {
      if (endpoint.name == name && topology_->name_space_of(endpoint).name == name_space) {
        return {*topology_, endpoint};
      }
    }
    ADD_FAILURE() << "no endpoint " << name_space << "/" << name;
    return {*topology_, topology_->endpoints().front()};
  }

  // "shop/web", or an address block.
  [[nodiscard]] std::unique_ptr<Peer, void (*)(Peer*)> peer(std::string_view text) const {
    const auto cidr = scalar::Cidr::parse(text);
    if (cidr) {
      return {new ExternalPeer(scalar::AddressSet(*cidr)),
              [](Peer* peer) { delete static_cast<ExternalPeer*>(peer); }};
    }
    const std::size_t slash = text.find('/');
    return {new EndpointPeer(pod(text.substr(0, slash), text.substr(slash + 1))),
            [](Peer* peer) { delete static_cast<EndpointPeer*>(peer); }};
  }

  // The connections as text: "TCP 80; UDP", "all", "none"; " ?UDP 53" for what is unknown.
  [[nodiscard]] std::string between(std::string_view source, std::string_view destination) const {
    const auto from = peer(source);
    const auto to = peer(destination);
    const PairAnswer answer = connections_between(*policies_, *from, *to);
    std::string text = answer.allowed.to_string();
    if (!answer.unknown.is_empty()) {
      text += " ?" + answer.unknown.to_string();
    }
    return text;
  }

 private:
  kube::testing::Manifests manifests_;
  std::unique_ptr<topology::Topology> topology_;
  std::unique_ptr<PolicySet> policies_;
};

}  // namespace tally::network_policy::testing

#pragma once
// Which pods a Service sends to, and on which of their ports. Endpoints of a Service without a
// selector are those that Endpoints and EndpointSlices of the input name.
//
// Indexes are made on first use: one thread at a time.

#include <cstdint>
#include <map>
#include <optional>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "kube/snapshot.hpp"
#include "scalar/connection_set.hpp"
#include "topology/topology.hpp"

namespace tally::reachability::entries {

struct Target {
  std::uint32_t endpoint = 0;  // position in the Topology
  scalar::ConnectionSet ports{};
};

class ServiceBackends {
 public:
  ServiceBackends(const kube::Snapshot& snapshot, const topology::Topology& topology);

  // Position in Topology::services(), or nothing.
  [[nodiscard]] std::optional<std::uint32_t> find(std::string_view name_space,
                                                  std::string_view name) const;
  // "web.shop.svc.cluster.local": the name of a Service in DNS.
  [[nodiscard]] std::optional<std::uint32_t> find_host(std::string_view host) const;
  [[nodiscard]] const topology::Service& at(std::uint32_t service) const noexcept {
    return topology_.services()[service];
  }
  // Where a Service of type ExternalName leads, if its name is that of a Service of this cluster;
  // any other Service itself. Nothing: out of the input, or in a circle.
  [[nodiscard]] std::optional<std::uint32_t> follow(std::uint32_t service) const;

  // Positions in the Topology, ascending.
  [[nodiscard]] std::vector<std::uint32_t> pods(std::uint32_t service);
  // Ascending by endpoint; without those that have no port of the name that `port` asks for.
  [[nodiscard]] std::vector<Target> targets(std::uint32_t service,
                                            const topology::ServicePort& port);

 private:
  // What a list made by hand says of one address.
  struct Listed {
    std::uint32_t endpoint = 0;
    std::string_view port_name;
    scalar::Protocol protocol = scalar::Protocol::Tcp;
    std::uint16_t port = 0;  // 0: the list names no ports
  };
  [[nodiscard]] std::span<const Listed> listed(std::uint32_t service);
  void index_labels();
  void index_addresses();
  void read_endpoints(const kube::Object& object);
  void read_slice(const kube::Object& object);
  [[nodiscard]] std::optional<std::uint32_t> endpoint_of(const document::Node* reference,
                                                         std::string_view name_space,
                                                         std::string_view address) const;
  void add_listed(std::uint32_t service, std::uint32_t endpoint, const document::Node* ports);

  const kube::Snapshot& snapshot_;
  const topology::Topology& topology_;
  std::map<std::pair<std::string_view, std::string_view>, std::uint32_t> by_name_;
  bool has_labels_ = false;
  // By namespace, key and value, of the keys that selectors of Services use.
  std::map<std::tuple<std::uint32_t, std::string_view, std::string_view>,
           std::vector<std::uint32_t>>
      by_label_;
  bool has_addresses_ = false;
  std::map<std::string, std::uint32_t> by_address_;
  std::map<std::pair<std::string_view, std::string_view>, std::uint32_t> by_pod_;
  std::unordered_map<std::uint32_t, std::vector<Listed>> listed_;  // by service
};

}  // namespace tally::reachability::entries

#pragma once
// Gateways of Istio (networking.istio.io): their servers, and the pods that serve them.

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reachability/entries/internal/entry_book.hpp"

namespace tally::reachability::entries {

// Of one list in one object of Istio; what is beyond is left out.
inline constexpr std::size_t kIstioListMax = 256;

struct Server {
  std::uint16_t port = 0;
  std::string_view protocol;
  EntryTls tls = EntryTls::None;
  bool redirects = false;  // sends clients to HTTPS, and nothing to Services
  const document::Node* hosts = nullptr;
};

struct IstioGateway {
  const kube::Object* object = nullptr;
  const Door* door = nullptr;
  scalar::AddressSet sources;
  std::string internal;
  std::vector<Server> servers;
};

class IstioGateways {
 public:
  explicit IstioGateways(EntryBook& book);
  // "namespace/name", or null.
  [[nodiscard]] const IstioGateway* find(std::string_view name) const;

 private:
  void read(const kube::Object& object);
  [[nodiscard]] std::vector<std::uint32_t> pods_of(const document::Node* selector);

  EntryBook& book_;
  std::map<std::string, std::vector<std::uint32_t>> pods_;  // by selector
  std::map<std::string, IstioGateway, std::less<>> gateways_;
};

// "namespace/name" of what a VirtualService of a namespace calls a Gateway.
[[nodiscard]] std::string gateway_name(std::string_view text, std::string_view name_space);
// Is the VirtualService to be seen by the pods of the Gateway? Nothing: their namespace is not
// known.
[[nodiscard]] std::optional<bool> is_exported(const topology::Topology& topology,
                                              const kube::Object& service,
                                              const IstioGateway& gateway);

// The hosts that a VirtualService and a server have in common.
struct CommonHosts {
  bool is_any = false;
  bool is_other_namespace = false;  // some would be, if the server took this namespace's
  std::string words{};
};
[[nodiscard]] CommonHosts common_hosts(const kube::Object& service, const IstioGateway& gateway,
                                       const Server& server);

}  // namespace tally::reachability::entries

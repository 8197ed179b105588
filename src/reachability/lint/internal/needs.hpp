#pragma once
// What workloads rely on, as their own manifests say, and which policy takes it away.

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/arena.hpp"
#include "network_policy/peer.hpp"
#include "reachability/lint/internal/view.hpp"

namespace tally::reachability::linting {

// A variable of a container's environment, with its value in the manifest.
struct Variable {
  std::string_view container;
  std::string_view name;
  const document::Node* value = nullptr;
  std::string pointer;  // in the workload's object, of the value
};
void for_each_variable(const topology::Endpoint& endpoint,
                       const std::function<void(const Variable&)>& visit);

// "http://vault.vault:8200" or "vault:8200": the host, and the port or the one of the scheme (0).
struct Address {
  std::string_view host;
  std::uint16_t port = 0;
};
[[nodiscard]] Address address_of(std::string_view text);

// The port at the pods of a Service of the input behind an address, the address's own port if there
// is no such Service, or `usual` if it names none.
[[nodiscard]] std::uint16_t port_behind(const View& view, const Address& address,
                                        std::string_view name_space, std::uint16_t usual);

// One workload that is cut off from something.
struct Cut {
  std::uint32_t workload = 0;  // position in World::workloads()
  network_policy::Direction direction = network_policy::Direction::Egress;
  std::string evidence{};  // why it needs it: "env VAULT_ADDR of container app (app.yaml:12)"
  std::string what{};      // "TCP 8200"
  finding::Severity severity = finding::Severity::Medium;
};
// How the cuts of one policy are told.
struct CutWords {
  std::string_view from;     // "the secret store"
  std::string_view allowed;  // "an egress rule for TCP 8200 to it"
};
// One finding for each policy and direction that is the cause: of the policies that isolate a
// workload, the one that selects most. As severe as the worst of its cuts.
void report_cuts(View& view, Reporter& reporter, const finding::Check& check,
                 std::span<const Cut> cuts, const CutWords& words);

// A pod that the input does not hold, of which its namespace and its labels are known.
class ImaginedPod final : public network_policy::Peer {
 public:
  ImaginedPod(const View& view, std::string_view name_space, std::string_view label,
              std::string_view value);

  [[nodiscard]] network_policy::Match selected_by(const network_policy::SelectorPool& selectors,
                                                  network_policy::SelectorId id) const override {
    return selectors.matches(id, endpoint_, name_space_);
  }
  [[nodiscard]] bool is_pod() const override { return true; }
  [[nodiscard]] const scalar::AddressSet& addresses() const override { return none_; }
  [[nodiscard]] bool knows_addresses() const override { return false; }
  [[nodiscard]] network_policy::Entity entity() const override {
    return network_policy::Entity::None;
  }
  [[nodiscard]] scalar::PortSet named_port(std::string_view, scalar::Protocol) const override {
    return {};
  }

 private:
  Arena arena_;
  topology::Endpoint endpoint_;
  topology::Namespace name_space_;
  scalar::AddressSet none_;
};

// May an allow rule of the policies that govern the class let the port through to this pod, or from
// it? No only if it is sure.
[[nodiscard]] bool may_pass(const View& view, ClassId own, network_policy::Direction direction,
                            const network_policy::Peer& other, scalar::Protocol protocol,
                            std::uint16_t port);

}  // namespace tally::reachability::linting

#pragma once
// A NetworkPolicy as it was written: the rule form no longer knows how a peer was put together, and
// lint is about just that. Policies that the API server would refuse are among them.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "network_policy/policy_set.hpp"
#include "scalar/label_selector.hpp"

namespace tally::reachability::linting {

struct PlainPort {
  const document::Node* node = nullptr;
  std::string pointer{};
  scalar::Protocol protocol = scalar::Protocol::Tcp;
  std::uint16_t first = 0;  // 0: a name, or every port of the protocol
  std::uint16_t last = 0;
  std::string_view name{};

  [[nodiscard]] bool holds(scalar::Protocol wanted, std::uint16_t port) const noexcept {
    return protocol == wanted && name.empty() && (first == 0 || (first <= port && port <= last));
  }
};

struct PlainPeer {
  const document::Node* node = nullptr;
  std::string pointer{};
  std::optional<scalar::LabelSelector> namespaces{};
  std::optional<scalar::LabelSelector> pods{};
  const document::Node* block = nullptr;
};

struct PlainRule {
  network_policy::Direction direction = network_policy::Direction::Ingress;
  const document::Node* node = nullptr;
  std::string pointer{};
  const document::Node* list = nullptr;        // `from` or `to`; null: absent
  std::vector<PlainPeer> peers{};              // none: anybody
  std::vector<PlainPort> ports{};              // none: every port
  const network_policy::Rule* rule = nullptr;  // in the set; null: the policy is not in it

  [[nodiscard]] bool is_any_peer() const noexcept { return peers.empty(); }
  // Names are taken as not holding it.
  [[nodiscard]] bool holds(scalar::Protocol protocol, std::uint16_t port) const noexcept;
  // "from", "to"
  [[nodiscard]] std::string_view side() const noexcept;
};

struct PlainPolicy {
  const kube::Object* object = nullptr;
  std::optional<scalar::LabelSelector> subject{};  // nothing: unreadable
  const document::Node* subject_node = nullptr;    // null: absent
  const document::Node* types = nullptr;           // policyTypes; null: absent or empty
  const document::Node* egress = nullptr;          // null: absent
  std::vector<PlainRule> rules{};                  // ingress, then egress
  std::optional<std::uint32_t> policy{};           // position in the set's policies

  [[nodiscard]] bool applies(network_policy::Direction direction) const noexcept;
};

// In the order of the input.
[[nodiscard]] std::vector<PlainPolicy> read_plain_policies(const kube::Snapshot& snapshot,
                                                           const network_policy::PolicySet& set);

}  // namespace tally::reachability::linting

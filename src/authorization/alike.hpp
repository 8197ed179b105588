#pragma once
// Who is alike to the proxies of a mesh: for analysis of all pairs, which would else ask every
// policy about every pair of workloads.
//
// Two destinations with one Attached are judged by the same policies; two clients of whom
// IdentityClassifier says the same are answered the same by them, if both show an identity or none
// does, and with the same address where is_address_seen().
//
// The PolicySet must outlive both. Immutable; share freely.

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "authorization/policy_set.hpp"
#include "authorization/request.hpp"
#include "authorization/ztunnel.hpp"

namespace tally::authorization {

// Positions in the set of what the proxy of a request reads.
struct Attached {
  std::vector<std::uint32_t> policies{};  // AuthorizationPolicy
  std::vector<std::uint32_t> requests{};  // RequestAuthentication
  std::vector<std::uint32_t> peers{};     // PeerAuthentication
  friend auto operator<=>(const Attached&, const Attached&) = default;
};
// Of a request's point and destination; its port is not looked at.
[[nodiscard]] Attached find_attachments(const PolicySet& set, const Request& request);

class IdentityClassifier {
 public:
  // `policies`: of one or several Attached.
  IdentityClassifier(const PolicySet& set, const std::vector<std::uint32_t>& policies);

  // Some condition looks at the address of the peer.
  [[nodiscard]] bool is_address_seen() const noexcept { return is_address_seen_; }
  // One letter for each condition about identities.
  [[nodiscard]] std::string classify(std::string_view principal) const;

 private:
  const PolicySet& set_;
  std::vector<std::uint32_t> conditions_;      // in the Program
  std::vector<ZtunnelMatch> ztunnel_matches_;  // what of them is about identities
  bool is_address_seen_ = false;
};

}  // namespace tally::authorization

#pragma once
// The trust domain of the mesh and its aliases: identities of all of them are the same to the rules
// of a sidecar, waypoint or gateway (pilot/pkg/security/trustdomain/bundle.go; a ztunnel knows no
// aliases).

#include <string>
#include <string_view>
#include <vector>

namespace tally::authorization {

class TrustDomains {
 public:
  TrustDomains() = default;
  TrustDomains(std::string own, std::vector<std::string> aliases);

  [[nodiscard]] const std::vector<std::string>& all() const noexcept { return domains_; }

  // Values of `principals`: each that names a trust domain of ours ("cluster.local" always does) is
  // replaced by one for every domain; others stay.
  [[nodiscard]] std::vector<std::string> expand_principals(
      const std::vector<std::string_view>& principals) const;
  // Values of `trustDomains`: each of ours becomes all of ours; no duplicates.
  [[nodiscard]] std::vector<std::string> expand_trust_domains(
      const std::vector<std::string_view>& values) const;

 private:
  void add_for_all(std::string_view principal, std::string_view domain,
                   std::vector<std::string>& out) const;
  std::vector<std::string> domains_ = {"cluster.local"};
};

}  // namespace tally::authorization

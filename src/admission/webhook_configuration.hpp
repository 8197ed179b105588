#pragma once
// The webhook configurations that `tally serve` keeps in the cluster: one validating, one mutating,
// for all policies, computed from what the policies match, so that the API server asks about
// nothing else.
//
// Each has at most two webhooks: requests about which some enforced policy speaks wait for our
// verdict (failurePolicy Fail); others go on without it (Ignore). A cluster in which nothing is
// enforced never waits for us.
// https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "admission/programs.hpp"

namespace tally::admission {

// A resource that the API server serves.
struct ServedResource {
  std::string group{};
  std::string version{};
  std::string plural{};
  std::string kind{};
  bool is_namespaced = true;
};

struct WebhookTarget {
  std::string name_space = "tally-system";
  std::string service = "tally";
  std::string url{};                             // instead of the service: "https://127.0.0.1:8443"
  std::string ca_bundle{};                       // PEM
  std::vector<std::string> exempt_namespaces{};  // with its own
  std::string own_user{};
  std::uint32_t timeout_seconds_max = 10;
};

inline constexpr std::string_view kConfigurationName = "tally";

// JSON of the objects, ready to be applied; empty: nothing is to be asked of us, the configuration
// is to be removed.
struct WebhookConfigurations {
  std::string validating;
  std::string mutating;
};
[[nodiscard]] WebhookConfigurations webhook_configurations(const Programs& programs,
                                                           std::span<const ServedResource> served,
                                                           const WebhookTarget& target);

}  // namespace tally::admission

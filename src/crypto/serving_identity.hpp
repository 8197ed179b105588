#pragma once
// ServingIdentity: all that a server with its own authority keeps, as PEM texts. Where it is kept
// (a Secret, files) is the caller's matter; what comes back from there is not trusted: whatever is
// absent, broken or does not fit together is made anew.
//
//   TALLY_TRY(auto rotated, rotate(std::move(identity), request, policy, now));
//   if (!rotated.steps.empty()) { store(rotated.identity); publish(rotated.identity.ca_bundle()); }
//   serve(rotated.identity.serving_certificate, rotated.identity.serving_key);
//   // again at rotated.next
//
// Only one replica rotates at a time, and stores conditionally (resourceVersion). Threads: pure.

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "crypto/rotation.hpp"
#include "crypto/secret_bytes.hpp"

namespace tally::crypto {

struct ServingIdentity {
  std::vector<std::string> ca_certificates;  // newest first; the first signs
  SecretBytes ca_key;                        // of the first
  std::string serving_certificate;
  SecretBytes serving_key;

  // What clients trust: all authorities, newest first.
  [[nodiscard]] std::string ca_bundle() const;
};

struct ServingNames {
  std::string authority;  // common name
  std::string server;     // common name
  std::vector<std::string> dns_names{};
  std::vector<std::string> ip_addresses{};
};

struct Rotated {
  ServingIdentity identity;
  std::vector<RotationStep> steps;  // taken, in order; empty: nothing changed
  std::int64_t next = 0;            // when to ask again
};

// Takes every step that is due. Broken certificates among the authorities are dropped first (as
// DropAuthority), at most 8 are kept.
[[nodiscard]] Result<Rotated> rotate(ServingIdentity identity, const ServingNames& names,
                                     const RotationPolicy& policy, std::int64_t now);

// What plan() looks at; broken authorities count as none.
[[nodiscard]] RotationState state_of(const ServingIdentity& identity, const ServingNames& names);

}  // namespace tally::crypto

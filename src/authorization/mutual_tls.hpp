#pragma once
// Which connections a workload takes: the effective PeerAuthentication.
//
// Precedence: a policy that selects the workload, then its namespace, then the root namespace;
// UNSET inherits; of two of one scope the older stands (metadata.creationTimestamp, then the name).
// Port-level modes come from the selecting policy only, and are keyed by the port of the workload
// (pilot/pkg/security/authn/policy_applier.go ComposePeerAuthentication; pilot/pkg/model/
// authentication.go). A policy of the root namespace with a selector counts for no workload.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "authorization/policy_set.hpp"
#include "authorization/request.hpp"

namespace tally::authorization {

enum class MutualTls : std::uint8_t {
  Disable,     // plaintext only: peers show no identity (in ambient mode the same as Permissive)
  Permissive,  // both
  Strict,      // plaintext is refused
};
[[nodiscard]] std::string_view to_text(MutualTls mode) noexcept;  // "DISABLE", ...

struct EffectiveMutualTls {
  MutualTls mode = MutualTls::Permissive;
  const kube::Object* object = nullptr;  // that says so; null: nothing does, so PERMISSIVE
  std::string_view pointer;              // into it: "/spec/mtls/mode", "/spec/portLevelMtls"
};

struct Workload {
  std::string_view name_space;
  document::Node labels;  // of its pods; Null: none
};

// Of one port of a workload; without a port, of all ports that have no mode of their own.
[[nodiscard]] EffectiveMutualTls effective_mutual_tls(const PolicySet& set,
                                                      const Workload& workload,
                                                      std::optional<std::uint16_t> port);

// Whether the proxy of the workload refuses a connection that shows no identity.
[[nodiscard]] bool is_plaintext_refused(const EffectiveMutualTls& effective) noexcept;

}  // namespace tally::authorization

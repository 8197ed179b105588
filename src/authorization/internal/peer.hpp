#pragma once
// Reading a PeerAuthentication.

#include "authorization/internal/table.hpp"

namespace tally::authorization {

// Ports ascending; what cannot be read is left out.
[[nodiscard]] PeerPolicy read_peer_policy(const kube::Object& object);

// What a ztunnel enforces of PeerAuthentication for a workload: a static policy that denies
// plaintext, and the exceptions of one policy (convertedSelectorPeerAuthentications()).
struct AmbientPeer {
  bool is_static_strict = false;
  const kube::Object* strict_object = nullptr;  // that makes it strict
  const ZtunnelAuthorization* exceptions = nullptr;
};
[[nodiscard]] AmbientPeer ambient_peer(const PolicySet::Table& table, const Workload& workload);

}  // namespace tally::authorization

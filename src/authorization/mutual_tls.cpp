#include "authorization/mutual_tls.hpp"

#include <algorithm>

#include "authorization/internal/table.hpp"

namespace tally::authorization {

namespace {

// The policies that count for a workload, the oldest of each scope.
struct Scopes {
  const PeerPolicy* mesh = nullptr;
  const PeerPolicy* name_space = nullptr;
  const PeerPolicy* workload = nullptr;
};

void look_in(const PolicySet::Table& table, std::string_view name_space, const Workload& workload,
             Scopes& scopes) {
  const auto found = table.peers_by_namespace.find(name_space);
  if (found == table.peers_by_namespace.end()) {
    return;
  }
  const bool is_root = name_space == table.settings.root_namespace;
  for (const std::uint32_t position : found->second) {
    const PeerPolicy& policy = table.peers[position];
    if (!policy.is_selective) {
      const PeerPolicy*& slot = is_root ? scopes.mesh : scopes.name_space;
      slot = slot == nullptr ? &policy : slot;
    } else if (!is_root && scopes.workload == nullptr &&
               has_labels(workload.labels, policy.labels)) {
      scopes.workload = &policy;
    }
  }
}

}  // namespace

std::string_view to_text(MutualTls mode) noexcept {
  switch (mode) {
    case MutualTls::Disable:
      return "DISABLE";
    case MutualTls::Permissive:
      return "PERMISSIVE";
    case MutualTls::Strict:
      return "STRICT";
  }
  return "PERMISSIVE";
}

EffectiveMutualTls effective_mutual_tls(const PolicySet& set, const Workload& workload,
                                        std::optional<std::uint16_t> port) {
  const PolicySet::Table& table = set.table();
  Scopes scopes;
  look_in(table, table.settings.root_namespace, workload, scopes);
  if (workload.name_space != table.settings.root_namespace) {
    look_in(table, workload.name_space, workload, scopes);
  }
  EffectiveMutualTls out;
  for (const PeerPolicy* policy : {scopes.mesh, scopes.name_space, scopes.workload}) {
    if (policy != nullptr && policy->mode) {
      out = {*policy->mode, policy->object, "/spec/mtls/mode"};
    }
  }
  if (scopes.workload != nullptr && port) {
    for (const auto& [number, mode] : scopes.workload->ports) {
      if (number == *port && mode) {
        out = {*mode, scopes.workload->object, "/spec/portLevelMtls"};
      }
    }
  }
  return out;
}

bool is_plaintext_refused(const EffectiveMutualTls& effective) noexcept {
  return effective.mode == MutualTls::Strict;
}

}  // namespace tally::authorization

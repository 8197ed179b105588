#include "authorization/internal/peer.hpp"

#include <algorithm>

#include "authorization/internal/fields.hpp"

namespace tally::authorization {

using document::Node;

namespace {

std::optional<MutualTls> read_mode(const Node* mtls) noexcept {
  const std::string_view word = mtls != nullptr ? text_field(*mtls, "mode") : std::string_view{};
  if (word == "STRICT") {
    return MutualTls::Strict;
  }
  if (word == "PERMISSIVE") {
    return MutualTls::Permissive;
  }
  return word == "DISABLE" ? std::optional(MutualTls::Disable) : std::nullopt;
}

}  // namespace

PeerPolicy read_peer_policy(const kube::Object& object) {
  const Node& spec = spec_of(object.root);
  PeerPolicy out;
  out.object = &object;
  out.labels = read_attachment(spec).labels;
  out.is_selective = !out.labels.empty();
  out.mode = read_mode(field(spec, "mtls"));
  out.created = text_field(object.metadata, "creationTimestamp");
  if (const Node* ports = field(spec, "portLevelMtls")) {
    for (const document::Member port : ports->members()) {
      if (const auto number = parse_port(port.key)) {
        out.ports.emplace_back(*number, read_mode(&port.value));
      }
    }
  }
  std::sort(out.ports.begin(), out.ports.end());
  return out;
}

// convertedSelectorPeerAuthentications(): which of the two a workload gets.
AmbientPeer ambient_peer(const PolicySet::Table& table, const Workload& workload) {
  const std::string_view root = table.settings.root_namespace;
  const PeerPolicy* mesh = nullptr;
  const PeerPolicy* name_space = nullptr;
  std::optional<std::uint32_t> selecting;
  const auto look_in = [&](std::string_view where) {
    const auto found = table.peers_by_namespace.find(where);
    if (found == table.peers_by_namespace.end()) {
      return;
    }
    for (const std::uint32_t position : found->second) {
      const PeerPolicy& policy = table.peers[position];
      if (!policy.is_selective) {
        const PeerPolicy*& slot = where == root ? mesh : name_space;
        slot = slot == nullptr ? &policy : slot;
      } else if (where != root && !selecting && has_labels(workload.labels, policy.labels)) {
        selecting = position;
      }
    }
  };
  look_in(root);
  if (workload.name_space != root) {
    look_in(workload.name_space);
  }
  AmbientPeer out;
  const auto apply = [&](const PeerPolicy& policy) {
    if (policy.mode) {
      out.is_static_strict = *policy.mode == MutualTls::Strict;
      out.strict_object = policy.object;
    }
  };
  if (mesh != nullptr) {
    apply(*mesh);
  }
  if (name_space != nullptr) {
    apply(*name_space);
  }
  if (!selecting) {
    return out;
  }
  const PeerPolicy& policy = table.peers[*selecting];
  const bool was_strict = out.is_static_strict;
  apply(policy);
  const auto has_port = [&](auto... modes) {
    return std::any_of(policy.ports.begin(), policy.ports.end(),
                       [&](const auto& port) { return ((port.second == modes) || ...); });
  };
  bool has_exceptions = false;
  if (policy.mode == MutualTls::Strict) {
    has_exceptions = has_port(MutualTls::Permissive, MutualTls::Disable);
    out.is_static_strict = !has_exceptions;
  } else if (policy.mode) {
    has_exceptions = has_port(MutualTls::Strict);
  } else if (was_strict) {
    // Upstream looks for PERMISSIVE alone here: a DISABLE port stays strict.
    has_exceptions = has_port(MutualTls::Permissive);
    out.is_static_strict = !has_exceptions;
  } else {
    has_exceptions = has_port(MutualTls::Strict);
  }
  const auto& converted = table.peer_exceptions[*selecting];
  if (has_exceptions && converted) {
    out.exceptions = &*converted;
  }
  return out;
}

}  // namespace tally::authorization

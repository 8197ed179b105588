#pragma once
// Flow: one observed connection, whoever observed it: Hubble, Calico, the access log of a mesh, or
// a list of somebody's own. Ports are the destination's, after services have been resolved.

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "scalar/connection_set.hpp"
#include "scalar/ip_address.hpp"
#include "scalar/time_text.hpp"

namespace tally::flow {

enum class Verdict : std::uint8_t { Forwarded, Denied, Unknown };
// "forwarded", "denied", "unknown"
[[nodiscard]] std::string_view to_text(Verdict verdict) noexcept;

// What a side is, as far as the observer knew.
enum class Role : std::uint8_t { Unknown, Pod, World, Host, RemoteNode, ApiServer, Ingress };
// "unknown", "pod", "world", "host", "remote-node", "kube-apiserver", "ingress"
[[nodiscard]] std::string_view to_text(Role role) noexcept;
// The names that Cilium gives to them; nothing for another text.
[[nodiscard]] std::optional<Role> parse_role(std::string_view text) noexcept;

using Label = std::pair<std::string_view, std::string_view>;

// One side. What the observer did not say is empty.
struct Party {
  std::string_view name_space;
  std::string_view pod;  // may end with "-*": a group of pods
  std::string_view workload_kind;
  std::string_view workload;
  std::vector<Label> labels;  // of the pod
  std::optional<scalar::IpAddress> address;
  Role role = Role::Unknown;
};

// Texts are valid while the record is handed over, no longer.
struct Flow {
  Party source;
  Party destination;
  scalar::Protocol protocol = scalar::Protocol::Tcp;
  std::uint16_t port = 0;  // of Icmp and Icmp6: 256 * type + code
  std::optional<scalar::TimestampParts> time;
  Verdict verdict = Verdict::Unknown;
  std::uint64_t count = 1;  // connections that the record stands for
  std::uint32_t line = 0;   // in its file, from 1
};

}  // namespace tally::flow

#include "flow/flow.hpp"

#include <array>

namespace tally::flow {
namespace {

constexpr std::array<std::string_view, 7> kRoles{
    "unknown", "pod", "world", "host", "remote-node", "kube-apiserver", "ingress"};

}  // namespace

std::string_view to_text(Verdict verdict) noexcept {
  switch (verdict) {
    case Verdict::Forwarded:
      return "forwarded";
    case Verdict::Denied:
      return "denied";
    case Verdict::Unknown:
      return "unknown";
  }
  return "";
}

std::string_view to_text(Role role) noexcept { return kRoles[static_cast<std::size_t>(role)]; }

std::optional<Role> parse_role(std::string_view text) noexcept {
  for (std::size_t i = static_cast<std::size_t>(Role::World); i < kRoles.size(); ++i) {
    if (kRoles[i] == text) {
      return static_cast<Role>(i);
    }
  }
  if (text == "world-ipv4" || text == "world-ipv6") {
    return Role::World;
  }
  return std::nullopt;
}

}  // namespace tally::flow

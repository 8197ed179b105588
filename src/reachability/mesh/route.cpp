#include "reachability/mesh/route.hpp"

namespace tally::reachability::mesh {

namespace {

std::string_view proxy_name(DataPlane plane) noexcept {
  switch (plane) {
    case DataPlane::None:
      return "no proxy";
    case DataPlane::Sidecar:
      return "sidecar";
    case DataPlane::Ambient:
      return "ztunnel";
    case DataPlane::Unknown:
      return "perhaps a proxy";
  }
  return "perhaps a proxy";
}

}  // namespace

std::string_view to_text(Encryption encryption) noexcept {
  switch (encryption) {
    case Encryption::Plaintext:
      return "plaintext";
    case Encryption::MutualTls:
      return "mutual TLS";
    case Encryption::Hbone:
      return "mutual TLS (HBONE)";
    case Encryption::ForeignTls:
      return "TLS of the workload's own";
    case Encryption::Unknown:
      return "unknown";
  }
  return "unknown";
}

Merged merge_outcomes(const std::vector<Outcome>& outcomes) {
  using network_policy::Verdict;
  // Allowed before unknown before denied: a client chooses.
  const auto rank = [](Verdict verdict) {
    return verdict == Verdict::Allowed ? 2 : verdict == Verdict::Unknown ? 1 : 0;
  };
  std::vector<std::size_t> best;  // of each possibility
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    const bool is_next =
        best.empty() || outcomes[best.back()].possibility != outcomes[i].possibility;
    if (is_next) {
      best.push_back(i);
    } else if (rank(outcomes[i].verdict) > rank(outcomes[best.back()].verdict)) {
      best.back() = i;
    }
  }
  Merged merged{.verdict = outcomes[best.front()].verdict,
                .decisive = best.front(),
                .is_open = best.size() > 1};
  for (const std::size_t i : best) {
    if (outcomes[i].verdict != merged.verdict) {
      merged.verdict = Verdict::Unknown;
    }
  }
  if (merged.verdict == Verdict::Unknown) {
    for (const std::size_t i : best) {
      if (outcomes[i].verdict != Verdict::Allowed) {
        merged.decisive = i;
        break;
      }
    }
  }
  return merged;
}

std::string to_text(const Route& route) {
  std::string out(proxy_name(route.client));
  if (route.waypoint.state == WaypointUse::State::Used) {
    out.append(" -> waypoint ").append(route.waypoint.name_space).append("/");
    out.append(route.waypoint.name);
  }
  return out.append(" -> ").append(proxy_name(route.server));
}

}  // namespace tally::reachability::mesh

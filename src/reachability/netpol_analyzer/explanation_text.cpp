// The words of an explanation.
#include <algorithm>
#include <map>
#include <utility>

#include "reachability/netpol_analyzer/explained_set.hpp"

namespace tally::reachability::netpol_analyzer {
namespace {

using network_policy::Direction;
using scalar::PortSet;

struct KindText {
  std::uint8_t rank;  // strongest layer first, then by name
  std::string_view name;
};

constexpr KindText kind_text(ReasonKind kind) {
  switch (kind) {
    case ReasonKind::AdminNetworkPolicy:
      return {.rank = 0, .name = "AdminNetworkPolicy"};
    case ReasonKind::Ingress:
      return {.rank = 1, .name = "Ingress"};
    case ReasonKind::MultiNetworkPolicy:
      return {.rank = 2, .name = "MultiNetworkPolicy"};
    case ReasonKind::NetworkPolicy:
      return {.rank = 3, .name = "NetworkPolicy"};
    case ReasonKind::Route:
      return {.rank = 4, .name = "Route"};
    case ReasonKind::BaselineAdminNetworkPolicy:
      return {.rank = 5, .name = "BaselineAdminNetworkPolicy"};
    case ReasonKind::Default:
      return {.rank = 6, .name = ""};
    case ReasonKind::UserDefinedNetwork:
      return {.rank = 7, .name = "UserDefinedNetwork"};
  }
  return {.rank = 8, .name = ""};
}

std::string side_text(const SideReasons& side, const ReasonPool& pool, bool is_of_networks) {
  std::string text = " ";
  if (!is_of_networks && side.verdict != Verdict::None) {
    text += side.verdict == Verdict::Allowed ? "(Allowed)" : "(Denied)";
  }
  if (is_only_default(side, pool)) {
    return text + " due to " + pool.at(side.ids.front()).text;
  }
  std::map<std::uint8_t, std::pair<std::string_view, std::vector<std::string_view>>> by_kind;
  for (const ReasonId id : side.ids) {
    const ReasonPool::Reason& reason = pool.at(id);
    const KindText kind = kind_text(reason.kind);
    by_kind[kind.rank].first = kind.name;
    by_kind[kind.rank].second.push_back(reason.text);
  }
  for (auto& [rank, entry] : by_kind) {
    auto& [name, texts] = entry;
    std::ranges::sort(texts);
    text += "\n\t\t\t";
    if (texts.size() == 1) {
      text += texts.front();
      continue;
    }
    text.append(name).append(" list:\n");
    for (const std::string_view one : texts) {
      text.append("\t\t\t\t- ").append(one).append("\n");
    }
  }
  return text;
}

std::string reasons_text(const Reasons& reasons, const ReasonPool& pool) {
  const SideReasons& egress = reasons.side(Direction::Egress);
  const SideReasons& ingress = reasons.side(Direction::Ingress);
  if (is_only_default(egress, pool) && is_only_default(ingress, pool)) {
    return " due to " + pool.at(egress.ids.front()).text + "\n";
  }
  const auto is_of_networks = [&](const SideReasons& side) {
    return !side.ids.empty() && pool.at(side.ids.front()).kind == ReasonKind::UserDefinedNetwork;
  };
  const bool networks = is_of_networks(egress) || is_of_networks(ingress);
  std::string text;
  if (!egress.ids.empty()) {
    text += "\t\tEgress" + side_text(egress, pool, networks) + "\n";
  }
  if (!ingress.ids.empty()) {
    text += "\t\tIngress" + side_text(ingress, pool, networks) + "\n";
  }
  if (text.empty()) {
    return "\n";
  }
  return (networks ? " due to existence of user defined networks:\n"
                   : " due to the following policies and rules:\n") +
         text;
}

constexpr std::array kProtocolNames{"TCP", "UDP", "SCTP"};

// The ports of each protocol that have the same reasons.
using Ports = std::array<std::optional<PortSet>, 3>;
using Classes = std::map<std::string, Ports>;

std::string ports_text(const Ports& ports) {
  std::string text;
  for (std::size_t i = 0; i < ports.size(); ++i) {
    if (!ports[i]) {
      continue;
    }
    text += text.empty() ? "" : ", ";
    text += kProtocolNames[i];
    if (*ports[i] == PortSet(scalar::kPortMin, scalar::kPortMax)) {
      continue;
    }
    std::string list;
    for (const auto& interval : ports[i]->intervals()) {
      list += list.empty() ? "" : ",";
      list += std::to_string(interval.first);
      if (interval.last != interval.first) {
        list += "-" + std::to_string(interval.last);
      }
    }
    text += ":[" + list + "]";
  }
  return text;
}

std::string classes_text(const Classes& classes, std::string_view verdict) {
  if (classes.empty()) {
    return {};
  }
  std::vector<std::pair<std::string, const std::string*>> lines;
  for (const auto& [reasons, ports] : classes) {
    lines.emplace_back(ports_text(ports), &reasons);
  }
  std::ranges::sort(lines, {},
                    [](const auto& line) { return std::pair(line.first, *line.second); });
  std::string text(verdict);
  text += " connections:\n";
  for (const auto& [ports, reasons] : lines) {
    text.append("\t").append(verdict).append(" ").append(ports).append(*reasons).append("\n");
  }
  return text;
}

}  // namespace

std::string explanation_text(const ExplainedSet& set, const ReasonPool& pool) {
  Classes allowed;
  Classes denied;
  if (set.is_uniform()) {
    const PortSet full(scalar::kPortMin, scalar::kPortMax);
    (set.is_all() ? allowed : denied)[reasons_text(set.common(), pool)] = {full, full, full};
  }
  for (std::size_t i = 0; i < kProtocolNames.size(); ++i) {
    const auto& runs = set.runs(static_cast<scalar::Protocol>(i));
    if (!runs) {
      continue;
    }
    std::uint32_t first = set.first_port();
    for (const PortRun& run : *runs) {
      auto& ports = (run.is_in ? allowed : denied)[reasons_text(run.reasons, pool)][i];
      if (!ports) {
        ports.emplace();
      }
      ports->add(static_cast<std::uint16_t>(first), run.last);
      first = std::uint32_t{run.last} + 1;
    }
  }
  return classes_text(allowed, "Allowed") + classes_text(denied, "Denied");
}

}  // namespace tally::reachability::netpol_analyzer

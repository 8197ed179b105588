#include "reachability/lint/internal/needs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>

#include "kube/object.hpp"

namespace tally::reachability::linting {

using document::Node;
using network_policy::Direction;

namespace {

std::string_view text_at(const Node& map, std::string_view key) {
  const Node* value = map.find(key);
  return value == nullptr ? std::string_view{} : value->text();
}

}  // namespace

void for_each_variable(const topology::Endpoint& endpoint,
                       const std::function<void(const Variable&)>& visit) {
  const auto pod = kube::pod_template(*endpoint.object);
  if (!pod) {
    return;
  }
  for (const std::string_view list : {"initContainers", "containers"}) {
    const Node* containers = pod->spec->find(list);
    for (std::size_t i = 0; containers != nullptr && i < containers->size(); ++i) {
      const Node& container = containers->items()[i];
      const Node* variables = container.find("env");
      for (std::size_t j = 0; variables != nullptr && j < variables->size(); ++j) {
        const Node& item = variables->items()[j];
        const Node* value = item.find("value");
        if (value != nullptr && value->is_string()) {
          visit({.container = text_at(container, "name"),
                 .name = text_at(item, "name"),
                 .value = value,
                 .pointer = fmt::format("{}/{}/{}/env/{}/value", pod->spec_pointer, list, i, j)});
        }
      }
    }
  }
}

Address address_of(std::string_view text) {
  Address address;
  if (const std::size_t scheme = text.find("://"); scheme != std::string_view::npos) {
    address.port = text.starts_with("https") ? 443 : (text.starts_with("http") ? 80 : 0);
    text.remove_prefix(scheme + 3);
  }
  text = text.substr(0, text.find_first_of("/?#"));
  if (const std::size_t at = text.rfind('@'); at != std::string_view::npos) {
    text.remove_prefix(at + 1);
  }
  const std::size_t colon = text.rfind(':');
  address.host = text.substr(0, colon);
  if (colon != std::string_view::npos) {
    const std::string_view digits = text.substr(colon + 1);
    std::uint16_t port = 0;
    const auto [end, code] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    if (code == std::errc() && end == digits.data() + digits.size()) {
      address.port = port;
    }
  }
  while (address.host.ends_with('.')) {
    address.host.remove_suffix(1);
  }
  return address;
}

std::uint16_t port_behind(const View& view, const Address& address, std::string_view name_space,
                          std::uint16_t usual) {
  const std::uint16_t port = address.port == 0 ? usual : address.port;
  const std::size_t dot = address.host.find('.');
  const std::string_view name = address.host.substr(0, dot);
  if (dot != std::string_view::npos) {
    const std::string_view rest = address.host.substr(dot + 1);
    name_space = rest.substr(0, rest.find('.'));
  }
  const auto& topology = view.topology();
  for (const topology::Service& service : topology.services()) {
    if (service.name != name || topology.namespaces()[service.name_space].name != name_space) {
      continue;
    }
    for (const topology::ServicePort& one : service.ports) {
      if (one.port == port && one.target_name.empty() && one.target_port != 0) {
        return one.target_port;
      }
    }
  }
  return port;
}

void report_cuts(View& view, Reporter& reporter, const finding::Check& check,
                 std::span<const Cut> cuts, const CutWords& words) {
  const auto policies = view.policies().policies();
  std::map<std::pair<std::uint32_t, Direction>, std::vector<const Cut*>> by_policy;
  for (const Cut& cut : cuts) {
    const ClassId id = view.world().workloads()[cut.workload].class_id;
    std::optional<std::uint32_t> cause;
    std::size_t most = 0;
    for (const std::uint32_t position : view.governing(id, cut.direction)) {
      if (!policies[position].isolates[static_cast<std::size_t>(cut.direction)]) {
        continue;
      }
      const std::size_t selected = view.selected(position).sure.size();
      if (!cause || selected > most) {
        cause = position;
        most = selected;
      }
    }
    if (cause) {
      by_policy[{*cause, cut.direction}].push_back(&cut);
    }
  }
  for (const auto& [key, of_policy] : by_policy) {
    const kube::Object& object = *policies[key.first].object;
    const Node* spec = object.root.find("spec");
    const Node* rules = spec == nullptr ? nullptr : spec->find(to_text(key.second));
    std::vector<std::uint32_t> workloads;
    std::vector<std::string> whats;
    finding::Severity severity = finding::Severity::Info;
    std::string_view evidence;
    for (const Cut* cut : of_policy) {
      severity = std::min(severity, cut->severity);
      evidence = evidence.empty() ? std::string_view(cut->evidence) : evidence;
      workloads.push_back(cut->workload);
      if (std::ranges::find(whats, cut->what) == whats.end()) {
        whats.push_back(cut->what);
      }
    }
    const std::string names = view.names_of(workloads, object.ref.name_space);
    reporter.add(
        check, severity, object,
        {rules != nullptr ? fmt::format("/spec/{}", to_text(key.second)) : std::string("/spec"),
         rules != nullptr  ? rules->offset()
         : spec != nullptr ? spec->offset()
                           : object.root.offset()},
        {.found = fmt::format("{} isolated for {}", names, to_text(key.second)),
         .allowed = std::string(words.allowed),
         .message = fmt::format(
             "{} {} cut off from {}: {} isolated for {} by this policy, and no rule {} {}{}", names,
             workloads.size() == 1 ? "is" : "are", words.from,
             workloads.size() == 1 ? "it is" : "they are", to_text(key.second),
             key.second == Direction::Egress ? "lets out" : "lets in", listed(whats),
             evidence.empty() ? std::string() : fmt::format("; it is needed: {}", evidence))});
  }
}

ImaginedPod::ImaginedPod(const View& view, std::string_view name_space, std::string_view label,
                         std::string_view value) {
  const Node text = Node::make_string(arena_.copy(value), 0);
  const std::string_view key = arena_.copy(label);
  endpoint_.labels =
      Node::make_object(arena_, std::span(&text, 1), std::span(&key, 1), std::string_view{}, 0);
  name_space_ = {.name = name_space, .object = nullptr};
  if (const auto at = view.topology().find_namespace(name_space)) {
    name_space_ = view.topology().namespaces()[*at];
  }
}

bool may_pass(const View& view, ClassId own, Direction direction, const network_policy::Peer& other,
              scalar::Protocol protocol, std::uint16_t port) {
  const auto& set = view.policies();
  for (const std::uint32_t position : view.governing(own, direction)) {
    for (const network_policy::Rule& rule : set.rules_of(set.policies()[position])) {
      if (rule.direction != direction || rule.action == network_policy::Action::Deny) {
        continue;
      }
      const bool has_port = set.connections(rule.connections).contains(protocol, port) ||
                            !set.named_ports_of(rule).empty();
      const bool has_addresses =
          std::ranges::any_of(set.peers_of(rule), [](const network_policy::Peers& peers) {
            return peers.addresses != network_policy::kNoAddresses || !peers.unknown.empty() ||
                   peers.entities != network_policy::Entity::None;
          });
      if (has_port && (has_addresses || matches_peer(set, rule, other) != kube::Match::No)) {
        return true;
      }
    }
  }
  return false;
}

}  // namespace tally::reachability::linting

// Rule: egress to a name is not what NetworkPolicy can say.
// Examined: workloads that are isolated for egress by plain NetworkPolicy and whose environment
// names a host outside of the cluster, itself or through a Service of type ExternalName. Rules know
// addresses only, and those behind a name change. A name of the world ends in a country's code or a
// common ending. Low if no rule lets the port out to any address
// outside (it cannot be reached), info if some does. Silent where a policy that knows names (Cilium
// toFQDNs) governs the workload.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <map>

#include "reachability/lint/checks/all.hpp"
#include "reachability/lint/checks/controls.hpp"
#include "reachability/lint/internal/needs.hpp"

namespace tally::reachability::linting {
namespace {

using network_policy::Direction;

constexpr std::array kReferences = {
    std::string_view{"https://kubernetes.io/docs/concepts/services-networking/network-policies/"
                     "#what-you-can-t-do-with-network-policies-at-least-not-yet"}};
constexpr finding::Check kCheck{
    .engine = "network",
    .policy = "network-policy",
    .id = "egress-by-name",
    .title = "Egress to a name that NetworkPolicy cannot express",
    .description =
        "The workload calls a host outside of the cluster by its name, and its egress is "
        "restricted by policies that know addresses only. Blocks that are copied from today's "
        "answer of DNS are wrong tomorrow; blocks that are wide enough for ever allow everything.",
    .remedy =
        "Send it through an egress proxy or gateway with its own allow list, or use a policy that "
        "knows names (CiliumNetworkPolicy toFQDNs, Calico's domains, AdminNetworkPolicy "
        "domainNames where they are served).",
    .severity = finding::Severity::Low,
    .controls = kOutbound,
    .references = kReferences};

constexpr std::size_t kHostsMax = 64;  // of one workload

// "api.example.com", and not "db.shop", "x.svc.cluster.local" or an address.
bool is_public_name(std::string_view host) {
  const std::size_t dot = host.rfind('.');
  if (dot == std::string_view::npos || host.ends_with(".svc") || host.contains(".svc.") ||
      host.ends_with(".local") || host.ends_with(".internal") ||
      host.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-.") != std::string_view::npos) {
    return false;
  }
  // "collector.observability" and "redis-0.redis.shop" are names of the cluster: only what ends as
  // names of the world do is one.
  constexpr std::array<std::string_view, 14> kEndings{"com", "org", "net",   "io",   "dev",
                                                      "app", "ai",  "cloud", "tech", "info",
                                                      "biz", "edu", "gov",   "bank"};
  const std::string_view last = host.substr(dot + 1);
  const bool is_country = last.size() == 2 &&
                          std::isalpha(static_cast<unsigned char>(last[0])) != 0 &&
                          std::isalpha(static_cast<unsigned char>(last[1])) != 0 && last != "ns";
  return is_country || std::ranges::find(kEndings, last) != kEndings.end();
}

class Names {
 public:
  explicit Names(const View& view) : view_(view) {
    for (const topology::Service& service : view.topology().services()) {
      if (service.type == "ExternalName") {
        const document::Node* spec = service.object->root.find("spec");
        const document::Node* name = spec == nullptr ? nullptr : spec->find("externalName");
        if (name != nullptr) {
          external_[{view.topology().namespaces()[service.name_space].name, service.name}] =
              name->text();
        }
      }
    }
  }

  // The outside host behind an address of the environment; empty: none.
  [[nodiscard]] std::string_view outside(const Address& address, std::string_view own) const {
    const std::size_t dot = address.host.find('.');
    const std::string_view name = address.host.substr(0, dot);
    std::string_view name_space = own;
    if (dot != std::string_view::npos) {
      const std::string_view rest = address.host.substr(dot + 1);
      name_space = rest.substr(0, rest.find('.'));
    }
    if (const auto at = external_.find({name_space, name}); at != external_.end()) {
      return at->second;
    }
    // "db.shop" is a Service if there is a namespace shop.
    const bool is_service =
        view_.topology().find_namespace(name_space).has_value() && dot != std::string_view::npos;
    return !is_service && is_public_name(address.host) ? address.host : std::string_view{};
  }

 private:
  const View& view_;
  std::map<std::pair<std::string_view, std::string_view>, std::string_view> external_;
};

bool knows_names(const View& view, ClassId id) {
  const auto& set = view.policies();
  return std::ranges::any_of(view.governing(id, Direction::Egress), [&](std::uint32_t position) {
    return std::ranges::any_of(
        set.rules_of(set.policies()[position]), [&](const network_policy::Rule& rule) {
          return std::ranges::any_of(set.peers_of(rule), [](const network_policy::Peers& peers) {
            return !peers.unknown.empty();
          });
        });
  });
}

bool is_open_outside(const View& view, ClassId id, std::uint16_t port) {
  const auto& analyser = view.world().analyser();
  return std::ranges::any_of(analyser.table(id, Direction::Egress).outside, [&](const auto& part) {
    return analyser.connections().at(part.second.allowed).contains(scalar::Protocol::Tcp, port);
  });
}

void judge(View& view, const Names& names, const Workload& workload, Reporter& reporter) {
  const topology::Endpoint& endpoint = view.topology().endpoints()[workload.endpoints.front()];
  std::vector<std::string> hosts;
  Place place;
  bool is_reached = true;
  for_each_variable(endpoint, [&](const Variable& variable) {
    const std::string_view text = variable.value->text();
    const Address address = address_of(text);
    const bool is_address = text.contains("://") || address.port != 0;
    const std::string_view host = names.outside(address, workload.name_space);
    if (!is_address || host.empty() || hosts.size() >= kHostsMax) {
      return;
    }
    std::string shown =
        address.port == 0 ? std::string(host) : fmt::format("{}:{}", host, address.port);
    if (std::ranges::find(hosts, shown) != hosts.end()) {
      return;
    }
    if (hosts.empty()) {
      place = {variable.pointer, variable.value->offset()};
    }
    hosts.push_back(std::move(shown));
    is_reached =
        is_reached && is_open_outside(view, workload.class_id,
                                      address.port == 0 ? std::uint16_t{443} : address.port);
  });
  if (hosts.empty()) {
    return;
  }
  reporter.add(
      kCheck, is_reached ? finding::Severity::Info : kCheck.severity, *endpoint.object,
      std::move(place),
      {.found = listed(hosts),
       .allowed = "a way out that knows names",
       .message = fmt::format(
           "{} calls {} by name; its egress is restricted by policies that know addresses only{}",
           workload.name, listed(hosts),
           is_reached ? ", and is open to more than that host for it" : ", and none lets it out")});
}

void examine(View& view, Reporter& reporter) {
  const Names names(view);
  for (const Workload& workload : view.world().workloads()) {
    if (view.is_isolated(workload.class_id, Direction::Egress) &&
        !knows_names(view, workload.class_id)) {
      judge(view, names, workload, reporter);
    }
  }
}

}  // namespace

Row egress_by_name_check() { return {.check = &kCheck, .examine = examine}; }

}  // namespace tally::reachability::linting

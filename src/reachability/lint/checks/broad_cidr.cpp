// Rule: an ipBlock names a network, not the world.
// Examined, in every dialect: prefixes shorter than /8 (IPv4) or /16 (IPv6), less their exceptions.
// Low where the ports are few (a public server, a proxy), and silent for DNS alone, of which
// another check speaks. A block of the world that leaves the private networks out is info.
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>

#include "reachability/lint/checks/all.hpp"
#include "reachability/lint/checks/controls.hpp"
#include "reachability/lint/internal/rule_form.hpp"
#include "scalar/ip_address.hpp"

namespace tally::reachability::linting {
namespace {

using network_policy::Direction;

constexpr unsigned kV4PrefixMin = 8;
constexpr unsigned kV6PrefixMin = 16;

constexpr finding::Check kCheck{
    .engine = "network",
    .policy = "network-policy",
    .id = "broad-cidr",
    .title = "Address block that is far too wide",
    .description =
        "A block such as 0.0.0.0/0 is the whole world and, with most network plugins, every pod, "
        "every node, the API server and the cloud's metadata service as well.",
    .remedy =
        "Name the networks that are meant. For the internet, leave the private and link-local "
        "ranges out by `except`, and name the ports.",
    .severity = finding::Severity::Medium,
    .controls = kOutbound,
    .references = kPolicyReference};

// Does what is left hold addresses of private networks?
bool holds_private(const scalar::AddressSet& addresses) {
  static const scalar::AddressSet kPrivate = [] {
    scalar::AddressSet all;
    for (const std::string_view text :
         {"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"}) {
      all = all.unite(scalar::AddressSet(*scalar::Cidr::parse(text)));
    }
    return all;
  }();
  return addresses.intersects(kPrivate);
}

void judge(const PlainPolicy& policy, const PlainRule& rule, const PlainPeer& peer,
           Reporter& reporter) {
  const document::Node* node = peer.block->find("cidr");
  const auto cidr = scalar::Cidr::parse(node == nullptr ? std::string_view{} : node->text());
  if (!cidr || cidr->bits >= (cidr->address.is_v4() ? kV4PrefixMin : kV6PrefixMin)) {
    return;
  }
  scalar::AddressSet left(*cidr);
  const document::Node* except = peer.block->find("except");
  for (std::size_t i = 0; except != nullptr && i < except->size(); ++i) {
    if (const auto part = scalar::Cidr::parse(except->items()[i].text())) {
      left = left.minus(scalar::AddressSet(*part));
    }
  }
  const bool is_dns_only =
      !rule.ports.empty() && std::ranges::all_of(rule.ports, [](const PlainPort& port) {
        return port.first == 53 && port.last == 53;
      });
  if (is_dns_only) {
    return;
  }
  const bool has_private = holds_private(left);
  const finding::Severity severity = !has_private         ? finding::Severity::Info
                                     : rule.ports.empty() ? kCheck.severity
                                                          : finding::Severity::Low;
  reporter.add(
      kCheck, severity, *policy.object, {peer.pointer + "/ipBlock/cidr", node->offset()},
      {.found = std::string(node->text()),
       .allowed = "the networks that are meant",
       .message = fmt::format(
           "{} {} is open {} {}{}", ports_in_words(rule),
           rule.direction == Direction::Ingress ? "of these pods" : "out",
           rule.direction == Direction::Ingress ? "from" : "to", node->text(),
           has_private ? ", private networks included" : ", without the private networks")});
}

// The widest block of what a rule of another dialect names; nothing: none is too wide.
std::optional<scalar::Cidr> too_wide(const scalar::AddressSet& addresses) {
  for (const scalar::Cidr& cidr : addresses.cidrs()) {
    if (cidr.bits < (cidr.address.is_v4() ? kV4PrefixMin : kV6PrefixMin)) {
      return cidr;
    }
  }
  return std::nullopt;
}

void judge_rule_form(View& view, const network_policy::Policy& policy,
                     const network_policy::Rule& rule, Reporter& reporter) {
  const network_policy::PolicySet& set = view.policies();
  const scalar::ConnectionSet& connections = set.connections(rule.connections);
  const bool has_names = rule.ports_begin != rule.ports_end;
  scalar::ConnectionSet dns = scalar::ConnectionSet::of_port(scalar::Protocol::Udp, 53);
  dns.add(scalar::Protocol::Tcp, scalar::PortSet(53, 53));
  if (!has_names && dns.contains(connections)) {
    return;
  }
  for (const network_policy::Peers& peer : set.peers_of(rule)) {
    const scalar::AddressSet& addresses = set.addresses(peer.addresses);
    if (peer.addresses == network_policy::kNoAddresses || !too_wide(addresses)) {
      continue;
    }
    const bool has_private = holds_private(addresses);
    const bool is_everything =
        !has_names && connections.contains(scalar::ConnectionSet::transport());
    const std::string words = to_words(addresses);
    reporter.add(
        kCheck,
        !has_private    ? finding::Severity::Info
        : is_everything ? kCheck.severity
                        : finding::Severity::Low,
        *policy.object, place_of_rule(rule),
        {.found = words,
         .allowed = "the networks that are meant",
         .message = fmt::format(
             "{} is open {} {}{}",
             is_everything ? std::string("every port") : connections.to_string(),
             rule.direction == Direction::Ingress ? "from" : "to", words,
             has_private ? ", private networks included" : ", without the private networks")});
    return;
  }
}

void examine(View& view, Reporter& reporter) {
  for_each_other_rule(view, [&](const network_policy::Policy& policy, std::uint32_t,
                                const network_policy::Rule& rule) {
    judge_rule_form(view, policy, rule, reporter);
  });
  for (const PlainPolicy& policy : view.plain()) {
    for (const PlainRule& rule : policy.rules) {
      for (const PlainPeer& peer : rule.peers) {
        if (peer.block != nullptr && policy.applies(rule.direction)) {
          judge(policy, rule, peer, reporter);
        }
      }
    }
  }
}

}  // namespace

Row broad_cidr_check() { return {.check = &kCheck, .examine = examine}; }

}  // namespace tally::reachability::linting

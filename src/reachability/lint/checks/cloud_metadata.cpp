// Rule: a pod whose egress is restricted does not reach the cloud's metadata service.
// Examined: allow rules of every dialect that let TCP 80 out to one of its addresses, if the
// answer of all policies together is the same for a workload of the input. Without a workload the
// rule alone is read, and said as info. Egress that no policy restricts is another finding.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "reachability/lint/checks/all.hpp"
#include "reachability/lint/checks/controls.hpp"
#include "scalar/ip_address.hpp"

namespace tally::reachability::linting {
namespace {

using network_policy::Direction;
using network_policy::Rule;

constexpr std::array kReferences = {
    std::string_view{"https://kubernetes.io/docs/concepts/security/security-checklist/"},
    std::string_view{
        "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html"}};
constexpr finding::Check kCheck{
    .engine = "network",
    .policy = "network-policy",
    .id = "cloud-metadata-reachable",
    .title = "Cloud metadata service is reachable",
    .description =
        "The metadata service of a cloud answers every pod that reaches its link-local address, "
        "and gives out the credentials of the node. A rule that opens the internet opens it as "
        "well, unless the address is left out.",
    .remedy =
        "Leave 169.254.0.0/16 out of the block by `except`, name the destinations, or deny the "
        "address cluster-wide. Workloads that need it get a rule of their own.",
    .severity = finding::Severity::Medium,
    .controls = kOutbound,
    .references = kReferences};

struct Service {
  std::string_view address;
  std::string_view clouds;
};
constexpr std::array<Service, 4> kServices{{
    {"169.254.169.254", "AWS, Azure, Google Cloud and others"},
    {"fd00:ec2::254", "AWS"},
    {"100.100.100.200", "Alibaba Cloud"},
    {"192.0.0.192", "Oracle Cloud"},
}};

bool opens(const View& view, const Rule& rule, const scalar::AddressSet& address) {
  if (rule.direction != Direction::Egress || rule.action != network_policy::Action::Allow ||
      !view.policies().connections(rule.connections).contains(scalar::Protocol::Tcp, 80)) {
    return false;
  }
  return rule.is_any_peer ||
         std::ranges::any_of(view.policies().peers_of(rule), [&](const auto& peers) {
           return view.policies().addresses(peers.addresses).contains(address) ||
                  has(peers.entities, network_policy::Entity::World);
         });
}

bool is_open(const View& view, ClassId id, const scalar::AddressSet& address) {
  const auto& analyser = view.world().analyser();
  const auto& outside = analyser.table(id, Direction::Egress).outside;
  return std::ranges::any_of(outside, [&](const auto& part) {
    return part.first.contains(address) &&
           analyser.connections().at(part.second.allowed).contains(scalar::Protocol::Tcp, 80);
  });
}

void judge(View& view, std::uint32_t position, const Rule& rule, Reporter& reporter) {
  const Matched& selected = view.selected(position);
  std::vector<std::string> reached;
  bool is_seen = false;
  for (const Service& service : kServices) {
    const scalar::AddressSet address(*scalar::IpAddress::parse(service.address));
    if (!opens(view, rule, address)) {
      continue;
    }
    const bool is_confirmed =
        std::ranges::any_of(selected.sure, [&](ClassId id) { return is_open(view, id, address); });
    is_seen = is_seen || is_confirmed;
    if (is_confirmed || selected.sure.empty()) {
      reached.push_back(fmt::format("{} ({})", service.address, service.clouds));
    }
  }
  if (reached.empty()) {
    return;
  }
  const kube::Object& object = *view.policies().policies()[position].object;
  const std::string pods =
      is_seen ? view.names_of(view.workloads_of(selected.sure), object.ref.name_space)
              : std::string("what it selects");
  reporter.add(
      kCheck, is_seen ? kCheck.severity : finding::Severity::Info, object,
      {std::string(rule.pointer), rule.offset},
      {.found = rule.is_any_peer ? "TCP 80 to everybody" : "TCP 80 to a block that holds it",
       .allowed = "a block without 169.254.169.254",
       .message = fmt::format("the rule lets {} reach the metadata service of the cloud: "
                              "{}",
                              pods, listed(reached, 4))});
}

void examine(View& view, Reporter& reporter) {
  const auto policies = view.policies().policies();
  for (std::uint32_t i = 0; i < policies.size(); ++i) {
    for (const Rule& rule : view.policies().rules_of(policies[i])) {
      if (!policies[i].is_staged && policies[i].applies[static_cast<int>(Direction::Egress)]) {
        judge(view, i, rule, reporter);
      }
    }
  }
}

}  // namespace

Row cloud_metadata_check() { return {.check = &kCheck, .examine = examine}; }

}  // namespace tally::reachability::linting

// Rule: what a manifest says that a workload calls, the policies let it call.
// Examined: Services that environment variables, arguments and config maps name, as `tally network
// generate` reads them; reported if the policies of both sides leave no connection to the port
// behind the Service. One finding for each caller and callee.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "reachability/lint/checks/all.hpp"
#include "reachability/lint/checks/controls.hpp"
#include "reachability/synthesis/links.hpp"

namespace tally::reachability::linting {
namespace {

using network_policy::Direction;

constexpr finding::Check kCheck{
    .engine = "network",
    .policy = "cross-layer",
    .id = "service-cut-off",
    .title = "Workload is cut off from a Service that its manifest names",
    .description =
        "The environment, the arguments or a config map of the workload name a Service, and the "
        "network policies of the same input deny the connection, on one side or on both.",
    .remedy =
        "Add the missing rule (`tally network explain` says on which side), or remove the "
        "reference.",
    .severity = finding::Severity::Medium,
    .controls = kOperation,
    .references = kPolicyReference};

bool is_denied(const View& view, std::uint32_t source, std::uint32_t destination,
               const Link& link) {
  const auto& analyser = view.world().analyser();
  const ClassId from = analyser.class_of(source);
  const ClassId to = analyser.class_of(destination);
  const auto denies = [&](const network_policy::PooledAnswer& answer) {
    return !analyser.connections().at(answer.allowed).contains(link.protocol, link.port) &&
           !analyser.connections().at(answer.unknown).contains(link.protocol, link.port);
  };
  return denies(analyser.towards(from, Direction::Egress, to)) ||
         denies(analyser.towards(to, Direction::Ingress, from));
}

void examine(View& view, Reporter& reporter) {
  if (view.policies().policies().empty()) {
    return;
  }
  Links links = links_without_reasons(view.topology());
  add_links_of_manifests(view.snapshot(), view.topology(), links);
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::pair<const Link*, const Reasons*>> denied;
  for (const auto& [link, reasons] : links.links) {
    if (link.source.kind != LinkEnd::Kind::Unit || link.destination.kind != LinkEnd::Kind::Unit) {
      continue;
    }
    const Unit& source = links.units[link.source.unit];
    const Unit& destination = links.units[link.destination.unit];
    if (!source.is_on_host_network && !destination.is_on_host_network &&
        is_denied(view, source.endpoints.front(), destination.endpoints.front(), link)) {
      denied.try_emplace({link.source.unit, link.destination.unit}, &link, &reasons);
    }
  }
  for (const auto& [ends, why] : denied) {
    const Unit& source = links.units[ends.first];
    const Unit& destination = links.units[ends.second];
    const auto& namespaces = view.topology().namespaces();
    const kube::Object& object = *view.topology().endpoints()[source.endpoints.front()].object;
    const std::string callee =
        fmt::format("{}/{}", namespaces[destination.name_space].name, destination.name);
    const std::string port =
        fmt::format("{} {}", scalar::protocol_name(why.first->protocol), why.first->port);
    reporter.add(kCheck, object, {"/spec", object.root.offset()},
                 {.found = fmt::format("{} to {} is denied", port, callee),
                  .allowed = fmt::format("{} to {}", port, callee),
                  .message = fmt::format("{} needs {} of {} ({}), and network policies deny it",
                                         source.name, port, callee, why.second->front())});
  }
}

}  // namespace

Row service_cut_off_check() { return {.check = &kCheck, .examine = examine}; }

}  // namespace tally::reachability::linting

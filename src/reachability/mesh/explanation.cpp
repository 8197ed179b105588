#include "reachability/mesh/explanation.hpp"

#include <algorithm>
#include <set>

#include "network_policy/pair.hpp"

namespace tally::reachability::mesh {

using network_policy::Verdict;

namespace {

// One pod of each kind that some proxy tells apart.
std::vector<Party> parties_of(const Mesh& mesh, const Side& side) {
  if (!side.workload) {
    return {Party{.endpoint = {}, .addresses = side.addresses}};
  }
  std::vector<Party> parties;
  std::set<std::uint32_t> known;
  for (const std::uint32_t at : mesh.world().workloads()[*side.workload].endpoints) {
    if (known.insert(mesh.class_of(at)).second) {
      parties.push_back({.endpoint = at, .addresses = {}});
    }
  }
  return parties;
}

// Of a workload to itself: two of its pods, where it has two.
Party other_of(const Mesh& mesh, const Side& source, const Side& destination, const Party& party) {
  if (!destination.workload || source.workload != destination.workload) {
    return party;
  }
  const auto& endpoints = mesh.world().workloads()[*destination.workload].endpoints;
  for (const std::uint32_t at : endpoints) {
    if (at != endpoints.front() && mesh.class_of(at) == mesh.class_of(*party.endpoint)) {
      return {.endpoint = at, .addresses = {}};
    }
  }
  return party;
}

std::string plane_text(const Mesh& mesh, const Party& party) {
  if (!party.endpoint) {
    return "none: outside the cluster";
  }
  const Enrolment& enrolment = mesh.enrolment_of(*party.endpoint);
  std::string text(to_text(enrolment.plane));
  return enrolment.reason.empty() ? text : text + ": " + enrolment.reason;
}

Side side_of(const Mesh& mesh, const Route& route, Hop::End end, const Side& source,
             const Side& destination) {
  if (end == Hop::End::Waypoint) {
    Side side;
    side.endpoint = &mesh.proxy_of(route.waypoint);
    side.label = "waypoint " + std::string(route.waypoint.name_space) + "/" +
                 std::string(route.waypoint.name);
    return side;
  }
  return end == Hop::End::Source ? source : destination;
}

Step mutual_tls_step(const Mesh& mesh, const Party& destination, std::optional<Port> port) {
  Step step;
  if (!destination.endpoint) {
    return step;
  }
  const PortMutualTls mode =
      mesh.mutual_tls_of(*destination.endpoint, port ? std::optional(port->number) : std::nullopt);
  step.what = to_text(mode.mode);
  if (mode.object != nullptr) {
    step.title = title_of(*mode.object);
    step.place = mode.place;
  }
  return step;
}

const HttpRequest* pointer_to(const std::optional<HttpRequest>& request) {
  return request ? &*request : nullptr;
}

}  // namespace

LayeredAnswer evaluate(const Mesh& mesh, const Side& source, const Side& destination,
                       const Port& port, const std::optional<HttpRequest>& request) {
  std::optional<LayeredAnswer> out;
  for (const Party& from : parties_of(mesh, source)) {
    for (const Party& to : parties_of(mesh, destination)) {
      LayeredAnswer answer = judge_layers(mesh, from, other_of(mesh, source, destination, to), port,
                                          pointer_to(request));
      if (!out) {
        out = std::move(answer);
      } else if (out->verdict != answer.verdict) {
        if (out->verdict == Verdict::Allowed) {
          out = std::move(answer);
        }
        out->verdict = Verdict::Unknown;
        out->missing.emplace_back("which pods are meant: those of one workload differ in the mesh");
        return std::move(*out);
      }
    }
  }
  return std::move(*out);
}

LayeredExplanation explain(const Mesh& mesh, const Side& source, const Side& destination,
                           std::optional<Port> port, const std::optional<HttpRequest>& request) {
  LayeredExplanation out{
      .source = source, .destination = destination, .port = port, .request = request};
  const World& world = mesh.world();
  const Party from = parties_of(mesh, source).front();
  const Party to = other_of(mesh, source, destination, parties_of(mesh, destination).front());
  out.source_plane = plane_text(mesh, from);
  out.destination_plane = plane_text(mesh, to);
  out.mutual_tls = mutual_tls_step(mesh, to, port);
  if (!port) {
    out.network.push_back(reachability::explain(world, source, destination, std::nullopt));
    out.pair = connections_between(
        mesh, from, to,
        {.allowed = out.network.front().allowed, .unknown = out.network.front().unknown});
    return out;
  }
  out.answer = evaluate(mesh, source, destination, *port, request);
  const Route& route = out.answer.way.mesh.route;
  for (const Hop& hop : route.hops) {
    const Port seen{.protocol = port->protocol, .number = hop.port == 0 ? port->number : hop.port};
    out.network.push_back(
        reachability::explain(world, side_of(mesh, route, hop.from, source, destination),
                              side_of(mesh, route, hop.to, source, destination), seen));
  }
  return out;
}

Verdict LayeredExplanation::verdict() const {
  if (port) {
    return answer.verdict;
  }
  if (pair.allowed.is_all()) {
    return Verdict::Allowed;
  }
  return pair.unknown.is_empty() ? Verdict::Denied : Verdict::Unknown;
}

}  // namespace tally::reachability::mesh

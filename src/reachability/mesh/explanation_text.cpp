#include <algorithm>

#include "document/json_writer.hpp"
#include "reachability/mesh/explanation.hpp"

namespace tally::reachability::mesh {

namespace {

using authorization::Reach;
using network_policy::Verdict;

std::string request_text(const HttpRequest& request) {
  std::string out(request.method.value_or("(any method)"));
  out.append(" ").append(request.path.value_or("(any path)"));
  return request.host ? out.append(" on ").append(*request.host) : out;
}

void add_line(std::string_view name, std::string_view text, std::string& out) {
  if (!text.empty()) {
    out.append("    ").append(name).append(": ").append(text).append("\n");
  }
}

std::string identity_text(const Route& route) {
  if (route.encryption == Encryption::Unknown) {
    return "unknown";
  }
  return route.identity.empty() ? "none" : route.identity;
}

std::string mutual_tls_text(const Step& step) {
  std::string out = step.what;
  if (!step.title.empty()) {
    out.append(", by ").append(step.title).append("  ").append(step.place);
  } else if (step.what == "permissive") {
    out += ", the default";
  }
  return out;
}

void add_planes(const LayeredExplanation& explanation, std::string& out) {
  add_line("source", explanation.source_plane, out);
  add_line("destination", explanation.destination_plane, out);
  add_line("mutual TLS", mutual_tls_text(explanation.mutual_tls), out);
}

void add_mesh(const LayeredExplanation& explanation, std::string& out) {
  const MeshAnswer& mesh = explanation.answer.way.mesh;
  out.append("\n  mesh: ").append(to_text(mesh.verdict)).append("\n");
  add_planes(explanation, out);
  if (!mesh.is_asked) {
    out.append("    no proxy is on the way: plaintext, no identity");
    out.append(mesh.reason.empty() ? "" : " (").append(mesh.reason);
    out.append(mesh.reason.empty() ? "\n" : ")\n");
    return;
  }
  add_line("way", to_text(mesh.route), out);
  add_line("encryption", to_text(mesh.route.encryption), out);
  if (mesh.route.waypoint.state == WaypointUse::State::Used) {
    add_line("identity at the waypoint", mesh.route.client_identity, out);
  }
  add_line("identity", identity_text(mesh.route), out);
  for (const Step& step : mesh.steps) {
    add_step(step, false, out);
  }
  if (!mesh.near_misses.empty()) {
    out += "  close, but not it:\n";
    for (const Step& step : mesh.near_misses) {
      add_step(step, false, out);
    }
  }
  if (!mesh.remedy.empty()) {
    out.append("  to allow it: ").append(mesh.remedy).append("\n");
  }
}

std::string bypass_text(const WayAnswer& way) {
  const bool is_plain = way.mesh.route.identity.empty();
  return is_plain
             ? "a client that dials the address of the pod past its own sidecar is allowed, in "
               "plaintext and without an identity"
             : "a client that dials the address of the pod, past the waypoint, is allowed";
}

std::string group_text(const PortGroup& group) {
  const Route& route = group.reach.route;
  std::string out = to_text(route);
  out.append(", ").append(to_text(route.encryption));
  out.append(", identity ").append(identity_text(route));
  if (group.reach.kind == Reach::Kind::Http) {
    out.append("; requests: ").append(to_words(group.reach));
  }
  for (std::size_t i = 0; i < group.reach.missing.size(); ++i) {
    out.append(i == 0 ? "; unknown: " : ", ").append(group.reach.missing[i]);
  }
  return out;
}

void add_groups(const LayeredExplanation& explanation, std::string& out) {
  out += "\n  mesh:\n";
  add_planes(explanation, out);
  std::vector<std::pair<std::string, scalar::PortSet>> lines;
  for (const PortGroup& group : explanation.pair.groups) {
    std::string line = group_text(group);
    const auto known =
        std::ranges::find(lines, line, [](const auto& entry) { return entry.first; });
    if (known == lines.end()) {
      lines.emplace_back(std::move(line), group.ports);
    } else {
      known->second = known->second.unite(group.ports);
    }
  }
  for (const auto& [line, ports] : lines) {
    out.append("    ").append(scalar::ConnectionSet::of(scalar::Protocol::Tcp, ports).to_string());
    out.append(": ").append(line).append("\n");
  }
  if (explanation.pair.groups.empty()) {
    out += "    no TCP passes\n";
  }
}

void add_text(std::string_view name, std::string_view value, std::string& out) {
  out.append(out.ends_with('{') ? "\"" : ",\"").append(name).append("\":");
  document::append_json_string(out, value);
}

void add_texts(std::string_view name, const std::vector<std::string>& values, std::string& out) {
  out.append(",\"").append(name).append("\":[");
  for (std::size_t i = 0; i < values.size(); ++i) {
    out += i == 0 ? "" : ",";
    document::append_json_string(out, values[i]);
  }
  out += "]";
}

void add_json_route(const Route& route, std::string& out) {
  add_text("way", to_text(route), out);
  add_text("encryption", to_text(route.encryption), out);
  add_text("identity", route.identity, out);
}

void add_json_mesh(const LayeredExplanation& explanation, std::string& out) {
  const MeshAnswer& mesh = explanation.answer.way.mesh;
  out += ",\"mesh\":{";
  add_text("verdict", to_text(mesh.verdict), out);
  add_text("source", explanation.source_plane, out);
  add_text("destination", explanation.destination_plane, out);
  add_text("mutualTls", explanation.mutual_tls.what, out);
  add_text("mutualTlsPlace", explanation.mutual_tls.place, out);
  add_json_route(mesh.route, out);
  add_text("identityAtWaypoint",
           mesh.route.waypoint.state == WaypointUse::State::Used ? mesh.route.client_identity : "",
           out);
  add_text("reason", mesh.reason, out);
  out += ',';
  add_json_steps("steps", mesh.steps, false, out);
  out += ',';
  add_json_steps("nearMisses", mesh.near_misses, false, out);
  add_text("remedy", mesh.remedy, out);
  out += "}";
}

void add_json_groups(const LayeredExplanation& explanation, std::string& out) {
  out += ",\"mesh\":{";
  add_text("source", explanation.source_plane, out);
  add_text("destination", explanation.destination_plane, out);
  out += ",\"ports\":[";
  bool is_first = true;
  for (const PortGroup& group : explanation.pair.groups) {
    out += is_first ? "{" : ",{";
    is_first = false;
    add_text("connections",
             scalar::ConnectionSet::of(scalar::Protocol::Tcp, group.ports).to_string(), out);
    add_json_route(group.reach.route, out);
    add_text("requests",
             group.reach.kind == Reach::Kind::Http ? to_words(group.reach) : std::string(), out);
    add_texts("missing", group.reach.missing, out);
    out += "}";
  }
  out += "]}";
}

}  // namespace

std::string to_text(const LayeredExplanation& explanation) {
  std::string out = explanation.source.label + " -> " + explanation.destination.label;
  if (explanation.port) {
    out.append("  ").append(port_text(*explanation.port)).append("  ");
    out.append(to_text(explanation.verdict())).append("\n");
  } else {
    out.append("\n  allowed: ").append(explanation.pair.allowed.to_string()).append("\n");
    if (!explanation.pair.unknown.is_empty()) {
      out.append("  unknown: ").append(explanation.pair.unknown.to_string()).append("\n");
    }
  }
  if (explanation.request) {
    out.append("  asked: ").append(request_text(*explanation.request)).append("\n");
  }
  for (const std::string& fact : explanation.answer.missing) {
    out.append("  not known: ").append(fact).append("\n");
  }
  for (const Explanation& hop : explanation.network) {
    const bool is_other =
        explanation.port && hop.port && hop.port->number != explanation.port->number;
    if (is_other || explanation.network.size() > 1) {
      out.append("\n  network, ").append(hop.source.label).append(" -> ");
      out.append(hop.destination.label).append(", sees ").append(port_text(*hop.port));
      out.append(is_other ? " (HBONE)\n" : "\n");
    }
    add_sides(hop, out);
  }
  if (explanation.port) {
    add_mesh(explanation, out);
    if (explanation.answer.bypass) {
      out.append("  beware: ").append(bypass_text(*explanation.answer.bypass)).append("\n");
    }
  } else {
    add_groups(explanation, out);
  }
  return out;
}

std::string to_json(const LayeredExplanation& explanation) {
  std::string out = "{";
  add_text("source", explanation.source.label, out);
  add_text("destination", explanation.destination.label, out);
  if (explanation.port) {
    add_text("port", port_text(*explanation.port), out);
  }
  if (explanation.request) {
    add_text("request", request_text(*explanation.request), out);
  }
  add_text("verdict", to_text(explanation.verdict()), out);
  if (!explanation.port) {
    add_text("allowed", explanation.pair.allowed.to_string(), out);
    add_text("unknown", explanation.pair.unknown.to_string(), out);
  }
  add_texts("missing", explanation.answer.missing, out);
  out += ",\"network\":[";
  for (std::size_t i = 0; i < explanation.network.size(); ++i) {
    const Explanation& hop = explanation.network[i];
    out += i == 0 ? "{" : ",{";
    add_text("source", hop.source.label, out);
    add_text("destination", hop.destination.label, out);
    if (hop.port) {
      add_text("port", port_text(*hop.port), out);
    }
    out += ',';
    add_json_sides(hop, out);
    out += "}";
  }
  out += "]";
  if (explanation.port) {
    add_json_mesh(explanation, out);
  } else {
    add_json_groups(explanation, out);
  }
  add_text("bypass", explanation.answer.bypass ? bypass_text(*explanation.answer.bypass) : "", out);
  return out + "}\n";
}

}  // namespace tally::reachability::mesh

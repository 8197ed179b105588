#include <algorithm>

#include "document/json_writer.hpp"
#include "reachability/explain.hpp"

namespace tally::reachability {
namespace {

using network_policy::Direction;
using network_policy::Verdict;
using scalar::ConnectionSet;

std::string outcome(const SideExplanation& side, const ConnectionSet& asked) {
  if (side.allowed == asked) {
    return "allowed";
  }
  if (side.allowed.is_empty()) {
    return side.unknown.is_empty() ? "denied" : "unknown";
  }
  return "in part";
}

void add_side(const SideExplanation& side, const Side& own, const ConnectionSet& asked,
              std::string& out) {
  const bool is_ingress = side.direction == Direction::Ingress;
  out.append(is_ingress ? "\n  ingress at " : "\n  egress of ").append(own.label);
  if (!side.is_governed) {
    out += ": outside the cluster, no policy is asked\n";
    return;
  }
  out.append(": ").append(outcome(side, asked)).append("\n");
  for (const Step& step : side.steps) {
    add_step(step, true, out);
  }
  if (side.steps.empty()) {
    out += "    always allowed: a pod and itself, or a pod and its node\n";
  }
  if (!side.near_misses.empty()) {
    out += "  close, but not it:\n";
    for (const Step& step : side.near_misses) {
      add_step(step, false, out);
    }
  }
  if (!side.remedy.empty()) {
    out.append("  to allow it: ").append(side.remedy).append("\n");
  }
}

void add_json_side(const SideExplanation& side, std::string& out) {
  const auto text = [&out](std::string_view name, std::string_view value) {
    out.append("\"").append(name).append("\":");
    document::append_json_string(out, value);
  };
  out += "{";
  text("allowed", side.allowed.to_string());
  out += ',';
  text("unknown", side.unknown.to_string());
  out += ',';
  add_json_steps("steps", side.steps, true, out);
  out += ',';
  add_json_steps("nearMisses", side.near_misses, true, out);
  out += ',';
  text("remedy", side.remedy);
  out += "}";
}

}  // namespace

std::string port_text(const Port& port) {
  return std::string(scalar::protocol_name(port.protocol)) + " " + std::to_string(port.number);
}

void add_step(const Step& step, bool with_connections, std::string& out) {
  out += "    ";
  if (!step.title.empty()) {
    out.append(step.title).append("  ").append(step.place).append("\n      ");
    if (!step.rule.empty()) {
      out.append(step.rule).append(" ");
    }
  }
  out.append(step.is_sure ? "" : "perhaps ").append(step.what);
  if (with_connections) {
    out.append(step.title.empty() ? " " : ": ").append(step.connections.to_string());
  }
  out += "\n";
}

void add_json_steps(std::string_view name, const std::vector<Step>& steps, bool with_connections,
                    std::string& out) {
  const auto text = [&out](std::string_view key, std::string_view value) {
    out.append("\"").append(key).append("\":");
    document::append_json_string(out, value);
    out += ',';
  };
  out.append("\"").append(name).append("\":[");
  bool is_first = true;
  for (const Step& step : steps) {
    out += is_first ? "{" : ",{";
    is_first = false;
    text("policy", step.title);
    text("place", step.place);
    text("rule", step.rule);
    text("what", step.what);
    if (with_connections) {
      text("connections", step.connections.to_string());
    }
    out.append("\"sure\":").append(step.is_sure ? "true" : "false").append("}");
  }
  out += "]";
}

void add_sides(const Explanation& explanation, std::string& out) {
  const ConnectionSet asked = explanation.port ? ConnectionSet::of_port(explanation.port->protocol,
                                                                        explanation.port->number)
                                               : ConnectionSet::all();
  add_side(explanation.egress, explanation.source, asked, out);
  add_side(explanation.ingress, explanation.destination, asked, out);
}

void add_json_sides(const Explanation& explanation, std::string& out) {
  out += "\"egress\":";
  add_json_side(explanation.egress, out);
  out += ",\"ingress\":";
  add_json_side(explanation.ingress, out);
}

std::string to_text(const Explanation& explanation) {
  std::string out = explanation.source.label + " -> " + explanation.destination.label;
  if (explanation.port) {
    out.append("  ").append(port_text(*explanation.port)).append("  ");
    out.append(to_text(explanation.verdict())).append("\n");
  } else {
    out.append("\n  allowed: ").append(explanation.allowed.to_string()).append("\n");
    if (!explanation.unknown.is_empty()) {
      out.append("  unknown: ").append(explanation.unknown.to_string()).append("\n");
    }
  }
  add_sides(explanation, out);
  return out;
}

std::string to_json(const Explanation& explanation) {
  std::string out = "{\"source\":";
  document::append_json_string(out, explanation.source.label);
  out += ",\"destination\":";
  document::append_json_string(out, explanation.destination.label);
  if (explanation.port) {
    out += ",\"port\":";
    document::append_json_string(out, port_text(*explanation.port));
  }
  out += ",\"verdict\":";
  document::append_json_string(out, to_text(explanation.verdict()));
  out += ",\"allowed\":";
  document::append_json_string(out, explanation.allowed.to_string());
  out += ",\"unknown\":";
  document::append_json_string(out, explanation.unknown.to_string());
  out += ',';
  add_json_sides(explanation, out);
  return out + "}\n";
}

}  // namespace tally::reachability

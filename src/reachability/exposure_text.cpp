// Exposure as text and as JSON.

#include <algorithm>

#include "document/json_writer.hpp"
#include "reachability/exposure.hpp"

namespace tally::reachability {
namespace {

using network_policy::Direction;
using network_policy::Verdict;

// One way to one workload.
struct Way {
  const Entry* entry = nullptr;
  const EntryBackend* backend = nullptr;
};

// By position in World::workloads(), in the order of the entries.
std::vector<std::vector<Way>> ways_of(const World& world, const EntryList& entries) {
  std::vector<std::vector<Way>> ways(world.workloads().size());
  for (const Entry& entry : entries.entries) {
    for (const EntryBackend& backend : entry.backends) {
      ways[backend.workload].push_back({.entry = &entry, .backend = &backend});
    }
  }
  return ways;
}

std::string_view word(Direction direction) {
  return direction == Direction::Ingress ? "from" : "to";
}

void append_ways(std::string& out, const std::vector<Way>& ways, Verdict exposed) {
  // What a person reads; JSON has all of them.
  constexpr std::size_t kShownMax = 20;
  if (ways.empty()) {
    return;
  }
  out += exposed == Verdict::Allowed   ? "  the world reaches it:\n"
         : exposed == Verdict::Unknown ? "  the world reaches it perhaps:\n"
                                       : "  the world does not reach it:\n";
  for (std::size_t i = 0; i < std::min(ways.size(), kShownMax); ++i) {
    const Entry& entry = *ways[i].entry;
    const EntryBackend& backend = *ways[i].backend;
    out.append("    by ").append(to_words(entry)).append(", ").append(entry.place).append(": ");
    out.append(backend.ports.to_string());
    switch (backend.reach()) {
      case Verdict::Allowed:
        break;
      case Verdict::Unknown:
        out.append(", perhaps: not known: ").append(backend.missing);
        break;
      case Verdict::Denied:
        out += backend.denied_by.empty() ? ", denied by network policy"
                                         : ", denied by the mesh: " + backend.denied_by;
        break;
    }
    if (entry.is_internal()) {
      out.append(", internal: ").append(entry.internal);
    } else if (backend.reach() != Verdict::Denied && backend.clients != scalar::AddressSet::all()) {
      out.append(", from ").append(to_words(backend.clients));
    }
    out += "\n";
  }
  if (ways.size() > kShownMax) {
    out.append("    and ").append(std::to_string(ways.size() - kShownMax)).append(" more\n");
  }
}

void append_direction(std::string& out, const Exposure& exposure) {
  out.append("  ").append(to_text(exposure.direction)).append(":");
  if (!exposure.is_isolated && exposure.cluster.is_all() && exposure.outside.is_all()) {
    out += " open: no policy isolates it\n";
    return;
  }
  if (exposure.cluster.is_empty() && exposure.perhaps_cluster.is_empty() &&
      exposure.outside.is_empty()) {
    out += " only what is listed by `tally network connections`\n";
    return;
  }
  out += "\n";
  const auto line = [&](std::string_view who, const scalar::ConnectionSet& connections) {
    if (!connections.is_empty()) {
      out.append("    ").append(word(exposure.direction)).append(" ").append(who).append(": ");
      out.append(connections.to_string()).append("\n");
    }
  };
  line(to_words(exposure.addresses), exposure.outside);
  line("any pod of the cluster", exposure.cluster);
  line("any pod of a namespace with the labels that its rules ask for", exposure.perhaps_cluster);
}

void append_member(std::string& out, std::string_view name, std::string_view text) {
  out.append(",\"").append(name).append("\":");
  document::append_json_string(out, text);
}

void append_json(std::string& out, const Way& way) {
  const Entry& entry = *way.entry;
  const EntryBackend& backend = *way.backend;
  out += "{\"kind\":";
  document::append_json_string(out, to_text(entry.kind));
  append_member(out, "object", title_of(*entry.object));
  append_member(out, "place", entry.place);
  append_member(out, "via", entry.via);
  append_member(out, "host", entry.host);
  append_member(out, "path", entry.path);
  append_member(out, "tls", to_text(entry.tls));
  append_member(out, "protocol", scalar::protocol_name(entry.protocol));
  out.append(",\"port\":").append(std::to_string(entry.port));
  append_member(out, "service", entry.service);
  out.append(",\"servicePort\":").append(std::to_string(entry.service_port));
  append_member(out, "podPorts", backend.ports.to_string());
  append_member(out, "reach", to_text(backend.reach()));
  append_member(out, "missing", backend.missing);
  if (!backend.denied_by.empty()) {
    append_member(out, "deniedBy", backend.denied_by);
  }
  append_member(out, "clients", to_words(backend.clients));
  append_member(out, "internal", entry.internal);
  out += "}";
}

}  // namespace

std::string to_text(const World& world, const std::vector<Exposure>& list,
                    const EntryList& entries) {
  const auto ways = ways_of(world, entries);
  const std::vector<Verdict> exposed = world_exposed(world, entries);
  std::string out;
  std::uint32_t last = 0xFFFF'FFFF;
  for (const Exposure& exposure : list) {
    if (exposure.workload != last) {
      last = exposure.workload;
      out.append(out.empty() ? "" : "\n").append(world.workloads()[last].label).append("\n");
      append_ways(out, ways[last], exposed[last]);
    }
    append_direction(out, exposure);
  }
  return out;
}

std::string to_json(const World& world, const std::vector<Exposure>& list,
                    const EntryList& entries) {
  const auto ways = ways_of(world, entries);
  const std::vector<Verdict> exposed = world_exposed(world, entries);
  std::string out = "[";
  for (const Exposure& exposure : list) {
    out.append(out.size() == 1 ? "\n" : ",\n").append("{\"workload\":");
    document::append_json_string(out, world.workloads()[exposure.workload].label);
    append_member(out, "direction", to_text(exposure.direction));
    out.append(",\"isolated\":").append(exposure.is_isolated ? "true" : "false");
    append_member(out, "outside", exposure.outside.to_string());
    append_member(out, "addresses", to_words(exposure.addresses));
    append_member(out, "cluster", exposure.cluster.to_string());
    append_member(out, "labelledNamespaces", exposure.perhaps_cluster.to_string());
    if (exposure.direction == Direction::Ingress) {
      append_member(out, "world", to_text(exposed[exposure.workload]));
      out += ",\"entries\":[";
      for (const Way& way : ways[exposure.workload]) {
        out += out.back() == '[' ? "" : ",";
        append_json(out, way);
      }
      out += "]";
    }
    out += "}";
  }
  return out + "\n]\n";
}

}  // namespace tally::reachability

#include <algorithm>
#include <array>
#include <map>

#include "document/json_writer.hpp"
#include "reachability/connections.hpp"
#include "reachability/internal/csv.hpp"

namespace tally::reachability {
namespace {

using network_policy::kNone;

std::string party(const World& world, std::uint32_t workload, const scalar::AddressSet& outside) {
  return workload == kOutside ? to_words(outside) : world.workloads()[workload].label;
}

std::string connections_text(const World& world, network_policy::PooledId id) {
  return world.analyser().connections().at(id).to_string();
}

std::string allowed_text(const World& world, const ConnectionRow& row) {
  return row.mesh ? row.mesh->allowed.to_string() : connections_text(world, row.answer.allowed);
}

// Empty: nothing is unknown.
std::string unknown_text(const World& world, const ConnectionRow& row) {
  if (row.mesh) {
    return row.mesh->unknown.is_empty() ? std::string() : row.mesh->unknown.to_string();
  }
  return row.answer.unknown == kNone ? std::string() : connections_text(world, row.answer.unknown);
}

std::string words(const std::string& allowed, const std::string& unknown) {
  if (unknown.empty()) {
    return allowed;
  }
  return allowed == "none" ? "perhaps " + unknown : allowed + ", perhaps " + unknown;
}

struct Cells {
  std::string source;
  std::string destination;
  std::string connections;
  const MeshColumns* mesh = nullptr;
};

std::string markdown_field(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    escaped.append(c == '|' ? "\\|" : std::string(1, c));
  }
  return escaped;
}

std::string as_text(const std::vector<Cells>& rows) {
  std::size_t source_width = 0;
  std::size_t destination_width = 0;
  constexpr std::size_t kWidthMax = 60;  // longer ones push their line only
  for (const Cells& row : rows) {
    source_width = std::max(source_width, std::min(row.source.size(), kWidthMax));
    destination_width = std::max(destination_width, std::min(row.destination.size(), kWidthMax));
  }
  std::string out;
  for (const Cells& row : rows) {
    out += row.source;
    out.append(source_width - std::min(row.source.size(), source_width), ' ').append(" -> ");
    out += row.destination;
    out.append(destination_width - std::min(row.destination.size(), destination_width), ' ');
    out.append("  ").append(row.connections);
    if (row.mesh != nullptr && !row.mesh->requests.empty()) {
      out.append("  (").append(row.mesh->requests).append(")");
    }
    out += "\n";
  }
  return out;
}

std::string as_json(const World& world, const std::vector<ConnectionRow>& rows) {
  std::string out = "[";
  const auto member = [&out](std::string_view name, std::string_view text, bool is_last = false) {
    out.append("\"").append(name).append("\":");
    document::append_json_string(out, text);
    out += is_last ? "" : ",";
  };
  for (const ConnectionRow& row : rows) {
    out.append(out.size() == 1 ? "\n{" : ",\n{");
    member("source", party(world, row.source, row.outside));
    member("destination", party(world, row.destination, row.outside));
    const std::string unknown = unknown_text(world, row);
    member("allowed", allowed_text(world, row), unknown.empty() && !row.mesh);
    if (!unknown.empty()) {
      member("unknown", unknown, !row.mesh);
    }
    if (row.mesh) {
      member("encryption", row.mesh->encryption);
      member("identity", row.mesh->identity);
      member("requests", row.mesh->requests, true);
    }
    out += "}";
  }
  return out + "\n]\n";
}

std::string as_dot(const World& world, const std::vector<ConnectionRow>& rows,
                   const std::vector<Cells>& cells) {
  std::string out = "digraph connections {\n  rankdir=LR;\n  node [shape=box];\n";
  const auto quoted = [&out](std::string_view text) {
    out += '"';
    for (const char c : text) {
      if (c == '"' || c == '\\') {
        out += '\\';
      }
      out += c;
    }
    out += '"';
  };
  // A cluster of nodes for each namespace.
  std::map<std::string_view, std::vector<std::uint32_t>> by_namespace;
  std::vector<bool> is_shown(world.workloads().size());
  for (const ConnectionRow& row : rows) {
    for (const std::uint32_t side : {row.source, row.destination}) {
      if (side != kOutside && !is_shown[side]) {
        is_shown[side] = true;
        by_namespace[world.workloads()[side].name_space].push_back(side);
      }
    }
  }
  for (const auto& [name_space, members] : by_namespace) {
    out += "  subgraph ";
    quoted("cluster_" + std::string(name_space));
    out += " {\n    label=";
    quoted(name_space);
    out += ";\n";
    for (const std::uint32_t side : members) {
      out += "    ";
      quoted(world.workloads()[side].label);
      out += ";\n";
    }
    out += "  }\n";
  }
  for (const Cells& row : cells) {
    out += "  ";
    quoted(row.source);
    out += " -> ";
    quoted(row.destination);
    out += " [label=";
    quoted(row.connections);
    out += "];\n";
  }
  return out + "}\n";
}

}  // namespace

std::optional<ListFormat> parse_list_format(std::string_view name) noexcept {
  constexpr std::array<std::pair<std::string_view, ListFormat>, 6> kNames{
      {{"txt", ListFormat::Text},
       {"csv", ListFormat::Csv},
       {"json", ListFormat::Json},
       {"md", ListFormat::Markdown},
       {"dot", ListFormat::Dot},
       {"classes", ListFormat::Classes}}};
  for (const auto& [text, format] : kNames) {
    if (text == name) {
      return format;
    }
  }
  return std::nullopt;
}

std::string to_words(const World& world, const network_policy::PooledAnswer& answer) {
  return words(connections_text(world, answer.allowed),
               answer.unknown == kNone ? std::string() : connections_text(world, answer.unknown));
}

std::string to_text(const World& world, const std::vector<ConnectionRow>& rows, ListFormat format) {
  if (format == ListFormat::Json) {
    return as_json(world, rows);
  }
  std::vector<Cells> cells;
  cells.reserve(rows.size());
  for (const ConnectionRow& row : rows) {
    cells.push_back({.source = party(world, row.source, row.outside),
                     .destination = party(world, row.destination, row.outside),
                     .connections = words(allowed_text(world, row), unknown_text(world, row)),
                     .mesh = row.mesh.get()});
  }
  const bool has_mesh = !rows.empty() && rows.front().mesh != nullptr;
  std::string out;
  switch (format) {
    case ListFormat::Csv:
      out = "source,destination,connections";
      out += has_mesh ? ",encryption,identity,requests\n" : "\n";
      for (const Cells& row : cells) {
        append_csv_cell(out, row.source);
        out += ',';
        append_csv_cell(out, row.destination);
        out += ',';
        append_csv_cell(out, row.connections);
        if (row.mesh != nullptr) {
          for (const std::string& cell :
               {row.mesh->encryption, row.mesh->identity, row.mesh->requests}) {
            out += ',';
            append_csv_cell(out, cell);
          }
        }
        out += '\n';
      }
      return out;
    case ListFormat::Markdown:
      out = has_mesh ? "| source | destination | connections | encryption | identity | requests "
                       "|\n| --- | --- | --- | --- | --- | --- |\n"
                     : "| source | destination | connections |\n| --- | --- | --- |\n";
      for (const Cells& row : cells) {
        out.append("| ").append(markdown_field(row.source)).append(" | ");
        out.append(markdown_field(row.destination)).append(" | ");
        out.append(markdown_field(row.connections)).append(" |");
        if (row.mesh != nullptr) {
          for (const std::string& cell :
               {row.mesh->encryption, row.mesh->identity, row.mesh->requests}) {
            out.append(" ").append(markdown_field(cell)).append(" |");
          }
        }
        out += "\n";
      }
      return out;
    case ListFormat::Dot:
      return as_dot(world, rows, cells);
    case ListFormat::Text:
    case ListFormat::Json:
    case ListFormat::Classes:
      break;
  }
  return as_text(cells);
}

std::string classes_to_text(const World& world,
                            const std::vector<network_policy::ClassPair>& rows) {
  constexpr std::size_t kShownMax = 3;
  std::string out;
  const auto name = [&](network_policy::ClassId id) {
    const auto members = world.workloads_of(id);
    std::string text;
    for (std::size_t i = 0; i < std::min(members.size(), kShownMax); ++i) {
      text.append(text.empty() ? "" : ", ").append(world.workloads()[members[i]].label);
    }
    if (members.size() > kShownMax) {
      text.append(" and ").append(std::to_string(members.size() - kShownMax)).append(" more");
    }
    return text;
  };
  std::vector<bool> is_shown(world.analyser().class_count());
  for (const network_policy::ClassPair& row : rows) {
    is_shown[row.source] = true;
    is_shown[row.destination] = true;
  }
  for (network_policy::ClassId id = 0; id < is_shown.size(); ++id) {
    if (is_shown[id]) {
      out.append("class ").append(std::to_string(id)).append(": ").append(name(id)).append("\n");
    }
  }
  for (const network_policy::ClassPair& row : rows) {
    out.append(std::to_string(row.source)).append(" -> ").append(std::to_string(row.destination));
    out.append("  ").append(to_words(world, row.answer)).append("\n");
  }
  return out;
}

}  // namespace tally::reachability

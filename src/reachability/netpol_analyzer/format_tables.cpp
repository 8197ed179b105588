// csv, md and json
#include <string>
#include <utility>

#include "document/json_writer.hpp"
#include "reachability/internal/csv.hpp"
#include "reachability/netpol_analyzer/internal/formats.hpp"

namespace tally::reachability::netpol_analyzer {
namespace {

// The columns of a list: connections unless one is in focus, the network where there are several.
std::vector<std::string> cells_of(const ConnectionList& list, const ListedConnection& line) {
  std::vector<std::string> cells{list.source_text(line), list.destination_text(line)};
  if (!list.options().focus_connection) {
    cells.push_back(list.text(line.connections));
  }
  if (list.options().multiple_networks) {
    cells.emplace_back(list.networks()[line.network].text());
  }
  return cells;
}

std::vector<std::string> header_of(const ConnectionList& list) {
  std::vector<std::string> cells{"src", "dst"};
  if (!list.options().focus_connection) {
    cells.emplace_back("conn");
  }
  if (list.options().multiple_networks) {
    cells.emplace_back("network");
  }
  return cells;
}

// Of the exposure: the workload first.
std::vector<std::string> cells_of(const ConnectionList& list, const ExposureLine& line) {
  std::vector<std::string> cells{line.workload, line.other};
  if (!list.options().focus_connection) {
    cells.push_back(line.connections);
  }
  return cells;
}

std::vector<std::string> exposure_header(const ConnectionList& list, bool is_ingress) {
  std::vector<std::string> cells{is_ingress ? "dst" : "src", is_ingress ? "src" : "dst"};
  if (!list.options().focus_connection) {
    cells.emplace_back("conn");
  }
  return cells;
}

std::string exposure_title(const ConnectionList& list) {
  std::string title = "Exposure Analysis Result";
  if (list.options().focus_connection) {
    title += " On " + list.options().focus_connection->to_string();
  }
  return title + ":";
}

// Explanations are for txt only: what is denied is not listed.
bool is_listed(const ListedConnection& line) { return line.connections != kNoConnection; }

void append_csv(std::string& out, const std::vector<std::string>& cells) {
  for (std::size_t i = 0; i < cells.size(); ++i) {
    out += i == 0 ? "" : ",";
    append_csv_cell(out, cells[i]);
  }
  out += "\n";
}

void append_row(std::string& out, const std::vector<std::string>& cells, bool has_blank) {
  out += "|";
  for (const std::string& cell : cells) {
    out.append(" ").append(cell).append(" |");
  }
  out += has_blank ? " \n" : "\n";
}

void append_table_header(std::string& out, const std::vector<std::string>& cells, bool has_blank) {
  append_row(out, cells, has_blank);
  out += "|";
  for (std::size_t i = 0; i < cells.size(); ++i) {
    out += i < 2 ? "-----|" : "------|";
  }
  out += "\n";
}

void append_member(std::string& out, std::string_view indent, std::string_view name,
                   std::string_view value, bool is_last) {
  out.append(indent).append("\"").append(name).append("\": ");
  document::append_json_string(out, value);
  out += is_last ? "\n" : ",\n";
}

struct JsonLine {
  std::string_view source;
  std::string_view destination;
  std::string_view connections;
};

void append_json_list(std::string& out, const std::vector<JsonLine>& lines, std::string_view indent,
                      bool has_connections) {
  const std::string inner = std::string(indent) + "  ";
  const std::string member = inner + "  ";
  if (lines.empty()) {
    out += "[]";
    return;
  }
  out += "[\n";
  for (std::size_t i = 0; i < lines.size(); ++i) {
    out += inner + "{\n";
    append_member(out, member, "src", lines[i].source, false);
    append_member(out, member, "dst", lines[i].destination, !has_connections);
    if (has_connections) {
      append_member(out, member, "conn", lines[i].connections, true);
    }
    out += inner + (i + 1 == lines.size() ? "}\n" : "},\n");
  }
  out.append(indent).append("]");
}

}  // namespace

std::string list_as_csv(const ConnectionList& list) {
  std::string out;
  append_csv(out, header_of(list));
  for (const ListedConnection& line : list.connections()) {
    if (is_listed(line)) {
      append_csv(out, cells_of(list, line));
    }
  }
  if (!list.options().exposure) {
    return out;
  }
  const ExposureLines lines = exposure_lines(list);
  append_csv(out, {exposure_title(list), "", ""});
  for (const bool is_ingress : {false, true}) {
    const auto& part = is_ingress ? lines.ingress : lines.egress;
    if (part.empty()) {
      continue;
    }
    append_csv(out, {is_ingress ? "Ingress Exposure:" : "Egress Exposure:", "", ""});
    append_csv(out, exposure_header(list, is_ingress));
    for (const ExposureLine& line : part) {
      append_csv(out, cells_of(list, line));
    }
  }
  return out;
}

std::string list_as_markdown(const ConnectionList& list) {
  std::string out;
  // Upstream leaves a blank behind the column of networks.
  const bool has_blank = list.options().multiple_networks && !list.options().focus_connection;
  append_table_header(out, header_of(list), has_blank);
  for (const ListedConnection& line : list.connections()) {
    if (is_listed(line)) {
      append_row(out, cells_of(list, line), has_blank);
    }
  }
  if (!list.options().exposure) {
    return out;
  }
  const ExposureLines lines = exposure_lines(list);
  out += "## " + exposure_title(list) + "\n";
  for (const bool is_ingress : {false, true}) {
    const auto& part = is_ingress ? lines.ingress : lines.egress;
    if (part.empty()) {
      continue;
    }
    out += is_ingress ? "\n### Ingress Exposure:\n" : "### Egress Exposure:\n";
    append_table_header(out, exposure_header(list, is_ingress), false);
    for (const ExposureLine& line : part) {
      append_row(out, cells_of(list, line), false);
    }
  }
  return out;
}

std::string list_as_json(const ConnectionList& list) {
  const bool has_connections = !list.options().focus_connection;
  std::vector<JsonLine> rows;
  for (const ListedConnection& line : list.connections()) {
    if (is_listed(line)) {
      rows.push_back(
          {list.source_text(line), list.destination_text(line), list.text(line.connections)});
    }
  }
  std::string out;
  if (!list.options().exposure) {
    append_json_list(out, rows, "", has_connections);
    return out;
  }
  out += "{\n  \"connlist_results\": ";
  append_json_list(out, rows, "  ", has_connections);
  out += ",\n  \"exposure_results\": {\n";
  const ExposureLines lines = exposure_lines(list);
  for (const bool is_ingress : {false, true}) {
    const auto& part = is_ingress ? lines.ingress : lines.egress;
    std::vector<JsonLine> shown;
    for (const ExposureLine& line : part) {
      shown.push_back(is_ingress ? JsonLine{line.other, line.workload, line.connections}
                                 : JsonLine{line.workload, line.other, line.connections});
    }
    out += is_ingress ? "    \"ingress_exposure\": " : "    \"egress_exposure\": ";
    if (shown.empty()) {
      out += "null";
    } else {
      append_json_list(out, shown, "    ", has_connections);
    }
    out += is_ingress ? "\n" : ",\n";
  }
  return out + "  }\n}";
}

}  // namespace tally::reachability::netpol_analyzer

#include "reachability/netpol_analyzer/internal/difference_formats.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "reachability/internal/csv.hpp"
#include "reachability/netpol_analyzer/internal/formats.hpp"
#include "scalar/go_quote.hpp"

namespace tally::reachability::netpol_analyzer {
namespace {

using Kind = DifferentPair::Kind;

std::string_view kind_text(Kind kind) {
  switch (kind) {
    case Kind::Changed:
      return "changed";
    case Kind::Added:
      return "added";
    case Kind::Removed:
      return "removed";
    case Kind::Unchanged:
      return "unchanged";
  }
  return "";
}

// "workload a and b added"
std::string workloads_text(const DifferentPair& pair) {
  if (!pair.is_source_new_or_lost && !pair.is_destination_new_or_lost) {
    return {};
  }
  std::string text = "workload ";
  text += pair.is_source_new_or_lost ? pair.source : "";
  text += pair.is_source_new_or_lost && pair.is_destination_new_or_lost ? " and " : "";
  text += pair.is_destination_new_or_lost ? pair.destination : "";
  return text.append(" ").append(kind_text(pair.kind));
}

// Lines by what happened, those of the ingress controller behind the others; sorted as text.
template <class Line>
std::vector<std::string> lines_of(const std::vector<DifferentPair>& pairs, Line&& line) {
  std::vector<std::string> lines;
  for (const bool is_ingress : {false, true}) {
    for (const Kind kind : {Kind::Changed, Kind::Added, Kind::Removed}) {
      const auto begin = static_cast<std::ptrdiff_t>(lines.size());
      for (const DifferentPair& pair : pairs) {
        if (pair.kind == kind && pair.is_from_ingress == is_ingress) {
          lines.push_back(line(pair));
        }
      }
      std::sort(lines.begin() + begin, lines.end());
    }
  }
  return lines;
}

std::string joined(std::string first, const std::vector<std::string>& lines) {
  for (const std::string& line : lines) {
    first += "\n" + line;
  }
  return first;
}

std::string quoted(std::string_view text) {
  std::string out;
  scalar::append_go_quoted(out, text);
  return out;
}

struct Colors {
  std::string_view edge;
  std::string_view peer;
};

constexpr Colors colors_of(Kind kind) {
  switch (kind) {
    case Kind::Changed:
      return {.edge = "magenta", .peer = "blue"};
    case Kind::Added:
      return {.edge = "#008000", .peer = "#008000"};
    case Kind::Removed:
      return {.edge = "red2", .peer = "red"};
    case Kind::Unchanged:
      return {.edge = "grey", .peer = "blue"};
  }
  return {};
}

constexpr std::string_view kLegend = R"(	nodesep=0.5
	subgraph cluster_legend {
		label="Legend"
		fontsize = 10
		margin=0
		a [style=invis height=0 width=0]
		b [style=invis height=0 width=0]
		c [style=invis height=0 width=0]
		d [style=invis height=0 width=0]
		e [style=invis height=0 width=0]
		f [style=invis height=0 width=0]
		g [style=invis height=0 width=0]
		h [style=invis height=0 width=0]
		{rank=source a b c d}
		{rank=same e f g h}
		a -> b [label="added connection", color="#008000" fontcolor="#008000" fontsize = 10 arrowsize=0.2]
		c -> d [label="removed connection", color="red2" fontcolor="red2" fontsize = 10 arrowsize=0.2]
		e -> f [label="changed connection", color="magenta" fontcolor="magenta" fontsize = 10 arrowsize=0.2]
		g -> h [label="unchanged connection", color="grey" fontcolor="grey" fontsize = 10 arrowsize=0.2]
		np [label="new peer" color="#008000" fontcolor="#008000" fontsize = 10]
		lp [label="lost peer" color="red" fontcolor="red" fontsize = 10]
		pp [label="persistent peer" color="blue" fontcolor="blue" fontsize = 10]
		{rank=sink np lp pp}
		np->lp [style=invis]
		lp->pp [style=invis]
	}
})";

}  // namespace

std::string difference_as_text(const std::vector<DifferentPair>& pairs) {
  return joined("Connectivity diff:",
                lines_of(pairs,
                         [](const DifferentPair& pair) {
                           std::string line = "diff-type: " + std::string(kind_text(pair.kind)) +
                                              ", source: " + pair.source +
                                              ", destination: " + pair.destination +
                                              ", ref1: " + pair.before + ", ref2: " + pair.after;
                           const std::string workloads = workloads_text(pair);
                           return workloads.empty() ? line
                                                    : line + ", workloads-diff-info: " + workloads;
                         })) +
         "\n";
}

std::string difference_as_csv(const std::vector<DifferentPair>& pairs) {
  return joined(
             "diff-type,source,destination,ref1,ref2,workloads-diff-info",
             lines_of(pairs,
                      [](const DifferentPair& pair) {
                        std::string line(kind_text(pair.kind));
                        for (const std::string& cell : {pair.source, pair.destination, pair.before,
                                                        pair.after, workloads_text(pair)}) {
                          line += ",";
                          append_csv_cell(line, cell);
                        }
                        return line;
                      })) +
         "\n";
}

std::string difference_as_markdown(const std::vector<DifferentPair>& pairs) {
  return joined(
      "| diff-type | source | destination | ref1 | ref2 | workloads-diff-info |\n"
      "|-----------|--------|-------------|------|------|---------------------|",
      lines_of(pairs, [](const DifferentPair& pair) {
        return "| " + std::string(kind_text(pair.kind)) + " | " + pair.source + " | " +
               pair.destination + " | " + pair.before + " | " + pair.after + " | " +
               workloads_text(pair) + " |";
      }));
}

std::string difference_as_dot(const std::vector<DifferentPair>& pairs) {
  std::vector<std::string> peers;
  std::vector<std::string> edges;
  std::vector<std::string> ingress_edges;
  std::set<std::string> seen;
  for (const Kind kind : {Kind::Unchanged, Kind::Changed, Kind::Added, Kind::Removed}) {
    for (const DifferentPair& pair : pairs) {
      if (pair.kind != kind) {
        continue;
      }
      const auto add_peer = [&](const std::string& name, bool is_new_or_lost) {
        if (seen.insert(name).second) {
          const std::string color = quoted(is_new_or_lost ? colors_of(kind).peer : "blue");
          peers.push_back("\t" + quoted(name) + " [label=" + quoted(name) + " color=" + color +
                          " fontcolor=" + color + "]");
        }
      };
      add_peer(pair.source, pair.is_source_new_or_lost);
      add_peer(pair.destination, pair.is_destination_new_or_lost);
      const std::string label = kind == Kind::Changed ? pair.after + " (ref1: " + pair.before + ")"
                                : kind == Kind::Added ? pair.after
                                                      : pair.before;
      const std::string color = quoted(colors_of(kind).edge);
      (pair.is_from_ingress ? ingress_edges : edges)
          .push_back("\t" + quoted(pair.source) + " -> " + quoted(pair.destination) +
                     " [label=" + quoted(label) + " color=" + color + " fontcolor=" + color + "]");
    }
  }
  std::string out = "digraph {";
  for (auto* lines : {&peers, &edges, &ingress_edges}) {
    std::ranges::sort(*lines);
    out = joined(std::move(out), *lines);
  }
  return out + "\n" + std::string(kLegend);
}

}  // namespace tally::reachability::netpol_analyzer

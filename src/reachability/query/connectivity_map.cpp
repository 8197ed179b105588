// connectivityMap: who may talk to whom, as lines of pairs or as firewall rules. With layers of
// Istio, TCP and the rest apart (nca/NetworkConfig/NetworkConfigQuery.py, ConnectivityMapQuery).
#include <algorithm>

#include "reachability/query/internal/firewall_rules.hpp"
#include "reachability/query/internal/pair.hpp"

namespace tally::reachability::query {
namespace {

constexpr std::array<std::string_view, 6> kColumns{"query",  "src_ns",   "src_pods",
                                                   "dst_ns", "dst_pods", "connection"};

// Cells of a line of csv or md.
std::string row(const std::vector<std::string>& cells, bool is_csv) {
  std::string line = is_csv ? "" : "|";
  for (const std::string& cell : cells) {
    line += is_csv ? "\"" + cell + "\"," : cell + "|";
  }
  return line + "\n";
}

std::string cells_of(TrafficPool& pool, const FirewallRule& rule, PooledId relevant, bool is_csv) {
  const auto pods = [](const FirewallElement& one) {
    return one.outside.empty() ? "[" + one.pods + "]" : one.outside;
  };
  const auto namespaces = [](const FirewallElement& one) {
    return one.outside.empty() ? one.namespaces_text() : std::string();
  };
  return row({"", namespaces(rule.source), pods(rule.source), namespaces(rule.destination),
              pods(rule.destination), to_nca_text(pool, rule.connections, relevant)},
             is_csv);
}

}  // namespace

std::string rules_map(Comparison& comparison, const QueryOptions& options, const MapOptions& map,
                      const ConnectionsOfPair& connections) {
  FirewallOptions firewall{.by_deployments = options.by_deployments,
                           .groups_single_pods = options.groups_single_pods,
                           .labels = map.labels,
                           .relevant = options.relevant};
  if (options.labels) {
    firewall.labels = {options.labels->begin(), options.labels->end()};
  }
  const std::vector<FirewallRule> rules =
      firewall_rules(comparison, map.side, firewall, map.excludes_itself, connections);
  TrafficPool& pool = comparison.pool();
  std::string title = options.query_name;
  if (!map.config_name.empty()) {
    title.append(", config: ").append(map.config_name);
  }
  const std::string prefix = map.restriction.empty()
                                 ? std::string()
                                 : "For connections of type " + std::string(map.restriction) + ", ";
  const bool is_csv = options.format == "csv";
  const bool is_table = is_csv || options.format == "md";
  std::vector<std::string> lines;
  for (const FirewallRule& rule : rules) {
    lines.push_back(is_table ? cells_of(pool, rule, options.relevant, is_csv)
                             : rule.to_text(pool, options.relevant) + "\n");
  }
  // One line for pods that are of one deployment.
  std::ranges::sort(lines);
  if (options.by_deployments) {
    lines.erase(std::ranges::unique(lines).begin(), lines.end());
  }
  std::string text;
  if (is_table) {
    std::vector<std::string> titles(kColumns.begin(), kColumns.end());
    text = row(titles, is_csv);
    if (!is_csv) {
      text += row(std::vector<std::string>(kColumns.size(), "---"), false);
    }
    std::vector<std::string> heading(kColumns.size());
    heading.front() = prefix + title;
    text += row(heading, is_csv);
  } else if (!map.config_name.empty()) {
    text = prefix + "final fw rules for query: " + title + ":\n";
  }
  for (const std::string& line : lines) {
    text += line;
  }
  return text;
}

Answer ask_connectivity_map(Comparison& comparison, const View& view, const QueryOptions& options) {
  Answer answer{.is_true = true};
  const bool has_rules =
      options.format == "txt" || options.format == "csv" || options.format == "md";
  if (!options.with_map && !has_rules) {
    return answer;
  }
  const Matrix matrix = comparison.evaluate(view, 0);
  const auto part = [&](PooledId relevant, std::string_view restriction) {
    const auto connections = [&](std::size_t source, std::size_t destination) {
      return comparison.pool().intersect(matrix[comparison.at(source, destination)].all_allowed,
                                         relevant);
    };
    QueryOptions own = options;
    own.relevant = relevant;
    if (has_rules) {
      const MapOptions map{
          .config_name = view.name, .restriction = restriction, .labels = view.config->labels()};
      return rules_map(comparison, own, map, connections);
    }
    const std::string title =
        restriction.empty() ? std::string() : std::string(restriction) + " Connections:\n";
    return title + map_lines(comparison, own, false, connections);
  };
  if (!view.has_layer(Layer::Istio) && !view.has_layer(Layer::IstioGateway)) {
    answer.map = part(kAll, {});
    return answer;
  }
  TrafficPool& pool = comparison.pool();
  answer.map = part(pool.tcp(), "TCP") + (options.format == "txt" || !has_rules ? "\n" : "") +
               part(pool.non_tcp(), "non-TCP");
  return answer;
}

}  // namespace tally::reachability::query

#include "reachability/query/output.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "base/arena.hpp"
#include "document/json_writer.hpp"
#include "document/node.hpp"
#include "document/yaml_writer.hpp"

namespace tally::reachability::query {
namespace {

using document::Node;
using scalar::ConnectionSet;
using scalar::Protocol;

std::string join(const std::vector<std::string>& texts, std::string_view between) {
  std::string all;
  for (const std::string& text : texts) {
    all.append(&text == texts.data() ? "" : between).append(text);
  }
  return all;
}

// A list of texts as Python prints it.
std::string python_list(const std::vector<std::string>& texts) {
  return texts.empty() ? "[]" : "['" + join(texts, "', '") + "']";
}

std::string ports_text(const scalar::PortSet& ports) {
  std::string text;
  for (const auto& [first, last] : ports.intervals()) {
    text.append(text.empty() ? "" : ",").append(std::to_string(first));
    if (first != last) {
      text.append("-").append(std::to_string(last));
    }
  }
  return text;
}

constexpr std::array kProtocols{Protocol::Tcp, Protocol::Udp, Protocol::Sctp, Protocol::Icmp,
                                Protocol::Icmp6};

bool has_ports(Protocol protocol) {
  return protocol != Protocol::Icmp && protocol != Protocol::Icmp6;
}

struct Cube {
  std::vector<std::string> protocols;
  std::string ports;  // empty: all
};

// Protocols of which all, or the same ports, are meant are one cube.
std::vector<Cube> cubes_of(const ConnectionSet& connections) {
  std::vector<Cube> cubes;
  const auto add = [&cubes](std::string protocol, const std::string& ports) {
    const auto same = std::ranges::find(cubes, ports, &Cube::ports);
    if (same == cubes.end()) {
      cubes.push_back({.protocols = {std::move(protocol)}, .ports = ports});
    } else {
      same->protocols.push_back(std::move(protocol));
    }
  };
  for (const Protocol protocol : kProtocols) {
    const scalar::PortSet& ports = connections.ports(protocol);
    if (ports.is_empty()) {
      continue;
    }
    const bool is_all = ports == ConnectionSet::of(protocol).ports(protocol);
    add(std::string(scalar::protocol_name(protocol)),
        is_all || !has_ports(protocol) ? "" : ports_text(ports));
  }
  for (std::size_t number = 0; number < connections.others().size(); ++number) {
    if (connections.others()[number]) {
      add(std::to_string(number), "");
    }
  }
  return cubes;
}

std::string braced(const Cube& cube) {
  return "{protocols:" + join(cube.protocols, ", ") +
         (cube.ports.empty() ? "" : ",dst_ports:" + cube.ports) + "}";
}

std::string bracketed(const Cube& cube) {
  return "[protocols=" + join(cube.protocols, ", ") +
         (cube.ports.empty() ? "" : ",dst_ports=" + cube.ports) + "]";
}

std::string difference_text(const ConnectionsOf& row, const std::vector<std::string>& configs) {
  const std::string& with = configs[row.is_of_second ? 1 : 0];
  const std::string& without = configs[row.is_of_second ? 0 : 1];
  if (row.connections.is_all() && (row.text.empty() || row.text == "All connections")) {
    return with + " allows all connections while " + without + " does not.";
  }
  const std::vector<Cube> cubes = cubes_of(row.connections);
  if (!row.example.empty()) {
    return with + " allows communication on " + row.example + " while " + without + " does not";
  }
  return with + " allows communication on " + (cubes.empty() ? "[]" : bracketed(cubes.front())) +
         " while " + without + " does not";
}

std::string rules_text(const Explanation& explanation, const std::vector<PolicyRules>& all,
                       std::string_view direction, std::string_view title) {
  if (all.empty()) {
    return {};
  }
  std::string text = "\n" + std::string(title) + " rules" + explanation.description + ":\n";
  for (const PolicyRules& one : all) {
    text.append(one.title).append(" ").append(one.policy).append(", ").append(direction);
    text.append(" rules indexes: ").append(join(one.rules, ", ")).append("\n");
  }
  return text;
}

std::string to_text(const Explanation& explanation) {
  std::string text;
  switch (explanation.kind) {
    case Explanation::Kind::Policies:
      if (!explanation.policies.empty()) {
        text =
            "Policies" + explanation.description + ":\n" + join(explanation.policies, ", ") + "\n";
      }
      return text + rules_text(explanation, explanation.ingress, "ingress", "Ingress") +
             rules_text(explanation, explanation.egress, "egress", "Egress");
    case Explanation::Kind::CommonPods:
      text = explanation.description + ":\n";
      for (const CommonPods& one : explanation.common) {
        text.append(&one == explanation.common.data() ? "" : "\n");
        text.append(one.first_title).append("_1: ").append(one.first).append(", ");
        text.append(one.second_title)
            .append("_2: ")
            .append(one.second)
            .append(", pods: ")
            .append(join(one.pods, ", "));
      }
      return text;
    case Explanation::Kind::Connections:
    case Explanation::Kind::Difference:
      text = explanation.description + ":\n";
      for (const ConnectionsOf& row : explanation.connections) {
        text.append("src: ").append(python_list(row.sources));
        text.append(", dst: ").append(python_list(row.destinations));
        text +=
            explanation.kind == Explanation::Kind::Difference
                ? ", description: " + difference_text(row, explanation.configs)
                : ", conn: " + (row.map_text.empty() ? to_nca_map(row.connections) : row.map_text);
        text += '\n';
      }
      return text;
    case Explanation::Kind::Pods:
      for (const PodList& list : explanation.pods) {
        text.append("\n").append(list.description).append(":\n");
        text.append(join(list.pods, ", ")).append("\n");
      }
      return text;
  }
  return text;
}

// Nodes for json and yaml.
class Builder {
 public:
  explicit Builder(Arena& arena) : arena_(arena) {}

  Node text(std::string_view value) { return Node::make_string(arena_.copy(value), 0); }
  Node number(std::int64_t value) {
    return Node::make_number(arena_.copy(std::to_string(value)), 0);
  }
  Node texts(const std::vector<std::string>& values) {
    std::vector<Node> items;
    for (const std::string& value : values) {
      items.push_back(text(value));
    }
    return Node::make_array(arena_, items, 0);
  }
  Node list(const std::vector<Node>& items) { return Node::make_array(arena_, items, 0); }
  Node map(std::initializer_list<std::pair<std::string_view, Node>> members) {
    return map(std::vector<std::pair<std::string_view, Node>>(members));
  }
  Node map(const std::vector<std::pair<std::string_view, Node>>& members) {
    std::vector<Node> values;
    std::vector<std::string_view> keys;
    for (const auto& [key, value] : members) {
      keys.push_back(key);
      values.push_back(value);
    }
    return Node::make_object(arena_, values, keys, {}, 0);
  }

  void add(const Explanation& explanation, std::vector<Node>& into) {
    switch (explanation.kind) {
      case Explanation::Kind::Policies:
        if (!explanation.policies.empty()) {
          std::vector<std::string> names;
          for (const std::string& title : explanation.policies) {
            names.push_back(title.substr(title.find(' ') + 1));
          }
          into.push_back(map({{"description", text("Policies" + explanation.description)},
                              {"policies", texts(names)}}));
        }
        add_rules(explanation, explanation.ingress, "Ingress", "ingress_rules_indexes", into);
        add_rules(explanation, explanation.egress, "Egress", "egress_rules_indexes", into);
        return;
      case Explanation::Kind::CommonPods: {
        std::vector<Node> examples;
        for (const CommonPods& one : explanation.common) {
          examples.push_back(
              map({{"policies", texts({one.first, one.second})}, {"pods", texts(one.pods)}}));
        }
        into.push_back(
            map({{"description", text(explanation.description)}, {"examples", list(examples)}}));
        return;
      }
      case Explanation::Kind::Connections:
      case Explanation::Kind::Difference:
        into.push_back(map({{"description", text(explanation.description)},
                            {"connections", connections(explanation)}}));
        return;
      case Explanation::Kind::Pods:
        for (const PodList& one : explanation.pods) {
          into.push_back(map({{"description", text(one.description)}, {"pods", texts(one.pods)}}));
        }
        return;
    }
  }

 private:
  void add_rules(const Explanation& explanation, const std::vector<PolicyRules>& all,
                 std::string_view title, std::string_view key, std::vector<Node>& into) {
    if (all.empty()) {
      return;
    }
    std::vector<Node> pairs;
    for (const PolicyRules& one : all) {
      pairs.push_back(map({{"policy", text(one.policy)}, {key, texts(one.rules)}}));
    }
    into.push_back(
        map({{"description", text(std::string(title) + " rules" + explanation.description)},
             {"pairs", list(pairs)}}));
  }

  Node connections(const Explanation& explanation) {
    std::vector<Node> rows;
    for (const ConnectionsOf& row : explanation.connections) {
      std::vector<std::pair<std::string_view, Node>> members{{"src", texts(row.sources)},
                                                             {"dst", texts(row.destinations)}};
      const std::string some = row.map_text.empty() ? to_nca_map(row.connections) : row.map_text;
      if (explanation.kind == Explanation::Kind::Difference) {
        const std::string none = to_nca_map({});
        members.emplace_back("conns_config1", text(row.is_of_second ? none : some));
        members.emplace_back("conns_config2", text(row.is_of_second ? some : none));
      } else {
        members.emplace_back("conn", text(some));
      }
      rows.push_back(map(members));
    }
    return list(rows);
  }

  Arena& arena_;
};

void append_indented_json(std::string& out, const Node& node, std::size_t depth) {
  if (!node.is_array() && !node.is_object()) {
    document::append_json(out, node);
    return;
  }
  const char* const brackets = node.is_array() ? "[]" : "{}";
  out += brackets[0];
  for (std::size_t i = 0; i < node.size(); ++i) {
    out.append(i == 0 ? "\n" : ",\n").append(2 * (depth + 1), ' ');
    if (node.is_object()) {
      document::append_json_string(out, node.key(i));
      out += ": ";
    }
    append_indented_json(out, node.items()[i], depth + 1);
  }
  if (node.size() > 0) {
    out.append("\n").append(2 * depth, ' ');
  }
  out += brackets[1];
}

// Quotes of PyYAML are single ones.
std::string single_quoted(std::string line) {
  const std::size_t quote = line.find('"');
  if (quote == std::string::npos || line.back() != '"' || quote + 1 >= line.size() ||
      (quote > 0 && line[quote - 1] != ' ')) {
    return line;
  }
  std::string out = line.substr(0, quote) + "'";
  for (const char c : line.substr(quote + 1, line.size() - quote - 2)) {
    out.append(c == '\'' ? 2 : 1, c);
  }
  return out + "'";
}

// PyYAML folds a plain text at the first blank behind more than 80 columns; the rest stands two
// columns deeper than its key.
std::string fold(const std::string& yaml) {
  constexpr std::size_t kWidth = 80;
  std::string out;
  std::size_t begin = 0;
  while (begin < yaml.size()) {
    const std::size_t end = std::min(yaml.find('\n', begin), yaml.size());
    std::string line = single_quoted(yaml.substr(begin, end - begin));
    begin = end + 1;
    std::size_t indent = line.find_first_not_of(' ');
    indent = indent == std::string::npos ? 0 : indent;
    if (line.substr(indent).starts_with("- ")) {
      indent += 2;
    }
    const std::size_t colon = line.find(": ", indent);
    // A text begins behind its key, or behind the dash.
    const std::size_t text = colon == std::string::npos ? indent : colon + 2;
    for (std::size_t at = line.find(' ', kWidth + 1); at != std::string::npos && at > text;
         at = line.find(' ', kWidth + 1)) {
      out.append(line, 0, at).append("\n");
      line = std::string(indent + 2, ' ') + line.substr(at + 1);
    }
    out.append(line).append("\n");
  }
  return out;
}

Node to_node(Builder& builder, const PrintedAnswer& answer) {
  std::vector<std::pair<std::string_view, Node>> members{
      {"query", builder.text(answer.query)}, {"configs", builder.texts(answer.configs)}};
  if (!answer.was_executed) {
    members.emplace_back("executed", builder.number(0));
    members.emplace_back("description", builder.text(answer.text));
    return builder.map(members);
  }
  members.emplace_back("numerical_result", builder.number(answer.number));
  if (!answer.text.empty()) {
    members.emplace_back("textual_result", builder.text(answer.text));
  }
  if (!answer.explanations.empty()) {
    std::vector<Node> explanations;
    for (const Explanation& explanation : answer.explanations) {
      builder.add(explanation, explanations);
    }
    members.emplace_back("explanation", builder.list(explanations));
  }
  return builder.map(members);
}

}  // namespace

std::string to_nca_text(const ConnectionSet& connections) {
  if (connections.is_all()) {
    return "All connections";
  }
  if (connections.is_empty()) {
    return "No connections";
  }
  const ConnectionSet rest = ConnectionSet::all().minus(connections);
  std::vector<Cube> cubes = cubes_of(connections);
  const std::vector<Cube> missing = cubes_of(rest);
  const bool is_all_but = connections.others().count() * 2 > connections.others().size();
  std::string text;
  const std::vector<Cube>& shown = is_all_but ? missing : cubes;
  for (const Cube& cube : shown) {
    text.append(text.empty() ? "" : ",").append(braced(cube));
  }
  return is_all_but ? "All but " + text : text;
}

std::string to_nca_map(const ConnectionSet& connections) {
  if (connections.is_all() || connections.is_empty()) {
    return to_nca_text(connections);
  }
  std::string text;
  for (const Cube& cube : cubes_of(connections)) {
    text.append(text.empty() ? "" : ",")
        .append("{'protocols': '")
        .append(join(cube.protocols, ", "));
    text.append("'").append(cube.ports.empty() ? "" : ", 'dst_ports': '" + cube.ports + "'");
    text.append("}");
  }
  return text;
}

std::string print_answers(const std::vector<PrintedAnswer>& answers, std::string_view format) {
  if (format == "json" || format == "yaml") {
    Arena arena;
    Builder builder(arena);
    std::vector<Node> nodes;
    for (const PrintedAnswer& answer : answers) {
      nodes.push_back(to_node(builder, answer));
    }
    std::string out;
    if (format == "json") {
      append_indented_json(out, builder.list(nodes), 0);
      return out;
    }
    document::append_yaml(out, builder.list(nodes), document::KeyOrder::Source);
    return fold(out);
  }
  std::string out;
  for (const PrintedAnswer& answer : answers) {
    out += &answer == answers.data() ? "" : "\n";
    if (format == "txt" && !answer.text.empty()) {
      out += answer.text + "\n";
    }
    for (const Explanation& explanation : answer.explanations) {
      out += to_text(explanation);
    }
    out += answer.map;
  }
  return out;
}

}  // namespace tally::reachability::query

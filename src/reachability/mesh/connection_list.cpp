#include "reachability/mesh/connection_list.hpp"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

namespace tally::reachability::mesh {

using network_policy::kNone;
using network_policy::PooledAnswer;

namespace {

constexpr PooledAnswer kDenied{.allowed = kNone, .unknown = kNone};

bool is_nothing(const MeshColumns& columns) {
  return columns.allowed.is_empty() && columns.unknown.is_empty();
}

std::vector<std::uint32_t> behind_waypoints(const World& world, const Mesh& mesh) {
  std::vector<std::uint32_t> behind;
  for (std::uint32_t i = 0; i < world.workloads().size(); ++i) {
    if (mesh.is_behind_waypoint(world.workloads()[i].endpoints.front())) {
      behind.push_back(i);
    }
  }
  return behind;
}

// Pairs that the network policies keep apart may meet at a waypoint.
void add_waypoint_pairs(const World& world, const Mesh& mesh, const ConnectionFilter& filter,
                        std::vector<ConnectionRow>& rows) {
  const std::vector<std::uint32_t> behind = behind_waypoints(world, mesh);
  if (behind.empty()) {
    return;
  }
  const std::size_t count = world.workloads().size();
  std::vector<bool> is_wanted(count, filter.workloads.empty());
  for (const std::uint32_t workload : filter.workloads) {
    is_wanted[workload] = true;
  }
  std::vector<bool> is_known(count * count);
  for (const ConnectionRow& row : rows) {
    if (row.source != kOutside && row.destination != kOutside) {
      is_known[row.source * count + row.destination] = true;
    }
  }
  for (const std::uint32_t destination : behind) {
    for (std::uint32_t source = 0; source < count; ++source) {
      const bool is_asked = (is_wanted[source] || is_wanted[destination]) &&
                            (source != destination || filter.with_itself);
      if (is_asked && !is_known[source * count + destination]) {
        rows.push_back({.source = source, .destination = destination, .answer = kDenied});
      }
    }
  }
}

// Workloads of each class of both layers, and the classes of each class of the network policies.
struct JoinedClasses {
  std::vector<std::vector<std::uint32_t>> members;
  std::vector<std::vector<std::uint32_t>> of_class;  // by class of the Analyser
};

JoinedClasses read_classes(const JoinedAnswers& answers) {
  const World& world = answers.world();
  JoinedClasses classes;
  classes.of_class.resize(world.analyser().class_count());
  const std::vector<std::uint32_t> numbers = answers.classes();
  for (std::uint32_t i = 0; i < numbers.size(); ++i) {
    if (numbers[i] == classes.members.size()) {
      classes.members.emplace_back();
      classes.of_class[world.workloads()[i].class_id].push_back(numbers[i]);
    }
    classes.members[numbers[i]].push_back(i);
  }
  return classes;
}

void add_class_lines(const JoinedClasses& classes, const World& world, std::string& out) {
  constexpr std::size_t kShownMax = 3;
  for (std::size_t number = 0; number < classes.members.size(); ++number) {
    const std::vector<std::uint32_t>& members = classes.members[number];
    out.append("class ").append(std::to_string(number)).append(": ");
    for (std::size_t i = 0; i < std::min(members.size(), kShownMax); ++i) {
      out.append(i == 0 ? "" : ", ").append(world.workloads()[members[i]].label);
    }
    if (members.size() > kShownMax) {
      out.append(" and ").append(std::to_string(members.size() - kShownMax)).append(" more");
    }
    out += "\n";
  }
}

using NumberPair = std::pair<std::uint32_t, std::uint32_t>;

// Pairs of classes that may connect, with what the network policies say.
std::vector<std::pair<NumberPair, PooledAnswer>> class_pairs(const JoinedClasses& classes,
                                                             World& world, const Mesh& mesh) {
  std::vector<std::pair<NumberPair, PooledAnswer>> pairs;
  for (const auto& pair : network_policy::list_class_pairs(world.analyser())) {
    for (const std::uint32_t source : classes.of_class[pair.source]) {
      for (const std::uint32_t destination : classes.of_class[pair.destination]) {
        pairs.emplace_back(NumberPair(source, destination), pair.answer);
      }
    }
  }
  for (std::uint32_t to = 0; to < classes.members.size(); ++to) {
    const Workload& destination = world.workloads()[classes.members[to].front()];
    if (!mesh.is_behind_waypoint(destination.endpoints.front())) {
      continue;
    }
    for (std::uint32_t from = 0; from < classes.members.size(); ++from) {
      pairs.emplace_back(NumberPair(from, to), kDenied);
    }
  }
  // Of two answers about one pair, that of the network policies stands first.
  std::ranges::sort(pairs, {},
                    [](const auto& pair) { return std::pair(pair.first, pair.second == kDenied); });
  const auto rest = std::ranges::unique(pairs, {}, [](const auto& pair) { return pair.first; });
  pairs.erase(rest.begin(), rest.end());
  return pairs;
}

using Numbers = std::vector<std::uint32_t>;

// "0,2-5"
std::string runs_text(const Numbers& numbers) {
  std::string out;
  for (std::size_t begin = 0; begin < numbers.size();) {
    std::size_t end = begin + 1;
    while (end < numbers.size() && numbers[end] == numbers[end - 1] + 1) {
      ++end;
    }
    out.append(out.empty() ? "" : ",").append(std::to_string(numbers[begin]));
    if (end - begin > 1) {
      out.append("-").append(std::to_string(numbers[end - 1]));
    }
    begin = end;
  }
  return out;
}

std::string class_words(const MeshColumns& columns) {
  std::string out = columns.allowed.to_string();
  if (!columns.unknown.is_empty()) {
    out.append(", perhaps ").append(columns.unknown.to_string());
  }
  if (!columns.requests.empty()) {
    out.append("  (").append(columns.requests).append(")");
  }
  return out;
}

}  // namespace

std::vector<ConnectionRow> list_connections(World& world, const Mesh& mesh,
                                            const ConnectionFilter& filter) {
  JoinedAnswers answers(world, &mesh);
  return list_connections(answers, filter);
}

std::vector<ConnectionRow> list_connections(JoinedAnswers& answers,
                                            const ConnectionFilter& filter) {
  World& world = answers.world();
  std::vector<ConnectionRow> rows = reachability::list_connections(world, filter);
  if (answers.mesh() == nullptr) {
    return rows;
  }
  add_waypoint_pairs(world, *answers.mesh(), filter, rows);
  using network_policy::Direction;
  for (ConnectionRow& row : rows) {
    if (row.source == kOutside || row.destination == kOutside) {
      const bool is_ingress = row.source == kOutside;
      row.mesh = answers.with_outside(is_ingress ? row.destination : row.source,
                                      is_ingress ? Direction::Ingress : Direction::Egress,
                                      row.outside, row.answer);
    } else {
      row.mesh = answers.between(row.source, row.destination, row.answer);
    }
  }
  std::erase_if(rows, [](const ConnectionRow& row) { return is_nothing(*row.mesh); });
  std::ranges::sort(rows, [](const ConnectionRow& a, const ConnectionRow& b) {
    return std::tuple(a.source + 1, a.destination + 1, a.outside) <
           std::tuple(b.source + 1, b.destination + 1, b.outside);
  });
  return rows;
}

std::string classes_to_text(World& world, const Mesh& mesh) {
  JoinedAnswers answers(world, &mesh);
  const JoinedClasses classes = read_classes(answers);
  // By what passes, and by source: the destinations, ascending.
  std::map<std::string, std::map<std::uint32_t, Numbers>> by_words;
  for (const auto& [numbers, network] : class_pairs(classes, world, mesh)) {
    const auto& [source, destination] = numbers;
    const std::vector<std::uint32_t>& members = classes.members[destination];
    // Of a class to itself: between two workloads, where it has two.
    const bool is_second = source == destination && members.size() > 1;
    const auto columns =
        answers.between(classes.members[source].front(), members[is_second ? 1 : 0], network);
    if (!is_nothing(*columns)) {
      by_words[class_words(*columns)][source].push_back(destination);
    }
  }
  // Sources with the same destinations stand together; lines by their first source.
  std::vector<std::tuple<Numbers, Numbers, std::string_view>> lines;
  for (const auto& [words, by_source] : by_words) {
    std::map<Numbers, Numbers> by_destinations;
    for (const auto& [source, destinations] : by_source) {
      by_destinations[destinations].push_back(source);
    }
    for (auto& [destinations, sources] : by_destinations) {
      lines.emplace_back(std::move(sources), destinations, words);
    }
  }
  std::ranges::sort(lines);
  std::string out;
  add_class_lines(classes, world, out);
  for (const auto& [sources, destinations, words] : lines) {
    out.append(runs_text(sources)).append(" -> ").append(runs_text(destinations));
    out.append("  ").append(words).append("\n");
  }
  return out;
}

}  // namespace tally::reachability::mesh

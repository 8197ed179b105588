#include "reachability/difference.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "document/json_writer.hpp"
#include "reachability/internal/csv.hpp"
#include "reachability/mesh/connection_list.hpp"

namespace tally::reachability {
namespace {

using network_policy::Direction;
using scalar::ConnectionSet;

using Pair = std::pair<std::string_view, std::string_view>;
using ByPair = std::map<Pair, std::string>;

// What passes, in words: without a mesh in plaintext, if the other state has one.
class Words {
 public:
  Words(mesh::JoinedAnswers& answers, bool with_mesh)
      : answers_(answers), adds_plaintext_(with_mesh && answers.mesh() == nullptr) {}

  std::string between(const ConnectionRow& row) {
    return of(*answers_.between(row.source, row.destination, row.answer));
  }
  [[nodiscard]] std::string of(const MeshColumns& columns) const {
    std::string words = mesh::to_words(columns);
    const ConnectionSet tcp = ConnectionSet::of(scalar::Protocol::Tcp);
    if (adds_plaintext_ && (columns.allowed.intersects(tcp) || columns.unknown.intersects(tcp))) {
      words += " (plaintext)";
    }
    return words;
  }
  [[nodiscard]] mesh::JoinedAnswers& answers() const { return answers_; }
  [[nodiscard]] const World& world() const { return answers_.world(); }

 private:
  mesh::JoinedAnswers& answers_;
  bool adds_plaintext_;
};

bool has_several_pods(const World& world, std::uint32_t workload) {
  const auto& endpoints = world.workloads()[workload].endpoints;
  return endpoints.size() > 1 || world.topology().endpoints()[endpoints.front()].may_be_several;
}

ByPair inside(Words& words) {
  const World& world = words.world();
  ByPair pairs;
  for (const ConnectionRow& row : mesh::list_connections(
           words.answers(), {.workloads = {}, .with_outside = false, .with_itself = true})) {
    if (row.source == row.destination && !has_several_pods(world, row.source)) {
      continue;
    }
    pairs.emplace(
        Pair(world.workloads()[row.source].label, world.workloads()[row.destination].label),
        words.between(row));
  }
  return pairs;
}

std::map<std::string_view, std::uint32_t> by_label(const World& world) {
  std::map<std::string_view, std::uint32_t> found;
  for (std::uint32_t i = 0; i < world.workloads().size(); ++i) {
    found.emplace(world.workloads()[i].label, i);
  }
  return found;
}

class Differ {
 public:
  Differ(mesh::JoinedAnswers& before, mesh::JoinedAnswers& after, bool with_mesh)
      : before_(before, with_mesh),
        after_(after, with_mesh),
        old_(by_label(before.world())),
        new_(by_label(after.world())) {}

  std::vector<ChangedConnection> run() {
    compare_inside();
    compare_outside();
    std::ranges::sort(changes_, [](const ChangedConnection& a, const ChangedConnection& b) {
      return std::tie(a.source, a.destination, a.before) <
             std::tie(b.source, b.destination, b.before);
    });
    return std::move(changes_);
  }

 private:
  void add(std::string source, std::string destination, std::string before, std::string after) {
    using Kind = ChangedConnection::Kind;
    const Kind kind = before == "none"  ? Kind::Added
                      : after == "none" ? Kind::Removed
                                        : Kind::Changed;
    std::string note;
    for (const std::string* side : {&source, &destination}) {
      const bool is_old = old_.contains(*side);
      const bool is_new = new_.contains(*side);
      if (is_old != is_new && !note.contains(*side)) {
        note.append(note.empty() ? "" : ", ").append(*side);
        note.append(is_new ? " is new" : " is gone");
      }
    }
    changes_.push_back({.kind = kind,
                        .source = std::move(source),
                        .destination = std::move(destination),
                        .before = std::move(before),
                        .after = std::move(after),
                        .note = std::move(note)});
  }

  void compare_inside() {
    const ByPair old_pairs = inside(before_);
    const ByPair new_pairs = inside(after_);
    for (const auto& [pair, text] : old_pairs) {
      const auto now = new_pairs.find(pair);
      const std::string after = now == new_pairs.end() ? "none" : now->second;
      if (after != text) {
        add(std::string(pair.first), std::string(pair.second), text, after);
      }
    }
    for (const auto& [pair, text] : new_pairs) {
      if (!old_pairs.contains(pair)) {
        add(std::string(pair.first), std::string(pair.second), "none", text);
      }
    }
  }

  using Outside = std::vector<std::pair<scalar::AddressSet, std::string>>;

  static Outside outside_of(Words& words, const std::map<std::string_view, std::uint32_t>& at,
                            std::string_view label, Direction direction) {
    const auto found = at.find(label);
    if (found == at.end()) {
      return {{scalar::AddressSet::all(), "none"}};
    }
    Outside list;
    for (const auto& [addresses, columns] : words.answers().outside(found->second, direction)) {
      list.emplace_back(addresses, words.of(*columns));
    }
    return list;
  }

  void compare_outside() {
    std::set<std::string_view> labels;
    for (const auto& [label, position] : old_) {
      labels.insert(label);
    }
    for (const auto& [label, position] : new_) {
      labels.insert(label);
    }
    for (const std::string_view label : labels) {
      for (const Direction direction : {Direction::Ingress, Direction::Egress}) {
        std::map<std::pair<std::string, std::string>, scalar::AddressSet> changed;
        for (const auto& [was, before] : outside_of(before_, old_, label, direction)) {
          for (const auto& [is, after] : outside_of(after_, new_, label, direction)) {
            if (before != after && was.intersects(is)) {
              scalar::AddressSet& all = changed[{before, after}];
              all = all.unite(was.intersect(is));
            }
          }
        }
        for (const auto& [texts, addresses] : changed) {
          const bool is_ingress = direction == Direction::Ingress;
          add(is_ingress ? to_words(addresses) : std::string(label),
              is_ingress ? std::string(label) : to_words(addresses), texts.first, texts.second);
        }
      }
    }
  }

  Words before_;
  Words after_;
  std::map<std::string_view, std::uint32_t> old_;
  std::map<std::string_view, std::uint32_t> new_;
  std::vector<ChangedConnection> changes_;
};

std::string_view word(ChangedConnection::Kind kind) {
  switch (kind) {
    case ChangedConnection::Kind::Added:
      return "added";
    case ChangedConnection::Kind::Removed:
      return "removed";
    case ChangedConnection::Kind::Changed:
      return "changed";
  }
  return "";
}

}  // namespace

std::vector<ChangedConnection> difference(World& before, World& after) {
  mesh::JoinedAnswers old_answers(before, nullptr);
  mesh::JoinedAnswers new_answers(after, nullptr);
  return difference(old_answers, new_answers);
}

std::vector<ChangedConnection> difference(mesh::JoinedAnswers& before, mesh::JoinedAnswers& after) {
  const bool with_mesh = before.mesh() != nullptr || after.mesh() != nullptr;
  return Differ(before, after, with_mesh).run();
}

std::string to_text(const std::vector<ChangedConnection>& changes) {
  std::string out;
  for (const ChangedConnection& change : changes) {
    switch (change.kind) {
      case ChangedConnection::Kind::Added:
        out += "+ ";
        break;
      case ChangedConnection::Kind::Removed:
        out += "- ";
        break;
      case ChangedConnection::Kind::Changed:
        out += "~ ";
        break;
    }
    out.append(change.source).append(" -> ").append(change.destination).append("  ");
    if (change.kind == ChangedConnection::Kind::Changed) {
      out.append(change.before).append(" => ").append(change.after);
    } else {
      out += change.kind == ChangedConnection::Kind::Added ? change.after : change.before;
    }
    if (!change.note.empty()) {
      out.append("  (").append(change.note).append(")");
    }
    out += "\n";
  }
  return out.empty() ? "no connection changes\n" : out;
}

std::string to_csv(const std::vector<ChangedConnection>& changes) {
  std::string out = "change,source,destination,before,after,note\n";
  for (const ChangedConnection& change : changes) {
    out += word(change.kind);
    for (const std::string* field :
         {&change.source, &change.destination, &change.before, &change.after, &change.note}) {
      out += ',';
      append_csv_cell(out, *field);
    }
    out += "\n";
  }
  return out;
}

std::string to_markdown(const std::vector<ChangedConnection>& changes) {
  std::string out =
      "| change | source | destination | before | after | note |\n"
      "| --- | --- | --- | --- | --- | --- |\n";
  for (const ChangedConnection& change : changes) {
    out.append("| ").append(word(change.kind));
    for (const std::string* field :
         {&change.source, &change.destination, &change.before, &change.after, &change.note}) {
      out.append(" | ").append(*field);
    }
    out += " |\n";
  }
  return out;
}

std::string to_json(const std::vector<ChangedConnection>& changes) {
  std::string out = "[";
  for (const ChangedConnection& change : changes) {
    out.append(out.size() == 1 ? "\n" : ",\n").append("{\"change\":\"");
    out.append(word(change.kind)).append("\"");
    const auto member = [&out](std::string_view name, std::string_view text) {
      out.append(",\"").append(name).append("\":");
      document::append_json_string(out, text);
    };
    member("source", change.source);
    member("destination", change.destination);
    member("before", change.before);
    member("after", change.after);
    member("note", change.note);
    out += "}";
  }
  return out + "\n]\n";
}

}  // namespace tally::reachability

#include "reachability/assertions.hpp"

#include <algorithm>
#include <utility>

#include "document/json_writer.hpp"
#include "reachability/connections.hpp"
#include "reachability/explain.hpp"

namespace tally::reachability {

using document::Node;
using network_policy::Direction;
using scalar::AddressSet;
using scalar::ConnectionSet;

namespace {

constexpr std::size_t kTextMax = 4'096;

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') {
    text.remove_prefix(1);
  }
  while (!text.empty() && text.back() == ' ') {
    text.remove_suffix(1);
  }
  return text;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t at = text.find(separator);
    parts.push_back(trimmed(text.substr(0, at)));
    if (at == std::string_view::npos) {
      return parts;
    }
    text.remove_prefix(at + 1);
  }
}

struct Parties {
  std::vector<bool> workloads;  // by position in World::workloads()
  AddressSet outside;
};

Result<Parties> read_parties(const World& world, std::string_view text) {
  Parties parties{.workloads = std::vector<bool>(world.workloads().size()), .outside = {}};
  const bool is_negated = text.starts_with("not ");
  if (is_negated) {
    text.remove_prefix(4);
  }
  for (const std::string_view party : split(text, ',')) {
    if (party == "*" || party == "any") {
      parties.workloads.assign(parties.workloads.size(), true);
    }
    if (party == "outside" || party == "any") {
      parties.outside = AddressSet::all();
    }
    if (party == "*" || party == "any" || party == "outside") {
      continue;
    }
    if (party.ends_with("/*")) {
      const std::string_view name_space = party.substr(0, party.size() - 2);
      if (!world.topology().find_namespace(name_space)) {
        return content_error("no namespace is named \"" + std::string(name_space) + "\"");
      }
      for (std::size_t i = 0; i < parties.workloads.size(); ++i) {
        if (world.workloads()[i].name_space == name_space) {
          parties.workloads[i] = true;
        }
      }
      continue;
    }
    TALLY_TRY(const Side side, parse_side(world, party));
    if (side.workload) {
      parties.workloads[*side.workload] = true;
    } else {
      parties.outside = parties.outside.unite(side.addresses);
    }
  }
  if (is_negated) {
    parties.workloads.flip();
    parties.outside = AddressSet::all().minus(parties.outside);
  }
  return parties;
}

Result<ConnectionSet> read_ports(std::string_view text) {
  if (text.empty()) {
    return ConnectionSet::all();
  }
  ConnectionSet ports;
  for (const std::string_view part : split(text, ',')) {
    if (const auto protocol = scalar::parse_protocol(part)) {
      ports = ports.unite(ConnectionSet::of(*protocol));
      continue;
    }
    const std::size_t dash = part.find('-');
    TALLY_TRY(const Port first, parse_port(part.substr(0, dash)));
    Port last = first;
    if (dash != std::string_view::npos) {
      TALLY_TRY(last, parse_port(part.substr(dash + 1)));
    }
    if (last.number < first.number) {
      return content_error("port range " + std::string(part) + " is empty");
    }
    ports.add(first.protocol, scalar::PortSet(first.number, last.number));
  }
  return ports;
}

// A connection of the set, in words.
std::string one_of(const ConnectionSet& connections) {
  for (std::size_t i = 0; i < scalar::kProtocolCount; ++i) {
    const auto protocol = static_cast<scalar::Protocol>(i);
    const auto intervals = connections.ports(protocol).intervals();
    if (!intervals.empty()) {
      return std::string(scalar::protocol_name(protocol)) + " " +
             std::to_string(intervals.front().first);
    }
  }
  return connections.to_string();
}

class Checker {
 public:
  Checker(World& world, AssertionResult& result) : world_(world), result_(result) {}

  Result<void> check_rule(std::string_view text, bool is_deny) {
    const std::size_t arrow = text.find("->");
    if (arrow == std::string_view::npos) {
      return content_error("found \"" + std::string(text) +
                           "\", expected SOURCE -> DESTINATION [PORTS]");
    }
    const std::string_view right = trimmed(text.substr(arrow + 2));
    // Ports stand behind the last blank that no comma precedes.
    std::string_view destinations = right;
    std::string_view ports_text;
    std::size_t blank = right.find(' ', right.starts_with("not ") ? 4 : 0);
    while (blank != std::string_view::npos && right[blank - 1] == ',') {
      blank = right.find(' ', blank + 1);
    }
    if (blank != std::string_view::npos) {
      destinations = right.substr(0, blank);
      ports_text = trimmed(right.substr(blank));
    }
    TALLY_TRY(const Parties from, read_parties(world_, trimmed(text.substr(0, arrow))));
    TALLY_TRY(const Parties to, read_parties(world_, destinations));
    TALLY_TRY(const ConnectionSet asked, read_ports(ports_text));
    check_inside(from, to, asked, is_deny);
    check_outside(from, to, asked, is_deny);
    result_.holds = result_.violations == 0;
    return {};
  }

  Result<void> check_isolated(std::string_view text) {
    TALLY_TRY(const Parties parties, read_parties(world_, text));
    for (std::size_t i = 0; i < parties.workloads.size(); ++i) {
      for (const Direction direction : {Direction::Ingress, Direction::Egress}) {
        const Workload& workload = world_.workloads()[i];
        if (parties.workloads[i] &&
            !world_.analyser().table(workload.class_id, direction).is_isolated) {
          violate(workload.label + ": no policy isolates its " + std::string(to_text(direction)));
        }
      }
    }
    result_.holds = result_.violations == 0;
    return {};
  }

 private:
  void violate(std::string witness) {
    if (result_.violations++ == 0) {
      result_.witness = std::move(witness);
    }
  }

  void judge(const std::string& from, const std::string& to, const ConnectionSet& allowed,
             const ConnectionSet& unknown, const ConnectionSet& asked, bool is_deny) {
    const ConnectionSet wrong =
        is_deny ? allowed.unite(unknown).intersect(asked) : asked.minus(allowed);
    if (wrong.is_empty()) {
      return;
    }
    const bool is_perhaps = is_deny ? !wrong.intersects(allowed) : wrong.intersects(unknown);
    violate(from + " -> " + to + "  " + one_of(is_perhaps ? wrong.intersect(unknown) : wrong) +
            (is_perhaps ? " is perhaps " : " is ") + (is_deny ? "allowed" : "denied"));
  }

  void check_inside(const Parties& from, const Parties& to, const ConnectionSet& asked,
                    bool is_deny) {
    const network_policy::ConnectionPool& pool = world_.analyser().connections();
    const auto workloads = world_.workloads();
    for (std::size_t source = 0; source < workloads.size(); ++source) {
      if (!from.workloads[source]) {
        continue;
      }
      for (std::size_t destination = 0; destination < workloads.size(); ++destination) {
        if (!to.workloads[destination] || source == destination) {
          continue;
        }
        const auto answer = world_.analyser().between_classes(workloads[source].class_id,
                                                              workloads[destination].class_id);
        judge(workloads[source].label, workloads[destination].label, pool.at(answer.allowed),
              pool.at(answer.unknown), asked, is_deny);
      }
    }
  }

  void check_outside(const Parties& from, const Parties& to, const ConnectionSet& asked,
                     bool is_deny) {
    const network_policy::ConnectionPool& pool = world_.analyser().connections();
    for (const Direction direction : {Direction::Ingress, Direction::Egress}) {
      const bool is_ingress = direction == Direction::Ingress;
      const Parties& own = is_ingress ? to : from;
      const AddressSet& outside = is_ingress ? from.outside : to.outside;
      for (std::size_t i = 0; i < own.workloads.size() && !outside.is_empty(); ++i) {
        if (!own.workloads[i]) {
          continue;
        }
        const Workload& workload = world_.workloads()[i];
        for (const auto& [addresses, answer] :
             world_.analyser().table(workload.class_id, direction).outside) {
          const AddressSet part = addresses.intersect(outside);
          if (part.is_empty()) {
            continue;
          }
          const std::string words = to_words(part);
          judge(is_ingress ? words : workload.label, is_ingress ? workload.label : words,
                pool.at(answer.allowed), pool.at(answer.unknown), asked, is_deny);
        }
      }
    }
  }

  World& world_;
  AssertionResult& result_;
};

}  // namespace

Result<std::vector<AssertionResult>> check_assertions(World& world, const kube::Object& file) {
  const auto at = [&](const Node& node, std::string message) {
    return std::unexpected(
        Error{.kind = ErrorKind::Content,
              .message = std::move(message),
              .file = file.source == nullptr ? std::string() : std::string(file.source->name()),
              .at = file.source == nullptr ? Position{} : file.source->position(node.offset()),
              .hint = {}});
  };
  const Node* list = file.root.find("assertions");
  if (list == nullptr || !list->is_array() || list->size() == 0) {
    return at(file.root, "NetworkAssertions needs a list `assertions` that is not empty");
  }
  std::vector<AssertionResult> results;
  for (const Node& item : list->items()) {
    AssertionResult result;
    result.place = place_of(file, item.offset());
    std::size_t kinds = 0;
    for (const document::Member member : item.members()) {
      if (member.key == "because") {
        result.because = member.value.text();
        continue;
      }
      const bool is_known =
          member.key == "deny" || member.key == "allow" || member.key == "isolated";
      if (!is_known || !member.value.is_string() || member.value.text().size() > kTextMax) {
        return at(member.value, "found \"" + std::string(member.key) +
                                    "\", expected deny, allow, isolated or because, each a text");
      }
      ++kinds;
      const std::string_view text = trimmed(member.value.text());
      result.text = std::string(member.key) + " " + std::string(text);
      Checker checker(world, result);
      auto done = member.key == "isolated" ? checker.check_isolated(text)
                                           : checker.check_rule(text, member.key == "deny");
      if (!done) {
        Error error = std::move(done).error();
        auto placed = at(member.value, std::move(error.message));
        placed.error().hint = std::move(error.hint);
        return placed;
      }
    }
    if (kinds != 1) {
      return at(item, "an assertion needs exactly one of deny, allow and isolated");
    }
    results.push_back(std::move(result));
  }
  return results;
}

std::string to_text(std::span<const AssertionResult> results) {
  std::string out;
  std::size_t violated = 0;
  for (const AssertionResult& result : results) {
    out.append(result.holds ? "holds     " : "VIOLATED  ").append(result.text).append("\n");
    if (!result.holds) {
      ++violated;
      out.append("          ").append(result.place).append("  ").append(result.witness);
      if (result.violations > 1) {
        out.append(", and ").append(std::to_string(result.violations - 1)).append(" more");
      }
      out += "\n";
      if (!result.because.empty()) {
        out.append("          because: ").append(result.because).append("\n");
      }
    }
  }
  return out.append(std::to_string(results.size() - violated))
      .append(" of ")
      .append(std::to_string(results.size()))
      .append(" assertions hold\n");
}

std::string to_json(std::span<const AssertionResult> results) {
  std::string out = "[";
  for (const AssertionResult& result : results) {
    out.append(out.size() == 1 ? "\n{" : ",\n{");
    const auto member = [&out](std::string_view name, std::string_view text) {
      out.append("\"").append(name).append("\":");
      document::append_json_string(out, text);
      out += ',';
    };
    member("assertion", result.text);
    member("because", result.because);
    member("place", result.place);
    member("witness", result.witness);
    out.append("\"violations\":").append(std::to_string(result.violations));
    out.append(",\"holds\":").append(result.holds ? "true" : "false").append("}");
  }
  return out + "\n]\n";
}

}  // namespace tally::reachability

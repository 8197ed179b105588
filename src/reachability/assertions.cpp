#include "reachability/assertions.hpp"

#include <algorithm>
#include <utility>

#include "document/json_writer.hpp"
#include "reachability/connections.hpp"
#include "reachability/explain.hpp"
#include "reachability/mesh/layers.hpp"

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

// Nothing: it has none of a protocol with ports.
std::optional<Port> first_port(const ConnectionSet& connections) {
  for (std::size_t i = 0; i < scalar::kProtocolCount; ++i) {
    const auto protocol = static_cast<scalar::Protocol>(i);
    const auto intervals = connections.ports(protocol).intervals();
    if (!intervals.empty()) {
      return Port{.protocol = protocol, .number = intervals.front().first};
    }
  }
  return std::nullopt;
}

// A connection of the set, in words.
std::string one_of(const ConnectionSet& connections) {
  const std::optional<Port> port = first_port(connections);
  return port ? port_text(*port) : connections.to_string();
}

class Checker {
 public:
  Checker(mesh::JoinedAnswers& answers, AssertionResult& result)
      : answers_(answers), world_(answers.world()), result_(result) {}

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

  // One side of a pair: a workload, or addresses.
  struct End {
    std::optional<std::uint32_t> workload{};
    AddressSet addresses{};
  };
  [[nodiscard]] std::string label_of(const End& end) const {
    return end.workload ? world_.workloads()[*end.workload].label : to_words(end.addresses);
  }

  struct Asked {
    const ConnectionSet& connections;
    bool is_deny = false;
  };

  void judge(const End& from, const End& to, const MeshColumns& passing, const Asked& asked) {
    const ConnectionSet perhaps = passing.allowed.unite(passing.unknown);
    const ConnectionSet wrong =
        asked.is_deny ? perhaps.intersect(asked.connections)
                      : asked.connections.minus(passing.allowed.minus(passing.by_request));
    if (wrong.is_empty()) {
      return;
    }
    violate(result_.violations == 0 ? witness_of(from, to, passing, wrong, asked.is_deny)
                                    : std::string());
  }

  // Something that is sure shows more than what is perhaps.
  [[nodiscard]] std::string witness_of(const End& from, const End& to, const MeshColumns& passing,
                                       const ConnectionSet& wrong, bool is_deny) const {
    const ConnectionSet of_requests = wrong.intersect(passing.by_request);
    const ConnectionSet unknown = wrong.intersect(passing.unknown);
    std::string out = label_of(from) + " -> " + label_of(to) + "  ";
    if (is_deny ? wrong == of_requests : !of_requests.is_empty()) {
      return out.append(one_of(of_requests))
          .append(" is allowed for some requests only: ")
          .append(passing.requests);
    }
    const bool is_perhaps = is_deny ? wrong == unknown : !unknown.is_empty();
    const ConnectionSet& shown = is_perhaps ? unknown : wrong;
    out.append(one_of(shown)).append(is_perhaps ? " is perhaps " : " is ");
    out.append(is_deny ? "allowed" : "denied");
    return answers_.mesh() == nullptr ? out : out.append(layers_of(from, to, shown));
  }

  // Which layers say so: " by the mesh: AuthorizationPolicy shop/api, policies.yaml:12".
  [[nodiscard]] std::string layers_of(const End& from, const End& to,
                                      const ConnectionSet& connections) const {
    const std::optional<Port> port = first_port(connections);
    if (!port) {
      return {};
    }
    const auto party_of = [&](const End& end) {
      return end.workload
                 ? mesh::Party{.endpoint = world_.workloads()[*end.workload].endpoints.front()}
                 : mesh::Party{.endpoint = {}, .addresses = end.addresses};
    };
    return mesh::deciding_layer(
        mesh::judge_layers(*answers_.mesh(), party_of(from), party_of(to), *port));
  }

  void check_inside(const Parties& from, const Parties& to, const ConnectionSet& asked,
                    bool is_deny) {
    const auto count = static_cast<std::uint32_t>(world_.workloads().size());
    for (std::uint32_t source = 0; source < count; ++source) {
      if (!from.workloads[source]) {
        continue;
      }
      for (std::uint32_t destination = 0; destination < count; ++destination) {
        if (to.workloads[destination] && source != destination) {
          judge({.workload = source}, {.workload = destination},
                *answers_.between(source, destination), {.connections = asked, .is_deny = is_deny});
        }
      }
    }
  }

  void check_outside(const Parties& from, const Parties& to, const ConnectionSet& asked,
                     bool is_deny) {
    for (const Direction direction : {Direction::Ingress, Direction::Egress}) {
      const bool is_ingress = direction == Direction::Ingress;
      const Parties& own = is_ingress ? to : from;
      const AddressSet& outside = is_ingress ? from.outside : to.outside;
      for (std::uint32_t i = 0; i < own.workloads.size() && !outside.is_empty(); ++i) {
        if (!own.workloads[i]) {
          continue;
        }
        for (const auto& [addresses, passing] : answers_.outside(i, direction)) {
          const AddressSet part = addresses.intersect(outside);
          if (part.is_empty()) {
            continue;
          }
          const End inner{.workload = i};
          const End outer{.workload = {}, .addresses = part};
          judge(is_ingress ? outer : inner, is_ingress ? inner : outer, *passing,
                {.connections = asked, .is_deny = is_deny});
        }
      }
    }
  }

  mesh::JoinedAnswers& answers_;
  World& world_;
  AssertionResult& result_;
};

}  // namespace

Result<std::vector<AssertionResult>> check_assertions(World& world, const kube::Object& file) {
  mesh::JoinedAnswers answers(world, nullptr);
  return check_assertions(answers, file);
}

Result<std::vector<AssertionResult>> check_assertions(mesh::JoinedAnswers& answers,
                                                      const kube::Object& file) {
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
      Checker checker(answers, result);
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

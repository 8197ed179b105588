#include "reachability/query/policy_questions.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "document/json_writer.hpp"
#include "reachability/query/internal/ask.hpp"

namespace tally::reachability {

using network_policy::Match;
using scalar::ConnectionSet;
using scalar::Protocol;

namespace {

// In the order of the enumeration.
constexpr std::array<std::string_view, 14> kNames{
    "emptiness", "vacuity",     "redundancy",          "disjointness",        "all-captured",
    "sanity",    "equivalence", "containment",         "two-way-containment", "permits",
    "forbids",   "interferes",  "pairwise-interferes", "semantic-diff",
};

}  // namespace

std::string_view to_text(PolicyQuestion question) noexcept {
  return kNames[static_cast<std::size_t>(question)];
}

std::optional<PolicyQuestion> parse_policy_question(std::string_view text) noexcept {
  const auto* const found = std::ranges::find(kNames, text);
  return found == kNames.end() ? std::nullopt
                               : std::optional(static_cast<PolicyQuestion>(found - kNames.begin()));
}

bool is_about_two(PolicyQuestion question) noexcept {
  return question >= PolicyQuestion::Equivalence;
}

Result<QuestionAnswer> ask_policies(PolicyQuestion question, World& first, World* second,
                                    const QuestionLimits& limits) {
  return is_about_two(question) ? ask_two(question, first, *second, limits)
                                : ask_one(question, first, limits);
}

Match RememberingPeer::selected_by(const network_policy::SelectorPool& selectors,
                                   network_policy::SelectorId id) const {
  if (known_.size() < selectors.size()) {
    known_.resize(selectors.size());
  }
  if (!known_[id]) {
    known_[id] = peer_->selected_by(selectors, id);
  }
  return *known_[id];
}

Passing pass_both(const network_policy::DirectionAnswer& egress,
                  const network_policy::DirectionAnswer& ingress) {
  Passing passing{.allowed = egress.allowed.intersect(ingress.allowed)};
  passing.unknown = egress.allowed.unite(egress.unknown)
                        .intersect(ingress.allowed.unite(ingress.unknown))
                        .minus(passing.allowed);
  return passing;
}

std::optional<Port> first_port(const ConnectionSet& connections) {
  for (const Protocol protocol : {Protocol::Tcp, Protocol::Udp, Protocol::Sctp}) {
    const auto intervals = connections.ports(protocol).intervals();
    if (!intervals.empty()) {
      return Port{.protocol = protocol, .number = intervals.front().first};
    }
  }
  return std::nullopt;
}

std::string witness_text(std::string_view source, std::string_view destination,
                         const ConnectionSet& connections) {
  std::string text(source);
  text.append(" -> ").append(destination).append(" ");
  const auto port = first_port(connections);
  return port ? text.append(scalar::protocol_name(port->protocol))
                    .append(" ")
                    .append(std::to_string(port->number))
              : text.append(connections.to_string());
}

std::string to_text(const std::vector<QuestionAnswer>& answers) {
  std::string out;
  for (const QuestionAnswer& answer : answers) {
    out.append(to_text(answer.question)).append(": ").append(answer.sentence).append("\n");
    for (const QuestionFinding& finding : answer.findings) {
      const bool is_of_two = is_about_two(answer.question);
      out.append("  ").append(finding.title);
      if (!is_of_two && !finding.places.empty()) {
        out.append("  ").append(finding.places.front());
      }
      out.append("\n    ").append(finding.what).append("\n");
      if (!finding.witness.empty()) {
        out.append("    for example ").append(finding.witness).append("\n");
      }
      for (const std::string& place : is_of_two ? finding.places : std::vector<std::string>()) {
        out.append("      ").append(place).append("\n");
      }
    }
    if (answer.count > answer.findings.size()) {
      out.append("  and ").append(std::to_string(answer.count - answer.findings.size()));
      out += " more\n";
    }
    for (const std::string& note : answer.notes) {
      out.append("  note: ").append(note).append("\n");
    }
  }
  return out;
}

std::string to_json(const std::vector<QuestionAnswer>& answers) {
  std::string out = "[";
  const auto member = [&out](std::string_view name, std::string_view text) {
    out.append("\"").append(name).append("\":");
    document::append_json_string(out, text);
  };
  const auto texts = [&out](std::string_view name, const std::vector<std::string>& list) {
    out.append("\"").append(name).append("\":[");
    for (std::size_t i = 0; i < list.size(); ++i) {
      out += i == 0 ? "" : ",";
      document::append_json_string(out, list[i]);
    }
    out += "]";
  };
  for (const QuestionAnswer& answer : answers) {
    out += out.size() == 1 ? "\n{" : ",\n{";
    member("question", to_text(answer.question));
    out.append(",\"good\":").append(answer.is_good ? "true" : "false").append(",");
    member("sentence", answer.sentence);
    out.append(",\"count\":").append(std::to_string(answer.count)).append(",\"findings\":[");
    for (std::size_t i = 0; i < answer.findings.size(); ++i) {
      const QuestionFinding& finding = answer.findings[i];
      out += i == 0 ? "{" : ",{";
      member("title", finding.title);
      out += ",";
      texts("places", finding.places);
      out += ",";
      member("what", finding.what);
      out += ",";
      member("witness", finding.witness);
      out += "}";
    }
    out += "],";
    texts("notes", answer.notes);
    out += "}";
  }
  return out + "\n]\n";
}

}  // namespace tally::reachability

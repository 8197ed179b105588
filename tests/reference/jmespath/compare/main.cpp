// jmespath_compare QUERIES ANSWERS: what ../main.go answers to the lines of generate.py, beside
// src/jmespath. Exit status 1: a value differs, or one side fails where the other does not.
//
// Explained (docs/differences.md): panics of Kyverno are errors here; what comes out of a Go map
// has no order, so that elements under `*`, keys() and values() are compared sorted, and which of
// several elements an error names is chance; parse_yaml() refuses a key that stands twice.
#include <algorithm>
#include <cstdio>
#include <fstream>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "document/json_writer.hpp"
#include "document/read.hpp"
#include "document/source.hpp"
#include "jmespath/expression.hpp"
#include "jmespath/host.hpp"

namespace {

using namespace tally;
using document::Node;

// Neither clock nor chance: queries that ask for them are not made.
class Nothing final : public jmespath::Host {
 public:
  [[nodiscard]] std::optional<jmespath::LocalTime> now() const override { return std::nullopt; }
  [[nodiscard]] std::optional<std::uint64_t> random_bits() const override { return std::nullopt; }
};

std::string answer(Arena& arena, std::string_view expression, const Node& input) {
  static const Nothing host;
  const auto compiled = jmespath::Expression::compile(expression, jmespath::Dialect::Kyverno);
  if (!compiled) {
    return "C " + std::to_string(compiled.error().offset) + " " + compiled.error().message;
  }
  const auto found = compiled->search(input, arena, &host);
  if (!found) {
    return (found.error().is_not_found ? "N " : "E ") + found.error().message;
  }
  std::string out = "V ";
  document::append_canonical_json(out, *found);
  // An expression as a value (`[&a]`) is an empty struct to Go.
  constexpr std::string_view kExpression = "\"expression\"";
  for (std::size_t at = out.find(kExpression); at != std::string::npos;
       at = out.find(kExpression, at)) {
    out.replace(at, kExpression.size(), "{}");
  }
  return out;
}

std::optional<Node> read(Arena& arena, const std::string& text) {
  const auto source = document::Source::from_text("line", text);
  const auto node = document::read_one(*source, arena);
  return node ? std::optional(document::deep_copy(arena, *node)) : std::nullopt;
}

// A value of Go's in the one form that both sides can have.
std::string canonical(const std::string& said) {
  Arena arena;
  const auto value = said.starts_with("V ") ? read(arena, said.substr(2)) : std::nullopt;
  if (!value) {
    return said;
  }
  std::string out = "V ";
  document::append_canonical_json(out, *value);
  return out;
}

// Every list sorted.
void append_sorted(std::string& out, const Node& node) {
  if (!node.is_array() && !node.is_object()) {
    document::append_canonical_json(out, node);
    return;
  }
  std::vector<std::string> parts;
  for (std::size_t i = 0; i < node.size(); ++i) {
    std::string part = node.is_object() ? std::string(node.key(i)) + ":" : std::string();
    append_sorted(part, node.items()[i]);
    parts.push_back(std::move(part));
  }
  std::ranges::sort(parts);
  out += node.is_array() ? '[' : '{';
  for (const std::string& part : parts) {
    out += part + ",";
  }
  out += node.is_array() ? ']' : '}';
}

std::string sorted(const std::string& value) {
  Arena arena;
  const auto node = read(arena, value.substr(2));
  if (!node) {
    return value;
  }
  std::string out;
  append_sorted(out, *node);
  return out;
}

bool has_no_order(std::string_view expression) {
  return std::ranges::any_of(
      std::initializer_list<std::string_view>{"*", "keys", "values", "items"},
      [&](std::string_view part) { return expression.find(part) != std::string_view::npos; });
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fputs("usage: jmespath_compare QUERIES ANSWERS\n", stderr);
    return 2;
  }
  std::ifstream queries(argv[1]);
  std::ifstream answers(argv[2]);
  std::map<char, int> same;
  int cases = 0;
  int differences = 0;
  int explained = 0;
  int texts = 0;
  std::string query;
  std::string said;
  while (std::getline(queries, query) && std::getline(answers, said)) {
    Arena arena;
    const auto asked = read(arena, query);
    const auto answered = read(arena, said);
    if (!asked || !answered) {
      std::printf("unreadable: %s\n", query.c_str());
      return 2;
    }
    const std::string_view expression = asked->find("e")->text();
    const std::string theirs = canonical(std::string(answered->text()));
    const std::string ours = answer(arena, expression, *asked->find("i"));
    ++cases;
    const char kind = theirs[0];
    if (theirs == ours) {
      ++same[kind];
      continue;
    }
    const bool is_unordered = has_no_order(expression);
    if (kind == ours[0] && kind != 'V') {
      ++texts;
    } else if (kind == 'V' && ours[0] == 'V' && is_unordered && sorted(theirs) == sorted(ours)) {
      ++same[kind];
    } else if (kind == 'P' || is_unordered || ours.contains("stands twice in one map")) {
      ++explained;
    } else if (++differences <= 20) {
      std::printf("%.*s\n  theirs: %s\n  ours:   %s\n", static_cast<int>(expression.size()),
                  expression.data(), theirs.c_str(), ours.c_str());
    }
  }
  std::printf(
      "%d queries: %d values, %d not found, %d errors and %d refusals are the same; %d "
      "differences, "
      "%d explained, texts of %d errors and refusals differ\n",
      cases, same['V'], same['N'], same['E'], same['C'], differences, explained, texts);
  return differences == 0 ? 0 : 1;
}

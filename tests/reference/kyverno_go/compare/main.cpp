// Reads the lines of main.go and asks src/pattern the same. Prints the first differences and a
// count for each kind; exit status 1 if there is a difference that docs/differences.md does not
// explain.
#include <algorithm>
#include <cstdio>
#include <iostream>
#include <map>
#include <string>

#include "base/arena.hpp"
#include "document/read.hpp"
#include "document/source.hpp"
#include "pattern/condition.hpp"
#include "pattern/pattern.hpp"
#include "pattern/scalar_pattern.hpp"

namespace {

using namespace tally;
using document::Node;

const Node kNull;

const Node& field(const Node& line, std::string_view name) {
  const Node* found = line.find(name);
  return found == nullptr ? kNull : *found;
}

pattern::NumberReading reading(const Node& line) {
  return field(line, "doubles").boolean() ? pattern::NumberReading::AsDoubles
                                          : pattern::NumberReading::AsWritten;
}

std::string scalar_answer(const Node& line) {
  pattern::Budget budget{1'000'000};
  Arena texts;
  const Node& value = field(line, "value");
  const Node& wanted = field(line, "pattern");
  const auto once = pattern::match_scalar(value, wanted, budget);
  const auto compiled = pattern::ScalarPattern::compile(wanted, texts).match(value, budget);
  if (once != compiled) {
    return "compiled and not compiled differ";
  }
  return once == pattern::Match::Yes ? "true" : "false";
}

std::string tree_answer(const Node& line) {
  Arena arena;
  const auto compiled = pattern::Pattern::compile(field(line, "pattern"), {}, reading(line));
  if (!compiled) {
    return "refused: " + compiled.error().message;
  }
  const auto outcome = compiled->match(field(line, "resource"), arena);
  static constexpr const char* kNames[] = {"pass", "fail", "skip", "error"};
  return std::string(kNames[static_cast<int>(outcome.verdict)]) + " " + std::string(outcome.path) +
         " " + std::string(outcome.message);
}

std::string condition_answer(const Node& line) {
  Arena arena;
  const auto op = pattern::parse_operator(field(line, "operator").text());
  if (!op) {
    return "unknown";
  }
  const auto result = pattern::evaluate(*op, field(line, "key"), field(line, "value"), arena,
                                        {.key = reading(line)});
  return !result.problem.empty() ? "panic" : result.holds ? "true" : "false";
}

// docs/differences.md: upstream's expansion of labels drops values that are no text, and thereby
// changes the order of what follows. No API server holds such an object.
bool has_labels_without_text(const Node& node) {
  if (node.is_object()) {
    for (const document::Member member : node.members()) {
      const bool is_expanded = member.key == "labels" || member.key == "annotations";
      if (is_expanded && member.value.is_object() &&
          std::ranges::any_of(member.value.items(),
                              [](const Node& value) { return !value.is_string(); })) {
        return true;
      }
    }
  }
  return (node.is_object() || node.is_array()) &&
         std::ranges::any_of(node.items(), has_labels_without_text);
}

struct Count {
  int cases = 0;
  int differences = 0;
  int explained = 0;
};

}  // namespace

int main() {
  std::map<std::string, Count, std::less<>> counts;
  std::string text;
  bool differs = false;
  while (std::getline(std::cin, text)) {
    Arena arena;
    const auto source = document::Source::from_text("case", text);
    const auto line = document::read_one(*source, arena);
    if (!line) {
      std::printf("unreadable: %s\n", text.c_str());
      return 2;
    }
    const std::string kind(field(*line, "kind").text());
    std::string expected(field(*line, "answer").text());
    std::string actual;
    if (kind == "scalar") {
      actual = scalar_answer(*line);
    } else if (kind == "condition") {
      actual = condition_answer(*line);
    } else {
      expected += " " + std::string(field(*line, "path").text()) + " " +
                  std::string(field(*line, "message").text());
      actual = tree_answer(*line);
    }
    Count& count = counts[kind];
    ++count.cases;
    if (actual == expected) {
      continue;
    }
    if (kind == "tree" && has_labels_without_text(field(*line, "resource"))) {
      ++count.explained;
      continue;
    }
    differs = true;
    if (++count.differences <= 10) {
      std::printf("%s\n  ours: %s\n", text.c_str(), actual.c_str());
    }
  }
  for (const auto& [kind, count] : counts) {
    std::printf("%s: %d cases, %d differences", kind.c_str(), count.cases, count.differences);
    if (count.explained > 0) {
      std::printf(", %d explained (labels that are no text)", count.explained);
    }
    std::printf("\n");
  }
  return differs ? 1 : 0;
}

// Reads what ../main.go prints and compares it with src/kyverno/patch and policy_cel/json_patch:
// results, and errors by their text. Exit status 1: a result differs, or an error where the other
// side has none.
//
// Explained (docs/differences.md): panics of Kyverno are errors here; a path that begins with `//`
// reads back a throw-away copy there; a patch that puts null in place of the whole object, and one
// that goes on inside of a null that it put there itself.
#include <cstdio>
#include <iostream>
#include <map>
#include <string>

#include "document/json_writer.hpp"
#include "document/read.hpp"
#include "document/source.hpp"
#include "kyverno/patch/strategic_merge.hpp"
#include "policy_cel/json_patch.hpp"

namespace {

using namespace tally;
using document::Node;

struct Answer {
  std::string result;  // "" for an error
  std::string error;
};

struct Count {
  int cases = 0;
  int differences = 0;
  int explained = 0;
  int errors = 0;
  int texts = 0;  // of errors, that differ
};

std::string canonical(const Node& node) {
  std::string out;
  document::append_canonical_json(out, node);
  return out;
}

const Node& field(const Node& line, std::string_view name) {
  static const Node kNull;
  const Node* found = line.find(name);
  return found == nullptr ? kNull : *found;
}

Answer merged(Arena& arena, const Node& line) {
  const auto made = kyverno::strategic_merge(arena, field(line, "resource"), field(line, "patch"));
  return made ? Answer{canonical(made->patched), {}} : Answer{{}, made.error().message};
}

Answer patched(Arena& arena, const Node& line) {
  const auto operations = policy_cel::read_json_patch(field(line, "patch"));
  if (!operations) {
    return {{}, "failed to decode patches: " + operations.error().message};
  }
  const auto made = policy_cel::apply_json_patch(arena, field(line, "resource"), *operations, {},
                                                 policy_cel::PatchDialect::Kyverno);
  return made ? Answer{canonical(*made), {}} : Answer{{}, made.error().message};
}

bool has_empty_first_part(const Node& patch) {
  for (const Node& operation : patch.items()) {
    for (const std::string_view name : {"path", "from"}) {
      if (field(operation, name).is_string() && field(operation, name).text().starts_with("//")) {
        return true;
      }
    }
  }
  return false;
}

}  // namespace

int main() {
  std::map<std::string, Count, std::less<>> counts;
  bool differs = false;
  std::string text;
  while (std::getline(std::cin, text)) {
    Arena arena;
    const auto source = document::Source::from_text("case", text);
    const auto line = document::read_one(*source, arena);
    if (!line) {
      std::printf("unreadable: %s\n", text.c_str());
      return 2;
    }
    const std::string kind(field(*line, "kind").text());
    const bool is_merge = kind == "merge";
    const Node& result = field(*line, "result");
    const Answer theirs{line->find("result") == nullptr ? "" : canonical(result),
                        std::string(field(*line, "error").text())};
    const Answer ours = is_merge ? merged(arena, *line) : patched(arena, *line);
    Count& count = counts[kind];
    ++count.cases;
    const bool is_panic = field(*line, "panic").is_bool();
    if (theirs.result == ours.result) {
      count.errors += theirs.result.empty() ? 1 : 0;
      count.texts += theirs.result.empty() && !is_panic && theirs.error != ours.error ? 1 : 0;
      continue;
    }
    const bool is_about_null =
        theirs.result == "null" || theirs.error.find("invalid state detected") != std::string::npos;
    if (is_panic || (!is_merge && (is_about_null || has_empty_first_part(field(*line, "patch"))))) {
      ++count.explained;
      continue;
    }
    differs = true;
    if (++count.differences <= 10) {
      std::printf("%s\n  ours: %s%s\n", text.c_str(), ours.result.c_str(), ours.error.c_str());
    }
  }
  for (const auto& [kind, count] : counts) {
    std::printf("%s: %d cases, %d differences, %d explained; %d errors, of %d the text differs\n",
                kind.c_str(), count.cases, count.differences, count.explained, count.errors,
                count.texts);
  }
  return differs ? 1 : 0;
}

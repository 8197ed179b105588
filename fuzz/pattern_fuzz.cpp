// Input: a YAML or JSON list of two values. The first is a pattern and a condition's key, the
// second a resource and a condition's value. The program and the plain reading must agree.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "base/arena.hpp"
#include "document/read.hpp"
#include "document/source.hpp"
#include "pattern/anchor_problems.hpp"
#include "pattern/condition.hpp"
#include "pattern/pattern.hpp"
#include "pattern/reference/plain_match.hpp"

using namespace tally;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto source =
      document::Source::from_text("fuzz", std::string(reinterpret_cast<const char*>(data), size));
  Arena arena;
  document::ReadOptions options;
  options.limits.nodes = 2'000;
  options.limits.depth = 100;
  const auto both = document::read_one(*source, arena, options);
  if (!both || both->size() < 2) {
    return 0;
  }
  const document::Node& first = both->items()[0];
  const document::Node& second = both->items()[1];
  std::ignore = pattern::find_anchor_problems(first, pattern::AnchorUse::Validate);
  for (int op = 0; op <= static_cast<int>(pattern::Operator::NeverHolds); ++op) {
    std::ignore = pattern::evaluate(static_cast<pattern::Operator>(op), first, second, arena);
  }
  const auto compiled = pattern::Pattern::compile(first);
  if (!compiled) {
    return 0;
  }
  const auto outcome = compiled->match(second, arena);
  if (outcome.verdict == pattern::Verdict::Error && outcome.message.ends_with("steps")) {
    return 0;
  }
  const auto plain = pattern::reference::PlainReader().read(first, second);
  if (plain.verdict != outcome.verdict || plain.path != outcome.path) {
    std::abort();
  }
  return 0;
}

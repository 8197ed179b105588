// Static costs of the rules of CustomResourceDefinitions, number for number, and what the API
// server refuses because of them: tests/reference/custom_rules.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <string>
#include <vector>

#include "admission_policy/custom_rules.hpp"
#include "document/json_writer.hpp"
#include "document/read.hpp"
#include "kube/api_kinds.hpp"
#include "kube/objects.hpp"

namespace tally::admission_policy {
namespace {

using document::Node;

std::uint64_t number(const Node& map, const char* name) {
  const Node* found = map.find(name);
  return found == nullptr ? 0 : std::stoull(std::string(found->text()));
}

std::string to_text(std::string_view pointer, std::uint64_t rule, std::uint64_t times,
                    std::uint64_t message) {
  return std::string(pointer) + " " + std::to_string(rule) + " x " + std::to_string(times) +
         ", message " + std::to_string(message);
}

void compare(const Node& line, const document::Source& source) {
  auto definition = kube::object_from_node(*line.find("definition"), &source);
  ASSERT_TRUE(definition.has_value());
  const std::vector<kube::Object> objects{*definition};
  kube::CustomKinds kinds;
  kinds.add(objects);
  const LoadedRules loaded = CustomRules::load(kinds, objects);

  std::vector<std::string> expected;
  for (const Node& cost : line.find("costs")->items()) {
    expected.push_back(to_text(cost.find("pointer")->text(), number(cost, "rule"),
                               number(cost, "times"), number(cost, "message")));
  }
  std::vector<std::string> ours;
  for (const RuleCost& cost : loaded.costs) {
    ours.push_back(to_text(cost.pointer, cost.rule, cost.times, cost.message));
  }
  std::ranges::sort(expected);
  std::ranges::sort(ours);
  EXPECT_EQ(ours, expected);

  std::vector<std::string> errors;
  if (const Node* list = line.find("errors")) {
    for (const Node& error : list->items()) {
      errors.emplace_back(error.text());
    }
  }
  EXPECT_EQ(loaded.problems.size(), errors.size());
  for (const LoadProblem& problem : loaded.problems) {
    // The server's text ends with ours.
    const auto said = std::ranges::find_if(
        errors, [&](const std::string& error) { return error.ends_with(problem.message); });
    EXPECT_NE(said, errors.end()) << problem.message;
    if (said != errors.end()) {
      errors.erase(said);
    }
    EXPECT_TRUE(problem.is_refused);
    EXPECT_TRUE(problem.pointer.starts_with("/spec/versions/")) << problem.pointer;
  }
  for (const std::string& error : errors) {
    ADD_FAILURE() << "the server also says " << error;
  }
}

TEST(CustomRulesCost, AsTheServerEstimates) {
  const std::string file =
      std::string(TALLY_SOURCE_DIR) + "/tests/reference/custom_rules/recorded.jsonl";
  std::ifstream in(file);
  ASSERT_TRUE(in) << "there is no " << file;
  kube::load_api_kinds();
  std::size_t definitions = 0;
  for (std::string text; std::getline(in, text); ++definitions) {
    SCOPED_TRACE(text);
    const auto source = document::Source::from_text("line", text);
    Arena arena;
    const auto line = document::read_one(*source, arena);
    ASSERT_TRUE(line.has_value());
    compare(*line, *source);
  }
  EXPECT_GE(definitions, 100U);
}

}  // namespace
}  // namespace tally::admission_policy

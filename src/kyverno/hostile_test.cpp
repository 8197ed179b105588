// Policies and objects that mean no good: an error, never a crash, never without an end.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "kyverno/testing/bench.hpp"

namespace tally::kyverno {
namespace {

using document::Node;
using testing::Bench;
using testing::FakeWorld;

constexpr std::array kPhases = {Phase::Mutate, Phase::VerifyImages, Phase::Validate,
                                Phase::Generate, Phase::Cleanup};

std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return std::move(text).str();
}

std::size_t count_nodes(const Node& node) {
  std::size_t count = 1;
  for (const Node& item : node.items()) {
    count += count_nodes(item);
  }
  return count;
}

// The value with its node number `at` (in the order of reading) replaced.
Node replaced(Arena& arena, const Node& node, std::size_t& at, const Node& by) {
  if (at-- == 0) {
    return by;
  }
  if (!node.is_object() && !node.is_array()) {
    return node;
  }
  std::vector<Node> items;
  for (const Node& item : node.items()) {
    items.push_back(at == SIZE_MAX ? item : replaced(arena, item, at, by));
  }
  if (node.is_array()) {
    return Node::make_array(arena, items, 0);
  }
  std::vector<std::string_view> keys;
  for (const document::Member member : node.members()) {
    keys.push_back(member.key);
  }
  return Node::make_object(arena, items, std::span<const std::string_view>(keys), {}, 0);
}

// Every node of every seed's policy becomes null, a number, a text, a variable, a list, a map.
TEST(HostilePolicies, WrongTypesEverywhere) {
  const std::filesystem::path seeds =
      std::filesystem::path(TALLY_SOURCE_DIR) / "fuzz/seeds/kyverno";
  Bench texts;
  const Node list = texts.node(
      "[null, 7, true, x, '{{ request.object }}', [], {}, [null], [x], [[1]], {a: {b: c}}]");
  std::size_t judged = 0;
  for (const auto& entry : std::filesystem::directory_iterator(seeds)) {
    const std::string text = read_file(entry.path());
    const std::size_t end = text.find("---");
    ASSERT_NE(end, std::string::npos) << entry.path();
    const Node policy = texts.node(text.substr(0, end));
    const std::size_t next = text.find("---", end + 3);
    const Node object = texts.node(text.substr(end, next == std::string::npos ? next : next - end));
    ASSERT_TRUE(policy.is_object() && object.is_object()) << entry.path();
    const auto of = texts.object(object);
    ASSERT_TRUE(of);
    const std::size_t count = count_nodes(policy);
    for (std::size_t i = 0; i < count; ++i) {
      for (std::size_t by = 0; by < list.size(); ++by) {
        Bench bench;
        std::size_t at = i;
        if (!bench.add_policy(replaced(bench.arena, policy, at, list.items()[by]))) {
          continue;  // no object at all
        }
        if (next != std::string::npos) {
          bench.add_exception(text.substr(next));
        }
        bench.load();
        if (bench.loaded.set.policies().empty()) {
          continue;
        }
        FakeWorld world;
        world.answer = object;
        world.objects = {object};
        bench.request.world = &world;
        bench.request.targets = world.objects;
        bench.request.is_admission = (i & 1U) != 0;
        const kube::Operation operation = by % 3 == 0   ? kube::Operation::Create
                                          : by % 3 == 1 ? kube::Operation::Update
                                                        : kube::Operation::Delete;
        for (const Phase phase : kPhases) {
          const Response response = bench.judge(
              phase, *of, operation, operation == kube::Operation::Update ? object : Node{});
          for (const RuleResponse& rule : response.rules) {
            ASSERT_NE(rule.rule, nullptr);
          }
          ++judged;
        }
      }
    }
  }
  EXPECT_GT(judged, 10'000U);
}

std::string rule_policy(std::string_view rule) {
  return "{apiVersion: kyverno.io/v1, kind: ClusterPolicy, metadata: {name: p}, spec: {rules: "
         "[{name: r, match: {any: [{resources: {kinds: [ConfigMap]}}]}, " +
         std::string(rule) + "}]}}";
}

constexpr std::string_view kObject =
    "{apiVersion: v1, kind: ConfigMap, metadata: {name: keys, namespace: own}, data: {a: b}}";

// A list of so many elements, and one of two.
std::string with_list(int count) {
  std::string out =
      "{apiVersion: v1, kind: ConfigMap, metadata: {name: keys}, data: {two: [1, 2], many: [0";
  for (int i = 1; i < count; ++i) {
    out += "," + std::to_string(i);
  }
  return out + "]}}";
}

TEST(HostilePolicies, ErrorsOfRules) {
  struct Row {
    std::string_view rule;
    std::string_view verdict;
    std::string_view message;
  };
  for (const Row& row : std::initializer_list<Row>{
           {"validate: {deny: {conditions: {any: [{key: '{{ no_such(@) }}', operator: Equals, "
            "value: a}]}}}",
            "r=error", "no_such"},
           {"validate: {deny: {conditions: {any: [{key: a, operator: Resembles, value: a}]}}}",
            "r=error", "Resembles"},
           {"context: [{name: a, variable: {value: '{{ b }}'}}, {name: b, variable: {value: '{{ a "
            "}}'}}], validate: {deny: {conditions: {any: [{key: '{{ a }}', operator: Equals, "
            "value: "
            "a}]}}}",
            "r=error", "Unknown key"},
           {"context: [{name: a, variable: {value: '{{ a }}'}}], validate: {deny: {conditions: "
            "{any: [{key: '{{ a }}', operator: Equals, value: a}]}}}",
            "r=error", "Unknown key"},
           {"validate: {pattern: {data: {a: '{{ request.object.missing }}'}}}", "r=error",
            "Unknown key"},
           {"validate: {foreach: [{list: request.object.data.many, deny: {}}]}", "r=error",
            "too much work"},
           {"validate: {foreach: [{list: request.object.data.two, deny: {conditions: {any: [{key: "
            "a, "
            "operator: Equals, value: b}]}}}, {list: request.object.data.many, deny: {}}]}",
            "r=error", "too much work"},
           {"mutate: {foreach: [{list: request.object.data.many, patchStrategicMerge: {a: b}}]}",
            "", ""},
           {"mutate: {patchesJson6902: '[{op: fly}]'}", "", ""},
       }) {
    Bench bench;
    ASSERT_TRUE(bench.load(rule_policy(row.rule))) << row.rule;
    const std::string object = with_list(200'000);
    EXPECT_EQ(bench.verdicts(object), row.verdict) << row.rule << "\n" << bench.message;
    EXPECT_NE(bench.message.find(row.message), std::string::npos) << bench.message;
    if (row.verdict.empty()) {
      EXPECT_EQ(bench.verdicts(object, Phase::Mutate), "r=error") << row.rule;
    }
  }
}

// 20 foreach, one in the other, over ten elements each: 10^20 turns.
TEST(HostilePolicies, NestedForeach) {
  for (const int depth : {3, 7, 20}) {
    std::string rule = "deny: {conditions: {any: [{key: a, operator: Equals, value: b}]}}";
    for (int i = 0; i < depth; ++i) {
      rule = "foreach: [{list: request.object.data.many, " + rule + "}]";
    }
    Bench bench;
    ASSERT_TRUE(bench.load(rule_policy("validate: {" + rule + "}")));
    EXPECT_EQ(bench.verdicts(with_list(10)), depth == 3 ? "r=pass" : "r=error") << bench.message;
  }
}

TEST(HostilePolicies, ManyElements) {
  for (const int count : {100'000, 100'001}) {
    Bench bench;
    ASSERT_TRUE(bench.load(
        rule_policy("validate: {foreach: [{list: request.object.data.many, deny: {conditions: "
                    "{any: [{key: '{{ element }}', operator: Equals, value: -1}]}}}]}")));
    EXPECT_EQ(bench.verdicts(with_list(count)), count == 100'000 ? "r=pass" : "r=error")
        << bench.message;
  }
}

TEST(HostilePolicies, DeepPatterns) {
  for (const int depth : {100, 10'000}) {
    Bench bench;
    const Node base = bench.node(rule_policy("validate: {pattern: {}}"));
    Node pattern = bench.node("a");
    Node data = pattern;
    const std::string_view key = "x";
    for (int i = 0; i < depth; ++i) {
      pattern = Node::make_object(bench.arena, {&pattern, 1}, {&key, 1}, {}, 0);
      data = Node::make_object(bench.arena, {&data, 1}, {&key, 1}, {}, 0);
    }
    // The pattern's map is the last node of the policy.
    std::size_t at = count_nodes(base) - 1;
    ASSERT_TRUE(bench.add_policy(replaced(bench.arena, base, at, pattern)));
    bench.load();
    std::vector<Node> items{bench.node("v1"), bench.node("ConfigMap"), bench.node("{name: a}"),
                            *data.find("x")};
    const std::array<std::string_view, 4> keys{"apiVersion", "kind", "metadata", "x"};
    const auto object = bench.object(Node::make_object(bench.arena, items, keys, {}, 0));
    ASSERT_TRUE(object);
    const Response response = bench.judge(Phase::Validate, *object);
    ASSERT_EQ(response.rules.size(), 1U);
    EXPECT_EQ(response.rules[0].verdict, depth == 100 ? Verdict::Pass : Verdict::Error)
        << response.rules[0].message;
  }
}

TEST(HostilePolicies, Wildcards) {
  std::string pattern;
  for (int i = 0; i < 500; ++i) {
    pattern += "*a";
  }
  Bench bench;
  ASSERT_TRUE(bench.load(rule_policy("validate: {pattern: {data: {a: '" + pattern + "b'}}}")));
  EXPECT_EQ(bench.verdicts("{apiVersion: v1, kind: ConfigMap, metadata: {name: k}, data: {a: " +
                           std::string(20'000, 'a') + "}}"),
            "r=fail");
}

// One broken policy leaves the others alone.
TEST(HostilePolicies, TheOthersStillAnswer) {
  Bench bench;
  ASSERT_TRUE(
      bench.add_policy("{apiVersion: kyverno.io/v1, kind: ClusterPolicy, metadata: {name: "
                       "broken}, spec: {rules: [7, null, {name: x}, {name: y, match: 3, "
                       "validate: {pattern: {(x): {=(y): z}}}}]}}"));
  ASSERT_TRUE(bench.add_policy(rule_policy("validate: {pattern: {data: {a: b}}}")));
  bench.load();
  ASSERT_EQ(bench.loaded.set.policies().size(), 2U);
  EXPECT_GE(bench.loaded.problems.size(), 3U);
  const auto object = bench.object(bench.node(kObject));
  ASSERT_TRUE(object);
  const Response response = bench.judge(Phase::Validate, *object, kube::Operation::Create, {}, 1);
  ASSERT_EQ(response.rules.size(), 1U);
  EXPECT_EQ(response.rules[0].verdict, Verdict::Pass);
}

}  // namespace
}  // namespace tally::kyverno

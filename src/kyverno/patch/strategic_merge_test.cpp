// Strategic merges: tables of resource, patch, and result or problem. What upstream answers to each
// row was checked with Kyverno 1.19.1.
#include "kyverno/patch/strategic_merge.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "document/json_writer.hpp"
#include "document/read.hpp"

namespace tally::kyverno {
namespace {

using document::Node;

class Reader {
 public:
  const Node& read(std::string_view text) {
    sources_.push_back(document::Source::from_text("test", text));
    auto node = document::read_one(*sources_.back(), arena);
    EXPECT_TRUE(node.has_value()) << text;
    return *arena.create<Node>(node.value_or(Node{}));
  }
  Arena arena;

 private:
  std::vector<std::shared_ptr<const document::Source>> sources_;
};

std::string canonical(const Node& node) {
  std::string out;
  document::append_canonical_json(out, node);
  return out;
}

struct Row {
  std::string_view name;
  std::string_view resource;
  std::string_view patch;
  std::string_view result;  // in any order of members
};

void expect_results(std::span<const Row> rows) {
  for (const Row& row : rows) {
    SCOPED_TRACE(row.name);
    Reader reader;
    const auto merged =
        strategic_merge(reader.arena, reader.read(row.resource), reader.read(row.patch));
    ASSERT_TRUE(merged.has_value()) << merged.error().message;
    EXPECT_EQ(canonical(merged->patched), canonical(reader.read(row.result)));
    EXPECT_FALSE(merged->unmet_condition.has_value()) << *merged->unmet_condition;
  }
}

constexpr Row kMaps[] = {
    {"adds a field", "{a: 1}", "{b: 2}", "{a: 1, b: 2}"},
    {"replaces a field", "{a: {b: 1}}", "{a: {b: 2}}", "{a: {b: 2}}"},
    {"adds below", "{a: {}}", "{a: {b: {c: 1}}}", "{a: {b: {c: 1}}}"},
    {"null removes", "{a: 1, b: {c: 1}}", "{a: null, b: null}", "{}"},
    {"nulls of something new are dropped", "{}", "{a: {b: null, c: 1}}", "{a: {c: 1}}"},
    {"a null of the resource stays", "{a: null, b: 1}", "{b: 2}", "{a: null, b: 2}"},
    {"null upon null", "{a: null}", "{a: null, b: 1}", "{b: 1}"},
    {"a list without a schema is replaced", "{a: [1, 2]}", "{a: [3]}", "{a: [3]}"},
    {"a number for a text stays a text", R"({a: "x"})", "{a: 5}", R"({a: "5"})"},
    {"a boolean for a text, too", R"({a: "x"})", "{a: true}", R"({a: "true"})"},
    {"a text for a number", "{a: 1}", R"({a: "5"})", R"({a: "5"})"},
    {"an empty map in the patch is dropped", "{a: 1}", "{b: {}, c: {d: {}}}", "{a: 1}"},
    {"an empty list is not", "{a: [1]}", "{a: []}", "{a: []}"},
    {"$patch: delete", "{a: {b: 1}, c: 1}", "{a: {$patch: delete}}", "{c: 1}"},
    {"$patch: replace", "{a: {b: 1}}", "{a: {$patch: replace, c: 2}}", "{a: {c: 2}}"},
    {"$patch: merge", "{a: {b: 1}}", "{a: {$patch: merge, c: 2}}", "{a: {b: 1, c: 2}}"},
    {"$retainKeys is a field", "{a: {b: 1}}", "{a: {$retainKeys: [c], c: 2}}",
     "{a: {b: 1, c: 2, $retainKeys: [c]}}"},
    {"an unknown $patch of a new map is a field", "{}", "{a: {$patch: keep, b: 1}}",
     "{a: {$patch: keep, b: 1}}"},
    {"other anchors are fields", "{a: 1}", "{X(b): 1, =(c): 2}", "{a: 1, X(b): 1, =(c): 2}"},
};

TEST(StrategicMerge, Maps) { expect_results(kMaps); }

#define POD(spec) "{apiVersion: v1, kind: Pod, spec: " spec "}"

constexpr Row kLists[] = {
    {"by name", POD("{containers: [{name: a, image: x}, {name: b}]}"),
     "{spec: {containers: [{name: b, image: y}]}}",
     POD("{containers: [{name: b, image: y}, {name: a, image: x}]}")},
    {"a new element in front", POD("{containers: [{name: a}]}"),
     "{spec: {containers: [{name: b}, {name: c}]}}",
     POD("{containers: [{name: b}, {name: c}, {name: a}]}")},
    {"$patch: delete of an element", POD("{containers: [{name: a}, {name: b}]}"),
     "{spec: {containers: [{name: a, $patch: delete}]}}", POD("{containers: [{name: b}]}")},
    {"$patch: replace of the list", POD("{containers: [{name: a}, {name: b}]}"),
     "{spec: {containers: [{name: c}, {$patch: replace}]}}", POD("{containers: [{name: c}]}")},
    {"two keys",
     POD("{containers: [{name: a, ports: [{containerPort: 80, protocol: TCP}, "
         "{containerPort: 80, protocol: UDP}]}]}"),
     "{spec: {containers: [{name: a, ports: [{containerPort: 80, protocol: UDP, name: dns}]}]}}",
     POD("{containers: [{name: a, ports: [{containerPort: 80, protocol: TCP}, "
         "{containerPort: 80, protocol: UDP, name: dns}]}]}")},
    {"finalizers are a set", "{apiVersion: v1, kind: Pod, metadata: {finalizers: [a, b]}}",
     "{metadata: {finalizers: [b, c]}}",
     "{apiVersion: v1, kind: Pod, metadata: {finalizers: [b, c, a]}}"},
    {"tolerations are replaced", POD("{tolerations: [{key: a}]}"),
     "{spec: {tolerations: [{key: b}]}}", POD("{tolerations: [{key: b}]}")},
    {"a custom resource has no keys",
     "{apiVersion: x/v1, kind: Pod, spec: {containers: [{name: a}]}}",
     "{spec: {containers: [{name: b}]}}",
     "{apiVersion: x/v1, kind: Pod, spec: {containers: [{name: b}]}}"},
    {"the kind inside an unknown one", "{obj: " POD("{containers: [{name: a}]}") "}",
     "{obj: {spec: {containers: [{name: b}]}}}",
     "{obj: " POD("{containers: [{name: b}, {name: a}]}") "}"},
};

TEST(StrategicMerge, Lists) { expect_results(kLists); }

constexpr Row kAnchors[] = {
    {"a condition that holds", "{a: {b: 1, c: 1}}", "{a: {(b): 1, c: 2}}", "{a: {b: 1, c: 2}}"},
    {"a global one", "{a: {b: x}}", "{a: {<(b): '?*', c: 2}}", "{a: {b: x, c: 2}}"},
    {"a condition with a map", "{m: {l: {x: y}}}", "{m: {(l): {x: y}, n: 1}}",
     "{m: {l: {x: y}, n: 1}}"},
    {"+ of what is there", "{a: {b: 1}}", "{a: {+(b): 2}}", "{a: {b: 1}}"},
    {"+ of what is not", "{a: {c: 1}}", "{a: {+(b): 2}}", "{a: {b: 2, c: 1}}"},
    {"+ of a map that is not", "{}", "{+(a): {+(b): 1}}", "{a: {b: 1}}"},
    {"every container that matches",
     POD("{containers: [{name: a, image: 'x:latest'}, {name: b, image: 'y:1'}, "
         "{name: c, image: 'z:latest'}]}"),
     "{spec: {containers: [{(image): '*:latest', imagePullPolicy: Always}]}}",
     POD("{containers: [{name: a, image: 'x:latest', imagePullPolicy: Always}, "
         "{name: c, image: 'z:latest', imagePullPolicy: Always}, {name: b, image: 'y:1'}]}")},
    {"+ in every container", POD("{containers: [{name: a}, {name: b}]}"),
     "{spec: {containers: [{(name): '*', +(image): x}]}}",
     POD("{containers: [{name: a, image: x}, {name: b, image: x}]}")},
    {"no container matches", POD("{containers: [{name: a, image: 'x:1'}]}"),
     "{spec: {containers: [{(image): '*:latest', imagePullPolicy: Always}]}}",
     POD("{containers: [{name: a, image: 'x:1'}]}")},
    {"nothing but a condition", "{a: {b: 1}}", "{a: {(b): 1}}", "{a: {b: 1}}"},
};

TEST(StrategicMerge, Anchors) { expect_results(kAnchors); }

struct UnmetRow {
  std::string_view name;
  std::string_view resource;
  std::string_view patch;
  std::string_view condition;
};

constexpr UnmetRow kUnmet[] = {
    {"absent", "{a: 1}", "{(b): 1, a: 2}",
     R"(condition failed: could not found "b" key in the resource)"},
    {"absent, global", "{a: 1}", "{<(b): 1, a: 2}",
     R"(global condition failed: could not found "b" key in the resource)"},
    {"below nothing", "{}", "{a: {(b): 1}}",
     R"(condition failed: could not found "b" key in the resource)"},
    {"the global one comes first", "{}", "{(a): 1, <(b): 1}",
     R"(global condition failed: could not found "b" key in the resource)"},
    {"a global one in a list", POD("{containers: [{name: a, image: x}]}"),
     "{spec: {containers: [{<(image): z}], hostPID: true}}",
     "global condition failed: resource value 'x' does not match 'z' at path /"},
    {"another value", "{a: {b: x}, c: 1}", "{a: {(b): z}, c: 2}",
     "condition failed: resource value 'x' does not match 'z' at path /"},
};

TEST(StrategicMerge, UnmetConditions) {
  for (const UnmetRow& row : kUnmet) {
    SCOPED_TRACE(row.name);
    Reader reader;
    const Node& resource = reader.read(row.resource);
    const auto merged = strategic_merge(reader.arena, resource, reader.read(row.patch));
    ASSERT_TRUE(merged.has_value()) << merged.error().message;
    EXPECT_EQ(merged->unmet_condition.value_or(""), row.condition);
    EXPECT_EQ(canonical(merged->patched), canonical(resource));
  }
}

struct ProblemRow {
  std::string_view name;
  std::string_view resource;
  std::string_view patch;
  std::string_view problem;  // how it begins
};

constexpr ProblemRow kProblems[] = {
    {"a map for a scalar", "{a: 1}", "{a: {b: 1}}",
     "wrong node kind: expected ScalarNode but got MappingNode: node contents:\n{\"b\": 1}\n"},
    {"a list for a map", "{a: {}}", "{a: [1]}",
     "wrong node kind: expected MappingNode but got SequenceNode"},
    {"a scalar for a list", "{a: [1]}", "{a: x}",
     "wrong node kind: expected SequenceNode but got ScalarNode"},
    {"a patch that is a list", "{a: 1}", "[1]",
     "failed to preProcess rule: wrong node kind: expected MappingNode but got SequenceNode"},
    {"anchors upon no list", "{a: 1}", "{a: [{(b): 1}]}",
     "failed to preProcess rule: wrong node kind: expected SequenceNode but got ScalarNode"},
    {"an unknown directive", "{a: {b: 1}}", "{a: {$patch: keep}}", "unknown patch strategy 'keep'"},
    {"an unknown directive in a new map", "{}", "{a: {b: {$patch: keep}}}",
     "unknown patch strategy 'keep'"},
    {"the whole resource", "{a: 1}", "{$patch: delete}", "filter cannot create or delete objects"},
    {"blanks around an anchor", "{a: 1}", "{' (a) ': 1}",
     "failed to preProcess rule: an anchor must not stand between blanks"},
    {"a key twice", "{}", "{m: {+(a): 1, a: 2}}", "mapping key \"a\" already defined"},
    {"two anchors that no element meets", POD("{containers: [{name: a}]}"),
     "{spec: {containers: [{(name): x, image: y}, {(name): z, image: y}]}}",
     "failed to preProcess rule: too many list elements with anchors"},
};

TEST(StrategicMerge, Problems) {
  for (const ProblemRow& row : kProblems) {
    SCOPED_TRACE(row.name);
    Reader reader;
    const auto merged =
        strategic_merge(reader.arena, reader.read(row.resource), reader.read(row.patch));
    ASSERT_FALSE(merged.has_value()) << canonical(merged->patched);
    EXPECT_TRUE(merged.error().message.starts_with(row.problem)) << merged.error().message;
  }
}

TEST(StrategicMerge, SharesWhatDidNotChange) {
  Reader reader;
  const Node& resource = reader.read("{a: {b: [1, 2]}, c: {d: 1}}");
  const auto merged = strategic_merge(reader.arena, resource, reader.read("{c: {d: 2}}"));
  ASSERT_TRUE(merged.has_value());
  EXPECT_EQ(merged->patched.find("a")->items().data(), resource.find("a")->items().data());
  const auto same = strategic_merge(reader.arena, resource, reader.read("{c: {d: 1}}"));
  ASSERT_TRUE(same.has_value());
  EXPECT_TRUE(document::equal(same->patched, resource));
  const auto none = strategic_merge(reader.arena, resource, reader.read("{}"));
  ASSERT_TRUE(none.has_value());
  EXPECT_EQ(none->patched.items().data(), resource.items().data());
}

std::string nested(std::size_t depth) {
  std::string text;
  for (std::size_t i = 0; i < depth; ++i) {
    text += "{a: ";
  }
  return text + "1" + std::string(depth, '}');
}

TEST(StrategicMerge, Limits) {
  Reader reader;
  const Node& deep = reader.read(nested(40));
  EXPECT_TRUE(strategic_merge(reader.arena, deep, deep, {.depth = 41}).has_value());
  const auto too_deep = strategic_merge(reader.arena, deep, deep, {.depth = 40});
  ASSERT_FALSE(too_deep.has_value());
  EXPECT_EQ(too_deep.error().kind, ErrorKind::Limit);

  const auto too_many = strategic_merge(reader.arena, deep, deep, {.nodes = 10});
  ASSERT_FALSE(too_many.has_value());
  EXPECT_EQ(too_many.error().kind, ErrorKind::Limit);

  std::string list = "{apiVersion: v1, kind: Pod, metadata: {finalizers: [";
  for (int i = 0; i < 2000; ++i) {
    list += "f" + std::to_string(i) + ", ";
  }
  list += "]}}";
  const Node& long_list = reader.read(list);
  EXPECT_TRUE(strategic_merge(reader.arena, long_list, reader.read("{}")).has_value());
  const auto too_slow =
      strategic_merge(reader.arena, long_list, reader.read("{}"), {.steps = 10'000});
  ASSERT_FALSE(too_slow.has_value());
  EXPECT_EQ(too_slow.error().kind, ErrorKind::Limit);
}

}  // namespace
}  // namespace tally::kyverno

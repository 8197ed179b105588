#include "pattern/pattern.hpp"

#include <gtest/gtest.h>

#include <span>
#include <string>

#include "document/read.hpp"
#include "document/source.hpp"
#include "pattern/anchor.hpp"
#include "pattern/anchor_problems.hpp"

namespace tally::pattern {
namespace {

using document::Node;

Node read(Arena& arena, std::string_view yaml) {
  const auto source = document::Source::from_text("test", std::string(yaml));
  const auto node = document::read_one(*source, arena);
  EXPECT_TRUE(node) << yaml;
  return document::deep_copy(arena, *node);
}

struct Row {
  std::string_view pattern;
  std::string_view resource;
  Verdict verdict;
  std::string_view path;
  std::string_view message;
};

void expect_rows(std::span<const Row> rows) {
  for (const Row& row : rows) {
    Arena arena;
    const auto pattern = Pattern::compile(read(arena, row.pattern));
    ASSERT_TRUE(pattern) << row.pattern;
    const Outcome outcome = pattern->match(read(arena, row.resource), arena);
    EXPECT_EQ(outcome.verdict, row.verdict) << row.pattern << " over " << row.resource;
    EXPECT_EQ(outcome.path, row.path) << row.pattern << " over " << row.resource;
    EXPECT_EQ(outcome.message, row.message) << row.pattern << " over " << row.resource;
  }
}

TEST(Pattern, MapsAndLists) {
  static constexpr Row kRows[] = {
      {"{a: 1}", "{a: 1, b: 2}", Verdict::Pass, "", ""},
      {"{a: '*'}", "{a: {b: 1}}", Verdict::Pass, "", ""},
      {"{a: '<=1Gi'}", "{b: 1}", Verdict::Pass, "", ""},
      {"{a: [1]}", "{a: [1, 1]}", Verdict::Pass, "", ""},
      {"{a: x}", "{a: [x, x]}", Verdict::Pass, "", ""},
      {"{a: [{b: 1}, {b: 2}]}", "{a: [{b: 1}, {b: 1}]}", Verdict::Pass, "", ""},
      {"{a: [{b: 1}]}", "{a: []}", Verdict::Pass, "", ""},
      {"{}", "{a: 1}", Verdict::Pass, "", ""},
      {"{a: 1}", "{a: 2}", Verdict::Fail, "/a/",
       "resource value '2' does not match '1' at path /a/"},
      {"{a: {b: '<=1Gi'}}", "{}", Verdict::Fail, "/a/",
       "pattern and resource have different structures. Path: /a/. Expected map[string]interface "
       "{}, found <nil>"},
      {"{a: '*'}", "{a: null}", Verdict::Fail, "/", "//a not found"},
      {"{a: x}", "{a: [x, z]}", Verdict::Fail, "/a/",
       "resource value '[x z]' does not match 'x' at path /a/"},
      {"{a: [{b: 1}]}", "{a: [{b: 1}, {b: 2}]}", Verdict::Fail, "/a/1/b/",
       "resource value '2' does not match '1' at path /a/1/b/"},
      {"{a: [{b: 1}]}", "{a: {b: 1}}", Verdict::Fail, "/a/",
       "validation rule failed at path /a/, resource does not satisfy the expected overlay "
       "pattern"},
      {"{a: []}", "{a: []}", Verdict::Fail, "/a/", "pattern Array empty"},
      {"{a: [[1], [2]]}", "{a: [[1]]}", Verdict::Error, "",
       "validate Array failed, array length mismatch, resource Array len is 1 and pattern Array "
       "len "
       "is 2"},
      {"{a: [[1], [2]]}", "{a: [[1], [3], [4]]}", Verdict::Fail, "/a/1/",
       "resource value '[3]' does not match '2' at path /a/1/"},
      {"{b: 1, a: 1}", "{a: 2, b: 2}", Verdict::Fail, "/a/",
       "resource value '2' does not match '1' at path /a/"},
      {"{a: x}", "{a: {c: 1.5, b: [null, true]}}", Verdict::Fail, "/a/",
       "resource value 'map[b:[<nil> true] c:1.5]' does not match 'x' at path /a/"},
  };
  expect_rows(kRows);
}

TEST(Pattern, Anchors) {
  static constexpr Row kRows[] = {
      {"{l: [{(k): a, v: 1}]}", "{l: [{k: a, v: 1}, {k: b, v: 2}]}", Verdict::Pass, "", ""},
      {"{=(a): 1}", "{}", Verdict::Pass, "", ""},
      {"{X(a): null}", "{b: 1}", Verdict::Pass, "", ""},
      {"{^(l): [{k: a}, {k: b}]}", "{l: [{k: b}, {k: c}, {k: a}]}", Verdict::Pass, "", ""},
      {"{^(l): [{k: a}]}", "{}", Verdict::Pass, "", ""},
      {"{<(a): 1, b: 2}", "{b: 2}", Verdict::Pass, "", ""},
      {"{l: [{(k): a, v: 1}]}", "{l: [{k: a, v: 2}]}", Verdict::Fail, "/l/0/v/",
       "resource value '2' does not match '1' at path /l/0/v/"},
      {"{=(a): 1}", "{a: 2}", Verdict::Fail, "/a/",
       "resource value '2' does not match '1' at path /a/"},
      {"{X(a): null}", "{a: null}", Verdict::Fail, "/a/",
       "negation anchor matched in resource: /a/ is not allowed"},
      {"{^(l): [{k: a}]}", "{l: [{k: b}]}", Verdict::Fail, "/l/",
       "existence anchor validation failed at path /l/"},
      {"{^(l): [{k: a}]}", "{l: {k: a}}", Verdict::Fail, "/l/",
       "invalid resource type map[string]interface {}: Existence ^ () anchor can be used only on "
       "list/array type resource"},
      {"{^(l): {k: a}}", "{l: []}", Verdict::Fail, "/l/",
       "invalid pattern type map[string]interface {}: Pattern has to be of list to compare against "
       "resource"},
      {"{^(l): [a]}", "{l: []}", Verdict::Fail, "/l/",
       "invalid pattern type []interface {}: Pattern has to be of type map to compare against "
       "items "
       "in resource"},
      {"{+(a): 1}", "{a: 1}", Verdict::Fail, "/+(a)/",
       "resource value '<nil>' does not match '1' at path /+(a)/"},
      {"{(a): 1, b: 2}", "{a: 2, b: 3}", Verdict::Skip, "",
       "conditional anchor mismatch: resource value '2' does not match '1' at path /a/"},
      {"{(a): 1, b: 2}", "{b: 3}", Verdict::Skip, "",
       "conditional anchor mismatch: conditional anchor key doesn't exist in the resource"},
      {"{l: [{<(a): 1}]}", "{l: [{a: 2}]}", Verdict::Skip, "",
       "global anchor mismatch: resource value '2' does not match '1' at path /l/0/a/"},
      {"{l: [{(k): a, v: 1}], z: 1}", "{l: [{k: b}, {k: c}]}", Verdict::Skip, "",
       "conditional anchor mismatch: resource value 'b' does not match 'a' at path /l/0/k/; "
       "conditional anchor mismatch: resource value 'c' does not match 'a' at path /l/1/k/"},
      {"{(a): {X(b): 1}}", "{a: {b: 1}}", Verdict::Skip, "",
       "conditional anchor mismatch: negation anchor matched in resource: /a/b/ is not allowed"},
      // The key of a condition was never there: not a failure, upstream says, but an error.
      {"{l: [{=(m): {(k): a, v: 1}}], z: 1}", "{l: [{m: {v: 1}}, {}]}", Verdict::Error, "",
       "resource value '<nil>' does not match '1' at path /z/"},
      // A value that reads like upstream's own text stays a failure.
      {"{a: x}", "{a: conditional anchor mismatch}", Verdict::Fail, "/a/",
       "resource value 'conditional anchor mismatch' does not match 'x' at path /a/"},
  };
  expect_rows(kRows);
}

TEST(Pattern, Labels) {
  static constexpr Row kRows[] = {
      {"{metadata: {labels: {app*: web}}}", "{metadata: {labels: {app.io/name: web}}}",
       Verdict::Pass, "", ""},
      {"{metadata: {labels: {=(x*): a}}}", "{metadata: {labels: {z: b}}}", Verdict::Pass, "", ""},
      {"{metadata: {annotations: {X(x*): a}}}", "{metadata: {annotations: {z: b}}}", Verdict::Pass,
       "", ""},
      // Upstream loses values that are no text.
      {"{metadata: {labels: {a: 5}}}", "{metadata: {labels: {a: '6'}}}", Verdict::Pass, "", ""},
      {"{metadata: {labels: {app*: web}}}", "{metadata: {labels: {app.io/name: db}}}",
       Verdict::Fail, "/metadata/labels/app.io/name/",
       "resource value 'db' does not match 'web' at path /metadata/labels/app.io/name/"},
      {"{metadata: {labels: {app*: web}}}", "{metadata: {labels: {tier: web}}}", Verdict::Fail,
       "/metadata/labels/app*/",
       "resource value '<nil>' does not match 'web' at path /metadata/labels/app*/"},
      {"{metadata: {annotations: {X(x*): a}}}", "{metadata: {annotations: {x1: b}}}", Verdict::Fail,
       "/metadata/annotations/x1/",
       "negation anchor matched in resource: /metadata/annotations/x1/ is not allowed"},
      {"{metadata: {labels: {app*: web}}}", "{metadata: {name: x}}", Verdict::Fail,
       "/metadata/labels/",
       "pattern and resource have different structures. Path: /metadata/labels/. Expected "
       "map[string]interface {}, found <nil>"},
      // Outside of metadata a wildcard is a letter.
      {"{spec: {app*: web}}", "{spec: {app1: web}}", Verdict::Fail, "/spec/app*/",
       "resource value '<nil>' does not match 'web' at path /spec/app*/"},
      // What the first element's label made of the key holds for the second one.
      {"{l: [{metadata: {labels: {a*: x}}}]}",
       "{l: [{metadata: {labels: {a1: x}}}, {metadata: {labels: {a2: x}}}]}", Verdict::Fail,
       "/l/1/metadata/labels/a1/",
       "resource value '<nil>' does not match 'x' at path /l/1/metadata/labels/a1/"},
  };
  expect_rows(kRows);
}

TEST(Pattern, PlacesOfFailures) {
  Arena arena;
  const auto pattern = Pattern::compile(read(arena, "{metadata: {labels: {a/b~c: x}}, s: {t: 1}}"));
  const Node labels = read(arena, "{metadata: {labels: {a/b~c: z}}, s: {t: 1}}");
  const Outcome outcome = pattern->match(labels, arena);
  EXPECT_EQ(outcome.pointer, "/metadata/labels/a~1b~0c");
  ASSERT_NE(outcome.at, nullptr);
  EXPECT_EQ(outcome.at->text(), "z");
  const Node absent = read(arena, "{metadata: {labels: {a/b~c: x}}, s: {u: 1}}");
  const Outcome missing = pattern->match(absent, arena);
  EXPECT_EQ(missing.pointer, "/s/t");
  ASSERT_NE(missing.at, nullptr);
  EXPECT_EQ(missing.at->size(), 1U);  // {u: 1}
}

TEST(Pattern, NumbersOfAnyPattern) {
  Arena arena;
  const Node node = read(arena, "{a: 1000000}");
  const Node text = read(arena, "{a: '1e6'}");
  EXPECT_EQ(Pattern::compile(node)->match(text, arena).verdict, Verdict::Fail);
  const auto doubles = Pattern::compile(node, {}, NumberReading::AsDoubles);
  EXPECT_EQ(doubles->match(text, arena).verdict, Verdict::Pass);
  EXPECT_EQ(doubles->match(read(arena, "{a: 2}"), arena).message,
            "resource value '2' does not match '1e+06' at path /a/");
}

Node nested(Arena& arena, int levels, bool lists) {
  Node node = Node::make_string("x", 7);
  for (int i = 0; i < levels; ++i) {
    const std::string_view key = "a";
    node = lists ? Node::make_array(arena, {&node, 1}, 7)
                 : Node::make_object(arena, {&node, 1}, {&key, 1}, "", 7);
  }
  return node;
}

TEST(Pattern, DepthIsLimited) {
  Arena arena;
  for (const bool lists : {false, true}) {
    const auto refused = Pattern::compile(nested(arena, 10'000, lists));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().message, "the pattern is nested deeper than 500 levels");
    EXPECT_EQ(refused.error().offset, 7U);
    EXPECT_EQ(refused.error().pointer.size(), 2U * 501U);
    EXPECT_FALSE(Pattern::compile(nested(arena, 501, lists)));
    const auto deepest = Pattern::compile(nested(arena, 500, lists));
    ASSERT_TRUE(deepest);
    EXPECT_EQ(deepest->match(nested(arena, 500, lists), arena).verdict, Verdict::Pass);
    EXPECT_EQ(deepest->match(nested(arena, 10'000, lists), arena).verdict, Verdict::Fail);
  }
}

TEST(Pattern, SizesAreLimited) {
  struct Limit {
    Limits limits;
    std::string_view pattern;
    std::string_view message;
  };
  static const Limit kRows[] = {
      {{.nodes = 3}, "{a: [1, 2]}", "the pattern has more than 3 nodes"},
      {{.text_bytes = 3}, "{a: abcd}", "a text of the pattern has 4 bytes, more than 3"},
      {{.text_bytes = 3}, "{abcd: a}", "a key of the pattern has 4 bytes, more than 3"},
  };
  Arena arena;
  for (const Limit& row : kRows) {
    const Node node = read(arena, row.pattern);
    const auto refused = Pattern::compile(node, row.limits);
    ASSERT_FALSE(refused) << row.pattern;
    EXPECT_EQ(refused.error().message, row.message);
    EXPECT_TRUE(Pattern::compile(node, {.nodes = 4, .text_bytes = 4})) << row.pattern;
  }
}

TEST(Pattern, WorkIsLimited) {
  Arena arena;
  const Node node = read(arena, "{a: ['*" + std::string(500, 'a') + "b']}");
  const Node resource = read(arena, "{a: [" + std::string(2'000, 'a') + "]}");
  const Outcome gave_up = Pattern::compile(node, {.steps = 500'000})->match(resource, arena);
  EXPECT_EQ(gave_up.verdict, Verdict::Error);
  EXPECT_EQ(gave_up.message, "the pattern needs more than 500000 steps");
  EXPECT_EQ(Pattern::compile(node)->match(resource, arena).verdict, Verdict::Fail);
}

TEST(Pattern, MessagesAreLimited) {
  Arena arena;
  const auto pattern = Pattern::compile(read(arena, "{a: x}"), {.message_bytes = 100});
  const Outcome outcome =
      pattern->match(read(arena, "{a: " + std::string(5'000, 'b') + "}"), arena);
  EXPECT_EQ(outcome.verdict, Verdict::Fail);
  EXPECT_LE(outcome.message.size(), 103U);
  EXPECT_TRUE(outcome.message.ends_with("..."));
}

TEST(Anchor, Parse) {
  struct Parsed {
    std::string_view text;
    AnchorKind kind;
    std::string_view key;
  };
  static constexpr Parsed kRows[] = {
      {"(a)", AnchorKind::Condition, "a"},
      {"=(a)", AnchorKind::Equality, "a"},
      {"X(a)", AnchorKind::Negation, "a"},
      {"^(a)", AnchorKind::Existence, "a"},
      {"<(a)", AnchorKind::Global, "a"},
      {"+(a)", AnchorKind::AddIfNotPresent, "a"},
      {" (a b) ", AnchorKind::Condition, "a b"},
      {"((a))", AnchorKind::Condition, "(a)"},
      {"\xC2\xA0=( a)", AnchorKind::Equality, " a"},
  };
  for (const Parsed& row : kRows) {
    const auto anchor = parse_anchor(row.text);
    ASSERT_TRUE(anchor) << row.text;
    EXPECT_EQ(anchor->kind, row.kind) << row.text;
    EXPECT_EQ(anchor->key, row.key) << row.text;
  }
  for (const std::string_view plain :
       {"", "a", "()", "=()", "(", "(a", "a)", "x(a)", "==(a)", "= (a)", "(a\nb)", "X(a)b", "^"}) {
    EXPECT_FALSE(parse_anchor(plain)) << plain;
  }
}

TEST(Anchor, Problems) {
  Arena arena;
  const Node node = read(arena,
                         "{spec: {+(a): 1, l: [{^(m): {b: 1}}, {^(k): []}], (ok): 1, ^(p): [1]}, "
                         "=(q/r): {+(s): 1}}");
  const auto problems = find_anchor_problems(node, AnchorUse::Validate);
  ASSERT_EQ(problems.size(), 4U);
  EXPECT_EQ(problems[0].pointer, "/spec/+(a)");
  EXPECT_EQ(problems[0].message, "unsupported anchor +(a)");
  EXPECT_EQ(problems[1].pointer, "/spec/l/0/^(m)");
  EXPECT_EQ(problems[1].message, "existence anchor should have value of type list");
  EXPECT_EQ(problems[2].pointer, "/spec/l/1/^(k)");
  EXPECT_EQ(problems[2].message, "existence anchor: should have at least one value");
  EXPECT_EQ(problems[3].pointer, "/=(q~1r)/+(s)");
  EXPECT_EQ(find_anchor_problems(node, AnchorUse::Generate).size(), 7U);
  EXPECT_TRUE(find_anchor_problems(read(arena, "{a: {(b): 1}}"), AnchorUse::Validate).empty());
  EXPECT_TRUE(find_anchor_problems(nested(arena, 10'000, true), AnchorUse::Validate).empty());
}

}  // namespace
}  // namespace tally::pattern

#include "kyverno/internal/substitution.hpp"

#include <gtest/gtest.h>

#include <array>

#include "kyverno/testing/bench.hpp"

namespace tally::kyverno::internal {
namespace {

class SubstitutionTest : public ::testing::Test {
 protected:
  void begin(std::string_view values) {
    context_.begin(bench_.arena, shared_, own_, nullptr, "");
    const document::Node read = bench_.node(values);
    for (const document::Member member : read.members()) {
      context_.add(std::array<std::string_view, 1>{member.key}, member.value);
    }
  }
  // JSON of what comes out, or "error: ..."
  std::string put(const document::Node& value, std::string_view place = {}) {
    const Outcome<document::Node> out = substitute(value, context_, place);
    return out ? testing::Bench::json(*out) : "error: " + out.error().message;
  }
  std::string put(std::string_view text, std::string_view place = {}) {
    return put(bench_.node(text), place);
  }

  testing::Bench bench_;
  Expressions shared_;
  Expressions own_;
  Context context_;
};

constexpr std::string_view kValues = R"(
request:
  operation: CREATE
  namespace: bank
  object: {metadata: {name: till, labels: {app: web}}, spec: {num: 7, f: 1.50, list: [a, b], nested: "{{ who }}", raw: "a\\{{b"}}
  oldObject: {metadata: {name: before}}
who: ann
part: name
key: app
"nothing": null
truth: true
brace: "x}}y"
)";

TEST_F(SubstitutionTest, WhatComesOut) {
  struct Row {
    std::string_view text;
    std::string_view json;
  };
  constexpr std::array kRows = {
      // A text that is one variable keeps its value's type.
      Row{R"y("{{ request.object.spec.num }}")y", "7"},
      Row{R"y("{{request.object.spec.list}}")y", R"y(["a","b"])y"},
      Row{R"y("{{ request.object.metadata.labels }}")y", R"y({"app":"web"})y"},
      Row{R"y("{{ truth }}")y", "true"},
      Row{R"y("{{ who }}")y", R"y("ann")y"},
      Row{R"y("{{ `null` }}")y", "null"},
      // Else it is written into the text.
      Row{R"y(" {{ request.object.spec.num }}")y", R"y(" 7")y"},
      Row{R"y("n={{ request.object.spec.num }}")y", R"y("n=7")y"},
      Row{R"y("{{ who }}-{{ who }}")y", R"y("ann-ann")y"},
      Row{R"y("l={{ request.object.spec.list }}")y", R"y("l=[\"a\",\"b\"]")y"},
      Row{R"y("m={{ request.object.metadata.labels }}.")y", R"y("m={\"app\":\"web\"}.")y"},
      Row{R"y("{{ truth }}{{ `null` }}")y", R"y("truenull")y"},
      // Innermost first, then again.
      Row{R"y("{{ request.object.metadata.{{ part }} }}")y", R"y("till")y"},
      Row{R"y("{{ request.object.metadata.labels.{{key}} }}!")y", R"y("web!")y"},
      Row{R"y("{{ request.object.spec.nested }}")y", R"y("{{ who }}")y"},
      Row{R"y("<{{ request.object.spec.nested }}>")y", R"y("<ann>")y"},
      // Shallow: what is put in stays as it is.
      Row{R"y("<{{- request.object.spec.nested }}>")y", R"y("<{{ who }}>")y"},
      // Escaped.
      Row{R"y('\{{ who }}')y", R"y("{{ who }}")y"},
      Row{R"y('a \{{ who }} {{ who }}')y", R"y("a {{ who }} ann")y"},
      Row{R"y('{{ who }} \{{x')y", R"y("ann {{x")y"},
      // No variables at all.
      Row{R"y("{ {who} }")y", R"y("{ {who} }")y"},
      Row{R"y("{{ who }")y", R"y("{{ who }")y"},
      Row{R"y("}}{{")y", R"y("}}{{")y"},
      Row{"12", "12"},
      Row{"null", "null"},
      Row{"[]", "[]"},
      // Braces inside of an expression.
      Row{R"y("{{ {a: who} }}")y", R"y({"a":"ann"})y"},
      Row{R"y("{{ request.object.spec.list[?@=='a'] | [0] }}")y", R"y("a")y"},
      // In maps and lists, keys included.
      Row{R"y({"{{ who }}": ["{{ key }}", {x: "{{ truth }}"}]})y",
          R"y({"ann":["app",{"x":true}]})y"},
      Row{R"y({"a{{ who }}": 1, b: 2})y", R"y({"aann":1,"b":2})y"},
      // References: from their own place, or from the top.
      Row{R"y({a: "$(./../b)", b: x})y", R"y({"a":"x","b":"x"})y"},
      Row{R"y({a: "$(/b/c)", b: {c: x}})y", R"y({"a":"x","b":{"c":"x"}})y"},
      Row{R"y({a: "$(>/b)", b: "5"})y", R"y({"a":">5","b":"5"})y"},
      Row{R"y({a: "$(<=/b)", b: 5})y", R"y({"a":"<=5","b":5})y"},
      Row{R"y({a: '\$(/b)', b: x})y", R"y({"a":"$(/b)","b":"x"})y"},
      Row{R"y({a: "<$(/l/1)>", l: [p, q]})y", R"y({"a":"<q>","l":["p","q"]})y"},
      Row{R"y({a: "$(/b)", "(b)": x})y", R"y({"(b)":"x","a":"x"})y"},
  };
  for (const Row& row : kRows) {
    begin(kValues);
    EXPECT_EQ(put(row.text), row.json) << row.text;
  }
}

TEST_F(SubstitutionTest, WhatDoesNot) {
  struct Row {
    std::string_view text;
    std::string_view error;
  };
  constexpr std::array kRows = {
      Row{R"y("{{ missing }}")y", "Unknown key \"missing\""},
      Row{R"y("{{ request.object.missing }}")y", "Unknown key \"missing\""},
      Row{R"y("a{{ request.object.metadata.labels.other }}")y", "Unknown key \"other\""},
      Row{R"y("{{ }}")y", "invalid query"},
      Row{R"y("{{}}")y", "invalid query"},
      Row{R"y("{{ a b }}")y", "incorrect query"},
      Row{R"y("{{ ( }}")y", "incorrect query"},
      Row{R"y("{{ no_such_function(@) }}")y", "no_such_function"},
      Row{R"y("{{ length(who, who) }}")y", "at path"},
      Row{R"y({a: {b: ["x", "{{ ! }}"]}})y", "at path /a/b/1"},
      Row{R"y({"{{ request.object.spec.list }}": 1})y", "expected string after substituting"},
      Row{R"y({a: "$(/nowhere)"})y", "at path /a"},
      Row{R"y({a: "$(/b)", b: {c: 1}})y", "at path /a"},
      Row{R"y({a: "$(/b)", b: null})y", "at path /a"},
      Row{R"y({a: "$(>)"})y", "empty reference"},
      Row{R"y({a: "$(/l/2)", l: [x]})y", "at path /a"},
      Row{R"y({a: "$(/l/99999999999999999999)", l: [x]})y", "at path /a"},
      Row{R"y({a: "$(>/b)", b: true})y", "does not match"},
      Row{R"y("{{ random('[') }}")y", "at path"},

  };
  for (const Row& row : kRows) {
    begin(kValues);
    const std::string out = put(row.text);
    EXPECT_TRUE(out.starts_with("error: ")) << row.text << ": " << out;
    EXPECT_NE(out.find(row.error), std::string::npos) << row.text << ": " << out;
  }
}

// Upstream replaces the text of the expression (vars.go, substituteVars).
TEST_F(SubstitutionTest, DeletionsReadTheOldObject) {
  begin(R"({request: {operation: DELETE, oldObject: {metadata: {name: before}}}})");
  EXPECT_EQ(put(R"("{{ request.object.metadata.name }}")"), R"("before")");
  EXPECT_EQ(put(R"("{{ request.oldObject.metadata.name }}")"), R"("before")");
  EXPECT_EQ(put(R"("{{ 'request.object' }}")"), R"("request.oldObject")");
  begin(R"({request: {operation: UPDATE, oldObject: {metadata: {name: before}}}})");
  EXPECT_TRUE(put(R"("{{ request.object.metadata.name }}")").starts_with("error: "));
}

TEST_F(SubstitutionTest, TheOwnPlace) {
  begin(
      R"({request: {operation: CREATE, object: {metadata: {name: till}, spec: {l: [{x: 1}], "a-b": 2}}}})");
  EXPECT_EQ(put(R"({metadata: {name: "{{ @ }}-2"}})", "/mutate/patchStrategicMerge"),
            R"({"metadata":{"name":"till-2"}})");
  EXPECT_EQ(put(R"({spec: {l: [{x: "{{@}}"}]}})", "/mutate/patchStrategicMerge"),
            R"({"spec":{"l":[{"x":1}]}})");
  EXPECT_EQ(put(R"({spec: {"a-b": "{{@}}"}})", "/mutate/patchStrategicMerge"),
            R"({"spec":{"a-b":2}})");
  EXPECT_TRUE(put(R"({spec: {c: "{{@}}"}})", "/mutate/patchStrategicMerge").starts_with("error"));
  context_.replace(std::array<std::string_view, 1>{"target"},
                   bench_.node("{spec: {c: of target}}"));
  EXPECT_EQ(put(R"({spec: {c: "{{@}}"}})", "/mutate/patchStrategicMerge"),
            R"({"spec":{"c":"of target"}})");
}

TEST_F(SubstitutionTest, CyclesEnd) {
  begin(R"({a: "x{{ b }}", b: "y{{ a }}", self: "{{ self }} {{ self }}", whole: "{{ whole }}"})");
  EXPECT_NE(put(R"("<{{ a }}>")").find("still not resolved after 64 rounds"), std::string::npos);
  // Doubles with every round, until the text is too long.
  EXPECT_NE(put(R"("<{{ self }}>")").find("error: "), std::string::npos);
  // A text that is one variable as a whole is answered as it is.
  EXPECT_EQ(put(R"("{{ whole }}")"), R"("{{ whole }}")");
}

TEST_F(SubstitutionTest, ObjectsThatHoldThemselvesEnd) {
  begin(R"({o: {a: "{{ o }}", b: "{{ o }}", c: "{{ o }}"}})");
  EXPECT_TRUE(put(R"("{{ o }}")").starts_with("error: "));
  begin(R"({o: {a: "{{ o }}"}})");
  EXPECT_NE(put(R"("{{ o }}")").find("nested deeper than 256"), std::string::npos);
}

TEST_F(SubstitutionTest, Bombs) {
  begin(kValues);
  const auto text = [&](std::string_view written) {
    return put(document::Node::make_string(bench_.arena.copy(written), 0));
  };
  const auto times = [](std::string_view part, std::size_t count) {
    std::string out;
    for (std::size_t i = 0; i < count; ++i) {
      out += part;
    }
    return out;
  };
  EXPECT_EQ(text(times("{{", 500'000)).size(), 1'000'002U);
  EXPECT_EQ(text(times("\\{{", 300'000)).size(), 600'002U);
  EXPECT_EQ(text(times("$(", 500'000)).size(), 1'000'002U);
  // 10,000 variables one in the other: resolved from inside, as far as the rounds go.
  EXPECT_TRUE(text(times("{{ who.", 10'000) + times("}}", 10'000)).starts_with("error: "));
  EXPECT_TRUE(text(std::string(10'000, '{') + "who" + std::string(10'000, '}')).size() > 2);
  EXPECT_EQ(text(times("{{ who }}", 10'000)).size(), 30'002U);
  // Each variable writes the whole of a long text.
  begin("{}");
  const std::string long_text(100'000, 'x');
  context_.add(std::array<std::string_view, 1>{"long"},
               document::Node::make_string(bench_.arena.copy(long_text), 0));
  EXPECT_NE(text("-" + times("{{ long }}", 100)).find("more than 4194304 bytes"),
            std::string::npos);
  EXPECT_EQ(text("-" + times("{{ long }}", 41)).size(), 4'100'003U);
}

TEST_F(SubstitutionTest, TheTotalIsLimited) {
  begin("{}");
  const std::string long_text(1'000'000, 'x');
  context_.add(std::array<std::string_view, 1>{"long"},
               document::Node::make_string(bench_.arena.copy(long_text), 0));
  std::size_t written = 0;
  while (written < 1'000 && put(R"("-{{ long }}{{ long }}{{ long }}{{ long }}")").front() == '"') {
    ++written;
    if (written % 20 == 0) {
      context_.replace(std::array<std::string_view, 1>{"other"}, {});
    }
  }
  EXPECT_GT(written, 10U);
  EXPECT_LT(written, 1'000U);
  EXPECT_FALSE(context_.exhausted().empty());
  begin("{who: ann}");
  EXPECT_EQ(put(R"("{{ who }}")"), R"("ann")");
  EXPECT_TRUE(context_.exhausted().empty());
}

TEST_F(SubstitutionTest, ExpressionsMadeAtRunTimeAreLimited) {
  std::string list;
  for (int i = 0; i < 30'000; ++i) {
    list += "{{ '" + std::to_string(i) + "' }}";
  }
  begin("{}");
  EXPECT_NE(
      put(document::Node::make_string(bench_.arena.copy(list), 0)).find("too many expressions"),
      std::string::npos);
  EXPECT_FALSE(context_.exhausted().empty());
}

TEST_F(SubstitutionTest, DepthIsLimited) {
  begin("{who: ann}");
  const auto nested = [&](int depth) {
    document::Node node = document::Node::make_string("{{ who }}", 0);
    for (int i = 0; i < depth; ++i) {
      node = document::Node::make_array(bench_.arena, {&node, 1}, 0);
    }
    return node;
  };
  EXPECT_EQ(put(nested(256)).find("error"), std::string::npos);
  EXPECT_NE(put(nested(257)).find("nested deeper than 256"), std::string::npos);
  EXPECT_NE(put(nested(10'000)).find("nested deeper than 256"), std::string::npos);
  EXPECT_TRUE(has_variables(nested(10)));
}

}  // namespace
}  // namespace tally::kyverno::internal

#include "document/internal/libyaml_reader.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace tally::document {
namespace {

// A node as JSON with its position: `line:column` after every value and key that stands in the
// source.
void append(std::string& out, const Node& node, const Source& source, bool positions) {
  const auto place = [&](std::uint32_t offset) {
    const Position at = source.position(offset);
    return positions ? "@" + std::to_string(at.line) + ":" + std::to_string(at.column)
                     : std::string();
  };
  switch (node.kind()) {
    case NodeKind::Null:
      out += "null";
      break;
    case NodeKind::Bool:
      out += node.boolean() ? "true" : "false";
      break;
    case NodeKind::Number:
      out += node.text();
      break;
    case NodeKind::String:
      out += "'" + std::string(node.text()) + "'";
      break;
    case NodeKind::Array:
      out += '[';
      for (std::size_t i = 0; i < node.size(); ++i) {
        out += i > 0 ? ", " : "";
        append(out, node.items()[i], source, positions);
      }
      out += ']';
      break;
    case NodeKind::Object: {
      out += '{';
      bool first = true;
      for (const Member member : node.members()) {
        out += first ? "" : ", ";
        first = false;
        out += std::string(member.key) + place(member.key_offset) + ": ";
        append(out, member.value, source, positions);
      }
      out += '}';
      break;
    }
  }
  out += place(node.offset());
}

std::string read_text(const std::string& text, bool positions = false,
                      const ReadLimits& limits = {}) {
  const auto source = Source::from_text("t", text);
  Arena arena;
  std::vector<Document> documents;
  const Slice whole{.begin = 0,
                    .end = static_cast<std::uint32_t>(text.size()),
                    .format = Format::Yaml,
                    .ordinal = 1};
  const auto error = read_libyaml(*source, whole, arena, limits, documents);
  std::string out;
  for (const Document& document : documents) {
    out += out.empty() ? "" : " | ";
    append(out, document.root, *source, positions);
  }
  if (error) {
    out += out.empty() ? "" : " | ";
    out += "error: " + error->to_string();
  }
  return out;
}

struct Row {
  std::string text;
  std::string wanted;
};

TEST(LibyamlReader, Reads) {
  const Row rows[] = {
      {"", ""},
      {"# note\n", ""},
      {"---\n# note\n", ""},
      {"null", "null"},
      {"''", "''"},
      {"!!str", "''"},
      {"&x", "null"},
      {"--- text\n", "'text'"},
      {"--- {a: 1}\n", "{a: 1}"},
      {"a: 1\n--- b\n", "{a: 1} | 'b'"},
      {"a: 1\n...\nb: 2\n",
       "{a: 1} | error: line 3, column 1: found text after the end of the document; `---` on a "
       "line of its own is expected between documents"},
      {"%YAML 1.1\n--- a\n", "'a'"},
      {"%TAG ! tag:yaml.org,2002:\n--- !str 1\n", "'1'"},
      {"a: [1, two, {b: ~}]\n", "{a: [1, 'two', {b: null}]}"},
      {"a:\n- b\n-\n", "{a: ['b', null]}"},
      {"? a\n", "{a: null}"},
      {"80: a\n0x50: b\n",
       "error: line 2, column 1: the key \"80\" stands twice in one map: on line 1 with \"a\", on "
       "line 2 with \"b\""},
      {"yes: a\n1.5: b\n", "{true: 'a', 1.5: 'b'}"},
      {"a: |\n  b", "{a: 'b\n'}"},
      {"a: \"\\x41\\n\"\n", "{a: 'A\n'}"},
      {"a: &x {b: 1}\nc: *x\n", "{a: {b: 1}, c: {b: 1}}"},
      {"&x a: *x\n", "{a: 'a'}"},
      {"- &x a\n- &x b\n- *x\n", "['a', 'b', 'b']"},
      {"- &x 1.5\n- {*x : z}\n", "[1.5, {1.5: 'z'}]"},
      // Merge keys, in go-yaml's order.
      {"<<: {a: 1, b: 2}\na: 3\n", "{a: 3, b: 2}"},
      {"a: 3\n<<: {a: 1, b: 2}\n", "{a: 1, b: 2}"},
      {"<<: [{a: 1}, {a: 2, b: 3}]\n", "{a: 1, b: 3}"},
      {"<<: {a: 1}\n<<: {b: 2}\n", "{a: 1, b: 2}"},
      {"\"<<\": {a: 1}\n", "{<<: {a: 1}}"},
      {"<<: []\n", "{}"},
      {"<<: {<<: {a: 1}}\n", "{a: 1}"},
      {"x: &x {a: 1}\ny:\n  <<: *x\n  b: 2\n", "{x: {a: 1}, true: {a: 1, b: 2}}"},
      {"!!binary '' : a\n", "{: 'a'}"},
      {"!!binary aGk=", "'hi'"},
      {"!!set {a}\n", "{a: null}"},
      {"!mine 12", "'12'"},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(read_text(row.text), row.wanted) << row.text;
  }
}

TEST(LibyamlReader, RefusesWithPlaceAndCause) {
  const Row rows[] = {
      {"a: 1\nb: 2\na: 3\n",
       "line 3, column 1: the key \"a\" stands twice in one map: on line 1 with 1, on line 3 "
       "with 3"},
      {"a: [1]\n'a': {b: c}\n",
       "line 2, column 1: the key \"a\" stands twice in one map: on line 1 with a list of 1, on "
       "line 2 with a map of 1"},
      {"x:\n  dbPassword: hunter1\n  dbPassword: hunter2\n",
       "line 3, column 3: the key \"dbPassword\" stands twice in one map: on line 2 and on line 3"},
      {"{a: 1, a: 2}\n",
       "line 1, column 8: the key \"a\" stands twice in one map: on line 1 with 1, on line 1 with "
       "2"},
      {"a: 1\n<<: {b: 1}\na: 2\n",
       "line 3, column 1: the key \"a\" stands twice in one map: on line 1 with 1, on line 3 with "
       "2"},
      {"a: *x\n", "line 1, column 4: the alias *x has no anchor &x before it"},
      {"a: &x [*x]\n",
       "line 1, column 8: the alias *x stands inside its own anchor: it would contain itself"},
      {"a: &x {b: {c: *x}}\n",
       "line 1, column 15: the alias *x stands inside its own anchor: it would contain itself"},
      {"x: &x\n  <<: *x\n",
       "line 2, column 7: the alias *x stands inside its own anchor: it would contain itself"},
      {"&x .inf: 1\nb: *x\n", "line 2, column 4: found the number `.inf`, which JSON cannot say"},
      {"<<: 1\n",
       "line 1, column 1: found a number under the merge key `<<`; a map or a list of maps is "
       "expected"},
      {"<<: [1]\n",
       "line 1, column 1: found a list under the merge key `<<`; a map or a list of maps is "
       "expected"},
      {"x: &x [{a: 1}]\ny: {<<: *x}\n",
       "line 2, column 5: found a list under the merge key `<<`; a map or a list of maps is "
       "expected"},
      {"? [a]\n: b\n", "line 1, column 3: found a list as a key; a key must be text"},
      {"{{ .Values.x }}: b\n", "line 1, column 1: found a map as a key; a key must be text"},
      {"~: a\n", "line 1, column 1: found null as a key; a key must be text"},
      {"18446744073709551615: a\n",
       "line 1, column 1: found the integer 18446744073709551615 as a key, which is out of range"},
      {"- &x [a]\n- {*x : b}\n", "line 2, column 4: found a list as a key; a key must be text"},
      {"a: .nan\n", "line 1, column 4: found the number `.nan`, which JSON cannot say"},
      {"a: !!int x\n", "line 1, column 10: found the text `x` with the tag !!int"},
      {"a: !!binary '!'\n", "line 1, column 13: found a !!binary value that is not valid base64"},
      {"a:\n\t- b\n",
       "line 2, column 1: found a tab in the indentation; YAML is indented with spaces"},
      {"a:\n  b: c\n  \td: e\n",
       "line 3, column 3: found a tab in the indentation; YAML is indented with spaces"},
      {"a: b: c\n", "line 1, column 5: found `:` where no key can stand"},
      {"a: b\n  c: d\n", "line 2, column 4: found `:` where no key can stand"},
      {"a: 1\nb\nc: 2\n", "line 2, column 1: found text where `key: value` is expected"},
      {"a:\n  b: c\n d: e\n",
       "line 3, column 2: this does not belong to the map that begins on line 1: a key with the "
       "same indentation is expected"},
      {"a: [b, c\nd: e\n",
       "line 2, column 2: the list in brackets that begins on line 1 goes on without `,` or `]`"},
      {"a: {b, c\nd: e\n",
       "line 2, column 2: the map in braces that begins on line 1 goes on without `,` or `}`"},
      {"a: 'b\nc: d\n", "line 1, column 4: the quoted text that begins here is never closed"},
      {"a: \"\\q\"\n", "line 1, column 5: found an escape sequence that YAML does not know"},
      {"a: \"\\ud800\"\n",
       "line 1, column 7: found an escape sequence that names no Unicode character"},
      {"a: @b\n", "line 1, column 4: text cannot begin with `@`"},
      {"a: `b`\n", "line 1, column 4: text cannot begin with ```"},
      {"a: *.example.com\n", "line 1, column 4: found `*`, which begins an alias, without a name"},
      {"a: - b\n", "line 1, column 4: found `- ` where no list item can stand"},
      {"a: |x\n  b\n", "line 1, column 5: found text behind the mark of a block text"},
      {"a: \x01\n", "line 1, column 4: found a control character"},
      {"a: !x!y z\n", "line 1, column 4: found a tag whose prefix is not declared"},
      {"%YAML 1.1\n",
       "line 2, column 1: found text after the end of the document; `---` on a line of its own is "
       "expected between documents"},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(read_text(row.text), "error: " + row.wanted) << row.text;
  }
}

TEST(LibyamlReader, KeepsDocumentsBeforeTheError) {
  EXPECT_EQ(read_text("a: 1\n--- b\n--- [\n"),
            "{a: 1} | 'b' | error: line 4, column 1: a value is expected here");
}

TEST(LibyamlReader, KnowsEveryPlace) {
  const Row rows[] = {
      {"a: b\n", "{a@1:1: 'b'@1:4}@1:1"},
      {"a:\n  - b\n  -\n", "{a@1:1: ['b'@2:5, null@3:4]@2:3}@1:1"},
      {"a:\nb: ''\n", "{a@1:1: null@1:3, b@2:1: ''@2:4}@1:1"},
      {"\xC3\xA9: \xC3\xBC\nb: [\xE2\x82\xAC, c]\n",
       "{\xC3\xA9@1:1: '\xC3\xBC'@1:4, b@2:1: ['\xE2\x82\xAC'@2:5, 'c'@2:8]@2:4}@1:1"},
      {"a: b\r\nc: |\r\n  d\r\ne: f\r\n", "{a@1:1: 'b'@1:4, c@2:1: 'd\n'@2:4, e@4:1: 'f'@4:4}@1:1"},
      {"a: &x !!str b\nc: *x\n", "{a@1:1: 'b'@1:13, c@2:1: 'b'@1:13}@1:1"},
      {"a: &x # note\n  b: c\n", "{a@1:1: {b@2:3: 'c'@2:6}@2:3}@1:1"},
      {"a: !!map &x\n  &k b: c\n", "{a@1:1: {b@2:6: 'c'@2:9}@2:3}@1:1"},
      {"a: &x\nb: !!null\n", "{a@1:1: null@1:6, b@2:1: null@2:10}@1:1"},
      {"! a: ! b\n", "{a@1:3: 'b'@1:8}@1:1"},
      {"\"a\": \"b\"\n", "{a@1:2: 'b'@1:6}@1:1"},
      {"\"\\x61\": b\n",
       "{a@1:9: 'b'@1:9}@1:1"},  // a key that is not spelt so: the place of its value
      {"# \xE2\x82\xAC\n- a\n", "['a'@2:3]@2:1"},
      {"a:\n  <<: {b: c}\n", "{a@1:1: {b@2:8: 'c'@2:11}@2:3}@1:1"},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(read_text(row.text, true), row.wanted) << row.text;
  }
}

TEST(LibyamlReader, PointsIntoTheSource) {
  const auto source = Source::from_text(
      "t", "a: plain\nb: 'quoted'\nc: \"double\"\nd: 80\ne: \"esc\\n\"\nf: one\n  two\n");
  Arena arena;
  std::vector<Document> documents;
  const Slice whole{.begin = 0,
                    .end = static_cast<std::uint32_t>(source->text().size()),
                    .format = Format::Yaml,
                    .ordinal = 1};
  ASSERT_FALSE(read_libyaml(*source, whole, arena, {}, documents));
  const char* begin = source->text().data();
  const char* end = begin + source->text().size();
  for (const Member member : documents.front().root.members()) {
    const char* at = member.value.text().data();
    EXPECT_EQ(at >= begin && at < end, member.key != "e" && member.key != "f") << member.key;
  }
}

std::string repeat(std::string_view text, std::size_t count) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) {
    out += text;
  }
  return out;
}

TEST(LibyamlReader, LimitsDepth) {
  const ReadLimits limits{.depth = 5, .nodes = 100, .alias_nodes = 10};
  const std::string deep =
      "error: line 1, column 6: lists and maps are nested deeper than 5 levels";
  EXPECT_EQ(read_text("[[[[[1]]]]]", false, limits), "[[[[[1]]]]]");
  EXPECT_EQ(read_text("[[[[[[1]]]]]]", false, limits), deep);
  EXPECT_EQ(read_text("[[[[[{", false, limits), deep);
  EXPECT_EQ(read_text("[&x [[1]], [[*x]]]", false, limits), "[[[1]], [[[[1]]]]]");

  EXPECT_EQ(read_text("[&x [[1]], [[[*x]]]]", false, limits),
            "error: line 1, column 15: lists and maps are nested deeper than 5 levels");
}

TEST(LibyamlReader, LimitsNodes) {
  const ReadLimits limits{.depth = 5, .nodes = 4, .alias_nodes = 10};
  EXPECT_EQ(read_text("[1, 2, 3]", false, limits), "[1, 2, 3]");
  EXPECT_EQ(read_text("[1, 2, 3, 4]", false, limits),
            "error: line 1, column 11: the document has more than 4 values");
  EXPECT_EQ(read_text("[&x 1, *x, *x]", false, limits), "[1, 1, 1]");
  EXPECT_EQ(read_text("[&x 1, *x, *x, *x]", false, limits),
            "error: line 1, column 16: the document has more than 4 values");
}

// Level 51 costs one unit for each value, level 52 two; the brackets themselves count where they
// open.
TEST(LibyamlReader, LimitsWorkInDeepFlowCollections) {
  const ReadLimits limits{.flow_work = 12};
  struct WorkRow {
    const char* name;
    std::size_t levels;
    std::size_t values;
    bool refused;
  };
  const WorkRow rows[] = {
      {"50 levels are free", 50, 1000, false},
      {"51, at the limit", 51, 12, false},
      {"51, above", 51, 13, true},
      {"53, at the limit", 53, 3, false},
      {"53, above", 53, 4, true},
  };
  for (const WorkRow& row : rows) {
    const std::string text =
        repeat("[", row.levels) + "&a 1" + repeat(", 1", row.values - 1) + repeat("]", row.levels);
    const std::string result = read_text(text, false, limits);
    EXPECT_EQ(result.starts_with("error: line 1, column "), row.refused) << row.name;
    EXPECT_EQ(result.contains("found too many values in flow collections that are nested deeper "
                              "than 50 levels"),
              row.refused)
        << row.name << ": " << result.substr(0, 200);
  }
  // Block levels and closed flow levels cost nothing.
  EXPECT_FALSE(
      read_text(repeat("- ", 100) + "&a [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]", false, limits)
          .contains("error"));
  EXPECT_FALSE(read_text("[" + repeat(repeat("[", 49) + "&a 1" + repeat("]", 49) + ", ", 20) + "1]",
                         false, limits)
                   .contains("error"));
}

TEST(LibyamlReader, LimitsAliases) {
  const ReadLimits limits{.depth = 9, .nodes = 100, .alias_nodes = 6};
  EXPECT_EQ(read_text("[&x [1, 2], *x, *x]", false, limits), "[[1, 2], [1, 2], [1, 2]]");
  EXPECT_EQ(read_text("[&x [1, 2], *x, *x, *x]", false, limits),
            "error: line 1, column 21: aliases and merge keys expand to more than 6 values");
  EXPECT_EQ(read_text("{<<: {a: 1, b: 2, c: 3, d: 4, e: 5, f: 6}}", false, limits),
            "{a: 1, b: 2, c: 3, d: 4, e: 5, f: 6}");
  EXPECT_EQ(read_text("{<<: {a: 1, b: 2, c: 3, d: 4, e: 5, f: 6, g: 7}}", false, limits),
            "error: line 1, column 2: aliases and merge keys expand to more than 6 values");
}

// Each of these took seconds or minutes with a reader that has no guard; a second is far above what
// they need, sanitizers included.
TEST(LibyamlReader, EndsSoonOnHostileText) {
  std::string laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 30; ++i) {
    const std::string before = "*a" + std::to_string(i - 1);
    laughs += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + before +
              repeat(", " + before, 8) + "]\n";
  }
  std::string merges = "a0: &a0 {k: v}\n";
  for (int i = 1; i < 60; ++i) {
    const std::string before = "*a" + std::to_string(i - 1);
    const std::string name = "a" + std::to_string(i);
    merges.append(name).append(": &").append(name).append(" {x: ").append(before);
    merges.append(", <<: ").append(before).append("}\n");
  }
  std::string keys;
  for (int i = 0; i < 100000; ++i) {
    keys += "k" + std::to_string(i) + ": v\n";
  }
  keys += "k5: w\n";
  const Row rows[] = {
      {repeat("[", 40000), "nested deeper than 500"},
      {repeat("[", 1000000), "nested deeper than 500"},
      {repeat("{a: ", 100000), "nested deeper than 500"},
      {repeat("[\n", 100000), "nested deeper than 500"},
      {repeat("- ", 100000), "nested deeper than 500"},
      {repeat("? ", 100000), "found a map as a key"},
      {repeat("%TAG !a! b\n", 100000), "more than 64 %TAG directives"},
      {laughs, "aliases and merge keys expand to more than 1000000 values"},
      {merges, "aliases and merge keys expand to more than 1000000 values"},
      {keys,
       "the key \"k5\" stands twice in one map: on line 6 with \"v\", on line 100001 with \"w\""},
      {repeat("&a ", 100000), "error"},
      {repeat("!", 100000), ""},
      {"'" + repeat("a\n", 100000), "never closed"},
      {repeat("[", 499) + "&a 1" + repeat(", 1", 700000) + repeat("]", 499),
       "found too many values in flow collections"},
      {repeat("{a: ", 499) + "&a [1" + repeat(", 1", 700000) + "]" + repeat("}", 499),
       "found too many values in flow collections"},
      {"[&a 1" + repeat(", " + repeat("[", 498) + repeat("]", 498), 2000) + "]",
       "found too many values in flow collections"},
  };
  for (const Row& row : rows) {
    const auto begin = std::chrono::steady_clock::now();
    const std::string result = read_text(row.text);
    const auto took = std::chrono::steady_clock::now() - begin;
    EXPECT_TRUE(result.contains(row.wanted))
        << row.text.substr(0, 40) << ": " << result.substr(0, 200);
    EXPECT_LT(std::chrono::duration<double>(took).count(), 1.0) << row.text.substr(0, 40);
    RecordProperty(row.text.substr(0, 10),
                   std::to_string(std::chrono::duration<double>(took).count()));
  }
}

}  // namespace
}  // namespace tally::document

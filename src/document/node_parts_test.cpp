#include "document/node_parts.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>

#include "document/json_writer.hpp"
#include "document/read_json.hpp"

namespace tally::document {
namespace {

Result<Node> read(Arena& arena, std::string_view text) {
  static std::vector<std::shared_ptr<const Source>> sources;
  sources.push_back(Source::from_text("test.json", text));
  return read_one_json(*sources.back(), arena);
}

TEST(NodeParts, TakenApartAndPutTogether) {
  const std::string long_key(70'000, 'k');
  for (const std::string& text :
       {std::string("null"), std::string("true"), std::string("false"), std::string("-1.50e3"),
        std::string("\"text\""), std::string("\"\""), std::string("[]"), std::string("{}"),
        std::string(R"([1,[true],"x"])"), std::string(R"({"a":1,"bc":{"d":null},"":[false]})"),
        std::string(R"({"esc\u0061ped":1,"b":2})"), "{\"" + long_key + "\":1,\"b\":2}"}) {
    Arena arena;
    const auto node = read(arena, text);
    ASSERT_TRUE(node) << text;
    const Node again = NodeParts::of(*node).node();
    EXPECT_EQ(again.kind(), node->kind()) << text;
    EXPECT_EQ(again.offset(), 0U) << text;
    EXPECT_TRUE(equal(again, *node)) << text;
    std::string before;
    std::string after;
    append_json(before, *node);
    append_json(after, again);
    EXPECT_EQ(after, before);
  }
}

TEST(NodeParts, Parts) {
  const Name known{"knownToNodeParts"};
  Arena arena;
  const auto node = read(arena, R"({"b":true,"knownToNodeParts":"text"})");
  ASSERT_TRUE(node);
  const NodeParts boolean = NodeParts::of(node->items()[0]);
  EXPECT_EQ(boolean.kind, NodeKind::Bool);
  EXPECT_TRUE(boolean.boolean);
  EXPECT_EQ(boolean.key, kNoSymbol);
  const NodeParts text = NodeParts::of(node->items()[1]);
  EXPECT_EQ(text.kind, NodeKind::String);
  EXPECT_EQ(text.size, 4U);
  EXPECT_EQ(text.pointer, node->items()[1].text().data());
  EXPECT_EQ(text.key, known.symbol());
  EXPECT_FALSE(NodeParts::of(*node).long_keys);
  // Keys of copied nodes are not looked for in a source.
  EXPECT_EQ(NodeParts::of(*node).node().key_offset(1), node->items()[1].offset());
}

struct JsonRow {
  std::string text;
  std::string error;  // empty: it is read
};

TEST(ReadOneJson, JsonAndNothingElse) {
  for (const JsonRow& row : {
           JsonRow{" {\"a\": 1}\n", ""},
           JsonRow{"[]", ""},
           JsonRow{"a: 1", "a.json:1:1: found `a`"},
           JsonRow{"{a: 1}", "a.json:1:2: found `a`"},
           JsonRow{"", "a.json:1:1: found the end"},
           JsonRow{"{} {}", "a.json:1:4: found more text behind the JSON value"},
           JsonRow{"{}\n---\n{}", "a.json:2:1: found more text behind the JSON value"},
           JsonRow{"# {}", "a.json:1:1: found `#`"},
           JsonRow{"{\"a\":1,\"a\":2}", "a.json:1:8: "},
       }) {
    Arena arena;
    const auto source = Source::from_text("a.json", row.text);
    const auto node = read_one_json(*source, arena);
    EXPECT_EQ(node.has_value(), row.error.empty()) << row.text;
    if (!node) {
      EXPECT_TRUE(node.error().to_string().starts_with(row.error))
          << row.text << ": " << node.error().to_string();
    }
  }
}

}  // namespace
}  // namespace tally::document

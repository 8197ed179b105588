#include "document/json_writer.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "document/internal/json_reader.hpp"
#include "document/source.hpp"

namespace tally::document {
namespace {

struct Read {
  std::shared_ptr<const Source> source;
  Arena arena;
  Node root;

  explicit Read(std::string_view text) : source(Source::from_text("json", text)) {
    const auto value =
        read_json(source->text(), 0, static_cast<std::uint32_t>(text.size()), arena, {});
    EXPECT_TRUE(value) << text << ": " << value.error().to_string();
    root = value ? value->root : Node{};
  }
};

std::string compact(std::string_view text) {
  const Read read(text);
  std::string out;
  append_json(out, read.root);
  return out;
}

std::string canonical(std::string_view text) {
  const Read read(text);
  std::string out;
  append_canonical_json(out, read.root);
  return out;
}

TEST(JsonString, Escapes) {
  struct Row {
    std::string_view text;
    std::string_view json;
  };
  constexpr Row kRows[] = {
      {"", "\"\""},
      {"plain", "\"plain\""},
      {"sixteen bytes and more, plain", "\"sixteen bytes and more, plain\""},
      {"a \"quote\" and a \\", "\"a \\\"quote\\\" and a \\\\\""},
      {"sixteen bytes b4\n", "\"sixteen bytes b4\\n\""},
      {"\b\f\n\r\t", "\"\\b\\f\\n\\r\\t\""},
      {std::string_view{"\0\x01\x1F", 3}, "\"\\u0000\\u0001\\u001f\""},
      {"\x7F/<>&'", "\"\x7F/<>&'\""},
      {"\xE2\x80\xA8\xE2\x80\xA9", "\"\xE2\x80\xA8\xE2\x80\xA9\""},
      {"\xC3\xA9\xF0\x9F\x98\x80", "\"\xC3\xA9\xF0\x9F\x98\x80\""},
      {"a\xFFz", "\"a\xEF\xBF\xBDz\""},
      {"\xC0\x80", "\"\xEF\xBF\xBD\xEF\xBF\xBD\""},
      {"\xED\xA0\x80", "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\""},
      {"cut \xE2\x82", "\"cut \xEF\xBF\xBD\xEF\xBF\xBD\""},
      {"\"\xFF\"", "\"\\\"\xEF\xBF\xBD\\\"\""},
  };
  for (const Row& row : kRows) {
    std::string out = ">";
    append_json_string(out, row.text);
    EXPECT_EQ(out, ">" + std::string(row.json)) << testing::PrintToString(row.text);
  }
}

TEST(JsonString, EscapeAtEveryPlace) {
  for (std::size_t size = 1; size < 40; ++size) {
    for (std::size_t at = 0; at < size; ++at) {
      std::string text(size, 'x');
      text[at] = '"';
      std::string expected(size, 'x');
      expected.replace(at, 1, "\\\"");
      std::string out;
      append_json_string(out, text);
      EXPECT_EQ(out, "\"" + expected + "\"");
    }
  }
}

TEST(JsonWriter, KeepsOrderAndNumbers) {
  EXPECT_EQ(
      compact(R"( { "b" : [ 1 , 1.50 , -0, 1e400, 123456789012345678901234 ] , "a" : null } )"),
      R"({"b":[1,1.50,-0,1e400,123456789012345678901234],"a":null})");
  EXPECT_EQ(compact("[]"), "[]");
  EXPECT_EQ(compact("{}"), "{}");
  EXPECT_EQ(compact(R"([true,false,"a\u00e9\n",{"k":{}}])"),
            "[true,false,\"a\xC3\xA9\\n\",{\"k\":{}}]");
  EXPECT_EQ(compact("7"), "7");
}

// RFC 8785, appendix B, and ECMA-262's boundaries.
TEST(CanonicalJson, Numbers) {
  struct Row {
    std::string_view text;
    std::string_view expected;
  };
  constexpr Row kRows[] = {
      {"0", "0"},
      {"-0", "0"},
      {"-0.0e5", "0"},
      {"1", "1"},
      {"1.0", "1"},
      {"10", "10"},
      {"-1.50", "-1.5"},
      {"4.50", "4.5"},
      {"2e-3", "0.002"},
      {"1E30", "1e+30"},
      {"333333333.33333329", "333333333.3333333"},
      {"0.000000000000000000000000001", "1e-27"},
      {"5e-324", "5e-324"},
      {"1.7976931348623157e308", "1.7976931348623157e+308"},
      {"9007199254740992", "9007199254740992"},
      {"9007199254740993", "9007199254740992"},
      {"295147905179352830000", "295147905179352830000"},
      {"999999999999999999999", "1e+21"},
      {"99999999999999990000", "99999999999999980000"},
      {"100000000000000000000", "100000000000000000000"},
      {"1e21", "1e+21"},
      {"9.999999999999997e22", "9.999999999999997e+22"},
      {"0.000001", "0.000001"},
      {"0.0000001", "1e-7"},
      {"1.5e-7", "1.5e-7"},
      {"1.5e-10", "1.5e-10"},
      {"1e-9", "1e-9"},
      {"1e9", "1000000000"},
      {"123456.789e3", "123456789"},
      {"1e-400", "0"},
      {"1e400", "1e400"},
      {"-1e400", "-1e400"},
  };
  for (const Row& row : kRows) {
    EXPECT_EQ(canonical(row.text), row.expected) << row.text;
  }
}

TEST(CanonicalJson, SortsByUtf16) {
  EXPECT_EQ(canonical(R"({"b":{"z":1,"y":2},"a":[{"d":1,"c":2}],"":0,"aa":3})"),
            R"({"":0,"a":[{"c":2,"d":1}],"aa":3,"b":{"y":2,"z":1}})");
  // RFC 8785 section 3.2.3: carriage return, 1, U+0080, o umlaut, euro, smiley, U+FB33.
  EXPECT_EQ(
      canonical("{\"\xE2\x82\xAC\":1,\"\\r\":2,\"\xEF\xAC\xB3\":3,\"1\":4,\"\xF0\x9F\x98\x80\":5,"
                "\"\xC2\x80\":6,\"\xC3\xB6\":7}"),
      "{\"\\r\":2,\"1\":4,\"\xC2\x80\":6,\"\xC3\xB6\":7,\"\xE2\x82\xAC\":1,\"\xF0\x9F\x98\x80\":5,"
      "\"\xEF\xAC\xB3\":3}");
}

TEST(JsonWriter, DeepNestingNeedsNoStack) {
  constexpr std::size_t kDepth = 200'000;
  const std::string text = std::string(kDepth, '[') + std::string(kDepth, ']');
  const auto source = Source::from_text("deep", text);
  Arena arena;
  ReadLimits limits;
  limits.depth = kDepth;
  const auto value =
      read_json(source->text(), 0, static_cast<std::uint32_t>(text.size()), arena, limits);
  ASSERT_TRUE(value);
  std::string out;
  append_json(out, value->root);
  EXPECT_EQ(out, text);
}

}  // namespace
}  // namespace tally::document

// Tables for what the reader says; simdjson as the oracle of what it accepts and of every value,
// over the corpus and over mutated texts.
#include "document/internal/json_reader.hpp"

#include <gtest/gtest.h>
#include <simdjson.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <random>
#include <string>
#include <string_view>

#include "document/source.hpp"

namespace tally::document {
namespace {

Result<JsonValue> read_text(const Source& source, Arena& arena, const ReadLimits& limits = {}) {
  return read_json(source.text(), 0, static_cast<std::uint32_t>(source.text().size()), arena,
                   limits);
}

std::string error_of(std::string_view text, const ReadLimits& limits = {}) {
  const auto source = Source::from_text("json", text);
  Arena arena;
  const auto value = read_text(*source, arena, limits);
  if (value) {
    return "accepted";
  }
  const Error& error = value.error();
  return std::to_string(error.at.line) + ":" + std::to_string(error.at.column) + ": " +
         error.message + "|" + error.hint;
}

TEST(JsonReader, Errors) {
  struct Row {
    std::string_view text;
    std::string_view error;
  };
  const Row rows[] = {
      {"", "1:1: found the end of the text, expected a JSON value|"},
      {"  \n ", "2:2: found the end of the text, expected a JSON value|"},
      {"{", "1:2: found the end of the text, expected a key in double quotes or `}`|"},
      {"[", "1:2: found the end of the text, expected a JSON value|"},
      {"[1", "1:3: found the end of the text, expected `,` or `]`|"},
      {"{\"a\":1", "1:7: found the end of the text, expected `,` or `}`|"},
      {"{\"a\"", "1:5: found the end of the text, expected `:` behind a key|"},
      {"{\"a\":", "1:6: found the end of the text, expected a JSON value|"},
      {"{\"a\":}", "1:6: found `}`, expected a JSON value|"},
      {"{\"a\" 1}", "1:6: found `1`, expected `:` behind a key|"},
      {"{\n \"a\": 1,\n}",
       "3:1: found `}`, expected a key in double quotes|JSON allows no comma before a closing "
       "bracket"},
      {"[1, ]",
       "1:5: found `]`, expected a JSON value|JSON allows no comma before a closing bracket"},
      {"[1 2]", "1:4: found `2`, expected `,` or `]` behind an item|"},
      {"[1}", "1:3: found `}`, expected `,` or `]` behind an item|"},
      {"{\"a\":1 \"b\":2}", "1:8: found `\"`, expected `,` or `}` behind a member|"},
      {"{a: 1}", "1:2: found `a`, expected a key in double quotes or `}`|"},
      {"{'a': 1}",
       "1:2: found `'`, expected a key in double quotes or `}`|JSON puts texts into double quotes"},
      {"[// why\n1]", "1:2: found `/`, expected a JSON value|JSON has no comments"},
      {"[True]", "1:2: found `True`, expected a JSON value|JSON writes true, false and null"},
      {"[truex]", "1:2: found `truex`, expected a JSON value|"},
      {"[NaN]", "1:2: found `NaN`, expected a JSON value|"},
      {"[01]", "1:2: found `01`, expected a number without leading zeros|"},
      {"[-]", "1:2: found `-`, expected a number|"},
      {"[-a]", "1:2: found `-a`, expected a number|"},
      {"[+1]", "1:2: found `+1`, expected a JSON value|"},
      {"[.5]", "1:2: found `.5`, expected a JSON value|"},
      {"[1.]", "1:2: found `1.`, expected a digit behind the decimal point|"},
      {"[1e]", "1:2: found `1e`, expected a digit in the exponent|"},
      {"[1e+]", "1:2: found `1e+`, expected a digit in the exponent|"},
      {"[0x1]", "1:2: found `0x1`, expected a number|"},
      {"[1_000]", "1:2: found `1_000`, expected a number|"},
      {"1true", "1:1: found `1true`, expected a number|"},
      {"[\"a]", "1:2: found a text without its closing quote, expected `\"`|"},
      {"[\"a\nb\"]",
       "1:4: found the control character U+000A inside a text|a closing quote may be missing; a "
       "line "
       "break in a text is \\n"},
      {"[\"a\tb\"]", "1:4: found the control character U+0009 inside a text|"},
      {"[\"\\x41\"]", "1:3: found the escape `\\` before `x41`, which JSON does not have|"},
      {"[\"\\u12g4\"]", "1:3: found a `\\u` without four hexadecimal digits behind it|"},
      {"[\"\\", "1:3: found the escape `\\` before the end of the text, which JSON does not have|"},
      {"[\"\xC3\xA9\xFF\"]", "1:4: found a byte that is not UTF-8 inside a text|"},
      {"[\"\\n\xC0\x80\"]", "1:5: found a byte that is not UTF-8 inside a text|"},
      {"[\"0123456789abcdef\xFF\"]", "1:19: found a byte that is not UTF-8 inside a text|"},
      {"\xEF\xBB\xBF{}", "1:1: found `\xEF\xBB\xBF{}`, expected a JSON value|"},
      {"{\"a\":1,\n\"b\":2,\n\"a\":\"x\"}",
       "3:1: the key \"a\" stands twice in one map: on line 1 with 1, on line 3 with \"x\"|"},
      {"{\"a\":{\"b\":1,\"\\u0062\":[]}}",
       "1:13: the key \"b\" stands twice in one map: on line 1 with 1, on line 1 with a list of "
       "0|"},
  };
  for (const Row& row : rows) {
    if (row.text.starts_with("\xEF")) {
      EXPECT_NE(error_of(row.text), "accepted");
      continue;
    }
    EXPECT_EQ(error_of(row.text), row.error) << testing::PrintToString(row.text);
  }
}

TEST(JsonReader, Limits) {
  ReadLimits limits;
  limits.depth = 3;
  EXPECT_EQ(error_of("[[[1]]]", limits), "accepted");
  EXPECT_EQ(error_of("[[[[]]]]", limits), "1:4: lists and maps are nested deeper than 3 levels|");
  limits = {};
  limits.nodes = 3;
  EXPECT_EQ(error_of("[1,2]", limits), "accepted");
  EXPECT_EQ(error_of("[1,2,3]", limits), "1:6: the document has more than 3 values|");
}

TEST(JsonReader, WideMaps) {
  std::string text = "{";
  for (int i = 0; i < 5000; ++i) {
    text += "\"key-" + std::to_string(i) + (i % 7 == 0 ? "\\u0041\":1," : "A\":1,");
  }
  EXPECT_EQ(error_of(text + "\"z\":1}"), "accepted");
  EXPECT_NE(error_of(text + "\"key-4321A\":1}"), "accepted");
}

TEST(JsonReader, ValuesAndPlaces) {
  const auto source =
      Source::from_text("json",
                        " {\"a\" : [1.50, -0, 1e400, 12345678901234567890123],\n\"b\\u0062\": "
                        "\"x\\ty\", \"c\": {}} tail");
  Arena arena;
  const auto value = read_text(*source, arena);
  ASSERT_TRUE(value);
  const Node& root = value->root;
  EXPECT_EQ(source->text().substr(value->end), " tail");
  EXPECT_EQ(root.offset(), 1U);
  ASSERT_EQ(root.size(), 3U);
  const Node* numbers = root.find("a");
  ASSERT_NE(numbers, nullptr);
  EXPECT_EQ(numbers->offset(), 8U);
  EXPECT_EQ(numbers->items()[0].text(), "1.50");
  EXPECT_EQ(numbers->items()[1].text(), "-0");
  EXPECT_EQ(numbers->items()[2].text(), "1e400");
  EXPECT_EQ(numbers->items()[3].text(), "12345678901234567890123");
  EXPECT_EQ(root.key(1), "bb");
  EXPECT_EQ(root.items()[1].text(), "x\ty");
  EXPECT_EQ(root.key(2), "c");
  EXPECT_TRUE(root.items()[2].is_object());

  const auto plain = Source::from_text("json", "{\"a\":{\"key\":null}}");
  const auto inner = read_text(*plain, arena);
  ASSERT_TRUE(inner);
  EXPECT_EQ(inner->root.items()[0].key_offset(0), 7U) << "behind the quote";
  EXPECT_EQ(inner->root.items()[0].items()[0].offset(), 12U);
}

TEST(JsonReader, Escapes) {
  struct Row {
    std::string_view json;
    std::string_view text;
  };
  constexpr Row kRows[] = {
      {R"("\"\\\/\b\f\n\r\t")", "\"\\/\b\f\n\r\t"},
      {R"("\u0041\u00e9\u20AC")", "A\xC3\xA9\xE2\x82\xAC"},
      {R"("\ud83d\ude00")", "\xF0\x9F\x98\x80"},
      {R"("\ud83d")", "\xEF\xBF\xBD"},
      {R"("\ud83dx")", "\xEF\xBF\xBDx"},
      {R"("\ud83d\n")", "\xEF\xBF\xBD\n"},
      {R"("\ud83d\u0041")",
       "\xEF\xBF\xBD"
       "A"},
      {R"("\ud83d\ud83d\ude00")", "\xEF\xBF\xBD\xF0\x9F\x98\x80"},
      {R"("\ude00\ud83d")", "\xEF\xBF\xBD\xEF\xBF\xBD"},
      {R"("\u0000")", std::string_view{"\0", 1}},
  };
  for (const Row& row : kRows) {
    const auto source = Source::from_text("json", row.json);
    Arena arena;
    const auto value = read_text(*source, arena);
    ASSERT_TRUE(value) << row.json;
    EXPECT_EQ(value->root.text(), row.text) << row.json;
  }
}

TEST(JsonReader, ValuesInARow) {
  const auto source = Source::from_text("json", "{}[1] {\"a\":2}\n");
  Arena arena;
  std::uint32_t at = 0;
  const auto end = static_cast<std::uint32_t>(source->text().size());
  for (const NodeKind kind : {NodeKind::Object, NodeKind::Array, NodeKind::Object}) {
    const auto value = read_json(source->text(), at, end, arena, {});
    ASSERT_TRUE(value);
    EXPECT_EQ(value->root.kind(), kind);
    at = value->end;
  }
  EXPECT_FALSE(read_json(source->text(), at, end, arena, {}));
}

// ---------------------------------------------------------------- simdjson

bool has_wide_number(const Node& node) {
  if (node.is_number()) {
    const bool integer = node.text().find_first_of(".eE") == std::string_view::npos;
    return !std::isfinite(node.number()) || (integer && !node.integer());
  }
  for (const Node& item : node.items()) {
    if (has_wide_number(item)) {
      return true;
    }
  }
  return false;
}

std::string difference(const Node& ours, simdjson::dom::element theirs) {
  using simdjson::dom::element_type;
  switch (theirs.type()) {
    case element_type::NULL_VALUE:
      return ours.is_null() ? "" : "null";
    case element_type::BOOL:
      return ours.is_bool() && ours.boolean() == bool(theirs) ? "" : "boolean";
    case element_type::STRING:
      return ours.is_string() && ours.text() == std::string_view(theirs) ? "" : "string";
    case element_type::INT64:
      return ours.integer() == std::int64_t(theirs) ? "" : "integer " + std::string(ours.text());
    case element_type::UINT64:
      return ours.text() == std::to_string(std::uint64_t(theirs)) ? "" : "unsigned";
    case element_type::DOUBLE:
      return ours.number() == double(theirs) ? "" : "number " + std::string(ours.text());
    case element_type::ARRAY: {
      std::size_t at = 0;
      for (const auto item : simdjson::dom::array(theirs)) {
        if (!ours.is_array() || at >= ours.size()) {
          return "list";
        }
        if (auto inner = difference(ours.items()[at++], item); !inner.empty()) {
          return inner;
        }
      }
      return ours.is_array() && at == ours.size() ? "" : "size of a list";
    }
    case element_type::OBJECT: {
      std::size_t at = 0;
      for (const auto& [key, item] : simdjson::dom::object(theirs)) {
        if (!ours.is_object() || at >= ours.size() || ours.key(at) != key) {
          return "key " + std::string(key);
        }
        if (auto inner = difference(ours.items()[at++], item); !inner.empty()) {
          return inner;
        }
      }
      return ours.is_object() && at == ours.size() ? "" : "size of a map";
    }
  }
  return "type";
}

// The known differences: numbers outside of double and 64 bits, lone surrogates, repeated keys.
struct Oracle {
  simdjson::dom::parser parser;
  Arena arena;
  std::size_t accepted = 0;
  std::size_t refused = 0;

  void check(const Source& source) {
    arena.reset();
    const std::string_view text = source.text();
    auto ours = read_text(source, arena);
    bool accept = ours.has_value();
    if (accept && text.find_first_not_of(" \t\r\n", ours->end) != std::string_view::npos) {
      accept = false;
    }
    simdjson::dom::element theirs;
    const auto error = parser.parse(text.data(), text.size(), false).get(theirs);
    const std::string shown = testing::PrintToString(std::string(text.substr(0, 500)));
    if (accept && error == simdjson::SUCCESS) {
      ++accepted;
      const auto found = difference(ours->root, theirs);
      EXPECT_EQ(found, "") << source.name() << ": " << shown;
    } else if (accept) {
      const bool surrogate =
          error == simdjson::STRING_ERROR && (text.contains("\\ud") || text.contains("\\uD"));
      EXPECT_TRUE(surrogate || has_wide_number(ours->root))
          << source.name() << ": simdjson refuses: " << error << ": " << shown;
    } else if (error == simdjson::SUCCESS) {
      EXPECT_TRUE(!ours && ours.error().message.contains("stands twice"))
          << source.name() << ": only we refuse: " << (ours ? "" : ours.error().to_string()) << ": "
          << shown;
    } else {
      ++refused;
    }
  }
};

TEST(JsonReader, AgreesWithSimdjsonOnMutations) {
  constexpr std::string_view kShape =
      R"({"apiVersion":"v1","items":[{"a":1,"b":-2.5e3,"c":true,"d":null,"e":[],"f":{}},)"
      R"( [0,10.25,1E-7,false],"t\u00e9xt \ud83d\ude00 \\ \" \n","é€😀"],)"
      "\n"
      R"(  "long text that spans more than sixteen bytes": "and its value, which is longer as well"})";
  constexpr std::string_view kCharacters =
      "{}[],:\"\\0123456789.-+eEtrufalsn \n\t\r\x01/bu\xC3\xA9\xFF'#";
  std::mt19937 random(11);  // NOLINT: the same texts in every run
  Oracle oracle;
  for (int i = 0; i < 60'000 && !HasFailure(); ++i) {
    std::string text(kShape);
    for (std::size_t edits = random() % 4; edits > 0 && !text.empty(); --edits) {
      const std::size_t at = random() % text.size();
      const char c = kCharacters[random() % kCharacters.size()];
      switch (random() % 5) {
        case 0:
          text.erase(at, 1 + random() % 3);
          break;
        case 1:
          text.insert(at, 1, c);
          break;
        case 2:
          text[at] = c;
          break;
        case 3:
          text.insert(at, text.substr(random() % text.size(), random() % 12));
          break;
        default:
          text.resize(at + 1);
          break;
      }
    }
    oracle.check(*Source::from_text("mutation", text));
  }
  EXPECT_GT(oracle.accepted, 10'000U);
  EXPECT_GT(oracle.refused, 10'000U);
}

TEST(JsonReader, AgreesWithSimdjsonOnShortTexts) {
  constexpr std::string_view kPieces[] = {
      "{",    "}", "[",  "]",  ",",    ":", "\"",  "\"a\"", "1",    "0",     "-",  ".", "e",
      "true", " ", "\n", "\\", "null", "+", "\\u", "d83d",  "0041", "false", "\t", "é", "\"b\":"};
  std::mt19937 random(5);  // NOLINT: the same texts in every run
  Oracle oracle;
  for (int i = 0; i < 120'000 && !HasFailure(); ++i) {
    std::string text;
    for (std::size_t pieces = 1 + random() % 8; pieces > 0; --pieces) {
      text += kPieces[random() % std::size(kPieces)];
    }
    oracle.check(*Source::from_text("pieces", text));
  }
  EXPECT_GT(oracle.accepted, 1000U);
}

std::filesystem::path corpus() {
  if (const char* given = std::getenv("TALLY_CORPUS"); given != nullptr) {  // NOLINT: no thread yet
    return given;
  }
  return std::filesystem::path(TALLY_SOURCE_DIR) / ".." / "shared" / "corpus";
}

TEST(JsonReader, AgreesWithSimdjsonOnTheCorpus) {
  if (!std::filesystem::is_directory(corpus())) {
    GTEST_SKIP() << "the corpus is not there; TALLY_CORPUS names its folder";
  }
  Oracle oracle;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(corpus())) {
    if (entry.is_regular_file() && entry.path().extension() == ".json") {
      const auto source = Source::read_file(entry.path().string());
      ASSERT_TRUE(source) << entry.path();
      oracle.check(**source);
    }
  }
  std::printf("JSON of the corpus: %zu files accepted by both, %zu refused by both\n",
              oracle.accepted, oracle.refused);
  EXPECT_GT(oracle.accepted, 3000U);
}

}  // namespace
}  // namespace tally::document

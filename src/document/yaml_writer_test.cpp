#include "document/yaml_writer.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "document/json_writer.hpp"
#include "document/read.hpp"
#include "document/source.hpp"

namespace tally::document {
namespace {

struct Read {
  std::shared_ptr<const Source> source;
  Arena arena;
  Node root;

  explicit Read(std::string_view text) : source(Source::from_text("text", text)) {
    const auto value = read_one(*source, arena);
    EXPECT_TRUE(value) << text << ": " << value.error().to_string();
    root = value ? *value : Node{};
  }
};

std::string yaml(const Node& node, KeyOrder order = KeyOrder::Sorted) {
  std::string out;
  append_yaml(out, node, order);
  return out;
}

std::string of_text(std::string_view text) { return yaml(Node::make_string(text, 0)); }

// What sigs.k8s.io/yaml v1.6.0 writes.
TEST(YamlText, Quotes) {
  struct Row {
    std::string_view text;
    std::string_view written;
  };
  constexpr Row kRows[] = {
      {"plain", "plain\n"},
      {"nginx:1.21", "nginx:1.21\n"},
      {"a b", "a b\n"},
      {"a#b", "a#b\n"},
      {"a'b", "a'b\n"},
      {"-a", "-a\n"},
      {"?a", "?a\n"},
      {":a", ":a\n"},
      {"=", "=\n"},
      {"100m", "100m\n"},
      {"1.2.3", "1.2.3\n"},
      {"2001-13-01", "2001-13-01\n"},
      {"\xC3\xA9", "\xC3\xA9\n"},
      {"", "\"\"\n"},
      {"null", "\"null\"\n"},
      {"~", "\"~\"\n"},
      {"yes", "\"yes\"\n"},
      {"y", "\"y\"\n"},
      {"Off", "\"Off\"\n"},
      {"1", "\"1\"\n"},
      {"0x1f", "\"0x1f\"\n"},
      {"0o7", "\"0o7\"\n"},
      {"1_000", "\"1_000\"\n"},
      {"1e3", "\"1e3\"\n"},
      {".5", "\".5\"\n"},
      {".inf", "\".inf\"\n"},
      {"1:30", "\"1:30\"\n"},
      {"-1:30.5", "\"-1:30.5\"\n"},
      {"2001-01-01", "\"2001-01-01\"\n"},
      {"2001-12-14 21:59:43", "\"2001-12-14 21:59:43\"\n"},
      {"2001-12-14t21:59:43.10-05:00", "\"2001-12-14t21:59:43.10-05:00\"\n"},
      {"a\tb", "\"a\\tb\"\n"},
      {"a \nb", "\"a \\nb\"\n"},
      {"a\nb ", "\"a\\nb \"\n"},
      {"\r", "\"\\r\"\n"},
      {"\xF0\x9F\x98\x80", "\"\\U0001F600\"\n"},
      {"\xE2\x80\xA8", "\"\\L\"\n"},
      {std::string_view{"\0", 1}, "\"\\0\"\n"},
      {" a", "' a'\n"},
      {"a ", "'a '\n"},
      {"a: b", "'a: b'\n"},
      {"a:", "'a:'\n"},
      {"a #b", "'a #b'\n"},
      {"#a", "'#a'\n"},
      {"- a", "'- a'\n"},
      {"---", "'---'\n"},
      {"*", "'*'\n"},
      {"!a", "'!a'\n"},
      {"'a", "'''a'\n"},
      {"{{ x }}", "'{{ x }}'\n"},
      {"[a]", "'[a]'\n"},
      {"%a", "'%a'\n"},
      {"a\nb", "|-\n  a\n  b\n"},
      {"a\nb\n", "|\n  a\n  b\n"},
      {"a\n\n", "|+\n  a\n\n"},
      {"\n", "|2+\n\n"},
      {" a\nb", "|2-\n   a\n  b\n"},
      {"a\n\nb", "|-\n  a\n\n  b\n"},
  };
  for (const Row& row : kRows) {
    EXPECT_EQ(of_text(row.text), row.written) << row.text;
    EXPECT_EQ(Read(row.written).root.text(), row.text) << row.written;
  }
}

TEST(YamlText, IsFoldedBehindColumn80) {
  const std::string long_text =
      "one of the texts that goes on behind the column at which libyaml looks for a place to fold";
  EXPECT_EQ(of_text(long_text),
            "one of the texts that goes on behind the column at which libyaml looks for a place\n"
            "  to fold\n");
  EXPECT_EQ(
      of_text(": " + long_text),
      "': one of the texts that goes on behind the column at which libyaml looks for a place\n"
      "  to fold'\n");
  EXPECT_EQ(of_text("\t" + long_text),
            "\"\\tone of the texts that goes on behind the column at which libyaml looks for a "
            "place\n  to fold\"\n");
  const std::string word(200, 'x');
  EXPECT_EQ(of_text(word), word + "\n");
}

TEST(YamlWriter, Documents) {
  struct Row {
    std::string_view json;
    std::string_view yaml;
  };
  constexpr Row kRows[] = {
      {"null", "null\n"},
      {"true", "true\n"},
      {"1.0", "1\n"},
      {"-0.25", "-0.25\n"},
      {"1000000", "1000000\n"},
      {"1234567.5", "1.2345675e+06\n"},
      {"1e-7", "1e-07\n"},
      {"1e21", "1e+21\n"},
      {"18446744073709551615", "18446744073709551615\n"},
      {"18446744073709551616", "1.8446744073709552e+19\n"},
      {"{}", "{}\n"},
      {"[]", "[]\n"},
      {R"({"b":1,"a":{"d":[],"c":{}}})", "a:\n  c: {}\n  d: []\nb: 1\n"},
      {R"({"a":[1,{"b":2,"c":[3]},[4,[5]]]})", "a:\n- 1\n- b: 2\n  c:\n  - 3\n- - 4\n  - - 5\n"},
      {R"([{"a":{"b":1}}])", "- a:\n    b: 1\n"},
      {R"({"a10":1,"a2":2,"A":3,"_":4,"a":5})", "_: 4\nA: 3\na: 5\na2: 2\na10: 1\n"},
      {R"({"1":1,"yes":2,"a: b":3,"":4})", "\"\": 4\n\"1\": 1\n'a: b': 3\n\"yes\": 2\n"},
      {R"({"a\nb":[1],"c":"x\ny"})", "? |-\n  a\n  b\n: - 1\nc: |-\n  x\n  y\n"},
      {R"({"<<":"<<"})", "\"<<\": <<\n"},
  };
  for (const Row& row : kRows) {
    EXPECT_EQ(yaml(Read(row.json).root), row.yaml) << row.json;
  }
  EXPECT_EQ(yaml(Read(R"({"b":1,"a":2})").root, KeyOrder::Source), "b: 1\na: 2\n");
}

TEST(YamlWriter, ReplacesWhatIsNoUtf8) { EXPECT_EQ(of_text("a\xFFz"), "a\xEF\xBF\xBDz\n"); }

TEST(YamlWriter, KeysOver128BytesAreExplicit) {
  const auto written = [](std::size_t size) {
    return yaml(Read("{\"" + std::string(size, 'k') + "\":1}").root);
  };
  EXPECT_EQ(written(128), std::string(128, 'k') + ": 1\n");
  EXPECT_EQ(written(129), "? " + std::string(129, 'k') + "\n: 1\n");
}

// Values from a small alphabet of troublesome pieces.
class Generator {
 public:
  explicit Generator(std::uint32_t seed) : random_(seed) {}

  std::string json(int depth) {
    const std::uint32_t choice = pick(depth > 0 ? 8 : 5);
    if (choice < 4) {
      return text();
    }
    if (choice == 4) {
      constexpr std::string_view kScalars[] = {
          "null", "true", "0", "-7", "1.5", "1e30", "9007199254740993"};
      return std::string(kScalars[pick(std::size(kScalars))]);
    }
    std::string out = choice < 7 ? "{" : "[";
    const std::uint32_t count = pick(4);
    for (std::uint32_t i = 0; i < count; ++i) {
      out += i > 0 ? "," : "";
      if (choice < 7) {
        std::string key = text();
        key.insert(key.size() - 1, std::to_string(i));  // no key twice
        out += key + ":";
      }
      out += json(depth - 1);
    }
    return out + (choice < 7 ? "}" : "]");
  }

 private:
  std::string text() {
    constexpr std::string_view kPieces[] = {
        "a",
        " ",
        "\n",
        ": ",
        " #",
        "-",
        "- ",
        "'",
        "\"",
        "\\",
        "\t",
        "1",
        "yes",
        "null",
        "{",
        "]",
        ",",
        "&",
        "*",
        "!",
        "|",
        ">",
        "%",
        "@",
        "`",
        "?",
        "<<",
        "=",
        "...",
        "\r",
        "\xC3\xA9",
        "\xC2\x85",
        "\xE2\x80\xA8",
        "\xEF\xBB\xBF",
        "\xF0\x9F\x98\x80",
        "\x01",
        "2001-01-01",
        "a word and another word and one more word to fill a line up to its end "};
    std::string raw;
    for (std::uint32_t i = pick(5); i > 0; --i) {
      raw += kPieces[pick(std::size(kPieces))];
    }
    std::string out;
    append_json_string(out, raw);
    return out;
  }

  std::uint32_t pick(std::size_t below) { return static_cast<std::uint32_t>(random_() % below); }

  std::mt19937 random_;
};

TEST(YamlWriter, WhatIsReadBackIsEqual) {
  Generator generator(20261121);
  for (int i = 0; i < 5000; ++i) {
    const std::string json = generator.json(4);
    const Read before(json);
    for (const KeyOrder order : {KeyOrder::Sorted, KeyOrder::Source}) {
      const std::string text = yaml(before.root, order);
      const Read after(text);
      ASSERT_TRUE(equal(before.root, after.root)) << json << "\n" << text;
    }
  }
}

}  // namespace
}  // namespace tally::document

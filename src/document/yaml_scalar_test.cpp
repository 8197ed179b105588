// The table agrees with go-yaml 2 and sigs.k8s.io/yaml: tests/reference/yaml/cases/scalars.yaml
// holds the same spellings, which tests/reference/yaml/compare gives to both.
#include "document/internal/yaml_scalar.hpp"

#include <gtest/gtest.h>

#include <string>

namespace tally::document {
namespace {

std::string show(const std::optional<Node>& node) {
  if (!node) {
    return "refused";
  }
  switch (node->kind()) {
    case NodeKind::Null:
      return "null";
    case NodeKind::Bool:
      return node->boolean() ? "true" : "false";
    case NodeKind::Number:
      return std::string(node->text());
    case NodeKind::String:
      return "\"" + std::string(node->text()) + "\"";
    case NodeKind::Array:
    case NodeKind::Object:
      break;
  }
  return "?";
}

struct Row {
  std::string text;
  std::string json;
};

TEST(YamlScalar, ResolvesPlainScalars) {
  const Row rows[] = {
      // Null and booleans: exactly these spellings.
      {"", "null"},
      {"~", "null"},
      {"null", "null"},
      {"Null", "null"},
      {"NULL", "null"},
      {"true", "true"},
      {"True", "true"},
      {"TRUE", "true"},
      {"yes", "true"},
      {"Yes", "true"},
      {"YES", "true"},
      {"on", "true"},
      {"On", "true"},
      {"ON", "true"},
      {"y", "true"},
      {"Y", "true"},
      {"false", "false"},
      {"False", "false"},
      {"FALSE", "false"},
      {"no", "false"},
      {"No", "false"},
      {"NO", "false"},
      {"off", "false"},
      {"Off", "false"},
      {"OFF", "false"},
      {"n", "false"},
      {"N", "false"},
      // Integers.
      {"0", "0"},
      {"-0", "0"},
      {"+5", "5"},
      {"-12", "-12"},
      {"007", "7"},
      {"0o17", "15"},
      {"-0o7", "-7"},
      {"00", "0"},
      {"0x1F", "31"},
      {"0X1f", "31"},
      {"-0x1F", "-31"},
      {"+0x1F", "31"},
      {"0b101", "5"},
      {"-0b1", "-1"},
      {"0b-1", "-1"},
      {"0b+1", "1"},
      {"1_000", "1000"},
      {"1_", "1"},
      {"1__0", "10"},
      {"+_1", "1"},
      {"0_7", "7"},
      {"0_x1F", "31"},
      {"9223372036854775807", "9223372036854775807"},
      {"9223372036854775808", "9223372036854775808"},
      {"-9223372036854775808", "-9223372036854775808"},
      {"18446744073709551615", "18446744073709551615"},
      {"0xFFFFFFFFFFFFFFFF", "18446744073709551615"},
      {"18446744073709551616", "18446744073709552000"},
      {"-9223372036854775809", "-9223372036854776000"},
      {"+9223372036854775808", "9223372036854776000"},
      {"123456789012345678901234567890", "1.2345678901234568e+29"},
      // Numbers, through float64 and the spelling of encoding/json.
      {"1.0", "1"},
      {"1.", "1"},
      {"1.50", "1.5"},
      {".5", "0.5"},
      {"-.5", "-0.5"},
      {"+.5", "0.5"},
      {"1e3", "1000"},
      {"1E+3", "1000"},
      {"1e-3", "0.001"},
      {"1.e3", "1000"},
      {"0.000001", "0.000001"},
      {"0.0000001", "1e-7"},
      {"1e20", "100000000000000000000"},
      {"1e21", "1e+21"},
      {"-0.0", "-0"},
      {"08", "8"},
      {"08.5", "8.5"},
      {"1e-400", "0"},
      {"5e-324", "5e-324"},
      {"1_000.5", "1000.5"},
      {".1_5", "0.15"},
      {"1e1_0", "10000000000"},
      {"0.1", "0.1"},
      {"0.30000000000000004", "0.30000000000000004"},
      {"1.7976931348623157e308", "1.7976931348623157e+308"},
      {".inf", "refused"},
      {"-.INF", "refused"},
      {"+.Inf", "refused"},
      {".nan", "refused"},
      {".NaN", "refused"},
  };
  Arena arena;
  for (const Row& row : rows) {
    EXPECT_EQ(show(make_plain_scalar(row.text, 7, arena)), row.json) << "`" << row.text << "`";
  }
}

TEST(YamlScalar, LeavesEverythingElseText) {
  Arena arena;
  for (const std::string text : {"tRUE",
                                 "yEs",
                                 "oFF",
                                 "nULL",
                                 "nul",
                                 "truee",
                                 "none",
                                 "0x",
                                 "0b",
                                 "0b2",
                                 "0o8",
                                 "0xZZ",
                                 "+",
                                 "-",
                                 "--1",
                                 "+-1",
                                 "_1",
                                 "-0b-1",
                                 ".",
                                 "..",
                                 ".e1",
                                 "1e",
                                 "1e+",
                                 "e1",
                                 "1e400",
                                 "-1e400",
                                 ".5e400",
                                 "._1",
                                 ".1_",
                                 ".1__5",
                                 ".1_e5",
                                 "0x1.8p1",
                                 ".5p1",
                                 "1.2.3",
                                 "10.0.0.1",
                                 "1e3e3",
                                 "12:30:45",
                                 "190:20:30",
                                 "-1:30",
                                 "2001-12-14",
                                 "2001-12-14T21:59:43Z",
                                 "12e3x",
                                 "1m",
                                 "100Mi",
                                 "0.5Gi",
                                 "1,000",
                                 "Infinity",
                                 "NaN",
                                 "inf",
                                 "+inf",
                                 ".infinity",
                                 ".iNF",
                                 "+.nan",
                                 "-.nan",
                                 "<<",
                                 "-0x",
                                 "0b12",
                                 "1 2"}) {
    const auto node = make_plain_scalar(text, 0, arena);
    ASSERT_TRUE(node) << text;
    EXPECT_EQ(show(node), "\"" + text + "\"") << text;
    EXPECT_EQ(node->text().data(), text.data()) << text << " was copied";
  }
}

TEST(YamlScalar, KeepsCanonicalNumbersInTheSource) {
  Arena arena;
  for (const std::string_view text : {"80", "-1", "0", "1.5", "0.001", "1e+21"}) {
    EXPECT_EQ(make_plain_scalar(text, 0, arena).value_or(Node{}).text().data(), text.data())
        << text;
  }
  const auto copied = make_plain_scalar("1.0", 0, arena);
  ASSERT_TRUE(copied);
  EXPECT_NE(copied->text(), "1.0");
}

TEST(YamlScalar, ObeysTags) {
  struct Tagged {
    std::string tag;
    std::string text;
    std::string json;  // empty: refused
  };
  const Tagged rows[] = {
      {"str", "12", "\"12\""},
      {"str", "~", "\"~\""},
      {"str", "", "\"\""},
      {"int", "12", "12"},
      {"int", "0x1F", "31"},
      {"int", "1.0", ""},
      {"int", "x", ""},
      {"int", "", ""},
      {"int", "true", ""},
      {"float", "1", "1"},
      {"float", "1.5", "1.5"},
      {"float", "x", ""},
      {"float", "18446744073709551615", ""},
      {"bool", "yes", "true"},
      {"bool", "1", ""},
      {"bool", "", ""},
      {"null", "", "null"},
      {"null", "~", "null"},
      {"null", "x", ""},
      {"timestamp", "2001-12-14", "\"2001-12-14\""},
      {"timestamp", "2001-1-1", "\"2001-1-1\""},
      {"timestamp", "2001-2-30", ""},
      {"timestamp", "2001-13-1", ""},
      {"timestamp", "x", ""},
      {"timestamp", "2001-12-", ""},
      {"timestamp", "2001-12-14T21:59:43.5Z", "\"2001-12-14T21:59:43.5Z\""},
      {"timestamp", "2001-12-14t21:59:43+01:00", "\"2001-12-14t21:59:43+01:00\""},
      {"timestamp", "2001-12-14 21:59:43", "\"2001-12-14 21:59:43\""},
      {"timestamp", "2001-12-14 25:59:43", ""},
      {"timestamp", "2001-12-14T21:59:43", ""},
      {"merge", "5", "\"5\""},
      {"omap", "5", "\"5\""},
  };
  Arena arena;
  for (const Tagged& row : rows) {
    const auto scalar = resolve_tagged("tag:yaml.org,2002:" + row.tag, row.text);
    if (row.json.empty()) {
      EXPECT_FALSE(scalar) << "!!" << row.tag << " " << row.text;
    } else {
      ASSERT_TRUE(scalar) << "!!" << row.tag << " " << row.text << ": " << scalar.error();
      EXPECT_EQ(show(make_scalar(*scalar, row.text, 0, arena)), row.json)
          << "!!" << row.tag << " " << row.text;
    }
  }
  EXPECT_EQ(show(make_scalar(*resolve_tagged("!mine", "12"), "12", 0, arena)), "\"12\"");
  EXPECT_EQ(resolve_tagged("tag:yaml.org,2002:int", "x").error(),
            "found the text `x` with the tag !!int");
}

TEST(YamlScalar, DecodesBinary) {
  struct Binary {
    std::string text;
    std::optional<std::string> bytes;
  };
  const Binary rows[] = {
      {"", ""},
      {"aGVsbG8=", "hello"},
      {"aGVs\nbG8=", "hello"},
      {"aGk=", "hi"},
      {"YQ==", "a"},
      {"/w==", "\xEF\xBF\xBD"},
      {"aGVsbG8", {}},
      {"!", {}},
      {"YQ=", {}},
      {"YQ===", {}},
      {"=", {}},
      {"YQ==YQ==", {}},
      {"a b=", {}},
  };
  for (const Binary& row : rows) {
    EXPECT_EQ(decode_binary(row.text), row.bytes) << row.text;
  }
}

TEST(YamlScalar, SpellsKeys) {
  const Row rows[] = {
      {"a", "a"},
      {"true", "true"},
      {"yes", "true"},
      {"off", "false"},
      {"80", "80"},
      {"0x50", "80"},
      {"1e3", "1000"},
      {"1.5", "1.5"},
      {"1.0", "1"},
      {"1000000.5", "1.0000005e+06"},
      {"0.00001", "1e-05"},
      {"123456.5", "123456.5"},
      {"1e300", ".inf"},
      {".inf", ".inf"},
      {"-.inf", "-.inf"},
      {".nan", ".nan"},
      {"2001-12-14", "2001-12-14"},
      {"~", "refused"},
      {"", "refused"},
      {"null", "refused"},
      {"9223372036854775808", "refused"},
  };
  Arena arena;
  for (const Row& row : rows) {
    const auto key = key_text(resolve_plain(row.text), row.text, arena);
    EXPECT_EQ(key.value_or("refused"), row.json) << row.text;
  }
}

TEST(YamlScalar, KnowsWhatIsAlwaysText) {
  Arena arena;
  for (int byte = 1; byte < 128; ++byte) {
    const char first = static_cast<char>(byte);
    for (const char* rest : {"", "1", ".5", "inf", "ull", "rue", "es", "n", "ff", "N", "x10"}) {
      const std::string text = first + std::string(rest);
      const auto node = make_plain_scalar(text, 0, arena);
      if (always_text(first)) {
        EXPECT_TRUE(node && node->is_string()) << text;
      }
    }
  }
}

}  // namespace
}  // namespace tally::document

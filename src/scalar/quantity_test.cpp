#include "scalar/quantity.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tally::scalar {
namespace {

TEST(Quantity, CanonicalTexts) {
  struct Row {
    std::string text;
    std::string expected;  // upstream's String()
  };
  for (const Row& row : std::vector<Row>{{"0", "0"},
                                         {"0.0", "0"},
                                         {"-0", "0"},
                                         {"+", "0"},
                                         {".", "0"},
                                         {"Ki", "0"},
                                         {"k", "0"},
                                         {"1", "1"},
                                         {"+1", "+1"},
                                         {"1.", "1."},
                                         {"0001", "0001"},
                                         {"1.500", "1.500"},
                                         {"1.5", "1500m"},
                                         {"0.5", "500m"},
                                         {".5", "500m"},
                                         {"100m", "100m"},
                                         {"1000m", "1"},
                                         {"1500m", "1500m"},
                                         {"1e3", "1e3"},
                                         {"1000", "1k"},
                                         {"1E3", "1E3"},
                                         {"12e6", "12e6"},
                                         {"1234567", "1234567"},
                                         {"1000k", "1M"},
                                         {"1024Ki", "1Mi"},
                                         {"1025Ki", "1025Ki"},
                                         {"1.5Gi", "1536Mi"},
                                         {"512", "512"},
                                         {"512Ki", "512Ki"},
                                         {"0.5Ki", "512"},
                                         {"0.1Ki", "102400m"},
                                         {"0.0001Ki", "102400u"},
                                         {"1n", "1n"},
                                         {"0.1n", "1n"},
                                         {"-0.1n", "-1n"},
                                         {"1.0000000001", "1000000001n"},
                                         {"100u", "100u"},
                                         {"9223372036854775807", "9223372036854775807"},
                                         {"9223372036854775808", "9223372036854775808"},
                                         {"100000000000000000000", "100E"},
                                         {"8Ei", "9223372036854775807"},
                                         {"16Ei", "9223372036854775807"},
                                         {"-16Ei", "-9223372036854775807"},
                                         {"1e-3", "1e-3"},
                                         {"1e-10", "1e-9"},
                                         {"1e2", "100"},
                                         {"1000000E", "1"},  // upstream's own loss of the suffix
                                         {"1e4294967296", "1e4294967296"},
                                         {"3.0e9", "3e9"},
                                         {"-1.5", "-1500m"},
                                         {"1Ei", "1Ei"},
                                         {"1Pi", "1Pi"}}) {
    const auto quantity = Quantity::parse(row.text);
    ASSERT_TRUE(quantity) << row.text << ": " << quantity.error().message;
    EXPECT_EQ(quantity->to_string(), row.expected) << row.text;
  }
}

TEST(Quantity, Refusals) {
  for (const std::string text : {"",
                                 " 1",
                                 "1 ",
                                 "1 Gi",
                                 "1GB",
                                 "1gi",
                                 "1Kib",
                                 "1ki",
                                 "1mi",
                                 "--1",
                                 "+-1",
                                 "1-",
                                 "1..2",
                                 "1.2.3",
                                 "abc",
                                 "1e",
                                 "1e+",
                                 "1e1.5",
                                 "1E9999999999999999999",
                                 "0x10",
                                 "1,5",
                                 "1_000",
                                 "NaN",
                                 "Inf",
                                 "1Zi",
                                 "1K",
                                 "Ei",
                                 "Pi",
                                 "+Pi",
                                 "e-10",
                                 "1e-",
                                 "\xC2\xB5",
                                 "1\n"}) {
    EXPECT_FALSE(Quantity::parse(text)) << text;
    EXPECT_FALSE(Quantity::try_parse(text)) << text;
  }
  EXPECT_TRUE(Quantity::parse("1GB").error().message.starts_with(
      "quantities must match the regular expression"));
  EXPECT_EQ(Quantity::parse("1K").error().message, "unable to parse quantity's suffix");
  EXPECT_EQ(Quantity::parse("Ei").error().message, "unable to parse numeric part of quantity");
}

TEST(Quantity, LengthIsLimited) {
  EXPECT_TRUE(Quantity::parse(std::string(kQuantityBytesMax, '9')));
  const auto refused = Quantity::parse(std::string(kQuantityBytesMax + 1, '9'));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::Limit);
}

TEST(Quantity, Compares) {
  // Ascending; texts of one row are equal.
  const std::vector<std::vector<std::string>> rows{{"-16Ei", "-9223372036854775807"},
                                                   {"-1k", "-1000"},
                                                   {"-1", "-1000m"},
                                                   {"-1n", "-0.01n"},
                                                   {"0", "0Ki", "0e5", "-0"},
                                                   {"1n", "0.1n"},
                                                   {"1m", "1000u"},
                                                   {"0.5", "500m", "5e-1"},
                                                   {"1", "1000m", "1e0"},
                                                   {"1k", "1000", "1e3"},
                                                   {"1Ki", "1024"},
                                                   {"1M"},
                                                   {"1Mi", "1024Ki"},
                                                   {"1E"},
                                                   {"1Ei"},
                                                   {"8Ei", "16Ei", "9223372036854775807"},
                                                   {"9223372036854775808"},
                                                   {"1e30"},
                                                   {"1e2147483647"}};
  for (std::size_t i = 0; i < rows.size(); ++i) {
    for (std::size_t j = 0; j < rows.size(); ++j) {
      for (const auto& left : rows[i]) {
        for (const auto& right : rows[j]) {
          const int expected = i < j ? -1 : i == j ? 0 : 1;
          EXPECT_EQ(Quantity::parse(left)->compare(*Quantity::parse(right)), expected)
              << left << " " << right;
        }
      }
    }
  }
}

TEST(Quantity, AddsAndSubtracts) {
  struct Row {
    const char* left;
    const char* right;
    const char* sum;  // "!": refused
    const char* difference;
  };
  for (const Row& row : std::vector<Row>{
           {"1", "1", "2", "0"},
           {"100m", "0.9", "1", "-800m"},
           {"1Gi", "512Mi", "1536Mi", "512Mi"},
           {"0", "1Ki", "1Ki", "-1Ki"},
           {"1Ki", "1", "1025", "1023"},
           {"9223372036854775807", "1", "9223372036854775808", "9223372036854775806"},
           {"1e30", "1", "1000000000000000000000000000001", "999999999999999999999999999999"},
           {"-5", "3", "-2", "-8"},
           {"1e2147483647", "1", "!", "!"},
           {"1n", "1E", "1000000000000000000000000001n", "-999999999999999999999999999n"}}) {
    const auto left = Quantity::parse(row.left);
    const auto right = Quantity::parse(row.right);
    const auto sum = left->add(*right);
    EXPECT_EQ(sum ? sum->to_string() : "!", row.sum) << row.left << " + " << row.right;
    const auto difference = left->subtract(*right);
    EXPECT_EQ(difference ? difference->to_string() : "!", row.difference)
        << row.left << " - " << row.right;
  }
}

TEST(Quantity, Integers) {
  EXPECT_EQ(Quantity::parse("1Gi")->as_integer(), 1073741824);
  EXPECT_EQ(Quantity::parse("2000m")->as_integer(), 2);
  EXPECT_EQ(Quantity::parse("1500m")->as_integer(), std::nullopt);
  EXPECT_EQ(Quantity::parse("1e30")->as_integer(), std::nullopt);
  EXPECT_EQ(Quantity::parse("-9223372036854775808")->as_integer(), INT64_MIN);
  EXPECT_EQ(Quantity::parse("1500m")->as_milli(), 1500);
  EXPECT_EQ(Quantity::parse("1500u")->as_milli(), 2);
  EXPECT_EQ(Quantity::parse("-1500u")->as_milli(), -2);
  EXPECT_EQ(Quantity::parse("1E")->as_milli(), std::nullopt);
  EXPECT_EQ(Quantity::from_integer(2048, QuantityFormat::BinarySi).to_string(), "2Ki");
}

TEST(QuantityTest, ApproximateDouble) {
  struct Case {
    std::string_view text;
    double value;
  };
  constexpr Case kCases[] = {{"0", 0},
                             {"100m", 0.1},
                             {"-1.5", -1.5},
                             {"1.5Gi", 1610612736},
                             {"1e3", 1000},
                             {"1n", 1e-9},
                             {"9999999999999999999999", 1e22}};
  for (const Case& row : kCases) {
    EXPECT_DOUBLE_EQ(Quantity::parse(row.text)->as_approximate_double(), row.value) << row.text;
  }
}

TEST(QuantityTest, NoTextIsNoQuantity) {
  const auto quantity = Quantity::parse("");
  ASSERT_FALSE(quantity);
  EXPECT_TRUE(quantity.error().message.starts_with("quantities must match the regular expression"));
}

}  // namespace
}  // namespace tally::scalar

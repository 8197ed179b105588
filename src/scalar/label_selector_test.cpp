#include "scalar/label_selector.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "scalar/name_syntax.hpp"

namespace tally::scalar {
namespace {

using Labels = std::vector<std::pair<std::string_view, std::string_view>>;

TEST(LabelSelector, ParsesWhatKubectlParses) {
  struct Row {
    const char* text;
    const char* canonical;
  };
  for (const Row& row : std::vector<Row>{{"", ""},
                                         {"  ", ""},
                                         {"a", "a"},
                                         {"!a", "!a"},
                                         {"! a", "!a"},
                                         {"a=b", "a=b"},
                                         {"a==b", "a=b"},
                                         {"a!=b", "a!=b"},
                                         {"a = b", "a=b"},
                                         {"a=", "a="},
                                         {"a=,b", "a=,b"},
                                         {"b,a", "a,b"},
                                         {"a in (x)", "a=x"},
                                         {"a in (y,x,x)", "a in (x,y)"},
                                         {"a notin (x,y)", "a notin (x,y)"},
                                         {"a in ()", "a="},
                                         {"a in (,)", "a="},
                                         {"a in (x,)", "a in (,x)"},
                                         {"a in (,,x)", "a in (,x)"},
                                         {"in in (in,notin)", "in in (in,notin)"},
                                         {"notin", "notin"},
                                         {"a>1", "a>1"},
                                         {"x.io/a=b", "x.io/a=b"},
                                         {"a\tin\n(x)", "a=x"},
                                         {"a=in", "a=in"}}) {
    const auto selector = LabelSelector::parse(row.text);
    ASSERT_TRUE(selector) << row.text << ": " << selector.error().message;
    EXPECT_EQ(selector->to_string(), row.canonical) << row.text;
    EXPECT_EQ(*LabelSelector::parse(selector->to_string()), *selector) << row.text;
  }
}

TEST(LabelSelector, RefusesWithPosition) {
  struct Row {
    const char* text;
    std::uint32_t column;
    const char* error;
  };
  for (const Row& row :
       std::vector<Row>{{",", 1, "found ',', expected: !, identifier, or 'end of string'"},
                        {"a,", 3, "found '', expected: identifier after ','"},
                        {"a,,b", 3, "found ',', expected: identifier after ','"},
                        {"a b", 3, "found 'b', expected: in, notin, =, ==, !=, >, <"},
                        {"!a=b", 3, "found '=', expected: ',' or 'end of string'"},
                        {"!", 2, "found '', expected: identifier"},
                        {"a in x", 6, "found 'x', expected: '('"},
                        {"a in (x", 8, "found '', expected: ',' or ')'"},
                        {"a in (x y)", 9, "found 'y', expected: ',' or ')'"},
                        {"a in (=)", 7, "found '=', expected: ',', ')' or identifier"},
                        {"a=b=c", 4, "found '=', expected: ',' or 'end of string'"},
                        {"a===b", 4, "found '=', expected: identifier"},
                        {"a!b", 2, "found '!', expected: in, notin"},
                        {"(a)", 1, "found '(', expected: !, identifier"},
                        {"-a=b", 1, "label key \"-a\": name part must consist of"},
                        {"a=b!", 4, "found '!', expected: ',' or"},
                        {"a=-", 1, "label value \"-\" of a"},
                        {"a<-1", 1, "label value \"-1\" of a"},
                        {"a>b", 1, "for 'Gt', 'Lt' operators, the value must be an integer"},
                        {"a/b/c", 1, "label key \"a/b/c\": a valid label key"}}) {
    const auto selector = LabelSelector::parse(row.text);
    ASSERT_FALSE(selector) << row.text << " " << selector->to_string();
    EXPECT_EQ(selector.error().at, (Position{1, row.column})) << row.text;
    EXPECT_TRUE(selector.error().message.starts_with(row.error))
        << row.text << ": " << selector.error().message;
  }
}

TEST(LabelSelector, Matches) {
  struct Row {
    const char* selector;
    Labels labels;
    bool expected;
  };
  for (const Row& row : std::vector<Row>{{"", {}, true},
                                         {"a=b", {{"a", "b"}}, true},
                                         {"a=b", {{"a", "c"}}, false},
                                         {"a=b", {}, false},
                                         {"a!=b", {}, true},
                                         {"a!=b", {{"a", "b"}}, false},
                                         {"a notin (b)", {}, true},
                                         {"a in (b,c)", {{"a", "c"}}, true},
                                         {"a in (b,c)", {{"a", "d"}}, false},
                                         {"a", {{"a", ""}}, true},
                                         {"a", {{"b", ""}}, false},
                                         {"!a", {{"a", ""}}, false},
                                         {"!a", {}, true},
                                         {"a=,b=x", {{"a", ""}, {"b", "x"}}, true},
                                         {"a=,b=x", {{"b", "x"}}, false},
                                         {"a>3", {{"a", "4"}}, true},
                                         {"a>3", {{"a", "3"}}, false},
                                         {"a<3", {{"a", "x"}}, false},
                                         {"a<3", {}, false},
                                         {"a<3", {{"a", "-2"}}, true}}) {
    const auto selector = LabelSelector::parse(row.selector);
    ASSERT_TRUE(selector) << row.selector;
    EXPECT_EQ(selector->matches(row.labels), row.expected) << row.selector;
  }
}

// All selectors of up to four characters over an alphabet that holds every kind of token: parsing
// ends, and what parses parses again from its canonical text to the same.
TEST(LabelSelector, SmallTextsAllBehave) {
  constexpr std::string_view kAlphabet = "a=!(),>1 -";
  std::size_t accepted = 0;
  std::string text;
  const auto visit = [&](const auto& self, std::size_t left) -> void {
    if (const auto selector = LabelSelector::parse(text)) {
      ++accepted;
      const auto again = LabelSelector::parse(selector->to_string());
      ASSERT_TRUE(again) << text << " -> " << selector->to_string();
      ASSERT_EQ(*again, *selector) << text;
    }
    for (std::size_t i = 0; left > 0 && i < kAlphabet.size(); ++i) {
      text.push_back(kAlphabet[i]);
      self(self, left - 1);
      text.pop_back();
    }
  };
  visit(visit, 4);
  EXPECT_GT(accepted, 100U);
}

TEST(NameSyntax, Tables) {
  struct Row {
    std::string_view (*problem)(std::string_view) noexcept;
    std::string text;
    std::string expected;  // beginning; "" for right
  };
  const std::string a63(63, 'a');
  const std::string a253 = a63 + "." + a63 + "." + a63 + "." + std::string(61, 'a');
  for (const Row& row :
       std::vector<Row>{{dns1123_label_problem, a63, ""},
                        {dns1123_label_problem, a63 + "a", "must be no more than 63 characters"},
                        {dns1123_label_problem, "1-a", ""},
                        {dns1123_label_problem, "", "a lowercase RFC 1123 label"},
                        {dns1123_label_problem, "-a", "a lowercase RFC 1123 label"},
                        {dns1123_label_problem, "a-", "a lowercase RFC 1123 label"},
                        {dns1123_label_problem, "a.b", "a lowercase RFC 1123 label"},
                        {dns1123_label_problem, "A", "a lowercase RFC 1123 label"},
                        {dns1123_label_problem, "\xC3\xA4", "a lowercase RFC 1123 label"},
                        {dns1123_subdomain_problem, a253, ""},
                        {dns1123_subdomain_problem, a253 + "a", "must be no more than 253"},
                        {dns1123_subdomain_problem, "a..b", "a lowercase RFC 1123 subdomain"},
                        {dns1123_subdomain_problem, ".a", "a lowercase RFC 1123 subdomain"},
                        {dns1123_subdomain_problem, "a_b", "a lowercase RFC 1123 subdomain"},
                        {dns1035_label_problem, "a1", ""},
                        {dns1035_label_problem, "1a", "a DNS-1035 label"},
                        {path_segment_problem, "system:node", ""},
                        {path_segment_problem, "a/b", "may not contain '/'"},
                        {path_segment_problem, "..", "may not be '..'"},
                        {path_segment_problem, "a%b", "may not contain '%'"},
                        {label_key_problem, "app.kubernetes.io/name", ""},
                        {label_key_problem, "a_B.c-d", ""},
                        {label_key_problem, "", "name part must be non-empty"},
                        {label_key_problem, "/a", "prefix part must be non-empty"},
                        {label_key_problem, "a/", "name part must be non-empty"},
                        {label_key_problem, "a/b/c", "a valid label key must"},
                        {label_key_problem, "A/b", "prefix part a lowercase RFC 1123 subdomain"},
                        {label_key_problem, a63 + "a", "name part must be no more than 63"},
                        {label_key_problem, "a b", "name part must consist"},
                        {label_value_problem, "", ""},
                        {label_value_problem, "A_b.c-1", ""},
                        {label_value_problem, "a/b", "a valid label must"},
                        {label_value_problem, "-a", "a valid label must"},
                        {label_value_problem, a63 + "a", "must be no more than 63"},
                        {port_name_problem, "http-2", ""},
                        {port_name_problem, "Http", "must contain only"},
                        {port_name_problem, "80", "must contain at least one letter"},
                        {port_name_problem, "a--b", "must not contain consecutive"},
                        {port_name_problem, "-a", "must not begin or end"},
                        {port_name_problem, "abcdefghijklmnop", "must be no more than 15"},
                        {env_name_problem, "A.b-1 c", ""},
                        {env_name_problem, "", "environment variable name must be non-empty"},
                        {env_name_problem, "a=b", "a valid environment variable"},
                        {env_name_problem, "a\n", "a valid environment"},
                        {config_key_problem, "a.B_c-1", ""},
                        {config_key_problem, "a/b", "a valid config key"},
                        {config_key_problem, ".", "must not be '.'"},
                        {config_key_problem, "..a", "must not start with '..'"},
                        {config_key_problem, "", "a valid config key"}}) {
    const std::string found(row.problem(row.text));
    EXPECT_TRUE(row.expected.empty() ? found.empty() : found.starts_with(row.expected))
        << row.text << ": " << found;
  }
  EXPECT_TRUE(port_number_problem(1).empty());
  EXPECT_TRUE(port_number_problem(65535).empty());
  EXPECT_FALSE(port_number_problem(0).empty());
  EXPECT_FALSE(port_number_problem(65536).empty());
}

}  // namespace
}  // namespace tally::scalar

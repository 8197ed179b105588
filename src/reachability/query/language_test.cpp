// Languages against the texts themselves, over all short texts of a small alphabet.
#include "reachability/query/language.hpp"

#include <gtest/gtest.h>

#include <regex>

namespace tally::reachability::query {
namespace {

// Every text of up to four of three letters.
std::vector<std::string> short_texts() {
  std::vector<std::string> all{""};
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (all[i].size() < 4) {
      for (const char c : {'a', 'b', '/'}) {
        all.push_back(all[i] + c);
      }
    }
  }
  return all;
}

constexpr std::string_view kPatterns[] = {
    "a",     "ab",        "",       "a*",        "(ab)*",  "a|b",     "(a|b)+/?", "/a(/.*)?",
    "[ab]*", "[^/]+",     "a{2}",   "a{1,3}b",   "b{2,}",  ".*b",     "a.*",      ".",
    "/(a|)", "(a(b|/))?", "[a-b]/", "(?:a|/b)*", "\\w+/?", "a?b?/?a",
};

TEST(Language, RegexMeansWhatItSays) {
  for (const std::string_view pattern : kPatterns) {
    const auto language = Language::regex(pattern);
    ASSERT_TRUE(language) << pattern;
    const std::regex expected{std::string(pattern)};
    for (const std::string& text : short_texts()) {
      EXPECT_EQ(language->contains(text), std::regex_match(text, expected))
          << pattern << " of \"" << text << '"';
    }
  }
}

TEST(Language, AlgebraIsThatOfSets) {
  const std::vector<std::string> texts = short_texts();
  for (const std::string_view a : kPatterns) {
    for (const std::string_view b : kPatterns) {
      const Language left = *Language::regex(a);
      const Language right = *Language::regex(b);
      const Language both = left.intersect(right);
      const Language any = left.unite(right);
      const Language rest = left.minus(right);
      for (const std::string& text : texts) {
        const bool in_left = left.contains(text);
        const bool in_right = right.contains(text);
        EXPECT_EQ(both.contains(text), in_left && in_right) << a << " & " << b << ": " << text;
        EXPECT_EQ(any.contains(text), in_left || in_right) << a << " | " << b << ": " << text;
        EXPECT_EQ(rest.contains(text), in_left && !in_right) << a << " - " << b << ": " << text;
      }
      // Equal sets are equal, however they were made.
      EXPECT_EQ(rest.unite(both), left) << a << " " << b;
      EXPECT_EQ(rest.unite(both).key(), left.key()) << a << " " << b;
      EXPECT_EQ(left == right, left.minus(right).is_empty() && right.minus(left).is_empty());
    }
  }
}

TEST(Language, AllAndNone) {
  EXPECT_EQ(*Language::regex(".*"), Language::all());
  EXPECT_TRUE(Language::all().minus(Language::all()).is_empty());
  EXPECT_FALSE(Language::regex(".+")->is_all());
  EXPECT_TRUE(Language::none().is_empty());
  EXPECT_FALSE(Language::literal("")->is_empty());
  EXPECT_EQ(Language::all().minus(*Language::regex(".+")), *Language::literal(""));
}

TEST(Language, Refused) {
  for (const std::string_view pattern :
       {"(a", "a)", "[a", "a{", "a{2", "a{3,2}", "a{65}", "é", "a b", "\\", "\\q", "$"}) {
    EXPECT_FALSE(Language::regex(pattern)) << pattern;
  }
  for (const std::string_view text : {"a b", "a*", "é", "a:80"}) {
    EXPECT_FALSE(Language::literal(text)) << text;
  }
  EXPECT_FALSE(Language::regex(std::string(40, '(') + "a" + std::string(40, ')')));
  EXPECT_TRUE(Language::regex(std::string(20, '(') + "a" + std::string(20, ')')));
  // Two to the power of its length states, but for the limit.
  EXPECT_FALSE(Language::regex("(a|b)*a(a|b){20}"));
  EXPECT_TRUE(Language::regex("(a|b)*a(a|b){5}"));
  EXPECT_FALSE(Language::literal(std::string(Language::kStatesMax, 'a')));
  EXPECT_TRUE(Language::literal(std::string(100, 'a')));
}

TEST(Language, TextSaysHowItWasMade) {
  const Language all_below = *Language::regex("/a(/.*)?");
  const Language below = *Language::regex("/a/b(/.*)?");
  EXPECT_EQ(all_below.text(), "/a(/*)?");
  EXPECT_EQ(all_below.minus(below).text(), "(/a(/*)?)-(/a/b(/*)?)");
  EXPECT_EQ(all_below.intersect(below).text(), "/a/b(/*)?");
  EXPECT_EQ(all_below.unite(below).text(), "/a(/*)?");
  EXPECT_EQ(Language::literal("/x")->unite(*Language::literal("/y")).text(), "/x, /y");
  EXPECT_EQ(Language::regex("example[.]org")->text(), "example.org");
}

}  // namespace
}  // namespace tally::reachability::query

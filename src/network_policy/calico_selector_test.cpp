// The selector language of Calico against libcalico-go/lib/selector/parser/parser_test.go and
// tokenizer/tokenizer_test.go of Calico 3.30, and exhaustively over a small alphabet.
#include "network_policy/calico_selector.hpp"

#include <gtest/gtest.h>

#include <array>
#include <map>
#include <string>

namespace tally::network_policy {
namespace {

using LabelMap = std::map<std::string, std::string, std::less<>>;

CalicoSelector::Labels labels_of(const LabelMap& map) {
  return [&map](std::string_view key) -> std::optional<std::string_view> {
    const auto at = map.find(key);
    return at == map.end() ? std::nullopt : std::optional<std::string_view>(at->second);
  };
}

struct Row {
  std::string_view selector;
  LabelMap labels;
  bool matches;
};

TEST(CalicoSelector, Matches) {
  const Row rows[] = {
      {"", {}, true},
      {"  \t", {{"a", "b"}}, true},
      {"all()", {}, true},
      {"all( )", {}, true},
      {"global()", {}, true},
      {"!all()", {}, false},
      {"a == 'b'", {{"a", "b"}}, true},
      {"a == \"b\"", {{"a", "c"}}, false},
      {"a == 'b'", {}, false},
      {"a == ''", {{"a", ""}}, true},
      {"a != 'b'", {}, true},
      {"a != 'b'", {{"a", "b"}}, false},
      {"a != 'b'", {{"a", "c"}}, true},
      {"!a == 'b'", {{"a", "b"}}, false},
      {"!!a == 'b'", {{"a", "b"}}, true},
      {"has(a)", {{"a", ""}}, true},
      {"has( a )", {}, false},
      {"!has(a)", {}, true},
      {"a in {'x', 'y'}", {{"a", "y"}}, true},
      {"a in {'x', 'y',}", {{"a", "x"}}, true},
      {"a in {}", {{"a", "x"}}, false},
      {"a in{'x'}", {{"a", "x"}}, true},
      {"a in {'x'}", {}, false},
      {"a not in {'x'}", {}, true},
      {"a not in {'x'}", {{"a", "x"}}, false},
      {"a notin {'x'}", {{"a", "y"}}, true},
      {"a not in {}", {{"a", "x"}}, true},
      {"a contains 'ell'", {{"a", "hello"}}, true},
      {"a contains ''", {}, false},
      {"a starts with 'he'", {{"a", "hello"}}, true},
      {"a startswith 'lo'", {{"a", "hello"}}, false},
      {"a ends with 'lo'", {{"a", "hello"}}, true},
      {"a endswith 'he'", {{"a", "hello"}}, false},
      {"a == 'x' && b == 'y'", {{"a", "x"}, {"b", "y"}}, true},
      {"a == 'x' && b == 'y'", {{"a", "x"}}, false},
      {"a == 'x' || b == 'y'", {{"b", "y"}}, true},
      // && binds more tightly than ||.
      {"a == 'x' || b == 'y' && c == 'z'", {{"a", "x"}}, true},
      {"(a == 'x' || b == 'y') && c == 'z'", {{"a", "x"}}, false},
      {"!(a == 'x' || has(b))", {{"c", ""}}, true},
      {"k8s-app.io/name_1 == 'x'", {{"k8s-app.io/name_1", "x"}}, true},
      {"all == 'x'", {{"all", "x"}}, true},
      {"has == 'x'", {{"has", "x"}}, true},
      {"in in {'in'}", {{"in", "in"}}, true},
      {"a == \"it's\"", {{"a", "it's"}}, true},
  };
  for (const Row& row : rows) {
    const auto selector = CalicoSelector::parse(row.selector);
    ASSERT_TRUE(selector.has_value()) << row.selector << ": " << selector.error().to_string();
    EXPECT_EQ(selector->matches(labels_of(row.labels)), row.matches) << row.selector;
    const auto again = CalicoSelector::parse(selector->to_string());
    ASSERT_TRUE(again.has_value()) << selector->to_string();
    EXPECT_EQ(again->to_string(), selector->to_string());
    EXPECT_EQ(again->matches(labels_of(row.labels)), row.matches) << again->to_string();
  }
}

TEST(CalicoSelector, Refuses) {
  constexpr std::pair<std::string_view, std::string_view> kRows[] = {
      {"a",
       "line 1, column 2: expected ==, !=, in, not in, contains, starts with or ends with after "
       "the label "
       "\"a\", found the end"},
      {"a = 'b'",
       "line 1, column 3: expected ==, !=, in, not in, contains, starts with or ends with after "
       "the "
       "label \"a\", found \"= 'b'\""},
      {"a == b", "line 1, column 6: expected a text in quotes, found \"b\""},
      {"a == 'b", "line 1, column 6: expected a closing quote, found \"'b\""},
      {"a == \"b'", "line 1, column 6: expected a closing quote, found \"\"b'\""},
      {"a == 'b' &&",
       "line 1, column 12: expected a label, has(), all(), global(), ! or (, found the end"},
      {"a == 'b' & c == 'd'",
       "line 1, column 10: expected && or || or the end of the selector, found \"& c == 'd'\""},
      {"a == 'b' c == 'd'",
       "line 1, column 10: expected && or || or the end of the selector, found \"c == 'd'\""},
      {"(a == 'b'", "line 1, column 10: expected ), found the end"},
      {"a == 'b')", "line 1, column 9: expected && or || or the end of the selector, found \")\""},
      {"()", "line 1, column 2: expected a label, has(), all(), global(), ! or (, found \")\""},
      {"!", "line 1, column 2: expected a label, has(), all(), global(), ! or (, found the end"},
      {"all(", "line 1, column 5: expected ) after all(, found the end"},
      {"all(x)", "line 1, column 5: expected ) after all(, found \"x)\""},
      {"all ()",
       "line 1, column 5: expected ==, !=, in, not in, contains, starts with or ends with after "
       "the "
       "label \"all\", found \"()\""},
      {"global(", "line 1, column 8: expected ) after global(, found the end"},
      {"has()", "line 1, column 5: expected a label in has(), found \")\""},
      {"has(a", "line 1, column 6: expected ) after has(, found the end"},
      {"has(a b)", "line 1, column 7: expected ) after has(, found \"b)\""},
      {"a in 'x'", "line 1, column 6: expected { and a list of texts, found \"'x'\""},
      {"a in {'x'", "line 1, column 10: expected }, found the end"},
      {"a in {x}", "line 1, column 7: expected }, found \"x}\""},
      {"a in {,}", "line 1, column 7: expected }, found \",}\""},
      {"a in {'x' 'y'}", "line 1, column 11: expected }, found \"'y'}\""},
      {"a not 'x'",
       "line 1, column 3: expected ==, !=, in, not in, contains, starts with or ends with after "
       "the "
       "label \"a\", found \"not 'x'\""},
      {"a starts 'x'",
       "line 1, column 3: expected ==, !=, in, not in, contains, starts with or ends with after "
       "the label \"a\", found \"starts 'x'\""},
      {"a contains", "line 1, column 11: expected a text in quotes, found the end"},
      {"a == 'b'\n",
       "line 1, column 9: expected && or || or the end of the selector, found \"\n\""},
      {"$a == 'b'",
       "line 1, column 1: expected a label, has(), all(), global(), ! or (, found \"$a == 'b'\""},
  };
  for (const auto& [text, message] : kRows) {
    const auto selector = CalicoSelector::parse(text);
    ASSERT_FALSE(selector.has_value()) << text;
    EXPECT_EQ(selector.error().to_string(), message) << text;
  }
}

TEST(CalicoSelector, Limits) {
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '(') + "has(a)" + std::string(depth, ')');
  };
  EXPECT_TRUE(CalicoSelector::parse(nested(64)).has_value());
  ASSERT_FALSE(CalicoSelector::parse(nested(65)).has_value());
  EXPECT_EQ(CalicoSelector::parse(nested(65)).error().kind, ErrorKind::Limit);
  // Signs of negation do not nest.
  EXPECT_TRUE(CalicoSelector::parse(std::string(100'000, '!') + "has(a)").has_value());
  EXPECT_TRUE(CalicoSelector::parse("has(a)&&has(b)", {.nodes_max = 3}).has_value());
  ASSERT_FALSE(CalicoSelector::parse("has(a)&&has(b)", {.nodes_max = 2}).has_value());
  EXPECT_EQ(CalicoSelector::parse("has(a)&&has(b)", {.nodes_max = 2}).error().kind,
            ErrorKind::Limit);
}

// Every text of up to five pieces: none crashes, and what is read reads back the same.
TEST(CalicoSelector, EveryShortText) {
  constexpr std::array<std::string_view, 10> kPieces{"a", "==", "'x'", "&&", "||",
                                                     "(", ")",  "!",   "in", "{"};
  std::size_t read = 0;
  for (std::size_t count = 1; count <= 5; ++count) {
    std::size_t all = 1;
    for (std::size_t i = 0; i < count; ++i) {
      all *= kPieces.size();
    }
    for (std::size_t number = 0; number < all; ++number) {
      std::string text;
      for (std::size_t i = 0, rest = number; i < count; ++i, rest /= kPieces.size()) {
        text.append(kPieces[rest % kPieces.size()]).append(" ");
      }
      const auto selector = CalicoSelector::parse(text);
      if (!selector) {
        continue;
      }
      ++read;
      const auto again = CalicoSelector::parse(selector->to_string());
      ASSERT_TRUE(again.has_value()) << text;
      ASSERT_EQ(again->to_string(), selector->to_string()) << text;
    }
  }
  EXPECT_GE(read, 4U);
}

}  // namespace
}  // namespace tally::network_policy

#include "kyverno/internal/variable_scan.hpp"

#include <gtest/gtest.h>
#include <re2/re2.h>

#include <string>
#include <vector>

namespace tally::kyverno::internal {
namespace {

using Spans = std::vector<std::pair<std::size_t, std::size_t>>;

std::string shown(const Spans& spans) {
  std::string out;
  for (const auto& [begin, end] : spans) {
    out += std::to_string(begin) + "-" + std::to_string(end) + " ";
  }
  return out;
}

Spans ours(std::string_view text,
           std::optional<Span> (*find)(std::string_view, std::size_t) noexcept) {
  Spans out;
  for (std::optional<Span> found = find(text, 0); found; found = find(text, found->end)) {
    out.emplace_back(found->begin, found->end);
  }
  return out;
}

// As FindAll of Go does it; the character in front is part of a match, but not of a variable.
Spans expected(const RE2& expression, std::string_view text, std::string_view opening) {
  Spans out;
  std::size_t from = 0;
  re2::StringPiece match;
  while (from <= text.size() && expression.Match({text.data(), text.size()}, from, text.size(),
                                                 RE2::UNANCHORED, &match, 1)) {
    const auto begin = static_cast<std::size_t>(match.data() - text.data());
    const std::size_t end = begin + match.size();
    const bool is_first =
        begin == 0 && text.starts_with(opening) &&
        (text.size() <= opening.size() || !text.substr(1).starts_with(opening) ||
         RE2::FullMatch({text.data(), end}, expression.pattern()[0] == '('
                                                ? R"(\{\{(?:\{[^{}]*\}|[^{}])*\}\})"
                                                : R"(\$\(.[^ ]*\))"));
    out.emplace_back(is_first ? begin : begin + 1, end);
    from = end;
  }
  return out;
}

// Every text over the alphabet, of up to `length_max` characters.
template <class Visit>
void every_text(std::string_view alphabet, std::size_t length_max, Visit visit) {
  std::vector<std::size_t> digits;
  std::string text;
  while (text.size() <= length_max) {
    visit(std::string_view(text));
    std::size_t i = 0;
    for (; i < digits.size(); ++i) {
      digits[i] = (digits[i] + 1) % alphabet.size();
      text[i] = alphabet[digits[i]];
      if (digits[i] != 0) {
        break;
      }
    }
    if (i == digits.size()) {
      digits.push_back(0);
      text.assign(digits.size(), alphabet[0]);
      std::ranges::fill(digits, 0U);
    }
  }
}

TEST(VariableScan, VariablesAreThoseOfUpstreamsExpression) {
  const RE2 expression(R"((^|[^\\])(\{\{(?:\{[^{}]*\}|[^{}])*\}\}))");
  ASSERT_TRUE(expression.ok());
  std::size_t failures = 0;
  every_text(R"({}\a)", 8, [&](std::string_view text) {
    const Spans want = expected(expression, text, "{{");
    const Spans have = ours(text, find_variable);
    if (want != have && ++failures < 10) {
      ADD_FAILURE() << text << ": " << shown(have) << "; expected " << shown(want);
    }
  });
  EXPECT_EQ(failures, 0U);
}

TEST(VariableScan, VariablesOfLongerTexts) {
  const RE2 expression(R"((^|[^\\])(\{\{(?:\{[^{}]*\}|[^{}])*\}\}))");
  every_text("{}", 13, [&](std::string_view text) {
    ASSERT_EQ(shown(ours(text, find_variable)), shown(expected(expression, text, "{{"))) << text;
  });
}

TEST(VariableScan, ReferencesAreThoseOfUpstreamsExpression) {
  const RE2 expression(R"(^\$\(.[^ ]*\)|[^\\]\$\(.[^ ]*\))");
  ASSERT_TRUE(expression.ok());
  std::size_t failures = 0;
  every_text("$()\\ \na", 6, [&](std::string_view text) {
    const Spans want = expected(expression, text, "$(");
    const Spans have = ours(text, find_reference);
    if (want != have && ++failures < 10) {
      ADD_FAILURE() << text << ": " << shown(have) << "; expected " << shown(want);
    }
  });
  EXPECT_EQ(failures, 0U);
}

TEST(VariableScan, WhatStandsInside) {
  struct Row {
    std::string_view inside;
    std::string_view expression;
    bool is_shallow;
  };
  for (const Row& row : std::initializer_list<Row>{{" a.b ", "a.b", false},
                                                   {"a", "a", false},
                                                   {"", "", false},
                                                   {"-a", "a", true},
                                                   {"- a ", "a", true},
                                                   {" - a", "a", true},
                                                   {"a-b", "a-b", false},
                                                   {"\t@\n", "@", false}}) {
    const VariableText found = variable_text(row.inside);
    EXPECT_EQ(found.expression, row.expression) << row.inside;
    EXPECT_EQ(found.is_shallow, row.is_shallow) << row.inside;
  }
}

// Scanning is linear: a megabyte of openings without an end takes no more than a moment.
TEST(VariableScan, OpeningsWithoutAnEnd) {
  struct Row {
    std::string_view part;
    std::size_t count;
  };
  for (const Row& row : std::initializer_list<Row>{{"{{", 500'000},
                                                   {"{{a", 300'000},
                                                   {"{{{a}", 200'000},
                                                   {"{a}", 300'000},
                                                   {"\\{{", 300'000},
                                                   {"$(", 500'000},
                                                   {"$(a", 300'000},
                                                   {")$(", 300'000},
                                                   {"}}", 500'000}}) {
    std::string text;
    for (std::size_t i = 0; i < row.count; ++i) {
      text += row.part;
    }
    EXPECT_FALSE(find_variable(text, 0)) << row.part;
    if (row.part != ")$(") {
      EXPECT_FALSE(find_reference(text, 0)) << row.part;
    }
    EXPECT_FALSE(find_reference(text + " ", text.size())) << row.part;
  }
  std::string deep(10'000, '{');
  deep += "a" + std::string(10'000, '}');
  EXPECT_FALSE(find_variable(deep, 0) && find_variable(deep, 0)->end > deep.size());
}

}  // namespace
}  // namespace tally::kyverno::internal

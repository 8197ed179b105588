#include "migration/internal/cel_text.hpp"

#include <gtest/gtest.h>

#include "migration/internal/jmespath_syntax.hpp"
#include "migration/internal/regex_sample.hpp"

namespace tally::migration {
namespace {

TEST(CelText, NoMoreParenthesesThanItTakes) {
  const Cel a = related("a", "==", "1");
  const Cel b = primary("b");
  const Cel c = related("c", "in", "d");
  EXPECT_EQ(both(a, either(b, c)).text, "a == 1 && (b || c in d)");
  EXPECT_EQ(either(both(a, b), c).text, "a == 1 && b || c in d");
  EXPECT_EQ(negated(a).text, "a != 1");
  EXPECT_EQ(negated(negated(a)).text, "a == 1");
  EXPECT_EQ(negated(c).text, "!(c in d)");
  EXPECT_EQ(negated(negated(c)).text, "c in d");
  EXPECT_EQ(negated(either(b, c)).text, "!(b || c in d)");
  EXPECT_EQ(both(always(true), c).text, "c in d");
  EXPECT_EQ(either(always(true), c).text, "true");
  EXPECT_EQ(both(always(false), c).text, "false");
}

TEST(CelText, Wildcards) {
  struct Row {
    const char* pattern;
    const char* expected;
  };
  const Row rows[] = {
      {"a", "x == 'a'"},         {"*", "true"},
      {"?*", "x != ''"},         {"a*", "x.startsWith('a')"},
      {"*a", "x.endsWith('a')"}, {"*a*", "x.contains('a')"},
      {"it's", "x == 'it\\'s'"}, {"a.b?c*d", "x.matches('(?s)^a\\\\.b.c.*d$')"},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(alike("x", row.pattern).text, row.expected) << row.pattern;
  }
}

TEST(CelText, LongOnesTakeSeveralLines) {
  const Cel one = primary("has(object.spec.template.spec.securityContext.seccompProfile)");
  const Cel two = primary("has(object.spec.template.spec.securityContext.seLinuxOptions)");
  EXPECT_EQ(laid_out(both(one, two)), one.text + " &&\n" + two.text);
  EXPECT_EQ(laid_out(primary("'a && b'")), "'a && b'");
}

TEST(JmespathSyntax, AcceptsWhatIsTranslated) {
  Arena arena;
  for (const char* text :
       {"a.b.c", "a.\"b.c/d\".e", "a[].b[]", "a[?b == 'c'].d", "a || `[]`", "a.[b, c][].d",
        "length(a[?b && !c])", "a | keys(@)", "a.split(@, ':')[0]",
        "regex_match('^a$', '{{ b || 'c' }}')", "a[*].b"}) {
    EXPECT_TRUE(parse_jmespath(text, {}, arena)) << text;
  }
}

TEST(JmespathSyntax, RefusesTheRest) {
  Arena arena;
  std::string deep(5'000, '(');
  for (const std::string& text :
       {std::string(""), std::string("a."), std::string("a["), std::string("a[1:2]"),
        std::string("a.*.b"), std::string("{a: b}"), std::string("a ||"), std::string("f(a"),
        std::string("'a"), std::string("`a"), std::string("`{`"), std::string("a b"),
        std::string("&a"), std::string("a[?b"), deep}) {
    EXPECT_FALSE(parse_jmespath(text, {}, arena)) << text.substr(0, 40);
  }
}

TEST(RegexSample, Matches) {
  struct Row {
    const char* pattern;
    const char* expected;
  };
  const Row rows[] = {
      {"^v[0-9]\\.[0-9]$", "v0.0"},
      {"(a|b)+c", "ac"},
      {".*_by_lua.*", "x_by_luax"},
      {"a{3}b?", "aaa"},
      {"\\d\\s", "5 "},
      {"(?:x)y", "xy"},
      {"[", ""},
      {"(", ""},
      {"a{", "a"},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(sample_of_regex(row.pattern), row.expected) << row.pattern;
  }
}

}  // namespace
}  // namespace tally::migration

#include "scalar/go_quote.hpp"

#include <gtest/gtest.h>

namespace tally::scalar {
namespace {

TEST(GoQuoteTest, QuotesAsGo) {
  struct Case {
    std::string_view text;
    std::string_view quoted;
  };
  const Case cases[] = {
      {"", R"("")"},
      {"runtime/default", R"("runtime/default")"},
      {R"(a"b\c)", R"("a\"b\\c")"},
      {"\a\b\f\n\r\t\v", R"("\a\b\f\n\r\t\v")"},
      {std::string_view("\0\x1f\x7f", 3), R"("\x00\x1f\x7f")"},
      {"\xC3\xA9\xE6\x97\xA5\xF0\x9F\x98\x80",
       "\"\xC3\xA9\xE6\x97\xA5\xF0\x9F\x98\x80\""},  // é 日 and a smiling face
      {"\xC2\x80\xC2\xA0\xC2\xAD", R"("\u0080\u00a0\u00ad")"},
      {"\xE2\x80\xA8\xEF\xBB\xBF", R"("\u2028\ufeff")"},
      {"\xF3\xA0\x80\x81\xF4\x8F\xBF\xBF", R"("\U000e0001\U0010ffff")"},
      {"\xEF\xBF\xBD", "\"\xEF\xBF\xBD\""},
      // What is no UTF-8: a lone byte, a cut sequence, an overlong form, a surrogate, a value past
      // the last.
      {"\xFF", R"("\xff")"},
      {"a\xE6\x97", R"("a\xe6\x97")"},
      {"\xC0\x80", R"("\xc0\x80")"},
      {"\xE0\x80\x80", R"("\xe0\x80\x80")"},
      {"\xED\xA0\x80", R"("\xed\xa0\x80")"},
      {"\xF4\x90\x80\x80", R"("\xf4\x90\x80\x80")"},
  };
  for (const Case& expected : cases) {
    std::string out;
    append_go_quoted(out, expected.text);
    EXPECT_EQ(out, expected.quoted);
  }
}

}  // namespace
}  // namespace tally::scalar

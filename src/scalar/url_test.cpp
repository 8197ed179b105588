#include "scalar/url.hpp"

#include <gtest/gtest.h>

#include <array>

namespace tally::scalar {
namespace {

TEST(UrlTest, ReadsAndWrites) {
  struct Case {
    std::string_view text;
    std::string_view host;
    std::string_view path;
    std::string_view written;
  };
  constexpr auto kCases = std::to_array<Case>({
      {"https://a.b:80/c", "a.b:80", "/c", "https://a.b:80/c"},
      {"HTTPS://A.b", "A.b", "", "https://A.b"},
      {"http://u:p@h/x y", "h", "/x%20y", "http://u:p@h/x%20y"},
      {"http://h/a%2fb", "h", "/a%2fb", "http://h/a%2fb"},
      {"http://[::1%25e%31]:8/", "[::1%e1]:8", "/", "http://[::1%e1]:8/"},
      {"mailto:x@y", "", "", "mailto:x@y"},
      {"file:///x", "", "/x", "file:///x"},
      {"scheme:/x", "", "/x", "scheme:/x"},
      {"/only/path?q#f", "", "/only/path", "/only/path?q#f"},
      {"http://h?", "h", "", "http://h?"},
      {"*", "", "*", "*"},
  });
  for (const Case& row : kCases) {
    SCOPED_TRACE(row.text);
    const auto url = Url::parse(row.text);
    ASSERT_TRUE(url) << url.error().message;
    EXPECT_EQ(url->host(), row.host);
    EXPECT_EQ(url->escaped_path(), row.path);
    if (row.host.find('%') == std::string_view::npos) {
      EXPECT_EQ(url->to_string(), row.written);
    }
  }
}

TEST(UrlTest, RefusesRequestUris) {
  struct Case {
    std::string_view text;
    std::string_view error;
  };
  constexpr auto kCases = std::to_array<Case>({
      {"", "parse \"\": empty url"},
      {"relative", "parse \"relative\": invalid URI for request"},
      {":x", "parse \":x\": missing protocol scheme"},
      {"http://a b/", "parse \"http://a b/\": invalid character \" \" in host name"},
      {"http://h/%", "parse \"http://h/%\": invalid URL escape \"%\""},
      {"http://h/%zz", "parse \"http://h/%zz\": invalid URL escape \"%zz\""},
      {"http://h:8x/", "parse \"http://h:8x/\": invalid port \":8x\" after host"},
      {"http://[::1/", "parse \"http://[::1/\": missing ']' in host"},
      {"http://[1.2.3.4]/", "parse \"http://[1.2.3.4]/\": invalid IP-literal"},
      {"http://a\tb/", "parse \"http://a\\tb/\": net/url: invalid control character in URL"},
      {"http://u|@h/", "parse \"http://u|@h/\": net/url: invalid userinfo"},
  });
  for (const Case& row : kCases) {
    const auto url = Url::parse_request_uri(row.text);
    ASSERT_FALSE(url) << row.text;
    EXPECT_EQ(url.error().message, row.error);
  }
}

TEST(UrlTest, DecodesTheQuery) {
  const auto url = Url::parse("http://h/?b=1&a=x+y&b=%32&&c&d;e=1&f=%z");
  ASSERT_TRUE(url);
  const std::vector<std::pair<std::string, std::vector<std::string>>> wanted{
      {"b", {"1", "2"}}, {"a", {"x y"}}, {"c", {""}}};
  EXPECT_EQ(url->query(), wanted);
}

}  // namespace
}  // namespace tally::scalar

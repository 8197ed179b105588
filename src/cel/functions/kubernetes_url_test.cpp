#include <array>

#include "cel/functions/expression_cases.hpp"

namespace tally::cel {
namespace {

TEST(KubernetesUrlTest, InKubernetes) {
  constexpr auto kCases = std::to_array<ExpressionCase>({
      {R"cel(url("https://user:pass@example.com:80/path with spaces/?k1=a&k2=b&k2=c#frag").getHost())cel",
       R"cel("example.com:80")cel", 8},
      {R"cel(url("https://example.com/path with spaces/").getEscapedPath())cel",
       R"cel("/path%20with%20spaces/")cel", 5},
      {R"cel(url("https://example.com/a%2Fb").getEscapedPath())cel", R"cel("/a%2Fb")cel", 4},
      {R"cel(url("https://example.com/path?key with spaces=value with spaces").getQuery())cel",
       R"cel({"key with spaces": ["value with spaces"]})cel", 7},
      {R"cel(url("https://example.com/path?k1=a&k2=b&k2=c").getQuery()["k2"])cel",
       R"cel(["b", "c"])cel", 7},
      {R"cel(url("https://[::1]:80/").getHostname())cel", R"cel("::1")cel", 3},
      {R"cel(url("https://[::1]:80/").getHost())cel", R"cel("[::1]:80")cel", 3},
      {R"cel(url("https://[::1%25eth0]:80/").getHost())cel", R"cel("[::1%eth0]:80")cel", 4},
      {R"cel(url("https://1.2.3.4:8x/").getHost())cel",
       R"cel(!URL parse error during conversion from string: parse "https://1.2.3.4:8x/": invalid port ":8x" after host)cel"},
      {R"cel(url("../relative").getHost())cel",
       R"cel(!URL parse error during conversion from string: parse "../relative": invalid URI for request)cel"},
      {R"cel(url("/path").getScheme())cel", R"cel("")cel", 2},
      {R"cel(url("HTTP://A.b/").getScheme())cel", R"cel("http")cel", 3},
      {R"cel(url("mailto:x@y").getHost())cel", R"cel("")cel", 2},
      {R"cel(url("http://a b/").getHost())cel",
       R"cel(!URL parse error during conversion from string: parse "http://a b/": invalid character " " in host name)cel"},
      {R"cel(url("http://a%zz/").getHost())cel",
       R"cel(!URL parse error during conversion from string: parse "http://a%zz/": invalid URL escape "%zz")cel"},
      {R"cel(url("http://[1.2.3.4]/").getHost())cel",
       R"cel(!URL parse error during conversion from string: parse "http://[1.2.3.4]/": invalid IP-literal)cel"},
      {R"cel(url("http://[::1/").getHost())cel",
       R"cel(!URL parse error during conversion from string: parse "http://[::1/": missing ']' in host)cel"},
      {R"cel(url("http://a:b:80/").getHost())cel",
       R"cel(!URL parse error during conversion from string: parse "http://a:b:80/": invalid port ":b:80" after host)cel"},
      {R"cel(url("x://a:b:80/").getPort())cel", R"cel("80")cel", 3},
      {R"cel(url("").getHost())cel",
       R"cel(!URL parse error during conversion from string: parse "": empty url)cel"},
      {R"cel(url("http://h/?a=%zz&b=1").getQuery())cel", R"cel({"b": ["1"]})cel", 3},
      {R"cel(url("http://h/?a;b=1&c").getQuery())cel", R"cel({"c": [""]})cel", 3},
      {R"cel(url("http://h/x?") == url("http://h/x?"))cel", "true", 5},
      {R"cel(url("http://h/x") == url("http://h/y"))cel", "false", 3},
      {R"cel(isURL("https://user:pass@example.com:80/"))cel", "true", 1},
      {R"cel(isURL("foo"))cel", "false", 1},
      {R"cel(isURL("https://a.b/\u0001"))cel", "false", 1},
  });
  expect_values("kubernetes", kCases);
}

}  // namespace
}  // namespace tally::cel

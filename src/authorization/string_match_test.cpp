#include "authorization/string_match.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace tally::authorization {
namespace {

TEST(StringMatch, Values) {
  struct Row {
    std::string_view value;
    std::string_view text;
    bool matches;
    bool matches_any_case;
  };
  for (const Row& row : {
           Row{"abc", "abc", true, true},    Row{"abc", "ABC", false, true},
           Row{"abc", "abcd", false, false}, Row{"", "", true, true},
           Row{"", "a", false, false},       Row{"*", "a", true, true},
           Row{"*", "", false, false},       Row{"a*", "a", true, true},
           Row{"a*", "Ab", false, true},     Row{"a*", "ba", false, false},
           Row{"*a", "ba", true, true},      Row{"*a", "bA", false, true},
           Row{"*a", "ab", false, false},    Row{"*a", "", false, false},
           Row{"a*b", "a*b", true, true},    Row{"a*b", "axb", false, false},
           Row{"**", "*", true, true},       Row{"**", "a", false, false},
           Row{"*a*", "xa*", true, true},    Row{"*a*", "xay", false, false},
       }) {
    const StringMatch match = StringMatch::from_value(row.value);
    EXPECT_EQ(match.matches(row.text), row.matches) << row.value << " " << row.text;
    EXPECT_EQ(match.matches_any_case(row.text), row.matches_any_case)
        << row.value << " " << row.text;
  }
}

TEST(StringMatch, Identities) {
  constexpr std::string_view kWeb = "cluster.local/ns/shop/sa/web";
  struct Row {
    std::string_view value;
    std::string_view principal;
    bool principals;
    bool namespaces;
    bool trust_domains;
    bool accounts;  // in a policy of namespace shop
  };
  for (const Row& row : {
           Row{"*", kWeb, true, true, true, false},
           Row{"*", "", false, false, false, false},
           Row{"*", "weird", true, false, true, false},
           Row{"shop", kWeb, false, true, false, false},
           Row{"sho", kWeb, false, false, false, false},
           Row{"s*p", kWeb, false, true, false, false},
           Row{"web", kWeb, false, false, false, true},
           Row{"shop/web", kWeb, false, false, false, true},
           Row{"bank/web", kWeb, false, false, false, false},
           Row{"we", kWeb, false, false, false, false},
           Row{"cluster.local", kWeb, false, false, true, false},
           Row{"cluster.loca", kWeb, false, false, false, false},
           Row{"cluster.*", kWeb, true, false, true, false},
           Row{"*.local", kWeb, false, false, true, false},
           Row{"*/ns", kWeb, false, false, true, false},
           Row{"*shop", kWeb, false, true, false, false},
           Row{"*sa/web", kWeb, true, false, false, false},
           Row{"cluster.local/ns/shop/sa/web", kWeb, true, false, false, false},
           Row{"cluster.local/ns/*", kWeb, true, false, true, false},
           // More key and value pairs than the usual ones.
           Row{"web", "td/ns/shop/x/y/sa/web/z/1", false, false, false, true},
           Row{"web", "td/ns/shop/sa/web-2", false, false, false, false},
           Row{"web", "td/ns/shop/xsa/web", false, false, false, false},
           Row{"web", "/ns/shop/sa/web", false, false, false, false},
           Row{"b", "td/ns/a/ns/b/sa/c", false, true, false, false},
           // "spiffe://ns/..." holds "/ns/" twice.
           Row{"ns", "ns/ns/shop/sa/web", false, true, true, false},
           Row{"shop", "ns/shop/sa/web", false, true, false, false},
       }) {
    EXPECT_EQ(matches_principal(row.value, row.principal), row.principals)
        << row.value << " " << row.principal;
    EXPECT_EQ(matches_namespace(row.value, row.principal), row.namespaces)
        << row.value << " " << row.principal;
    EXPECT_EQ(matches_trust_domain(row.value, row.principal), row.trust_domains)
        << row.value << " " << row.principal;
    EXPECT_EQ(ServiceAccountMatch::from_value(row.value, "shop").matches(row.principal),
              row.accounts)
        << row.value << " " << row.principal;
  }
}

TEST(StringMatch, PathTemplates) {
  struct Row {
    std::string_view value;
    std::string_view path;
    bool matches;
  };
  for (const Row& row : {
           Row{"/{*}", "/a", true},
           Row{"/{*}", "/", false},
           Row{"/{*}", "/a/", false},
           Row{"/{*}", "/a/b", false},
           Row{"/{*}/", "/a/", true},
           Row{"/{*}/", "/a", false},
           Row{"/a/{*}/c", "/a/b/c", true},
           Row{"/a/{*}/c", "/a//c", false},
           Row{"/a/{*}/c", "/ab/b/c", false},
           Row{"/a/{**}", "/a/", true},
           Row{"/a/{**}", "/a", false},
           Row{"/a/{**}", "/a/b/c", true},
           Row{"/a/{**}/d", "/a//d", true},
           Row{"/a/{**}/d", "/a/d", false},
           Row{"/a/{**}/d", "/a/b/c/d", true},
           Row{"/a/{**}/d", "/a/b/dd", false},
           Row{"/{*}/b/{**}/d.txt", "/a/b/c/d.txt", true},
           Row{"/{*}/b/{**}/d.txt", "/a/b/c/dxtxt", false},
           Row{"/{*}", "/\"", false},
           Row{"/{**}", "/<", false},
           Row{"/{**}", "/\xC3\xA4", false},
           Row{"{*}", "a", false},
           Row{"/{*}", "", false},
       }) {
    EXPECT_EQ(matches_path_template(row.value, row.path), row.matches)
        << row.value << " " << row.path;
  }
}

TEST(StringMatch, PathTemplateProblems) {
  for (const std::string_view good :
       {"/a", "/{*}", "/{**}", "/a/{*}/{**}/b", "*", "/a*", "", "/a b"}) {
    EXPECT_EQ(path_template_problem("Paths", good), "") << good;
  }
  for (const std::string_view bad :
       {"/{**}/{*}", "/{**}/{**}", "/{a}", "/{*}a", "/a{", "/{*}/a b", "/{*}//b", "/{*}/*", "/}"}) {
    EXPECT_NE(path_template_problem("Paths", bad), "") << bad;
  }
}

TEST(StringMatch, RequestPrincipals) {
  using Kind = StringMatch::Kind;
  struct Row {
    std::string_view value;
    StringMatch issuer;
    StringMatch subject;
  };
  const StringMatch any{Kind::Present, {}};
  for (const Row& row : {
           Row{"*", any, any},
           Row{"iss/sub", {Kind::Exact, "iss"}, {Kind::Exact, "sub"}},
           Row{"https://iss/x/sub", {Kind::Exact, "https://iss/x"}, {Kind::Exact, "sub"}},
           Row{"iss", {Kind::Exact, "iss"}, {Kind::Exact, ""}},
           Row{"*/sub", any, {Kind::Exact, "sub"}},
           Row{"*iss/sub", {Kind::Suffix, "iss"}, {Kind::Exact, "sub"}},
           Row{"*sub", any, {Kind::Suffix, "sub"}},
           Row{"iss/*", {Kind::Exact, "iss"}, any},
           Row{"iss/su*", {Kind::Exact, "iss"}, {Kind::Prefix, "su"}},
           Row{"is*", {Kind::Prefix, "is"}, any},
       }) {
    const RequestPrincipalMatch match = RequestPrincipalMatch::from_value(row.value);
    EXPECT_EQ(match.issuer, row.issuer) << row.value;
    EXPECT_EQ(match.subject, row.subject) << row.value;
  }
}

}  // namespace
}  // namespace tally::authorization

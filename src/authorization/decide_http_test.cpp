// Decisions that read the request: tokens, headers, hosts, paths.
#include <gtest/gtest.h>

#include "authorization/decide.hpp"
#include "authorization/testing/world.hpp"

namespace tally::authorization {
namespace {

using testing::policy;
using testing::World;

constexpr std::string_view kWeb = "cluster.local/ns/shop/sa/web";

// A GET of /api/users from shop/web to bank/ledger:8080, everything known.
Request http_request(const document::Node& labels) {
  Request out;
  out.source.principal = kWeb;
  out.source.ip = *scalar::IpAddress::parse("10.0.0.1");
  out.source.remote_ip = out.source.ip;
  out.destination.name_space = "bank";
  out.destination.labels = labels;
  out.destination.port = 8080;
  out.destination.ip = *scalar::IpAddress::parse("10.0.9.9");
  out.is_http = true;
  out.method = "GET";
  out.path = "/api/users";
  out.host = "ledger.bank";
  return out;
}

constexpr Verdict kAllow = Verdict::Allow;
constexpr Verdict kDeny = Verdict::Deny;
constexpr Verdict kUnknown = Verdict::Unknown;

std::string bank(std::string_view spec) { return policy("bank/p", spec); }

TEST(Decide, Tokens) {
  const std::string authentication =
      "---\napiVersion: security.istio.io/v1\nkind: RequestAuthentication\nmetadata: {name: jwt, "
      "namespace: bank}\nspec: {jwtRules: [{issuer: iss, jwksUri: 'https://iss/keys', "
      "spaceDelimitedClaims: [teams]}]}\n";
  const std::string any = bank("{rules: [{from: [{source: {requestPrincipals: ['*']}}]}]}");
  const std::string scope =
      bank("{rules: [{when: [{key: 'request.auth.claims[scope]', values: [read]}]}]}");
  const std::string nested =
      bank("{rules: [{when: [{key: 'request.auth.claims[a][b]', values: [c*]}]}]}");
  const std::string teams =
      bank("{rules: [{when: [{key: 'request.auth.claims[teams]', values: [red]}]}]}");
  const std::string other =
      bank("{rules: [{when: [{key: 'request.auth.claims[other]', values: [red]}]}]}");
  struct TokenRow {
    std::string name;
    std::string policies;
    Token token;
    std::string claims;
    Verdict verdict;
  };
  const std::vector<TokenRow> rows = {
      {"no token", authentication + any, Token::Absent, "{}", kDeny},
      {"no token, nothing asked", authentication, Token::Absent, "{}", kAllow},
      {"a token nobody has looked at", authentication + any, Token::NotValidated, "{}", kUnknown},
      {"may be 401", authentication, Token::NotValidated, "{}", kUnknown},
      {"without a RequestAuthentication nobody looks", any, Token::NotValidated, "{}", kDeny},
      {"401", authentication, Token::Invalid, "{}", kDeny},
      {"an invalid token that nobody reads", "", Token::Invalid, "{}", kAllow},
      {"accepted", authentication + any, Token::Valid, "{iss: iss, sub: me}", kAllow},
      {"without subject", authentication + any, Token::Valid, "{iss: iss}", kDeny},
      {"scope is a list of words", authentication + scope, Token::Valid,
       "{iss: iss, scope: write read}", kAllow},
      {"words, not parts of words", authentication + scope, Token::Valid,
       "{iss: iss, scope: reader}", kDeny},
      {"a list is a list", authentication + scope, Token::Valid, "{iss: iss, scope: [a, read]}",
       kAllow},
      {"numbers are no texts", authentication + scope, Token::Valid, "{iss: iss, scope: [1, 2]}",
       kDeny},
      {"nested", authentication + nested, Token::Valid, "{iss: iss, a: {b: cd}}", kAllow},
      {"nested, absent", authentication + nested, Token::Valid, "{iss: iss, a: cd}", kDeny},
      {"split by the issuer's rule", authentication + teams, Token::Valid,
       "{iss: iss, teams: blue red}", kAllow},
      {"not by another issuer's", authentication + teams, Token::Valid, "{iss: x, teams: blue red}",
       kDeny},
      {"other claims are not split", authentication + other, Token::Valid,
       "{iss: iss, other: blue red}", kDeny},
  };
  for (const TokenRow& row : rows) {
    World world(row.policies);
    Request request = http_request(world.labels("{app: ledger}"));
    request.token = row.token;
    request.claims = world.labels(row.claims);
    const Decision decision = decide(world.set(), request);
    EXPECT_EQ(decision.verdict, row.verdict) << row.name << ": " << describe(decision);
  }
}

TEST(Decide, HeadersHostsAndPaths) {
  struct FieldRow {
    std::string name;
    std::string rule;
    std::vector<Header> headers;
    std::string_view host;
    std::string_view path;
    Verdict verdict;
  };
  const auto to = [](std::string_view operation) {
    return "{to: [{operation: " + std::string(operation) + "}]}";
  };
  const std::string header_a = "{when: [{key: 'request.headers[X-User]', values: [anna]}]}";
  const std::string header_any = "{when: [{key: 'request.headers[x-user]', values: ['*']}]}";
  const std::string header_not = "{when: [{key: 'request.headers[x-user]', notValues: ['*']}]}";
  const std::vector<FieldRow> rows = {
      {"names of headers in any case", header_a, {{"x-user", "anna"}}, "h", "/", kAllow},
      {"values in their own", header_a, {{"x-user", "Anna"}}, "h", "/", kDeny},
      {"two of a name are one, with a comma",
       header_a,
       {{"x-user", "anna"}, {"X-USER", "bob"}},
       "h",
       "/",
       kDeny},
      {"a star is presence, of an empty value, too",
       header_any,
       {{"x-user", ""}},
       "h",
       "/",
       kAllow},
      {"absent", header_any, {}, "h", "/", kDeny},
      {"absent is wanted", header_not, {}, "h", "/", kAllow},
      {"hosts in any case", to("{hosts: [Bank.Example]}"), {}, "bANK.example", "/", kAllow},
      {"the port is part of the host",
       to("{hosts: [bank.example]}"),
       {},
       "bank.example:80",
       "/",
       kDeny},
      {"a suffix needs no dot", to("{hosts: ['*.example']}"), {}, "bank.EXAMPLE", "/", kAllow},
      {"the query is cut", to("{paths: [/a]}"), {}, "h", "/a?b=/c", kAllow},
      {"a path in its own case", to("{paths: [/a]}"), {}, "h", "/A", kDeny},
      {"dot segments are resolved",
       to("{paths: [/private]}"),
       {},
       "h",
       "/public/..%2e/../private",
       kDeny},
      {"dot segments are resolved indeed",
       to("{paths: [/private]}"),
       {},
       "h",
       "/public/%2e%2e/private",
       kAllow},
      {"a backslash is a slash", to("{notPaths: [/a/b]}"), {}, "h", "/a\\b", kDeny},
      {"a star in the middle is a star", to("{paths: ['/a/*/b']}"), {}, "h", "/a/x/b", kDeny},
      {"an escaped NUL is 400", "{}", {}, "h", "/a%00", kDeny},
      {"a template", to("{paths: ['/a/{*}/b']}"), {}, "h", "/a/x/b", kAllow},
      {"one segment only", to("{paths: ['/a/{*}/b']}"), {}, "h", "/a/x/y/b", kDeny},
  };
  for (const FieldRow& row : rows) {
    World world(bank("{rules: [" + row.rule + "]}"));
    Request request = http_request(world.labels("{app: ledger}"));
    request.headers = row.headers;
    request.host = row.host;
    request.path = row.path;
    EXPECT_EQ(decide(world.set(), request).verdict, row.verdict)
        << row.name << ": " << describe(decide(world.set(), request));
  }
}

}  // namespace
}  // namespace tally::authorization

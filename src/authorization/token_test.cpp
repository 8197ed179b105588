#include "authorization/token.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "authorization/testing/world.hpp"

namespace tally::authorization {
namespace {

using testing::World;

// Istio's public test key and tokens (istio.io/istio tests/common/jwt at 86c9f01): never trust them
// outside tests.
constexpr std::string_view kKeyModulus =
    "raJ7ZEhMfrBUo2werGKOow9an1B6Ukc6dKY2hNi10eaQe9ehJCjLpmJpePxoqaCi2VYt6gncLfhEV71JDGsodbfY"
    "MlaxwWTt6lXBcjlVXHWDXLC45rHVfi9FjSSXloHqmSStpjv3mrW3R6fx2VeVVP_mrA6ZHtcynq6ecJqO11STvVoe"
    "eM3lEsASVSWsUrKltC1Crfo0sI7YG34QjophVTEi8B9gVepAJZV-Bso5sinRABnxfLUM7DU5c8MO114uvXThgSIu"
    "AOM9PbViSC3X6Y9Gsjsy881HGO-EJaUCrwSWnwQW5sp0TktrYL70-M4_ug-X51Yt_PErmncKupx8Hw";
constexpr std::string_view kKeyId = "tT_w9LRNrY7wJalGsTYSt7rutZi86Gvyc0EKR4CaQAw";
// test-issuer-1@istio.io, sub-1, until 2119.
constexpr std::string_view kToken =
    "eyJhbGciOiJSUzI1NiIsImtpZCI6InRUX3c5TFJOclk3d0phbEdzVFlTdDdydXRaaTg2R3Z5YzBFS1I0Q2FRQXci"
    "LCJ0eXAiOiJKV1QifQ.eyJleHAiOjQ3MTU3ODI3MjIsImdyb3VwcyI6WyJncm91cC0xIl0sImlhdCI6MTU2MjE4M"
    "jcyMiwiaXNzIjoidGVzdC1pc3N1ZXItMUBpc3Rpby5pbyIsInN1YiI6InN1Yi0xIn0.JUWnHmKP01ZJMxtE8ke7L"
    "v7G_eXL9yEoa4xWi__Sk09IQsuBGnhK75nQfl4aJ1fLthu-AvIp-GZe-1hDnBHhO4MQ7tXYeCdgnFkVGvhvZwOWp"
    "Ol79H2U-mRX1eyjsHG0ZzwHwWMMLpPW6HQYCbTCEkZKRtoFoSum0-ilGqLO7EGRMEFpKYKnZV0N9pZIgX8uPlHoO"
    "VCZjqvhDtFjP-PG89vvNozeV7u47LMMzQeQtzCDmbRrIw1KVHZ885N1qiLcf-RNR9x9UINK_d98QKqkYsJtI2QTd"
    "VzevzSF8LfvaGLh75tvAL8h7L221haAKEnICuRqGWNO8qIwsj0k89kdGA";
// The same with aud: ["foo", "buzz"].
constexpr std::string_view kTokenWithAudiences =
    "eyJhbGciOiJSUzI1NiIsImtpZCI6InRUX3c5TFJOclk3d0phbEdzVFlTdDdydXRaaTg2R3Z5YzBFS1I0Q2FRQXci"
    "LCJ0eXAiOiJKV1QifQ.eyJhdWQiOlsiZm9vIiwiYnV6eiJdLCJleHAiOjQ4Njg3MjU5OTMsImlhdCI6MTcxNTEyN"
    "Tk5MywiaXNzIjoidGVzdC1pc3N1ZXItMUBpc3Rpby5pbyIsInN1YiI6InN1Yi0xIn0.A0rD0DeHInl2thoxfx69A"
    "3o8BQvFX_cHNS4-1KNkUsHCD9muyqj4eO0AdRY__wAPGbkzXbESbU5NpHwMXWa1zg6KOMHiLmtze4RmQ8XH3mFMi"
    "4eI-Qr2N11Ce40c9SvZurj5lWcRQCtOp4DBNtLvFhueqvpW6odRmuREaN11yxgpQeBM8EzhnF_njDCCqcai0FAms"
    "97Nx-fbXS2ASErPm73rmbuUpc5Usm3kzP22t3OP_Q8DlXO53xQPfaBCIo-FGZCWS1UzD37cplHGzKndK1V7PelaF"
    "nJE7U95yBdJaMufk1KSX_aPlF6Kjn4lABydlzg8y3IZh5ERZIgSX9cs4w";
// The same, expired.
constexpr std::string_view kTokenExpired =
    "eyJhbGciOiJSUzI1NiIsImtpZCI6InRUX3c5TFJOclk3d0phbEdzVFlTdDdydXRaaTg2R3Z5YzBFS1I0Q2FRQXci"
    "LCJ0eXAiOiJKV1QifQ.eyJleHAiOjE1NjIxODI4NTYsImdyb3VwcyI6WyJncm91cC0xIl0sImlhdCI6MTU2MjE4M"
    "jg1NSwiaXNzIjoidGVzdC1pc3N1ZXItMUBpc3Rpby5pbyIsInN1YiI6InN1Yi0xIn0.o9hp0P5DS66Q7wP38wGo0"
    "AKS5HoWdHXrAUdNLnXzVC4MwU4N9o3U0PfDgWp8A7YIbDuuQAtKJyCHEJCV3JEh7Xb5Tz_12hYQcXcJ0FTA6pOXr"
    "bWRjkAVMhs3-OHiKt855s39l2OKrLwmJ3ph7LV4z8J8i-2LE2hQH18R00_dcx2agoY1VNYH2LSErBYx6e-HQlKFW"
    "8c9sQ1CHG7u4ns1I2e23A0nBlRWRUHUYIMo6sfAPWhyQWl1kpRzg6b3fyXGfUpgeEmdIPDK7MfRUZA-0epFGjvoq"
    "CwgMdEEQ-O_pH5y2qV1jPpu-9IO_FdpYhHofKMTn_ql05ys6zoIHj9Gng";

std::string key_set(std::string_view id = kKeyId, std::string_view type = "RSA") {
  return R"({"keys":[{"e":"AQAB","kid":")" + std::string(id) + R"(","kty":")" + std::string(type) +
         R"(","n":")" + std::string(kKeyModulus) + R"("}]})";
}

std::string authentication(std::string_view rules) {
  return "---\napiVersion: security.istio.io/v1\nkind: RequestAuthentication\nmetadata: {name: "
         "jwt, "
         "namespace: bank}\nspec: {selector: {matchLabels: {app: ledger}}, jwtRules: " +
         std::string(rules) + "}\n";
}

struct Row {
  std::string name;
  std::string rules;
  std::vector<Header> headers;
  std::string path;
  Token token;
};

TEST(Token, Check) {
  const std::string bearer = "Bearer " + std::string(kToken);
  const std::string with_audiences = "Bearer " + std::string(kTokenWithAudiences);
  const std::string expired = "Bearer " + std::string(kTokenExpired);
  std::string forged = bearer;
  forged[forged.size() - 10] = forged[forged.size() - 10] == 'A' ? 'B' : 'A';
  const std::size_t dot = bearer.find('.');
  const std::string other_claims = bearer.substr(0, dot) +
                                   ".eyJpc3MiOiJ0ZXN0LWlzc3Vlci0xQGlzdGlvLmlvIn0" +
                                   bearer.substr(bearer.rfind('.'));
  // {"alg":"none"} and {"alg":"HS256"}
  const std::string no_algorithm = "Bearer eyJhbGciOiJub25lIn0" + bearer.substr(dot);
  const std::string secret_algorithm = "Bearer eyJhbGciOiJIUzI1NiJ9" + bearer.substr(dot);
  const std::string four_parts = bearer + ".x";
  const std::string prefixed = "T " + std::string(kToken);
  const std::string cookie = "a=b; t=" + std::string(kToken);
  const std::string other_cookie = "tt=" + std::string(kToken);
  const std::string rule = "[{issuer: test-issuer-1@istio.io, jwksUri: 'http://keys'}]";
  const std::vector<Row> rows = {
      {"no token", rule, {}, "/", Token::Absent},
      {"no such header", rule, {{"x-auth", bearer}}, "/", Token::Absent},
      {"another scheme", rule, {{"authorization", "Basic YTpi"}}, "/", Token::Absent},
      {"accepted", rule, {{"authorization", bearer}}, "/", Token::Valid},
      {"from the query", rule, {}, "/?a=b&access_token=" + std::string(kToken), Token::Valid},
      {"no rule", "[]", {{"authorization", bearer}}, "/", Token::Absent},
      {"another issuer",
       "[{issuer: x, jwksUri: 'http://keys'}]",
       {{"authorization", bearer}},
       "/",
       Token::Invalid},
      {"one of two issuers",
       "[{issuer: x, jwksUri: 'http://keys'}, {issuer: test-issuer-1@istio.io, jwksUri: "
       "'http://keys'}]",
       {{"authorization", bearer}},
       "/",
       Token::Valid},
      {"keys that are not here",
       "[{issuer: test-issuer-1@istio.io, jwksUri: 'http://other'}]",
       {{"authorization", bearer}},
       "/",
       Token::NotValidated},
      {"inline keys",
       "[{issuer: test-issuer-1@istio.io, jwks: '" + key_set() + "'}]",
       {{"authorization", bearer}},
       "/",
       Token::Valid},
      {"inline keys of another id",
       "[{issuer: test-issuer-1@istio.io, jwks: '" + key_set("x") + "'}]",
       {{"authorization", bearer}},
       "/",
       Token::Invalid},
      {"inline keys of another type",
       "[{issuer: test-issuer-1@istio.io, jwks: '" + key_set(kKeyId, "EC") + "'}]",
       {{"authorization", bearer}},
       "/",
       Token::Invalid},
      {"inline keys that are none",
       "[{issuer: test-issuer-1@istio.io, jwks: '[]'}]",
       {{"authorization", bearer}},
       "/",
       Token::NotValidated},
      {"an audience",
       "[{issuer: test-issuer-1@istio.io, audiences: [buzz], jwksUri: 'http://keys'}]",
       {{"authorization", with_audiences}},
       "/",
       Token::Valid},
      {"another audience",
       "[{issuer: test-issuer-1@istio.io, audiences: [x], jwksUri: 'http://keys'}]",
       {{"authorization", with_audiences}},
       "/",
       Token::Invalid},
      {"no audience",
       "[{issuer: test-issuer-1@istio.io, audiences: [x], jwksUri: 'http://keys'}]",
       {{"authorization", bearer}},
       "/",
       Token::Invalid},
      {"expired", rule, {{"authorization", expired}}, "/", Token::Invalid},
      {"forged", rule, {{"authorization", forged}}, "/", Token::Invalid},
      {"other claims", rule, {{"authorization", other_claims}}, "/", Token::Invalid},
      {"alg none", rule, {{"authorization", no_algorithm}}, "/", Token::Invalid},
      {"alg HS256", rule, {{"authorization", secret_algorithm}}, "/", Token::Invalid},
      {"not three parts", rule, {{"authorization", "Bearer a.b"}}, "/", Token::Invalid},
      {"four parts", rule, {{"authorization", four_parts}}, "/", Token::Invalid},
      {"nothing behind Bearer", rule, {{"authorization", "Bearer "}}, "/", Token::Invalid},
      {"a header of its own",
       "[{issuer: test-issuer-1@istio.io, jwksUri: 'http://keys', fromHeaders: [{name: "
       "x-token, prefix: 'T '}]}]",
       {{"X-Token", prefixed}},
       "/",
       Token::Valid},
      {"then not the usual one",
       "[{issuer: test-issuer-1@istio.io, jwksUri: 'http://keys', fromHeaders: "
       "[{name: x-token}]}]",
       {{"authorization", bearer}},
       "/",
       Token::Absent},
      {"a parameter",
       "[{issuer: test-issuer-1@istio.io, jwksUri: 'http://keys', fromParams: [t]}]",
       {},
       "/?xt=1&t=" + std::string(kToken),
       Token::Valid},
      {"a cookie",
       "[{issuer: test-issuer-1@istio.io, jwksUri: 'http://keys', fromCookies: [t]}]",
       {{"cookie", cookie}},
       "/",
       Token::Valid},
      {"no such cookie",
       "[{issuer: test-issuer-1@istio.io, jwksUri: 'http://keys', fromCookies: [t]}]",
       {{"cookie", other_cookie}},
       "/",
       Token::Absent},
  };
  const std::string keys = key_set();
  const TokenOptions options{
      .now_s = 1'790'000'000,
      .key_set = [&](std::string_view uri) -> std::optional<std::string_view> {
        return uri == "http://keys" ? std::optional<std::string_view>(keys) : std::nullopt;
      }};
  for (const Row& row : rows) {
    World world(authentication(row.rules));
    Request request;
    request.is_http = true;
    request.destination.name_space = "bank";
    request.destination.labels = world.labels("{app: ledger}");
    request.headers = row.headers;
    request.path = row.path;
    Arena arena;
    const TokenCheck check = check_token(world.set(), request, options, arena);
    EXPECT_EQ(check.token, row.token) << row.name << ": " << check.reason;
    EXPECT_EQ(check.object != nullptr, row.token == Token::Valid) << row.name;
    EXPECT_EQ(check.claims.is_object(), row.token == Token::Valid) << row.name;
    EXPECT_EQ(check.reason.empty(), row.token == Token::Valid || row.token == Token::Absent)
        << row.name;
    request.destination.labels = world.labels("{app: other}");
    EXPECT_EQ(check_token(world.set(), request, options, arena).token, Token::Absent) << row.name;
  }
}

}  // namespace
}  // namespace tally::authorization

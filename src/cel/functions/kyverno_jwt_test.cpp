// Tokens are signed with "secret" unless their name says otherwise.
#include <array>
#include <string>

#include "cel/functions/expression_cases.hpp"
#include "cel/host.hpp"

namespace tally::cel {
namespace {

constexpr std::string_view kPlain =
    "eyJhbGciOiJIUzI1NiJ9."
    "eyJzdWIiOiJhbm4iLCJyb2xlIjoiYWRtaW4iLCJuIjpbMSx7ImEiOm51bGx9XX0."
    "8inUvC-LK67QGCZ9J9e0WBHQlsxUeeEsWIXTx6Vowgk";
constexpr std::string_view k384 =
    "eyJhbGciOiJIUzM4NCIsInR5cCI6IkpXVCJ9."
    "eyJzdWIiOiJhbm4ifQ."
    "bjjaK-ZzEQE1DL-7WaX2GiwR60gvf1NttwxZRimQmOKnHrZmmfYYNjwxsBjzqgCw";
constexpr std::string_view k512 =
    "eyJhbGciOiJIUzUxMiJ9."
    "eyJzdWIiOiJhbm4ifQ."
    "N3J47HxCuMGtw6Q8sD-GT9FDJroJxYtnKCD-VpcxSKb3eS6q_MvBLetv9P80NHvQUAEqgSC-zF-D15JaKAUdFQ";
constexpr std::string_view kExpires =
    "eyJhbGciOiJIUzI1NiJ9."
    "eyJleHAiOjIwMDAwMDAwMDAuNywic3ViIjoieCJ9."
    "zD6UvEORXwIIb1_IgUpuhVUVJL1H3b8NITTtQPo-4Qk";
constexpr std::string_view kExpired =
    "eyJhbGciOiJIUzI1NiJ9."
    "eyJleHAiOjEwMDAwMDAwMDB9."
    "kU7Sp6X3yVLGh1I4NmFfoZALWB8O6uarOK_QulgW9s4";
constexpr std::string_view kNotYet =
    "eyJhbGciOiJIUzI1NiJ9."
    "eyJuYmYiOjIwMDAwMDAwMDB9."
    "VHr57ZiMABOMLS-GGa2bWmjn-cbXttOVZPxiCoogWg0";
constexpr std::string_view kIssuedLater =
    "eyJhbGciOiJIUzI1NiJ9."
    "eyJpYXQiOjIwMDAwMDAwMDB9."
    "URZICqDPDdEq-te9YxIRPcv_TBrdd2Jw162MZQN3zZc";
constexpr std::string_view kAudience =
    "eyJhbGciOiJIUzI1NiJ9."
    "eyJhdWQiOiJ4In0."
    "Vn2gk-ajbSsvwSTOIb9LGU6jjMRUAmthiE_RPRTA-60";
constexpr std::string_view kNone =
    "eyJhbGciOiJub25lIn0."
    "eyJzdWIiOiJldmUifQ."
    "";
constexpr std::string_view kRsa =
    "eyJhbGciOiJSUzI1NiJ9."
    "eyJzdWIiOiJldmUifQ."
    "Ol0SvHjRLcB-Ox49GsQx7J6mVC8jlCuPvhRcG6s2pRg";
constexpr std::string_view kSwitched =
    "eyJhbGciOiJIUzI1NiJ9."
    "eyJzdWIiOiJldmUifQ."
    "smEDeA7jfBrWBKvy6rYX72xuJp-FnKDfgAVIAvCZWVvz-AcE1FCtlEwd20Q2WSprdeCCns1LATKJzBnIzuM66w";
constexpr std::string_view kNoAlgorithm =
    "eyJ0eXAiOiJKV1QifQ."
    "eyJzdWIiOiJldmUifQ."
    "BHQIOXpxYtvZmtNXVKtEd8d9V1HA-DFUt9cQXLmsiEE";
constexpr std::string_view kTextTime =
    "eyJhbGciOiJIUzI1NiJ9."
    "eyJleHAiOiJzb29uIn0."
    "H_hTOv4NubbIYQf2AtmU433D1MDiPv2vmqrjDkx4pT8";
constexpr std::string_view kNoJson =
    "eyJhbGciOiJIUzI1NiJ9."
    "eyJzdWIiOg."
    "ifP_QxVtGGKocVZHJVwL9BRUVqo2DmeBrELRrnj4T8A";
constexpr std::string_view kList =
    "eyJhbGciOiJIUzI1NiJ9."
    "WzFd."
    "ynTFibx3DIcriBAdBIdEQAGZd4hGzcmAGvUe5YWZ8iI";

// It is 2024-01-01.
class Clock final : public Host {
 public:
  Value ask(Arena& arena, std::string_view capability, std::string_view function,
            std::span<const Value> /*args*/) const override {
    return capability == "now" ? Value::timestamp(1'704'067'200, 0)
                               : not_provided(arena, capability, function);
  }
};

struct Row {
  std::string_view name;
  std::string_view token;
  std::string_view after;  // what is asked of jwt.Decode(token, key)
  std::string_view expected;
  std::string_view key = "secret";
};

void expect(std::span<const Row> rows, const Host* host) {
  for (const Row& row : rows) {
    SCOPED_TRACE(row.name);
    const std::string expression = "jwt.Decode('" + std::string(row.token) + "', '" +
                                   std::string(row.key) + "')" + std::string(row.after);
    const std::array cases{ExpressionCase{.expression = expression, .expected = row.expected}};
    expect_values("kyverno", cases, host);
  }
}

TEST(KyvernoJwtTest, ReadsSignedClaims) {
  const Clock clock;
  const Row rows[] = {
      {"claims", kPlain, ".Claims.role", R"("admin")"},
      {"numbers are doubles", kPlain, ".Claims.n[0] / 2.0 == 0.5", "true"},
      {"no time", kPlain, ".Valid", "true"},
      {"384", k384, ".Claims.sub", R"("ann")"},
      {"512", k512, ".Claims.sub", R"("ann")"},
      {"a claim that is not there", kPlain, ".Claims.?team.orValue('none')", R"("none")"},
      {"times are whole", kExpires, ".Claims.exp == 2000000000.0", "true"},
      {"still valid", kExpires, ".Valid", "true"},
      {"expired", kExpired, ".Valid", "false"},
      {"not yet", kNotYet, ".Valid", "false"},
      {"issued later", kIssuedLater, ".Valid", "false"},
      {"is not null", kPlain, " == null", "false"},
  };
  expect(rows, &clock);
}

TEST(KyvernoJwtTest, RefusesTheRest) {
  constexpr std::string_view kForged =
      "!could not verify message using any of the signatures or keys";
  constexpr std::string_view kAlgorithm =
      "!failed to parse jws: the algorithm is none of a shared secret";
  constexpr std::string_view kParts = "!failed to parse jws: invalid number of segments";
  constexpr std::string_view kPart = "!failed to parse jws: a segment cannot be read";
  constexpr std::string_view kClaims = "!failed to parse jws: the claims cannot be read";
  const std::string flipped = std::string(kPlain.substr(0, kPlain.size() - 2)) + "AA";
  const Row rows[] = {
      {"another key", kPlain, ".Valid", kForged, "other"},
      {"no key", kPlain, ".Valid", "!failed to parse jws: the key is empty", ""},
      {"changed signature", flipped, ".Valid", kForged},
      {"no signature", kNone, ".Valid", kAlgorithm},
      {"a key pair's algorithm", kRsa, ".Valid", kAlgorithm},
      {"no algorithm", kNoAlgorithm, ".Valid", kAlgorithm},
      {"signed by another digest", kSwitched, ".Valid", kForged},
      {"an audience", kAudience, ".Valid", "!proto: invalid type: []string"},
      {"a time that is a text", kTextTime, ".Valid", kClaims},
      {"no JSON", kNoJson, ".Valid", kClaims},
      {"no map", kList, ".Valid", kClaims},
      {"nothing", "", ".Valid", kParts},
      {"two parts", "e30.e30", ".Valid", kParts},
      {"four parts", "e30.e30.e30.e30", ".Valid", kParts},
      {"no base64", "e30.e30.=", ".Valid", kPart},
      {"one digit too many", "e30.e30.e30e3", ".Valid", kPart},
      {"header is no map", "W10.e30.e30", ".Valid", kPart},
      {"no such field", kPlain, ".Signature", "!no such key: Signature"},
  };
  const Clock clock;
  expect(rows, &clock);
}

TEST(KyvernoJwtTest, WithoutAClockOnlyTimesAreNotKnown) {
  const Row rows[] = {
      {"claims", kExpires, ".Claims.sub", R"("x")"},
      {"no times", kPlain, ".Valid", "true"},
      {"times", kExpires, ".Valid",
       "!now.jwt.Decode: nothing here can answer: no provider for 'now'"},
  };
  expect(rows, nullptr);
}

TEST(KyvernoJwtTest, KeysFromUrlsAreTheHosts) {
  constexpr auto kCases = std::to_array<ExpressionCase>({
      {"jwt.Decode('a.b.c', jwks.Fetch('https://example.com')).Valid",
       "!jwks.jwks.Fetch: nothing here can answer: no provider for 'jwks'"},
  });
  expect_values("kyverno", kCases);
}

}  // namespace
}  // namespace tally::cel

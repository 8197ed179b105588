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

// Made once with Python's `cryptography`; the claims are {"sub":"ann","aud":"shop"} unless the name
// says otherwise. kConfusedToken is signed with the RSA modulus as if it were a shared secret.
constexpr std::string_view kRsaToken =
    "eyJhbGciOiJSUzI1NiIsImtpZCI6InJzYSJ9.eyJzdWIiOiJhbm4iLCJhdWQiOiJzaG9wIn0.tMFWRastdZj-xTGKQ"
    "iZgux3fCY7Uisoz8kX3MS1u9Bx4tZ7kokn_STpQs7Cjj69qO5b1IC50B9KrQXeJe3DRmgH8FclOrj6pezEwxEwQEmZ"
    "rzKmH6FI2El2T6Y-hgfA-Nx3Lut6ToH4Q4HFio9qRFQnyXRljM5Z0hta3O2uHM-nsjTDlmZwTB2wCgBhDHFtbd7amD"
    "sIEPUYQQjuPufEdakMI-UglM059AyhGipU5ITiNu5ggJpehjD2qFk7TFhIri3KgqIsEOX6CzV67D-9gtkSVv1Do4R6"
    "tH2DCP3Rgbqhycfp9rgMQHYIqPYcte9KNE0Q_4Wv604s9IpGgdknzeA";
constexpr std::string_view kPssToken =
    "eyJhbGciOiJQUzI1NiIsImtpZCI6InJzYSJ9.eyJzdWIiOiJhbm4iLCJhdWQiOiJzaG9wIn0.U8wvDFPiGL5-XHy90"
    "1BFvPXPnhbzItqePRkKk0IiSNSTa_vskJWyRnzZccsQtexg8ofy8FvVkKi_XpwIFXMRtQVlKQ96-P07I0pDn177lLG"
    "6-sM1FXQj6LgkzaSaky__dWNs7zhSMq3KRX4jfPQbz8UFIddFEl_TnmXx00E7hBW0aOstWiE-Zrktxr5ApStKLnJPv"
    "cbx19d5-aoYKHcIc6ZyWqXXCjIJnvFOBb8TC9N7VWKG9rFDBvVKiRT5WTqSulqG8P7yt9c5Nx6xRYhe4g4U3DUlOd_"
    "D9Ql0qakD0cB65qK0vW6PR0UCJ4-nHnwzhusxJiF91bIWydpVg5t0gg";
constexpr std::string_view kCurveToken =
    "eyJhbGciOiJFUzI1NiIsImtpZCI6ImVjIn0.eyJzdWIiOiJhbm4iLCJhdWQiOiJzaG9wIn0.ScR5ewvfho9wHfrci9"
    "5uoL8DlPn_Z4z-_Zi2fjR9PsYh5J0jaMj1IdLYnC46JANjRBgyVGCbQX5tXbLr0wlcNg";
constexpr std::string_view kEdwardsToken =
    "eyJhbGciOiJFZERTQSIsImtpZCI6ImVkIn0.eyJzdWIiOiJhbm4iLCJhdWQiOiJzaG9wIn0.umq5jvbSgLfimT6bvP"
    "TYBTDLo3jUzKmddjMPuZmCcWZiv2w2ZBBpH3Z92VUpl-F5Hp_hGjPbSH3ZkI6pjmCVCA";
constexpr std::string_view kSharedToken =
    "eyJhbGciOiJIUzI1NiIsImtpZCI6Im9jdCJ9.eyJzdWIiOiJhbm4iLCJhdWQiOiJzaG9wIn0.477nhd0U4Ge1W8X0Q"
    "InnpKTRHsJsfQPeAwAMSzC_GRg";
constexpr std::string_view kConfusedToken =
    "eyJhbGciOiJIUzI1NiIsImtpZCI6InJzYSJ9.eyJzdWIiOiJldmUifQ.D90uh6C-jBx7hgRlGJMDN6WRCG-S-teg0c"
    "K9H5_c4Fw";
constexpr std::string_view kNamelessToken =
    "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhbm4iLCJhdWQiOiJzaG9wIn0.jt7vODiBpsTN8iMD8MXbWjpFKK4du6NZj"
    "OzVuVnUByEeS4CZYxJVWgau7O8tNhAScnjebr2c91j2BqxDJYxKMg";
constexpr std::string_view kStrangeToken =
    "eyJhbGciOiJSUzI1NiIsImtpZCI6Im90aGVyIn0.eyJzdWIiOiJhbm4iLCJhdWQiOiJzaG9wIn0.z08jkj4pzEZ1hQ"
    "CjTiKy-D3_p0zRe5BUt8v9jXqPY7wRU52xk3Jk13ixp3DUObmKgdb-oYPZbh9Spb89r-9r16F1yb0tMrNFyRze1KF4"
    "loPeD_ZshhSU6Uh-i4pCSGhBmJTZ9_mZtDC_dUkEGlF-8zdNhoMM0zJYA8IUU0MUgMNuQ9wDo92mzO4T7H1a7eKetq"
    "_2NsaLxAm9yiOaX1S_5p-jgRxvFqT__fWClcECWP_-kOxW9nRSTSO6er_zgfguox_5KtuXkrMcoAu9ExYFUOFSIiQI"
    "SAJEC-CjAgdiQz3Y_N9cvh7hQ_MpFr2Jq8ClHkSAbgFh2PAYYPSG1SeQiA";
constexpr std::string_view kCriticalToken =
    "eyJhbGciOiJSUzI1NiIsImtpZCI6InJzYSIsImNyaXQiOlsiYjY0Il0sImI2NCI6ZmFsc2V9.eyJzdWIiOiJhbm4iL"
    "CJhdWQiOiJzaG9wIn0.lqlfB-z8D6ALtj11H2tzDAeq-tJ31IGmyaNahlC_W2oEdX0fg8hWqZ4RAO5Vlpry_jtNz3W"
    "FZ4sAJa98Y1PS9smVrg0K48mwaTDtJPMDcdSfGw9JbTO0hJbi3iJWPSRL63YJNKX2u6czm0mFCbMzGwSjhasDcMBMb"
    "qfm10Djp2VO-spT5_S8obLXjo6ocumMM-zj_xZaMdgkvEicq3ELIWLUXhC74zkc3ZCAcShAp7e4Wy4Wi_9rppU-8xh"
    "Bg657D5krQnbpms4oVck4Hz1yKdV68PIb9E5HEeL_1w3ZDQ3DoP_icZKcheCXXkpsoBe9iFrTHKLBy0Z9p5_RYE4AJ"
    "w";
constexpr std::string_view kExpiredRsaToken =
    "eyJhbGciOiJSUzI1NiIsImtpZCI6InJzYSJ9.eyJleHAiOjEwMDAwMDAwMDB9.sk2vivb64UIUOxPrHV2B7lDDGSnK"
    "J42I-TlgItT6g9Jkpvgik6bAssy9-fZGk_Ux_hZt0YeprGP61YJGgVruFAh2EWE69MbyxyrcR0qfSaQQv7G6Grlq1u"
    "YcLfRyODYPPhvnJV_2Fo5j3VEhik3FMT38Nlh-wc41Hm_z5FPxJWv5xWtjNf8rctB_lyYtKa-TmYf-IVnjOBQIR21T"
    "RkdMTxbMneDqrecQAulMGtKJWK2xEfSqPmmIE3mG7YLff7ENUO7ic4h7OrFFZv4cI1LIH_1c4Yj1uNMbMzYBXVthuj"
    "O6W_9mrBq3nUJiJ0NXKyc01OpyfxynyzsY1T5a-PjbEw";
constexpr std::string_view kWrongAlgToken =
    "eyJhbGciOiJSUzM4NCIsImtpZCI6InJzYSJ9.eyJzdWIiOiJhbm4iLCJhdWQiOiJzaG9wIn0.go21G1KQrA36qBxyD"
    "0j4YPItBb0cFEZxKQmZNmZNzyvrfy7bil5HTfrS3pNL3AGk7smGPPh_AUwcA0-lqxMCoK2ZOmJiP5mNwaFJCFyCCaC"
    "IyDa_yHeSvT4yz2tXv-67QwLGa5ft_XxGz4bGEdt_LcQuHPEqjtwcphnEFRfe48W93MN7lWM5hHdZS_7OZx2_bHINJ"
    "PG_TB_wLHC-RFX3knoFsKAVOi-CwLE5onuDoZLBj4vY4_j2ysYJeVO1p5b5TEwhJYS6H0Js-d62KIe83MQvF7rqsmK"
    "4kPe4x89vOwcM9QThvgkw1dsO5XMXLxLNBtf9ALWbuP1zs0oATqzY3Q";
constexpr std::string_view kNoneToken = "eyJhbGciOiJub25lIiwia2lkIjoicnNhIn0.eyJzdWIiOiJldmUifQ.";
constexpr std::string_view kRsaKey =
    "{\"kty\":\"RSA\",\"kid\":\"rsa\",\"n\":\"4zVoC6JUR_"
    "936p7IJdajWFJSBQlf9z5mh8BtpHzjpwXtsgMYDkKVGjFhWad0"
    "p7vs3uv1sCl4s9Zo5gYZHlo3wvw_8POaGjFu3Bl7Rwund-QEQUKIMZGZTeUQzDn24xUSlifQwwSa0LfwGNG7aErhzQ"
    "8NX1m-qj-S-GN9hUx1lyNof6YVeKybwfL-llk3VACloFGZXznOY_gVgKZAJT99EOTwEFgXWPfPiSxXMg4YfMEsq5tt"
    "9f9u_VqvvsTEQ9KLmpCrxxNqDl68I6Lp6oxaRFWFUH940eVUEnIuRTRqHZ3TZ9Wd1ZkYGSRj3pXIXPe_03rPaqGPLR"
    "6ZRLoTrbJ_mQ\",\"e\":\"AQAB\"}";
constexpr std::string_view kCurveKey =
    "{\"kty\":\"EC\",\"kid\":\"ec\",\"crv\":\"P-256\",\"x\":\"5cwNVE5hIbfQpaW1t_"
    "HYj55rCvO3pnO2K8jPgURVkdA\",\"y\""
    ":\"9pDLVFNxBwnRikFRxOD3uPr8xSJAbrzf0HStetf3-oo\"}";
constexpr std::string_view kEdwardsKey =
    "{\"kty\":\"OKP\",\"kid\":\"ed\",\"crv\":\"Ed25519\",\"x\":\"znzg_TiH7mAaaWxc_6Krnj79StI_"
    "Oiy3bXs0Uuhd-Mc\"}";
constexpr std::string_view kSharedKey = "{\"kty\":\"oct\",\"kid\":\"oct\",\"k\":\"c2VjcmV0\"}";
// The key and the token of kyverno-authz's own test (pkg/cel/libs/jwk/lib_test.go).
constexpr std::string_view kUpstreamKey =
    R"({"alg":"ES256","crv":"P-256","kid":"my-key-id","kty":"EC","use":"sig","x":"iTV4PECbWuDaNBMTLmwH0jwBTD3xUXR0S-VWsCYv8Gc","y":"-Cnw8d0XyQztrPZpynrFn8t10lyEb6oWqWcLJWPUB5A"})";
constexpr std::string_view kUpstreamToken =
    "eyJhbGciOiJFUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJwa2kuZXhhbXBsZS5jb20ifQ.ViJTHHv5FuJM9LsRrTpzts"
    "6tZkN8deKiu5x49-M8-nq6Rs6ta-Wn8fN_YVLlpZvwhFu_yfxpfUGhBRc33QSSsw";

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

// What stands behind the URL is the URL.
class Keys final : public Host {
 public:
  Value ask(Arena& arena, std::string_view capability, std::string_view function,
            std::span<const Value> args) const override {
    if (capability == "now") {
      return Value::timestamp(1'704'067'200, 0);
    }
    return capability == "jwks" && function == "Fetch" && args.size() == 1
               ? args[0]
               : not_provided(arena, capability, function);
  }
};

struct SetRow {
  std::string_view name;
  std::string_view token;
  std::string keys;
  std::string_view expected;
};

void expect_with_keys(std::span<const SetRow> rows) {
  const Keys host;
  for (const SetRow& row : rows) {
    SCOPED_TRACE(row.name);
    const std::string expression = "jwt.Decode('" + std::string(row.token) + "', jwks.Fetch('" +
                                   row.keys + "')).Claims.?sub.orValue('nobody')";
    const std::array cases{ExpressionCase{.expression = expression, .expected = row.expected}};
    expect_values("kyverno", cases, &host);
  }
}

std::string set_of(std::initializer_list<std::string_view> keys) {
  std::string out = R"({"keys":[)";
  for (const std::string_view key : keys) {
    out += out.ends_with('[') ? "" : ",";
    out += key;
  }
  return out + "]}";
}

std::string with(std::string_view key, std::string_view member) {
  return "{" + std::string(member) + "," + std::string(key.substr(1));
}

TEST(KyvernoJwtTest, KeySets) {
  const std::string all = set_of({kRsaKey, kCurveKey, kEdwardsKey, kSharedKey});
  const SetRow rows[] = {
      {"RS256", kRsaToken, all, R"("ann")"},
      {"PS256", kPssToken, all, R"("ann")"},
      {"ES256", kCurveToken, all, R"("ann")"},
      {"EdDSA", kEdwardsToken, all, R"("ann")"},
      {"HS256", kSharedToken, all, R"("ann")"},
      {"a key alone", kRsaToken, std::string(kRsaKey), R"("ann")"},
      {"no name, one key", kNamelessToken, set_of({kCurveKey}), R"("ann")"},
      {"for signatures", kRsaToken, with(kRsaKey, R"("use":"sig")"), R"("ann")"},
      {"of this algorithm", kRsaToken, with(kRsaKey, R"("alg":"RS256")"), R"("ann")"},
      {"upstream's", kUpstreamToken, set_of({kUpstreamKey}), R"("nobody")"},
  };
  expect_with_keys(rows);
  const Keys host;
  const std::string decoded =
      "jwt.Decode('" + std::string(kRsaToken) + "', jwks.Fetch('" + std::string(kRsaKey) + "'))";
  const std::string audience = decoded + ".Claims.aud";
  const std::string valid = decoded + ".Valid";
  const std::string expired = "jwt.Decode('" + std::string(kExpiredRsaToken) + "', jwks.Fetch('" +
                              std::string(kRsaKey) + "')).Valid";
  const std::array cases{ExpressionCase{.expression = audience, .expected = R"(["shop"])"},
                         ExpressionCase{.expression = valid, .expected = "true"},
                         ExpressionCase{.expression = expired, .expected = "false"}};
  expect_values("kyverno", cases, &host);
}

TEST(KyvernoJwtTest, KeySetsThatDoNotVerify) {
  constexpr std::string_view kForged =
      "!could not verify message using any of the signatures or keys";
  constexpr std::string_view kNoKey = "!failed to find matching key in key set";
  const std::string all = set_of({kRsaKey, kCurveKey, kEdwardsKey, kSharedKey});
  const std::string small = R"({"kty":"RSA","kid":"rsa","n":"w_8","e":"AQAB"})";
  const std::string renamed =
      R"({"kty":"EC","kid":"rsa",)" + std::string(kCurveKey.substr(kCurveKey.find(R"("crv")")));
  const SetRow rows[] = {
      {"a public key is no secret", kConfusedToken, all, kForged},
      {"none", kNoneToken, all, kForged},
      {"a header that lies", kWrongAlgToken, all, kForged},
      {"another key of that name", kRsaToken, renamed, kForged},
      {"a key too small", kRsaToken, small, kForged},
      {"a key for encryption", kRsaToken, with(kRsaKey, R"("use":"enc")"), kForged},
      {"a key of another algorithm", kRsaToken, with(kRsaKey, R"("alg":"PS256")"), kForged},
      {"no key of that name", kStrangeToken, all, kNoKey},
      {"no name, several keys", kNamelessToken, all, kNoKey},
      {"no keys", kRsaToken, set_of({}), kNoKey},
      {"critical", kCriticalToken, all,
       "!failed to parse jws: the header names critical extensions"},
      {"no token", "a.b", all, "!failed to parse jws: invalid number of segments"},
      {"no JSON", kRsaToken, "<html>",
       "!jwk.Parse: failed to unmarshal JWK set: it is no JSON object"},
      {"a list", kRsaToken, "[]", "!jwk.Parse: failed to unmarshal JWK set: it is no JSON object"},
      {"no list", kRsaToken, R"({"keys":1})",
       "!jwk.Parse: failed to unmarshal JWK set: keys is no list"},
      {"no key", kRsaToken, R"({"keys":[1]})",
       "!jwk.Parse: failed to unmarshal JWK set: a key cannot be read"},
      {"no type", kRsaToken, "{}", "!jwk.Parse: failed to unmarshal JWK set: a key cannot be read"},
      {"no base64", kRsaToken, R"({"kty":"RSA","n":"=","e":"AQAB"})",
       "!jwk.Parse: failed to unmarshal JWK set: a key cannot be read"},
  };
  expect_with_keys(rows);
}

}  // namespace
}  // namespace tally::cel

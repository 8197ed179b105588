#include <array>

#include "cel/functions/expression_cases.hpp"

namespace tally::cel {
namespace {

TEST(EncoderFunctionsTest, InSpec) {
  constexpr auto kCases = std::to_array<ExpressionCase>({
      {R"cel(base64.decode("aGVsbG8="))cel", R"cel(b"hello")cel"},
      {R"cel(base64.decode("aGVsbG8"))cel", R"cel(b"hello")cel"},
      {R"cel(base64.decode("aGVs\nbG8="))cel", R"cel(b"hello")cel"},
      {R"cel(base64.decode("a"))cel", "!illegal base64 data at input byte 0"},
      {R"cel(base64.decode("aGV$bG8="))cel", "!illegal base64 data at input byte 3"},
      {R"cel(base64.decode("aGVsbG8=x"))cel", "!illegal base64 data at input byte 7"},
      {R"cel(base64.decode("aG=sbG8="))cel", "!illegal base64 data at input byte 2"},
      {R"cel(base64.decode("="))cel", "!illegal base64 data at input byte 0"},
      {R"cel(base64.encode(b"hello"))cel", R"cel("aGVsbG8=")cel"},
      {R"cel(base64.encode(b""))cel", R"cel("")cel"},
      {R"cel(base64.encode(b"\xff\xfe\xfd"))cel", R"cel("//79")cel"},
      {R"cel(json.encode({"hello":"<w&>", "a":[1,2.5,null,true], "z": 1e21, "y": 1e-7, "x": 9007199254740993}))cel",
       R"cel("{\"a\":[1,2.5,null,true],\"hello\":\"\\u003cw\\u0026\\u003e\",\"x\":\"9007199254740993\",\"y\":1e-7,\"z\":1e+21}")cel"},
      {R"cel(json.encode("\u2028\u0001\n"))cel", R"cel("\"\\u2028\\u0001\\n\"")cel"},
      {R"cel(json.encode(b"hi"))cel", R"cel("\"aGk=\"")cel"},
      {R"cel(json.encode(timestamp("2020-01-01T00:00:00Z")))cel",
       R"cel("\"2020-01-01T00:00:00Z\"")cel"},
      {R"cel(json.encode(duration("1h")))cel", R"cel("\"3600s\"")cel"},
      {"json.encode(optional.of(1))", R"cel("1")cel"},
  });
  expect_values("spec", kCases);
}

}  // namespace
}  // namespace tally::cel

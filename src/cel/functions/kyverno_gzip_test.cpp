#include <array>
#include <string>

#include "cel/functions/expression_cases.hpp"

namespace tally::cel {
namespace {

TEST(KyvernoGzipTest, BothWays) {
  constexpr auto kCases = std::to_array<ExpressionCase>({
      // The test of upstream (gzip/impl_test.go).
      {"base64.encode(gzip.compress('kyverno'))",
       R"("H4sIAAAAAAAA/8quLEstyssHBAAA///oD5wzBwAAAA==")"},
      {"gzip.decompress(base64.decode('H4sIADP4umkAA8uuLEstyssHAOgPnDMHAAAA'))", R"("kyverno")"},
      {"gzip.decompress(gzip.compress(''))", R"("")"},
      {"gzip.decompress(gzip.compress('é'))", R"("é")"},
      {"gzip.decompress(gzip.compress('a') + gzip.compress('b'))", R"("ab")"},
      {"gzip.compress([1, 2, 3].map(x, 'abcdefgh').join()).size() < 50", "true"},
      {"gzip.compress(1)", "!type conversion error from 'int' to 'string'"},
      {"gzip.compress(b'a')", "!type conversion error from 'bytes' to 'string'"},
      {"gzip.decompress(b'')", "!EOF"},
      {"gzip.decompress(b'hello')", "!gzip: invalid data"},
      {"gzip.decompress(base64.decode('H4sIAAAAAAAA/8quLEst'))", "!unexpected EOF"},
      {"gzip.decompress(base64.decode('H4sIAAAAAAAA/8quLEstyssHBAAA///oD5wzBwAAAQ=='))",
       "!gzip: invalid data"},
      {"gzip.decompress(base64.decode('H4sIAAAAAAAA/8quLEstyssHBAAA///oD5wyBwAAAA=='))",
       "!gzip: invalid data"},
  });
  expect_values("kyverno", kCases);
}

// 2^25 bytes in some 32 kilobytes.
TEST(KyvernoGzipTest, BombsAreStopped) {
  std::string doubled = "'0123456789abcdef'";
  for (int i = 0; i < 20; ++i) {
    doubled = "[" + doubled + "].map(x, x + x)[0]";
  }
  const std::string expression =
      "cel.bind(z, gzip.compress(" + doubled + "), gzip.decompress(z + z))";
  const std::string compress = "gzip.compress([" + doubled + "].map(x, x + x)[0])";
  const std::array cases{
      ExpressionCase{.expression = expression, .expected = "!gzip: more than 16777216 bytes"},
      ExpressionCase{.expression = compress, .expected = "!gzip: more than 16777216 bytes"}};
  expect_values("kyverno", cases);
}

}  // namespace
}  // namespace tally::cel

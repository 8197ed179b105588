#include "crypto/hmac.hpp"

#include <gtest/gtest.h>

#include "crypto/sha256.hpp"

namespace tally::crypto {
namespace {

std::string hex(const std::optional<std::string>& octets) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  for (const char c : octets.value_or("")) {
    const auto byte = static_cast<unsigned char>(c);
    out += kDigits[byte >> 4U];
    out += kDigits[byte & 15U];
  }
  return out;
}

// RFC 4231 section 4.3, and an empty key.
TEST(Hmac, KnownCodes) {
  constexpr std::string_view kMessage = "what do ya want for nothing?";
  EXPECT_EQ(hex(hmac(HmacDigest::Sha256, "Jefe", kMessage)),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(hex(hmac(HmacDigest::Sha384, "Jefe", kMessage)).substr(0, 32),
            "af45d2e376484031617f78d2b58a6b1b");
  EXPECT_EQ(hex(hmac(HmacDigest::Sha512, "Jefe", kMessage)).substr(0, 32),
            "164b7a7bfcf819e2e395fbe73b56e0a3");
  EXPECT_EQ(hex(hmac(HmacDigest::Sha256, "", "")),
            "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

TEST(Hmac, ComparesWholeCodes) {
  EXPECT_TRUE(equal_in_constant_time("abc", "abc"));
  EXPECT_TRUE(equal_in_constant_time("", ""));
  EXPECT_FALSE(equal_in_constant_time("abc", "abd"));
  EXPECT_FALSE(equal_in_constant_time("abc", "ab"));
  EXPECT_FALSE(equal_in_constant_time("", "a"));
}

}  // namespace
}  // namespace tally::crypto

#include "crypto/legacy_digest.hpp"

#include <openssl/evp.h>

#include <array>

namespace tally::crypto {

namespace {

std::optional<std::string> digest_hex(const char* algorithm, std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  std::size_t size = 0;
  if (EVP_Q_digest(nullptr, algorithm, nullptr, bytes.data(), bytes.size(), digest.data(), &size) !=
      1) {
    return std::nullopt;
  }
  std::string hex;
  for (std::size_t i = 0; i < size; ++i) {
    hex += kDigits[digest[i] >> 4U];
    hex += kDigits[digest[i] & 15U];
  }
  return hex;
}

}  // namespace

std::optional<std::string> md5_hex(std::string_view bytes) { return digest_hex("MD5", bytes); }

std::optional<std::string> sha1_hex(std::string_view bytes) { return digest_hex("SHA1", bytes); }

}  // namespace tally::crypto

#include "crypto/hmac.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <array>

namespace tally::crypto {

namespace {

const char* name_of(HmacDigest digest) noexcept {
  switch (digest) {
    case HmacDigest::Sha256:
      return "SHA256";
    case HmacDigest::Sha384:
      return "SHA384";
    case HmacDigest::Sha512:
      return "SHA512";
  }
  return "SHA256";
}

}  // namespace

std::optional<std::string> hmac(HmacDigest digest, std::string_view key, std::string_view message) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> code{};
  std::size_t size = 0;
  // OpenSSL wants an address even for an empty key.
  constexpr char kNothing = 0;
  const auto* bytes = reinterpret_cast<const unsigned char*>(message.data());
  if (EVP_Q_mac(nullptr, "HMAC", nullptr, name_of(digest), nullptr,
                key.empty() ? &kNothing : key.data(), key.size(), bytes, message.size(),
                code.data(), code.size(), &size) == nullptr) {
    return std::nullopt;
  }
  return std::string(reinterpret_cast<const char*>(code.data()), size);
}

bool equal_in_constant_time(std::string_view a, std::string_view b) noexcept {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace tally::crypto

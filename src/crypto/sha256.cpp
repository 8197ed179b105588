#include "crypto/sha256.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "base/assert.hpp"

namespace tally::crypto {

namespace {

// Fetched once: EVP_sha256() would look the provider up again for every digest.
const EVP_MD* algorithm() {
  static const EVP_MD* const kAlgorithm = [] {
    // Before anything else initialises the library: its configuration file, which costs a
    // millisecond to read, has nothing to say about the built-in digest.
    OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, nullptr);
    return EVP_MD_fetch(nullptr, "SHA256", nullptr);
  }();
  TALLY_ASSERT(kAlgorithm != nullptr);
  return kAlgorithm;
}

EVP_MD_CTX* as_context(void* context) { return static_cast<EVP_MD_CTX*>(context); }

}  // namespace

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
  TALLY_ASSERT(context_ != nullptr &&
               EVP_DigestInit_ex2(as_context(context_), algorithm(), nullptr) == 1);
}

Sha256::~Sha256() { EVP_MD_CTX_free(as_context(context_)); }

void Sha256::update(std::string_view bytes) {
  TALLY_ASSERT(EVP_DigestUpdate(as_context(context_), bytes.data(), bytes.size()) == 1);
}

Sha256Digest Sha256::finish() {
  Sha256Digest digest{};
  TALLY_ASSERT(EVP_DigestFinal_ex(as_context(context_), digest.data(), nullptr) == 1);
  TALLY_ASSERT(EVP_DigestInit_ex2(as_context(context_), nullptr, nullptr) == 1);
  return digest;
}

Sha256Digest sha256(std::string_view bytes) {
  Sha256 hash;
  hash.update(bytes);
  return hash.finish();
}

std::array<char, 64> to_hex(const Sha256Digest& digest) noexcept {
  // Plain arithmetic, which compilers turn into vector code: 'a' stands 39 after what would follow
  // '9'.
  const auto digit = [](unsigned nibble) {
    return static_cast<char>('0' + nibble + (nibble > 9U ? 39U : 0U));
  };
  std::array<char, 64> hex{};
  for (std::size_t i = 0; i < digest.size(); ++i) {
    hex[2 * i] = digit(digest[i] >> 4U);
    hex[2 * i + 1] = digit(digest[i] & 15U);
  }
  return hex;
}

}  // namespace tally::crypto

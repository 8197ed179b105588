#include "crypto/secret_bytes.hpp"

#include <openssl/crypto.h>

#include <cstring>
#include <utility>

namespace tally::crypto {

// Not a moved std::string: a short one lies inside the object, and moving leaves its bytes behind.
SecretBytes::SecretBytes(std::string&& bytes) {
  *this = copy_of(bytes);
  OPENSSL_cleanse(bytes.data(), bytes.size());
  bytes.clear();
}

SecretBytes::SecretBytes(SecretBytes&& other) noexcept
    : bytes_(std::move(other.bytes_)), size_(std::exchange(other.size_, 0)) {}

SecretBytes& SecretBytes::operator=(SecretBytes&& other) noexcept {
  if (this != &other) {
    wipe();
    bytes_ = std::move(other.bytes_);
    size_ = std::exchange(other.size_, 0);
  }
  return *this;
}

SecretBytes::~SecretBytes() { wipe(); }

SecretBytes SecretBytes::copy_of(std::string_view bytes) {
  SecretBytes out;
  if (!bytes.empty()) {
    out.bytes_ = std::make_unique<char[]>(bytes.size());
    out.size_ = bytes.size();
    std::memcpy(out.bytes_.get(), bytes.data(), bytes.size());
  }
  return out;
}

void SecretBytes::wipe() noexcept {
  if (size_ != 0) {
    OPENSSL_cleanse(bytes_.get(), size_);
  }
}

bool operator==(const SecretBytes& a, const SecretBytes& b) noexcept {
  return a.size_ == b.size_ &&
         (a.size_ == 0 || CRYPTO_memcmp(a.bytes_.get(), b.bytes_.get(), a.size_) == 0);
}

}  // namespace tally::crypto

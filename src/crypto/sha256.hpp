#pragma once
// SHA-256 (FIPS 180-4) through OpenSSL. Threads: one Sha256 per thread.

#include <array>
#include <cstdint>
#include <string_view>

namespace tally::crypto {

using Sha256Digest = std::array<std::uint8_t, 32>;

class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;

  void update(std::string_view bytes);
  // The digest of everything since construction or the last finish(); ready for the next message.
  [[nodiscard]] Sha256Digest finish();

 private:
  void* context_;
};

[[nodiscard]] Sha256Digest sha256(std::string_view bytes);
[[nodiscard]] std::array<char, 64> to_hex(const Sha256Digest& digest) noexcept;  // lower case

}  // namespace tally::crypto

#pragma once
// SecretBytes: bytes that must not be seen (private keys, tokens). Wiped on destruction, not
// copyable, not printable (no operator<<, no formatter, no conversion), compared in constant time.
// reveal() is the one way out, so that a search for it finds every use.

#include <cstddef>
#include <iosfwd>
#include <memory>
#include <string>
#include <string_view>

namespace tally::crypto {

class SecretBytes {
 public:
  SecretBytes() noexcept = default;
  // Moves the bytes out of `bytes` and wipes what stays behind there.
  explicit SecretBytes(std::string&& bytes);
  SecretBytes(SecretBytes&& other) noexcept;
  SecretBytes& operator=(SecretBytes&& other) noexcept;
  SecretBytes(const SecretBytes&) = delete;
  SecretBytes& operator=(const SecretBytes&) = delete;
  ~SecretBytes();

  // From bytes that are someone else's to wipe.
  [[nodiscard]] static SecretBytes copy_of(std::string_view bytes);
  // A copy that is meant.
  [[nodiscard]] SecretBytes duplicate() const { return copy_of(reveal()); }

  [[nodiscard]] std::string_view reveal() const noexcept [[clang::lifetimebound]] {
    return {bytes_.get(), size_};
  }
  [[nodiscard]] bool is_empty() const noexcept { return size_ == 0; }

  // In a time that depends on the sizes only.
  friend bool operator==(const SecretBytes& a, const SecretBytes& b) noexcept;
  friend std::ostream& operator<<(std::ostream&, const SecretBytes&) = delete;

 private:
  void wipe() noexcept;

  std::unique_ptr<char[]> bytes_;
  std::size_t size_ = 0;
};

}  // namespace tally::crypto

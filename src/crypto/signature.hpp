#pragma once
// Signatures of JOSE (RFC 7518 section 3, RFC 8037): verifying only.
//
// A key is used with algorithms of its own kind and nothing else; RSA keys have 2,048 to 16,384
// bits; an elliptic curve belongs to one algorithm (section 3.4).

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

namespace tally::crypto {

enum class SignatureAlgorithm : std::uint8_t {
  Rs256,
  Rs384,
  Rs512,
  Ps256,
  Ps384,
  Ps512,
  Es256,
  Es384,
  Es512,
  EdDsa,
};

// "RS256"; nothing for what is none of these.
[[nodiscard]] std::optional<SignatureAlgorithm> parse_signature_algorithm(
    std::string_view name) noexcept;

class PublicKey {
 public:
  // Big-endian numbers, as the members of a JWK are after base64url.
  struct Rsa {
    std::string_view modulus;
    std::string_view exponent;
  };
  struct Curve {
    std::string_view name;  // "P-256", "P-384", "P-521"
    std::string_view x;
    std::string_view y;
  };
  // Nothing: no usable key.
  [[nodiscard]] static std::optional<PublicKey> create(const Rsa& parts);
  [[nodiscard]] static std::optional<PublicKey> create(const Curve& parts);
  [[nodiscard]] static std::optional<PublicKey> create_ed25519(std::string_view octets);

  PublicKey(PublicKey&&) noexcept;
  PublicKey& operator=(PublicKey&&) noexcept;
  PublicKey(const PublicKey&) = delete;
  PublicKey& operator=(const PublicKey&) = delete;
  ~PublicKey();

  // Whether the key can be used with the algorithm at all.
  [[nodiscard]] bool fits(SignatureAlgorithm algorithm) const noexcept;
  // Signatures of curves are r and s side by side (section 3.4).
  [[nodiscard]] bool verifies(SignatureAlgorithm algorithm, std::string_view message,
                              std::string_view signature) const;

 private:
  struct State;
  explicit PublicKey(std::unique_ptr<State> state) noexcept;
  std::unique_ptr<State> state_;
};

}  // namespace tally::crypto

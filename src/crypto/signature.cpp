#include "crypto/signature.hpp"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#include <array>
#include <string>

namespace tally::crypto {

namespace {

constexpr int kRsaBitsMin = 2048;
constexpr int kRsaBitsMax = 16384;
constexpr std::size_t kExponentBytesMax = 8;

template <auto Free>
struct Freed {
  template <class T>
  void operator()(T* value) const noexcept {
    Free(value);
  }
};
using Number = std::unique_ptr<BIGNUM, Freed<BN_free>>;
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, Freed<EVP_PKEY_CTX_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, Freed<EVP_MD_CTX_free>>;
using Builder = std::unique_ptr<OSSL_PARAM_BLD, Freed<OSSL_PARAM_BLD_free>>;
using Parameters = std::unique_ptr<OSSL_PARAM, Freed<OSSL_PARAM_free>>;

enum class Kind : std::uint8_t { Rsa, P256, P384, P521, Ed25519 };

struct Row {
  std::string_view name;
  const char* digest;  // null: of the algorithm itself
  bool is_pss;
  bool is_rsa;
  Kind kind;  // unless is_rsa
};
// In the order of SignatureAlgorithm.
constexpr auto kRows = std::to_array<Row>({
    {"RS256", "SHA256", false, true, Kind::Rsa},
    {"RS384", "SHA384", false, true, Kind::Rsa},
    {"RS512", "SHA512", false, true, Kind::Rsa},
    {"PS256", "SHA256", true, true, Kind::Rsa},
    {"PS384", "SHA384", true, true, Kind::Rsa},
    {"PS512", "SHA512", true, true, Kind::Rsa},
    {"ES256", "SHA256", false, false, Kind::P256},
    {"ES384", "SHA384", false, false, Kind::P384},
    {"ES512", "SHA512", false, false, Kind::P521},
    {"EdDSA", nullptr, false, false, Kind::Ed25519},
});

struct CurveRow {
  std::string_view name;
  const char* group;
  std::size_t bytes;  // of a coordinate
  Kind kind;
};
constexpr auto kCurves = std::to_array<CurveRow>({
    {"P-256", "P-256", 32, Kind::P256},
    {"P-384", "P-384", 48, Kind::P384},
    {"P-521", "P-521", 66, Kind::P521},
});

const unsigned char* octets_of(std::string_view text) noexcept {
  return reinterpret_cast<const unsigned char*>(text.data());
}

Number number_of(std::string_view octets) {
  return Number(BN_bin2bn(octets_of(octets), static_cast<int>(octets.size()), nullptr));
}

Key key_of(const char* type, const Builder& builder) {
  const Parameters parameters(OSSL_PARAM_BLD_to_param(builder.get()));
  const KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  EVP_PKEY* key = nullptr;
  if (!parameters || !context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, parameters.get()) != 1) {
    ERR_clear_error();
    return nullptr;
  }
  return Key(key);
}

// A point that is not on its curve is no key (RFC 7518 section 6.2.1, by reference to SEC 1).
bool is_sound(const Key& key) {
  const KeyContext context(EVP_PKEY_CTX_new_from_pkey(nullptr, key.get(), nullptr));
  const bool sound = context && EVP_PKEY_public_check(context.get()) == 1;
  ERR_clear_error();
  return sound;
}

// r and s side by side as the DER that OpenSSL reads.
std::optional<std::string> der_of(std::string_view signature, std::size_t bytes) {
  if (signature.size() != 2 * bytes) {
    return std::nullopt;
  }
  Number r = number_of(signature.substr(0, bytes));
  Number s = number_of(signature.substr(bytes));
  const std::unique_ptr<ECDSA_SIG, Freed<ECDSA_SIG_free>> pair(ECDSA_SIG_new());
  if (!r || !s || !pair || ECDSA_SIG_set0(pair.get(), r.get(), s.get()) != 1) {
    return std::nullopt;
  }
  static_cast<void>(r.release());
  static_cast<void>(s.release());
  unsigned char* der = nullptr;
  const int size = i2d_ECDSA_SIG(pair.get(), &der);
  if (size <= 0) {
    return std::nullopt;
  }
  std::string out(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
  return out;
}

}  // namespace

struct PublicKey::State {
  Key key;
  Kind kind = Kind::Rsa;
};

PublicKey::PublicKey(std::unique_ptr<State> state) noexcept : state_(std::move(state)) {}
PublicKey::PublicKey(PublicKey&&) noexcept = default;
PublicKey& PublicKey::operator=(PublicKey&&) noexcept = default;
PublicKey::~PublicKey() = default;

std::optional<SignatureAlgorithm> parse_signature_algorithm(std::string_view name) noexcept {
  for (std::size_t i = 0; i < kRows.size(); ++i) {
    if (kRows[i].name == name) {
      return static_cast<SignatureAlgorithm>(i);
    }
  }
  return std::nullopt;
}

std::optional<PublicKey> PublicKey::create(const Rsa& parts) {
  if (parts.modulus.size() > kRsaBitsMax / 8 || parts.exponent.empty() ||
      parts.exponent.size() > kExponentBytesMax) {
    return std::nullopt;
  }
  const Number modulus = number_of(parts.modulus);
  const Number exponent = number_of(parts.exponent);
  const Builder builder(OSSL_PARAM_BLD_new());
  if (!modulus || !exponent || !builder || BN_num_bits(modulus.get()) < kRsaBitsMin ||
      BN_is_odd(exponent.get()) == 0 || BN_is_one(exponent.get()) == 1 ||
      BN_is_odd(modulus.get()) == 0 ||
      OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, modulus.get()) != 1 ||
      OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, exponent.get()) != 1) {
    return std::nullopt;
  }
  Key key = key_of("RSA", builder);
  return key ? std::optional(PublicKey(std::make_unique<State>(State{std::move(key), Kind::Rsa})))
             : std::nullopt;
}

std::optional<PublicKey> PublicKey::create(const Curve& parts) {
  for (const CurveRow& row : kCurves) {
    if (row.name != parts.name || parts.x.size() != row.bytes || parts.y.size() != row.bytes) {
      continue;
    }
    std::string point = "\x04";  // SEC 1 section 2.3.3: uncompressed
    point.append(parts.x).append(parts.y);
    const Builder builder(OSSL_PARAM_BLD_new());
    if (!builder ||
        OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, row.group, 0) !=
            1 ||
        OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                         point.size()) != 1) {
      return std::nullopt;
    }
    Key key = key_of("EC", builder);
    return key && is_sound(key)
               ? std::optional(PublicKey(std::make_unique<State>(State{std::move(key), row.kind})))
               : std::nullopt;
  }
  return std::nullopt;
}

std::optional<PublicKey> PublicKey::create_ed25519(std::string_view octets) {
  Key key(octets.size() == 32 ? EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr,
                                                            octets_of(octets), octets.size())
                              : nullptr);
  ERR_clear_error();
  return key ? std::optional(
                   PublicKey(std::make_unique<State>(State{std::move(key), Kind::Ed25519})))
             : std::nullopt;
}

bool PublicKey::fits(SignatureAlgorithm algorithm) const noexcept {
  const Row& row = kRows[static_cast<std::size_t>(algorithm)];
  return row.is_rsa ? state_->kind == Kind::Rsa : state_->kind == row.kind;
}

bool PublicKey::verifies(SignatureAlgorithm algorithm, std::string_view message,
                         std::string_view signature) const {
  if (!fits(algorithm)) {
    return false;
  }
  const Row& row = kRows[static_cast<std::size_t>(algorithm)];
  std::string der;
  for (const CurveRow& curve : kCurves) {
    if (curve.kind != state_->kind) {
      continue;
    }
    auto made = der_of(signature, curve.bytes);
    if (!made) {
      return false;
    }
    der = std::move(*made);
    signature = der;
  }
  const DigestContext context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* options = nullptr;  // the context's
  bool holds = context && EVP_DigestVerifyInit_ex(context.get(), &options, row.digest, nullptr,
                                                  nullptr, state_->key.get(), nullptr) == 1;
  if (holds && row.is_pss) {
    // Section 3.5: the salt is as long as the digest, MGF1 with the same digest.
    holds = EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING) == 1 &&
            EVP_PKEY_CTX_set_rsa_pss_saltlen(options, RSA_PSS_SALTLEN_DIGEST) == 1;
  }
  holds = holds && EVP_DigestVerify(context.get(), octets_of(signature), signature.size(),
                                    octets_of(message), message.size()) == 1;
  ERR_clear_error();
  return holds;
}

}  // namespace tally::crypto

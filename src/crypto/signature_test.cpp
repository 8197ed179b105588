// Signatures are made here with OpenSSL's signing side and read with ours.
#include "crypto/signature.hpp"

#include <gtest/gtest.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include <string>

namespace tally::crypto {
namespace {

std::string number(EVP_PKEY* key, const char* name, int bytes = 0) {
  BIGNUM* value = nullptr;
  EXPECT_EQ(EVP_PKEY_get_bn_param(key, name, &value), 1);
  const int size = bytes == 0 ? BN_num_bytes(value) : bytes;
  std::string out(static_cast<std::size_t>(size), '\0');
  BN_bn2binpad(value, reinterpret_cast<unsigned char*>(out.data()), size);
  BN_free(value);
  return out;
}

struct Pair {
  EVP_PKEY* key;
  explicit Pair(EVP_PKEY* made) : key(made) {}
  Pair(const Pair&) = delete;
  Pair& operator=(const Pair&) = delete;
  ~Pair() { EVP_PKEY_free(key); }

  // coordinate: bytes of r and of s; 0: the signature as it is.
  [[nodiscard]] std::string sign(const char* digest, const std::string& message, int coordinate = 0,
                                 bool pss = false, int salt = -1) const {
    EVP_MD_CTX* context = EVP_MD_CTX_new();
    EVP_PKEY_CTX* options = nullptr;
    EXPECT_EQ(EVP_DigestSignInit_ex(context, &options, digest, nullptr, nullptr, key, nullptr), 1);
    if (pss) {
      EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING);
      EVP_PKEY_CTX_set_rsa_pss_saltlen(options, salt);
    }
    const auto* bytes = reinterpret_cast<const unsigned char*>(message.data());
    std::size_t size = 0;
    EVP_DigestSign(context, nullptr, &size, bytes, message.size());
    std::string out(size, '\0');
    EXPECT_EQ(EVP_DigestSign(context, reinterpret_cast<unsigned char*>(out.data()), &size, bytes,
                             message.size()),
              1);
    out.resize(size);
    EVP_MD_CTX_free(context);
    if (coordinate == 0) {
      return out;
    }
    const auto* der = reinterpret_cast<const unsigned char*>(out.data());
    ECDSA_SIG* pair = d2i_ECDSA_SIG(nullptr, &der, static_cast<long>(out.size()));
    std::string raw(static_cast<std::size_t>(2 * coordinate), '\0');
    auto* to = reinterpret_cast<unsigned char*>(raw.data());
    BN_bn2binpad(ECDSA_SIG_get0_r(pair), to, coordinate);
    BN_bn2binpad(ECDSA_SIG_get0_s(pair), to + coordinate, coordinate);
    ECDSA_SIG_free(pair);
    return raw;
  }
};

using Alg = SignatureAlgorithm;

TEST(Signature, Rsa) {
  const Pair pair(EVP_RSA_gen(2048));
  const std::string n = number(pair.key, OSSL_PKEY_PARAM_RSA_N);
  const std::string e = number(pair.key, OSSL_PKEY_PARAM_RSA_E);
  const auto key = PublicKey::create(PublicKey::Rsa{.modulus = n, .exponent = e});
  ASSERT_TRUE(key.has_value());
  const std::string plain = pair.sign("SHA256", "message");
  EXPECT_TRUE(key->verifies(Alg::Rs256, "message", plain));
  EXPECT_TRUE(key->verifies(Alg::Rs384, "message", pair.sign("SHA384", "message")));
  EXPECT_TRUE(key->verifies(Alg::Rs512, "message", pair.sign("SHA512", "message")));
  const std::string pss = pair.sign("SHA256", "message", 0, true, RSA_PSS_SALTLEN_DIGEST);
  EXPECT_TRUE(key->verifies(Alg::Ps256, "message", pss));
  EXPECT_TRUE(key->verifies(Alg::Ps512, "message",
                            pair.sign("SHA512", "message", 0, true, RSA_PSS_SALTLEN_DIGEST)));
  EXPECT_FALSE(key->verifies(Alg::Rs256, "massage", plain));
  EXPECT_FALSE(key->verifies(Alg::Rs384, "message", plain));
  EXPECT_FALSE(key->verifies(Alg::Ps256, "message", plain));
  EXPECT_FALSE(key->verifies(Alg::Rs256, "message", pss));
  EXPECT_FALSE(key->verifies(Alg::Rs256, "message", ""));
  EXPECT_FALSE(key->verifies(Alg::Rs256, "message", plain.substr(1)));
  EXPECT_FALSE(key->verifies(Alg::Rs256, "message", plain + "x"));
  EXPECT_FALSE(key->verifies(Alg::Es256, "message", plain));
  EXPECT_FALSE(key->verifies(Alg::EdDsa, "message", plain));
  // RFC 7518 section 3.5: a salt of another length is another scheme.
  EXPECT_FALSE(key->verifies(Alg::Ps256, "message", pair.sign("SHA256", "message", 0, true, 0)));
}

TEST(Signature, RsaKeysThatAreNone) {
  const Pair small(EVP_RSA_gen(1024));
  const std::string n = number(small.key, OSSL_PKEY_PARAM_RSA_N);
  const std::string e("\x01\x00\x01", 3);
  const std::string good(256, '\xff');
  EXPECT_FALSE(PublicKey::create(PublicKey::Rsa{.modulus = n, .exponent = e}));
  EXPECT_TRUE(PublicKey::create(PublicKey::Rsa{.modulus = good, .exponent = e}));
  EXPECT_FALSE(PublicKey::create(PublicKey::Rsa{.modulus = good, .exponent = ""}));
  EXPECT_FALSE(PublicKey::create(PublicKey::Rsa{.modulus = good, .exponent = "\x01"}));
  EXPECT_FALSE(PublicKey::create(PublicKey::Rsa{.modulus = good, .exponent = "\x02"}));
  EXPECT_FALSE(PublicKey::create(PublicKey::Rsa{.modulus = good, .exponent = "123456789"}));
  EXPECT_FALSE(PublicKey::create(PublicKey::Rsa{.modulus = "", .exponent = e}));
  const std::string huge(2049, '\xff');
  EXPECT_FALSE(PublicKey::create(PublicKey::Rsa{.modulus = huge, .exponent = e}));
}

TEST(Signature, Curves) {
  struct Row {
    const char* curve;
    int bytes;
    const char* digest;
    Alg algorithm;
    Alg other;
  };
  const Row rows[] = {{"P-256", 32, "SHA256", Alg::Es256, Alg::Es384},
                      {"P-384", 48, "SHA384", Alg::Es384, Alg::Es512},
                      {"P-521", 66, "SHA512", Alg::Es512, Alg::Es256}};
  for (const Row& row : rows) {
    SCOPED_TRACE(row.curve);
    const Pair pair(EVP_EC_gen(row.curve));
    const std::string x = number(pair.key, OSSL_PKEY_PARAM_EC_PUB_X, row.bytes);
    std::string y = number(pair.key, OSSL_PKEY_PARAM_EC_PUB_Y, row.bytes);
    const auto key = PublicKey::create(PublicKey::Curve{.name = row.curve, .x = x, .y = y});
    ASSERT_TRUE(key.has_value());
    const std::string raw = pair.sign(row.digest, "message", row.bytes);
    EXPECT_TRUE(key->verifies(row.algorithm, "message", raw));
    EXPECT_FALSE(key->verifies(row.algorithm, "massage", raw));
    EXPECT_FALSE(key->verifies(row.other, "message", raw));
    EXPECT_FALSE(key->verifies(Alg::Rs256, "message", raw));
    EXPECT_FALSE(key->verifies(row.algorithm, "message", pair.sign(row.digest, "message")));  // DER
    EXPECT_FALSE(key->verifies(row.algorithm, "message", raw.substr(1)));
    // CVE-2022-21449: nothing is not a signature of everything.
    EXPECT_FALSE(key->verifies(row.algorithm, "message", std::string(raw.size(), '\0')));
    EXPECT_FALSE(PublicKey::create(PublicKey::Curve{.name = "secp256k1", .x = x, .y = y}));
    EXPECT_FALSE(PublicKey::create(PublicKey::Curve{.name = row.curve, .x = x.substr(1), .y = y}));
    y.back() = static_cast<char>(y.back() ^ 1);  // not on the curve
    EXPECT_FALSE(PublicKey::create(PublicKey::Curve{.name = row.curve, .x = x, .y = y}));
  }
}

TEST(Signature, Ed25519) {
  const Pair pair(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
  std::string octets(32, '\0');
  std::size_t size = octets.size();
  ASSERT_EQ(
      EVP_PKEY_get_raw_public_key(pair.key, reinterpret_cast<unsigned char*>(octets.data()), &size),
      1);
  const auto key = PublicKey::create_ed25519(octets);
  ASSERT_TRUE(key.has_value());
  const std::string made = pair.sign(nullptr, "message");
  EXPECT_TRUE(key->verifies(Alg::EdDsa, "message", made));
  EXPECT_FALSE(key->verifies(Alg::EdDsa, "massage", made));
  EXPECT_FALSE(key->verifies(Alg::Rs256, "message", made));
  EXPECT_FALSE(PublicKey::create_ed25519(octets.substr(1)));
}

TEST(Signature, Names) {
  EXPECT_EQ(parse_signature_algorithm("RS256"), Alg::Rs256);
  EXPECT_EQ(parse_signature_algorithm("PS512"), Alg::Ps512);
  EXPECT_EQ(parse_signature_algorithm("ES384"), Alg::Es384);
  EXPECT_EQ(parse_signature_algorithm("EdDSA"), Alg::EdDsa);
  for (const char* name : {"", "none", "HS256", "rs256", "ES256K", "RS1"}) {
    EXPECT_FALSE(parse_signature_algorithm(name)) << name;
  }
}

}  // namespace
}  // namespace tally::crypto

#include "crypto/issue.hpp"

#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <set>

#include "crypto/certificate.hpp"
#include "crypto/internal/openssl.hpp"

namespace tally::crypto {
namespace {

constexpr std::int64_t kNow = 1'795'000'000;  // 2026-11-18
constexpr std::int64_t kDay = 86'400;

CertifiedKey authority(const char* name = "tallystick CA") {
  return *create_authority(
      {.common_name = name, .not_before = kNow - kDay, .not_after = kNow + 365 * kDay});
}

IssueRequest serving() {
  return {.common_name = "tally.tally.svc",
          .dns_names = {"tally.tally.svc", "*.tally.svc.cluster.local"},
          .ip_addresses = {"10.0.0.1", "fd00::1"},
          .not_before = kNow,
          .not_after = kNow + 30 * kDay};
}

std::string message_of(const Result<CertifiedKey>& result) {
  return result ? "accepted" : result.error().message;
}

// What a client does: OpenSSL's whole path validation, for a server of that name at that time.
std::string verified(const CertifiedKey& leaf, const std::string& trusted, const char* name,
                     std::int64_t time, int purpose = X509_PURPOSE_SSL_SERVER) {
  const internal::Owned<X509_STORE, X509_STORE_free> store(X509_STORE_new());
  const auto root = internal::read_certificate_pem(trusted);
  X509_STORE_add_cert(store.get(), root.get());
  const internal::Owned<X509_STORE_CTX, X509_STORE_CTX_free> context(X509_STORE_CTX_new());
  const auto certificate = internal::read_certificate_pem(leaf.certificate);
  X509_STORE_CTX_init(context.get(), store.get(), certificate.get(), nullptr);
  X509_VERIFY_PARAM* const rules = X509_STORE_CTX_get0_param(context.get());
  X509_VERIFY_PARAM_set_time(rules, time);
  X509_VERIFY_PARAM_set_purpose(rules, purpose);
  X509_VERIFY_PARAM_set_flags(rules, X509_V_FLAG_X509_STRICT);
  if (std::string_view(name).find_first_not_of("0123456789.:abcdef") == std::string_view::npos) {
    X509_VERIFY_PARAM_set1_ip_asc(rules, name);
  } else {
    X509_VERIFY_PARAM_set1_host(rules, name, 0);
  }
  const bool holds = X509_verify_cert(context.get()) == 1;
  return holds ? "ok" : X509_verify_cert_error_string(X509_STORE_CTX_get_error(context.get()));
}

TEST(Issue, IsAcceptedByAClient) {
  const CertifiedKey own = authority();
  const CertifiedKey other = authority();  // of the same name, with another key
  const CertifiedKey leaf = *issue(own, serving());
  struct Row {
    const char* name;
    const std::string* trusted;
    const char* server;
    std::int64_t time;
    const char* expected;
  };
  const Row rows[] = {
      {"name", &own.certificate, "tally.tally.svc", kNow + 1, "ok"},
      {"wildcard", &own.certificate, "a.tally.svc.cluster.local", kNow + 1, "ok"},
      {"IPv4", &own.certificate, "10.0.0.1", kNow + 1, "ok"},
      {"IPv6", &own.certificate, "fd00::1", kNow + 1, "ok"},
      {"first second", &own.certificate, "tally.tally.svc", kNow, "ok"},
      {"before", &own.certificate, "tally.tally.svc", kNow - 1, "certificate is not yet valid"},
      {"after", &own.certificate, "tally.tally.svc", kNow + 30 * kDay + 1,
       "certificate has expired"},
      {"other name", &own.certificate, "tally.other.svc", kNow + 1, "hostname mismatch"},
      {"other address", &own.certificate, "10.0.0.2", kNow + 1, "IP address mismatch"},
      {"other authority", &other.certificate, "tally.tally.svc", kNow + 1,
       "unable to get local issuer certificate"},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(verified(leaf, *row.trusted, row.server, row.time), row.expected) << row.name;
  }
  EXPECT_EQ(verified(leaf, own.certificate, "10.0.0.1", kNow, X509_PURPOSE_SSL_CLIENT),
            "unsuitable certificate purpose");
}

TEST(Issue, Purposes) {
  const CertifiedKey own = authority();
  struct Row {
    KeyPurpose purpose;
    const char* server;
    const char* client;
  };
  constexpr const char* kNo = "unsuitable certificate purpose";
  const Row rows[] = {{KeyPurpose::Server, "ok", kNo},
                      {KeyPurpose::Client, kNo, "ok"},
                      {KeyPurpose::ServerAndClient, "ok", "ok"}};
  for (const Row& row : rows) {
    IssueRequest request = serving();
    request.purpose = row.purpose;
    const CertifiedKey leaf = *issue(own, request);
    EXPECT_EQ(verified(leaf, own.certificate, "10.0.0.1", kNow), row.server);
    EXPECT_EQ(verified(leaf, own.certificate, "10.0.0.1", kNow, X509_PURPOSE_SSL_CLIENT),
              row.client);
  }
  EXPECT_TRUE(issue(own, {.common_name = "client",
                          .not_before = kNow,
                          .not_after = kNow + 1,
                          .purpose = KeyPurpose::Client}))
      << "a client needs no names";
}

// The fields as another reader of this library sees them.
TEST(Issue, Shape) {
  const CertifiedKey own = authority();
  const CertifiedKey leaf = *issue(own, serving());
  const Certificate root = *parse_certificate(read_pem(own.certificate)->der);
  EXPECT_TRUE(root.is_authority);
  EXPECT_EQ(root.path_length_max, 0);
  EXPECT_EQ(root.key_usage, 1 << 5) << "keyCertSign alone";
  const Certificate end = *parse_certificate(read_pem(leaf.certificate)->der);
  EXPECT_FALSE(end.is_authority);
  EXPECT_TRUE(end.has_basic_constraints);
  EXPECT_EQ(end.key_usage, 1) << "digitalSignature alone";
  EXPECT_EQ(end.key_purposes, std::vector<int>{1});
  EXPECT_FALSE(end.authority_key_id.empty());
  EXPECT_EQ(end.raw_issuer, root.raw_name);
  EXPECT_TRUE(leaf.key.reveal().starts_with("-----BEGIN PRIVATE KEY-----\n"));
}

TEST(Issue, SerialNumbers) {
  std::set<std::string> seen;
  for (int i = 0; i < 16; ++i) {
    const std::string serial = read_certificate(authority().certificate)->serial;
    EXPECT_LE(serial.size(), 32U);
    EXPECT_GE(serial.size(), 24U) << "128 random bits are not this small";
    seen.insert(serial);
  }
  EXPECT_EQ(seen.size(), 16U);
}

TEST(Issue, ReadsBack) {
  const CertifiedKey own = authority("Größe");
  const auto root = read_certificate(own.certificate);
  EXPECT_EQ(root->subject, "Größe");
  EXPECT_EQ(root->issuer, "Größe");
  EXPECT_TRUE(root->is_authority);
  EXPECT_EQ(root->not_before, kNow - kDay);
  EXPECT_EQ(root->not_after, kNow + 365 * kDay);
  const auto leaf = read_certificate(issue(own, serving())->certificate);
  EXPECT_EQ(leaf->subject, "tally.tally.svc");
  EXPECT_EQ(leaf->issuer, "Größe");
  EXPECT_EQ(leaf->dns_names, serving().dns_names);
  EXPECT_EQ(leaf->ip_addresses, serving().ip_addresses);
  EXPECT_EQ(leaf->fingerprint.size(), 64U);
  EXPECT_NE(leaf->fingerprint, root->fingerprint);
  EXPECT_FALSE(leaf->is_authority);
  // Dates beyond 2049 are GeneralizedTime (RFC 5280 section 4.1.2.5).
  const auto late =
      create_authority({.common_name = "late", .not_before = 0, .not_after = 4'102'444'800});
  EXPECT_EQ(read_certificate(late->certificate)->not_before, 0);
  EXPECT_EQ(read_certificate(late->certificate)->not_after, 4'102'444'800);
}

TEST(Issue, RefusesAuthorities) {
  struct Row {
    const char* name;
    std::string common_name;
    std::int64_t not_before;
    std::int64_t not_after;
    const char* expected;
  };
  const Row rows[] = {
      {"64 characters", std::string(64, 'a'), 0, 1, "accepted"},
      {"65", std::string(65, 'a'), 0, 1,
       "the common name '"
       "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa...' is not 1 "
       "to 64 printable characters"},
      {"empty", "", 0, 1, "the common name '' is not 1 to 64 printable characters"},
      {"newline", "a\nb", 0, 1, nullptr},
      {"NUL", std::string("a\0b", 3), 0, 1, nullptr},
      {"no UTF-8", "a\xFF", 0, 1, nullptr},
      {"backwards", "a", 5, 4,
       "a certificate cannot be valid from 5 to 4: expected seconds since 1970, in order"},
      {"no time", "a", 5, 5, nullptr},
      {"before 1970", "a", -1, 5, nullptr},
      {"year 10000", "a", 0, 253'402'300'800, nullptr},
      {"year 9999", "a", 0, 253'402'300'799, "accepted"},
  };
  for (const Row& row : rows) {
    const std::string got = message_of(create_authority({.common_name = row.common_name,
                                                         .not_before = row.not_before,
                                                         .not_after = row.not_after}));
    if (row.expected != nullptr) {
      EXPECT_EQ(got, row.expected) << row.name;
    } else {
      EXPECT_NE(got, "accepted") << row.name;
    }
  }
}

TEST(Issue, RefusesNamesAndDates) {
  const CertifiedKey own = authority();
  struct Row {
    const char* name;
    void (*change)(IssueRequest&);
    const char* expected;
  };
  const Row rows[] = {
      {"as it is", [](IssueRequest&) {}, "accepted"},
      {"digits", [](IssueRequest& r) { r.dns_names = {"1.2"}; }, "accepted"},
      {"upper case", [](IssueRequest& r) { r.dns_names = {"A.b"}; },
       "'A.b' is no DNS name in lower case"},
      {"empty name", [](IssueRequest& r) { r.dns_names = {""}; },
       "'' is no DNS name in lower case"},
      {"empty label", [](IssueRequest& r) { r.dns_names = {"a..b"}; },
       "'a..b' is no DNS name in lower case"},
      {"dot at the end", [](IssueRequest& r) { r.dns_names = {"a."}; },
       "'a.' is no DNS name in lower case"},
      {"dash", [](IssueRequest& r) { r.dns_names = {"-a"}; }, "'-a' is no DNS name in lower case"},
      {"lone star", [](IssueRequest& r) { r.dns_names = {"*"}; },
       "'*' is no DNS name in lower case"},
      {"star inside", [](IssueRequest& r) { r.dns_names = {"a.*.b"}; },
       "'a.*.b' is no DNS name in lower case"},
      {"configuration language", [](IssueRequest& r) { r.dns_names = {"a,IP:1.2.3.4"}; },
       "'a,IP:1.2.3.4' is no DNS name in lower case"},
      {"NUL", [](IssueRequest& r) { r.dns_names = {std::string("a\0b", 3)}; },
       "'a?b' is no DNS name in lower case"},
      {"address", [](IssueRequest& r) { r.ip_addresses = {"1.2.3"}; }, "'1.2.3' is no IP address"},
      {"leading zero", [](IssueRequest& r) { r.ip_addresses = {"010.0.0.1"}; },
       "'010.0.0.1' is no IP address"},
      {"address with NUL", [](IssueRequest& r) { r.ip_addresses = {std::string("1.2.3.4\0x", 9)}; },
       "'1.2.3.4?x' is no IP address"},
      {"too many", [](IssueRequest& r) { r.dns_names.assign(101, "a"); },
       "a certificate of more than 100 names"},
      {"none",
       [](IssueRequest& r) {
         r.dns_names.clear();
         r.ip_addresses.clear();
       },
       "a server's certificate needs a DNS name or an IP address"},
      {"before its authority", [](IssueRequest& r) { r.not_before = kNow - kDay - 1; },
       "a certificate from 1794913599 to 1797592000 does not lie within its authority's "
       "1794913600 to 1826536000"},
      {"after its authority", [](IssueRequest& r) { r.not_after = kNow + 365 * kDay + 1; },
       "a certificate from 1795000000 to 1826536001 does not lie within its authority's "
       "1794913600 to 1826536000"},
  };
  for (const Row& row : rows) {
    IssueRequest request = serving();
    row.change(request);
    EXPECT_EQ(message_of(issue(own, request)), row.expected) << row.name;
  }
}

TEST(Issue, RefusesStrangeAuthorities) {
  const CertifiedKey own = authority();
  const CertifiedKey other = authority();
  const CertifiedKey leaf = *issue(own, serving());
  constexpr const char* kNone = "the certificate of the authority is none that may sign others";
  constexpr const char* kWrong = "the key of the authority is not that of its certificate";
  const auto tried = [](std::string certificate, const SecretBytes& key) {
    return message_of(issue({std::move(certificate), key.duplicate()}, serving()));
  };
  EXPECT_EQ(tried(own.certificate, own.key), "accepted");
  EXPECT_EQ(tried(leaf.certificate, leaf.key), kNone);
  EXPECT_EQ(tried("", own.key), kNone);
  EXPECT_EQ(tried(own.certificate, other.key), kWrong);
  EXPECT_EQ(tried(own.certificate, SecretBytes()), kWrong);
  EXPECT_EQ(tried(own.certificate, SecretBytes::copy_of("-----BEGIN PRIVATE KEY-----")), kWrong);
}

TEST(Issue, MatchesKeysAndSigners) {
  const CertifiedKey own = authority();
  const CertifiedKey other = authority();
  const CertifiedKey leaf = *issue(own, serving());
  EXPECT_TRUE(matches_key(leaf.certificate, leaf.key));
  EXPECT_TRUE(matches_key(leaf.certificate + own.certificate, leaf.key)) << "a chain";
  EXPECT_FALSE(matches_key(own.certificate, leaf.key));
  EXPECT_FALSE(matches_key("", leaf.key));
  EXPECT_FALSE(matches_key(leaf.certificate, SecretBytes()));
  EXPECT_FALSE(matches_key(leaf.certificate, SecretBytes::copy_of("no key")));
  EXPECT_TRUE(is_signed_by(leaf.certificate, own.certificate));
  EXPECT_TRUE(is_signed_by(own.certificate, own.certificate));
  EXPECT_FALSE(is_signed_by(leaf.certificate, other.certificate)) << "the same name";
  EXPECT_FALSE(is_signed_by(own.certificate, leaf.certificate));
  EXPECT_FALSE(is_signed_by(leaf.certificate, leaf.certificate));
  EXPECT_FALSE(is_signed_by("", own.certificate));
}

TEST(Issue, SplitsBundles) {
  const CertifiedKey a = authority();
  const CertifiedKey b = authority();
  const auto both = split_bundle("# first\n" + a.certificate + "\ntext\n" + b.certificate);
  EXPECT_EQ(*both, (std::vector<std::string>{a.certificate, b.certificate}));
  struct Row {
    const char* name;
    std::string text;
    const char* expected;
  };
  const Row rows[] = {
      {"empty", "", "the bundle holds no certificate in PEM"},
      {"a key", std::string(a.key.reveal()), "the bundle holds no certificate in PEM"},
      {"cut", a.certificate + b.certificate.substr(0, 200),
       "certificate 2 of the bundle cannot be read"},
      {"garbage", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
       "certificate 1 of the bundle cannot be read"},
  };
  for (const Row& row : rows) {
    const auto got = split_bundle(row.text);
    EXPECT_EQ(got ? "accepted" : got.error().message, row.expected) << row.name;
  }
  const auto none = read_certificate("x");
  EXPECT_EQ(none.error().message, "no certificate: expected PEM ('-----BEGIN CERTIFICATE-----')");
}

}  // namespace
}  // namespace tally::crypto

#include <array>
#include <string>

#include "cel/functions/expression_cases.hpp"

namespace tally::cel {
namespace {

// Made for this test: RSA with 1,024 bits, every extension that is looked at.
constexpr std::string_view kCertificate = R"(-----BEGIN CERTIFICATE-----
MIIEcDCCA9mgAwIBAgIGAKvN7wEjMA0GCSqGSIb3DQEBCwUAMIGLMQswCQYDVQQG
EwJOTzENMAsGA1UECAwET3NsbzENMAsGA1UEBwwET3NsbzENMAsGA1UECgwEQmFu
azEMMAoGA1UECwwDT25lMRUwEwYDVQQDDAxiYW5rLmV4YW1wbGUxCjAIBgNVBAUT
ATcxDzANBgNVBAkMBkdhdGUgMTENMAsGA1UEEQwEMDAwMTAeFw0yNjExMjExMjE3
MjdaFw0zNjExMTgxMjE3MjdaMIGLMQswCQYDVQQGEwJOTzENMAsGA1UECAwET3Ns
bzENMAsGA1UEBwwET3NsbzENMAsGA1UECgwEQmFuazEMMAoGA1UECwwDT25lMRUw
EwYDVQQDDAxiYW5rLmV4YW1wbGUxCjAIBgNVBAUTATcxDzANBgNVBAkMBkdhdGUg
MTENMAsGA1UEEQwEMDAwMTCBnzANBgkqhkiG9w0BAQEFAAOBjQAwgYkCgYEA4qjR
lzP5/Zb77Jaaq6Ig5ZZIMKUVVdXMzsrl4KRhkJthibzSoQzUw8VTCb5fHAS2bRkG
/Fn9dLaZUZYDRaMpaLp/CP1uI6Zefxjeyk8iMrt4kESKs7KysMC+oH5o7sUtTm/5
DlXJgp0S3vWByiVjXPP+WD07OwHfn+MMOEtGtPsCAwEAAaOCAdswggHXMBIGA1Ud
EwEB/wQIMAYBAf8CAQAwDgYDVR0PAQH/BAQDAgGGMCwGA1UdJQQlMCMGCCsGAQUF
BwMBBggrBgEFBQcDAgYIKwYBBQUHAwgGAyoDBDBrBgNVHREEZDBiggxiYW5rLmV4
YW1wbGWCDiouYmFuay5leGFtcGxlgQ5hQGJhbmsuZXhhbXBsZYcECgAAAYcQIAEN
uAAAAAAAAAAAAAAAAYYac3BpZmZlOi8vYmFuay5leGFtcGxlL25zL2EwWgYDVR0e
AQH/BFAwTqAuMA+CDS5iYW5rLmV4YW1wbGUwCocICgAAAP8AAAAwD4YNLmJhbmsu
ZXhhbXBsZaEcMA2BC2JhZC5leGFtcGxlMAuCCXguZXhhbXBsZTApBgNVHR8EIjAg
MB6gHKAahhhodHRwOi8vY3JsLmV4YW1wbGUvYS5jcmwwVQYIKwYBBQUHAQEESTBH
MB8GCCsGAQUFBzABhhNodHRwOi8vb2NzcC5leGFtcGxlMCQGCCsGAQUFBzAChhho
dHRwOi8vY2EuZXhhbXBsZS9jYS5jcnQwGQYDVR0gBBIwEDAGBgRVHSAAMAYGBCoD
BAUwHQYDVR0OBBYEFC/eVaFX2LnVo+2IEqgMbDFPJaIGMA0GCSqGSIb3DQEBCwUA
A4GBAGqrQKP2ZfteobX3inLto//OMFoI1aTAVj8GJy8e9zEIiucMJVki+EKqvOC9
tqiQSQHp+ra4wB0o85aCEJQgQymi05ghAb5f6UIS+dLpQnYWEJOmiK8DC9J2fjST
hd1F9DgY9a6JqHdfERqlTRhNAIl5nfwi2suB9zXR1n8kicuq
-----END CERTIFICATE-----)";

constexpr std::string_view kRequest = R"(-----BEGIN CERTIFICATE REQUEST-----
MIICKDCCAZECAQAwgYsxCzAJBgNVBAYTAk5PMQ0wCwYDVQQIDARPc2xvMQ0wCwYD
VQQHDARPc2xvMQ0wCwYDVQQKDARCYW5rMQwwCgYDVQQLDANPbmUxFTATBgNVBAMM
DGJhbmsuZXhhbXBsZTEKMAgGA1UEBRMBNzEPMA0GA1UECQwGR2F0ZSAxMQ0wCwYD
VQQRDAQwMDAxMIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDiqNGXM/n9lvvs
lpqroiDllkgwpRVV1czOyuXgpGGQm2GJvNKhDNTDxVMJvl8cBLZtGQb8Wf10tplR
lgNFoyloun8I/W4jpl5/GN7KTyIyu3iQRIqzsrKwwL6gfmjuxS1Ob/kOVcmCnRLe
9YHKJWNc8/5YPTs7Ad+f4ww4S0a0+wIDAQABoFwwWgYJKoZIhvcNAQkOMU0wSzA5
BgNVHREEMjAwggxiYW5rLmV4YW1wbGWHBAoAAAGGGnNwaWZmZTovL2JhbmsuZXhh
bXBsZS9ucy9hMA4GA1UdDwEB/wQEAwIHgDANBgkqhkiG9w0BAQsFAAOBgQBSFPUV
2+FPA67dZgoAG9CXQyZWHkyiTIycq2sGFwJhyoccfQ974/CdK4qEGcf0BpjJ6D0n
prjvK+SP7q1MQ4EepXFAIQ1V159lWS9Ey+WwPmAy9uWlzQVA8tEz+drmhGJJErIh
rsS4ZZ6hMmW9dqk10BQ1LmFra9zFFKGy9ZjYvQ==
-----END CERTIFICATE REQUEST-----)";

constexpr std::string_view kEllipticCurve = R"(-----BEGIN CERTIFICATE-----
MIIBcDCCARWgAwIBAgIUfQYIz5taTS3W0nc2O/6RGgbEhBcwCgYIKoZIzj0EAwIw
DTELMAkGA1UEAwwCZWMwHhcNMjYxMTIxMTIxNzI3WhcNMjYxMjIxMTIxNzI3WjAN
MQswCQYDVQQDDAJlYzBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABDATpZE1xiHB
nEjSVkFDeaz8UI/poHjp4ZGZpwlIFTwlkT5tNy6BSoY2Q9Q2X0zC6DSx6wUYjT/7
25Le/5iVtB6jUzBRMB0GA1UdDgQWBBRbYFvqeqnJbpp6Aji9mG3Tz13PPTAfBgNV
HSMEGDAWgBRbYFvqeqnJbpp6Aji9mG3Tz13PPTAPBgNVHRMBAf8EBTADAQH/MAoG
CCqGSM49BAMCA0kAMEYCIQDx3sGy72WG1XVzd2W4+TQwngMdcy1773Akz6Jc8T/H
QQIhAN64FJP+59Wfsbxk1HSy8IV805OsrQxxQVv+GIfR+3id
-----END CERTIFICATE-----)";

// Values are those of Go's crypto/x509 for the same texts.
TEST(KyvernoX509Test, TakesCertificatesApart) {
  struct Row {
    std::string_view pem;
    std::string_view expression;  // of `x`, what was decoded
    std::string_view expected;
  };
  const Row rows[] = {
      {kCertificate, "x.IsCA && x.BasicConstraintsValid && x.MaxPathLenZero", "true"},
      {kCertificate, "x.MaxPathLen", "0.0"},
      {kCertificate, "x.KeyUsage", "97.0"},
      {kCertificate, "x.ExtKeyUsage", "[1.0, 2.0, 8.0]"},
      {kCertificate, "x.SerialNumber == 737894400291.0", "true"},
      {kCertificate, "x.PublicKey.E", "65537.0"},
      {kCertificate, "x.PublicKeyAlgorithm", "1.0"},
      {kCertificate, "x.Issuer.CommonName", R"("bank.example")"},
      {kCertificate, "x.Issuer.Country + x.Issuer.StreetAddress + x.Issuer.PostalCode",
       R"(["NO", "Gate 1", "0001"])"},
      {kCertificate, "x.Issuer.SerialNumber", R"("7")"},
      {kCertificate, "x.Issuer.Names[0]", R"({"Type": [2.0, 5.0, 4.0, 6.0], "Value": "NO"})"},
      {kCertificate, "x.DNSNames", R"(["bank.example", "*.bank.example"])"},
      {kCertificate, "x.EmailAddresses", R"(["a@bank.example"])"},
      {kCertificate, "x.IPAddresses", R"(["10.0.0.1", "2001:db8::1"])"},
      {kCertificate, "x.PermittedIPRanges", R"([{"IP": "10.0.0.0", "Mask": "/wAAAA=="}])"},
      {kCertificate, "x.PermittedDNSDomains + x.PermittedURIDomains",
       R"([".bank.example", ".bank.example"])"},
      {kCertificate, "x.ExcludedEmailAddresses", R"(["bad.example"])"},
      {kCertificate, "x.PermittedDNSDomainsCritical", "true"},
      {kCertificate, "x.CRLDistributionPoints", R"(["http://crl.example/a.crl"])"},
      {kCertificate, "x.OCSPServer + x.IssuingCertificateURL",
       R"(["http://ocsp.example", "http://ca.example/ca.crt"])"},
      {kCertificate, "x.PolicyIdentifiers",
       "[[2.0, 5.0, 29.0, 32.0, 0.0], [1.0, 2.0, 3.0, 4.0, 5.0]]"},
      {kCertificate, "x.Extensions[0]",
       R"({"Id": [2.0, 5.0, 29.0, 19.0], "Critical": true, "Value": "MAYBAf8CAQA="})"},
      {kCertificate, "x.ExcludedIPRanges", "null"},
      {kCertificate, "timestamp(x.NotAfter) - timestamp(x.NotBefore)", R"(duration("315360000s"))"},
      {kRequest, "x.Subject.Organization", R"(["Bank"])"},
      {kRequest, "x.Version", "0.0"},
      {kRequest, "x.SignatureAlgorithm", "4.0"},
      {kRequest, "x.URIs[0].Host + x.URIs[0].Path", R"("bank.example/ns/a")"},
      {kRequest, "x.Attributes[0].Type", "[1.0, 2.0, 840.0, 113549.0, 1.0, 9.0, 14.0]"},
      {kRequest, "x.IsCA", "!no such key: IsCA"},
      {kEllipticCurve, "x", "!certificate should use rsa algorithm"},
      {"", "x", "!failed to decode PEM block"},
      {"not a valid PEM", "x", "!failed to decode PEM block"},
      {"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n", "x",
       "!x509: malformed certificate"},
      {"-----BEGIN CERTIFICATE REQUEST-----\nMIIB\n-----END CERTIFICATE REQUEST-----\n", "x",
       "!x509: malformed certificate request"},
      {"-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----\n", "x",
       "!PEM block neither contains a CERTIFICATE or CERTIFICATE REQUEST"},
  };
  for (const Row& row : rows) {
    std::string expression = "cel.bind(x, x509.decode('''";
    expression += row.pem;
    expression += "'''), ";
    expression += row.expression;
    expression += ')';
    const ExpressionCase cases[] = {{expression, row.expected}};
    expect_values("kyverno", cases);
  }
}

// Every prefix and every single wrong octet: an answer or an error, never more.
TEST(KyvernoX509Test, SurvivesDamage) {
  TypePool pool;
  Environment::Options options;
  options.profile = *parse_profile("kyverno");
  options.variables = {{"text", &kString}};
  const auto environment = Environment::create(pool, std::move(options));
  ASSERT_TRUE(environment);
  const auto program = compile("has(x509.decode(text).Raw)", *environment);
  ASSERT_TRUE(program);
  Evaluator evaluator;
  std::string damaged(kCertificate);
  for (std::size_t i = 28; i < damaged.size(); ++i) {
    const char kept = std::exchange(damaged[i], damaged[i] == 'A' ? 'B' : 'A');
    evaluator.reset();
    const Value variables[] = {Value::string(damaged)};
    const Value value = evaluator.evaluate(*program, variables);
    EXPECT_TRUE(value.is_true() || value.is_error()) << i;
    damaged[i] = kept;
  }
}

}  // namespace
}  // namespace tally::cel

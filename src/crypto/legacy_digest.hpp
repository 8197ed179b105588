#pragma once
// MD5 (RFC 1321) and SHA-1 (FIPS 180-4) through OpenSSL, for policies that compare checksums. Both
// are broken: nothing that must not be forged may rest on them.

#include <optional>
#include <string>
#include <string_view>

namespace tally::crypto {

// In lower-case hex. Nothing where the system's OpenSSL does not provide the algorithm (FIPS mode).
[[nodiscard]] std::optional<std::string> md5_hex(std::string_view bytes);
[[nodiscard]] std::optional<std::string> sha1_hex(std::string_view bytes);

}  // namespace tally::crypto

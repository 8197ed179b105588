#pragma once
// HMAC (RFC 2104) through OpenSSL.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tally::crypto {

enum class HmacDigest : std::uint8_t { Sha256, Sha384, Sha512 };

// The octets of the code. Nothing where OpenSSL fails.
[[nodiscard]] std::optional<std::string> hmac(HmacDigest digest, std::string_view key,
                                              std::string_view message);

// In a time that does not depend on where they differ.
[[nodiscard]] bool equal_in_constant_time(std::string_view a, std::string_view b) noexcept;

}  // namespace tally::crypto

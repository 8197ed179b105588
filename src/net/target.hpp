#pragma once
// Target: where a request goes, read from a URL (RFC 9110 section 4.2): http or https, a host, a
// port, and what stands in the request line. Refused: other schemes, user information, hosts that
// normalize_host() refuses, characters that would end a line. A fragment is left out.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace tally::net {

inline constexpr std::size_t kUrlBytesMax = 8192;

struct Target {
  bool is_tls = false;
  std::string host;  // normalized; no brackets
  std::uint16_t port = 0;
  std::string path;  // with the query: "/v1/teams?limit=1"

  [[nodiscard]] static Result<Target> parse(std::string_view url);
  // The Location of a response to a request of this one (RFC 9110 section 10.2.2): absolute, or of
  // this host.
  [[nodiscard]] Result<Target> follow(std::string_view location) const;

  [[nodiscard]] bool is_address() const;
  // "example.com:8443", "[::1]:80"
  [[nodiscard]] std::string host_port() const;
  // The same without the scheme's own port: the Host field.
  [[nodiscard]] std::string authority() const;
  [[nodiscard]] std::string url() const;
  [[nodiscard]] bool has_origin_of(const Target& other) const noexcept {
    return is_tls == other.is_tls && host == other.host && port == other.port;
  }
};

}  // namespace tally::net

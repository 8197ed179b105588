#pragma once
// Request and Response: HTTP/1.1 messages (RFC 9112) as values, and the text of a request.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "net/target.hpp"

namespace tally::net {

struct Header {
  std::string name;
  std::string value;
  friend bool operator==(const Header&, const Header&) = default;
};

struct Request {
  std::string method = "GET";
  std::string url;
  std::vector<Header> headers;
  std::string body;
  std::string ca_bundle{};  // PEM: the only certificates trusted for this call; empty: the system's
  std::string server_name{};  // that the certificate must have; empty: the host of the URL
  // PEM: what the client shows; the chain, leaf first. Not sent to another origin.
  std::string client_certificate{};
  std::string client_key{};
};

struct Response {
  unsigned status = 0;
  std::vector<Header> headers;  // in their order; without those behind a chunked body
  std::string body;

  // The value of the first field of that name, whatever its case.
  [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const noexcept;
};

// RFC 9110 section 5.6.2
[[nodiscard]] bool is_token(std::string_view text) noexcept;
[[nodiscard]] bool equal_names(std::string_view a, std::string_view b) noexcept;

// Method and fields, before anything is sent: tokens, no control characters, and none of the fields
// that say where a message ends or where it goes (Host, Content-Length, Transfer-Encoding,
// Connection, ...): these are ours.
[[nodiscard]] Result<void> check(const Request& request);

// Whether the connection is closed after the answer.
enum class ConnectionUse : std::uint8_t { Close, Keep };

// The bytes of a checked request.
[[nodiscard]] std::string to_text(const Request& request, const Target& target,
                                  ConnectionUse use = ConnectionUse::Close);

}  // namespace tally::net

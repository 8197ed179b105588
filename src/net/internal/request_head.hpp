#pragma once
// The header of an HTTP/1.1 request, as it stands in the bytes: the request line (RFC 9112 section
// 3) and the fields, checked for what only requests have.

#include <expected>
#include <string_view>

#include "net/request_reader.hpp"

namespace tally::net {

struct RequestHead {
  IncomingRequest request;  // without its body
  bool is_chunked = false;
  std::size_t length = 0;  // of a body that does not come in chunks; within the limits
};

// `text`: from the request line up to and with the empty line.
[[nodiscard]] std::expected<RequestHead, RequestFault> read_request_head(
    std::string_view text, const RequestLimits& limits);

// Visible ASCII, and no fragment: what a target may hold in either version.
[[nodiscard]] bool is_target_text(std::string_view text) noexcept;

}  // namespace tally::net

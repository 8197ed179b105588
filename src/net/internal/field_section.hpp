#pragma once
// The fields of an HTTP/1.1 header, read before any other parser sees them. What two readers could
// frame differently is refused here, for requests and responses alike:
//   * both Transfer-Encoding and Content-Length, or one of them twice (RFC 9112 section 6.3)
//   * a Content-Length that is not plain digits; a Transfer-Encoding other than `chunked`
//   * folded lines, bare CR or LF, NUL, blanks before the colon (sections 2.2, 5.1, 5.2)

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/message.hpp"

namespace tally::net {

struct FieldFault {
  enum class Kind : std::uint8_t { Malformed, UnknownCoding, TooMany };
  Kind kind = Kind::Malformed;
  std::string text;  // "Content-Length stands twice"
};

struct FieldSection {
  bool is_chunked = false;
  std::optional<std::uint64_t> length;
  std::vector<Header> headers;
};

// The first line of `text`, which it is cut from. A fault: it does not end with CRLF, or holds a
// bare CR, LF or NUL.
[[nodiscard]] std::expected<std::string_view, FieldFault> next_line(std::string_view& text);
// Field lines up to the empty one.
[[nodiscard]] std::expected<FieldSection, FieldFault> read_fields(std::string_view text,
                                                                  std::uint32_t fields_max);

}  // namespace tally::net

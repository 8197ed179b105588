#pragma once
// ChunkReader: a body in chunks (RFC 9112 section 7.1), taken apart as its bytes come in.
//
//   chunked-body = *( 1*HEXDIG [ chunk-ext ] CRLF data CRLF ) 1*"0" [ chunk-ext ] CRLF trailers
//   CRLF
//
// Extensions and trailers are passed over. What the text allows but two readers could see
// differently is refused: blanks before the size or between it and what follows, a bare CR or LF
// anywhere outside the data, a size of more than 15 digits. The outcome does not depend on the
// pieces in which the bytes come.

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "net/request_reader.hpp"

namespace tally::net {

class ChunkReader {
 public:
  // How many of the bytes belong to the body, which is appended to: all of them unless it is done.
  [[nodiscard]] std::expected<std::size_t, RequestFault> feed(std::string_view bytes,
                                                              std::string& body,
                                                              const RequestLimits& limits);
  [[nodiscard]] bool is_done() const noexcept { return step_ == Step::Done; }

 private:
  enum class Step : std::uint8_t { Size, Data, DataEnd, Trailer, Done };

  // Collects a line; false: it has not ended.
  [[nodiscard]] std::expected<bool, RequestFault> collect(std::string_view& bytes);
  [[nodiscard]] std::expected<void, RequestFault> end_line(std::size_t body_bytes,
                                                           const RequestLimits& limits);

  Step step_ = Step::Size;
  std::uint64_t left_ = 0;  // of the chunk
  std::string line_;
  std::size_t overhead_ = 0;  // lines around the data
};

}  // namespace tally::net

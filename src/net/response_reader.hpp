#pragma once
// ResponseReader: the bytes of one HTTP/1.1 response (RFC 9112) as they come in. Beast reads chunks
// and counts lengths; before it sees a header, this class refuses every header that two readers
// could frame differently:
//   * both Transfer-Encoding and Content-Length, or one of them twice (RFC 9112 section 6.3)
//   * a Content-Length that is not plain digits; a Transfer-Encoding other than `chunked`
//   * folded lines, bare CR or LF, NUL, blanks before the colon (sections 2.2, 5.1, 5.2)
//   * a body where the status allows none (section 6.3), HTTP/1.0 with chunks, other versions
// Interim responses (1xx) are passed over, 101 is refused. Fields behind a chunked body are not
// looked at. What comes behind the end is not read: the connection is closed.
//
//   ResponseReader reader("GET", limits);
//   while (!reader.is_done()) { TALLY_CHECK(reader.feed(bytes)); }     // or finish() at the end

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "base/result.hpp"
#include "net/message.hpp"

namespace tally::net {

struct ResponseLimits {
  std::size_t header_bytes = std::size_t{64} * 1024;
  std::uint32_t header_fields = 200;
  std::size_t body_bytes = std::size_t{8} * 1024 * 1024;
  std::uint32_t interim_responses = 8;
};

// Whole: the body is part of the response. Taken: it is taken piece by piece; one of chunks has no
// limit then, but what waits to be taken has (body_bytes).
enum class BodyUse : std::uint8_t { Whole, Taken };

class ResponseReader {
 public:
  // `method` of the request: a response to HEAD has no body.
  ResponseReader(std::string_view method, const ResponseLimits& limits,
                 BodyUse use = BodyUse::Whole);
  ResponseReader(ResponseReader&&) noexcept;
  ResponseReader& operator=(ResponseReader&&) noexcept;
  ResponseReader(const ResponseReader&) = delete;
  ResponseReader& operator=(const ResponseReader&) = delete;
  ~ResponseReader();

  [[nodiscard]] Result<void> feed(std::string_view bytes);
  // The other side has closed: the end of a body without a length, an error everywhere else.
  [[nodiscard]] Result<void> finish();
  [[nodiscard]] bool is_done() const noexcept;
  // Whether only the end of the connection ends the body.
  [[nodiscard]] bool ends_with_connection() const noexcept;
  // Whether another exchange may follow: the response is complete, nothing came behind it, and the
  // other side does not close.
  [[nodiscard]] bool keeps_connection() const;

  // Of the response that is being read; 0: its header is not complete, or it is an interim one.
  [[nodiscard]] unsigned status() const noexcept;
  // What has come of the body since the last time.
  [[nodiscard]] std::string take_body();

  // Precondition: is_done().
  [[nodiscard]] Response take();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tally::net

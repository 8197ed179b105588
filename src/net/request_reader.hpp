#pragma once
// RequestReader: the bytes of one HTTP/1.1 request (RFC 9112) as they come in, what ResponseReader
// is for responses. What two readers could understand differently is refused
// (internal/field_section.hpp, internal/chunk_reader.hpp), and:
//   * a line that ends with a bare LF; more than one empty line before the request line
//   * HTTP/1.1 without exactly one Host, or with one that is no host (RFC 9112 section 3.2)
//   * targets of other forms than origin, absolute (http, https) and, for OPTIONS, `*`
//   (section 3.2)
//   * Transfer-Encoding in HTTP/1.0 (section 6.1), other versions, CONNECT
// In a request of the absolute form the target's authority stands in the place of Host (section
// 3.2.2). Fields behind a chunked body are not looked at.
//
//   RequestReader reader(limits);
//   while (!reader.is_done()) { auto used = reader.feed(bytes); ... }    // the rest: the next
//   request

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "net/message.hpp"

namespace tally::net {

struct RequestLimits {
  std::size_t header_bytes = std::size_t{64} * 1024;
  std::uint32_t header_fields = 100;
  std::size_t target_bytes = std::size_t{8} * 1024;
  std::size_t body_bytes = std::size_t{12} * 1024 * 1024;
};

// Why it is not read on, as an answer. Nothing behind it can be trusted: the connection ends.
struct RequestFault {
  unsigned status = 400;
  std::string text;
};

struct IncomingRequest {
  std::string method;
  std::string target;  // of origin form or `*`
  bool keeps_alive = true;
  bool is_old = false;  // HTTP/1.0
  bool expects_continue = false;
  std::vector<Header> headers;
  std::string body;
};

class RequestReader {
 public:
  explicit RequestReader(const RequestLimits& limits);
  RequestReader(RequestReader&&) noexcept;
  RequestReader& operator=(RequestReader&&) noexcept;
  RequestReader(const RequestReader&) = delete;
  RequestReader& operator=(const RequestReader&) = delete;
  ~RequestReader();

  // How many of the bytes belong to this request: all of them unless it is done.
  [[nodiscard]] std::expected<std::size_t, RequestFault> feed(std::string_view bytes);
  [[nodiscard]] bool has_header() const noexcept;
  [[nodiscard]] bool is_done() const noexcept;
  // Of header and body, that are held.
  [[nodiscard]] std::size_t buffered_bytes() const noexcept;
  // Precondition: has_header(). The body is complete when is_done().
  [[nodiscard]] const IncomingRequest& request() const noexcept;
  // Precondition: is_done().
  [[nodiscard]] IncomingRequest take();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tally::net

#include "net/request_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/assert.hpp"
#include "net/internal/chunk_reader.hpp"
#include "net/internal/request_head.hpp"

namespace tally::net {

namespace {

std::unexpected<RequestFault> refuse(unsigned status, std::string text) {
  return std::unexpected(RequestFault{status, std::move(text)});
}

}  // namespace

struct RequestReader::State {
  explicit State(const RequestLimits& given) : limits(given) {}

  // How many of the bytes belong to the header: up to and with the first empty line behind the
  // request line. Each line is looked at as soon as it has ended.
  std::expected<std::size_t, RequestFault> read_lines(std::string_view bytes) {
    // What is refused must not depend on the pieces in which the bytes come: not more than the
    // limit and one are ever looked at.
    const std::size_t room = limits.header_bytes + 1 - head.size();
    const std::size_t old = head.size();
    head.append(bytes.substr(0, room));
    std::size_t from = old;
    while (true) {
      const std::size_t end = head.find('\n', from);
      if (end == std::string::npos) {
        break;
      }
      if (end == 0 || head[end - 1] != '\r') {
        return refuse(400, "a line of the header ends with a bare LF");
      }
      const bool is_empty = end - line_begin == 1;
      line_begin = end + 1;
      from = end + 1;
      if (!is_empty) {
        has_request_line = true;
      } else if (has_request_line) {
        is_complete = true;
        head.resize(end + 1);
        break;
      } else if (skipped) {
        return refuse(400, "empty lines stand before the request line");
      } else {
        skipped = end + 1;  // RFC 9112 section 2.2: one is passed over
      }
    }
    if (!has_request_line && head.size() > skipped + kRequestLineRest + limits.target_bytes) {
      return refuse(414, fmt::format("the target has more than {} bytes", limits.target_bytes));
    }
    if (head.size() > limits.header_bytes) {
      return refuse(431, fmt::format("the header has more than {} bytes", limits.header_bytes));
    }
    return head.size() - old;
  }

  std::expected<void, RequestFault> begin_body() {
    TALLY_TRY(RequestHead read, read_request_head(std::string_view(head).substr(skipped), limits));
    request = std::move(read.request);
    is_chunked = read.is_chunked;
    length = read.length;
    // What was announced costs nothing before it comes.
    constexpr std::size_t kReservedMax = std::size_t{64} * 1024;
    request.body.reserve(std::min(length, kReservedMax));
    head_bytes = head.size();
    head = {};
    has_header = true;
    return {};
  }

  std::expected<std::size_t, RequestFault> read_body(std::string_view bytes) {
    if (is_chunked) {
      return chunks.feed(bytes, request.body, limits);
    }
    const std::size_t used = std::min(bytes.size(), length - request.body.size());
    request.body.append(bytes.substr(0, used));
    return used;
  }

  [[nodiscard]] bool is_done() const noexcept {
    return has_header && (is_chunked ? chunks.is_done() : request.body.size() == length);
  }

  // "METHOD SP" and "SP HTTP/1.1 CRLF"
  static constexpr std::size_t kRequestLineRest = 64;

  RequestLimits limits;
  std::string head;  // until it is complete
  std::size_t head_bytes = 0;
  std::size_t line_begin = 0;
  std::size_t skipped = 0;
  bool has_request_line = false;
  bool is_complete = false;
  bool has_header = false;
  bool is_chunked = false;
  std::size_t length = 0;  // of the body, unless it comes in chunks
  ChunkReader chunks;
  IncomingRequest request;
};

RequestReader::RequestReader(const RequestLimits& limits)
    : state_(std::make_unique<State>(limits)) {}
RequestReader::RequestReader(RequestReader&&) noexcept = default;
RequestReader& RequestReader::operator=(RequestReader&&) noexcept = default;
RequestReader::~RequestReader() = default;

std::expected<std::size_t, RequestFault> RequestReader::feed(std::string_view bytes) {
  State& state = *state_;
  std::size_t used = 0;
  if (!state.has_header) {
    TALLY_TRY(used, state.read_lines(bytes));
    if (!state.is_complete) {
      return used;
    }
    TALLY_CHECK(state.begin_body());
  }
  if (!state.is_done() && used < bytes.size()) {
    TALLY_TRY(const std::size_t more, state.read_body(bytes.substr(used)));
    used += more;
  }
  return used;
}

bool RequestReader::has_header() const noexcept { return state_->has_header; }

bool RequestReader::is_done() const noexcept { return state_->is_done(); }

std::size_t RequestReader::buffered_bytes() const noexcept {
  return state_->head.size() + state_->head_bytes + state_->request.body.capacity();
}

const IncomingRequest& RequestReader::request() const noexcept { return state_->request; }

IncomingRequest RequestReader::take() {
  TALLY_ASSERT(is_done());
  return std::move(state_->request);
}

}  // namespace tally::net

#include "net/response_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <charconv>
#include <optional>
#include <string>
#include <utility>

#include "base/assert.hpp"
#include "base/text.hpp"
#include "net/internal/field_section.hpp"

namespace tally::net {

namespace http = boost::beast::http;

namespace {

std::unexpected<Error> malformed(std::string_view what) {
  return environment_error(fmt::format("the response is malformed: {}", what));
}

// What a header says about itself, by our own reading.
struct Head {
  unsigned status = 0;
  bool is_old = false;  // HTTP/1.0
  FieldSection fields;
};

// RFC 9112 section 4: HTTP-version SP status-code SP [ reason-phrase ]
Result<void> read_status_line(std::string_view line, Head& head) {
  const bool is_known = line.starts_with("HTTP/1.1 ") || line.starts_with("HTTP/1.0 ");
  const bool has_code = line.size() >= 13 && line[12] == ' ';
  if (!is_known || !has_code) {
    return malformed(fmt::format("the status line is '{}'", excerpt(line)));
  }
  const std::string_view digits = line.substr(9, 3);
  const auto [end, problem] = std::from_chars(digits.data(), digits.data() + 3, head.status);
  if (problem != std::errc{} || end != digits.data() + 3 || head.status < 100 ||
      head.status > 599) {
    return malformed(fmt::format("the status is '{}'", excerpt(digits)));
  }
  head.is_old = line[7] == '0';
  return {};
}

// RFC 9112 section 6.3, how long the body is: where two readers could differ, nobody reads.
Result<void> check_framing(const Head& head, const ResponseLimits& limits) {
  const auto& [is_chunked, length, headers] = head.fields;
  if (is_chunked && head.is_old) {
    return malformed("HTTP/1.0 knows no Transfer-Encoding");
  }
  const bool has_no_body = head.status < 200 || head.status == 204;
  if (has_no_body && (is_chunked || length.value_or(0) != 0)) {
    return malformed(fmt::format("a response of status {} announces a body", head.status));
  }
  if (head.status == 304 && is_chunked) {
    return malformed("a response of status 304 announces a body");
  }
  if (length.value_or(0) > limits.body_bytes) {
    return limit_error(
        fmt::format("the body of the response has {} bytes, more than the {} that "
                    "are read",
                    *length, limits.body_bytes));
  }
  for (const Header& header : headers) {
    if (equal_names(header.name, "content-encoding") && !equal_names(header.value, "identity")) {
      return environment_error(fmt::format("the body is encoded as '{}', which was not asked for",
                                           excerpt(header.value)));
    }
  }
  return {};
}

// `text`: everything up to and with the empty line.
Result<Head> read_head(std::string_view text, const ResponseLimits& limits) {
  Head head;
  const auto line = next_line(text);
  if (!line) {
    return malformed(line.error().text);
  }
  TALLY_CHECK(read_status_line(*line, head));
  auto fields = read_fields(text, limits.header_fields);
  if (!fields) {
    return fields.error().kind == FieldFault::Kind::TooMany
               ? limit_error(fmt::format("the header of the response has more than {} fields",
                                         limits.header_fields))
               : malformed(fields.error().text);
  }
  head.fields = std::move(*fields);
  if (head.status == 101) {
    return malformed("it switches protocols, which was not asked for");
  }
  TALLY_CHECK(check_framing(head, limits));
  return head;
}

Error error_of(const boost::system::error_code& code, const ResponseLimits& limits) {
  if (code == http::error::body_limit) {
    return limit_error(
               fmt::format("the body of the response has more than the {} bytes that are read",
                           limits.body_bytes))
        .error();
  }
  if (code == http::error::partial_message || code == http::error::end_of_stream) {
    return environment_error("the connection was closed before the response was complete").error();
  }
  if (code == http::error::header_limit || code == http::error::buffer_overflow) {
    return limit_error("a chunk of the response carries too many bytes around its content").error();
  }
  return malformed(code.message()).error();
}

using Parser = http::response_parser<http::string_body>;

}  // namespace

struct ResponseReader::State {
  State(std::string_view request_method, const ResponseLimits& response_limits, BodyUse use)
      : limits(response_limits),
        is_taken(use == BodyUse::Taken),
        is_head_request(request_method == "HEAD") {}

  Result<void> read_buffer() {
    while (!is_done) {
      if (!parser) {
        TALLY_TRY(const bool is_complete, begin_response());
        if (!is_complete) {
          return {};
        }
      }
      if (parser->is_done()) {
        end_response();
        continue;
      }
      if (buffer.empty()) {
        return {};
      }
      boost::system::error_code code;
      const std::size_t used =
          parser->put(boost::asio::const_buffer(buffer.data(), buffer.size()), code);
      buffer.erase(0, used);
      if (code == http::error::need_more) {
        return {};
      }
      if (code) {
        return std::unexpected(error_of(code, limits));
      }
      if (used == 0 && !parser->is_done()) {
        return {};
      }
    }
    return {};
  }

  // False: the header has not come to its end.
  Result<bool> begin_response() {
    const std::size_t end = buffer.find("\r\n\r\n", scanned);
    const std::size_t bytes = end == std::string::npos ? buffer.size() : end + 4;
    if (bytes > limits.header_bytes) {
      return limit_error(
          fmt::format("the header of the response has more than the {} bytes that are read",
                      limits.header_bytes));
    }
    if (end == std::string::npos) {
      // An LF that ends a line alone would let a header go on for ever.
      scanned = buffer.size() < 3 ? 0 : buffer.size() - 3;
      return false;
    }
    TALLY_TRY(head, read_head(std::string_view(buffer).substr(0, bytes), limits));
    scanned = 0;
    parser = std::make_unique<Parser>();
    parser->header_limit(static_cast<std::uint32_t>(limits.header_bytes));
    if (is_taken) {
      parser->body_limit(boost::none);
    } else {
      parser->body_limit(limits.body_bytes);
    }
    parser->eager(true);
    parser->skip(is_head_request);
    boost::system::error_code code;
    const std::size_t used = parser->put(boost::asio::const_buffer(buffer.data(), bytes), code);
    if (code && code != http::error::need_more) {
      return std::unexpected(error_of(code, limits));
    }
    buffer.erase(0, used);
    return true;
  }

  void end_response() {
    if (head.status >= 200) {
      is_done = true;
      return;
    }
    interim += 1;
    parser.reset();
  }

  // A body that is taken is as long as it likes: what waits has a bound, and so has the header of
  // each chunk, which stays in the buffer until it is complete.
  Result<void> check_waiting() const {
    if (!is_taken || is_done || !parser) {
      return {};
    }
    if (parser->get().body().size() > limits.body_bytes) {
      return std::unexpected(error_of(http::error::body_limit, limits));
    }
    return buffer.size() <= limits.header_bytes
               ? Result<void>{}
               : std::unexpected(error_of(http::error::header_limit, limits));
  }

  ResponseLimits limits;
  bool is_taken = false;
  bool is_head_request = false;
  bool is_done = false;
  std::string buffer;       // not yet taken by the parser
  std::size_t scanned = 0;  // of it, for the end of the header
  std::size_t bytes_seen = 0;
  std::uint32_t interim = 0;
  Head head;
  std::unique_ptr<Parser> parser;  // of the response that is being read
};

ResponseReader::ResponseReader(std::string_view method, const ResponseLimits& limits, BodyUse use)
    : state_(std::make_unique<State>(method, limits, use)) {}
ResponseReader::ResponseReader(ResponseReader&&) noexcept = default;
ResponseReader& ResponseReader::operator=(ResponseReader&&) noexcept = default;
ResponseReader::~ResponseReader() = default;

Result<void> ResponseReader::feed(std::string_view bytes) {
  State& state = *state_;
  if (state.is_done) {
    return {};
  }
  // What stands around chunks and in interim responses has a bound as well.
  constexpr std::size_t kOverhead = 8;
  state.bytes_seen += state.is_taken && state.parser ? 0 : bytes.size();
  if (state.bytes_seen / kOverhead > state.limits.header_bytes + state.limits.body_bytes) {
    return limit_error("the response carries too many bytes around its content");
  }
  state.buffer.append(bytes);
  TALLY_CHECK(state.read_buffer());
  TALLY_CHECK(state.check_waiting());
  if (state.interim > state.limits.interim_responses) {
    return limit_error(
        fmt::format("more than {} interim responses (1xx)", state.limits.interim_responses));
  }
  return {};
}

Result<void> ResponseReader::finish() {
  State& state = *state_;
  if (state.is_done) {
    return {};
  }
  boost::system::error_code code = http::error::partial_message;
  if (state.parser && state.buffer.empty()) {
    code = {};
    state.parser->put_eof(code);
  }
  if (code) {
    return std::unexpected(error_of(code, state.limits));
  }
  return state.read_buffer();
}

bool ResponseReader::is_done() const noexcept { return state_->is_done; }

bool ResponseReader::ends_with_connection() const noexcept {
  return state_->parser && !state_->is_done && state_->parser->need_eof();
}

bool ResponseReader::keeps_connection() const {
  return state_->is_done && state_->buffer.empty() && !state_->head.is_old &&
         state_->parser->keep_alive();
}

unsigned ResponseReader::status() const noexcept {
  return state_->parser && state_->head.status >= 200 ? state_->head.status : 0;
}

std::string ResponseReader::take_body() {
  return state_->parser ? std::exchange(state_->parser->get().body(), {}) : std::string();
}

Response ResponseReader::take() {
  TALLY_ASSERT(state_->is_done);
  return {.status = state_->head.status,
          .headers = std::move(state_->head.fields.headers),
          .body = std::move(state_->parser->get().body())};
}

}  // namespace tally::net

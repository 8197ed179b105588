#include "net/internal/request_head.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "net/internal/field_section.hpp"

namespace tally::net {

namespace {

std::unexpected<RequestFault> refuse(unsigned status, std::string text) {
  return std::unexpected(RequestFault{status, std::move(text)});
}

std::unexpected<RequestFault> refuse(FieldFault fault) {
  switch (fault.kind) {
    case FieldFault::Kind::Malformed:
      return refuse(400, std::move(fault.text));
    case FieldFault::Kind::UnknownCoding:
      return refuse(501, std::move(fault.text));
    case FieldFault::Kind::TooMany:
      return refuse(431, std::move(fault.text));
  }
  std::unreachable();
}

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

// RFC 9110 section 7.2: uri-host [ ":" port ], looked at for its characters only: nothing here
// resolves it. User information is none of them.
bool is_authority(std::string_view text) noexcept {
  return std::ranges::all_of(text, [](char c) {
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           std::string_view("-._~%!$&'()*+,;=:[]").find(c) != std::string_view::npos;
  });
}

// RFC 9112 section 2.3: HTTP-version = "HTTP/" DIGIT "." DIGIT
std::expected<void, RequestFault> read_version(std::string_view text, IncomingRequest& request) {
  if (text.size() != 8 || !text.starts_with("HTTP/") || !is_digit(text[5]) || text[6] != '.' ||
      !is_digit(text[7])) {
    return refuse(400, fmt::format("'{}' is no version of HTTP", excerpt(text)));
  }
  if (text != "HTTP/1.1" && text != "HTTP/1.0") {
    return refuse(505, fmt::format("{} is not spoken here, HTTP/1.1 is", text));
  }
  request.is_old = text[7] == '0';
  request.keeps_alive = !request.is_old;
  return {};
}

// RFC 9112 section 3.2. Gives the authority of an absolute form, else nothing.
std::expected<std::string_view, RequestFault> read_target(std::string_view text,
                                                          const RequestLimits& limits,
                                                          IncomingRequest& request) {
  const auto no_target = [&] {
    return refuse(400, fmt::format("'{}' is no target of a request", excerpt(text)));
  };
  if (text.size() > limits.target_bytes) {
    return refuse(414, fmt::format("the target has more than {} bytes", limits.target_bytes));
  }
  if (text.empty() || !is_target_text(text)) {
    return no_target();
  }
  if (text.front() == '/' || (text == "*" && request.method == "OPTIONS")) {
    request.target = text;
    return std::string_view{};
  }
  const std::size_t scheme = text.find("://");
  if (scheme == std::string_view::npos || (!equal_names(text.substr(0, scheme), "http") &&
                                           !equal_names(text.substr(0, scheme), "https"))) {
    return no_target();
  }
  const std::string_view rest = text.substr(scheme + 3);
  const std::size_t end = std::min(rest.find_first_of("/?"), rest.size());
  const std::string_view authority = rest.substr(0, end);
  if (authority.empty() || !is_authority(authority)) {
    return no_target();
  }
  request.target = end < rest.size() && rest[end] == '/' ? "" : "/";
  request.target += rest.substr(end);
  return authority;
}

// method SP request-target SP HTTP-version; a single blank each, nothing else.
std::expected<std::string_view, RequestFault> read_request_line(std::string_view line,
                                                                const RequestLimits& limits,
                                                                IncomingRequest& request) {
  const std::size_t first = line.find(' ');
  const std::size_t last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) {
    return refuse(400, fmt::format("'{}' is no request line", excerpt(line)));
  }
  request.method = line.substr(0, first);
  if (!is_token(request.method)) {
    return refuse(400, fmt::format("'{}' is no method", excerpt(request.method)));
  }
  TALLY_CHECK(read_version(line.substr(last + 1), request));
  if (request.method == "CONNECT" || request.method.size() > 32) {
    return refuse(501, fmt::format("'{}' is not done here", excerpt(request.method)));
  }
  return read_target(line.substr(first + 1, last - first - 1), limits, request);
}

// RFC 9112 section 9.3. `close` wins over everything.
void read_connection(std::string_view value, IncomingRequest& request, bool& closes) {
  while (!value.empty()) {
    const std::size_t comma = std::min(value.find(','), value.size());
    const std::string_view option = trim(value.substr(0, comma));
    closes = closes || equal_names(option, "close");
    request.keeps_alive = request.keeps_alive || equal_names(option, "keep-alive");
    value.remove_prefix(std::min(comma + 1, value.size()));
  }
}

// RFC 9112 section 3.2: exactly one Host in HTTP/1.1, at most one in any version.
std::expected<void, RequestFault> check_host(std::string_view authority, IncomingRequest& request) {
  Header* host = nullptr;
  for (Header& header : request.headers) {
    if (!equal_names(header.name, "host")) {
      continue;
    }
    if (host != nullptr) {
      return refuse(400, "Host stands twice");
    }
    host = &header;
  }
  if (host == nullptr) {
    return request.is_old ? std::expected<void, RequestFault>{} : refuse(400, "Host is missing");
  }
  if (!is_authority(host->value)) {
    return refuse(400, fmt::format("Host is '{}'", excerpt(host->value)));
  }
  if (!authority.empty()) {
    host->value = authority;
  }
  return {};
}

std::expected<void, RequestFault> read_options(IncomingRequest& request) {
  bool closes = false;
  for (const Header& header : request.headers) {
    if (equal_names(header.name, "connection")) {
      read_connection(header.value, request, closes);
    } else if (equal_names(header.name, "expect") && !request.is_old) {
      // RFC 9110 section 10.1.1; one in HTTP/1.0 is ignored.
      if (!equal_names(header.value, "100-continue")) {
        return refuse(417, fmt::format("'{}' is expected", excerpt(header.value)));
      }
      request.expects_continue = true;
    }
  }
  request.keeps_alive = request.keeps_alive && !closes;
  return {};
}

}  // namespace

bool is_target_text(std::string_view text) noexcept {
  return std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7f' && c != '#'; });
}

std::expected<RequestHead, RequestFault> read_request_head(std::string_view text,
                                                           const RequestLimits& limits) {
  RequestHead head;
  IncomingRequest& request = head.request;
  auto line = next_line(text);
  if (!line) {
    return refuse(std::move(line).error());
  }
  TALLY_TRY(const std::string_view authority, read_request_line(*line, limits, request));
  auto fields = read_fields(text, limits.header_fields);
  if (!fields) {
    return refuse(std::move(fields).error());
  }
  if (fields->is_chunked && request.is_old) {
    return refuse(400, "HTTP/1.0 knows no Transfer-Encoding");
  }
  if (fields->length.value_or(0) > limits.body_bytes) {
    return refuse(413, fmt::format("the body has {} bytes, more than the {} allowed",
                                   *fields->length, limits.body_bytes));
  }
  request.headers = std::move(fields->headers);
  TALLY_CHECK(check_host(authority, request));
  TALLY_CHECK(read_options(request));
  head.is_chunked = fields->is_chunked;
  head.length = static_cast<std::size_t>(fields->length.value_or(0));
  return head;
}

}  // namespace tally::net

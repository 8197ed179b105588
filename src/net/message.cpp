#include "net/message.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.hpp"

namespace tally::net {

namespace {

char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool is_token_character(char c) noexcept {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
         std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

// Fields that say where the message ends, where it goes, or who may read it on the way.
constexpr std::array<std::string_view, 13> kOwnFields = {"host",
                                                         "content-length",
                                                         "transfer-encoding",
                                                         "connection",
                                                         "keep-alive",
                                                         "te",
                                                         "trailer",
                                                         "upgrade",
                                                         "expect",
                                                         "proxy-connection",
                                                         "proxy-authorization",
                                                         "proxy-authenticate",
                                                         "accept-encoding"};

constexpr std::size_t kHeadersMax = 100;
constexpr std::size_t kHeaderBytesMax = std::size_t{16} * 1024;

}  // namespace

std::optional<std::string_view> Response::header(std::string_view name) const noexcept {
  const auto found =
      std::ranges::find_if(headers, [&](const Header& row) { return equal_names(row.name, name); });
  return found == headers.end() ? std::nullopt : std::optional<std::string_view>(found->value);
}

bool is_token(std::string_view text) noexcept {
  return !text.empty() && std::ranges::all_of(text, is_token_character);
}

bool equal_names(std::string_view a, std::string_view b) noexcept {
  return std::ranges::equal(a, b, {}, lower, lower);
}

Result<void> check(const Request& request) {
  if (!is_token(request.method) || request.method.size() > 32 || request.method == "CONNECT" ||
      request.method == "TRACE") {
    return content_error(fmt::format("'{}' is no method that is sent", excerpt(request.method)));
  }
  if (request.headers.size() > kHeadersMax) {
    return limit_error(fmt::format("a request has {} header fields, more than the {} allowed",
                                   request.headers.size(), kHeadersMax));
  }
  std::size_t bytes = 0;
  for (const Header& header : request.headers) {
    bytes += header.name.size() + header.value.size() + 4;
    if (!is_token(header.name)) {
      return content_error(fmt::format("'{}' is no name of a header field", excerpt(header.name)));
    }
    if (std::ranges::any_of(kOwnFields,
                            [&](std::string_view own) { return equal_names(own, header.name); })) {
      return content_error(fmt::format("the header field {} is set by tally itself", header.name));
    }
    // Never the value: it may be a secret.
    if (std::ranges::any_of(header.value, [](char c) {
          return (static_cast<unsigned char>(c) < ' ' && c != '\t') || c == '\x7f';
        })) {
      return content_error(
          fmt::format("the header field {} holds a control character", header.name));
    }
  }
  if (bytes > kHeaderBytesMax) {
    return limit_error(fmt::format("the header fields have {} bytes, more than the {} allowed",
                                   bytes, kHeaderBytesMax));
  }
  return {};
}

std::string to_text(const Request& request, const Target& target, ConnectionUse use) {
  std::string out = fmt::format("{} {} HTTP/1.1\r\nHost: {}\r\n", request.method, target.path,
                                target.authority());
  bool has_agent = false;
  bool has_accept = false;
  for (const Header& header : request.headers) {
    has_agent = has_agent || equal_names(header.name, "user-agent");
    has_accept = has_accept || equal_names(header.name, "accept");
    out.append(header.name).append(": ").append(trim(header.value)).append("\r\n");
  }
  if (!has_agent) {
    out += "User-Agent: tally\r\n";
  }
  if (!has_accept) {
    out += "Accept: */*\r\n";
  }
  if (!request.body.empty() || request.method == "POST" || request.method == "PUT" ||
      request.method == "PATCH") {
    out += fmt::format("Content-Length: {}\r\n", request.body.size());
  }
  // HTTP/1.1 keeps a connection unless somebody says otherwise (RFC 9112 section 9.3).
  out += use == ConnectionUse::Close ? "Accept-Encoding: identity\r\nConnection: close\r\n\r\n"
                                     : "Accept-Encoding: identity\r\n\r\n";
  return out + request.body;
}

}  // namespace tally::net

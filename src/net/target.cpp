#include "net/target.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "net/host_list.hpp"
#include "scalar/url.hpp"

namespace tally::net {

namespace {

std::unexpected<Error> bad_url(std::string_view url, std::string_view why) {
  return content_error(fmt::format("the URL '{}' {}", excerpt(url, 200), why));
}

bool has_user_information(std::string_view url) noexcept {
  const std::size_t begin = url.find("//");
  if (begin == std::string_view::npos) {
    return false;
  }
  const std::string_view authority = url.substr(begin + 2);
  return authority.substr(0, authority.find_first_of("/?#")).find('@') != std::string_view::npos;
}

// A request line must hold it as one word.
bool is_one_word(std::string_view text) noexcept {
  return std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7f'; });
}

}  // namespace

Result<Target> Target::parse(std::string_view url) {
  if (url.size() > kUrlBytesMax) {
    return limit_error(fmt::format("the URL has {} bytes, more than the {} that are read",
                                   url.size(), kUrlBytesMax));
  }
  // The text is not shown: it holds a password.
  if (has_user_information(url)) {
    return content_error("the URL holds user information ('user@'), which is refused");
  }
  const auto parsed = scalar::Url::parse(url);
  if (!parsed) {
    return bad_url(url, fmt::format("cannot be read: {}", parsed.error().message));
  }
  Target target;
  target.is_tls = parsed->scheme() == "https";
  if (!target.is_tls && parsed->scheme() != "http") {
    return bad_url(url, "is neither http nor https");
  }
  auto host = normalize_host(parsed->hostname());
  if (!host) {
    return bad_url(url, fmt::format("has no usable host: {}", host.error().message));
  }
  target.host = std::move(*host);
  target.port = target.is_tls ? 443 : 80;
  if (!parsed->port().empty()) {
    const auto port = parse_port(parsed->port());
    if (!port) {
      return bad_url(url, "has no usable port (1 to 65535)");
    }
    target.port = *port;
  }
  const std::string whole = parsed->to_string();
  const std::size_t authority = whole.find("//") + 2;
  const std::size_t begin = whole.find_first_of("/?#", authority);
  const std::size_t end = whole.find('#');
  target.path = begin == std::string::npos ? "" : whole.substr(begin, end - begin);
  if (!target.path.starts_with('/')) {
    target.path.insert(target.path.begin(), '/');
  }
  return is_one_word(target.path) ? Result<Target>(std::move(target))
                                  : bad_url(url, "holds a blank or a control character");
}

Result<Target> Target::follow(std::string_view location) const {
  if (location.starts_with('/') && !location.starts_with("//")) {
    return parse(fmt::format("{}://{}{}", is_tls ? "https" : "http", authority(), location));
  }
  if (location.find("://") == std::string_view::npos) {
    return bad_url(location, "of a redirect is neither absolute nor a path");
  }
  return parse(location);
}

bool Target::is_address() const { return scalar::IpAddress::parse(host).has_value(); }

std::string Target::host_port() const {
  return host.find(':') == std::string::npos ? fmt::format("{}:{}", host, port)
                                             : fmt::format("[{}]:{}", host, port);
}

std::string Target::authority() const {
  const std::string text = host_port();
  return port == (is_tls ? 443 : 80) ? text.substr(0, text.rfind(':')) : text;
}

std::string Target::url() const {
  return fmt::format("{}://{}{}", is_tls ? "https" : "http", authority(), path);
}

}  // namespace tally::net

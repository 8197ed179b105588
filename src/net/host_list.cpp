#include "net/host_list.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/text.hpp"

namespace tally::net {

namespace {

constexpr std::size_t kNameBytesMax = 253;  // RFC 1035 section 2.3.4
constexpr std::size_t kLabelBytesMax = 63;

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
bool is_name_character(char c) noexcept {
  return is_digit(c) || (c >= 'a' && c <= 'z') || c == '-' || c == '_';
}

// A last label of digits, or of 0x and digits, makes old resolvers read an address
// (https://url.spec.whatwg.org/#ends-in-a-number-checker).
bool ends_in_a_number(std::string_view name) noexcept {
  const std::string_view last = name.substr(name.rfind('.') + 1);  // npos + 1 is 0
  return std::ranges::all_of(last, is_digit) || last.starts_with("0x");
}

bool is_name(std::string_view name) noexcept {
  if (name.empty() || name.size() > kNameBytesMax || ends_in_a_number(name)) {
    return false;
  }
  while (!name.empty()) {
    const std::size_t dot = std::min(name.find('.'), name.size());
    if (dot == 0 || dot > kLabelBytesMax ||
        !std::ranges::all_of(name.substr(0, dot), is_name_character)) {
      return false;
    }
    name.remove_prefix(std::min(dot + 1, name.size()));
  }
  return true;
}

std::unexpected<Error> bad_host(std::string_view text) {
  return content_error(fmt::format("'{}' is no host name and no IP address", excerpt(text)));
}

}  // namespace

Result<std::string> normalize_host(std::string_view text) {
  if (const auto address = scalar::IpAddress::parse(text)) {
    return address->to_string();
  }
  std::string name(text);
  std::ranges::transform(name, name.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  if (name.size() > 1 && name.ends_with('.')) {
    name.pop_back();
  }
  return is_name(name) && !name.ends_with('.') ? Result<std::string>(std::move(name))
                                               : bad_host(text);
}

std::optional<std::uint16_t> parse_port(std::string_view text) noexcept {
  std::uint16_t port = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), port);
  return problem == std::errc{} && end == text.data() + text.size() && port != 0 &&
                 text.front() != '0'
             ? std::optional(port)
             : std::nullopt;
}

Result<AllowedHost> AllowedHost::parse(std::string_view text) {
  AllowedHost out;
  std::string_view host = text;
  std::optional<std::string_view> port;
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos || (end + 1 < text.size() && text[end + 1] != ':')) {
      return bad_host(text);
    }
    host = text.substr(1, end - 1);
    if (host.find(':') == std::string_view::npos) {
      return bad_host(text);
    }
    if (end + 1 < text.size()) {
      port = text.substr(end + 2);
    }
  } else if (const std::size_t colon = text.find(':');
             colon != std::string_view::npos &&
             text.find(':', colon + 1) == std::string_view::npos) {
    host = text.substr(0, colon);
    port = text.substr(colon + 1);
  }
  TALLY_TRY(out.host, normalize_host(host));
  if (port) {
    out.port = parse_port(*port);
    if (!out.port) {
      return content_error(fmt::format("'{}' is no port (1 to 65535)", excerpt(*port)));
    }
  }
  return out;
}

Result<HostList> HostList::parse(std::span<const std::string> entries) {
  HostList list;
  for (const std::string& entry : entries) {
    auto host = AllowedHost::parse(entry);
    if (!host) {
      Error error = std::move(host).error();
      error.message =
          fmt::format("'{}' is no HOST[:PORT]: {}", excerpt(entry), std::move(error.message));
      return std::unexpected(std::move(error));
    }
    list.hosts_.push_back(std::move(*host));
  }
  return list;
}

bool HostList::allows(std::string_view host, std::uint16_t port) const noexcept {
  return std::ranges::any_of(hosts_, [&](const AllowedHost& row) {
    return row.host == host && (!row.port || *row.port == port);
  });
}

bool HostList::allows(const scalar::IpAddress& address, std::uint16_t port) const {
  return allows(address.to_string(), port);
}

}  // namespace tally::net

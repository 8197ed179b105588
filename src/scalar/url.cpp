#include "scalar/url.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

#include "scalar/go_quote.hpp"
#include "scalar/ip_address.hpp"

namespace tally::scalar {

namespace {

// net/url/encoding_table.go: which characters stand for themselves where.
enum class Part : std::uint8_t { Path, Host, Zone, User, Query, Fragment };

bool is_unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_' || c == '.' || c == '~';
}

bool stands_for_itself(char c, Part part) {
  constexpr std::array<std::string_view, 6> kMore{
      "$&+,/:;=@", "!\"$&'()*+,:;<=>[]", "!\"$&'()*+,:;<=>[]", "$&+,;=", "", "!$&()*+,/:;=?@",
  };
  return is_unreserved(c) ||
         kMore[static_cast<std::size_t>(part)].find(c) != std::string_view::npos;
}

int hex_value(char c) {
  return c >= '0' && c <= '9'   ? c - '0'
         : c >= 'a' && c <= 'f' ? c - 'a' + 10
         : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                : -1;
}

std::string quoted(std::string_view text) {
  std::string out;
  append_go_quoted(out, text);
  return out;
}

std::unexpected<Error> bad_escape(std::string_view escape) {
  return content_error("invalid URL escape " + quoted(escape));
}

Result<void> check_escape(std::string_view text, Part part) {
  if (text.size() < 3 || hex_value(text[1]) < 0 || hex_value(text[2]) < 0) {
    return bad_escape(text.substr(0, 3));
  }
  const std::string_view escape = text.substr(0, 3);
  // RFC 3986 section 3.2.2: in a host only what is not ASCII is escaped, and by RFC 6874 the
  // percent sign before a zone.
  if (part == Part::Host && hex_value(escape[1]) < 8 && escape != "%25") {
    return bad_escape(escape);
  }
  if (part == Part::Zone) {
    const auto decoded = static_cast<char>(hex_value(escape[1]) * 16 + hex_value(escape[2]));
    if (escape != "%25" && decoded != ' ' && !stands_for_itself(decoded, Part::Host)) {
      return bad_escape(escape);
    }
  }
  return {};
}

Result<std::string> unescape(std::string_view text, Part part) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '%') {
      TALLY_CHECK(check_escape(text.substr(i), part));
      out += static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]));
      i += 2;
    } else if (c == '+' && part == Part::Query) {
      out += ' ';
    } else if ((part == Part::Host || part == Part::Zone) && static_cast<unsigned char>(c) < 0x80 &&
               !stands_for_itself(c, part)) {
      return content_error("invalid character " + quoted(text.substr(i, 1)) + " in host name");
    } else {
      out += c;
    }
  }
  return out;
}

std::string escape(std::string_view text, Part part) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    if (stands_for_itself(c, part)) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += '%';
      out += kHex[byte >> 4U];
      out += kHex[byte & 15U];
    }
  }
  return out;
}

// Whether a text is a possible encoding: it is kept as written then.
bool is_valid_encoding(std::string_view text, Part part) {
  return std::ranges::all_of(text, [part](char c) {
    return std::string_view("!$&'()*+,;=:@[]%").find(c) != std::string_view::npos ||
           stands_for_itself(c, part);
  });
}

std::string escaped(const std::string& decoded, const std::string& raw, Part part) {
  if (!raw.empty() && is_valid_encoding(raw, part)) {
    if (const auto again = unescape(raw, part); again && *again == decoded) {
      return raw;
    }
  }
  return part == Part::Path && decoded == "*" ? "*" : escape(decoded, part);
}

bool is_optional_port(std::string_view text) {
  return text.empty() || (text[0] == ':' && std::ranges::all_of(text.substr(1), [](char c) {
                            return c >= '0' && c <= '9';
                          }));
}

struct HostPort {
  std::string_view host;
  std::string_view port;
};

HostPort split_host_port(std::string_view text) {
  HostPort parts{.host = text, .port = {}};
  if (const std::size_t colon = text.rfind(':');
      colon != std::string_view::npos && is_optional_port(text.substr(colon))) {
    parts = {.host = text.substr(0, colon), .port = text.substr(colon + 1)};
  }
  if (parts.host.starts_with('[') && parts.host.ends_with(']')) {
    parts.host = parts.host.substr(1, parts.host.size() - 2);
  }
  return parts;
}

Result<std::string> read_ip_literal(std::string_view host) {
  const std::size_t close = host.rfind(']');
  if (close == std::string_view::npos) {
    return content_error("missing ']' in host");
  }
  const std::string_view port = host.substr(close + 1);
  if (!is_optional_port(port)) {
    return content_error("invalid port " + quoted(port) + " after host");
  }
  const std::string_view name = host.substr(1, close - 1);
  const std::size_t zone = std::min(name.find("%25"), name.size());
  TALLY_TRY(std::string decoded, unescape(name.substr(0, zone), Part::Host));
  TALLY_TRY(const std::string decoded_zone, unescape(name.substr(zone), Part::Zone));
  decoded += decoded_zone;
  const auto address = IpAddress::parse_with_zone(decoded);
  if (!address) {
    return content_error("invalid host: " + address.error().message);
  }
  if (address->address.is_v4()) {
    return content_error("invalid IP-literal");
  }
  return "[" + decoded + "]" + std::string(port);
}

Result<std::string> read_host(std::string_view scheme, std::string_view host) {
  if (const std::size_t open = host.rfind('['); open != std::string_view::npos) {
    return open > 0 ? content_error("invalid IP-literal") : read_ip_literal(host);
  }
  if (std::size_t colon = host.find(':'); colon != std::string_view::npos) {
    // Lists of hosts are common in the URLs of databases; HTTP has none.
    if (scheme != "http" && scheme != "https") {
      colon = host.rfind(':');
    }
    if (!is_optional_port(host.substr(colon))) {
      return content_error("invalid port " + quoted(host.substr(colon)) + " after host");
    }
  }
  return unescape(host, Part::Host);
}

bool is_user_info(std::string_view text) {
  return std::ranges::all_of(text, [](char c) {
    return is_unreserved(c) || std::string_view(":!$&'()*+,;=%@").find(c) != std::string_view::npos;
  });
}

enum class Mode : std::uint8_t { Reference, RequestUri };

}  // namespace

// url.parse.
class UrlReader {
 public:
  static Result<Url> read(std::string_view text, Mode mode);

 private:
  // What stands behind "scheme:".
  Result<std::string_view> read_scheme(std::string_view text);
  Result<void> read_authority(std::string_view authority);

  Url url_;
};

Result<std::string_view> UrlReader::read_scheme(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) {
      continue;
    }
    if ((c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.') {
      if (i == 0) {
        return text;
      }
      continue;
    }
    if (c != ':') {
      return text;
    }
    if (i == 0) {
      return content_error("missing protocol scheme");
    }
    url_.scheme_ = text.substr(0, i);
    std::ranges::transform(url_.scheme_, url_.scheme_.begin(), [](char letter) {
      return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
    });
    return text.substr(i + 1);
  }
  return text;
}

Result<void> UrlReader::read_authority(std::string_view authority) {
  const std::size_t at = authority.rfind('@');
  TALLY_TRY(
      url_.host_,
      read_host(url_.scheme_, at == std::string_view::npos ? authority : authority.substr(at + 1)));
  if (at == std::string_view::npos) {
    return {};
  }
  const std::string_view user = authority.substr(0, at);
  if (!is_user_info(user)) {
    return content_error("net/url: invalid userinfo");
  }
  const std::size_t colon = user.find(':');
  url_.has_user_ = true;
  TALLY_TRY(url_.user_.name, unescape(user.substr(0, colon), Part::User));
  if (colon != std::string_view::npos) {
    url_.user_.has_password = true;
    TALLY_TRY(url_.user_.password, unescape(user.substr(colon + 1), Part::User));
  }
  return {};
}

Result<Url> UrlReader::read(std::string_view text, Mode mode) {
  UrlReader reader;
  Url& url = reader.url_;
  if (std::ranges::any_of(
          text, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; })) {
    return content_error("net/url: invalid control character in URL");
  }
  if (text.empty() && mode == Mode::RequestUri) {
    return content_error("empty url");
  }
  if (text == "*") {
    url.path_ = "*";
    return std::move(url);
  }
  TALLY_TRY(std::string_view rest, reader.read_scheme(text));
  if (rest.ends_with('?') && std::ranges::count(rest, '?') == 1) {
    url.force_query_ = true;
    rest.remove_suffix(1);
  } else if (const std::size_t mark = rest.find('?'); mark != std::string_view::npos) {
    url.raw_query_ = rest.substr(mark + 1);
    rest = rest.substr(0, mark);
  }
  if (!rest.starts_with('/')) {
    if (!url.scheme_.empty()) {
      url.opaque_ = rest;
      return std::move(url);
    }
    if (mode == Mode::RequestUri) {
      return content_error("invalid URI for request");
    }
    // RFC 3986 section 4.2: it would look like a scheme.
    if (rest.substr(0, rest.find('/')).find(':') != std::string_view::npos) {
      return content_error("first path segment in URL cannot contain colon");
    }
  }
  if ((!url.scheme_.empty() || (mode == Mode::Reference && !rest.starts_with("///"))) &&
      rest.starts_with("//")) {
    std::string_view authority = rest.substr(2);
    const std::size_t slash = std::min(authority.find('/'), authority.size());
    rest = authority.substr(slash);
    TALLY_CHECK(reader.read_authority(authority.substr(0, slash)));
  } else if (!url.scheme_.empty() && rest.starts_with('/')) {
    url.omit_host_ = true;
  }
  TALLY_TRY(url.path_, unescape(rest, Part::Path));
  if (escape(url.path_, Part::Path) != rest) {
    url.raw_path_ = rest;
  }
  return std::move(url);
}

Result<Url> Url::parse_request_uri(std::string_view text) {
  auto url = UrlReader::read(text, Mode::RequestUri);
  if (!url) {
    return content_error("parse " + quoted(text) + ": " + url.error().message);
  }
  return url;
}

Result<Url> Url::parse(std::string_view text) {
  const std::size_t hash = std::min(text.find('#'), text.size());
  const std::string_view before = text.substr(0, hash);
  auto url = UrlReader::read(before, Mode::Reference);
  if (!url) {
    return content_error("parse " + quoted(before) + ": " + url.error().message);
  }
  if (hash + 1 < text.size()) {
    const std::string_view fragment = text.substr(hash + 1);
    auto decoded = unescape(fragment, Part::Fragment);
    if (!decoded) {
      return content_error("parse " + quoted(text) + ": " + decoded.error().message);
    }
    url->fragment_ = std::move(*decoded);
    if (escape(url->fragment_, Part::Fragment) != fragment) {
      url->raw_fragment_ = fragment;
    }
  }
  return url;
}

std::string_view Url::hostname() const noexcept { return split_host_port(host_).host; }

std::string_view Url::port() const noexcept { return split_host_port(host_).port; }

std::string Url::escaped_path() const { return escaped(path_, raw_path_, Part::Path); }

std::vector<std::pair<std::string, std::vector<std::string>>> Url::query() const {
  constexpr std::ptrdiff_t kParametersMax = 10'000;
  std::vector<std::pair<std::string, std::vector<std::string>>> parameters;
  if (std::ranges::count(raw_query_, '&') + 1 > kParametersMax) {
    return parameters;
  }
  for (std::string_view rest = raw_query_; !rest.empty();) {
    const std::size_t end = std::min(rest.find('&'), rest.size());
    const std::string_view parameter = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (parameter.empty() || parameter.find(';') != std::string_view::npos) {
      continue;
    }
    const std::size_t sign = std::min(parameter.find('='), parameter.size());
    auto key = unescape(parameter.substr(0, sign), Part::Query);
    auto value = unescape(parameter.substr(std::min(sign + 1, parameter.size())), Part::Query);
    if (!key || !value) {
      continue;
    }
    auto at = std::ranges::find(parameters, *key, [](const auto& entry) { return entry.first; });
    if (at == parameters.end()) {
      at = parameters.insert(at, {std::move(*key), {}});
    }
    at->second.push_back(std::move(*value));
  }
  return parameters;
}

std::string Url::to_string() const {
  std::string out;
  if (!scheme_.empty()) {
    out = scheme_ + ":";
  }
  if (!opaque_.empty()) {
    out += opaque_;
  } else {
    const bool has_authority = !scheme_.empty() || !host_.empty() || has_user_;
    if (has_authority && !(omit_host_ && host_.empty() && !has_user_)) {
      if (!host_.empty() || !path_.empty() || has_user_) {
        out += "//";
      }
      if (has_user_) {
        out += escape(user_.name, Part::User);
        if (user_.has_password) {
          out += ":" + escape(user_.password, Part::User);
        }
        out += '@';
      }
      out += escape(host_, Part::Host);
    }
    const std::string path = escaped_path();
    if (!path.empty() && path[0] != '/' && !host_.empty()) {
      out += '/';
    }
    if (out.empty() && path.substr(0, path.find('/')).find(':') != std::string::npos) {
      out += "./";
    }
    out += path;
  }
  if (force_query_ || !raw_query_.empty()) {
    out += "?" + raw_query_;
  }
  if (!fragment_.empty()) {
    out += "#" + escaped(fragment_, raw_fragment_, Part::Fragment);
  }
  return out;
}

}  // namespace tally::scalar

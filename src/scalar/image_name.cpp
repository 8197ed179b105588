#include "scalar/image_name.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace tally::scalar {

namespace {

constexpr std::size_t kPathBytesMax = 255;
constexpr std::size_t kTagBytesMax = 128;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_alphanumeric(char c) { return is_digit(c) || is_lower(c) || is_upper(c); }
bool is_lower_alphanumeric(char c) { return is_digit(c) || is_lower(c); }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

template <class Part>
bool every_part(std::string_view text, char separator, Part is_part) {
  while (true) {
    const std::size_t end = std::min(text.find(separator), text.size());
    if (!is_part(text.substr(0, end))) {
      return false;
    }
    if (end == text.size()) {
      return true;
    }
    text.remove_prefix(end + 1);
  }
}

// domain-component = alpha-numeric { alpha-numeric | "-" } alpha-numeric
bool is_domain_component(std::string_view text) {
  return !text.empty() && is_alphanumeric(text.front()) && is_alphanumeric(text.back()) &&
         std::ranges::all_of(text, [](char c) { return is_alphanumeric(c) || c == '-'; });
}

bool is_domain(std::string_view text) {
  std::string_view host = text;
  if (host.starts_with('[')) {  // IPv6
    const std::size_t closing = host.find(']');
    if (closing == std::string_view::npos ||
        !std::ranges::all_of(host.substr(1, closing - 1),
                             [](char c) { return is_hex(c) || c == ':'; })) {
      return false;
    }
    host.remove_prefix(closing + 1);
    if (host.empty()) {
      return true;
    }
    if (host.front() != ':') {
      return false;
    }
    host.remove_prefix(1);
    return !host.empty() && std::ranges::all_of(host, is_digit);
  }
  if (const std::size_t colon = host.find(':'); colon != std::string_view::npos) {
    const std::string_view port = host.substr(colon + 1);
    if (port.empty() || !std::ranges::all_of(port, is_digit)) {
      return false;
    }
    host = host.substr(0, colon);
  }
  return every_part(host, '.', is_domain_component);
}

// path-component = alpha-numeric { separator alpha-numeric }, separator = [_.] | "__" | "-"+
bool is_path_component(std::string_view text) {
  if (text.empty() || !is_lower_alphanumeric(text.front()) || !is_lower_alphanumeric(text.back())) {
    return false;
  }
  for (std::size_t at = 0; at < text.size();) {
    if (is_lower_alphanumeric(text[at])) {
      ++at;
      continue;
    }
    std::size_t end = at;
    while (end < text.size() && !is_lower_alphanumeric(text[end])) {
      ++end;
    }
    const std::string_view separator = text.substr(at, end - at);
    const bool is_separator = separator == "." || separator == "_" || separator == "__" ||
                              std::ranges::all_of(separator, [](char c) { return c == '-'; });
    if (!is_separator) {
      return false;
    }
    at = end;
  }
  return true;
}

bool is_path(std::string_view text) { return every_part(text, '/', is_path_component); }

bool is_tag(std::string_view text) {
  return !text.empty() && text.size() <= kTagBytesMax &&
         (is_alphanumeric(text.front()) || text.front() == '_') &&
         std::ranges::all_of(text, [](char c) {
           return is_alphanumeric(c) || c == '_' || c == '.' || c == '-';
         });
}

// digest = algorithm ":" hex, algorithm = component { [+._-] component }; the known algorithms have
// a length of their own.
bool is_digest(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos || colon == 0) {
    return false;
  }
  const std::string_view algorithm = text.substr(0, colon);
  const std::string_view hex = text.substr(colon + 1);
  const auto is_lower_hex = [](char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); };
  if (!std::ranges::all_of(hex, is_lower_hex)) {
    return false;
  }
  return (algorithm == "sha256" && hex.size() == 64) || (algorithm == "sha384" && hex.size() == 96) ||
         (algorithm == "sha512" && hex.size() == 128);
}

// Whether the first part names a registry: it has a dot or a colon, is localhost, or has a capital.
bool names_registry(std::string_view first) {
  return first.find_first_of(".:") != std::string_view::npos || first == "localhost" ||
         std::ranges::any_of(first, is_upper);
}

}  // namespace

Result<ImageName> ImageName::parse(std::string_view text, std::string_view default_registry) {
  const std::size_t slash = text.find('/');
  std::string whole(text);
  if (slash == std::string_view::npos || !names_registry(text.substr(0, slash))) {
    whole = fmt::format("{}/{}", default_registry, text);
  }
  const auto bad = [&](std::string_view why) {
    return content_error(fmt::format("bad image: {}, defaultRegistry: {}, enableDefaultRegistryMutation: true: {}",
                                     whole, default_registry, why));
  };

  ImageName out;
  std::string_view rest = whole;
  if (const std::size_t sign = rest.find('@'); sign != std::string_view::npos) {
    out.digest = rest.substr(sign + 1);
    rest = rest.substr(0, sign);
    if (!is_digest(out.digest)) {
      return bad("invalid reference format");
    }
  }
  // A colon behind the last slash begins the tag.
  const std::size_t last_slash = rest.rfind('/');
  if (const std::size_t colon = rest.find(':', last_slash == std::string_view::npos ? 0 : last_slash);
      colon != std::string_view::npos) {
    out.tag = rest.substr(colon + 1);
    rest = rest.substr(0, colon);
    if (!is_tag(out.tag)) {
      return bad("invalid reference format");
    }
  }
  const std::size_t first_slash = rest.find('/');
  const std::string_view first = rest.substr(0, first_slash);
  if (first_slash != std::string_view::npos && is_domain(first)) {
    out.registry = first;
    rest.remove_prefix(first_slash + 1);
  }
  if (!is_path(rest)) {
    const bool has_capital = std::ranges::any_of(rest, is_upper);
    return bad(has_capital ? "invalid reference format: repository name must be lowercase"
                           : "invalid reference format");
  }
  if (rest.size() > kPathBytesMax) {
    return bad("repository name must not be more than 255 characters");
  }
  out.path = rest;
  out.name = rest.substr(rest.rfind('/') + 1);
  if (out.digest.empty() && out.tag.empty()) {
    out.tag = "latest";
  }
  out.reference_with_tag = out.registry.empty()
                               ? fmt::format("{}:{}", out.path, out.tag)
                               : fmt::format("{}/{}:{}", out.registry, out.path, out.tag);
  out.reference = out.to_string();
  if (const std::size_t inner = out.path.find('/');
      out.registry.empty() && inner != std::string::npos &&
      out.path.substr(0, inner).find('_') != std::string::npos) {
    out.registry = out.path.substr(0, inner);
    out.path = out.path.substr(inner + 1);
  }
  return out;
}

std::string ImageName::to_string() const {
  const std::string image = registry.empty() ? path : fmt::format("{}/{}", registry, path);
  return digest.empty() ? fmt::format("{}:{}", image, tag) : fmt::format("{}@{}", image, digest);
}

}  // namespace tally::scalar

#include "scalar/image_name.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace tally::scalar {

namespace {

constexpr std::size_t kPathBytesMax = 255;
constexpr std::size_t kTagBytesMax = 128;
constexpr std::size_t kNameBytesMax = 4096;

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
         std::ranges::all_of(
             text, [](char c) { return is_alphanumeric(c) || c == '_' || c == '.' || c == '-'; });
}

// digest = algorithm ":" at least 32 hex digits, algorithm = component { [+._-] component }
bool is_digest(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) {
    return false;
  }
  bool begins = true;  // a component, with a letter
  for (const char c : text.substr(0, colon)) {
    const bool is_separator = c == '+' || c == '.' || c == '_' || c == '-';
    if (begins ? !(is_lower(c) || is_upper(c)) : !(is_alphanumeric(c) || is_separator)) {
      return false;
    }
    begins = is_separator;
  }
  const std::string_view hex = text.substr(colon + 1);
  return !begins && hex.size() >= 32 && std::ranges::all_of(hex, is_hex);
}

// github.com/opencontainers/go-digest, Digest.Validate, of a text that is a digest by its form.
std::string_view digest_problem(std::string_view digest) {
  constexpr std::array<std::pair<std::string_view, std::size_t>, 3> kAlgorithms{
      {{"sha256", 64}, {"sha384", 96}, {"sha512", 128}}};
  const std::size_t colon = digest.find(':');
  const std::string_view hex = digest.substr(colon + 1);
  for (const auto& [name, digits] : kAlgorithms) {
    if (digest.substr(0, colon) == name) {
      return hex.size() != digits                 ? "invalid checksum digest length"
             : std::ranges::any_of(hex, is_upper) ? "invalid checksum digest format"
                                                  : "";
    }
  }
  return "unsupported digest algorithm";
}

struct Parts {
  std::string_view registry;
  std::string_view path;
  std::string_view tag;
  std::string_view digest;
};

// False: no reference by its form.
bool take_apart(std::string_view rest, Parts& out) {
  if (const std::size_t sign = rest.find('@'); sign != std::string_view::npos) {
    out.digest = rest.substr(sign + 1);
    rest = rest.substr(0, sign);
    if (!is_digest(out.digest)) {
      return false;
    }
  }
  // A colon behind the last slash begins the tag.
  const std::size_t last_slash = rest.rfind('/');
  const std::size_t colon = rest.find(':', last_slash == std::string_view::npos ? 0 : last_slash);
  if (colon != std::string_view::npos) {
    out.tag = rest.substr(colon + 1);
    rest = rest.substr(0, colon);
    if (!is_tag(out.tag)) {
      return false;
    }
  }
  const std::size_t slash = rest.find('/');
  if (slash != std::string_view::npos && is_domain(rest.substr(0, slash))) {
    out.registry = rest.substr(0, slash);
    rest.remove_prefix(slash + 1);
  }
  out.path = rest;
  return is_path(rest);
}

std::string_view problem_of(const std::string& text, Parts& out) {
  if (!take_apart(text, out)) {
    std::string lower = text;
    std::ranges::transform(lower, lower.begin(), [](char c) {
      return is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c;
    });
    Parts unused;
    return take_apart(lower, unused) ? "repository name must be lowercase"
                                     : "invalid reference format";
  }
  if (out.path.size() > kPathBytesMax) {
    return "repository name must not be more than 255 characters";
  }
  return out.digest.empty() ? std::string_view{} : digest_problem(out.digest);
}

// Whether the first part names a registry: it has a dot or a colon, is localhost, or has a capital.
bool names_registry(std::string_view first) {
  return first.find_first_of(".:") != std::string_view::npos || first == "localhost" ||
         std::ranges::any_of(first, is_upper);
}

}  // namespace

Result<ImageName> ImageName::parse(std::string_view text, const Defaults& defaults) {
  const std::size_t slash = text.find('/');
  const bool is_short = slash == std::string_view::npos || !names_registry(text.substr(0, slash));
  const std::string whole =
      is_short ? fmt::format("{}/{}", defaults.registry, text) : std::string(text);
  Parts parts;
  const std::string_view problem = text.size() > kNameBytesMax
                                       ? std::string_view("the name is too long")
                                       : problem_of(whole, parts);
  if (!problem.empty()) {
    return content_error(
        fmt::format("bad image: {}, defaultRegistry: {}, enableDefaultRegistryMutation: {}: {}",
                    std::string_view(whole).substr(0, kNameBytesMax), defaults.registry,
                    defaults.is_added, problem));
  }
  ImageName out;
  out.registry = is_short && !defaults.is_added ? std::string_view{} : parts.registry;
  out.path = parts.path;
  out.tag = parts.tag;
  out.digest = parts.digest;
  out.name = parts.path.substr(parts.path.rfind('/') + 1);
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

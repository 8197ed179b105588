// Image references as github.com/distribution/reference 0.6 parses them (ParseNormalizedNamed):
//
//   reference = [ domain "/" ] path { "/" path } [ ":" tag ] [ "@" digest ]
//   path      = lower { separator lower }      separator = "." | "_" | "__" | "-" { "-" }
//   tag       = word { word | "." | "-" }      up to 128
//   digest    = algorithm ":" hex
//
// The first part is a domain if it holds a '.' or ':', is "localhost", or has an upper-case letter.
#include <algorithm>
#include <array>

#include "kube/internal/default_hooks.hpp"

namespace tally::kube::internal {

namespace {

constexpr std::size_t kNameBytesMax = 255;
constexpr std::size_t kTagBytesMax = 128;
constexpr std::string_view kDefaultDomain = "docker.io/";
constexpr std::string_view kDefaultFolder = "library/";

bool is_lower_or_digit(char c) noexcept { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }
bool is_upper(char c) noexcept { return c >= 'A' && c <= 'Z'; }
bool is_alphanumeric(char c) noexcept { return is_lower_or_digit(c) || is_upper(c); }
bool is_hex(char c) noexcept {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
bool is_lower_hex(char c) noexcept { return is_hex(c) && !is_upper(c); }

bool is_path_component(std::string_view text) noexcept {
  std::size_t i = 0;
  const auto run = [&] {
    const std::size_t begin = i;
    while (i < text.size() && is_lower_or_digit(text[i])) {
      ++i;
    }
    return i > begin;
  };
  if (!run()) {
    return false;
  }
  while (i < text.size()) {
    if (text[i] == '-') {
      while (i < text.size() && text[i] == '-') {
        ++i;
      }
    } else if (text[i] == '.') {
      ++i;
    } else if (text[i] == '_') {
      i += text.substr(i).starts_with("__") ? 2 : 1;
    } else {
      return false;
    }
    if (!run()) {
      return false;
    }
  }
  return true;
}

bool is_domain_component(std::string_view text) noexcept {
  return !text.empty() && text.front() != '-' && text.back() != '-' &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return is_alphanumeric(c) || c == '-'; });
}

bool is_domain(std::string_view text) noexcept {
  if (text.starts_with('[')) {
    const auto close = text.find(']');
    if (close == std::string_view::npos || close == 1) {
      return false;
    }
    const std::string_view address = text.substr(1, close - 1);
    if (!std::all_of(address.begin(), address.end(),
                     [](char c) { return is_hex(c) || c == ':'; })) {
      return false;
    }
    text.remove_prefix(close + 1);
    if (text.empty()) {
      return true;
    }
    if (text.front() != ':') {
      return false;
    }
    text.remove_prefix(1);
    return !text.empty() &&
           std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
  }
  const auto colon = text.find(':');
  if (colon != std::string_view::npos) {
    const std::string_view port = text.substr(colon + 1);
    if (port.empty() ||
        !std::all_of(port.begin(), port.end(), [](char c) { return c >= '0' && c <= '9'; })) {
      return false;
    }
    text = text.substr(0, colon);
  }
  for (;;) {
    const auto dot = text.find('.');
    if (!is_domain_component(text.substr(0, dot))) {
      return false;
    }
    if (dot == std::string_view::npos) {
      return true;
    }
    text.remove_prefix(dot + 1);
  }
}

bool is_tag(std::string_view text) noexcept {
  const auto is_word = [](char c) { return is_alphanumeric(c) || c == '_'; };
  return !text.empty() && text.size() <= kTagBytesMax && is_word(text.front()) &&
         std::all_of(text.begin(), text.end(),
                     [&](char c) { return is_word(c) || c == '.' || c == '-'; });
}

// Of the algorithms that go-digest knows; it refuses others.
bool is_digest(std::string_view text) noexcept {
  struct Algorithm {
    std::string_view name;
    std::size_t digits;
  };
  constexpr auto kAlgorithms =
      std::to_array<Algorithm>({{"sha256:", 64}, {"sha384:", 96}, {"sha512:", 128}});
  for (const Algorithm& algorithm : kAlgorithms) {
    if (text.starts_with(algorithm.name)) {
      text.remove_prefix(algorithm.name.size());
      return text.size() == algorithm.digits && std::all_of(text.begin(), text.end(), is_lower_hex);
    }
  }
  return false;
}

}  // namespace

bool means_latest(std::string_view image) noexcept {
  // A bare identifier is no name.
  if (image.empty() ||
      (image.size() == 64 && std::all_of(image.begin(), image.end(), is_lower_hex))) {
    return false;
  }
  std::string_view domain;
  std::string_view rest = image;
  const auto slash = image.find('/');
  if (slash != std::string_view::npos) {
    const std::string_view first = image.substr(0, slash);
    if (first.find_first_of(".:") != std::string_view::npos || first == "localhost" ||
        std::any_of(first.begin(), first.end(), is_upper)) {
      domain = first;
      rest = image.substr(slash + 1);
    }
  }
  if (!domain.empty() && !is_domain(domain)) {
    return false;
  }
  const auto at = rest.find('@');
  const bool has_digest = at != std::string_view::npos;
  if (has_digest && !is_digest(rest.substr(at + 1))) {
    return false;
  }
  std::string_view name = rest.substr(0, at);
  std::string_view tag;
  const auto colon = name.find(':');
  if (colon != std::string_view::npos) {
    tag = name.substr(colon + 1);
    name = name.substr(0, colon);
    if (!is_tag(tag)) {
      return false;
    }
  }
  std::size_t bytes = name.size() + (domain.empty() ? kDefaultDomain.size() : domain.size() + 1);
  if (domain.empty() && name.find('/') == std::string_view::npos) {
    bytes += kDefaultFolder.size();
  }
  if (bytes > kNameBytesMax) {
    return false;
  }
  for (;;) {
    const auto next = name.find('/');
    if (!is_path_component(name.substr(0, next))) {
      return false;
    }
    if (next == std::string_view::npos) {
      break;
    }
    name.remove_prefix(next + 1);
  }
  return tag.empty() ? !has_digest : tag == "latest";
}

}  // namespace tally::kube::internal

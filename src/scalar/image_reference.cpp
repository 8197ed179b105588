#include "scalar/image_reference.hpp"

#include <algorithm>
#include <optional>

#include "scalar/url.hpp"

namespace tally::scalar {

namespace {

constexpr std::string_view kDockerHub = "index.docker.io";

bool is_lower_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

bool is_repository(std::string_view text) {
  return text.size() >= 2 && text.size() <= 255 && std::ranges::all_of(text, [](char c) {
           return is_lower_or_digit(c) ||
                  std::string_view("_-./").find(c) != std::string_view::npos;
         });
}

bool is_tag(std::string_view text) {
  return !text.empty() && text.size() <= 128 && std::ranges::all_of(text, [](char c) {
    return is_lower_or_digit(c) || (c >= 'A' && c <= 'Z') || c == '_' || c == '-' || c == '.';
  });
}

// A registry is an authority of RFC 3986.
bool is_registry(std::string_view text) {
  const auto url = Url::parse("//" + std::string(text));
  return url && url->host() == text;
}

std::optional<ImageReference> read_repository(std::string_view text) {
  ImageReference image;
  std::string_view registry;
  std::string_view repository = text;
  if (const std::size_t slash = text.find('/'); slash != std::string_view::npos) {
    const std::string_view first = text.substr(0, slash);
    if (first.find_first_of(".:") != std::string_view::npos) {
      registry = first;
      repository = text.substr(slash + 1);
    }
  }
  if (!is_repository(repository) || !is_registry(registry)) {
    return std::nullopt;
  }
  image.registry = registry.empty() || registry == "docker.io" ? kDockerHub : registry;
  const bool is_official =
      image.registry == kDockerHub && repository.find('/') == std::string_view::npos;
  image.repository = (is_official ? "library/" : "") + std::string(repository);
  return image;
}

// name.NewTag: what stands behind the last colon is the tag, unless it has a slash.
std::optional<ImageReference> read_tagged(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || text.find('/', colon) != std::string_view::npos) {
    return read_repository(text);
  }
  const std::string_view tag = text.substr(colon + 1);
  if (!is_tag(tag)) {
    return std::nullopt;
  }
  auto image = read_repository(text.substr(0, colon));
  if (image) {
    image->tag = tag;
  }
  return image;
}

bool is_digest(std::string_view text) {
  constexpr std::string_view kPrefix = "sha256:";
  return text.starts_with(kPrefix) && text.size() == kPrefix.size() + 64 &&
         std::ranges::all_of(text.substr(kPrefix.size()), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

}  // namespace

Result<ImageReference> ImageReference::parse(std::string_view text) {
  const std::size_t at = text.find('@');
  auto image = read_tagged(text.substr(0, at));
  if (image && at == std::string_view::npos) {
    if (image->tag.empty()) {
      image->tag = "latest";
    }
    return *std::move(image);
  }
  if (image && is_digest(text.substr(at + 1))) {
    image->digest = text.substr(at + 1);
    return *std::move(image);
  }
  return content_error("could not parse reference: " + std::string(text));
}

}  // namespace tally::scalar

#include "kube_client/object_path.hpp"

#include <fmt/format.h>

namespace tally::kube_client {

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                          (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~';
    if (is_plain) {
      out += c;
    } else {
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

std::string ObjectPlace::path() const {
  std::string out = resource.group.empty()
                        ? fmt::format("/api/{}", resource.version)
                        : fmt::format("/apis/{}/{}", resource.group, resource.version);
  if (!name_space.empty()) {
    out.append("/namespaces/").append(escaped(name_space));
  }
  out.append("/").append(resource.plural);
  if (!name.empty()) {
    out.append("/").append(escaped(name));
  }
  if (!subresource.empty()) {
    out.append("/").append(escaped(subresource));
  }
  return out;
}

}  // namespace tally::kube_client

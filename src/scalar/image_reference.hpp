#pragma once
// References to container images as go-containerregistry (pkg/name, v0.20, weak validation) reads
// them: Docker Hub and `latest` go without saying, a digest is SHA-256.
//
//   reference = repository [ ":" tag ] | repository [ ":" tag ] "@sha256:" 64 hex digits
//   repository = [ registry "/" ] path        the registry has a "." or a ":"

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace tally::scalar {

struct ImageReference {
  std::string registry;    // "index.docker.io"
  std::string repository;  // "library/nginx"
  std::string tag;         // as written; `latest` if there is neither tag nor digest
  std::string digest;      // "sha256:..."; may be empty

  [[nodiscard]] static Result<ImageReference> parse(std::string_view text);

  friend bool operator==(const ImageReference&, const ImageReference&) = default;
};

}  // namespace tally::scalar

#pragma once
// Names of container images as Kyverno takes them apart (Kyverno 1.19 pkg/utils/image/infos.go over
// github.com/distribution/reference v0.6): docker.io and `latest` go without saying.
//
//   reference = [ domain "/" ] path [ ":" tag ] [ "@" digest ]
//   domain    = host [ ":" port ]            path = component { "/" component }
//
// image_reference.hpp reads the same texts as go-containerregistry does; the two differ in what
// they accept and in the name of Docker Hub.

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace tally::scalar {

struct ImageName {
  std::string registry;            // "docker.io", "localhost:5000"; rarely empty
  std::string name;                // "nginx"
  std::string path;                // "library/nginx"; nothing is put in front of a single name
  std::string tag;                 // "latest" if there is neither tag nor digest
  std::string digest;              // "sha256:..."; may be empty
  std::string reference;           // registry/path:tag or registry/path@digest
  std::string reference_with_tag;  // registry/path:tag

  // What Kyverno's ConfigMap says about images without a registry.
  struct Defaults {
    std::string_view registry = "docker.io";  // defaultRegistry
    bool is_added = true;                     // enableDefaultRegistryMutation
  };
  [[nodiscard]] static Result<ImageName> parse(std::string_view text, const Defaults& defaults);
  [[nodiscard]] static Result<ImageName> parse(std::string_view text) { return parse(text, {}); }
  // registry/path@digest, or registry/path:tag without a digest.
  [[nodiscard]] std::string to_string() const;
};

}  // namespace tally::scalar

#pragma once
// API versions that Kubernetes served once and removed, with the release that removed them and what
// to use instead (kubernetes.io/docs/reference/using-api/deprecation-guide).

#include <cstdint>
#include <span>
#include <string_view>

#include "scalar/object_ref.hpp"

namespace tally::kube {

struct RemovedApi {
  std::string_view group;
  std::string_view version;
  std::string_view kind;
  std::string_view removed_in;  // "1.16"
  std::string_view
      replacement;  // apiVersion to write instead, or a sentence where the kind is gone
  bool namespaced = true;
  bool kind_gone = false;  // no version of the kind is left
};

[[nodiscard]] const RemovedApi* find_removed_api(const scalar::ObjectRef& ref) noexcept;
[[nodiscard]] std::span<const RemovedApi> removed_apis() noexcept;

}  // namespace tally::kube

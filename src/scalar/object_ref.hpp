#pragma once
// ObjectRef: the identity of a Kubernetes object. Views into a document or string literals: it
// lives as long as they do.

#include <compare>
#include <string>
#include <string_view>

namespace tally::scalar {

struct ObjectRef {
  std::string_view group;  // empty: the core group
  std::string_view version;
  std::string_view kind;
  std::string_view name_space;  // empty: cluster-scoped ("namespace" is a keyword)
  std::string_view name;

  friend bool operator==(const ObjectRef&, const ObjectRef&) = default;
  friend auto operator<=>(const ObjectRef&, const ObjectRef&) = default;

  // "apps/v1", or "v1" for the core group.
  [[nodiscard]] std::string api_version() const;
  // "Deployment payments/api", or "Namespace payments".
  [[nodiscard]] std::string to_string() const;
};

}  // namespace tally::scalar

#pragma once
// The schemas of the three CRDs, as far as they can refuse an object (istio.io/istio
// manifests/charts/base/files/crd-all.gen.yaml; unknown fields are dropped by the API server).

#include <cstdint>
#include <limits>
#include <span>
#include <string_view>

#include "authorization/internal/checker.hpp"
#include "document/node.hpp"

namespace tally::authorization {

struct Shape;

struct FieldShape {
  std::string_view name;
  const Shape* shape;
  bool is_required = false;
};

struct Shape {
  document::NodeKind kind = document::NodeKind::Object;
  std::span<const FieldShape> fields = {};
  const Shape* element = nullptr;  // of a list, or of every member of a map
  std::size_t size_min = 0;        // characters, items or members
  std::size_t size_max = std::numeric_limits<std::size_t>::max();
  std::span<const std::string_view> words = {};  // enum
  // Whether a text has the pattern that the message names.
  bool (*has_pattern)(std::string_view) = nullptr;
  std::string_view pattern = {};
};

extern const Shape kAuthorizationPolicyShape;
extern const Shape kPeerAuthenticationShape;
extern const Shape kRequestAuthenticationShape;

// In the API server's words. A null is what is not there, except in a list.
void check_shape(const document::Node& node, const Shape& shape, Checker& checker);

}  // namespace tally::authorization

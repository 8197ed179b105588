#pragma once
// JSON Patch (RFC 6902) over document nodes. The result shares unchanged sub-trees with the
// document.
//
// Semantics and texts are those of gopkg.in/evanphx/json-patch.v4, which the API server uses:
// `replace` of a member that is not there adds it, `copy` of one that is not there copies null,
// indices may be negative.
//
// Threads: pure; one arena per thread.

#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <string_view>

#include "base/arena.hpp"
#include "document/node.hpp"

namespace tally::policy_cel {

struct PatchOperation {
  std::string_view op;
  std::string_view path;
  std::string_view from;
  document::Node value;  // Null when absent
};

struct PatchLimits {
  std::uint64_t nodes = 4'000'000;  // that are copied on the way to what changes
};

struct PatchError {
  bool is_failed_test = false;
  std::string
      message;  // "error in remove for path: '/a': Unable to remove nonexistent key: a: ..."
};

[[nodiscard]] std::expected<document::Node, PatchError> apply_json_patch(
    Arena& arena, const document::Node& document, std::span<const PatchOperation> operations,
    const PatchLimits& limits = {});

}  // namespace tally::policy_cel

#pragma once
// JSON Patch (RFC 6902) over document nodes. The result shares unchanged sub-trees with the
// document.
//
// Semantics and texts are those of github.com/evanphx/json-patch, in one of two dialects; indices
// may be negative in both.
//   * ApiServer: v4.13.0. `replace` of a member that is not there adds it, `copy` of one that is
//   not
//     there copies null.
//   * Kyverno: v5.9.11 with AllowMissingPathOnRemove and EnsurePathExistsOnAdd, as Kyverno 1.19.1
//     sets them (pkg/engine/mutate/patch/patchJSON6902.go). `add` makes the maps and lists on its
//     way, `remove` of what is not there does nothing, `replace`, `move` and `copy` of it fail, the
//     path "" is the whole document.
//
// Threads: pure; one arena per thread.

#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/arena.hpp"
#include "document/node.hpp"

namespace tally::policy_cel {

struct PatchOperation {
  std::string_view op;
  std::string_view path;
  std::string_view from;
  document::Node value;  // Null when absent
};

enum class PatchDialect : std::uint8_t { ApiServer, Kyverno };

struct PatchLimits {
  std::uint64_t nodes = 4'000'000;  // that are copied on the way to what changes
  std::uint32_t depth = 500;        // of the paths that `add` makes
};

struct PatchError {
  bool is_failed_test = false;
  std::string
      message;  // "error in remove for path: '/a': Unable to remove nonexistent key: a: ..."
};

[[nodiscard]] std::expected<document::Node, PatchError> apply_json_patch(
    Arena& arena, const document::Node& document, std::span<const PatchOperation> operations,
    const PatchLimits& limits = {}, PatchDialect dialect = PatchDialect::ApiServer);

// The operations of a patch as the Kyverno dialect reads it: a list of maps with `op`, `path`, and
// what the operation needs (DecodePatch of v5.9.11).
[[nodiscard]] std::expected<std::vector<PatchOperation>, PatchError> read_json_patch(
    const document::Node& patch);

}  // namespace tally::policy_cel

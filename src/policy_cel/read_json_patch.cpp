#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "document/json_writer.hpp"
#include "policy_cel/json_patch.hpp"

namespace tally::policy_cel {

using document::Node;

// DecodePatch and validatePatch of v5.9.11
std::expected<std::vector<PatchOperation>, PatchError> read_json_patch(const Node& patch) {
  const auto refuse = [](std::string message) {
    return std::unexpected(PatchError{.message = std::move(message)});
  };
  if (!patch.is_array()) {
    return refuse("a patch is a list of operations, not a " +
                  std::string(document::kind_name(patch.kind())));
  }
  std::vector<PatchOperation> operations;
  operations.reserve(patch.size());
  for (const Node& one : patch.items()) {
    const auto text = [&](std::string_view name) -> std::optional<std::string_view> {
      const Node* value = one.find(name);
      return value != nullptr && value->is_string() ? std::optional(value->text()) : std::nullopt;
    };
    const auto op = text("op");
    const auto path = text("path");
    const auto from = text("from");
    const Node* value = one.find("value");
    const bool is_stored = op == "add" || op == "replace";
    const bool is_moved = op == "move" || op == "copy";
    std::string problem;
    if (!is_stored && !is_moved && op != "remove" && op != "test") {
      problem = "unsupported operation";
    } else if (is_stored && value == nullptr) {
      problem = "failed to decode 'value': operation, missing value field: missing value";
    } else if (is_moved && !from) {
      problem = "failed to decode 'from': operation, missing from field: missing value";
    } else if (!path) {
      problem = "failed to decode 'path': operation missing path field: missing value";
    }
    if (!problem.empty()) {
      std::string shown;
      document::append_canonical_json(shown, one);
      return refuse("invalid operation " + shown + ": " + problem);
    }
    operations.push_back({.op = *op,
                          .path = *path,
                          .from = from.value_or(std::string_view{}),
                          .value = value != nullptr ? *value : Node{}});
  }
  return operations;
}

}  // namespace tally::policy_cel

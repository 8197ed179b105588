#pragma once
// What is different between two values: as the operations of a JSON patch (RFC 6902), and as the
// lines of a unified diff.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "document/node.hpp"

namespace tally::document {

struct Change {
  enum class Operation : std::uint8_t { Add, Remove, Replace };
  Operation operation = Operation::Replace;
  std::string pointer;         // RFC 6901
  const Node* from = nullptr;  // the value before; nullptr for Add
  const Node* to = nullptr;    // the value after; nullptr for Remove

  // "add", "remove", "replace".
  [[nodiscard]] std::string_view name() const noexcept;
};

// Applied one after the other to `from` the changes give `to`. Lists are compared index by index,
// as gomodules.xyz/jsonpatch v2.5.0 does for Kyverno and the API server's webhooks; what is behind
// the shorter one is removed from the back, or added. Map members in the order of their keys, where
// upstream's order is random. The changes point into both values.
[[nodiscard]] std::vector<Change> changes(const Node& from, const Node& to);

// The changes as the text of a JSON patch: [{"op":"add","path":"/a","value":1}].
void append_json_patch(std::string& out, const std::vector<Change>& changes);

struct DiffOptions {
  std::string_view from_name = "a";
  std::string_view to_name = "b";
  std::uint32_t context = 3;
  // Steps of the search for the shortest script. Past them a stretch of lines is removed and added
  // as a whole: still a correct diff.
  std::uint64_t steps = 20'000'000;
};

// A unified diff of two texts by lines ("--- a", "+++ b", "@@ -1,3 +1,4 @@"); nothing if they are
// equal. A last line without a newline is marked as diff -u marks it.
void append_unified_diff(std::string& out, std::string_view from, std::string_view to,
                         const DiffOptions& options = {});

}  // namespace tally::document

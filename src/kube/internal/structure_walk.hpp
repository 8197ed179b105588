#pragma once
// The walk of the structure check: the way down as a chain of frames on the stack (a pointer
// becomes text only for a problem), and the sink for problems. structure.cpp walks;
// structure_rules.hpp names the rules of single types; structure_advice.cpp says where an unknown
// field belongs.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kube/api_types.hpp"
#include "kube/structure.hpp"

namespace tally::kube::internal {

// One step of the way from the root: the node, its type, and the key or index under which its
// parent holds it.
struct Frame {
  const Frame* up = nullptr;
  const document::Node* node = nullptr;
  const TypeRow* type = nullptr;
  std::string_view key;  // empty under a list (and at the root)
  std::size_t index = 0;
};

struct StructureWalk {
  const Object& object;
  const ApiTypes& types;
  Arena& arena;
  std::vector<StructureProblem>& problems;
  bool overflow = false;

  // A problem of the frame's node.
  void report(StructureProblemKind kind, const Frame& frame, std::string_view found,
              std::string_view expected, std::string_view message);
  // A problem of a child, which may be absent (then the frame's node is the position).
  void report_child(StructureProblemKind kind, const Frame& frame, std::string_view child,
                    std::string_view found, std::string_view expected, std::string_view message);
  // A problem of a member's key.
  void report_member(StructureProblemKind kind, const Frame& frame, std::size_t member,
                     std::string_view found, std::string_view expected, std::string_view message);
  // "<dotted path>: Required value", with more text after a colon.
  void required(const Frame& frame, std::string_view child, std::string_view more = {});
  // "<dotted path>: Invalid value: <found>: <why>"
  void invalid(StructureProblemKind kind, const Frame& frame, std::string_view child,
               std::string_view found, std::string_view why);
  [[nodiscard]] bool is_full() const noexcept { return problems.size() >= kStructureProblemsMax; }
};

// "spec.template.spec.containers[0].image" of a frame and, if not empty, a child of it.
[[nodiscard]] std::string dotted_path(const Frame& frame, std::string_view child = {});
[[nodiscard]] std::string json_pointer(const Frame& frame, std::string_view child = {});
void append_pointer_token(std::string& pointer, std::string_view key);

// A short rendering of a value for messages: "\"text\"", 8080, true, a list, a map.
[[nodiscard]] std::string found_text(const document::Node& node);

// Reports an unknown field: misplaced with its right place, or with the nearest name.
void report_unknown_field(StructureWalk& walk, const Frame& frame, std::size_t member);

void check_metadata(StructureWalk& walk);

}  // namespace tally::kube::internal

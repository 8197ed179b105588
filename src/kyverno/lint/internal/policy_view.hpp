#pragma once
// Reading a policy for the checks, and small questions about it.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kyverno/lint/internal/lint_check.hpp"

namespace tally::kyverno::lint {

[[nodiscard]] std::optional<Dialect> dialect_of(const kube::Object& object) noexcept;
// Rules point into the view, which is not moved afterwards.
void read_view(const kube::Object& object, const kube::CustomKinds* kinds, PolicyView& view);

[[nodiscard]] std::vector<PatternView> patterns_of(const RuleView& rule);

// "/a~1b": a step of a pointer.
void append_step(std::string& pointer, std::string_view key);

// Every value below `node`, itself first, with its pointer and its key ("" in a list and at the
// root); `visit` says whether to go on below it.
template <class Visit>
void walk(const document::Node& node, std::string& pointer, const Visit& visit,
          std::string_view key = {}, std::uint32_t offset = 0, std::size_t depth = 0) {
  if (depth > kDepthMax || !visit(node, pointer, key, offset == 0 ? node.offset() : offset)) {
    return;
  }
  const std::size_t size = pointer.size();
  for (const document::Member member : node.members()) {
    append_step(pointer, member.key);
    walk(member.value, pointer, visit, member.key, member.key_offset, depth + 1);
    pointer.resize(size);
  }
  if (node.is_array()) {
    for (std::size_t i = 0; i < node.size(); ++i) {
      append_step(pointer, std::to_string(i));
      walk(node.items()[i], pointer, visit, {}, 0, depth + 1);
      pointer.resize(size);
    }
  }
}

// The place of a member, or of the map if it has none of that name.
[[nodiscard]] Place member_place(const document::Node& map, std::string pointer,
                                 std::string_view key);

// All keys and texts below, one a line.
[[nodiscard]] std::string texts_below(const document::Node& node);
[[nodiscard]] bool has_word(std::string_view text, std::string_view word) noexcept;

// The key without its anchor: "securityContext" of "=(securityContext)".
[[nodiscard]] std::string_view bare_key(std::string_view key) noexcept;

[[nodiscard]] bool is_pod_or_controller(std::string_view kind) noexcept;
// Whether a filter may match pods or the kinds that hold a pod template.
[[nodiscard]] bool is_about_pods(const RuleView& rule);

// The text of CEL without blanks and without texts in quotes that hold a dot.
[[nodiscard]] std::string squeezed(std::string_view expression);

}  // namespace tally::kyverno::lint

#include "pattern/anchor_problems.hpp"

#include "pattern/anchor.hpp"
#include "pattern/internal/go_text.hpp"

namespace tally::pattern {

using document::Node;

namespace {

constexpr std::size_t kProblemsMax = 100;

std::string_view problem_of(const Anchor& anchor, const Node& value, AnchorUse use) {
  if (use == AnchorUse::Generate || anchor.kind == AnchorKind::AddIfNotPresent) {
    return "unsupported anchor ";
  }
  if (anchor.kind != AnchorKind::Existence) {
    return "";
  }
  if (!value.is_array()) {
    return "existence anchor should have value of type list";
  }
  return value.size() == 0 ? "existence anchor: should have at least one value" : "";
}

// An explicit stack: patterns may be nested to any depth.
struct Frame {
  const Node* node;
  std::size_t next = 0;
  std::size_t pointer_size = 0;  // before the step to the child that is being looked at
};

}  // namespace

std::vector<AnchorProblem> find_anchor_problems(const Node& pattern, AnchorUse use) {
  std::vector<AnchorProblem> problems;
  std::string pointer;
  std::vector<Frame> open{{&pattern}};
  while (!open.empty() && problems.size() < kProblemsMax) {
    Frame& frame = open.back();
    if (frame.next > 0) {
      pointer.resize(frame.pointer_size);
    }
    if (frame.next == frame.node->size()) {
      open.pop_back();
      continue;
    }
    const std::size_t i = frame.next++;
    const Node& child = frame.node->items()[i];
    frame.pointer_size = pointer.size();
    if (frame.node->is_object()) {
      const std::string_view key = frame.node->key(i);
      append_pointer_step(pointer, key);
      if (const auto anchor = parse_anchor(key)) {
        if (const auto text = problem_of(*anchor, child, use); !text.empty()) {
          std::string message(text);
          message += text.ends_with(' ') ? key : "";
          problems.push_back({pointer, std::move(message), child.offset()});
        }
      }
    } else {
      append_pointer_step(pointer, std::to_string(i));
    }
    open.push_back({&child});
  }
  return problems;
}

}  // namespace tally::pattern

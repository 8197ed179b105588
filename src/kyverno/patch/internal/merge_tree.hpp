#pragma once
// The working copy of a strategic merge: values that change in place, as the yaml.RNode of
// sigs.k8s.io/kustomize/kyaml v0.21.1 on which Kyverno works. Which node is shared and which is
// overwritten is visible in upstream's results, so the operations here are upstream's (yaml/fns.go)
// and not simpler ones.
//
// A node is unfolded when somebody looks into it; what nobody touched freezes to the very node it
// was made from. A pointer to a MergeNode, or nullptr, is upstream's *RNode.

#include <cstdint>
#include <deque>
#include <span>
#include <string_view>
#include <vector>

#include "base/arena.hpp"
#include "base/result.hpp"
#include "document/node.hpp"

namespace tally::kyverno {

struct MergeNode {
  document::NodeKind kind = document::NodeKind::Null;
  bool is_quoted = false;  // how it would be written: a number that is quoted is text
  bool is_kept = false;    // a null of the resource, which is no deletion
  bool is_unfolded = true;
  bool is_sorted = false;   // by key, when it is unfolded
  bool is_renamed = false;  // a key became another one, perhaps one that was there
  // What yaml.v3 has as Value: the text of a scalar, "" for lists and maps.
  std::string_view text;
  const document::Node* source = nullptr;
  std::vector<std::string_view> keys;  // of a map
  std::vector<MergeNode*> items;

  [[nodiscard]] bool is_null() const noexcept { return kind == document::NodeKind::Null; }
  [[nodiscard]] bool is_map() const noexcept { return kind == document::NodeKind::Object; }
  [[nodiscard]] bool is_list() const noexcept { return kind == document::NodeKind::Array; }
  [[nodiscard]] bool is_scalar() const noexcept { return !is_map() && !is_list(); }
};

[[nodiscard]] inline bool is_missing_or_null(const MergeNode* node) noexcept {
  return node == nullptr || node->is_null();
}

struct MergeTreeLimits {
  std::uint64_t nodes = 4'000'000;   // of working copies
  std::uint64_t steps = 50'000'000;  // comparisons of list elements
};

class MergeTree {
 public:
  explicit MergeTree(Arena& arena, const MergeTreeLimits& limits = {})
      : arena_(arena), limits_(limits) {}

  // `source` must outlive the tree.
  [[nodiscard]] MergeNode* make(const document::Node& source);
  // The same with its maps in the order of their keys, in which upstream gets a patch.
  [[nodiscard]] MergeNode* make_sorted(const document::Node& source);
  [[nodiscard]] MergeNode* make_list();
  [[nodiscard]] MergeNode* make_text(std::string_view text);
  // With everything below it.
  [[nodiscard]] MergeNode* copy(MergeNode& node);

  // Children and keys, unfolded.
  std::vector<MergeNode*>& items(MergeNode& node);
  std::vector<std::string_view>& keys(MergeNode& node) {
    items(node);
    return node.keys;
  }

  // The value under a key; nullptr for what is no map. yaml.RNode.Field
  [[nodiscard]] MergeNode* field(MergeNode* node, std::string_view key);
  // yaml.Clear
  void clear(MergeNode& map, std::string_view key);
  void rename(MergeNode& map, std::string_view from, std::string_view to);
  // yaml.FieldSetter: a nullptr or null value (unless kept) removes the field.
  void set_field(MergeNode& map, std::string_view key, MergeNode* value);

  // yaml.ElementSetter: every element that has the values under the keys becomes `element`, which
  // is added if there was none; nullptr removes them. Without values: see the function.
  [[nodiscard]] Result<void> set_element(MergeNode& list, MergeNode* element,
                                         std::span<const std::string_view> keys,
                                         std::span<const std::string_view> values);
  // yaml.ElementMatcher: the first such element.
  [[nodiscard]] MergeNode* find_element(MergeNode* list, std::span<const std::string_view> keys,
                                        std::span<const std::string_view> values);

  // The value of a node; what did not change is the node it came from.
  [[nodiscard]] document::Node freeze(MergeNode& node);
  // A key that a frozen map has twice; empty if there is none.
  [[nodiscard]] std::string_view duplicate() const noexcept { return duplicate_; }
  // The same for messages: at most one line.
  [[nodiscard]] std::string excerpt(MergeNode& node);

  // True once a limit was hit: what came since is not to be used.
  [[nodiscard]] bool is_exhausted() const noexcept {
    return nodes_ > limits_.nodes || steps_ > limits_.steps;
  }
  void count_steps(std::uint64_t steps) noexcept { steps_ += steps; }
  [[nodiscard]] Arena& arena() noexcept { return arena_; }

 private:
  struct Frozen {
    document::Node node;
    bool is_source = false;  // the very node that MergeNode::source points to
  };
  Frozen freeze_node(MergeNode& node);
  MergeNode* add();

  Arena& arena_;
  MergeTreeLimits limits_;
  std::uint64_t nodes_ = 0;
  std::uint64_t steps_ = 0;
  std::string_view duplicate_;
  std::deque<MergeNode> all_;
};

// "wrong node kind: expected MappingNode but got ScalarNode: node contents:\n..."
[[nodiscard]] std::unexpected<Error> wrong_kind(MergeTree& tree, std::string_view expected,
                                                MergeNode& found);
inline constexpr std::string_view kMappingNode = "MappingNode";
inline constexpr std::string_view kSequenceNode = "SequenceNode";
inline constexpr std::string_view kScalarNode = "ScalarNode";

}  // namespace tally::kyverno

#pragma once
// NodeParts: what a Node is made of, for a store that keeps nodes in memory of its own. Everybody
// else builds nodes through Node::make_*.
//
// `pointer`: the bytes of a Number or String, the children of an Array or Object (their layout:
// node.hpp), null for an empty collection. Nodes that are made of parts have no position, and the
// keys of their objects count as copied: Node::key_offset() never looks into a source.

#include <bit>

#include "document/node.hpp"

namespace tally::document {

struct NodeParts {
  NodeKind kind = NodeKind::Null;
  bool boolean = false;    // the value of a Bool
  bool long_keys = false;  // the sizes of an Object's keys are uint32
  Symbol key = kNoSymbol;
  std::uint32_t size = 0;
  std::uint32_t key_offset = 0;
  const void* pointer = nullptr;

  [[nodiscard]] static NodeParts of(const Node& node) noexcept;
  [[nodiscard]] Node node() const noexcept;

 private:
  // The members of Node, in their order; node_parts_test.cpp holds it to that.
  struct Layout {
    NodeKind kind;
    std::uint8_t flags;
    std::uint16_t key;
    std::uint32_t offset;
    std::uint32_t size;
    std::uint32_t key_offset;
    const void* pointer;
  };
  static constexpr std::uint8_t kTrue = 1;
  static constexpr std::uint8_t kKeysCopied = 2;
  static constexpr std::uint8_t kLongKeys = 8;
};

inline NodeParts NodeParts::of(const Node& node) noexcept {
  const auto layout = std::bit_cast<Layout>(node);
  return {.kind = layout.kind,
          .boolean = (layout.flags & kTrue) != 0,
          .long_keys = (layout.flags & kLongKeys) != 0,
          .key = layout.key,
          .size = layout.size,
          .key_offset = layout.key_offset,
          .pointer = layout.pointer};
}

inline Node NodeParts::node() const noexcept {
  std::uint8_t flags = boolean ? kTrue : std::uint8_t{0};
  if (kind == NodeKind::Object) {
    flags = static_cast<std::uint8_t>(kKeysCopied | (long_keys ? kLongKeys : 0));
  }
  return std::bit_cast<Node>(Layout{.kind = kind,
                                    .flags = flags,
                                    .key = static_cast<std::uint16_t>(key),
                                    .offset = 0,
                                    .size = size,
                                    .key_offset = key_offset,
                                    .pointer = pointer});
}

}  // namespace tally::document

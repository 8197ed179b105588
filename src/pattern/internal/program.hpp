#pragma once
// The flat form of a Pattern: items that refer to each other by index.

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/arena.hpp"
#include "document/symbol.hpp"
#include "pattern/anchor.hpp"
#include "pattern/pattern.hpp"
#include "pattern/scalar_pattern.hpp"

namespace tally::pattern {

inline constexpr std::uint32_t kNone = 0xFFFFFFFF;

enum class KeyKind : std::uint8_t {
  Plain,
  Condition,
  Existence,
  Equality,
  Negation,
  Global,
  // +(key), which means nothing when judging: upstream looks for a key that reads "+(key)".
};

// One key of a map with its value.
struct Entry {
  std::string_view raw;         // as written
  std::string_view key;         // without the anchor
  std::uint32_t name = kNone;   // index of the interned key; kNone: compare the text
  std::uint32_t value = 0;      // index of an item
  std::uint32_t watch = kNone;  // of conditions and existence anchors: which of the watched keys
  KeyKind kind = KeyKind::Plain;
  bool is_nested = false;  // the value has anchors
};

struct Item {
  enum class Kind : std::uint8_t {
    Map,        // entries, in the order of judgement: `anchors` of them first
    MapList,    // a list whose first element is the map `first`
    LeafList,   // a list whose first element is the scalar `first`
    ListList,   // any other list: elements, one by one
    EmptyList,  // matches nothing
    Leaf,       // scalar
  };
  Kind kind = Kind::Leaf;
  std::uint32_t first = 0;  // index of an entry, item, element or scalar
  std::uint32_t count = 0;  // of entries or elements
  std::uint32_t anchors = 0;
  std::uint32_t tags = kNone;  // of a map: its `metadata` holds texts to expand
};

// `labels` and `annotations` in the `metadata` of one map of the pattern.
struct Tags {
  struct Tag {
    std::uint32_t map = kNone;   // the item of the labels
    std::uint32_t slot = kNone;  // where a match keeps the expanded entries
  };
  Tag labels;
  Tag annotations;
  // Expansion may lose the last anchor of a tag, and so of `metadata`; both then move back in the
  // order of the maps that hold them: upstream orders keys after it has expanded.
  Tag metadata;
};

struct PatternProgram {
  Arena texts;
  Limits limits;
  std::vector<Item> items;
  std::vector<Entry> entries;
  std::vector<std::uint32_t> elements;
  std::vector<document::Name> names;
  std::vector<ScalarPattern> scalars;
  std::vector<Tags> tags;
  std::vector<std::uint32_t> slot_of_map;  // by item; empty without tags
  std::vector<std::string_view> watched;   // distinct raw keys of conditions and existence anchors
  std::uint32_t slots = 0;
  std::uint32_t root = 0;
};

[[nodiscard]] KeyKind key_kind(AnchorKind kind) noexcept;

// Orders entries as they are judged; gives the number of anchors.
[[nodiscard]] std::uint32_t order_entries(std::span<Entry> entries);

}  // namespace tally::pattern

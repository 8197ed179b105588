#include "cluster_state/internal/pool.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <new>

#include "document/node_parts.hpp"

namespace tally::cluster_state {

using document::Node;
using document::NodeKind;
using document::NodeParts;

// The bytes follow.
struct Pool::Text {
  Text* next;
  std::uint32_t hash;
  std::uint32_t users;
  std::uint32_t size;

  [[nodiscard]] char* bytes() noexcept { return reinterpret_cast<char*>(this + 1); }
  static Text* of(const char* bytes) noexcept {
    return reinterpret_cast<Text*>(const_cast<char*>(bytes)) - 1;  // NOLINT: of this pool
  }
};

// The nodes follow, then the sizes of the keys of a map. Its last member is the word that the
// layout of node.hpp wants before the nodes.
struct Pool::Block {
  Block* next;
  std::uint32_t hash;
  std::uint32_t users;
  std::uint32_t size;  // nodes
  std::uint32_t key_bytes;
  const char* keys;  // null: a list

  [[nodiscard]] Node* nodes() noexcept { return reinterpret_cast<Node*>(this + 1); }
  static Block* of(const void* nodes) noexcept {
    return static_cast<Block*>(const_cast<void*>(nodes)) - 1;  // NOLINT: of this pool
  }
  [[nodiscard]] std::size_t allocated(bool long_keys) const noexcept {
    const std::size_t size_bytes =
        keys == nullptr ? 0 : (long_keys ? sizeof(std::uint32_t) : sizeof(std::uint16_t));
    return sizeof(Block) + size * (sizeof(Node) + size_bytes);
  }
};

namespace {

constexpr std::uint64_t kMixA = 0xA0761D6478BD642FULL;
constexpr std::uint64_t kMixB = 0xE7037ED1A0B428DBULL;

// Both halves of the product: every bit of the result depends on all of both numbers (wyhash).
std::uint64_t mix(std::uint64_t a, std::uint64_t b) noexcept {
  __extension__ using Wide = unsigned __int128;
  const Wide product = static_cast<Wide>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64U);
}

std::uint64_t load(const char* at, std::size_t bytes) noexcept {
  std::uint64_t word = 0;
  std::memcpy(&word, at, bytes);
  return word;
}

std::uint32_t hash_text(std::uint64_t seed, std::string_view text) noexcept {
  const char* at = text.data();
  std::size_t left = text.size();
  std::uint64_t hash = seed ^ kMixA;
  for (; left > 16; left -= 16, at += 16) {
    hash = mix(load(at, 8) ^ kMixB, load(at + 8, 8) ^ hash);
  }
  const std::size_t low = std::min<std::size_t>(left, 8);
  hash = mix(load(at, low) ^ kMixB, load(at + low, left - low) ^ hash);
  hash = mix(hash ^ text.size(), seed ^ kMixB);
  return static_cast<std::uint32_t>(hash ^ hash >> 32U);
}

// What makes a value of a block the value it is: everything but the symbol.
std::uint64_t hash_value(std::uint64_t hash, const NodeParts& value) noexcept {
  const auto kind = static_cast<std::uint64_t>(value.kind) << 1U | (value.boolean ? 1U : 0U);
  const auto sizes = static_cast<std::uint64_t>(value.size) << 32U | value.key_offset;
  return mix(hash ^ std::bit_cast<std::uint64_t>(value.pointer) ^ kMixA,
             sizes ^ std::rotl(kind, 28) ^ kMixB);
}

bool same_value(const NodeParts& a, const NodeParts& b) noexcept {
  return a.pointer == b.pointer && a.size == b.size && a.key_offset == b.key_offset &&
         a.kind == b.kind && a.boolean == b.boolean;
}

bool has_text(NodeKind kind) noexcept {
  return kind == NodeKind::String || kind == NodeKind::Number;
}

}  // namespace

Pool::~Pool() {
  texts_.for_each([](Text& text) { ::operator delete(&text); });
  blocks_.for_each([](Block& block) { ::operator delete(&block); });
}

const char* Pool::own_text(std::string_view text) {
  if (text.empty()) {
    return "";
  }
  const std::uint32_t hash = hash_text(seed_, text);
  Text* found = texts_.find(
      hash, [text](Text& entry) { return std::string_view(entry.bytes(), entry.size) == text; });
  if (found == nullptr) {
    const std::size_t bytes = sizeof(Text) + text.size();
    found = ::new (::operator new(bytes)) Text{
        .next = nullptr, .hash = hash, .users = 0, .size = static_cast<std::uint32_t>(text.size())};
    std::memcpy(found->bytes(), text.data(), text.size());
    texts_.insert(found);
    bytes_ += bytes;
  }
  ++found->users;
  return found->bytes();
}

void Pool::release_text(const char* bytes, std::size_t size) {
  if (size == 0) {
    return;
  }
  Text* text = Text::of(bytes);
  if (--text->users == 0) {
    texts_.erase(text);
    bytes_ -= sizeof(Text) + size;
    ::operator delete(text);
  }
}

Node Pool::keep_text(std::string_view text) {
  return Node::make_string({own_text(text), text.size()}, 0);
}

Node Pool::keep(const Node& node) {
  switch (node.kind()) {
    case NodeKind::Null:
      return Node::make_null(0);
    case NodeKind::Bool:
      return Node::make_bool(node.boolean(), 0);
    case NodeKind::Number:
      return Node::make_number({own_text(node.text()), node.text().size()}, 0);
    case NodeKind::String:
      return keep_text(node.text());
    case NodeKind::Array:
    case NodeKind::Object:
      break;
  }
  const std::size_t first = open();
  for (std::size_t i = 0; i < node.size(); ++i) {
    const Node& item = node.items()[i];
    add(node.is_object() ? node.key(i) : std::string_view{}, item.key_symbol(), keep(item));
  }
  return close(first, node.is_object());
}

Node Pool::close(std::size_t first, bool is_map) {
  const std::span<Member> members = std::span(members_).subspan(first);
  NodeParts made{.kind = is_map ? NodeKind::Object : NodeKind::Array,
                 .size = static_cast<std::uint32_t>(members.size())};
  if (members.empty()) {
    return made.node();
  }
  keys_.clear();
  std::uint64_t hash = seed_ ^ members.size();
  for (Member& member : members) {
    NodeParts value = NodeParts::of(member.value);
    value.key_offset = static_cast<std::uint32_t>(keys_.size());
    keys_ += member.key;
    made.long_keys = made.long_keys || member.key.size() > 0xFFFF;
    member.value = value.node();
    hash = hash_value(hash, value);
  }
  // A single key "" makes no text: any address will do, but a map it is.
  const char* keys = is_map ? own_text(keys_) : nullptr;
  hash = mix(hash, std::bit_cast<std::uint64_t>(keys) ^ seed_);
  const auto folded = static_cast<std::uint32_t>(hash ^ hash >> 32U);
  Block* block = blocks_.find(folded, [members, keys](Block& entry) {
    return entry.keys == keys && entry.size == members.size() &&
           std::ranges::equal(members, std::span(entry.nodes(), entry.size),
                              [](const Member& member, const Node& value) {
                                return same_value(NodeParts::of(member.value),
                                                  NodeParts::of(value));
                              });
  });
  if (block == nullptr) {
    block = make_block(members, keys, folded, made.long_keys);
  } else {
    // The block counts its children once, whoever uses it.
    for (const Member& member : members) {
      release(member.value);
    }
    if (keys != nullptr) {
      release_text(keys, keys_.size());
    }
  }
  ++block->users;
  members_.resize(first);
  made.pointer = block->nodes();
  return made.node();
}

Pool::Block* Pool::make_block(std::span<const Member> members, const char* keys, std::uint32_t hash,
                              bool long_keys) {
  const Block head{.next = nullptr,
                   .hash = hash,
                   .users = 0,
                   .size = static_cast<std::uint32_t>(members.size()),
                   .key_bytes = keys == nullptr ? 0 : static_cast<std::uint32_t>(keys_.size()),
                   .keys = keys};
  auto* block = ::new (::operator new(head.allocated(long_keys))) Block{head};
  Node* nodes = block->nodes();
  for (std::size_t i = 0; i < members.size(); ++i) {
    ::new (static_cast<void*>(nodes + i)) Node{members[i].value};
    if (keys == nullptr) {
      continue;
    }
    const auto size = static_cast<std::uint32_t>(members[i].key.size());
    if (long_keys) {
      reinterpret_cast<std::uint32_t*>(nodes + members.size())[i] = size;
    } else {
      reinterpret_cast<std::uint16_t*>(nodes + members.size())[i] =
          static_cast<std::uint16_t>(size);
    }
  }
  blocks_.insert(block);
  bytes_ += head.allocated(long_keys);
  return block;
}

void Pool::release(const Node& owned) {
  const NodeParts parts = NodeParts::of(owned);
  if (has_text(parts.kind)) {
    release_text(static_cast<const char*>(parts.pointer), parts.size);
    return;
  }
  if (parts.kind < NodeKind::Array || parts.size == 0) {
    return;
  }
  Block* block = Block::of(parts.pointer);
  if (--block->users > 0) {
    return;
  }
  for (const Node& child : owned.items()) {
    release(child);
  }
  if (block->keys != nullptr) {
    release_text(block->keys, block->key_bytes);
  }
  blocks_.erase(block);
  bytes_ -= block->allocated(parts.long_keys);
  ::operator delete(block);
}

Pool::Usage Pool::usage() const {
  Usage usage{.texts = texts_.size(),
              .blocks = blocks_.size(),
              .blocks_shared = 0,
              .bytes = bytes_ + texts_.bytes() + blocks_.bytes()};
  blocks_.for_each(
      [&usage](const Block& block) { usage.blocks_shared += block.users > 1 ? 1 : 0; });
  return usage;
}

}  // namespace tally::cluster_state

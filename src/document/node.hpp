#pragma once
// Node: one immutable JSON value inside a parsed source. 24 bytes, trivially copyable, points into
// the source text or the arena of its reader; valid as long as both live. Every engine walks this
// one type.
//
// Layout of an object's children in the arena (built by make_object only):
//     [const char* key_base][Node value 0 .. n-1][uint16 size of key 0 .. n-1]
// items() are the values; each value carries the symbol of its key, so a scan for a known name
// reads one array of nodes, and the offset of its key from key_base, which is the source text, or
// arena text where a key of the object had to be unescaped. If a key has more than 65,535 bytes,
// the sizes of that object are uint32.
//
// Threads: immutable after reading; share freely.

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>

#include "base/arena.hpp"
#include "document/symbol.hpp"

namespace tally::document {

enum class NodeKind : std::uint8_t { Null, Bool, Number, String, Array, Object };

// "null", "boolean", "number", "string", "list", "map": the words of our messages.
[[nodiscard]] std::string_view kind_name(NodeKind kind) noexcept;

// A key as the builders of objects take it.
struct KeySpan {
  std::uint32_t offset = 0;  // from key_base
  std::uint32_t size = 0;
};

class Node;

struct Member;

class Node {
 public:
  // Null without a position.
  constexpr Node() noexcept = default;

  static Node make_null(std::uint32_t offset) noexcept {
    return {NodeKind::Null, 0, offset, 0, nullptr};
  }
  static Node make_bool(bool value, std::uint32_t offset) noexcept {
    return {NodeKind::Bool, value ? kTrue : std::uint8_t{0}, offset, 0, nullptr};
  }
  // `json_text` is a JSON number (RFC 8259 section 6), exact, in source or arena.
  static Node make_number(std::string_view json_text, std::uint32_t offset) noexcept {
    return {NodeKind::Number, 0, offset, static_cast<std::uint32_t>(json_text.size()),
            json_text.data()};
  }
  static Node make_string(std::string_view text, std::uint32_t offset) noexcept {
    return {NodeKind::String, 0, offset, static_cast<std::uint32_t>(text.size()), text.data()};
  }
  static Node make_array(Arena& arena, std::span<const Node> items, std::uint32_t offset);
  // Values with their keys in the source text that begins at key_base. Symbols are filled in here.
  static Node make_object(Arena& arena, std::span<const Node> values, std::span<const KeySpan> keys,
                          const char* key_base, std::uint32_t offset);
  // The same for values that carry the symbols of their keys already (with_key).
  static Node make_named_object(Arena& arena, std::span<const Node> values,
                                std::span<const KeySpan> keys, const char* key_base,
                                std::uint32_t offset);
  // The same for keys that lie anywhere: they are copied into the arena unless all of them lie
  // inside `source_text`.
  static Node make_object(Arena& arena, std::span<const Node> values,
                          std::span<const std::string_view> keys, std::string_view source_text,
                          std::uint32_t offset);

  [[nodiscard]] NodeKind kind() const noexcept { return kind_; }
  [[nodiscard]] bool is_null() const noexcept { return kind_ == NodeKind::Null; }
  [[nodiscard]] bool is_bool() const noexcept { return kind_ == NodeKind::Bool; }
  [[nodiscard]] bool is_number() const noexcept { return kind_ == NodeKind::Number; }
  [[nodiscard]] bool is_string() const noexcept { return kind_ == NodeKind::String; }
  [[nodiscard]] bool is_array() const noexcept { return kind_ == NodeKind::Array; }
  [[nodiscard]] bool is_object() const noexcept { return kind_ == NodeKind::Object; }

  // Byte offset of the value in its Source (of the anchor's value for an alias, of the parent for a
  // defaulted node).
  [[nodiscard]] std::uint32_t offset() const noexcept { return offset_; }
  // Symbol of the key under which this value stands in its object; kNoSymbol: compare the text.
  [[nodiscard]] Symbol key_symbol() const noexcept { return key_; }

  // The value of a Bool; false for every other kind.
  [[nodiscard]] bool boolean() const noexcept {
    return kind_ == NodeKind::Bool && (flags_ & kTrue) != 0;
  }
  // The text of a String, or the exact JSON text of a Number; empty for other kinds.
  [[nodiscard]] std::string_view text() const noexcept {
    return kind_ == NodeKind::String || kind_ == NodeKind::Number
               ? std::string_view{static_cast<const char*>(pointer_), size_}
               : std::string_view{};
  }
  // A Number that is an integer in the range of int64 (as text: no point, no exponent), else
  // nothing.
  [[nodiscard]] std::optional<std::int64_t> integer() const noexcept;
  // A Number as the nearest double (infinite when out of range); NaN for other kinds.
  [[nodiscard]] double number() const noexcept;

  // Elements of an Array, values of an Object; empty for other kinds.
  [[nodiscard]] std::span<const Node> items() const noexcept {
    return kind_ >= NodeKind::Array
               ? std::span<const Node>{static_cast<const Node*>(pointer_), size_}
               : std::span<const Node>{};
  }
  [[nodiscard]] std::size_t size() const noexcept { return kind_ >= NodeKind::Array ? size_ : 0; }

  // Key of the i-th member of an Object. Precondition: is_object() and i < size().
  [[nodiscard]] std::string_view key(std::size_t i) const noexcept {
    const Node& value = static_cast<const Node*>(pointer_)[i];
    return {key_base() + value.key_offset_, key_size(i)};
  }
  // Where that key stands in the source, if it stands there unescaped; else the offset of its
  // value.
  [[nodiscard]] std::uint32_t key_offset(std::size_t i) const noexcept {
    const Node& value = static_cast<const Node*>(pointer_)[i];
    return (flags_ & kKeysCopied) != 0 ? value.offset_ : value.key_offset_;
  }

  // The value under a key, or nullptr (also when this is no Object).
  [[nodiscard]] const Node* find(const Name& name) const noexcept;
  [[nodiscard]] const Node* find(std::string_view key) const noexcept;

  // for (const Member member : node.members()) ...; empty for everything but an Object.
  class Members;
  [[nodiscard]] Members members() const noexcept;

  // A node that the defaulting step added (CONTRACTS.md section 1): it has its parent's position.
  [[nodiscard]] bool is_defaulted() const noexcept { return (flags_ & kDefaulted) != 0; }
  [[nodiscard]] Node as_defaulted() const noexcept {
    Node copy = *this;
    copy.flags_ |= kDefaulted;
    return copy;
  }
  // For builders: the same value as the member `key` of an object.
  [[nodiscard]] Node with_key(Symbol key) const noexcept {
    Node copy = *this;
    copy.key_ = static_cast<std::uint16_t>(key);
    return copy;
  }

 private:
  static constexpr std::uint8_t kTrue = 1;
  static constexpr std::uint8_t kKeysCopied = 2;
  static constexpr std::uint8_t kDefaulted = 4;
  static constexpr std::uint8_t kLongKeys = 8;
  static_assert(kSymbolsMax <= 0x10000);

  constexpr Node(NodeKind kind, std::uint8_t flags, std::uint32_t offset, std::uint32_t size,
                 const void* pointer) noexcept
      : kind_(kind), flags_(flags), offset_(offset), size_(size), pointer_(pointer) {}

  [[nodiscard]] const char* key_base() const noexcept {
    return *(static_cast<const char* const*>(pointer_) - 1);
  }
  [[nodiscard]] std::uint32_t key_size(std::size_t i) const noexcept {
    const Node* end = static_cast<const Node*>(pointer_) + size_;
    return (flags_ & kLongKeys) != 0 ? reinterpret_cast<const std::uint32_t*>(end)[i]
                                     : reinterpret_cast<const std::uint16_t*>(end)[i];
  }
  // Room for an object's values and sizes of keys; the values are copied.
  static Node allocate_object(Arena& arena, std::span<const Node> values, std::size_t key_bytes_max,
                              const char* key_base, std::uint8_t flags, std::uint32_t offset);
  // For builders, before the node is given out: where a key stands, and the symbols of all keys.
  void name_values() const noexcept;
  void set_key(std::size_t i, std::uint32_t key_offset, std::uint32_t size) noexcept;

  NodeKind kind_ = NodeKind::Null;
  std::uint8_t flags_ = 0;
  std::uint16_t key_ = kNoSymbol;
  std::uint32_t offset_ = 0;
  std::uint32_t size_ = 0;
  std::uint32_t key_offset_ = 0;  // of its key, from the key_base of the object it stands in
  const void* pointer_ = nullptr;
};

static_assert(sizeof(Node) == 24 && std::is_trivially_copyable_v<Node> &&
              std::is_trivially_destructible_v<Node>);

struct Member {
  std::string_view key;
  const Node& value;
  std::uint32_t key_offset;
};

class Node::Members {
 public:
  class Iterator {
   public:
    Iterator(const Node* object, std::size_t at) noexcept : object_(object), at_(at) {}
    Member operator*() const noexcept {
      return {object_->key(at_), object_->items()[at_], object_->key_offset(at_)};
    }
    Iterator& operator++() noexcept {
      ++at_;
      return *this;
    }
    friend bool operator==(const Iterator& a, const Iterator& b) noexcept { return a.at_ == b.at_; }

   private:
    const Node* object_;
    std::size_t at_;
  };
  explicit Members(const Node* object) noexcept
      : object_(object), size_(object->is_object() ? object->size() : 0) {}
  [[nodiscard]] Iterator begin() const noexcept { return {object_, 0}; }
  [[nodiscard]] Iterator end() const noexcept { return {object_, size_}; }

 private:
  const Node* object_;
  std::size_t size_;
};

// The view refers to *this node*, which must outlive the loop.
inline Node::Members Node::members() const noexcept { return Members{this}; }

// The same value in this arena, all texts and keys included: for values that outlive what they were
// made from. Positions stay. Precondition: no deeper than readers allow.
[[nodiscard]] Node deep_copy(Arena& arena, const Node& node);

// Deep equality by value: numbers by value (1 equals 1.0; integers exactly, others as doubles),
// objects regardless of member order.
[[nodiscard]] bool equal(const Node& a, const Node& b);

}  // namespace tally::document

#include "document/node.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <limits>
#include <new>
#include <vector>

namespace tally::document {

std::string_view kind_name(NodeKind kind) noexcept {
  switch (kind) {
    case NodeKind::Null:
      return "null";
    case NodeKind::Bool:
      return "boolean";
    case NodeKind::Number:
      return "number";
    case NodeKind::String:
      return "string";
    case NodeKind::Array:
      return "list";
    case NodeKind::Object:
      return "map";
  }
  return "value";
}

Node Node::make_array(Arena& arena, std::span<const Node> items, std::uint32_t offset) {
  const auto copied = arena.copy(items);
  return {NodeKind::Array, 0, offset, static_cast<std::uint32_t>(items.size()), copied.data()};
}

Node Node::allocate_object(Arena& arena, std::span<const Node> values, std::size_t key_bytes_max,
                           const char* key_base, std::uint8_t flags, std::uint32_t offset) {
  const bool long_keys = key_bytes_max > 0xFFFF;
  const std::size_t size_bytes = long_keys ? sizeof(std::uint32_t) : sizeof(std::uint16_t);
  auto* block = static_cast<std::byte*>(arena.allocate(
      sizeof(const char*) + values.size() * (sizeof(Node) + size_bytes), alignof(Node)));
  ::new (static_cast<void*>(block)) const char*(key_base);
  std::byte* copied = block + sizeof(const char*);
  std::memcpy(copied, values.data(), values.size_bytes());
  return {NodeKind::Object, static_cast<std::uint8_t>(flags | (long_keys ? kLongKeys : 0)), offset,
          static_cast<std::uint32_t>(values.size()), copied};
}

void Node::set_key(std::size_t i, std::uint32_t key_offset, std::uint32_t size) noexcept {
  auto* values =
      static_cast<Node*>(const_cast<void*>(pointer_));  // NOLINT: ours until it is given out
  values[i].key_offset_ = key_offset;
  if ((flags_ & kLongKeys) != 0) {
    reinterpret_cast<std::uint32_t*>(values + size_)[i] = size;
  } else {
    reinterpret_cast<std::uint16_t*>(values + size_)[i] = static_cast<std::uint16_t>(size);
  }
}

namespace {

std::size_t longest(std::span<const KeySpan> keys) noexcept {
  std::uint32_t size = 0;
  for (const KeySpan key : keys) {
    size = std::max(size, key.size);
  }
  return size;
}

}  // namespace

Node Node::make_named_object(Arena& arena, std::span<const Node> values,
                             std::span<const KeySpan> keys, const char* key_base,
                             std::uint32_t offset) {
  if (values.empty()) {
    return {NodeKind::Object, 0, offset, 0, nullptr};
  }
  Node object = allocate_object(arena, values, longest(keys), key_base, 0, offset);
  for (std::size_t i = 0; i < values.size(); ++i) {
    object.set_key(i, keys[i].offset, keys[i].size);
  }
  return object;
}

Node Node::make_object(Arena& arena, std::span<const Node> values, std::span<const KeySpan> keys,
                       const char* key_base, std::uint32_t offset) {
  const Node object = make_named_object(arena, values, keys, key_base, offset);
  object.name_values();
  return object;
}

void Node::name_values() const noexcept {
  auto* values =
      static_cast<Node*>(const_cast<void*>(pointer_));  // NOLINT: ours until it is given out
  for (std::size_t i = 0; i < size_; ++i) {
    values[i].key_ = static_cast<std::uint16_t>(find_symbol(key(i)));
  }
}

Node Node::make_object(Arena& arena, std::span<const Node> values,
                       std::span<const std::string_view> keys, std::string_view source_text,
                       std::uint32_t offset) {
  if (values.empty()) {
    return {NodeKind::Object, 0, offset, 0, nullptr};
  }
  bool in_source = true;
  std::size_t bytes = 0;
  std::size_t bytes_max = 0;
  for (const auto key : keys) {
    in_source = in_source && key.data() >= source_text.data() &&
                key.data() + key.size() <= source_text.data() + source_text.size();
    bytes += key.size();
    bytes_max = std::max(bytes_max, key.size());
  }
  char* copied = in_source ? nullptr : arena.allocate_array<char>(bytes + 1);
  const char* base = in_source ? source_text.data() : copied;
  Node object = allocate_object(arena, values, bytes_max, base,
                                in_source ? std::uint8_t{0} : kKeysCopied, offset);
  std::uint32_t at = 0;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const auto size = static_cast<std::uint32_t>(keys[i].size());
    if (in_source) {
      object.set_key(i, static_cast<std::uint32_t>(keys[i].data() - base), size);
    } else {
      std::copy(keys[i].begin(), keys[i].end(), copied + at);  // an empty key may have no address
      object.set_key(i, at, size);
      at += size;
    }
  }
  object.name_values();
  return object;
}

std::optional<std::int64_t> Node::integer() const noexcept {
  if (kind_ != NodeKind::Number) {
    return std::nullopt;
  }
  const std::string_view digits = text();
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc{} || end != digits.data() + digits.size()) {
    return std::nullopt;
  }
  return value;
}

double Node::number() const noexcept {
  if (kind_ != NodeKind::Number) {
    return std::numeric_limits<double>::quiet_NaN();
  }
  const std::string_view digits = text();
  double value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error == std::errc::result_out_of_range) {
    // from_chars leaves the value alone: tell a huge number from a tiny one by the sign of its
    // exponent.
    const auto exponent = digits.find_first_of("eE");
    const bool tiny = exponent != std::string_view::npos && digits.substr(exponent).contains('-');
    const double magnitude = tiny ? 0.0 : std::numeric_limits<double>::infinity();
    return digits.starts_with('-') ? -magnitude : magnitude;
  }
  return value;
}

const Node* Node::find(const Name& name) const noexcept {
  if (kind_ != NodeKind::Object) {
    return nullptr;
  }
  const auto* values = static_cast<const Node*>(pointer_);
  const Symbol wanted = name.symbol();
  bool unnamed = wanted == kNoSymbol;
  for (std::uint32_t i = 0; i < size_; ++i) {
    if (values[i].key_ == wanted && wanted != kNoSymbol) {
      return &values[i];
    }
    unnamed = unnamed || values[i].key_ == kNoSymbol;
  }
  // A key without a symbol may be this name, interned after the document was read.
  return unnamed ? find(name.text()) : nullptr;
}

const Node* Node::find(std::string_view wanted) const noexcept {
  if (kind_ != NodeKind::Object || size_ == 0) {
    return nullptr;
  }
  const auto* values = static_cast<const Node*>(pointer_);
  const char* base = key_base();
  for (std::uint32_t i = 0; i < size_; ++i) {
    if (key_size(i) == wanted.size() &&
        std::string_view(base + values[i].key_offset_, wanted.size()) == wanted) {
      return &values[i];
    }
  }
  return nullptr;
}

Node deep_copy(Arena& arena, const Node& node) {
  const auto kept = [&node](Node copy) { return node.is_defaulted() ? copy.as_defaulted() : copy; };
  switch (node.kind()) {
    case NodeKind::Null:
    case NodeKind::Bool:
      return node;
    case NodeKind::Number:
      return kept(
          Node::make_number(arena.copy(node.text()), node.offset()).with_key(node.key_symbol()));
    case NodeKind::String:
      return kept(
          Node::make_string(arena.copy(node.text()), node.offset()).with_key(node.key_symbol()));
    case NodeKind::Array:
    case NodeKind::Object:
      break;
  }
  std::vector<Node> values;
  values.reserve(node.size());
  for (const Node& item : node.items()) {
    values.push_back(deep_copy(arena, item));
  }
  if (node.is_array()) {
    return kept(Node::make_array(arena, values, node.offset()).with_key(node.key_symbol()));
  }
  std::vector<std::string_view> keys;
  keys.reserve(node.size());
  for (std::size_t i = 0; i < node.size(); ++i) {
    keys.push_back(node.key(i));
  }
  return kept(Node::make_object(arena, values, keys, std::string_view{}, node.offset())
                  .with_key(node.key_symbol()));
}

bool equal(const Node& a, const Node& b) {
  if (a.kind() != b.kind()) {
    return false;
  }
  switch (a.kind()) {
    case NodeKind::Null:
      return true;
    case NodeKind::Bool:
      return a.boolean() == b.boolean();
    case NodeKind::Number: {
      if (a.text() == b.text()) {
        return true;
      }
      const auto left = a.integer();
      const auto right = b.integer();
      return left && right ? *left == *right : a.number() == b.number();
    }
    case NodeKind::String:
      return a.text() == b.text();
    case NodeKind::Array: {
      if (a.size() != b.size()) {
        return false;
      }
      for (std::size_t i = 0; i < a.size(); ++i) {
        if (!equal(a.items()[i], b.items()[i])) {
          return false;
        }
      }
      return true;
    }
    case NodeKind::Object: {
      if (a.size() != b.size()) {
        return false;
      }
      for (const Member member : a.members()) {
        const Node* other = b.find(member.key);
        if (other == nullptr || !equal(member.value, *other)) {
          return false;
        }
      }
      return true;
    }
  }
  return false;
}

}  // namespace tally::document

#include "policy_cel/apply_configuration.hpp"

#include <algorithm>
#include <vector>

#include "document/json_writer.hpp"

namespace tally::policy_cel {

using document::Node;
using kube::ListKind;

namespace {

constexpr std::size_t kDepthMax = 500;  // document::ReadLimits

// What stands for an absent key of a list's elements: the only one that the API defaults.
Node default_key(std::string_view key) {
  return key == "protocol" ? Node::make_string("TCP", 0) : Node{};
}

bool same_key(const Node& a, const Node& b, const std::vector<std::string_view>& keys) {
  if (keys.empty()) {
    return document::equal(a, b);  // of a set
  }
  return std::ranges::all_of(keys, [&](std::string_view key) {
    const Node* left = a.find(key);
    const Node* right = b.find(key);
    return document::equal(left == nullptr ? default_key(key) : *left,
                           right == nullptr ? default_key(key) : *right);
  });
}

class Merger {
 public:
  explicit Merger(Arena& arena) : arena_(arena) {}

  // --- ObjectToTyped: does the configuration fit the schema?
  void check(const Node& node, const SchemaType& type, const std::string& path, std::size_t depth) {
    if (depth > kDepthMax || node.is_null() || !problems_.empty()) {
      return;
    }
    const auto mismatch = [&](const char* expected) {
      problems_.push_back(path + ": expected " + expected + ", got " + go_kind(node));
    };
    switch (type.kind()) {
      case PlaceKind::Struct:
        if (!node.is_object()) {
          return mismatch("map");
        }
        for (const document::Member member : node.members()) {
          bool declared = true;
          const SchemaType field = type.field(member.key, declared);
          const std::string at = path + "." + std::string(member.key);
          if (!declared) {
            problems_.push_back(at + ": field not declared in schema");
          } else {
            check(member.value, field, at, depth + 1);
          }
        }
        return;
      case PlaceKind::Map:
        if (!node.is_object()) {
          return mismatch("map");
        }
        for (const document::Member member : node.members()) {
          check(member.value, type.element(), path + "." + std::string(member.key), depth + 1);
        }
        return;
      case PlaceKind::List:
        if (!node.is_array()) {
          return mismatch("list");
        }
        for (std::size_t i = 0; i < node.size(); ++i) {
          check(node.items()[i], type.element(), path + "[" + std::to_string(i) + "]", depth + 1);
        }
        return check_keys(node, type, path);
      case PlaceKind::Text:
        return node.is_string() ? void() : mismatch("string");
      case PlaceKind::Number:
        return node.is_number() ? void() : mismatch("numeric (int or float)");
      case PlaceKind::Bool:
        return node.is_bool() ? void() : mismatch("boolean");
      case PlaceKind::Any:
      case PlaceKind::Unknown:
        return;
    }
  }

  // --- findAtomics
  void find_atomics(const Node& node, const SchemaType& type, const std::string& path,
                    std::size_t depth) {
    if (depth > kDepthMax) {
      return;
    }
    if (node.is_object()) {
      if (type.is_atomic()) {
        atomics_.push_back(path);
      }
      const PlaceKind kind = type.kind();
      for (const document::Member member : node.members()) {
        bool declared = true;
        const SchemaType field =
            kind == PlaceKind::Struct ? type.field(member.key, declared) : type.element();
        find_atomics(member.value, field, path + "." + std::string(member.key), depth + 1);
      }
    } else if (node.is_array()) {
      if (type.kind() != PlaceKind::List || type.is_atomic()) {
        atomics_.push_back(path);
      }
      for (std::size_t i = 0; i < node.size(); ++i) {
        find_atomics(node.items()[i], type.element(), path + "[" + std::to_string(i) + "]",
                     depth + 1);
      }
    }
  }

  // --- Merge
  Node merge(const Node& left, const Node& right, const SchemaType& type, std::size_t depth) {
    if (depth > kDepthMax) {
      return right;
    }
    if (left.is_object() && right.is_object() && !type.is_atomic()) {
      return merge_maps(left, right, type, depth);
    }
    if (left.is_array() && right.is_array() && type.kind() == PlaceKind::List &&
        !type.is_atomic()) {
      return merge_lists(left, right, type, depth);
    }
    return right;
  }

  std::vector<std::string> problems_;
  std::vector<std::string> atomics_;

 private:
  static const char* go_kind(const Node& node) {
    switch (node.kind()) {
      case document::NodeKind::String:
        return "string";
      case document::NodeKind::Number:
        return "number";
      case document::NodeKind::Bool:
        return "boolean";
      case document::NodeKind::Array:
        return "list";
      case document::NodeKind::Object:
        return "map";
      case document::NodeKind::Null:
        break;
    }
    return "null";
  }

  void check_keys(const Node& list, const SchemaType& type, const std::string& path) {
    if (type.is_atomic()) {
      return;
    }
    std::vector<std::string_view> keys;
    type.merge_keys(keys);
    for (std::size_t i = 0; i < list.size(); ++i) {
      const Node& item = list.items()[i];
      for (const std::string_view key : keys) {
        if (item.is_object() && item.find(key) == nullptr && default_key(key).is_null()) {
          problems_.push_back(
              path + ": element " + std::to_string(i) +
              ": associative list with keys has an element that omits key field \"" +
              std::string(key) + "\" (and doesn't have default value)");
          return;
        }
      }
      for (std::size_t j = 0; j < i; ++j) {
        if (same_key(list.items()[j], item, keys)) {
          problems_.push_back(path + ": duplicate entries for key " + key_text(item, keys));
          return;
        }
      }
    }
  }

  static std::string key_text(const Node& item, const std::vector<std::string_view>& keys) {
    std::string out = "[";
    if (keys.empty()) {
      out += "=";
      document::append_json(out, item);
    }
    for (const std::string_view key : keys) {
      out += (out.size() > 1 ? "," : "") + std::string(key) + "=";
      const Node* value = item.find(key);
      document::append_json(out, value == nullptr ? default_key(key) : *value);
    }
    return out + "]";
  }

  Node merge_maps(const Node& left, const Node& right, const SchemaType& type, std::size_t depth) {
    const std::size_t room = left.size() + right.size();
    auto* keys = arena_.allocate_array<std::string_view>(room);
    auto* values = arena_.allocate_array<Node>(room);
    std::size_t count = 0;
    const bool is_struct = type.kind() == PlaceKind::Struct;
    for (std::size_t i = 0; i < left.size(); ++i) {
      keys[count] = left.key(i);
      values[count] = left.items()[i];
      if (const Node* other = right.find(keys[count]); other != nullptr) {
        bool declared = true;
        const SchemaType below = is_struct ? type.field(keys[count], declared) : type.element();
        values[count] = merge(values[count], *other, below, depth + 1);
      }
      ++count;
    }
    for (const document::Member member : right.members()) {
      if (left.find(member.key) == nullptr) {
        keys[count] = member.key;
        values[count++] = member.value;
      }
    }
    return Node::make_object(arena_, std::span<const Node>{values, count},
                             std::span<const std::string_view>{keys, count}, {}, left.offset());
  }

  // mergingWalker.visitListItems: elements of the configuration keep their order among one another.
  Node merge_lists(const Node& left, const Node& right, const SchemaType& type, std::size_t depth) {
    std::vector<std::string_view> keys;
    type.merge_keys(keys);
    const SchemaType below = type.element();
    constexpr std::size_t kNone = SIZE_MAX;
    const auto find = [&](const Node& list, const Node& item) {
      for (std::size_t i = 0; i < list.size(); ++i) {
        if (same_key(list.items()[i], item, keys)) {
          return i;
        }
      }
      return kNone;
    };
    std::vector<std::size_t> in_right(left.size());
    for (std::size_t i = 0; i < left.size(); ++i) {
      in_right[i] = find(right, left.items()[i]);
    }
    std::vector<std::size_t> in_left(right.size());
    std::vector<std::size_t> shared;  // positions in `right` of what both have
    for (std::size_t i = 0; i < right.size(); ++i) {
      in_left[i] = find(left, right.items()[i]);
      if (in_left[i] != kNone) {
        shared.push_back(i);
      }
    }
    std::size_t next_shared = 0;
    std::vector<bool> merged(right.size());
    std::vector<Node> out;
    const auto take_right = [&](std::size_t at) {
      merged[at] = true;
      const Node& item = right.items()[at];
      out.push_back(
          in_left[at] == kNone ? item : merge(left.items()[in_left[at]], item, below, depth + 1));
      if (next_shared < shared.size() && shared[next_shared] == at) {
        ++next_shared;
      }
    };
    std::size_t l = 0;
    std::size_t r = 0;
    while (l < left.size() || r < right.size()) {
      if (l < left.size() && r < right.size()) {
        if (in_right[l] == r) {
          take_right(r++);
          ++l;
          continue;
        }
        if (in_right[l] != kNone && next_shared < shared.size() &&
            shared[next_shared] != in_right[l]) {
          ++l;  // shared, but not the one that is wanted in this round
          continue;
        }
      }
      if (l < left.size()) {
        if (in_right[l] == kNone) {
          out.push_back(left.items()[l++]);
          continue;
        }
        if (merged[in_right[l]]) {
          ++l;
        }
      }
      if (r < right.size()) {
        take_right(r++);
      }
    }
    return Node::make_array(arena_, out, left.offset());
  }

  Arena& arena_;
};

std::string joined(const std::vector<std::string>& texts, const char* between) {
  std::string out;
  for (const std::string& text : texts) {
    out += (out.empty() ? "" : between) + text;
  }
  return out;
}

}  // namespace

std::expected<Node, std::string> apply_configuration(Arena& arena, const Node& object,
                                                     const Node& configuration,
                                                     const SchemaType& type, Atomics atomics) {
  Merger merger(arena);
  merger.check(configuration, type, "", 0);
  if (!merger.problems_.empty()) {
    return std::unexpected("failed to convert patch object to typed object: " +
                           joined(merger.problems_, "\n"));
  }
  if (atomics == Atomics::Refused) {
    merger.find_atomics(configuration, type, "", 0);
  }
  if (!merger.atomics_.empty()) {
    return std::unexpected(
        "invalid ApplyConfiguration: may not mutate atomic arrays, maps or structs: " +
        joined(merger.atomics_, ", "));
  }
  return merger.merge(object, configuration, type, 0);
}

}  // namespace tally::policy_cel

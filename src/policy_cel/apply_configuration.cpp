#include "policy_cel/apply_configuration.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "document/json_writer.hpp"

namespace tally::policy_cel {

using document::Node;
using kube::ListKind;

namespace {

constexpr std::size_t kDepthMax = 500;     // document::ReadLimits
constexpr std::size_t kProblemsMax = 100;  // told of one object

// The keys of a list's elements, and what stands for one that is absent. The OpenAPI of the
// server's own kinds has defaults for fields that Go always writes: "" and 0 (k8s.io/kube-openapi
// pkg/generators, defaults); a custom schema has its own, which are not read here.
struct Keys {
  std::vector<std::string_view> names;
  bool have_defaults = false;

  explicit Keys(const SchemaType& list) : have_defaults(list.is_of_api()) {
    list.merge_keys(names);
  }

  [[nodiscard]] Node of(const Node& item, std::string_view name) const {
    if (const Node* value = item.find(name); value != nullptr) {
      return *value;
    }
    if (!have_defaults) {
      return {};
    }
    return name == "protocol"                          ? Node::make_string("TCP", 0)
           : name == "port" || name == "containerPort" ? Node::make_number("0", 0)
                                                       : Node::make_string("", 0);
  }
};

bool same_key(const Node& a, const Node& b, const Keys& keys) {
  if (keys.names.empty()) {
    return document::equal(a, b);  // of a set
  }
  return std::ranges::all_of(keys.names, [&](std::string_view name) {
    return document::equal(keys.of(a, name), keys.of(b, name));
  });
}

// Values as the messages of structured-merge-diff show them: %v, %#v and %T of
// *value.valueUnstructured.
void append_go(std::string& out, const Node& node, bool is_syntax) {
  if (node.is_null()) {
    out += is_syntax ? "interface {}(nil)" : "<nil>";
  } else if (node.is_string() && is_syntax) {
    document::append_json(out, node);
  } else if (node.is_array()) {
    out += is_syntax ? "[]interface {}{" : "[";
    for (std::size_t i = 0; i < node.size(); ++i) {
      out += i == 0 ? "" : is_syntax ? ", " : " ";
      append_go(out, node.items()[i], is_syntax);
    }
    out += is_syntax ? "}" : "]";
  } else if (node.is_object()) {
    out += is_syntax ? "map[string]interface {}{" : "map[";
    std::vector<std::pair<std::string_view, const Node*>> sorted;
    for (std::size_t i = 0; i < node.size(); ++i) {
      sorted.emplace_back(node.key(i), &node.items()[i]);
    }
    std::ranges::sort(sorted, {}, [](const auto& member) { return member.first; });
    for (std::size_t i = 0; i < sorted.size(); ++i) {
      out += i == 0 ? "" : is_syntax ? ", " : " ";
      const std::string_view quote = is_syntax ? "\"" : "";
      out += fmt::format("{}{}{}:", quote, sorted[i].first, quote);
      append_go(out, *sorted[i].second, is_syntax);
    }
    out += is_syntax ? "}" : "]";
  } else {
    out += node.is_bool() ? (node.boolean() ? "true" : "false") : node.text();
  }
}

// value.ToString: how the key of an element is written.
void append_key(std::string& out, const Node& node) {
  if (node.is_array()) {
    out += "[";
    for (std::size_t i = 0; i < node.size(); ++i) {
      out += i == 0 ? "" : ",";
      append_key(out, node.items()[i]);
    }
    out += "]";
  } else if (node.is_object()) {
    for (std::size_t i = 0; i < node.size(); ++i) {
      out += std::string(node.key(i)) + "=";
      append_key(out, node.items()[i]);
    }
  } else {
    document::append_json(out, node);
  }
}

std::string go_value(const Node& node) {
  std::string out = "&{";
  append_go(out, node, false);
  return out + "}";
}

std::string go_syntax(const Node& node) {
  std::string out = "&value.valueUnstructured{Value:";
  append_go(out, node, true);
  return out + "}";
}

const char* go_type(const Node& node) {
  switch (node.kind()) {
    case document::NodeKind::String:
      return "string";
    case document::NodeKind::Number:
      return node.text().find_first_of(".eE") == std::string_view::npos ? "int64" : "float64";
    case document::NodeKind::Bool:
      return "bool";
    case document::NodeKind::Array:
      return "[]interface {}";
    case document::NodeKind::Object:
      return "map[string]interface {}";
    case document::NodeKind::Null:
      break;
  }
  return "<nil>";
}

class Merger {
 public:
  explicit Merger(Arena& arena) : arena_(arena) {}

  enum class Duplicates : std::uint8_t { Refused, Allowed };

  // --- ObjectToTyped: does a value fit the schema? (typed/validate.go)
  void check(const Node& node, const SchemaType& type, const std::string& path,
             Duplicates duplicates, std::size_t depth) {
    if (depth > kDepthMax || node.is_null() || problems_.size() >= kProblemsMax) {
      return;
    }
    const auto mismatch = [&](std::string_view expected, const std::string& got) {
      problems_.push_back(fmt::format("{}: expected {}, got {}", path, expected, got));
    };
    switch (type.kind()) {
      case PlaceKind::Struct:
        if (!node.is_object()) {
          return mismatch("map", go_value(node));
        }
        for (const document::Member member : node.members()) {
          bool declared = true;
          const SchemaType field = type.field(member.key, declared);
          const std::string at = path + "." + std::string(member.key);
          if (!declared) {
            problems_.push_back(at + ": field not declared in schema");
            return;  // and nothing more of this map
          }
          check(member.value, field, at, duplicates, depth + 1);
        }
        return;
      case PlaceKind::Map:
        if (!node.is_object()) {
          return mismatch("map", go_value(node));
        }
        for (const document::Member member : node.members()) {
          check(member.value, type.element(), path + "." + std::string(member.key), duplicates,
                depth + 1);
        }
        return;
      case PlaceKind::List:
        return node.is_array() ? check_list(node, type, path, duplicates, depth)
                               : mismatch("list", go_value(node));
      case PlaceKind::Text:
        return node.is_string() ? void() : mismatch("string", go_syntax(node));
      case PlaceKind::Number:
        return node.is_number() ? void() : mismatch("numeric (int or float)", go_type(node));
      case PlaceKind::Bool:
        return node.is_bool() ? void() : mismatch("boolean", go_value(node));
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
    if (right.is_null() && left.size() > 0 && !type.is_atomic()) {
      return left;  // null is a map, or a list, without anything in it
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
  void check_list(const Node& list, const SchemaType& type, const std::string& path,
                  Duplicates duplicates, std::size_t depth) {
    const bool is_associative = !type.is_atomic();
    const Keys keys(type);
    const SchemaType below = type.element();
    for (std::size_t i = 0; i < list.size() && problems_.size() < kProblemsMax; ++i) {
      const Node& item = list.items()[i];
      std::string at = "[" + std::to_string(i) + "]";
      if (is_associative) {
        if (const std::string problem = key_problem(item, keys); !problem.empty()) {
          problems_.push_back(fmt::format("{}: element {}: {}", path, i, problem));
          return;
        }
        at = key_text(item, keys);
        const auto before = list.items().first(i);
        if (duplicates == Duplicates::Refused &&
            std::ranges::any_of(before, [&](const Node& b) { return same_key(b, item, keys); })) {
          problems_.push_back(path + ": duplicate entries for key " + at);
        }
      }
      check(item, below, path + at, duplicates, depth + 1);
    }
  }

  // listItemToPathElement (typed/helpers.go): why an element cannot be told from the others.
  static std::string key_problem(const Node& item, const Keys& keys) {
    if (keys.names.empty()) {
      return item.is_object()  ? "associative list without keys has an element that's a map type"
             : item.is_array() ? "not supported: associative list with lists as elements"
             : item.is_null()
                 ? "associative list without keys has an element that's an explicit null"
                 : "";
    }
    if (item.is_null()) {
      return "associative list with keys may not have a null element";
    }
    if (!item.is_object()) {
      return "associative list with keys may not have non-map elements";
    }
    if (keys.have_defaults || std::ranges::any_of(keys.names, [&](std::string_view name) {
          return item.find(name) != nullptr;
        })) {
      return {};
    }
    return fmt::format(
        "associative list with keys has an element that omits all key fields [\"{}\"] (and doesn't "
        "have default values for any key fields)",
        fmt::join(keys.names, "\" \""));
  }

  static std::string key_text(const Node& item, const Keys& keys) {
    std::string out = "[";
    if (keys.names.empty()) {
      out += "=";
      append_key(out, item);
    }
    for (const std::string_view name : keys.names) {
      out += (out.size() > 1 ? "," : "") + std::string(name) + "=";
      append_key(out, keys.of(item, name));
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
    const Keys keys(type);
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
    // Elements of the object that share a key are not merged: the configuration's replaces them.
    const auto is_repeated = [&](std::size_t at) {
      return std::ranges::any_of(left.items().subspan(at + 1), [&](const Node& item) {
        return same_key(left.items()[at], item, keys);
      });
    };
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
      out.push_back(in_left[at] == kNone || is_repeated(in_left[at])
                        ? item
                        : merge(left.items()[in_left[at]], item, below, depth + 1));
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

// ValidationErrors.Error (typed/helpers.go)
std::string joined_problems(const std::vector<std::string>& problems) {
  return problems.size() == 1 ? problems.front()
                              : fmt::format("errors:\n  {}", fmt::join(problems, "\n  "));
}

}  // namespace

std::expected<Node, std::string> apply_configuration(Arena& arena, const Node& object,
                                                     const Node& configuration,
                                                     const SchemaType& type, Atomics atomics,
                                                     Original original) {
  Merger merger(arena);
  merger.check(configuration, type, "", Merger::Duplicates::Refused, 0);
  if (!merger.problems_.empty()) {
    return std::unexpected("failed to convert patch object to typed object: " +
                           joined_problems(merger.problems_));
  }
  if (atomics == Atomics::Refused) {
    merger.find_atomics(configuration, type, "", 0);
  }
  if (!merger.atomics_.empty()) {
    return std::unexpected(
        fmt::format("invalid ApplyConfiguration: may not mutate atomic arrays, maps or structs: {}",
                    fmt::join(merger.atomics_, ", ")));
  }
  if (original == Original::AsWritten) {
    merger.check(object, type, "", Merger::Duplicates::Allowed, 0);
  }
  if (!merger.problems_.empty()) {
    return std::unexpected("failed to convert original object to typed object: " +
                           joined_problems(merger.problems_));
  }
  return merger.merge(object, configuration, type, 0);
}

}  // namespace tally::policy_cel

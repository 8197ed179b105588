// Values that can be changed, what the schema says of their types, and chance.
#include "document/read.hpp"
#include "migration/internal/objects.hpp"

namespace tally::migration {

using document::Node;
using document::NodeKind;
using policy_cel::PlaceKind;

namespace {

// What the schema asks for, and no more.
Tree smallest(const kube::TypeRow& type, std::size_t depth) {
  const kube::ApiTypes& types = kube::api_types();
  switch (type.kind) {
    case kube::TypeKind::Fields: {
      Tree out = map_tree();
      if (depth < 8) {
        for (const kube::FieldRow& field : types.fields(type)) {
          if (field.required != 0) {
            out.members.emplace_back(std::string(field.name),
                                     smallest(types.type(field.type), depth + 1));
          }
        }
      }
      return out;
    }
    case kube::TypeKind::List: {
      Tree out = list_tree();
      if (depth < 8) {
        out.items.push_back(smallest(types.type(type.element), depth + 1));
      }
      return out;
    }
    case kube::TypeKind::FreeObject:
    case kube::TypeKind::Map:
    case kube::TypeKind::Any:
      return map_tree();
    case kube::TypeKind::Int32:
    case kube::TypeKind::Int64:
    case kube::TypeKind::Number:
    case kube::TypeKind::IntOrString:
      return number_tree("1");
    case kube::TypeKind::Bool:
      return {.kind = NodeKind::Bool, .boolean = true};
    case kube::TypeKind::Quantity:
      return text_tree("1");
    case kube::TypeKind::Time:
    case kube::TypeKind::MicroTime:
      return text_tree("2026-01-01T00:00:00Z");
    case kube::TypeKind::Bytes:
      return text_tree("eA==");
    case kube::TypeKind::String:
    case kube::TypeKind::Enum:
      return text_tree("x");
  }
  return {};
}

}  // namespace

Typed Typed::below(std::string_view key) const {
  Typed out;
  bool is_declared = true;
  if (kind() == PlaceKind::Map) {
    return element();
  }
  out.type = type.field(key, is_declared);
  if (row != nullptr && row->kind == kube::TypeKind::Fields) {
    const kube::FieldRow* field = kube::api_types().find(*row, key);
    out.row = field == nullptr ? nullptr : &kube::api_types().type(field->type);
  }
  return out;
}

Typed Typed::element() const {
  Typed out{.type = type.element()};
  if (row != nullptr && (row->kind == kube::TypeKind::List || row->kind == kube::TypeKind::Map)) {
    out.row = &kube::api_types().type(row->element);
  }
  return out;
}

Tree Typed::smallest_value() const { return row == nullptr ? Tree{} : smallest(*row, 0); }

Tree* Tree::find(std::string_view key) {
  for (auto& [name, value] : members) {
    if (name == key) {
      return &value;
    }
  }
  return nullptr;
}

Tree& Tree::at(std::string_view key) {
  if (kind != NodeKind::Object) {
    *this = map_tree();
  }
  if (Tree* found = find(key)) {
    return *found;
  }
  return members.emplace_back(std::string(key), Tree{}).second;
}

void Tree::erase(std::string_view key) {
  std::erase_if(members, [&](const auto& member) { return member.first == key; });
}

Tree tree_of(const Node& node) {
  Tree out{.kind = node.kind(), .boolean = node.boolean(), .text = std::string(node.text())};
  for (const document::Member member : node.members()) {
    out.members.emplace_back(std::string(member.key), tree_of(member.value));
  }
  if (node.is_array()) {
    for (const Node& item : node.items()) {
      out.items.push_back(tree_of(item));
    }
  }
  return out;
}

Tree tree_of_json(std::string_view json) {
  Arena arena;
  const auto source = document::Source::from_text("value", json);
  const auto read = document::read_one(*source, arena);
  return read ? tree_of(*read) : Tree{};
}

Node node_of(const Tree& tree, Arena& arena) {
  switch (tree.kind) {
    case NodeKind::Null:
      return {};
    case NodeKind::Bool:
      return Node::make_bool(tree.boolean, 0);
    case NodeKind::Number:
      return Node::make_number(arena.copy(tree.text), 0);
    case NodeKind::String:
      return Node::make_string(arena.copy(tree.text), 0);
    case NodeKind::Array: {
      std::vector<Node> items;
      for (const Tree& item : tree.items) {
        items.push_back(node_of(item, arena));
      }
      return Node::make_array(arena, items, 0);
    }
    case NodeKind::Object: {
      std::vector<Node> values;
      std::vector<std::string_view> keys;
      for (const auto& [key, value] : tree.members) {
        keys.push_back(arena.copy(key));
        values.push_back(node_of(value, arena));
      }
      return Node::make_object(arena, values, std::span<const std::string_view>(keys), {}, 0);
    }
  }
  return {};
}

std::uint64_t Chance::bits() noexcept {
  state_ += 0x9E3779B97F4A7C15U;
  std::uint64_t out = state_;
  out = (out ^ (out >> 30U)) * 0xBF58476D1CE4E5B9U;
  out = (out ^ (out >> 27U)) * 0x94D049BB133111EBU;
  return out ^ (out >> 31U);
}

}  // namespace tally::migration

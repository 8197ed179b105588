#include "kube/keyed_pointer.hpp"

#include <charconv>
#include <span>

#include "kube/removed_apis.hpp"

namespace tally::kube {

namespace {

using document::Node;

// One step of a pointer: its text with ~1 and ~0 undone is compared with keys, so that nothing is
// built.
bool token_equals(std::string_view token, std::string_view key) noexcept {
  std::size_t at = 0;
  for (std::size_t i = 0; i < token.size(); ++i, ++at) {
    char c = token[i];
    if (c == '~' && i + 1 < token.size()) {
      c = token[++i] == '1' ? '/' : '~';
    }
    if (at >= key.size() || key[at] != c) {
      return false;
    }
  }
  return at == key.size();
}

const Node* step(const Node& node, std::string_view token, std::string_view& key) {
  if (node.is_array()) {
    std::size_t index = 0;
    const auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), index);
    return error == std::errc{} && end == token.data() + token.size() && index < node.size()
               ? &node.items()[index]
               : nullptr;
  }
  for (const document::Member member : node.members()) {
    if (token_equals(token, member.key)) {
      key = member.key;
      return &member.value;
    }
  }
  return nullptr;
}

// "[name=main" or ",protocol=TCP": one key of an element, if it has it.
void append_key(std::string& out, const Node& element, std::string_view key, bool& open) {
  const Node* value = element.find(key);
  if (value == nullptr || value->text().empty()) {
    return;
  }
  out += open ? ',' : '[';
  open = true;
  out += key;
  out += '=';
  for (const char c : value->text()) {
    out += c == '~'   ? std::string_view{"~0"}
           : c == '/' ? std::string_view{"~1"}
                      : std::string_view{&c, 1};
  }
}

// Where the walk stands: in a built-in type, in a structural schema, or nowhere known.
struct Place {
  const TypeRow* type = nullptr;
  const SchemaNode* schema = nullptr;
  std::string_view list_keys;  // of a built-in list, comma-separated

  void enter(const ApiTypes& types, const CustomSchema* schemas, std::string_view key) {
    list_keys = {};
    if (type != nullptr && type->kind == TypeKind::Fields) {
      const FieldRow* field = types.find(*type, key);
      list_keys = field == nullptr ? std::string_view{} : field->list_map_keys;
      type = field == nullptr ? nullptr : &types.type(field->type);
    } else if (type != nullptr) {
      const bool has_element = type->kind == TypeKind::List || type->kind == TypeKind::Map;
      type = has_element ? &types.type(type->element) : nullptr;
    }
    if (schema != nullptr) {
      const SchemaNode* property = schemas->find(*schema, key);
      const SchemaIndex other =
          schema->type == SchemaType::Array ? schema->items : schema->additional;
      schema = property != nullptr  ? property
               : other != kNoSchema ? &schemas->node(other)
                                    : nullptr;
    }
  }
};

// The key of a list's element in brackets; false if it has none.
bool append_element(std::string& out, const Node& element, const Place& list) {
  if (element.is_string() || element.is_number()) {
    out += "[=";
    out += element.text();
    out += ']';
    return true;
  }
  bool open = false;
  for (std::string_view keys = list.list_keys; !keys.empty();) {
    const auto comma = keys.find(',');
    append_key(out, element, keys.substr(0, comma), open);
    keys.remove_prefix(comma == std::string_view::npos ? keys.size() : comma + 1);
  }
  if (list.schema != nullptr && list.schema->list == ListKind::Map) {
    for (const Node& key : list.schema->list_map_keys) {
      append_key(out, element, key.text(), open);
    }
  }
  out += open ? "]" : "";
  return open;
}

}  // namespace

const ApiKind* kind_of_lists(const Object& object) {
  if (object.kind != nullptr) {
    return object.kind;
  }
  // apps/v1beta1 and extensions/v1beta1: the fingerprint of an object does not depend on them.
  const ApiKind* later = find_kind_any_version(object.ref.group, object.ref.kind);
  return later == nullptr && find_removed_api(object.ref) != nullptr
             ? find_kind_any_group(object.ref.kind)
             : later;
}

void append_keyed_pointer(std::string& out, const ApiKind* kind, const Node& root,
                          std::string_view pointer) {
  const ApiTypes& types = api_types();
  const CustomSchema* schemas = kind == nullptr ? nullptr : kind->schema;
  Place place{.type = kind != nullptr && kind->type ? &types.type(*kind->type) : nullptr,
              .schema = schemas == nullptr || schemas->nodes().empty() ? nullptr : &schemas->root(),
              .list_keys = {}};
  const Node* node = &root;
  while (!pointer.empty()) {
    pointer.remove_prefix(1);
    const auto slash = pointer.find('/');
    const std::string_view token = pointer.substr(0, slash);
    pointer.remove_prefix(slash == std::string_view::npos ? pointer.size() : slash);

    const bool in_list = node != nullptr && node->is_array();
    std::string_view key;
    node = node == nullptr ? nullptr : step(*node, token, key);
    out += '/';
    if (!in_list || node == nullptr || !append_element(out, *node, place)) {
      out += token;
    }
    place.enter(types, schemas, key);
  }
}

}  // namespace tally::kube

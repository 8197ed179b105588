// Kyverno's functions over maps and lists, and those that read texts of JSON and YAML
// (pkg/engine/jmespath/functions.go, v1.19.1).
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <unordered_map>
#include <vector>

#include "base/text.hpp"
#include "document/read.hpp"
#include "jmespath/functions/all.hpp"
#include "jmespath/internal/call.hpp"
#include "jmespath/internal/go_json.hpp"
#include "jmespath/internal/numbers.hpp"

namespace tally::jmespath {

namespace {

using Arguments = std::span<const Node>;

bool fail_argument(Call& call, std::string_view function, int number, std::string_view type) {
  return call.fail_function(function, fmt::format("argument #{} is not of type {}", number, type));
}

bool apply_label_match(Call& call, Arguments arguments, Node& out) {
  std::uint64_t steps = 0;
  bool matches = true;
  for (const document::Member label : arguments[0].members()) {
    steps += arguments[1].size();
    const Node* const found = arguments[1].find(label.key);
    matches = matches && found != nullptr && deep_equal(label.value, *found, steps);
  }
  return call.charge_steps(steps) && call.give_bool(matches, out);
}

bool apply_lookup(Call& call, Arguments arguments, Node& out) {
  const Node& where = arguments[0];
  const Node& key = arguments[1];
  out = Node{};
  if (where.is_object()) {
    if (!is_string(key)) {
      return fail_argument(call, "lookup", 2, "String");
    }
    const Node* const found = where.find(key.text());
    out = found == nullptr ? Node{} : *found;
    return true;
  }
  if (type_of(where) != Type::Array) {
    return fail_argument(call, "lookup", 1, "Object or Array");
  }
  if (!is_number(key)) {
    return fail_argument(call, "lookup", 2, "Number");
  }
  const double index = number_of(key);
  if (!std::isfinite(index) || std::trunc(index) != index) {
    return call.fail_function("lookup",
                              fmt::format("argument #2: expected an integer number but got: {}",
                                          go_number_text(index).text()));
  }
  if (std::fabs(index) > 9223372036854775808.0) {
    return call.fail_function(
        "lookup", fmt::format("argument #2: number is outside the range of integer numbers: {}",
                              go_number_text(index).text()));
  }
  if (index >= 0 && index < static_cast<double>(where.size())) {
    out = where.items()[static_cast<std::size_t>(index)];
  }
  return true;
}

// Of a map in the order of its keys; of a list with the indices as keys.
bool apply_items(Call& call, Arguments arguments, Node& out) {
  const Node& from = arguments[0];
  const std::array keys{arguments[1].text(), arguments[2].text()};
  if (type_of(from) == Type::ObjectArray) {
    return fail_argument(call, "items", 1, "Object or Array");
  }
  std::vector<std::size_t> order(from.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    order[i] = i;
  }
  if (from.is_object()) {
    std::ranges::sort(order, {}, [&from](std::size_t i) { return from.key(i); });
  }
  std::vector<Node> items(from.size());
  for (std::size_t i = 0; i < items.size(); ++i) {
    Node key = Node::make_string(from.is_object() ? from.key(order[i]) : std::string_view{}, 0);
    if (!from.is_object() && !call.give_number(static_cast<double>(i), key)) {
      return false;
    }
    // With one name for both, the value counts.
    const std::array pair{key, from.items()[order[i]]};
    const std::size_t skipped = keys[0] == keys[1] ? 1 : 0;
    if (!call.give_object(std::span(pair).subspan(skipped), std::span(keys).subspan(skipped),
                          items[i])) {
      return false;
    }
  }
  if (!call.charge_bytes(items.size() * sizeof(Node))) {
    return false;
  }
  out = make_object_array(call.arena(), items);
  return true;
}

bool apply_object_from_lists(Call& call, Arguments arguments, Node& out) {
  if (type_of(arguments[0]) != Type::Array || type_of(arguments[1]) != Type::Array) {
    return fail_argument(call, "object_from_lists", type_of(arguments[0]) != Type::Array ? 1 : 2,
                         "Array");
  }
  const auto values = arguments[1].items();
  std::vector<std::string_view> keys;
  std::vector<Node> kept;
  std::unordered_map<std::string_view, std::size_t> known;
  for (std::size_t i = 0; i < arguments[0].size(); ++i) {
    const Node& from = arguments[0].items()[i];
    std::string_view key = from.text();
    if (is_number(from)) {
      key = call.arena().copy(float32_text(number_of(from)).text());
    } else if (from.is_bool()) {
      key = from.boolean() ? "true" : "false";
    } else if (!is_string(from) && type_of(from) != Type::Integer) {
      return fail_argument(call, "object_from_lists", 1, "StringArray");
    }
    const Node value = i < values.size() ? values[i] : Node{};
    const auto [at, is_new] = known.emplace(key, keys.size());
    if (is_new) {
      keys.push_back(key);
      kept.push_back(value);
    } else {
      kept[at->second] = value;
    }
  }
  return call.charge_steps(keys.size()) && call.give_object(kept, keys, out);
}

// What a text may cost before it is read: its nodes are a few times as big.
bool charge_text(Call& call, std::string_view text) {
  return call.charge_steps(text.size()) && call.charge_bytes(text.size() * 8);
}

bool apply_parse_json(Call& call, Arguments arguments, Node& out) {
  const std::string_view text = arguments[0].text();
  if (!charge_text(call, text)) {
    return false;
  }
  auto value = read_go_json(text, call.arena(), {.depth = call.limits().json_depth});
  if (!value) {
    return call.fail(std::move(value).error());
  }
  out = *value;
  return true;
}

// A copy in the arena of the call, with numbers as Go's doubles.
Node copy_document(Arena& arena, const Node& node) {
  using document::NodeKind;
  switch (node.kind()) {
    case NodeKind::Null:
    case NodeKind::Bool:
      return node;
    case NodeKind::Number:
      return make_number(arena, node.number());
    case NodeKind::String:
      return Node::make_string(arena.copy(node.text()), 0);
    case NodeKind::Array: {
      std::vector<Node> items;
      for (const Node& item : node.items()) {
        items.push_back(copy_document(arena, item));
      }
      return Node::make_array(arena, items, 0);
    }
    case NodeKind::Object: {
      std::vector<Node> values;
      std::vector<std::string_view> keys;
      for (const document::Member member : node.members()) {
        values.push_back(copy_document(arena, member.value));
        keys.push_back(member.key);
      }
      return Node::make_object(arena, values, keys, {}, 0);
    }
  }
  return {};
}

// The first document of the text, as sigs.k8s.io/yaml reads it.
bool apply_parse_yaml(Call& call, Arguments arguments, Node& out) {
  const std::string_view text = arguments[0].text();
  if (!charge_text(call, text)) {
    return false;
  }
  document::ReadOptions options;
  options.limits.depth = call.limits().json_depth;
  options.limits.nodes = 1'000'000;
  options.limits.alias_nodes = 100'000;
  const auto source = document::Source::from_text("", text);
  Arena scratch;
  const auto slices = document::split(*source, options.limits);
  std::vector<document::Document> documents;
  std::vector<document::DocumentError> errors;
  if (!slices.empty()) {
    document::Slice first = slices.front();
    first.format = document::Format::Yaml;
    document::read_slice(*source, first, scratch, options, documents, errors);
  }
  if (!errors.empty()) {
    return call.fail("yaml: " + errors.front().error.message);
  }
  out = documents.empty() ? Node{} : copy_document(call.arena(), documents.front().root);
  return true;
}

constexpr std::array kOneText{kString};
constexpr std::array kTwoObjects{kObject, kObject};
constexpr std::array kTwoLists{kArray, kArray};
constexpr auto kContainer = static_cast<Accepts>(kObject | kArray);
constexpr std::array kLookup{kContainer, static_cast<Accepts>(kString | kNumber)};
constexpr std::array kItems{kContainer, kString, kString};

constexpr auto kFunctions = std::to_array<Function>({
    {.name = "items",
     .parameters = kItems,
     .returns = kArray,
     .apply = apply_items,
     .summary = "A map or list as a list of pairs, of which the second and third argument name the "
                "keys. As upstream, the list equals no other list, and is none to type(), "
                "to_array(), lookup() and sum().",
     .example = "items({a: `1`}, 'key', 'value')[0].key == 'a'"},
    {.name = "label_match",
     .parameters = kTwoObjects,
     .returns = kBoolean,
     .apply = apply_label_match,
     .summary = "Whether the second map has all pairs of the first.",
     .example = "label_match({app: 'web'}, {app: 'web', tier: 'front'})"},
    {.name = "lookup",
     .parameters = kLookup,
     .may_return_null = true,
     .apply = apply_lookup,
     .summary = "The value under a key of a map or at an index of a list, null without one.",
     .example = "lookup({a: `1`}, 'a') == `1`"},
    {.name = "object_from_lists",
     .parameters = kTwoLists,
     .returns = kObject,
     .apply = apply_object_from_lists,
     .summary = "A map of the keys of the first list and the values of the second.",
     .example = "object_from_lists(['a'], [`1`]) == {a: `1`}"},
    {.name = "parse_json",
     .parameters = kOneText,
     .apply = apply_parse_json,
     .summary = "The value of a JSON text.",
     .example = "parse_json('[1]') == [`1`]"},
    {.name = "parse_yaml",
     .parameters = kOneText,
     .apply = apply_parse_yaml,
     .summary = "The value of a YAML text, of its first document.",
     .example = "parse_yaml('a: 1') == {a: `1`}"},
});

}  // namespace

std::span<const Function> kyverno_object_functions() noexcept { return kFunctions; }

}  // namespace tally::jmespath

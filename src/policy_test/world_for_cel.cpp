// What CEL expressions ask: resource, http, globalContext, imageData, time
// (Kyverno 1.19 pkg/cel/libs/fake_context.go).
#include <fmt/format.h>

#include "base/text.hpp"
#include "kube/selectors.hpp"
#include "policy_test/internal/nodes.hpp"
#include "policy_test/internal/test_world.hpp"

namespace tally::policy_test {

using cel::ErrorCode;
using cel::Value;
using cel::ValueKind;
using document::Node;

namespace {

Value value_of(Arena& arena, const Node& node) {
  return Value::from_node(*arena.create<Node>(node));
}

std::string_view text_argument(std::span<const Value> args, std::size_t i) {
  return i < args.size() && args[i].is(ValueKind::String) ? args[i].text() : std::string_view{};
}

// Labels as an argument of resource.list: all of them must be there.
bool has_labels(Arena& arena, const kube::Object& object, const Value& labels) {
  for (std::size_t i = 0; i < cel::map_size(labels); ++i) {
    const Value key = cel::map_key_at(arena, labels, i);
    const Value value = cel::map_value_at(arena, labels, i);
    if (!key.is(ValueKind::String) || !value.is(ValueKind::String) ||
        object.label(key.text()) != value.text()) {
      return false;
    }
  }
  return true;
}

}  // namespace

Value TestWorld::ask_resource(Arena& arena, std::string_view function,
                              std::span<const Value> args) const {
  const std::string_view api_version = text_argument(args, 0);
  const std::string_view resource = text_argument(args, 1);
  if (function == "toGVR") {
    for (const kube::Object& object : objects_) {
      if (object.ref.kind == resource && object.kind != nullptr) {
        return Value::string(arena.copy(object.kind->plural));
      }
    }
    return Value::string(arena.copy(kube::guess_plural(resource)));
  }
  const std::string_view name_space = text_argument(args, 2);
  const auto found = select(api_version, resource, name_space);
  if (function == "get") {
    const std::string_view name = text_argument(args, 3);
    for (const kube::Object* object : found) {
      if (object->ref.name == name) {
        return value_of(arena, object->root);
      }
    }
    return cel::make_error(arena, ErrorCode::Custom, {resource, " \"", name, "\" not found"});
  }
  if (function == "list") {
    std::vector<Node> items;
    for (const kube::Object* object : found) {
      if (args.size() < 4 || !args[3].is(ValueKind::Map) || has_labels(arena, *object, args[3])) {
        items.push_back(object->root);
      }
    }
    if (found.empty() && !is_cluster_) {
      return cel::make_error(arena, ErrorCode::Custom, {resource, " resource not found"});
    }
    const Field fields[] = {{.key = "apiVersion", .value = make_text(arena, api_version)},
                            {.key = "kind", .value = make_text(arena, "List")},
                            {.key = "items", .value = Node::make_array(arena, items, 0)}};
    return value_of(arena, make_map(arena, fields));
  }
  return cel::not_provided(arena, "resource", function);
}

Value TestWorld::ask_http(Arena& arena, std::string_view function,
                          std::span<const Value> args) const {
  const std::string_view method = function == "post" ? "POST" : "GET";
  const std::string_view url = text_argument(args, 0);
  const CannedAnswer* answer = canned(method, url);
  if (answer == nullptr) {
    return cel::make_error(
        arena, ErrorCode::NotProvided,
        {"http: no apiCallResponses entry answers ", method, " ", arena.copy(excerpt(url, 200))});
  }
  const std::string status = std::to_string(answer->status);
  const Field fields[] = {{.key = "body", .value = answer->body},
                          {.key = "statusCode", .value = Node::make_number(arena.copy(status), 0)}};
  return value_of(arena, make_map(arena, fields));
}

Value TestWorld::ask(Arena& arena, std::string_view capability, std::string_view function,
                     std::span<const Value> args) const {
  if (capability == "resource") {
    return ask_resource(arena, function, args);
  }
  if (capability == "http") {
    return ask_http(arena, function, args);
  }
  if (capability == "globalContext") {
    const auto found = globals_.find(text_argument(args, 0));
    if (found == globals_.end()) {
      return Value::null();
    }
    const std::string_view projection = text_argument(args, 1);
    if (projection.empty()) {
      return value_of(arena, found->second);
    }
    const Node* value = found->second.find(projection);
    return value != nullptr
               ? value_of(arena, *value)
               : cel::make_error(arena, ErrorCode::Custom,
                                 {"projection \"", projection,
                                  "\" not found in global context entry \"", found->first, "\""});
  }
  if (capability == "imageData" && function == "get") {
    const std::string_view image = text_argument(args, 0);
    const auto found = images_.find(image);
    return found != images_.end()
               ? value_of(arena, found->second)
               : cel::make_error(arena, ErrorCode::NotProvided,
                                 {"image data for ", image, " not found in the context"});
  }
  if (capability == "now" && now_.seconds >= 0) {
    return Value::timestamp(now_.seconds, now_.nanoseconds);
  }
  return cel::not_provided(arena, capability, function);
}

}  // namespace tally::policy_test

#include "kyverno_cel/internal/payload.hpp"

#include <span>

#include "kyverno_cel/internal/nodes.hpp"

namespace tally::kyverno_cel {

using document::Node;

namespace {

enum class Empty : std::uint8_t { Text, Number, Map };
struct Field {
  std::string_view name;
  Empty empty = Empty::Text;
};

constexpr Field kHttp[] = {
    {"method", Empty::Text},   {"header", Empty::Map},  {"host", Empty::Text},
    {"protocol", Empty::Text}, {"path", Empty::Text},   {"contentLength", Empty::Number},
    {"body", Empty::Text},     {"scheme", Empty::Text}, {"query", Empty::Map},
    {"fragment", Empty::Text},
};
constexpr Field kEnvoyHttp[] = {
    {"id", Empty::Text},       {"method", Empty::Text},   {"headers", Empty::Map},
    {"path", Empty::Text},     {"host", Empty::Text},     {"scheme", Empty::Text},
    {"query", Empty::Text},    {"fragment", Empty::Text}, {"size", Empty::Number},
    {"protocol", Empty::Text}, {"body", Empty::Text},
};
constexpr Field kEnvoyPeer[] = {
    {"service", Empty::Text},
    {"labels", Empty::Map},
    {"principal", Empty::Text},
    {"certificate", Empty::Text},
};

Node empty_of(Arena& arena, Empty empty) {
  switch (empty) {
    case Empty::Text:
      return Node::make_string("", 0);
    case Empty::Number:
      return Node::make_number("0", 0);
    case Empty::Map:
      break;
  }
  return make_map(arena, {}, {}, 0);
}

Node complete(Arena& arena, const Node* given, std::span<const Field> fields) {
  Node made = given == nullptr || !given->is_object() ? make_map(arena, {}, {}, 0) : *given;
  for (const Field& field : fields) {
    if (present(made, field.name) == nullptr) {
      made = with_member(arena, made, field.name, empty_of(arena, field.empty));
    }
  }
  return made;
}

}  // namespace

Node complete_payload(Arena& arena, const Node& payload, Mode mode) {
  if (!payload.is_object() || (mode != Mode::Http && mode != Mode::Envoy)) {
    return payload;
  }
  const Node* attributes = present(payload, "attributes");
  if (mode == Mode::Http) {
    return with_member(arena, payload, "attributes", complete(arena, attributes, kHttp));
  }
  Node made = complete(arena, attributes, {});
  for (const std::string_view peer : {"source", "destination"}) {
    made = with_member(arena, made, peer, complete(arena, present(made, peer), kEnvoyPeer));
  }
  const Node request = complete(arena, present(made, "request"), {});
  made = with_member(
      arena, made, "request",
      with_member(arena, request, "http", complete(arena, present(request, "http"), kEnvoyHttp)));
  return with_member(arena, payload, "attributes", made);
}

}  // namespace tally::kyverno_cel

#include "cel/internal/detached_value.hpp"

#include "cel/internal/library.hpp"

namespace tally::cel {

Value detached_value(Arena& arena, const document::Node& node) {
  switch (node.kind()) {
    case document::NodeKind::Null:
      return Value::null();
    case document::NodeKind::Bool:
      return Value::boolean(node.boolean());
    case document::NodeKind::Number:
      return Value::real(node.number());
    case document::NodeKind::String:
      return Value::string(arena.copy(node.text()));
    case document::NodeKind::Array: {
      ListBuilder list(arena, node.size());
      for (const document::Node& item : node.items()) {
        list.add(detached_value(arena, item));
      }
      return list.finish();
    }
    case document::NodeKind::Object: {
      MapBuilder map(arena, node.size());
      for (const document::Member member : node.members()) {
        map.add(Value::string(arena.copy(member.key)), detached_value(arena, member.value));
      }
      return map.finish();
    }
  }
  return Value::null();
}

}  // namespace tally::cel

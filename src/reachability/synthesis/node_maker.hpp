#pragma once
// Small maps and lists as Nodes, for objects that we write.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/arena.hpp"
#include "document/node.hpp"

namespace tally::reachability {

class NodeMaker {
 public:
  explicit NodeMaker(Arena& arena) : arena_(arena) {}

  using Members = std::vector<std::pair<std::string_view, document::Node>>;
  [[nodiscard]] document::Node map(const Members& members) const {
    std::vector<document::Node> values;
    std::vector<std::string_view> keys;
    for (const auto& [key, value] : members) {
      keys.push_back(arena_.copy(key));
      values.push_back(value);
    }
    return document::Node::make_object(arena_, values, keys, "", 0);
  }
  [[nodiscard]] document::Node list(const std::vector<document::Node>& items) const {
    return document::Node::make_array(arena_, items, 0);
  }
  [[nodiscard]] document::Node text(std::string_view value) const {
    return document::Node::make_string(arena_.copy(value), 0);
  }
  [[nodiscard]] document::Node number(std::uint64_t value) const {
    return document::Node::make_number(arena_.copy(std::to_string(value)), 0);
  }

 private:
  Arena& arena_;
};

}  // namespace tally::reachability

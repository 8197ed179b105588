#pragma once
// Fields of manifests: a null is as good as none.

#include <string_view>

#include "document/node.hpp"

namespace tally::reachability::netpol_analyzer {

[[nodiscard]] inline const document::Node* field(const document::Node* node, std::string_view key) {
  const document::Node* found = node == nullptr ? nullptr : node->find(key);
  return found == nullptr || found->is_null() ? nullptr : found;
}

[[nodiscard]] inline std::string_view text_at(const document::Node* node, std::string_view key) {
  const document::Node* found = field(node, key);
  return found == nullptr ? std::string_view{} : found->text();
}

}  // namespace tally::reachability::netpol_analyzer

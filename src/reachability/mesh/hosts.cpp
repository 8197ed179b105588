#include "reachability/mesh/internal/hosts.hpp"

#include <algorithm>

namespace tally::reachability::mesh {

using document::Node;

std::string full_host(std::string_view host, std::string_view name_space) {
  std::string out(host);
  if (!host.contains('.') && !host.starts_with('*')) {
    out.append(".").append(name_space).append(".svc.cluster.local");
  }
  return out;
}

bool matches_host(std::string_view pattern, std::string_view host) noexcept {
  if (pattern == host || pattern == "*") {
    return true;
  }
  return pattern.starts_with('*') && host.ends_with(pattern.substr(1));
}

bool is_more_specific(std::string_view a, std::string_view b) noexcept {
  const bool a_is_exact = !a.starts_with('*');
  const bool b_is_exact = !b.starts_with('*');
  return a_is_exact != b_is_exact ? a_is_exact : a.size() > b.size();
}

bool is_exported(const Node* export_to, std::string_view own, std::string_view to) noexcept {
  if (export_to == nullptr || export_to->items().empty()) {
    return true;
  }
  return std::ranges::any_of(export_to->items(), [&](const Node& item) {
    const std::string_view text = item.text();
    return text == "*" || text == to || (text == "." && own == to);
  });
}

const Node* at_path(const Node& root, std::initializer_list<std::string_view> path) noexcept {
  const Node* at = &root;
  for (const std::string_view key : path) {
    at = at->find(key);
    if (at == nullptr) {
      return nullptr;
    }
  }
  return at;
}

std::string_view text_at(const Node& map, std::string_view key) noexcept {
  const Node* value = map.find(key);
  return value == nullptr ? std::string_view{} : value->text();
}

}  // namespace tally::reachability::mesh

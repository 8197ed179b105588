#include "access/rule.hpp"

#include <algorithm>

namespace tally::access {

using document::Node;

namespace {

const document::Name kVerbs{"verbs"};
const document::Name kApiGroups{"apiGroups"};
const document::Name kResources{"resources"};
const document::Name kResourceNames{"resourceNames"};
const document::Name kNonResourceUrls{"nonResourceURLs"};

std::span<const Node> list(const Node& rule, const document::Name& name) {
  const Node* found = rule.find(name);
  return found != nullptr && found->is_array() ? found->items() : std::span<const Node>{};
}

bool has(const Node& rule, const document::Name& name, std::string_view wanted) {
  return std::ranges::any_of(list(rule, name), [&](const Node& item) {
    return item.is_string() && (item.text() == "*" || item.text() == wanted);
  });
}

bool resource_matches(std::string_view written, const Access& access) {
  if (written == "*") {
    return true;
  }
  if (access.subresource.empty()) {
    return written == access.resource;
  }
  const std::size_t slash = written.find('/');
  // "*/scale": that subresource of everything.
  return slash != std::string_view::npos && written.substr(slash + 1) == access.subresource &&
         (written.substr(0, slash) == access.resource || written.substr(0, slash) == "*");
}

bool resource_matches(const Node& rule, const Access& access) {
  return std::ranges::any_of(list(rule, kResources), [&](const Node& item) {
    return item.is_string() && resource_matches(item.text(), access);
  });
}

bool name_matches(const Node& rule, const Access& access) {
  const auto names = list(rule, kResourceNames);
  // No star here: it would be a name.
  return names.empty() || std::ranges::any_of(names, [&](const Node& item) {
           return item.is_string() && item.text() == access.name;
         });
}

bool path_matches(const Node& rule, const Access& access) {
  return std::ranges::any_of(list(rule, kNonResourceUrls), [&](const Node& item) {
    std::string_view written = item.is_string() ? item.text() : std::string_view{};
    if (written == access.path) {
      return item.is_string();
    }
    if (!written.ends_with('*')) {
      return false;
    }
    const std::size_t last = written.find_last_not_of('*');
    written = last == std::string_view::npos ? std::string_view{} : written.substr(0, last + 1);
    return access.path.starts_with(written);
  });
}

}  // namespace

// RuleAllows
bool rule_allows(const Node& rule, const Access& access) {
  if (!has(rule, kVerbs, access.verb)) {
    return false;
  }
  if (!access.path.empty()) {
    return path_matches(rule, access);
  }
  return has(rule, kApiGroups, access.group) && resource_matches(rule, access) &&
         name_matches(rule, access);
}

}  // namespace tally::access

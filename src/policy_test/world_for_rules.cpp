#include "policy_test/internal/world_for_rules.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "kube/objects.hpp"
#include "kube/selectors.hpp"
#include "policy_test/internal/nodes.hpp"

namespace tally::policy_test {

using document::Node;
using kyverno::Capability;

namespace {

// "/apis/apps/v1/namespaces/x/deployments/web?labelSelector=a%3Db"
struct ApiPath {
  std::string api_version;
  std::string name_space;
  std::string plural;
  std::string name;
  std::string selector;
  bool is_valid = false;
};

std::string unescaped(std::string_view text) {
  const auto digit = [](char c) {
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
  };
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && digit(text[i + 1]) >= 0 &&
        digit(text[i + 2]) >= 0) {
      out += static_cast<char>(digit(text[i + 1]) * 16 + digit(text[i + 2]));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

ApiPath parse_path(std::string_view path) {
  ApiPath parsed;
  const std::size_t query = path.find('?');
  if (query != std::string_view::npos) {
    std::string_view rest = path.substr(query + 1);
    while (!rest.empty()) {
      const std::size_t end = std::min(rest.find('&'), rest.size());
      const std::string_view pair = rest.substr(0, end);
      if (pair.starts_with("labelSelector=")) {
        parsed.selector = unescaped(pair.substr(14));
      }
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    path = path.substr(0, query);
  }
  std::vector<std::string> parts;
  while (!path.empty()) {
    const std::size_t end = std::min(path.find('/'), path.size());
    if (end > 0) {
      parts.push_back(unescaped(path.substr(0, end)));
    }
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  std::size_t at = 0;
  if (parts.size() >= 3 && parts[0] == "api") {
    parsed.api_version = parts[1];
    at = 2;
  } else if (parts.size() >= 4 && parts[0] == "apis") {
    parsed.api_version = parts[1] + "/" + parts[2];
    at = 3;
  } else {
    return parsed;
  }
  if (parts[at] == "namespaces" && parts.size() > at + 2) {
    parsed.name_space = parts[at + 1];
    at += 2;
  }
  parsed.plural = parts[at];
  parsed.name = at + 1 < parts.size() ? parts[at + 1] : std::string{};
  parsed.is_valid = at + 2 >= parts.size();  // subresources are not here
  return parsed;
}

// "a=b,c!=d,e": what a query holds; nothing for forms that we do not read.
bool matches_query(const kube::Object& object, std::string_view query) {
  while (!query.empty()) {
    const std::size_t end = std::min(query.find(','), query.size());
    const std::string_view term = trim(query.substr(0, end));
    query.remove_prefix(std::min(end + 1, query.size()));
    const std::size_t equals = term.find('=');
    if (equals == std::string_view::npos) {
      const bool negated = term.starts_with('!');
      if (object.label(negated ? term.substr(1) : term).has_value() == negated) {
        return false;
      }
      continue;
    }
    const bool negated = equals > 0 && term[equals - 1] == '!';
    const std::string_view key = trim(term.substr(0, negated ? equals - 1 : equals));
    std::string_view value = term.substr(equals + 1);
    value = trim(value.starts_with('=') ? value.substr(1) : value);
    if ((object.label(key) == value) == negated) {
      return false;
    }
  }
  return true;
}

Node make_list(Arena& arena, std::string_view api_version, std::string_view kind,
               std::span<const Node> items) {
  const Field fields[] = {{.key = "apiVersion", .value = make_text(arena, api_version)},
                          {.key = "kind", .value = make_text(arena, kind)},
                          {.key = "metadata", .value = make_map(arena, {})},
                          {.key = "items", .value = Node::make_array(arena, items, 0)}};
  return make_map(arena, fields);
}

}  // namespace

bool WorldForRules::provides(Capability capability) const {
  switch (capability) {
    case Capability::ConfigMaps:
      return world_.is_cluster();
    case Capability::ApiCalls:
      return world_.is_cluster() || world_.has_canned();
    case Capability::GlobalContext:
      return !world_.globals().empty();
    case Capability::ImageRegistry:
      return !world_.images().empty();
    case Capability::Objects:
      return true;
  }
  return false;
}

WorldForRules::Answer WorldForRules::config_map(Arena& arena, std::string_view name_space,
                                                std::string_view name) const {
  static_cast<void>(arena);
  for (const kube::Object& object : objects_) {
    if (object.ref.group.empty() && object.ref.kind == "ConfigMap" && object.ref.name == name &&
        object.ref.name_space == name_space) {
      return object.root;
    }
  }
  return std::unexpected(fmt::format("configmaps \"{}\" not found", name));
}

WorldForRules::Answer WorldForRules::api_call(Arena& arena, const kyverno::ApiCall& call) const {
  const std::string_view method = call.method.empty() ? "GET" : call.method;
  const std::string_view url = call.service.empty() ? call.path : call.service;
  if (const TestWorld::CannedAnswer* answer = world_.canned(method, url)) {
    if (answer->status < 200 || answer->status >= 300) {
      return std::unexpected(fmt::format("HTTP {} from {}", answer->status, url));
    }
    return answer->body;
  }
  if (!call.service.empty() || !world_.is_cluster()) {
    return std::unexpected(fmt::format("no apiCallResponses entry answers {} {}", method, url));
  }
  const ApiPath path = parse_path(call.path);
  if (!path.is_valid || method != "GET") {
    return std::unexpected(fmt::format("the test's cluster does not serve {} {}", method, url));
  }
  std::vector<Node> items;
  std::string kind = "List";
  for (const kube::Object* object : world_.select(path.api_version, path.plural, path.name_space)) {
    if (!path.name.empty()) {
      if (object->ref.name == path.name) {
        return object->root;
      }
      continue;
    }
    kind = std::string(object->ref.kind) + "List";
    if (matches_query(*object, path.selector)) {
      items.push_back(object->root);
    }
  }
  if (!path.name.empty()) {
    return std::unexpected(fmt::format("{} \"{}\" not found", path.plural, path.name));
  }
  return make_list(arena, path.api_version, kind, items);
}

WorldForRules::Answer WorldForRules::global_context(Arena& arena, std::string_view name) const {
  static_cast<void>(arena);
  const auto found = world_.globals().find(name);
  if (found == world_.globals().end()) {
    return std::unexpected(fmt::format("the test has no global context entry \"{}\"", name));
  }
  return found->second;
}

WorldForRules::Answer WorldForRules::image_data(Arena& arena, std::string_view reference) const {
  static_cast<void>(arena);
  const auto found = world_.images().find(reference);
  if (found == world_.images().end()) {
    return std::unexpected(fmt::format("the test's context has no image \"{}\"", reference));
  }
  return found->second;
}

WorldForRules::Answer WorldForRules::get(Arena& arena, std::string_view api_version,
                                         std::string_view kind, std::string_view name_space,
                                         std::string_view name) const {
  static_cast<void>(arena);
  const auto wanted = kube::split_api_version(api_version);
  for (const kube::Object& object : objects_) {
    if (wanted && object.ref.group == wanted->group && object.ref.version == wanted->version &&
        object.ref.kind == kind && object.ref.name == name && object.ref.name_space == name_space) {
      return object.root;
    }
  }
  return Node{};
}

WorldForRules::Answer WorldForRules::list(Arena& arena, std::string_view api_version,
                                          std::string_view kind, std::string_view name_space,
                                          const Node& selector) const {
  std::vector<Node> items;
  scalar::LabelSelector labels;
  if (selector.is_object()) {
    auto read = kube::read_label_selector(selector);
    if (!read) {
      return std::unexpected(read.error().message);
    }
    labels = std::move(*read);
  }
  for (const kube::Object& object : objects_) {
    const std::string own = fmt::format("{}{}{}", object.ref.group,
                                        object.ref.group.empty() ? "" : "/", object.ref.version);
    if (wildcard_match(api_version, own) && wildcard_match(kind, object.ref.kind) &&
        (name_space.empty() || object.ref.name_space == name_space) &&
        (!selector.is_object() || kube::matches(labels, object.labels()))) {
      items.push_back(object.root);
    }
  }
  return Node::make_array(arena, items, 0);
}

}  // namespace tally::policy_test

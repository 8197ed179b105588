#include "assessment/kyverno_world.hpp"

#include <fmt/format.h>

#include <array>
#include <optional>
#include <vector>

#include "base/text.hpp"
#include "kube/selectors.hpp"

namespace tally::assessment {

using document::Node;
using kyverno::Capability;

namespace {

struct GroupVersion {
  std::string_view group;
  std::string_view version;
};

GroupVersion split(std::string_view api_version) {
  const std::size_t slash = api_version.find('/');
  return slash == std::string_view::npos
             ? GroupVersion{{}, api_version}
             : GroupVersion{api_version.substr(0, slash), api_version.substr(slash + 1)};
}

std::unexpected<std::string> missing(std::string text) { return std::unexpected(std::move(text)); }

// What a path of the API server names.
struct ApiPath {
  GroupVersion version;
  std::string_view name_space;
  std::string_view resource;
  std::string_view name;
  std::string_view selector;  // labelSelector of the query
};

// /api/v1/namespaces/NS/pods/NAME, /apis/apps/v1/deployments?labelSelector=...
std::optional<ApiPath> parse_path(std::string_view text) {
  ApiPath out;
  if (const std::size_t mark = text.find('?'); mark != std::string_view::npos) {
    std::string_view query = text.substr(mark + 1);
    text = text.substr(0, mark);
    while (!query.empty()) {
      const std::size_t end = std::min(query.find('&'), query.size());
      const std::string_view pair = query.substr(0, end);
      constexpr std::string_view kSelector = "labelSelector=";
      if (pair.starts_with(kSelector)) {
        out.selector = pair.substr(kSelector.size());
      } else if (!pair.starts_with("limit=")) {
        return std::nullopt;
      }
      query.remove_prefix(std::min(end + 1, query.size()));
    }
  }
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const std::size_t slash = std::min(text.find('/'), text.size());
    if (slash > 0) {
      parts.push_back(text.substr(0, slash));
    }
    text.remove_prefix(std::min(slash + 1, text.size()));
  }
  std::size_t at = 0;
  if (parts.size() >= 3 && parts[0] == "api") {
    out.version = {{}, parts[1]};
    at = 2;
  } else if (parts.size() >= 4 && parts[0] == "apis") {
    out.version = {parts[1], parts[2]};
    at = 3;
  } else {
    return std::nullopt;
  }
  if (parts[at] == "namespaces" && parts.size() > at + 2) {
    out.name_space = parts[at + 1];
    at += 2;
  }
  out.resource = parts[at++];
  if (at < parts.size()) {
    out.name = parts[at++];
  }
  return at == parts.size() ? std::optional(out) : std::nullopt;
}

}  // namespace

bool KyvernoWorld::provides(Capability capability) const {
  switch (capability) {
    case Capability::ConfigMaps:
    case Capability::ApiCalls:
    case Capability::Objects:
    case Capability::GlobalContext:
    case Capability::ImageRegistry:
      return true;  // each says what it does not know
  }
  return false;
}

kyverno::World::Answer KyvernoWorld::config_map(Arena& arena, std::string_view name_space,
                                                std::string_view name) const {
  const kube::Object* found = snapshot_->find("", "ConfigMap", name_space, name);
  if (found == nullptr) {
    return missing(fmt::format("the ConfigMap {}/{} is not in the input", name_space, name));
  }
  const Node* data = found->root.find("data");
  const std::array<std::string_view, 2> keys{"data", "metadata"};
  const std::array<Node, 2> values{data == nullptr ? Node{} : *data, found->metadata};
  return Node::make_object(arena, values, keys, {}, 0);
}

kyverno::World::Answer KyvernoWorld::get(Arena&, std::string_view api_version,
                                         std::string_view kind, std::string_view name_space,
                                         std::string_view name) const {
  const kube::Object* found = snapshot_->find(split(api_version).group, kind, name_space, name);
  return found == nullptr ? Node{} : found->root;
}

kyverno::World::Answer KyvernoWorld::list(Arena& arena, std::string_view api_version,
                                          std::string_view kind, std::string_view name_space,
                                          const Node& selector) const {
  scalar::LabelSelector labels;
  if (selector.is_object()) {
    auto read = kube::read_label_selector(selector);
    if (!read) {
      return missing(read.error().message);
    }
    labels = std::move(*read);
  }
  std::vector<Node> out;
  for (const std::uint32_t position : snapshot_->by_kind(split(api_version).group, kind)) {
    const kube::Object& object = snapshot_->objects()[position];
    if ((name_space.empty() || wildcard_match(name_space, object.ref.name_space)) &&
        kube::matches(labels, object.labels())) {
      out.push_back(object.root);
    }
  }
  return Node::make_array(arena, out, 0);
}

kyverno::World::Answer KyvernoWorld::api_call(Arena& arena, const kyverno::ApiCall& call) const {
  if (!call.service.empty()) {
    return missing(fmt::format("calls of services are not made: {}", call.service));
  }
  const std::optional<ApiPath> path = parse_path(call.path);
  if (call.method != "GET" || !path) {
    return missing(fmt::format("{} {} cannot be answered from the input", call.method, call.path));
  }
  const kube::ApiKind* kind =
      kube::find_resource(path->version.group, path->version.version, path->resource);
  if (kind == nullptr && kinds_ != nullptr) {
    for (const kube::ApiKind& custom : kinds_->kinds()) {
      if (custom.group == path->version.group && custom.plural == path->resource) {
        kind = &custom;
      }
    }
  }
  if (kind == nullptr) {
    return missing(fmt::format("the resource {} is not known", path->resource));
  }
  const auto of_kind = snapshot_->by_kind(kind->group, kind->kind);
  if (of_kind.empty()) {
    return missing(fmt::format("the input holds no {}", path->resource));
  }
  if (!path->name.empty()) {
    const kube::Object* found =
        snapshot_->find(kind->group, kind->kind, path->name_space, path->name);
    if (found == nullptr) {
      return missing(fmt::format("{} is not in the input", call.path));
    }
    return found->root;
  }
  scalar::LabelSelector labels;
  if (!path->selector.empty()) {
    auto parsed = scalar::LabelSelector::parse(path->selector);
    if (!parsed) {
      return missing(parsed.error().message);
    }
    labels = std::move(*parsed);
  }
  std::vector<Node> items;
  for (const std::uint32_t position : of_kind) {
    const kube::Object& object = snapshot_->objects()[position];
    if ((path->name_space.empty() || object.ref.name_space == path->name_space) &&
        kube::matches(labels, object.labels())) {
      items.push_back(object.root);
    }
  }
  const std::array<std::string_view, 3> keys{"apiVersion", "kind", "items"};
  const std::array<Node, 3> values{Node::make_string("v1", 0),
                                   Node::make_string(arena.concat({kind->kind, "List"}), 0),
                                   Node::make_array(arena, items, 0)};
  return Node::make_object(arena, values, keys, {}, 0);
}

kyverno::World::Answer KyvernoWorld::global_context(Arena&, std::string_view name) const {
  return missing(fmt::format("the global context entry {} is not known here", name));
}

kyverno::World::Answer KyvernoWorld::image_data(Arena&, std::string_view reference) const {
  return missing(fmt::format("no registry is asked about {}", reference));
}

}  // namespace tally::assessment

#include "assessment/kyverno_world.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "base/text.hpp"
#include "document/json_writer.hpp"
#include "jmespath/expression.hpp"
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

std::unexpected<KyvernoWorld::NoEntry> not_here(std::string text) {
  return std::unexpected(KyvernoWorld::NoEntry{.message = std::move(text), .is_unknown = true});
}
std::unexpected<KyvernoWorld::NoEntry> wrong(std::string text) {
  return std::unexpected(KyvernoWorld::NoEntry{.message = std::move(text), .is_unknown = false});
}

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

std::expected<Node, KyvernoWorld::NoEntry> KyvernoWorld::call_path(
    Arena& arena, const kyverno::ApiCall& call) const {
  const std::optional<ApiPath> path = parse_path(call.path);
  if (call.method != "GET" || !path) {
    return not_here(fmt::format("{} {} cannot be answered from the input", call.method, call.path));
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
    return not_here(fmt::format("the resource {} is not known", path->resource));
  }
  const auto of_kind = snapshot_->by_kind(kind->group, kind->kind);
  if (of_kind.empty()) {
    return not_here(fmt::format("the input holds no {}", path->resource));
  }
  if (!path->name.empty()) {
    const kube::Object* found =
        snapshot_->find(kind->group, kind->kind, path->name_space, path->name);
    if (found == nullptr) {
      return not_here(fmt::format("{} is not in the input", call.path));
    }
    return found->root;
  }
  scalar::LabelSelector labels;
  if (!path->selector.empty()) {
    auto parsed = scalar::LabelSelector::parse(path->selector);
    if (!parsed) {
      return not_here(parsed.error().message);
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

// pkg/engine/apicall/executor.go, executeServiceCall. No token is added: the policy's headers are
// all that is sent.
std::expected<Node, KyvernoWorld::NoEntry> KyvernoWorld::call_service(
    const kyverno::ApiCall& call) const {
  if (outside_ == nullptr || !outside_->has_caller()) {
    return not_here(fmt::format("{} is not called: no host is named by --allow-host",
                                excerpt(call.service, 200)));
  }
  HttpCall request{.method = std::string(call.method),
                   .url = std::string(call.service),
                   .ca_bundle = std::string(call.ca_bundle)};
  for (const Node& header : call.headers.items()) {
    const Node* key = header.find("key");
    const Node* value = header.find("value");
    if (key != nullptr && value != nullptr) {
      request.headers.emplace_back(key->text(), value->text());
    }
  }
  if (call.method == "POST") {
    if (call.data.is_object()) {
      document::append_json(request.body, call.data);
    } else {
      request.body = "{}";
    }
    request.body += '\n';  // json.Encoder
  }
  const Outside::Outcome answered = outside_->call(request);
  if (!answered) {
    return wrong(answered.error());
  }
  const Outside::Answered& answer = **answered;
  if (answer.status < 200 || answer.status >= 300) {
    return wrong(fmt::format("HTTP {}: {}", answer.status, excerpt(answer.body, 200)));
  }
  if (!answer.json) {
    return wrong(fmt::format("{} answers no JSON", excerpt(call.service, 200)));
  }
  return *answer.json;
}

kyverno::World::Answer KyvernoWorld::api_call(Arena& arena, const kyverno::ApiCall& call) const {
  auto answer = call.service.empty() ? call_path(arena, call) : call_service(call);
  if (!answer) {
    return missing(std::move(answer.error().message));
  }
  return *answer;
}

// The data of an entry before its projections: pkg/globalcontext/k8sresource/entry.go (the list of
// the objects) and externalapi/entry.go (what the call answers).
std::expected<KyvernoWorld::GlobalEntry, KyvernoWorld::NoEntry> KyvernoWorld::entry_data(
    Arena& arena, std::string_view name, const Node& spec) const {
  const auto text = [](const Node& map, std::string_view key) {
    const Node* found = map.find(key);
    return found == nullptr ? std::string_view{} : found->text();
  };
  if (const Node* of = spec.find("kubernetesResource"); of != nullptr && of->is_object()) {
    const std::string_view group = text(*of, "group");
    const std::string_view name_space = text(*of, "namespace");
    std::string path = group.empty() ? fmt::format("/api/{}", text(*of, "version"))
                                     : fmt::format("/apis/{}/{}", group, text(*of, "version"));
    if (!name_space.empty()) {
      path += fmt::format("/namespaces/{}", name_space);
    }
    path += fmt::format("/{}", text(*of, "resource"));
    const auto list = call_path(arena, {.method = "GET", .path = path});
    if (!list) {
      return std::unexpected(list.error());
    }
    const Node items = *list->find("items");
    const std::string_view version = text(*of, "version");
    for (const Node& item : items.items()) {
      if (const std::string_view written = split(text(item, "apiVersion")).version;
          written != version) {
        return not_here(fmt::format("{} of {} are written as version {}", text(*of, "resource"),
                                    version, written));
      }
    }
    return GlobalEntry{.value = items, .is_called = false};
  }
  const Node* of = spec.find("apiCall");
  if (of == nullptr || !of->is_object()) {
    return wrong(fmt::format("the GlobalContextEntry {} names neither objects nor a call", name));
  }
  kyverno::ApiCall call{.method = text(*of, "method"), .path = text(*of, "urlPath")};
  if (call.method.empty()) {
    call.method = "GET";
  }
  std::vector<std::string_view> keys;
  std::vector<Node> values;
  if (const Node* data = of->find("data"); data != nullptr) {
    for (const Node& item : data->items()) {
      const Node* value = item.find("value");
      keys.push_back(text(item, "key"));
      values.push_back(value == nullptr ? Node{} : *value);
    }
    call.data = Node::make_object(arena, values, keys, {}, 0);
  }
  if (const Node* service = of->find("service"); service != nullptr && service->is_object()) {
    call.service = text(*service, "url");
    call.ca_bundle = text(*service, "caBundle");
    if (const Node* headers = service->find("headers"); headers != nullptr) {
      call.headers = *headers;
    }
  }
  if (call.path.empty() && call.service.empty()) {
    return wrong(fmt::format("missing service for APICall {}", name));
  }
  const auto answer = call.path.empty() ? call_service(call) : call_path(arena, call);
  if (!answer) {
    return std::unexpected(answer.error());
  }
  return GlobalEntry{.value = *answer, .is_called = true};
}

std::expected<KyvernoWorld::GlobalEntry, KyvernoWorld::NoEntry> KyvernoWorld::global_entry(
    Arena& arena, std::string_view name, std::string_view projection) const {
  const kube::Object* object = snapshot_->find("kyverno.io", "GlobalContextEntry", {}, name);
  const Node* spec = object == nullptr ? nullptr : object->root.find("spec");
  if (spec == nullptr) {
    return not_here(fmt::format("the input holds no GlobalContextEntry {}", name));
  }
  auto entry = entry_data(arena, name, *spec);
  if (!entry || projection.empty()) {
    return entry;
  }
  const Node* projections = spec->find("projections");
  const auto rows = projections == nullptr ? std::span<const Node>{} : projections->items();
  for (const Node& row : rows) {
    const Node* own_name = row.find("name");
    const Node* path = row.find("jmesPath");
    if (own_name == nullptr || own_name->text() != projection || path == nullptr) {
      continue;
    }
    const auto expression = jmespath::Expression::compile(path->text(), jmespath::Dialect::Kyverno);
    if (!expression) {
      return wrong(
          fmt::format("the projection {} of {}: {}", projection, name, expression.error().message));
    }
    const auto found = expression->search(entry->value, arena, functions());
    if (!found) {
      return wrong(
          fmt::format("the projection {} of {}: {}", projection, name, found.error().message));
    }
    // The result points into the expression, which ends here.
    entry->value = document::deep_copy(arena, *found);
    if (entry->is_called && entry->value.is_null()) {
      return wrong("no data available");
    }
    return entry;
  }
  return wrong(entry->is_called ? std::string("no data available")
                                : fmt::format("projection \"{}\" not found", projection));
}

kyverno::World::Answer KyvernoWorld::global_context(Arena& arena, std::string_view name) const {
  // pkg/engine/context/loaders/globalcontext.go: what stands behind a second point is not read.
  const std::size_t point = std::min(name.find('.'), name.size());
  std::string_view projection = name.substr(std::min(point + 1, name.size()));
  projection = projection.substr(0, projection.find('.'));
  auto entry = global_entry(arena, name.substr(0, point), projection);
  if (!entry) {
    return missing(std::move(entry.error().message));
  }
  return entry->value;
}

kyverno::World::Answer KyvernoWorld::image_data(Arena&, std::string_view reference) const {
  return missing(fmt::format("no registry is asked about {}", reference));
}

}  // namespace tally::assessment

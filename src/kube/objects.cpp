// kubectl flattens `List` and typed lists before it looks at the items (cli-runtime,
// resource.FlattenListVisitor), lists in lists included; items of a typed list get its apiVersion
// and their kind from it.
#include "kube/objects.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "kube/api_kinds.hpp"

namespace tally::kube {

namespace {

using document::Name;
using document::Node;

const Name kApiVersion{"apiVersion"};
const Name kKind{"kind"};
const Name kMetadata{"metadata"};
const Name kItems{"items"};
const Name kName{"name"};
const Name kNamespace{"namespace"};

constexpr std::uint32_t kListDepthMax = 32;  // lists in lists

std::string_view text_at(const Node& map, const Name& name) {
  const Node* found = map.find(name);
  return found != nullptr && found->is_string() ? found->text() : std::string_view{};
}

bool has_map(const Node& root, std::string_view key) {
  const Node* found = root.find(key);
  return found != nullptr && found->is_object();
}

bool has(const Node& root, std::string_view key) { return root.find(key) != nullptr; }

Resemblance resemblance_of(const Node& root) {
  if (root.is_array()) {
    return Resemblance::PlainList;
  }
  if (!root.is_object()) {
    return Resemblance::Scalar;
  }
  if (has_map(root, "services") && !has(root, "kind")) {
    return Resemblance::DockerCompose;
  }
  // YAML 1.1 reads the key `on` as the boolean true.
  if (has_map(root, "jobs") && (has(root, "on") || has(root, "true"))) {
    return Resemblance::GithubWorkflow;
  }
  if (has(root, "stages") &&
      (has(root, "variables") || has(root, "include") || has(root, "image"))) {
    return Resemblance::GitlabPipeline;
  }
  if (has(root, "openapi") || has(root, "swagger")) {
    return Resemblance::OpenApi;
  }
  if (has(root, "$schema") || (has_map(root, "properties") && has(root, "type"))) {
    return Resemblance::JsonSchema;
  }
  constexpr std::array<std::string_view, 7> kKustomize{"resources",
                                                       "bases",
                                                       "patchesStrategicMerge",
                                                       "patchesJson6902",
                                                       "configMapGenerator",
                                                       "secretGenerator",
                                                       "namePrefix"};
  const auto hits = std::count_if(kKustomize.begin(), kKustomize.end(),
                                  [&root](std::string_view key) { return has(root, key); });
  const Node* resources = root.find("resources");
  if (hits > 1 || (hits == 1 && (resources == nullptr || resources->is_array()))) {
    return Resemblance::Kustomization;
  }
  if (has(root, "apiVersion") && has(root, "name") && has(root, "version") && !has(root, "kind")) {
    return Resemblance::HelmChart;
  }
  constexpr std::array<std::string_view, 8> kValues{
      "replicaCount",     "image",          "ingress",    "global", "nameOverride",
      "fullnameOverride", "serviceAccount", "autoscaling"};
  const auto values = std::count_if(kValues.begin(), kValues.end(),
                                    [&root](std::string_view key) { return has(root, key); });
  return values > 0 && !has(root, "apiVersion") && !has(root, "kind") ? Resemblance::HelmValues
                                                                      : Resemblance::Nothing;
}

// "found" part of a reason for a field that should be a text.
std::string found_instead(const Node* node) {
  if (node == nullptr) {
    return "is missing";
  }
  if (node->is_string()) {
    return node->text().empty() ? "is empty" : fmt::format("is \"{}\"", excerpt(node->text()));
  }
  return fmt::format("is a {}, expected a string", document::kind_name(node->kind()));
}

struct Defaults {
  std::string_view api_version;
  std::string_view kind;
};

// The reason why a node is no object, or nothing.
std::string problem_with(const Node& root, std::string_view api_version, std::string_view kind) {
  if (!root.is_object()) {
    return fmt::format("found a {}, expected a map with apiVersion, kind and metadata",
                       document::kind_name(root.kind()));
  }
  if (api_version.empty() && kind.empty() && root.find(kApiVersion) == nullptr &&
      root.find(kKind) == nullptr) {
    return "apiVersion and kind are missing: this is no Kubernetes object";
  }
  if (kind.empty()) {
    return fmt::format("Object 'Kind' is missing: kind {}", found_instead(root.find(kKind)));
  }
  if (api_version.empty()) {
    return fmt::format("Object 'apiVersion' is missing: apiVersion {} (kind {})",
                       found_instead(root.find(kApiVersion)), excerpt(kind));
  }
  if (!split_api_version(api_version)) {
    return fmt::format("unexpected apiVersion \"{}\": expected \"group/version\" or \"version\"",
                       excerpt(api_version));
  }
  return {};
}

// Precondition: problem_with() is empty.
Object make_object(const Node& root, std::string_view api_version, std::string_view kind) {
  Object object;
  object.root = root;
  const auto group_version = split_api_version(api_version).value_or(GroupVersion{});
  object.ref.group = group_version.group;
  object.ref.version = group_version.version;
  object.ref.kind = kind;
  if (const Node* metadata = root.find(kMetadata); metadata != nullptr && metadata->is_object()) {
    object.metadata = *metadata;
    object.ref.name = text_at(*metadata, kName);
    object.ref.name_space = text_at(*metadata, kNamespace);
  }
  object.kind = find_kind(object.ref.group, object.ref.version, kind);
  return object;
}

// A kind that ends in List, with a list of items, and that is no kind of its own.
const Node* list_items(const Node& root, std::string_view kind) {
  if (!kind.ends_with("List")) {
    return nullptr;
  }
  const Node* items = root.find(kItems);
  return items != nullptr && items->is_array() ? items : nullptr;
}

// helm template writes "# Source: chart/templates/x.yaml" at the top of each document.
std::string_view template_source_of(const document::Document& document,
                                    const document::Source& source) {
  std::string_view text =
      source.text().substr(std::min<std::size_t>(document.begin, source.text().size()));
  text = text.substr(0, document.end - document.begin);
  while (text.starts_with("---") || text.starts_with('#') || text.starts_with('\n') ||
         text.starts_with('\r')) {
    const auto end = text.find('\n');
    if (text.starts_with("# Source: ")) {
      return trim(text.substr(10, end == std::string_view::npos ? end : end - 10));
    }
    if (end == std::string_view::npos) {
      break;
    }
    text.remove_prefix(end + 1);
  }
  return {};
}

// Which item of which list, up to the document; becomes a text only for what is reported.
struct Place {
  const Place* list = nullptr;  // null: the document itself
  std::size_t item = 0;
  [[nodiscard]] std::string pointer() const {
    return list == nullptr ? std::string{} : fmt::format("{}/items/{}", list->pointer(), item);
  }
};

class Collector {
 public:
  Collector(const document::Document& document, const document::Source& source,
            std::vector<Object>& objects, std::vector<NotAnObject>& rejected)
      : document_(document),
        source_(source),
        template_source_(template_source_of(document, source)),
        objects_(objects),
        rejected_(rejected) {}

  void collect(const Node& root, const Defaults& defaults, const Place& place,
               std::uint32_t depth) {
    std::string_view api_version = text_at(root, kApiVersion);
    std::string_view kind = text_at(root, kKind);
    api_version = api_version.empty() && root.find(kApiVersion) == nullptr ? defaults.api_version
                                                                           : api_version;
    kind = kind.empty() && root.find(kKind) == nullptr ? defaults.kind : kind;
    if (std::string problem = problem_with(root, api_version, kind); !problem.empty()) {
      reject(root, place, std::move(problem));
      return;
    }
    const Node* items = list_items(root, kind);
    if (items == nullptr) {
      Object object = make_object(root, api_version, kind);
      object.source = &source_;
      object.document = document_.ordinal;
      object.item = item_;
      object.template_source = template_source_;
      objects_.push_back(object);
      return;
    }
    if (depth == kListDepthMax) {
      reject(root, place, fmt::format("lists are nested more than {} deep", kListDepthMax));
      return;
    }
    const bool typed = kind.size() > 4;
    const Defaults inherited{.api_version = typed ? api_version : std::string_view{},
                             .kind = typed ? kind.substr(0, kind.size() - 4) : std::string_view{}};
    for (std::size_t i = 0; i < items->size(); ++i) {
      if (depth == 0) {
        item_ = static_cast<std::uint32_t>(i + 1);
      }
      collect(items->items()[i], inherited, {&place, i}, depth + 1);
    }
  }

 private:
  void reject(const Node& root, const Place& place, std::string reason) {
    NotAnObject row;
    row.offset = root.offset();
    row.document = document_.ordinal;
    row.pointer = place.pointer();
    row.reason = std::move(reason);
    row.resemblance = resemblance_of(root);
    rejected_.push_back(std::move(row));
  }

  const document::Document& document_;
  const document::Source& source_;
  std::string_view template_source_;
  std::vector<Object>& objects_;
  std::vector<NotAnObject>& rejected_;
  std::uint32_t item_ = 0;
};

}  // namespace

std::string_view resemblance_name(Resemblance resemblance) noexcept {
  switch (resemblance) {
    case Resemblance::Nothing:
      return "";
    case Resemblance::Kustomization:
      return "a kustomization";
    case Resemblance::HelmChart:
      return "a Helm Chart.yaml";
    case Resemblance::HelmValues:
      return "Helm values";
    case Resemblance::DockerCompose:
      return "a docker-compose file";
    case Resemblance::GithubWorkflow:
      return "a GitHub workflow";
    case Resemblance::GitlabPipeline:
      return "a GitLab pipeline";
    case Resemblance::JsonSchema:
      return "a JSON schema";
    case Resemblance::OpenApi:
      return "an OpenAPI document";
    case Resemblance::PlainList:
      return "a plain list";
    case Resemblance::Scalar:
      return "plain text";
  }
  return "";
}

std::optional<GroupVersion> split_api_version(std::string_view api_version) noexcept {
  const auto slash = api_version.find('/');
  if (slash == std::string_view::npos) {
    return GroupVersion{.group = {}, .version = api_version};
  }
  const GroupVersion parts{.group = api_version.substr(0, slash),
                           .version = api_version.substr(slash + 1)};
  if (parts.version.contains('/')) {
    return std::nullopt;
  }
  return parts;
}

void append_objects(const document::Document& document, const document::Source& source,
                    std::vector<Object>& objects, std::vector<NotAnObject>& rejected) {
  Collector(document, source, objects, rejected).collect(document.root, {}, Place{}, 0);
}

Result<Object> object_from_node(const Node& root, const document::Source* source) {
  const std::string_view api_version = text_at(root, kApiVersion);
  const std::string_view kind = text_at(root, kKind);
  if (std::string problem = problem_with(root, api_version, kind); !problem.empty()) {
    return content_error(std::move(problem),
                         source == nullptr ? Position{} : source->position(root.offset()));
  }
  Object object = make_object(root, api_version, kind);
  object.source = source;
  object.document = 1;
  return object;
}

}  // namespace tally::kube

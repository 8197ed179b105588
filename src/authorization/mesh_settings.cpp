// meshConfig: istio.io/api mesh/v1alpha1/config.proto.

#include "authorization/mesh_settings.hpp"

#include <fmt/format.h>

#include "authorization/internal/fields.hpp"
#include "base/arena.hpp"
#include "document/read.hpp"

namespace tally::authorization {

using document::Node;

namespace {

// The ConfigMap of the default revision, else of any.
const kube::Object* find_config_map(const kube::Snapshot& snapshot) {
  const kube::Object* other = nullptr;
  for (const std::uint32_t position : snapshot.by_kind("", "ConfigMap")) {
    const kube::Object& object = snapshot.objects()[position];
    const Node* data = field(object.root, "data");
    if (data == nullptr || text_field(*data, "mesh").empty()) {
      continue;
    }
    if (object.ref.name == "istio") {
      return &object;
    }
    if (object.ref.name.starts_with("istio-") && other == nullptr) {
      other = &object;
    }
  }
  return other;
}

void read_providers(const Node& config, MeshSettings& settings) {
  const Node* list = field(config, "extensionProviders");
  if (list == nullptr) {
    return;
  }
  for (const Node& item : list->items()) {
    const bool is_http = field(item, "envoyExtAuthzHttp") != nullptr;
    if (is_http || field(item, "envoyExtAuthzGrpc") != nullptr) {
      settings.extension_providers.push_back(
          {std::string(text_field(item, "name")),
           is_http ? ExtensionProvider::Protocol::Http : ExtensionProvider::Protocol::Grpc});
    }
  }
}

void read_config(const Node& config, const kube::Object& object, MeshSettings& settings,
                 std::vector<Problem>& problems) {
  if (const std::string_view name = text_field(config, "rootNamespace"); !name.empty()) {
    settings.root_namespace = name;
  }
  if (const std::string_view domain = text_field(config, "trustDomain"); !domain.empty()) {
    settings.trust_domain = domain;
  }
  for (const std::string_view alias : texts_field(config, "trustDomainAliases")) {
    settings.trust_domain_aliases.emplace_back(alias);
  }
  if (const Node* paths = field(config, "pathNormalization")) {
    const std::string_view word = text_field(*paths, "normalization");
    if (const auto mode = parse_path_normalization(word)) {
      settings.path_normalization = *mode;
    } else if (!word.empty()) {
      problems.push_back(
          {Problem::Kind::Invalid, &object, "/data/mesh", object.root.offset(),
           fmt::format("pathNormalization.normalization is {:?}, expected NONE, BASE, "
                       "MERGE_SLASHES, DECODE_AND_MERGE_SLASHES or DEFAULT",
                       word)});
    }
  }
  if (const Node* outbound = field(config, "outboundTrafficPolicy")) {
    settings.is_registry_only = text_field(*outbound, "mode") == "REGISTRY_ONLY";
  }
  if (const Node* automatic = field(config, "enableAutoMtls")) {
    settings.has_auto_mutual_tls = automatic->boolean();
  }
  read_providers(config, settings);
  settings.are_providers_known = true;
  settings.is_assumed = false;
}

}  // namespace

MeshSettings read_mesh_settings(const kube::Snapshot& snapshot, std::vector<Problem>& problems) {
  MeshSettings settings;
  const kube::Object* object = find_config_map(snapshot);
  if (object == nullptr) {
    return settings;
  }
  settings.root_namespace = object->ref.name_space;
  const Node& mesh = *object->root.find(std::string_view{"data"})->find(std::string_view{"mesh"});
  Arena arena;
  const auto source = document::Source::from_text("data.mesh", mesh.text());
  const auto config = document::read_one(*source, arena);
  if (!config) {
    problems.push_back({Problem::Kind::Invalid, object, "/data/mesh", mesh.offset(),
                        "not a MeshConfig: " + config.error().message});
    return settings;
  }
  read_config(*config, *object, settings, problems);
  return settings;
}

}  // namespace tally::authorization

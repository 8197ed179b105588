// The kinds that CustomResourceDefinitions of the input add.
#include <string>

#include "kube/api_kinds.hpp"
#include "kube/custom_schema.hpp"

namespace tally::kube {

namespace {

using document::Name;
using document::Node;

const Name kSpec{"spec"};
const Name kGroup{"group"};
const Name kNames{"names"};
const Name kKind{"kind"};
const Name kPlural{"plural"};
const Name kScope{"scope"};
const Name kVersions{"versions"};
const Name kVersion{"version"};
const Name kName{"name"};
const Name kServed{"served"};
const Name kSchema{"schema"};
const Name kOpenApiSchema{"openAPIV3Schema"};

std::string_view text_at(const Node* node, const Name& name) {
  const Node* value = node == nullptr ? nullptr : node->find(name);
  return value != nullptr && value->is_string() ? value->text() : std::string_view{};
}

std::string identity(std::string_view group, std::string_view version, std::string_view kind) {
  std::string text(group);
  text += '/';
  text += version;
  text += '/';
  text += kind;
  return text;
}

// spec.versions[].schema.openAPIV3Schema of a version that is served, or null.
const Node* served_schema(const Object& definition, const Node& version) {
  const Node* served = version.find(kServed);
  const Node* holder = version.find(kSchema);
  const Node* schema = holder == nullptr ? nullptr : holder->find(kOpenApiSchema);
  const bool usable = definition.ref.version == "v1" && served != nullptr && served->boolean() &&
                      schema != nullptr && schema->is_object();
  return usable ? schema : nullptr;
}

}  // namespace

void CustomKinds::add(std::span<const Object> objects) {
  for (const Object& object : objects) {
    if (object.ref.kind != "CustomResourceDefinition" ||
        object.ref.group != "apiextensions.k8s.io") {
      continue;
    }
    const Node* spec = object.root.find(kSpec);
    const Node* names = spec == nullptr ? nullptr : spec->find(kNames);
    const ApiKind row{
        .group = text_at(spec, kGroup),
        .version = {},
        .kind = text_at(names, kKind),
        .plural = text_at(names, kPlural),
        .scope = text_at(spec, kScope) == "Cluster" ? Scope::Cluster : Scope::Namespaced,
        .type = std::nullopt,
        .subresources = {},
        .short_names = {}};
    if (row.group.empty() || row.kind.empty()) {
      continue;  // reported by the structure check of the definition itself
    }
    const auto add_version = [this, &row](std::string_view version, const Node* schema) {
      if (version.empty()) {
        return;
      }
      const auto [place, is_new] =
          by_identity_.try_emplace(identity(row.group, version, row.kind), nullptr);
      if (is_new) {
        kinds_.push_back(row);
        kinds_.back().version = version;
        if (schema != nullptr) {
          kinds_.back().schema = &schemas_.emplace_back(CustomSchema::read(*schema));
        }
        place->second = &kinds_.back();
      }
    };
    add_version(text_at(spec, kVersion), nullptr);  // v1beta1, which no API server serves
    if (const Node* versions = spec->find(kVersions); versions != nullptr && versions->is_array()) {
      for (const Node& version : versions->items()) {
        add_version(text_at(&version, kName), served_schema(object, version));
      }
    }
  }
}

const ApiKind* CustomKinds::find(std::string_view group, std::string_view version,
                                 std::string_view kind) const {
  const auto at = by_identity_.find(identity(group, version, kind));
  return at == by_identity_.end() ? nullptr : at->second;
}

void CustomKinds::resolve(std::span<Object> objects) const {
  if (kinds_.empty()) {
    return;
  }
  for (Object& object : objects) {
    if (object.kind == nullptr) {
      object.kind = find(object.ref.group, object.ref.version, object.ref.kind);
    }
  }
}

}  // namespace tally::kube

// The small valid objects that others are made of.
#include <fmt/format.h>

#include <array>

#include "migration/internal/objects.hpp"

namespace tally::migration {

using document::NodeKind;

namespace {

constexpr std::string_view kPod = R"({
  "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "labels": {"app": "teller"}},
  "spec": {"containers": [{"name": "main", "image": "registry.bank.example/teller:1.4"},
                          {"name": "proxy", "image": "nginx"}]}})";

struct Controller {
  std::string_view api_version;
  std::string_view kind;
};
constexpr std::array<Controller, 6> kControllers{{{"apps/v1", "Deployment"},
                                                  {"apps/v1", "StatefulSet"},
                                                  {"apps/v1", "DaemonSet"},
                                                  {"apps/v1", "ReplicaSet"},
                                                  {"batch/v1", "Job"},
                                                  {"batch/v1", "CronJob"}}};

Tree controller_of(const Controller& controller, const Tree& pod) {
  Tree inner = map_tree();
  Tree metadata = map_tree();
  metadata.at("labels") = *const_cast<Tree&>(pod).find("metadata")->find("labels");
  inner.at("metadata") = std::move(metadata);
  inner.at("spec") = *const_cast<Tree&>(pod).find("spec");
  Tree out = map_tree();
  out.at("apiVersion") = text_tree(controller.api_version);
  out.at("kind") = text_tree(controller.kind);
  out.at("metadata").at("name") = text_tree("c");
  out.at("metadata").at("labels").at("app") = text_tree("teller");
  Tree& spec = out.at("spec");
  if (controller.kind == "CronJob") {
    spec.at("schedule") = text_tree("0 * * * *");
    inner.at("spec").at("restartPolicy") = text_tree("Never");
    spec.at("jobTemplate").at("spec").at("template") = std::move(inner);
    return out;
  }
  if (controller.kind == "Job") {
    inner.at("spec").at("restartPolicy") = text_tree("Never");
  } else {
    spec.at("selector").at("matchLabels").at("app") = text_tree("teller");
  }
  if (controller.kind == "StatefulSet") {
    spec.at("serviceName") = text_tree("s");
  }
  spec.at("template") = std::move(inner);
  return out;
}

}  // namespace

ObjectMaker::ObjectMaker(const Vocabulary& vocabulary, std::uint64_t seed,
                         const kube::CustomKinds* kinds)
    : vocabulary_(vocabulary), kinds_(kinds), chance_(seed) {
  for (const MatchedKind& kind : vocabulary.kinds) {
    add_seed(kind);
  }
  if (vocabulary.is_extended) {
    add_controllers();
  }
  if (vocabulary.is_every_kind || seeds_.empty()) {
    for (const auto& [version, kind] : {std::pair{"v1", "Pod"}, std::pair{"v1", "ConfigMap"},
                                        std::pair{"v1", "Service"}, std::pair{"v1", "Namespace"}}) {
      add_seed({.group = "",
                .version = version,
                .kind = kind,
                .plural = "",
                .row = kube::find_kind("", version, kind)});
    }
    add_controllers();
  }
}

void ObjectMaker::add(Tree object, const kube::ApiKind* row, std::vector<std::string> to_template) {
  Seed seed{.object = std::move(object), .to_template = std::move(to_template)};
  if (row != nullptr) {
    seed.type = policy_cel::SchemaType(*row);
    seed.row = row->type ? &kube::api_types().type(*row->type) : nullptr;
  }
  seed.is_pod = seed.object.find("kind")->text == "Pod";
  seeds_.push_back(std::move(seed));
  Seed& added = seeds_.back();
  added.lacks_fields = !is_valid(added.object);
}

void ObjectMaker::add_controllers() {
  const Tree pod = tree_of_json(kPod);
  for (const Controller& controller : kControllers) {
    const std::size_t slash = controller.api_version.find('/');
    std::vector<std::string> path{"spec", "template"};
    if (controller.kind == "CronJob") {
      path = {"spec", "jobTemplate", "spec", "template"};
    }
    add(controller_of(controller, pod),
        kube::find_kind(controller.api_version.substr(0, slash),
                        controller.api_version.substr(slash + 1), controller.kind),
        std::move(path));
  }
}

void ObjectMaker::add_seed(const MatchedKind& kind) {
  if (kind.kind == "Pod") {
    add(tree_of_json(kPod), kind.row, {});
    return;
  }
  for (const Controller& controller : kControllers) {
    if (controller.kind == kind.kind) {
      add(controller_of(controller, tree_of_json(kPod)), kind.row, {});
      return;
    }
  }
  Tree out = map_tree();
  const std::string group = kind.group == "*" ? "example.com" : kind.group;
  const std::string version = kind.version == "*" ? "v1" : kind.version;
  out.at("apiVersion") = text_tree(group.empty() ? version : fmt::format("{}/{}", group, version));
  out.at("kind") = text_tree(kind.kind);
  out.at("metadata").at("name") = text_tree("o");
  if (kind.row != nullptr && kind.row->type) {
    Tree least =
        Typed{.type = {}, .row = &kube::api_types().type(*kind.row->type)}.smallest_value();
    for (auto& [key, value] : least.members) {
      if (key != "metadata" && key != "apiVersion" && key != "kind") {
        out.at(key) = std::move(value);
      }
    }
    const kube::FieldRow* spec =
        kube::api_types().find(kube::api_types().type(*kind.row->type), "spec");
    if (spec != nullptr && out.find("spec") == nullptr) {
      out.at("spec") =
          Typed{.type = {}, .row = &kube::api_types().type(spec->type)}.smallest_value();
    }
  } else {
    out.at("spec") = map_tree();
  }
  add(std::move(out), kind.row, {});
}

}  // namespace tally::migration

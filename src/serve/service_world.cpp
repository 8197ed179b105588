// What requests are judged against besides themselves.
#include <fmt/format.h>

#include "document/read.hpp"
#include "kube/objects.hpp"
#include "kube_client/object_path.hpp"
#include "serve/internal/service_state.hpp"

namespace tally::serve {

namespace {

// What requests are judged against besides themselves.
constexpr std::array<KindName, 10> kWorldKinds{{{"", "Namespace"},
                                                {"", "ConfigMap"},
                                                {"", "ServiceAccount"},
                                                {"rbac.authorization.k8s.io", "Role"},
                                                {"rbac.authorization.k8s.io", "ClusterRole"},
                                                {"rbac.authorization.k8s.io", "RoleBinding"},
                                                {"rbac.authorization.k8s.io", "ClusterRoleBinding"},
                                                {"kyverno.io", "GlobalContextEntry"},
                                                {"scheduling.k8s.io", "PriorityClass"},
                                                {"node.k8s.io", "RuntimeClass"}}};

}  // namespace

void Service::use_generation() {
  const auto programs = programs_.load();
  if (programs == nullptr) {
    return;
  }
  const std::scoped_lock lock(generation_mutex_);
  if (world_ == nullptr) {
    world_ =
        std::make_shared<const assessment::World>(kube::Snapshot::create({}, "default"), nullptr);
  }
  endpoint_->use(Generation::create(programs, world_, options_.caller, today(), steady_ns));
}

// Building a world costs time in proportion to the cluster: no more than a tenth of all time.
void Service::renew_world() {
  if (mirror_ == nullptr || Clock::now() < world_not_before_) {
    return;
  }
  const std::uint64_t version = mirror_->version(kWorldKinds);
  if (version == world_version_) {
    return;
  }
  const auto began = Clock::now();
  {
    const std::scoped_lock lock(generation_mutex_);
    world_version_ = version;
    world_ = std::make_shared<const assessment::World>(mirror_->snapshot(kWorldKinds), nullptr);
  }
  use_generation();
  world_not_before_ = Clock::now() + 10 * (Clock::now() - began);
}

// Of the template of a pod's owner.
std::optional<std::vector<std::string>> Service::containers_of(std::string_view kind,
                                                               std::string_view name_space,
                                                               std::string_view name) const {
  std::optional<std::vector<std::string>> containers;
  for (const std::string_view group : {"apps", "batch", ""}) {
    const bool is_found =
        mirror_ != nullptr &&
        mirror_->look_at({.group = group, .kind = kind, .name_space = name_space, .name = name},
                         [&containers](const kube::Object& owner) {
                           containers = admission::template_containers(owner);
                         });
    if (is_found) {
      break;
    }
  }
  return containers;
}

// The API server admits the first pod of a namespace before our watch has seen the namespace.
std::shared_ptr<const Generation> Service::freshen(std::string_view name_space) {
  const auto programs = programs_.load();
  const kube_client::ObjectPlace place{.resource = {.group = {},
                                                    .version = "v1",
                                                    .plural = "namespaces",
                                                    .kind = "Namespace",
                                                    .is_namespaced = false},
                                       .name_space = {},
                                       .name = std::string(name_space),
                                       .subresource = {}};
  auto answer = client_->send({.path = place.path(), .time = seconds(2)});
  if (!answer || programs == nullptr) {
    return nullptr;
  }
  // A world of its own for this request: the mirror will know the namespace in a moment.
  struct Own {
    std::shared_ptr<const document::Source> source;
    Arena arena;
    std::shared_ptr<const kube::Snapshot> before;
    std::shared_ptr<const kube::Snapshot> snapshot;
  };
  auto own = std::make_shared<Own>();
  own->source = document::Source::from_text("cluster:v1/namespaces", *answer);
  const auto root = document::read_one(*own->source, own->arena);
  const auto object = root ? kube::object_from_node(*root, own->source.get())
                           : Result<kube::Object>(std::unexpected(root.error()));
  if (!object || object->ref.kind != "Namespace") {
    return nullptr;
  }
  own->before = mirror_->snapshot(kWorldKinds);
  std::vector<kube::Object> objects(own->before->objects().begin(), own->before->objects().end());
  objects.push_back(*object);
  own->snapshot = kube::Snapshot::create(std::move(objects), "default");
  const std::shared_ptr<const kube::Snapshot> held(own, own->snapshot.get());
  return Generation::create(programs, std::make_shared<const assessment::World>(held, nullptr),
                            options_.caller, today(), steady_ns);
}

}  // namespace tally::serve

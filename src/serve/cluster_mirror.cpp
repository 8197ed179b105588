#include "serve/cluster_mirror.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "kube/api_kinds.hpp"
#include "kube_client/discovery.hpp"
#include "kube_client/selection.hpp"
#include "kube_client/timing.hpp"

namespace tally::serve {

using cluster_state::KindName;
using kube_client::Resource;

namespace {

constexpr std::chrono::seconds kDiscoveryPeriod{30};
constexpr std::chrono::seconds kDiscoveryRetry{3};
// A kind is served a moment after its definition was accepted, without a word.
constexpr std::chrono::seconds kDiscoverySoon{1};
constexpr unsigned kLooksAfterDefinition = 3;

std::string name_of(const Resource& resource) {
  return resource.group.empty()
             ? fmt::format("{}/{}", resource.version, resource.plural)
             : fmt::format("{}/{}/{}", resource.group, resource.version, resource.plural);
}

// What is watched: what an assessment reads, and every kind of policy.
bool is_watched(const Resource& resource) {
  return kube_client::is_read(resource) || resource.group.ends_with("kyverno.io") ||
         resource.group.ends_with("gatekeeper.sh");
}

}  // namespace

struct ClusterMirror::Parts {
  kube_client::ApiClient& client;
  telemetry::Log& log;
  OnChange callback;

  mutable std::mutex mutex;  // of everything below
  cluster_state::State state;
  std::vector<admission::ServedResource> served;
  std::uint64_t served_version = 0;
  bool is_discovered = false;
  unsigned looks = 0;           // to be taken soon, for a definition that changed
  std::set<std::string> texts;  // that kinds of resources point into; never shrinks

  struct Watched {
    Resource resource;
    std::unique_ptr<kube_client::Reflector> reflector;
    std::jthread thread;
    bool is_listed = false;      // once, or refused once
    std::uint64_t failures = 0;  // since the start
  };
  std::map<std::string, std::unique_ptr<Watched>> watched;
  std::condition_variable_any wake;
  std::jthread discovery;

  Parts(kube_client::ApiClient& a_client, telemetry::Log& a_log, std::uint64_t seed)
      : client(a_client), log(a_log), state({.hash_seed = seed}) {}

  std::string_view keep(const std::string& text) { return *texts.insert(text).first; }
  cluster_state::Resource in_state(const Resource& resource) {
    return {.group = keep(resource.group),
            .version = keep(resource.version),
            .kind = keep(resource.kind),
            .plural = keep(resource.plural)};
  }
  void tell(const cluster_state::Change& change) {
    if (callback && change.kind != cluster_state::ChangeKind::Unchanged) {
      callback(change);
    }
  }
  void look_soon() {
    looks = kLooksAfterDefinition;
    wake.notify_all();
  }
  void complain(const Error& error) { log.warning("object not kept", {{"why", error.message}}); }

  void watch(const Resource& resource);
  void drop(const std::string& name);
  void discover_once(const std::stop_token& stop);
  kube_client::ReflectorCallbacks callbacks(Watched& one);
};

kube_client::ReflectorCallbacks ClusterMirror::Parts::callbacks(Watched& one) {
  const cluster_state::Resource resource = in_state(one.resource);
  const auto on_change = [this](const cluster_state::Change& change) { tell(change); };
  return {
      .list_begins =
          [this, resource] {
            const std::scoped_lock lock(mutex);
            state.begin_list(resource);
          },
      .page =
          [this, resource, on_change](const kube_client::ListPage& page) {
            const std::scoped_lock lock(mutex);
            state.put_items(resource, page.items, on_change,
                            [this](const Error& error) { complain(error); });
          },
      .list_complete =
          [this, resource, on_change, &one](std::string_view) {
            const std::scoped_lock lock(mutex);
            state.end_list(resource, on_change);
            one.is_listed = true;
          },
      .changed =
          [this, resource](const kube_client::WatchEvent& event) {
            using Type = kube_client::WatchEventType;
            if (event.type == Type::Bookmark) {
              return;
            }
            const std::scoped_lock lock(mutex);
            if (resource.kind == "CustomResourceDefinition") {
              look_soon();
            }
            if (event.type == Type::Deleted) {
              const document::Node* metadata = event.object.find("metadata");
              const auto text = [metadata](std::string_view key) {
                const document::Node* found = metadata == nullptr ? nullptr : metadata->find(key);
                return found == nullptr ? std::string_view{} : found->text();
              };
              tell(state.remove({.group = resource.group,
                                 .kind = resource.kind,
                                 .name_space = text("namespace"),
                                 .name = text("name")}));
              return;
            }
            const auto change = state.put(resource, event.object);
            if (change) {
              tell(*change);
            } else {
              complain(change.error());
            }
          },
      .state =
          [this, name = name_of(one.resource), &one](const kube_client::ReflectorStatus& status) {
            if (status.error.empty()) {
              log.debug("watching", {{"resource", name}});
              return;
            }
            log.warning("cannot watch", {{"resource", name}, {"why", status.error}});
            const std::scoped_lock lock(mutex);
            one.is_listed = true;  // nobody waits for what is refused
            one.failures += 1;
          },
  };
}

void ClusterMirror::Parts::watch(const Resource& resource) {
  auto one = std::make_unique<Watched>();
  one->resource = resource;
  Watched& placed = *one;
  {
    const std::scoped_lock lock(mutex);
    placed.reflector =
        std::make_unique<kube_client::Reflector>(client, resource, kube_client::ReflectorOptions{},
                                                 callbacks(placed), kube_client::system_timing());
    watched.emplace(name_of(resource), std::move(one));
  }
  placed.thread =
      std::jthread([&placed](const std::stop_token& stop) { placed.reflector->run(stop); });
}

void ClusterMirror::Parts::drop(const std::string& name) {
  std::unique_ptr<Watched> one;
  {
    const std::scoped_lock lock(mutex);
    const auto found = watched.find(name);
    if (found == watched.end()) {
      return;
    }
    one = std::move(found->second);
    watched.erase(found);
  }
  one->thread.request_stop();
  one->thread.join();
  const std::scoped_lock lock(mutex);
  state.drop({.group = one->resource.group, .kind = one->resource.kind},
             [this](const cluster_state::Change& change) { tell(change); });
}

void ClusterMirror::Parts::discover_once(const std::stop_token& stop) {
  auto found = kube_client::discover(client);
  if (!found || stop.stop_requested()) {
    if (!found) {
      log.warning("the API server does not say what it serves", {{"why", found.error().message}});
    }
    return;
  }
  for (const Error& problem : found->problems) {
    log.warning("a group of the API does not answer", {{"why", problem.message}});
  }
  std::vector<admission::ServedResource> now;
  std::set<std::string> wanted;
  std::vector<Resource> fresh;
  for (const Resource& resource : found->resources) {
    now.push_back({.group = resource.group,
                   .version = resource.version,
                   .plural = resource.plural,
                   .kind = resource.kind,
                   .is_namespaced = resource.is_namespaced});
    if (!is_watched(resource)) {
      continue;
    }
    wanted.insert(name_of(resource));
    const std::scoped_lock lock(mutex);
    if (!watched.contains(name_of(resource))) {
      fresh.push_back(resource);
    }
  }
  for (const Resource& resource : fresh) {
    watch(resource);
  }
  std::vector<std::string> gone;
  {
    const std::scoped_lock lock(mutex);
    for (const auto& [name, one] : watched) {
      // A group that does not answer is not gone.
      if (!wanted.contains(name) && found->problems.empty()) {
        gone.push_back(name);
      }
    }
    const auto same = [](const auto& a, const auto& b) {
      return a.group == b.group && a.version == b.version && a.plural == b.plural;
    };
    if (!std::ranges::equal(now, served, same)) {
      served = std::move(now);
      served_version += 1;
    }
    is_discovered = true;
  }
  for (const std::string& name : gone) {
    drop(name);
  }
}

ClusterMirror::ClusterMirror(kube_client::ApiClient& client, telemetry::Log& log,
                             std::uint64_t hash_seed)
    : parts_(std::make_unique<Parts>(client, log, hash_seed)) {}

ClusterMirror::~ClusterMirror() { stop(); }

void ClusterMirror::on_change(OnChange callback) { parts_->callback = std::move(callback); }

void ClusterMirror::start() {
  parts_->discovery = std::jthread([this](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      parts_->discover_once(stop);
      std::unique_lock lock(parts_->mutex);
      if (parts_->looks > 0) {
        parts_->looks -= 1;
        parts_->wake.wait_for(lock, stop, kDiscoverySoon, [] { return false; });
        continue;
      }
      const auto pause = parts_->is_discovered ? kDiscoveryPeriod : kDiscoveryRetry;
      parts_->wake.wait_for(lock, stop, pause, [this] { return parts_->looks > 0; });
    }
  });
}

void ClusterMirror::stop() {
  if (parts_->discovery.joinable()) {
    parts_->discovery.request_stop();
    parts_->discovery.join();
  }
  std::vector<std::unique_ptr<Parts::Watched>> all;
  {
    const std::scoped_lock lock(parts_->mutex);
    for (auto& [name, one] : parts_->watched) {
      one->thread.request_stop();
      all.push_back(std::move(one));
    }
    parts_->watched.clear();
  }
  for (const auto& one : all) {
    if (one->thread.joinable()) {
      one->thread.join();
    }
  }
}

bool ClusterMirror::is_synced() const {
  const std::scoped_lock lock(parts_->mutex);
  return parts_->is_discovered && std::ranges::all_of(parts_->watched, [](const auto& entry) {
           return entry.second->is_listed;
         });
}

std::vector<WatchedResource> ClusterMirror::watched() const {
  const std::scoped_lock lock(parts_->mutex);
  std::vector<WatchedResource> out;
  for (const auto& [name, one] : parts_->watched) {
    out.push_back({.name = name, .status = one->reflector->status(), .failures = one->failures});
  }
  return out;
}

std::vector<admission::ServedResource> ClusterMirror::served() const {
  const std::scoped_lock lock(parts_->mutex);
  return parts_->served;
}

std::uint64_t ClusterMirror::served_version() const {
  const std::scoped_lock lock(parts_->mutex);
  return parts_->served_version;
}

std::shared_ptr<const kube::Snapshot> ClusterMirror::snapshot(std::span<const KindName> kinds) {
  const std::scoped_lock lock(parts_->mutex);
  return parts_->state.snapshot(kinds);
}

std::shared_ptr<const kube::Snapshot> ClusterMirror::snapshot() {
  const std::scoped_lock lock(parts_->mutex);
  return parts_->state.snapshot();
}

std::uint64_t ClusterMirror::version() const {
  const std::scoped_lock lock(parts_->mutex);
  return parts_->state.version();
}

std::uint64_t ClusterMirror::version(std::span<const KindName> kinds) const {
  const std::scoped_lock lock(parts_->mutex);
  std::uint64_t sum = 0;
  for (const KindName& kind : kinds) {
    sum += parts_->state.version(kind);
  }
  return sum;
}

std::vector<KindName> ClusterMirror::kinds_of_groups(
    std::span<const std::string_view> group_suffixes) const {
  const std::scoped_lock lock(parts_->mutex);
  std::vector<KindName> out;
  for (const auto& [name, one] : parts_->watched) {
    const bool fits = std::ranges::any_of(group_suffixes, [&](std::string_view suffix) {
      return std::string_view(one->resource.group).ends_with(suffix);
    });
    if (fits) {
      out.push_back(
          {.group = parts_->keep(one->resource.group), .kind = parts_->keep(one->resource.kind)});
    }
  }
  return out;
}

bool ClusterMirror::look_at(const cluster_state::ObjectKey& key,
                            const std::function<void(const kube::Object&)>& look) const {
  const std::scoped_lock lock(parts_->mutex);
  const kube::Object* found = parts_->state.find(key);
  if (found != nullptr) {
    look(*found);
  }
  return found != nullptr;
}

cluster_state::Memory ClusterMirror::memory() const {
  const std::scoped_lock lock(parts_->mutex);
  return parts_->state.memory();
}

}  // namespace tally::serve

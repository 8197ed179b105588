#pragma once
// ClusterMirror: the watched objects of a cluster, kept up to date by a reflector for each
// resource. Kinds whose definitions appear later are watched from then on; those that go are
// dropped.
//
// Threads: start() and stop() by one; everything else by any. Callbacks run on the threads of the
// reflectors, one at a time.

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "admission/webhook_configuration.hpp"
#include "cluster_state/state.hpp"
#include "kube_client/api_client.hpp"
#include "kube_client/reflector.hpp"
#include "telemetry/log.hpp"

namespace tally::serve {

struct WatchedResource {
  std::string name;  // "apps/v1/deployments"
  kube_client::ReflectorStatus status;
  std::uint64_t failures = 0;  // since the start
};

class ClusterMirror {
 public:
  using OnChange = std::function<void(const cluster_state::Change&)>;

  ClusterMirror(kube_client::ApiClient& client, telemetry::Log& log, std::uint64_t hash_seed);
  ~ClusterMirror();
  ClusterMirror(const ClusterMirror&) = delete;
  ClusterMirror& operator=(const ClusterMirror&) = delete;

  // Before start(). It must not call the mirror.
  void on_change(OnChange callback);
  void start();
  void stop();

  // Every resource that was found has been listed once (or cannot be: that is in watched()).
  [[nodiscard]] bool is_synced() const;
  [[nodiscard]] std::vector<WatchedResource> watched() const;
  [[nodiscard]] std::vector<admission::ServedResource> served() const;
  [[nodiscard]] std::uint64_t served_version() const;  // grows when served() changes

  [[nodiscard]] std::shared_ptr<const kube::Snapshot> snapshot(
      std::span<const cluster_state::KindName> kinds);
  [[nodiscard]] std::shared_ptr<const kube::Snapshot> snapshot();
  [[nodiscard]] std::uint64_t version() const;  // of everything
  // Sum over the kinds: another number, another state.
  [[nodiscard]] std::uint64_t version(std::span<const cluster_state::KindName> kinds) const;
  // Kinds of these groups that are watched now.
  [[nodiscard]] std::vector<cluster_state::KindName> kinds_of_groups(
      std::span<const std::string_view> group_suffixes) const;
  [[nodiscard]] cluster_state::Memory memory() const;
  // Looks at one object where it stands; false: there is none. `look` must not call the mirror.
  bool look_at(const cluster_state::ObjectKey& key,
               const std::function<void(const kube::Object&)>& look) const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace tally::serve

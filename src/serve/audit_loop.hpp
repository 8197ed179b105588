#pragma once
// AuditLoop: the continuous audit of a cluster. What the mirror sees change is judged again, what
// is found goes to the store, bounded reports into the cluster.
//
// Every replica audits; the one that leads writes. Threads: changed() by the mirror's, use() by the
// service's; the rest happens on a thread of its own.

#include <functional>
#include <memory>

#include "admission/programs.hpp"
#include "cluster_state/state.hpp"
#include "history/writer.hpp"
#include "kube_client/api_client.hpp"
#include "serve/cluster_mirror.hpp"
#include "telemetry/log.hpp"
#include "telemetry/registry.hpp"

namespace tally::serve {

struct AuditParts {
  ClusterMirror* mirror = nullptr;
  history::Writer* writer = nullptr;
  std::string store_url;  // read once, for findings of objects that are gone
  telemetry::Registry* registry = nullptr;
  telemetry::Log* log = nullptr;
  kube_client::ApiClient* client = nullptr;  // null: no reports in the cluster
  std::function<std::int64_t()> now_ms;      // since 1970
  std::function<bool()> leads;
};

class AuditLoop {
 public:
  explicit AuditLoop(AuditParts parts);
  ~AuditLoop();
  AuditLoop(const AuditLoop&) = delete;
  AuditLoop& operator=(const AuditLoop&) = delete;

  void start();
  void stop();

  void changed(const cluster_state::Change& change);
  void use(std::shared_ptr<const admission::Programs> programs);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tally::serve

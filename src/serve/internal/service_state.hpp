#pragma once
// What `tally serve` is made of while it runs, and the one thread that decides what changes next.

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "admission/policy_catalogue.hpp"
#include "history/writer.hpp"
#include "kube_client/lease.hpp"
#include "net/server.hpp"
#include "serve/admission_endpoint.hpp"
#include "serve/audit_loop.hpp"
#include "serve/certificates.hpp"
#include "serve/cluster_mirror.hpp"
#include "serve/internal/swapped.hpp"
#include "serve/policy_files.hpp"
#include "serve/service.hpp"
#include "serve/webhook_keeper.hpp"
#include "telemetry/tracer.hpp"

namespace tally::serve {

using admission::Generation;
using admission::PolicyText;
using admission::Programs;
using cluster_state::KindName;
using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;
using std::chrono::seconds;

// Of the calendar, since 1970.
[[nodiscard]] std::int64_t now_ms();
[[nodiscard]] std::int64_t now_ns();
[[nodiscard]] finding::Day today();
// For measuring.
[[nodiscard]] std::uint64_t steady_ns();

// In the state folder: the policies in force.
inline constexpr std::string_view kLastGood = "/last-good-policies.json";

[[nodiscard]] telemetry::LogLevel level_of(const std::string& text);

// Changes come in swarms: they are taken together.
inline constexpr milliseconds kSettle{20};

// Something may have changed: whoever knows wakes the one thread that decides.
class Bell {
 public:
  void ring() {
    {
      const std::scoped_lock lock(mutex_);
      is_rung_ = true;
    }
    wake_.notify_all();
  }
  // Returns after a ring and the swarm that follows it, after `time`, or when it is to stop.
  void wait(milliseconds time, const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    if (wake_.wait_for(lock, stop, time, [this] { return is_rung_; })) {
      wake_.wait_for(lock, stop, kSettle, [] { return false; });
    }
    is_rung_ = false;
  }

 private:
  std::mutex mutex_;
  std::condition_variable_any wake_;
  bool is_rung_ = false;
};

class Service {
 public:
  explicit Service(ServiceOptions options) : options_(std::move(options)) {}
  ~Service() { stop_threads(); }
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  Result<void> run(const std::stop_token& stop);

 private:
  // --- the start, in its order
  Result<void> read_config();
  Result<void> open_store();
  Result<void> connect();
  Result<void> start_endpoints(const std::stop_token& stop);
  void prepare_cluster();
  void start_cluster();
  void stop_threads();

  // --- what the deciding thread does at each turn
  void turn();
  void reload_config();
  void reload_policies();
  void renew_world();
  void renew_certificate();
  void keep_webhooks();
  void keep_store();
  void register_metrics();

  std::vector<PolicyText> policies_of_cluster();
  void use_generation();
  std::shared_ptr<const Generation> freshen(std::string_view name_space);
  std::optional<std::vector<std::string>> containers_of(std::string_view kind,
                                                        std::string_view name_space,
                                                        std::string_view name) const;
  std::vector<std::string> missing();
  std::string own_user() const {
    return fmt::format("system:serviceaccount:{}:tally", settings_.name_space);
  }
  std::vector<std::string> exempt_namespaces() const {
    std::vector<std::string> out = settings_.exempt_namespaces;
    out.push_back(settings_.name_space);
    return out;
  }
  std::string store_url() const {
    return settings_.store.empty() ? "sqlite:" + settings_.state + "/tally.db" : settings_.store;
  }
  bool leads() const { return elector_ == nullptr || elector_->is_leader(); }

  ServiceOptions options_;
  std::shared_ptr<const input::Config> config_;
  input::Serve settings_;  // of the start; what can change later is read from config_
  telemetry::Registry registry_;
  std::optional<telemetry::Log> log_;
  std::unique_ptr<telemetry::Tracer> tracer_;
  std::unique_ptr<history::Writer> writer_;

  std::optional<kube_client::ApiClient> client_;
  std::unique_ptr<ClusterMirror> mirror_;
  std::unique_ptr<WebhookKeeper> keeper_;
  std::unique_ptr<AuditLoop> audit_;
  std::unique_ptr<kube_client::LeaderElector> elector_;
  std::jthread election_;

  std::unique_ptr<Certificates> certificates_;
  std::string ca_bundle_;
  std::atomic<std::int64_t> certificate_ends_ = 0;
  std::atomic<std::int64_t> authority_ends_ = 0;

  Bell bell_;
  std::optional<PolicyFiles> files_;
  PolicyFiles config_files_{{}};
  admission::PolicyCatalogue catalogue_;
  std::vector<PolicyText> file_texts_;
  std::vector<PolicyText> kept_texts_;  // of the cluster, when we ended last
  std::size_t unread_ = 0;              // of these, from files that cannot be read any more
  std::uint64_t policy_version_ = 0;
  finding::Day loaded_on_ = 0;
  Swapped<Programs> programs_;
  std::shared_ptr<const assessment::World> world_;
  std::uint64_t world_version_ = ~std::uint64_t{0};
  Clock::time_point world_not_before_{};
  std::mutex generation_mutex_;  // of world_ and what follows from it

  std::uint64_t webhooks_for_ = 0;  // served version
  std::shared_ptr<const Programs> webhooks_of_;
  std::string webhooks_ca_;
  bool led_ = false;
  Clock::time_point webhooks_at_{};
  Clock::time_point certificate_at_{};
  Clock::time_point expired_at_{};

  std::optional<AdmissionEndpoint> endpoint_;
  net::ServerObserver observer_;
  std::unique_ptr<net::Server> admission_server_;
  std::unique_ptr<net::Server> health_server_;
};

}  // namespace tally::serve

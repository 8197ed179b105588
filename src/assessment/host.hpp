#pragma once
// The world as expressions may see it when a Snapshot is judged (cel/host.hpp): its roles, its
// objects, and what an image reference says by itself. What would need more is an error value with
// ErrorCode::NotProvided, which engines turn into Unknown: never into "no".
//
//   const HostContext world(snapshot, kinds);       // once for a run
//   const SnapshotHost host(world, asker);          // one for a request; cheap
//
// | capability                 | answered from |
// | authorizer.check           | the roles and bindings of the Snapshot, for the asker |
// | resource.get, .list        | the objects of the Snapshot; of a kind that it lacks: Unknown |
// | resource.toGVR             | the table of API kinds and the CustomResourceDefinitions |
// | globalContext.get          | GlobalContextEntries: objects, API paths, services (as http) |
// | imageData.get              | the reference; manifest, config and resolved digest: Unknown |
// | now                        | the one moment of the run |
// | http.get, .post, jwks      | the hosts that the operator allowed; without any: Unknown |
// | resource.post, ...         | Unknown: nothing is created |
//
// Outside is what does not come from the files: the moment of the run, and calls over the network,
// if the operator allows any. Equal calls of a run are made once.
//
// Threads: a host and an Outside may be shared. Lifetime: snapshot, kinds, asker and Outside must
// outlive the host.

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "access/rbac.hpp"
#include "base/result.hpp"
#include "cel/host.hpp"
#include "document/node.hpp"
#include "kube/api_kinds.hpp"
#include "kube/review.hpp"
#include "kube/snapshot.hpp"

namespace tally::assessment {

// A call that a policy makes, and its answer whatever the status.
struct HttpCall {
  std::string method = "GET";
  std::string url;
  std::vector<std::pair<std::string, std::string>> headers = {};
  std::string body = {};
  std::string ca_bundle = {};  // PEM; empty: the system's
};
struct HttpAnswer {
  unsigned status = 0;
  std::string body;
};

// Who makes calls. Refuses hosts that the operator did not name with an error that says so.
class HttpCaller {
 public:
  [[nodiscard]] virtual Result<HttpAnswer> call(const HttpCall& call) const = 0;

 protected:
  ~HttpCaller() = default;
};

class Outside {
 public:
  struct Options {
    const HttpCaller* caller = nullptr;  // null: nothing leaves this machine
    std::optional<std::int64_t> now_seconds;
    std::size_t calls_max = 1000;                            // different ones, of the run
    std::size_t bytes_max = std::size_t{256} * 1024 * 1024;  // of all answers
  };
  explicit Outside(const Options& options);
  Outside(const Outside&) = delete;
  Outside& operator=(const Outside&) = delete;
  ~Outside();

  [[nodiscard]] bool has_caller() const noexcept { return options_.caller != nullptr; }
  [[nodiscard]] std::optional<std::int64_t> now_seconds() const noexcept {
    return options_.now_seconds;
  }

  // An answer that stays, read as JSON once.
  struct Answered {
    unsigned status = 0;
    std::string body;
    Arena arena;
    std::optional<document::Node> json;  // nothing: the body is no JSON
  };
  using Outcome = std::expected<const Answered*, std::string>;
  // Precondition: has_caller(). Equal calls are made once; threads that ask at the same time wait.
  [[nodiscard]] Outcome call(const HttpCall& call) const;

 private:
  struct Entry;
  void make(Entry& entry, const HttpCall& call) const;

  Options options_;
  mutable std::mutex mutex_;
  mutable std::map<std::string, std::unique_ptr<Entry>> entries_;
  mutable std::size_t bytes_ = 0;
};

// Answers what needs no Snapshot (`now`, `http`, `jwks`): for expressions that stand alone.
class OutsideHost final : public cel::Host {
 public:
  // is_namespaced: the expressions are those of a policy in a namespace, which calls nobody.
  OutsideHost(const Outside& outside, bool is_namespaced) noexcept
      : outside_(&outside), is_namespaced_(is_namespaced) {}
  [[nodiscard]] cel::Value ask(Arena& arena, std::string_view capability, std::string_view function,
                               std::span<const cel::Value> args) const override;

 private:
  const Outside* outside_;
  bool is_namespaced_;
};

class HostContext {
 public:
  // `kinds` may be null.
  HostContext(const kube::Snapshot& snapshot, const kube::CustomKinds* kinds)
      : snapshot_(&snapshot), kinds_(kinds), rbac_(access::Rbac::read(snapshot)) {}

  [[nodiscard]] const kube::Snapshot& snapshot() const noexcept { return *snapshot_; }
  [[nodiscard]] const kube::CustomKinds* kinds() const noexcept { return kinds_; }
  [[nodiscard]] const access::Rbac& rbac() const noexcept { return rbac_; }
  // Engines are loaded without it; whoever runs them connects it once, before anything is judged.
  void connect(const Outside& outside) const noexcept { outside_ = &outside; }
  [[nodiscard]] const Outside* outside() const noexcept { return outside_; }

 private:
  const kube::Snapshot* snapshot_;
  const kube::CustomKinds* kinds_;
  mutable const Outside* outside_ = nullptr;
  access::Rbac rbac_;
};

// Where the user of the request comes from.
enum class UserSource : std::uint8_t {
  Review,  // an API server: the groups are complete
  Flags,   // the command line: groups that every user has are added; no name is nobody known
};

struct Asker {
  const kube::UserInfo* user = nullptr;
  UserSource source = UserSource::Flags;
  // Of a policy that lives in a namespace: it reads nothing else. Empty: of the cluster.
  std::string_view own_namespace = {};
  // What this one request may call, and its moment; null: what the world is connected to.
  const Outside* outside = nullptr;
};

class SnapshotHost final : public cel::Host {
 public:
  SnapshotHost(const HostContext& world, const Asker& asker) noexcept
      : world_(&world), asker_(asker) {}

  [[nodiscard]] cel::Value ask(Arena& arena, std::string_view capability, std::string_view function,
                               std::span<const cel::Value> args) const override;

 private:
  [[nodiscard]] const Outside* outside() const noexcept {
    return asker_.outside != nullptr ? asker_.outside : world_->outside();
  }

  const HostContext* world_;
  Asker asker_;
};

}  // namespace tally::assessment

#pragma once
// The world as expressions may see it when a Snapshot is judged (cel/host.hpp): its roles, its
// objects, and what an image reference says by itself. What would need more is an error value with
// ErrorCode::NotProvided, which engines turn into Unknown: never into "no".
//
//   const HostContext world(snapshot, kinds);       // once for a run
//   const SnapshotHost host(world, asker);          // one for a request; cheap
//
// | capability                | answered from | | authorizer.check          | the roles and
// bindings of the Snapshot, for the asker                 | | resource.get, .list       | the
// objects of the Snapshot; of a kind that it has none of: Unknown   | | resource.toGVR            |
// the table of API kinds and the CustomResourceDefinitions              | | globalContext.get |
// GlobalContextEntries that name a resource                             | | imageData.get | the
// reference; manifest, config and resolved digest: Unknown          | | http, resource.post, ...  |
// Unknown: nothing leaves this machine                                  |
//
// Threads: immutable; a host may be shared. Lifetime: snapshot, kinds and asker must outlive it.

#include <string>
#include <string_view>
#include <vector>

#include "access/rbac.hpp"
#include "cel/host.hpp"
#include "kube/api_kinds.hpp"
#include "kube/review.hpp"
#include "kube/snapshot.hpp"

namespace tally::assessment {

class HostContext {
 public:
  // `kinds` may be null.
  HostContext(const kube::Snapshot& snapshot, const kube::CustomKinds* kinds)
      : snapshot_(&snapshot), kinds_(kinds), rbac_(access::Rbac::read(snapshot)) {}

  [[nodiscard]] const kube::Snapshot& snapshot() const noexcept { return *snapshot_; }
  [[nodiscard]] const kube::CustomKinds* kinds() const noexcept { return kinds_; }
  [[nodiscard]] const access::Rbac& rbac() const noexcept { return rbac_; }

 private:
  const kube::Snapshot* snapshot_;
  const kube::CustomKinds* kinds_;
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
};

class SnapshotHost final : public cel::Host {
 public:
  SnapshotHost(const HostContext& world, const Asker& asker) noexcept
      : world_(&world), asker_(asker) {}

  [[nodiscard]] cel::Value ask(Arena& arena, std::string_view capability, std::string_view function,
                               std::span<const cel::Value> args) const override;

 private:
  const HostContext* world_;
  Asker asker_;
};

}  // namespace tally::assessment

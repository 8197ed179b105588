#pragma once
// The policies of a mesh, read once: AuthorizationPolicy, PeerAuthentication and
// RequestAuthentication (security.istio.io v1 and v1beta1), compiled and indexed by namespace,
// selector and target.
//
//   Loaded loaded = PolicySet::load(*snapshot);
//   Decision decision;                           // one per thread, kept: it owns the memory
//   decide(loaded.set, request, decision);       // decide.hpp
//
// Semantics: istio.io/istio master at 86c9f01 (1.28 line) pilot/pkg/security/authz/{model,builder},
// pilot/pkg/model/{authorization,policyattachment}.go, pilot/pkg/serviceregistry/ambient, and
// istio/ztunnel at 62d8265 src/rbac.rs, pinned by tests/conformance/istio-authz.
//
// Errors: load() never fails as a whole; what is wrong with an object is a Problem.
//
// Threads: immutable; share freely. Lifetime: the snapshot must outlive it.

#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "authorization/mesh_settings.hpp"
#include "authorization/problem.hpp"
#include "kube/snapshot.hpp"

namespace tally::authorization {

inline constexpr std::string_view kSecurityGroup = "security.istio.io";

enum class Action : std::uint8_t { Allow, Deny, Audit, Custom };
[[nodiscard]] std::string_view action_name(Action action) noexcept;  // "ALLOW", ...

struct Loaded;

class PolicySet {
 public:
  // Without settings, those of the snapshot's MeshConfig.
  [[nodiscard]] static Loaded load(const kube::Snapshot& snapshot,
                                   std::optional<MeshSettings> settings = std::nullopt);

  PolicySet(PolicySet&&) noexcept;
  PolicySet& operator=(PolicySet&&) noexcept;
  ~PolicySet();

  [[nodiscard]] const MeshSettings& settings() const noexcept;
  // Policies in the set, in the order of the input. What the API server refuses is not among them.
  [[nodiscard]] std::size_t authorization_count() const noexcept;

  struct Table;  // internal/table.hpp
  [[nodiscard]] const Table& table() const noexcept { return *table_; }

 private:
  explicit PolicySet(std::unique_ptr<const Table> table) noexcept;
  std::unique_ptr<const Table> table_;
};

struct Loaded {
  PolicySet set;
  std::vector<Problem> problems;  // in the order of the input
};

}  // namespace tally::authorization

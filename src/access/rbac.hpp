#pragma once
// Role-based access control over the objects of a Snapshot: who may do what, decided as the API
// server decides it (k8s.io/kubernetes v1.36.3 plugin/pkg/auth/authorizer/rbac/rbac.go,
// pkg/registry/rbac/validation/rule.go, pkg/apis/rbac/v1/evaluation_helpers.go).
//
//   const Rbac rbac = Rbac::read(snapshot);
//   Answer answer = rbac.decide(subject, {.verb = "create", .group = "apps", .resource =
//   "deployments"});
//
// A Snapshot is seldom the whole cluster. So there is a third answer: Unknown, where nothing allows
// but something that is not here could: no RBAC object at all, or a binding of this subject to a
// role that is not here. RBAC never denies; what it does not allow, another authorizer may.
//
// Threads: immutable once read. Lifetime: the snapshot must outlive it.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "document/node.hpp"
#include "kube/snapshot.hpp"

namespace tally::access {

// Who asks. The groups are all that count: nothing is added to them.
struct Subject {
  std::string_view user;
  std::span<const std::string_view> groups;
};

// What the API server adds to the groups of whom it has authenticated, and those of a service
// account by its name (k8s.io/apiserver pkg/authentication/{group,serviceaccount}).
void add_groups_of_user(std::string_view user, std::vector<std::string>& groups);
// Only those of a service account: `authorizer.serviceAccount()` asks for it so.
void add_groups_of_service_account(std::string_view user, std::vector<std::string>& groups);

struct Access {
  std::string_view verb;
  std::string_view path =
      {};  // of what is no resource ("/healthz"); then the rest is not looked at
  std::string_view group = {};
  std::string_view resource = {};  // plural
  std::string_view subresource = {};
  std::string_view name_space = {};  // empty: the whole cluster
  std::string_view name = {};
};

enum class Decision : std::uint8_t { Allow, NoOpinion, Unknown };

struct Answer {
  Decision decision = Decision::NoOpinion;
  std::string reason;  // the server's words for Allow; what is missing for Unknown
};

class Rbac {
 public:
  [[nodiscard]] static Rbac read(const kube::Snapshot& snapshot);

  // Whether the snapshot holds any role or binding.
  [[nodiscard]] bool is_empty() const noexcept { return is_empty_; }
  [[nodiscard]] Answer decide(const Subject& subject, const Access& access) const;

 private:
  struct Binding {
    const kube::Object* object = nullptr;
    std::string_view name_space;  // empty: ClusterRoleBinding
    std::string_view role_kind;
    std::string_view role_name;
  };
  struct Role {
    std::vector<const document::Node*> rules;
    bool is_known = false;
  };

  void read_roles(const kube::Snapshot& snapshot);
  void read_bindings(const kube::Snapshot& snapshot);
  void aggregate(const kube::Snapshot& snapshot);
  [[nodiscard]] const Role* role_of(const Binding& binding) const;
  // False: the search is over.
  bool visit(const Binding& binding, const Subject& subject, const Access& access,
             Answer& answer) const;

  bool is_empty_ = true;
  std::vector<Binding> cluster_bindings_;
  std::unordered_map<std::string_view, std::vector<Binding>> bindings_;  // by namespace
  std::unordered_map<std::string, Role> roles_;  // "namespace/name"; "/name" of the cluster
};

}  // namespace tally::access

#pragma once
// MatchResources of admissionregistration.k8s.io: which requests a policy or a binding is about
// (k8s.io/apiserver v0.36 pkg/admission/plugin/policy/matching, plugin/webhook/predicates).
//
// Three values: a selector that needs labels of a namespace that is not in the input gives Unknown,
// never No.
//
// Threads: immutable once read. Lifetime: views into the policy's document, which must outlive it.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "document/node.hpp"
#include "kube/api_kinds.hpp"
#include "kube/review.hpp"
#include "kube/selectors.hpp"
#include "kube/snapshot.hpp"
#include "scalar/label_selector.hpp"

namespace tally::policy_cel {

// A field that the API server would refuse.
struct FieldProblem {
  std::string pointer;       // RFC 6901 into the object
  std::uint32_t offset = 0;  // in its source
  std::string message;
};

// One bit per kube::Operation.
using OperationMask = std::uint8_t;
inline constexpr OperationMask kEveryOperation = 0x0F;
[[nodiscard]] constexpr OperationMask mask_of(kube::Operation operation) noexcept {
  return static_cast<OperationMask>(1U << static_cast<unsigned>(operation));
}

struct ResourceRule {
  enum class Scope : std::uint8_t { All, Namespaced, Cluster };
  struct Resource {
    std::string_view name;         // "pods", "*"
    std::string_view subresource;  // "", "scale", "*"
  };
  std::vector<std::string_view> groups;
  std::vector<std::string_view> versions;
  std::vector<Resource> resources;
  std::vector<std::string_view> resource_names;
  OperationMask operations = 0;
  Scope scope = Scope::All;
};

// Where requests and namespaces are looked up.
struct MatchContext {
  const kube::Snapshot* snapshot = nullptr;  // namespaces; may be null
  const kube::CustomKinds* kinds = nullptr;  // may be null
  // A namespace that is not in the snapshot has the one label of its name, and no other: the answer
  // is never Unknown.
  bool are_namespaces_complete = false;
  // As Kyverno matches (pkg/cel/matching/matcher.go): the resource as it came and never an
  // equivalent one; the start of a generateName is a name.
  bool is_kyverno = false;
  // Rules are about every operation, whatever they say: targets of mutations, deleting policies.
  bool is_any_operation = false;
};

struct Matched {
  kube::Match verdict = kube::Match::No;
  // What the policy sees: the request's own, or those of the equivalent resource that a rule named.
  kube::GroupVersionResource resource;
  kube::GroupVersionKind kind;
};

class MatchResources {
 public:
  // Matches every request.
  MatchResources() = default;

  // Appends what is wrong; fields that are wrong match nothing. `pointer`: of `node`.
  [[nodiscard]] static MatchResources read(const document::Node& node, const std::string& pointer,
                                           std::vector<FieldProblem>& problems);

  [[nodiscard]] Matched match(const kube::Review& review, const MatchContext& context) const;

  // Empty: every resource.
  [[nodiscard]] std::span<const ResourceRule> rules() const noexcept { return rules_; }

 private:
  std::vector<ResourceRule> rules_;
  std::vector<ResourceRule> excluded_;
  scalar::LabelSelector namespaces_;
  scalar::LabelSelector objects_;
  bool is_exact_ = false;
  bool is_broken_ = false;  // a selector cannot be read
};

// The resources that hold the same objects as this one: other versions, and groups that share their
// storage (events). Without the resource itself.
struct Equivalent {
  kube::GroupVersionResource resource;
  std::string_view kind;
};
[[nodiscard]] std::span<const Equivalent> equivalents(const kube::GroupVersionResource& resource,
                                                      const MatchContext& context,
                                                      std::vector<Equivalent>& buffer);

}  // namespace tally::policy_cel

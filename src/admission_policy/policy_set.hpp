#pragma once
// ValidatingAdmissionPolicy and MutatingAdmissionPolicy (admissionregistration.k8s.io v1, v1beta1,
// v1alpha1) with their bindings and parameters, as the API server v1.36 evaluates them
// (k8s.io/apiserver pkg/admission/plugin/policy).
//
// How to call it:
//
//   Loaded loaded = PolicySet::load({.given = from --policy, .found = those of the input,
//                                    .snapshot = parameters and namespaces, .kinds = CRDs});
//   for (const LoadProblem& p : loaded.problems) ...   // a finding each; is_refused: exit code 2
//                                                      // if the policy was given
//   Scratch scratch;                                   // one per thread, kept
//   Decision d = loaded.set.admit(review, scratch);    // mutate, then validate
//   for (const Outcome& o : d.outcomes) ...            // a finding each
//
// Bindings (CONTRACTS.md section 3): a policy of the input without a binding is the problem
// NotBound and is not applied; a given one without a binding applies to everything with Deny; a
// given one with bindings among the given or found objects uses them.
//
// Objects: review.object is as written. With Defaults::Apply (the default) the policies see it with
// the server's defaults (kube/defaults.hpp), as they do in a cluster; with Defaults::AsIs they see
// what they are given.
//
// What is not given is Unknown, never false: labels and annotations of a namespace that is not in
// the snapshot (but kubernetes.io/metadata.name), the user of a review made of a file, the answers
// of an authorizer without a host.
//
// Errors: load() never fails as a whole; what is wrong with a policy is a LoadProblem. admit()
// never fails; what fails is an Outcome.
//
// Threads: a PolicySet is immutable and shared; every thread has its own Scratch. After warm-up
// admit() allocates nothing from the heap when nothing is to be said.
//
// Lifetime: objects, snapshot and kinds must outlive the PolicySet.

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "admission_policy/outcome.hpp"
#include "cel/host.hpp"
#include "kube/api_kinds.hpp"
#include "kube/review.hpp"
#include "kube/snapshot.hpp"
#include "policy_cel/evaluation.hpp"
#include "policy_cel/match_resources.hpp"

namespace tally::admission_policy {

struct LoadProblem {
  enum class Kind : std::uint8_t {
    Invalid,         // the API server would refuse the policy or binding: a missing or wrong field
    DoesNotCompile,  // an expression
    NotBound,        // a policy of the input without a binding
    NoPolicy,        // a binding whose policy is not here
    TypeWarning,     // what the server would write into status.typeChecking: applied all the same
  };
  Kind kind = Kind::Invalid;
  const kube::Object* object = nullptr;
  std::string pointer;       // RFC 6901 into the object: "/spec/validations/0/expression"
  std::uint32_t offset = 0;  // of that place in object->source
  std::string message;       // of expressions with the line and the caret, as cel-go prints them
  bool is_refused = false;   // the policy is not applied because of it
  bool is_given = false;     // of an object among `given`
};
// "invalid", "does-not-compile", "not-bound", "no-policy", "type-warning"
[[nodiscard]] std::string_view to_text(LoadProblem::Kind kind) noexcept;

struct PolicyInputs {
  std::span<const kube::Object> given;       // by --policy: policies, bindings and parameters
  std::span<const kube::Object> found;       // of the input; objects of other kinds are passed over
  const kube::Snapshot* snapshot = nullptr;  // parameters and namespaces; may be null
  const kube::CustomKinds* kinds = nullptr;  // kinds of CRDs; may be null
};

enum class Defaults : std::uint8_t { Apply, AsIs };

// Which of the policies are asked: a webhook mutates in one call and validates in another.
enum class Steps : std::uint8_t { All, Mutate, Validate };

struct AdmitOptions {
  Defaults defaults = Defaults::Apply;
  Steps steps = Steps::All;
  // Parameters and namespaces as they are now; null: those that the policies were loaded with.
  const kube::Snapshot* snapshot = nullptr;
  const cel::Host* host = nullptr;  // answers `authorizer`; null: Unknown
  // The user of the review is known to be nobody in particular (a file): what depends on it is
  // Unknown. False: an empty user is an empty user.
  bool is_user_unknown_when_empty = true;
  policy_cel::Watcher* watcher = nullptr;  // sees every expression that is evaluated: slow
};

class PolicySet;
struct Loaded;

// Memory of one thread. What a Decision shows lives here until the next call.
class Scratch {
 public:
  Scratch();
  ~Scratch();
  Scratch(Scratch&&) noexcept;
  Scratch& operator=(Scratch&&) noexcept;

  struct State;  // internal/scratch_state.hpp
  [[nodiscard]] State& state() noexcept { return *state_; }

 private:
  std::unique_ptr<State> state_;
};

class PolicySet {
 public:
  PolicySet();  // without policies: admits everything
  ~PolicySet();
  PolicySet(PolicySet&&) noexcept;
  PolicySet& operator=(PolicySet&&) noexcept;

  [[nodiscard]] static Loaded load(const PolicyInputs& inputs);

  // Mutating policies, then validating ones on the result.
  [[nodiscard]] Decision admit(const kube::Review& review, Scratch& scratch,
                               const AdmitOptions& options = {}) const;

  // The policies that are applied: for rule records and figures.
  struct Entry {
    PolicyKind kind = PolicyKind::Validating;
    const kube::Object* object = nullptr;
    std::string_view name;
    bool is_given = false;
    std::uint32_t bindings = 0;             // 0: given without one, applied to everything
    std::span<const std::string> pointers;  // of its validations or mutations
  };
  [[nodiscard]] std::span<const Entry> entries() const noexcept;

  // Whether any policy could speak about this resource: a glance, for callers that want to skip the
  // making of a review.
  [[nodiscard]] bool concerns(const kube::GroupVersionResource& resource) const;
  // What the policy at this place of entries() matches; empty: everything.
  [[nodiscard]] std::span<const policy_cel::ResourceRule> rules(std::size_t entry) const;

  struct Table;  // internal/policy_table.hpp

 private:
  explicit PolicySet(std::unique_ptr<const Table> table);
  std::unique_ptr<const Table> table_;
};

struct Loaded {
  PolicySet set;
  std::vector<LoadProblem> problems;  // in the order of the objects
};

}  // namespace tally::admission_policy

#pragma once
// Kyverno's CEL policies (policies.kyverno.io v1alpha1, v1beta1, v1): ValidatingPolicy,
// MutatingPolicy, GeneratingPolicy, DeletingPolicy, ImageValidatingPolicy, their Namespaced
// variants, and PolicyException, as Kyverno 1.19 evaluates them (github.com/kyverno/kyverno,
// pkg/cel).
//
// How to call it:
//
//   Loaded loaded = PolicySet::load({.policies = ..., .exceptions = ..., .kinds = CRDs});
//   for (const LoadProblem& p : loaded.problems) ...
//   Scratch scratch;                                   // one per thread, kept
//   loaded.set.open({.review = review, ...}, scratch); // one request
//   loaded.set.find(scratch, candidates);              // who may speak about it
//   for (std::uint32_t i : candidates) {
//     Response r = loaded.set.judge(i, scratch);
//     if (r.is_changed) loaded.set.change_object(r.object, scratch);   // for the next policy
//   }
//
// Unlike ValidatingAdmissionPolicy, objects are seen as they are written.
//
// What the expressions ask of the world goes to Request::host (cel/kyverno_globals.hpp): a policy
// of a namespace gets its own namespace as an argument where it names none, and neither
// globalContext nor, unless the request allows it, http. generator.Apply is collected, not asked.
// Signatures are the host's: without its word an image validating policy is Unknown, never Pass.
//
// Errors: load() never fails as a whole; judge() never fails.
//
// Threads: a PolicySet is immutable and shared; every thread has its own Scratch. After warm-up
// judge() allocates nothing from the heap for objects that pass.
//
// Lifetime: objects and kinds must outlive the PolicySet.

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cel/host.hpp"
#include "kube/api_kinds.hpp"
#include "kube/review.hpp"
#include "kube/snapshot.hpp"
#include "kyverno_cel/response.hpp"
#include "policy_cel/evaluation.hpp"
#include "policy_cel/match_resources.hpp"

namespace tally::kyverno_cel {

inline constexpr std::string_view kGroup = "policies.kyverno.io";

// Whether an object is one of these policies, or their PolicyException.
[[nodiscard]] bool is_policy(const kube::Object& object) noexcept;
[[nodiscard]] bool is_exception(const kube::Object& object) noexcept;

struct LoadProblem {
  enum class Kind : std::uint8_t {
    Invalid,         // a missing or wrong field
    DoesNotCompile,  // an expression
    NoPolicy,        // an exception that names no policy that is here
    Expired,         // an exception
  };
  Kind kind = Kind::Invalid;
  const kube::Object* object = nullptr;
  std::string pointer;       // RFC 6901 into the object: "/spec/validations/0/expression"
  std::uint32_t offset = 0;  // of that place in object->source
  std::string message;       // of expressions with the line and the caret, as cel-go prints them
  bool is_refused = false;   // the policy or exception is not used because of it
};
// "invalid", "does-not-compile", "no-policy", "expired"
[[nodiscard]] std::string_view to_text(LoadProblem::Kind kind) noexcept;

struct PolicyInputs {
  std::span<const kube::Object> policies;    // objects of other kinds are passed over
  std::span<const kube::Object> exceptions;  // the same
  const kube::CustomKinds* kinds = nullptr;  // kinds of CRDs; may be null
  // Seconds since 1970: which exceptions have expired. Nothing: none has.
  std::optional<std::int64_t> now;
};

enum class Mode : std::uint8_t { Kubernetes, Json, Http, Envoy };
// "Kubernetes", "JSON", "HTTP", "Envoy"
[[nodiscard]] std::string_view to_text(Mode mode) noexcept;

// What a policy is, and what it says about how it is run.
struct Policy {
  PolicyKind kind = PolicyKind::Validating;
  Mode mode = Mode::Kubernetes;
  const kube::Object* object = nullptr;
  std::string_view kind_name;  // "NamespacedValidatingPolicy"
  std::string_view name;
  std::string_view name_space;  // "" of the cluster
  bool ignores_failures = false;
  bool is_denied = true;  // validationActions
  bool is_warned = false;
  bool is_audited = false;
  bool runs_on_admission = true;  // evaluation.admission
  bool runs_in_background = true;
  bool mutates_existing = false;
  bool has_targets = false;  // targetMatchConstraints: judge_target() is asked
  bool is_reinvoked = false;
  bool generates_existing = false;
  bool is_synchronized = false;
  bool orphans_downstream = false;  // generated objects stay when the policy goes
  std::string_view schedule;        // Deleting: a cron expression
  std::string_view deletion_propagation;
  std::span<const std::string> autogen;   // "defaults", "cronjobs", "extract"
  std::span<const std::string> pointers;  // of its validations, mutations, generations, conditions
};

struct Request {
  kube::Review review;
  // JSON, HTTP and Envoy: what is judged by policies of these modes; then there is no review.
  document::Node payload;
  Mode mode = Mode::Kubernetes;
  const kube::Snapshot* snapshot = nullptr;  // namespaces; may be null
  const cel::Host* host = nullptr;
  // A namespace that is not in the snapshot has no labels but its name and is null to expressions,
  // as for Kyverno's command line; otherwise what depends on it is Unknown.
  bool are_namespaces_complete = false;
  bool is_user_unknown_when_empty = true;
  // As in a cluster, images without a digest are pinned before they are verified (mutateDigest),
  // which needs their registry: Unknown. False: as for Kyverno's command line, which never pins.
  bool pins_images = false;
  bool allows_http_in_namespaces = false;  // --allowHTTPInNamespacedPolicies
  policy_cel::Watcher* watcher = nullptr;  // sees every expression that is evaluated: slow
};

class PolicySet;
struct Loaded;

// Memory of one thread.
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
  PolicySet();  // without policies
  ~PolicySet();
  PolicySet(PolicySet&&) noexcept;
  PolicySet& operator=(PolicySet&&) noexcept;

  [[nodiscard]] static Loaded load(const PolicyInputs& inputs);
  [[nodiscard]] std::span<const Policy> policies() const noexcept;
  // What the policy and its rules for pod controllers match.
  [[nodiscard]] std::vector<policy_cel::ResourceRule> rules(std::uint32_t policy) const;

  // A new request: what was said before is gone.
  void open(const Request& request, Scratch& scratch) const;
  // Positions in policies() that may speak about the open request, ascending.
  void find(Scratch& scratch, std::vector<std::uint32_t>& out) const;
  [[nodiscard]] Response judge(std::uint32_t policy, Scratch& scratch) const;
  // The object of the open request is this one from now on.
  void change_object(const document::Node& object, Scratch& scratch) const;
  // A MutatingPolicy on one of the objects that exist, for the open request as trigger.
  [[nodiscard]] Response judge_target(std::uint32_t policy, const kube::Object& target,
                                      Scratch& scratch) const;

  // open() and judge() at once.
  [[nodiscard]] Response judge(std::uint32_t policy, const Request& request,
                               Scratch& scratch) const;

  struct Table;  // internal/policy_table.hpp

 private:
  explicit PolicySet(std::unique_ptr<const Table> table);
  std::unique_ptr<const Table> table_;
};

struct Loaded {
  PolicySet set;
  std::vector<LoadProblem> problems;  // in the order of the objects
};

}  // namespace tally::kyverno_cel

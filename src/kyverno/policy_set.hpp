#pragma once
// Kyverno's classic policies (kyverno.io: ClusterPolicy, Policy, CleanupPolicy,
// ClusterCleanupPolicy and PolicyException), as Kyverno 1.19 evaluates them.
//
// How to call it:
//
//   Loaded loaded = PolicySet::load({.policies = objects, .exceptions = objects});
//   for (const LoadProblem& p : loaded.problems) ...
//   Scratch scratch;                                   // one per thread, kept
//   scratch.begin();                                   // a new object: what was answered is
//   forgotten for (std::uint32_t i = 0; i < loaded.set.policies().size(); ++i)
//     Response r = loaded.set.judge(i, Phase::Validate, request, scratch);
//
// The order in a cluster is: mutate with every policy (each sees what the one before has made),
// verify images, validate, generate. The caller runs the phases and hands Response::object on.
//
// Errors: load() never fails as a whole; what is wrong with a policy is a LoadProblem. judge()
// never fails: what fails is a RuleResponse with Verdict::Error.
//
// Threads: a PolicySet is immutable and shared; every thread has its own Scratch.
//
// Lifetime: the objects that were loaded must outlive the PolicySet; what a Response shows lives in
// the Scratch until its next begin().

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "document/node.hpp"
#include "kube/api_kinds.hpp"
#include "kube/object.hpp"
#include "kube/review.hpp"
#include "kyverno/observer.hpp"
#include "kyverno/world.hpp"

namespace tally::kyverno {

enum class PolicyKind : std::uint8_t {
  ClusterPolicy,
  Policy,
  ClusterCleanupPolicy,
  CleanupPolicy,
};
[[nodiscard]] std::string_view to_text(PolicyKind kind) noexcept;

enum class RuleType : std::uint8_t { Validation, Mutation, Generation, ImageVerify, Cleanup };
// "Validation", "Mutation", "Generation", "ImageVerify", "Cleanup"
[[nodiscard]] std::string_view to_text(RuleType type) noexcept;

enum class Verdict : std::uint8_t { Pass, Fail, Error, Skip, Unknown };
// "pass", "fail", "error", "skip", "unknown"
[[nodiscard]] std::string_view to_text(Verdict verdict) noexcept;

enum class Phase : std::uint8_t { Mutate, VerifyImages, Validate, Generate, Cleanup };

// One rule as it is applied; autogen makes up to three of one that the author wrote.
struct RuleRecord {
  std::string_view name{};     // "autogen-check"
  std::string_view written{};  // name of the rule in the policy: "check"
  RuleType type = RuleType::Validation;
  bool is_autogen = false;
  bool is_enforced = false;     // failureAction, of the rule or of the policy
  std::string_view severity{};  // of the policy's annotation: "medium"; may be empty
  std::string_view pointer{};   // of the written rule in the policy: "/spec/rules/0"
  std::uint32_t offset = 0;     // of the written rule in the policy's source
  std::string_view message{};   // validate.message, as written; may be empty
};

struct PolicyRecord {
  PolicyKind kind = PolicyKind::ClusterPolicy;
  const kube::Object* object = nullptr;
  std::string_view name{};
  std::string_view name_space{};  // "" for cluster-wide kinds
  std::span<const RuleRecord> rules{};
  std::string_view schedule{};  // of the cleanup kinds: cron (scalar/cron.hpp, Standard)
};

// A variable that the caller puts into the context: "request.operation", "element.name".
struct NamedValue {
  std::string_view name{};  // dotted; a part in double quotes may hold dots
  document::Node value{};
};

struct RuleValues {
  std::string_view policy{};
  std::string_view rule{};  // "" for every rule
  std::span<const NamedValue> values{};
};

struct Request {
  const kube::Review* review = nullptr;
  // Of the namespace that the object lives in: a map, or Null.
  document::Node namespace_labels{};
  std::span<const std::string_view> roles{};          // of the user: "namespace:name"
  std::span<const std::string_view> cluster_roles{};  // of the user
  // Asked by an API server: all of the request is visible. False: an object of a file; rules see
  // object, operation and namespace, and filters by user match when no user was given.
  bool is_admission = false;
  std::span<const NamedValue> values{};       // given by the caller, over what the review says
  std::span<const RuleValues> rule_values{};  // the same, for single rules
  std::span<const document::Node> targets{};  // objects that mutateExisting rules may change
  const World* world = nullptr;               // the cluster; null: nothing is known of it
  Observer* observer = nullptr;               // sees how verdicts come about: slow
};

struct RuleResponse {
  const RuleRecord* rule = nullptr;
  Verdict verdict = Verdict::Pass;
  std::string_view message{};
  // RuleRecord::is_enforced, unless failureActionOverrides say otherwise for this namespace.
  bool is_enforced = false;
  // Verdict::Error because something of the world was not given (an API call, a config map, a
  // registry): whoever judges files may call it unknown.
  bool is_world_missing = false;
  std::string_view pointer{};                      // RFC 6901: the place where a pattern failed
  document::Node object{};                         // after a mutation; Null if nothing changed
  std::span<const document::Node> targets{};       // mutateExisting: patched targets
  std::span<const document::Node> generated{};     // objects that would be created or updated
  std::span<const std::string_view> exceptions{};  // that excused it: "namespace/name"
};

struct Response {
  std::span<const RuleResponse> rules{};  // empty: no rule responded
  document::Node object{};                // after Mutate and VerifyImages; else the request's
};

struct LoadProblem {
  enum class Kind : std::uint8_t {
    Invalid,         // the policy cannot be applied: a missing or wrong field
    DoesNotCompile,  // an expression
  };
  Kind kind = Kind::Invalid;
  const kube::Object* object = nullptr;
  std::string pointer{};     // RFC 6901 into the object
  std::uint32_t offset = 0;  // of that place in object->source
  std::string message{};
  bool is_refused = false;  // the rule or the policy is not applied because of it
};
[[nodiscard]] std::string_view to_text(LoadProblem::Kind kind) noexcept;

struct PolicyInputs {
  std::span<const kube::Object> policies{};    // objects of other kinds are passed over
  std::span<const kube::Object> exceptions{};  // PolicyExceptions that are honoured
  const kube::CustomKinds* kinds = nullptr;    // kinds of CRDs; may be null
};

// What a rule matches, as `kinds` of its match block say it; parts may hold wildcards, "*" is any.
struct KindPattern {
  std::string_view group{};
  std::string_view version{};
  std::string_view kind{};
  std::string_view subresource{};
  std::vector<std::string_view> operations{};  // as the rule names them; empty: it names none
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

  // Forgets what was answered; keeps the memory.
  void begin();
  [[nodiscard]] Arena& arena() noexcept;

  struct State;  // internal/scratch_state.hpp
  [[nodiscard]] State& state() noexcept { return *state_; }

 private:
  std::unique_ptr<State> state_;
};

class PolicySet {
 public:
  PolicySet();
  ~PolicySet();
  PolicySet(PolicySet&&) noexcept;
  PolicySet& operator=(PolicySet&&) noexcept;

  [[nodiscard]] static Loaded load(const PolicyInputs& inputs);

  [[nodiscard]] std::span<const PolicyRecord> policies() const noexcept;
  // Whether the policy has rules for this phase.
  [[nodiscard]] bool has(std::uint32_t policy, Phase phase) const noexcept;
  // Policies with a rule of this phase that might match objects of this kind: a superset, sorted.
  [[nodiscard]] std::span<const std::uint32_t> candidates(Phase phase,
                                                          const kube::GroupVersionKind& kind,
                                                          Scratch& scratch) const;

  [[nodiscard]] Response judge(std::uint32_t policy, Phase phase, const Request& request,
                               Scratch& scratch) const;

  // What the rules of this phase are about: for the rules of a webhook.
  [[nodiscard]] std::vector<KindPattern> matched_kinds(std::uint32_t policy, Phase phase) const;

  struct Table;  // internal/policy_table.hpp

 private:
  explicit PolicySet(std::unique_ptr<const Table> table);
  std::unique_ptr<const Table> table_;
};

struct Loaded {
  PolicySet set;
  std::vector<LoadProblem> problems{};  // in the order of the objects
};

}  // namespace tally::kyverno

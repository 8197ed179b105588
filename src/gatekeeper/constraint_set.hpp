#pragma once
// Gatekeeper's ConstraintTemplates and their Constraints, as far as templates carry CEL (engine
// K8sNativeValidation): github.com/open-policy-agent/gatekeeper v3.20 pkg/drivers/k8scel,
// github.com/open-policy-agent/frameworks/constraint.
//
//   Loaded loaded = ConstraintSet::load({.templates = objects, .constraints = objects});
//   Scratch scratch;                                   // one per thread, kept
//   for (std::uint32_t i = 0; i < loaded.set.constraints().size(); ++i)
//     Response r = loaded.set.judge(i, request, scratch);
//
// A template without CEL is Engine::RegoOnly: its constraints answer Unknown.
//
// Expressions see what those of ValidatingAdmissionPolicy see, and two variables more:
// `variables.params` (spec.parameters of the constraint, with the defaults of the template's
// schema) and `variables.anyObject` (the object, or on DELETE what it was). Nothing but those two
// sees the constraint.
//
// Errors: load() never fails as a whole; judge() never fails: errors of expressions are violations,
// unless failurePolicy is Ignore.
//
// Threads: a ConstraintSet is immutable and shared; every thread has its own Scratch.
//
// Lifetime: the objects must outlive the ConstraintSet; what a Response shows lives in the Scratch
// until its next use.

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cel/host.hpp"
#include "document/node.hpp"
#include "kube/object.hpp"
#include "kube/review.hpp"
#include "kube/selectors.hpp"
#include "kube/snapshot.hpp"

namespace tally::gatekeeper {

inline constexpr std::string_view kTemplateGroup = "templates.gatekeeper.sh";
inline constexpr std::string_view kConstraintGroup = "constraints.gatekeeper.sh";

enum class Engine : std::uint8_t { Cel, RegoOnly };

// spec.enforcementAction; Scoped: what each enforcement point does is written per point.
enum class Enforcement : std::uint8_t { Deny, Warn, DryRun, Scoped };
[[nodiscard]] std::string_view to_text(Enforcement enforcement) noexcept;

struct LoadProblem {
  enum class Kind : std::uint8_t {
    Invalid,         // a missing or wrong field
    DoesNotCompile,  // an expression
    NoTemplate,      // a constraint whose template is not here
  };
  Kind kind = Kind::Invalid;
  const kube::Object* object = nullptr;
  std::string pointer;       // RFC 6901 into the object
  std::uint32_t offset = 0;  // of that place in object->source
  std::string message;
};
[[nodiscard]] std::string_view to_text(LoadProblem::Kind kind) noexcept;

struct Inputs {
  std::span<const kube::Object> templates;    // objects of other kinds are passed over
  std::span<const kube::Object> constraints;  // the same
};

struct Constraint {
  const kube::Object* object = nullptr;
  std::string_view kind;  // "K8sAllowedRepos"
  std::string_view name;
  Engine engine = Engine::Cel;
  Enforcement enforcement = Enforcement::Deny;
};

struct Request {
  const kube::Review* review = nullptr;
  const kube::Snapshot* snapshot = nullptr;  // namespaces; may be null
  const cel::Host* host = nullptr;
  bool is_user_unknown_when_empty = true;
};

struct Violation {
  std::string_view message;
  std::string_view pointer;  // of the validation in the template
  std::uint32_t index = 0;   // of the validation
  bool is_error = false;     // the expression failed
  bool is_unknown = false;   // it depends on what was not given
};

struct Response {
  kube::Match matched = kube::Match::No;
  std::span<const Violation> violations;
};

class ConstraintSet;
struct Loaded;

// Memory of one thread.
class Scratch {
 public:
  Scratch();
  ~Scratch();
  Scratch(Scratch&&) noexcept;
  Scratch& operator=(Scratch&&) noexcept;

  struct State;
  [[nodiscard]] State& state() noexcept { return *state_; }

 private:
  std::unique_ptr<State> state_;
};

class ConstraintSet {
 public:
  ConstraintSet();
  ~ConstraintSet();
  ConstraintSet(ConstraintSet&&) noexcept;
  ConstraintSet& operator=(ConstraintSet&&) noexcept;

  [[nodiscard]] static Loaded load(const Inputs& inputs);

  [[nodiscard]] std::span<const Constraint> constraints() const noexcept;
  [[nodiscard]] Response judge(std::uint32_t constraint, const Request& request,
                               Scratch& scratch) const;

  struct Table;

 private:
  explicit ConstraintSet(std::unique_ptr<const Table> table);
  std::unique_ptr<const Table> table_;
};

struct Loaded {
  ConstraintSet set;
  std::vector<LoadProblem> problems;
};

}  // namespace tally::gatekeeper

#pragma once
// The expressions of many policies, compiled once each: equal texts in equal surroundings are one
// program (k8s.io/apiserver v0.36 pkg/admission/plugin/cel/compile.go, composition.go).
//
// Loading: open a scope per policy (its variables), then compile its expressions; equal lists of
// variables are one scope. Afterwards the table is immutable and shared by threads;
// evaluation.hpp runs the programs.

#include <array>
#include <cstdint>
#include <deque>
#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "cel/program.hpp"
#include "policy_cel/host_types.hpp"

namespace tally::policy_cel {

// The variables of a policy's expressions, in the order of InputValues.
enum class Input : std::uint8_t {
  Object,
  OldObject,
  NamespaceObject,
  Request,
  Variables,
  Params,
  Authorizer,
  RequestResource,  // authorizer.requestResource
  // Of Kyverno's policies alone:
  Exceptions,    // allowedImages and allowedValues of the exceptions that match
  Images,        // of an image validating policy: lists of references, by extractor
  Attestors,     // by name
  Attestations,  // by name
  Reference,     // `ref`, in matchImageReferences
  // ... and their libraries, which the evaluation fills in (cel/kyverno_globals.hpp, in its order):
  Resource,
  Http,
  GlobalContext,
  ImageData,
  Generator,
  Json,
  Yaml,
};
inline constexpr std::size_t kInputs = 20;
// Those that a caller gives.
inline constexpr std::size_t kGivenInputs = 13;

// Whose policies an expression belongs to: what they see differs (github.com/kyverno/kyverno 1.19,
// pkg/cel/policies/*/compiler/compiler.go).
enum class Flavour : std::uint8_t {
  Kubernetes,
  KyvernoReview,     // validating, mutating and deleting policies
  KyvernoGenerate,   // generating policies: literals may mix types
  KyvernoImages,     // image validating policies
  KyvernoReference,  // their matchImageReferences
  KyvernoAuthorize,  // validating policies over HTTP and Envoy requests
};

// Which of the optional ones an expression may name.
struct Surroundings {
  bool variables = false;
  bool params = false;
  bool authorizer = false;
  bool patch_types = false;  // Object{...} and JSONPatch{...} may be made
  Flavour flavour = Flavour::Kubernetes;
  bool is_namespaced = false;  // Kyverno: of a policy that lives in a namespace
  friend bool operator==(const Surroundings&, const Surroundings&) = default;
};

// What the server demands of the expression's type.
enum class Returns : std::uint8_t {
  Anything,
  Bool,
  String,
  StringOrNull,
  Object,         // Object
  JsonPatch,      // list(JSONPatch)
  ObjectMap,      // map(string, any), of Kyverno's libraries
  Texts,          // list(string), or not known
  Authorization,  // an answer to an HTTP or Envoy request, or null
};

using ProgramId = std::uint32_t;
using ScopeId = std::uint32_t;
inline constexpr ProgramId kNoProgram = UINT32_MAX;
inline constexpr ScopeId kNoScope = UINT32_MAX;

struct CompileError {
  std::string message;       // the server's: "compilation failed: ERROR: <input>:1:3: ..."
  std::uint32_t offset = 0;  // of the first issue in the expression
};

struct VariableText {
  std::string_view name;
  std::string_view expression;
};

struct CompiledExpression {
  cel::Program program;
  std::array<Input, kInputs> inputs{};  // by index of the program's environment
  std::uint8_t input_count = 0;
  std::uint32_t used = 0;  // one bit per Input
  const cel::Type* type = nullptr;

  [[nodiscard]] bool uses(Input input) const noexcept {
    return (used >> static_cast<unsigned>(input) & 1U) != 0;
  }
  // Whether it sees anything that only Kyverno's policies have, of which InputValues::context is
  // the number.
  [[nodiscard]] bool uses_context() const noexcept {
    return (used >> static_cast<unsigned>(Input::Exceptions)) != 0;
  }
};

struct Scope {
  struct Variable {
    std::string name;
    ProgramId program = kNoProgram;  // kNoProgram: it does not compile
  };
  std::vector<Variable> variables;
  bool has_params = false;
  bool is_of_kyverno = false;

  // The later one of two with one name; nothing: no such variable.
  [[nodiscard]] std::optional<std::uint32_t> find(std::string_view name) const noexcept;
};

class Expressions {
 public:
  explicit Expressions(cel::Profile profile = {.dialect = cel::Dialect::Kubernetes});
  ~Expressions();
  Expressions(Expressions&&) noexcept;
  Expressions& operator=(Expressions&&) noexcept;

  // Variables in order; each may use the ones before it. An error per variable that does not
  // compile, by its index.
  struct VariableError {
    std::uint32_t index = 0;
    CompileError error;
  };
  [[nodiscard]] ScopeId open_scope(std::span<const VariableText> variables, bool has_params,
                                   std::vector<VariableError>& errors);
  // The same for variables in these surroundings.
  [[nodiscard]] ScopeId open_scope(std::span<const VariableText> variables,
                                   const Surroundings& surroundings,
                                   std::vector<VariableError>& errors);

  [[nodiscard]] std::expected<ProgramId, CompileError> compile(std::string_view text,
                                                               Returns returns, ScopeId scope,
                                                               Surroundings surroundings);

  [[nodiscard]] const CompiledExpression& operator[](ProgramId id) const noexcept {
    return programs_[id];
  }
  [[nodiscard]] std::size_t size() const noexcept { return programs_.size(); }
  [[nodiscard]] const Scope& scope(ScopeId id) const noexcept { return scopes_[id]; }
  // Whether any program reads this input.
  [[nodiscard]] bool uses(Input input) const noexcept {
    return (used_ >> static_cast<unsigned>(input) & 1U) != 0;
  }

 private:
  struct Host;  // environments and their types
  std::unique_ptr<Host> host_;
  std::deque<CompiledExpression> programs_;
  std::deque<Scope> scopes_;
  std::unordered_map<std::string, ProgramId> by_text_;
  std::unordered_map<std::string, ScopeId> by_variables_;
  std::uint32_t used_ = 0;
};

}  // namespace tally::policy_cel

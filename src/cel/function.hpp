#pragma once
// Functions as records: name, overloads, documentation, since which version of which host they
// exist, what they cost and how they are computed. Checker, evaluator, cost model and the generated
// reference (docs/cel.md) read the same rows. One file per function family in functions/;
// functions/all.cpp is the list.
//
// An overload's `signature` is text: "(string, string) -> bool"; a receiver stands first as well,
// and `member` says that the call is written receiver.f(args). Types: the names of cel-go's
// printer, "dyn", type parameters A, B, T..., "list(A)", "map(K, V)", "optional_type(A)",
// "type(A)", names of opaque types
// ("kubernetes.Quantity", "net.IP"), "wrapper(int)".

#include <cstdint>
#include <span>
#include <string_view>

#include "base/arena.hpp"
#include "cel/value.hpp"

namespace tally::cel {

// The libraries a profile chooses from. One bit each.
enum class Library : std::uint8_t {
  Standard,  // cel-spec
  Optional,  // optional types, .? and [?], ? entries
  Strings,   // with `library_version` 0 to 4
  Math,      // 0 to 2
  Encoders,
  Lists,  // 0 to 3
  Sets,
  Bindings,
  TwoVarComprehensions,
  Regex,    // cel-go ext.Regex
  Network,  // cel-spec network_ext
  Block,    // cel.@block, of the conformance suite
  Protos,
  KubernetesLists,
  KubernetesRegex,
  KubernetesUrl,
  KubernetesQuantity,
  KubernetesIp,
  KubernetesCidr,
  KubernetesFormat,
  KubernetesSemver,
  KubernetesAuthorizer,
  KubernetesJsonPatch,
  KyvernoResource,
  KyvernoHttp,
  KyvernoGlobalContext,
  KyvernoImage,
  KyvernoImageData,
  KyvernoJson,
  KyvernoYaml,
  KyvernoX509,
  KyvernoHash,
  KyvernoTime,
  KyvernoRandom,
  KyvernoGenerator,
  KyvernoEnvoy,
  KyvernoJwt,
  KyvernoMath,
  KyvernoParse,
  KyvernoUser,
  KyvernoGzip,
  KyvernoTransform,
  KyvernoImageVerify,
  KyvernoCluster,     // functions of policies of the cluster, which name a namespace ...
  KyvernoNamespaced,  // ... and of policies of a namespace, which are bound to theirs
};

class Host;  // host.hpp: the world, as far as the caller lets an expression see it

// What a function may use while it computes. Results must live in `arena`, in the arguments or for
// ever.
struct EvalContext {
  Arena& arena;
  const Host* host = nullptr;              // may be null
  std::uint64_t budget_left = UINT64_MAX;  // cost units; functions that loop over much check it
};

// args: the receiver first, all without errors and unknowns (strict), of the kinds that the
// signature names (the evaluator has dispatched on them). May return an Error.
using Apply = Value (*)(EvalContext& context, std::span<const Value> args);

// What k8s.io/apiserver/pkg/cel/library/cost.go and cel-go's cost tracker charge for a call, as
// rows where a row can say it.
enum class CostRule : std::uint8_t {
  One,            // 1 per call
  TraverseFirst,  // ceil(size(args[0]) * 0.1), as for string scans
  TraverseBoth,   // of the sum or maximum: see `cost.hpp`
  Equality,
  Contains,        // ceil(len(a) * 0.1) * ceil(len(b) * 0.1), as cel-go counts strings.contains
  Matches,         // ceil((len + 1) * 0.1) * ceil(len(regex) * 0.25)
  ListMembership,  // `in` over a list
  Special,         // by overload id in cost.cpp
};

// cel-go's OverloadCostTracker: what a call costs by the library's own word, from the arguments and
// the result. It goes before the rules of Kubernetes (cost.hpp).
using Charge = std::uint64_t (*)(EvalContext& context, std::span<const Value> args,
                                 const Value& result);

// An id that stands in several rows of one library: the row of the highest version that a profile
// has wins (format() became another function in version 4 of the strings library).
struct Overload {
  std::string_view id;         // cel-go's: "starts_with_string"
  std::string_view signature;  // "(string, string) -> bool"
  Apply apply =
      nullptr;  // null: the evaluator does it itself (`&&`, `||`, `?:`, comprehension steps)
  bool member = false;
  CostRule cost = CostRule::One;
  Charge charge = nullptr;  // null: `cost`, cost.hpp
};

struct Function {
  std::string_view name;  // "startsWith", "_+_"
  Library library = Library::Standard;
  std::uint8_t library_version = 0;  // first version of the library that has it
  std::span<const Overload> overloads;
  std::string_view summary;  // one sentence; with an example after a line break
};

// Every function there is, in the order of the files. A name may stand several times (a library
// adds overloads to a function of another one).
[[nodiscard]] std::span<const std::span<const Function>> all_functions() noexcept;

}  // namespace tally::cel

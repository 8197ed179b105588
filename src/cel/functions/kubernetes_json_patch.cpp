// The library kubernetes.jsonpatch (k8s.io/apiserver v0.36, pkg/cel/library/jsonpatch.go). The
// JSONPatch{} objects themselves are types of the host that evaluates mutations.
#include <array>

#include "cel/functions/all.hpp"
#include "cel/internal/library.hpp"

namespace tally::cel {

namespace {

// RFC 6901 section 3.
Value escape_key(EvalContext& context, std::span<const Value> args) {
  TextBuilder out(context.arena, args[0].text().size());
  for (const char c : args[0].text()) {
    if (c == '/') {
      out.add("~1");
    } else if (c == '~') {
      out.add("~0");
    } else {
      out.add(c);
    }
  }
  return out.finish();
}

constexpr auto kEscapeKey = std::to_array<Overload>({
    {.id = "string_jsonpatch_escapeKey_string",
     .signature = "(string) -> string",
     .apply = escape_key,
     .cost = CostRule::TraverseFirst},
});

constexpr auto kFunctions = std::to_array<Function>({
    {.name = "jsonpatch.escapeKey",
     .library = Library::KubernetesJsonPatch,
     .overloads = kEscapeKey,
     .summary = "A key as it stands in the path of a JSON patch.\n"
                "jsonpatch.escapeKey('k8s.io/my~label') == 'k8s.io~1my~0label'"},
});

}  // namespace

std::span<const Function> kubernetes_json_patch_functions() noexcept { return kFunctions; }

}  // namespace tally::cel

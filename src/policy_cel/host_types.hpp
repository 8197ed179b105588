#pragma once
// The types of what admission policies see beside their objects: `request`, `namespaceObject`,
// `variables`, and, where patches are made, `JSONPatch` and `Object`
// (k8s.io/apiserver v0.36 pkg/admission/plugin/cel/compile.go, pkg/cel/mutation).
//
// Threads: used by the one thread that compiles.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cel/type.hpp"

namespace tally::policy_cel {

inline constexpr std::string_view kRequestType = "kubernetes.AdmissionRequest";
inline constexpr std::string_view kNamespaceType = "kubernetes.Namespace";
inline constexpr std::string_view kVariablesType = "kubernetes.variables";
inline constexpr std::string_view kJsonPatchType = "JSONPatch";
inline constexpr std::string_view kObjectType = "Object";
inline constexpr std::string_view kExceptionsType = "libs.Exception";  // Kyverno's

enum class PatchTypes : std::uint8_t { No, Yes };
// request.object and request.oldObject, which only Kyverno has (pkg/cel/compiler/request.go).
enum class RequestObjects : std::uint8_t { No, Yes };

class HostTypes final : public cel::TypeProvider {
 public:
  explicit HostTypes(PatchTypes patch_types, const cel::TypeProvider* more = nullptr,
                     RequestObjects request_objects = RequestObjects::No)
      : patch_types_(patch_types), request_objects_(request_objects), more_(more) {}

  // The fields of `variables` from now on; kept by the caller.
  using Variables = std::vector<std::pair<std::string, const cel::Type*>>;
  void set_variables(const Variables* variables) noexcept { variables_ = variables; }

  [[nodiscard]] const cel::Type* find_type(cel::TypePool& pool,
                                           std::string_view name) const override;
  [[nodiscard]] const cel::Type* find_field(cel::TypePool& pool, const cel::Type& of,
                                            std::string_view field) const override;

 private:
  PatchTypes patch_types_;
  RequestObjects request_objects_;
  const cel::TypeProvider* more_;
  const Variables* variables_ = nullptr;
};

// What a field of `variables` is, of an expression of this type: structs and the like become dyn
// (convertCelTypeToDeclType).
[[nodiscard]] const cel::Type* variable_type(cel::TypePool& pool, const cel::Type& type);

}  // namespace tally::policy_cel

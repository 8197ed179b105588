#pragma once
// The table of API kinds: what a Kubernetes API server of one release serves. Generated
// (tools/api_table), embedded, parsed on first use, once, from any thread. Call load_api_kinds()
// before documents are read: it interns the field names, so that readers give their keys symbols
// (without it everything works, by text).

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

#include "kube/api_types.hpp"
#include "kube/custom_schema.hpp"
#include "kube/object.hpp"

namespace tally::kube {

enum class Scope : std::uint8_t { Namespaced, Cluster };

struct ApiKind {
  std::string_view group;
  std::string_view version;
  std::string_view kind;
  std::string_view plural;
  Scope scope = Scope::Namespaced;
  std::optional<TypeIndex> type;  // its structure; nothing for kinds of CustomResourceDefinitions
  std::string_view subresources;  // comma-separated, sorted
  std::string_view short_names;   // comma-separated
  const CustomSchema* schema = nullptr;  // of a kind of a CustomResourceDefinition, if it has one
};

// Parses the table if nobody has yet. Takes less than a millisecond.
void load_api_kinds();

// "1.36"
[[nodiscard]] std::string_view api_version_of_table();
// Sorted by group, version and kind.
[[nodiscard]] std::span<const ApiKind> api_kinds();
[[nodiscard]] const ApiKind* find_kind(std::string_view group, std::string_view version,
                                       std::string_view kind);
[[nodiscard]] const ApiKind* find_kind_any_version(std::string_view group, std::string_view kind);
// A built-in kind of that name in any group, or null.
[[nodiscard]] const ApiKind* find_kind_any_group(std::string_view kind);
[[nodiscard]] const ApiKind* find_resource(std::string_view group, std::string_view version,
                                           std::string_view plural);
// Does the API server itself serve this group ("", "apps", "networking.k8s.io", and groups it
// served once)?
[[nodiscard]] bool is_builtin_group(std::string_view group);

// "networkpolicies" for "NetworkPolicy", as client-go's UnsafeGuessKindToResource.
[[nodiscard]] std::string guess_plural(std::string_view kind);

// Namespaced? From the table of API kinds, the removed and the recognised kinds; an unknown kind is
// namespaced.
[[nodiscard]] bool is_namespaced(const Object& object);

// Kinds that CustomResourceDefinitions of the input add. Rows have stable addresses while it lives.
// The structural schemas of the versions that are served are read with them.
class CustomKinds {
 public:
  // Reads apiextensions.k8s.io CustomResourceDefinitions (v1 and v1beta1) among the objects; skips
  // the rest. Texts point into the objects' documents.
  void add(std::span<const Object> objects);
  [[nodiscard]] const ApiKind* find(std::string_view group, std::string_view version,
                                    std::string_view kind) const;
  [[nodiscard]] const std::deque<ApiKind>& kinds() const noexcept { return kinds_; }
  // Sets `kind` of the objects that have none and are of these kinds.
  void resolve(std::span<Object> objects) const;

 private:
  std::deque<ApiKind> kinds_;
  std::deque<CustomSchema> schemas_;
  std::unordered_map<std::string, const ApiKind*> by_identity_;  // "group/version/kind"
};

}  // namespace tally::kube

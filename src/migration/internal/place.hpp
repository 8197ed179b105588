#pragma once
// A value of the object under judgement, as an expression, with what is known of it.

#include <string>
#include <vector>

#include "migration/internal/cel_text.hpp"
#include "migration/internal/reads.hpp"
#include "policy_cel/schema_type.hpp"

namespace tally::migration {

struct Place {
  std::string cel;  // binds as a primary
  policy_cel::SchemaType type{};
  Path path{};  // from the object's root; empty for what is no part of it
  // Of a rule about several kinds: what the place is in each of those that have it. `type` is
  // known only where they agree.
  std::vector<policy_cel::SchemaType> kinds{};

  [[nodiscard]] policy_cel::PlaceKind kind() const noexcept { return type.kind(); }
};

// The same with another expression, for what stands below.
[[nodiscard]] Place below(const Place& place, std::string_view key);
// An element of a list, under the name that a macro gives it.
[[nodiscard]] Place element_of(const Place& list, std::string name);

// Whether a key is there. It is, where the API server lets no object in without it: the spec of
// its own kinds, the containers of a pod, the name of a container or volume.
[[nodiscard]] Cel presence(const Place& place, std::string_view key);

// Names for the variables of macros, each used once at a time.
class Names {
 public:
  // Of the elements of what stands under `key`: "container" for "initContainers".
  [[nodiscard]] std::string open(std::string_view key);
  void close() { open_.pop_back(); }

 private:
  std::vector<std::string> open_;
};

}  // namespace tally::migration

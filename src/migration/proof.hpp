#pragma once
// Whether a classic policy and its translation say the same: both judge objects that are made of
// what the policy reads, in this process.
//
// Objects: for each kind that the policy matches a small valid one, then changed around the paths
// and values that the policy names: both sides of every comparison, absent, empty, one more
// element, pod controllers where autogen applies. An object that an API server would refuse for its
// structure (kube/structure.hpp) is not made. The same seed makes the same objects.
//
// Verdicts: `allowed` (pass), `denied` (fail), `error`, `skipped` (no rule has an opinion). Two
// answers differ if one lets the object in and the other does not, or if the objects differ that
// mutations make. That one says pass where the other says skip, or fail where the other says error,
// is counted but no difference: it is the same decision (with failurePolicy Ignore an error lets
// the object in).

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "migration/migration.hpp"

namespace tally::migration {

enum class Decision : std::uint8_t { Skipped, Allowed, Denied, Errored };
// "skipped", "allowed", "denied", "error"
[[nodiscard]] std::string_view to_text(Decision decision) noexcept;

struct ProofOptions {
  std::uint64_t objects = 10'000;
  std::uint64_t seed = 1;
  std::span<const kube::Object> with{};      // objects to judge as well
  const kube::CustomKinds* kinds = nullptr;  // may be null
};

struct Opinion {
  Decision decision = Decision::Skipped;
  std::string message{};
};

struct Difference {
  std::string policy;  // the translated one
  std::string operation;
  std::string object;  // YAML, with no field more than it takes
  Opinion classic;
  Opinion translated;
  bool is_mutation = false;
  std::string classic_object{};  // YAML, what mutations made of it
  std::string translated_object{};
};

struct Proof {
  std::uint64_t objects = 0;
  std::uint64_t seed = 0;
  std::uint64_t allowed = 0;
  std::uint64_t denied = 0;
  std::uint64_t skipped = 0;
  std::uint64_t errored = 0;
  std::uint64_t changed = 0;  // by mutations
  std::uint64_t unchanged = 0;
  std::uint64_t reported_otherwise = 0;  // the same decision under another name
  std::uint64_t differing = 0;
  std::optional<Difference> difference{};  // the first
  bool is_mutation = false;

  // It saw only one side: nothing that is denied, or nothing that is allowed.
  [[nodiscard]] bool is_weak() const noexcept {
    return is_mutation ? changed == 0 || unchanged == 0
                       : denied + errored == 0 || allowed + skipped == 0;
  }
  // "proven equal on 10,000 objects (seed 1): 3,120 denied, 6,880 allowed, 0 differ"
  [[nodiscard]] std::string summary() const;
};

[[nodiscard]] Proof prove(const kube::Object& policy, const Translation& translation,
                          const ProofOptions& options);

}  // namespace tally::migration

#pragma once
// From Kyverno's classic policies (kyverno.io: ClusterPolicy, Policy) to the CEL kinds that replace
// them (policies.kyverno.io/v1: ValidatingPolicy, MutatingPolicy and their Namespaced variants).
//
// A rule is translated whole or not at all: what has no equivalent is an Obstacle that says where
// and why. Rules that match the same requests become one policy, others a policy each. proof.hpp
// shows that both say the same.
//
// Threads: pure; one arena per thread.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/arena.hpp"
#include "document/node.hpp"
#include "kube/api_kinds.hpp"
#include "kube/object.hpp"

namespace tally::migration {

// A rule, or the policy as a whole, that has no equivalent.
struct Obstacle {
  std::string rule;          // "" for the policy
  std::string pointer;       // of the rule: "/spec/rules/0"
  std::uint32_t offset = 0;  // of what is in the way, in the policy's source
  std::string message;       // "the function parse_yaml()"
};

enum class TargetKind : std::uint8_t { Validating, Mutating };

struct Translated {
  TargetKind kind = TargetKind::Validating;
  document::Node policy;                // ValidatingPolicy, ...; in the arena
  std::vector<std::string> rules;       // of the classic policy, that it stands for
  std::vector<std::string> notes;       // what a reader must know: what is not the same
  std::vector<std::string> operations;  // that it is about
};

struct Vocabulary;  // internal/vocabulary.hpp: what objects for the proof are made of

struct Translation {
  Translation();
  ~Translation();
  Translation(Translation&&) noexcept;
  Translation& operator=(Translation&&) noexcept;

  std::vector<Translated> policies;
  std::vector<Obstacle> obstacles;
  std::unique_ptr<Vocabulary> vocabulary;
};

// Is it a policy that can be migrated? (kyverno.io ClusterPolicy or Policy)
[[nodiscard]] bool is_classic(const kube::Object& object) noexcept;

// `kinds`: of CustomResourceDefinitions; may be null.
[[nodiscard]] Translation translate(const kube::Object& policy, Arena& arena,
                                    const kube::CustomKinds* kinds = nullptr);

}  // namespace tally::migration

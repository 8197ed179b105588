#pragma once
// Lint: what is wrong, useless or missing in network policies and in the mesh, as findings with a
// place, both readings where a text has two, and what to do.
//
//   const World world(*snapshot, {});
//   for (const LintFinding& found : lint({.snapshot = *snapshot, .world = world, ...})) ...
//
// One finding for one cause, not for each pair that it touches. What the input cannot show (a
// namespace that is not in it, pods of another repository) is said as info, or not at all. Nothing
// is judged here that the policies themselves do not decide: World, Mesh and the entries answer.
// Pure; one thread.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "finding/finding.hpp"
#include "kube/snapshot.hpp"
#include "reachability/world.hpp"
#include "scalar/object_ref.hpp"

namespace tally::reachability {

struct EntryList;
namespace mesh {
class Mesh;
}

struct LintFinding {
  const finding::Check* check = nullptr;
  // What it is about, and where it stands. Of a Namespace that the input does not hold, `object` is
  // one that lives in it.
  scalar::ObjectRef subject{};
  const kube::Object* object = nullptr;
  std::string pointer{};     // RFC 6901, into the subject
  std::uint32_t offset = 0;  // in the object's source
  finding::Severity severity = finding::Severity::Medium;
  std::string found{};
  std::string allowed{};
  std::string message{};
  std::string remedy{};  // empty: the check's

  // Whether the subject is the object in which it stands.
  [[nodiscard]] bool is_about_object() const noexcept {
    return object != nullptr && object->ref.kind == subject.kind &&
           object->ref.name == subject.name;
  }
};

struct LintInput {
  const kube::Snapshot& snapshot;
  const World& world;
  const mesh::Mesh& mesh;
  const EntryList& entries;
};

// By subject (namespace, kind, name), then place, then check.
[[nodiscard]] std::vector<LintFinding> lint(const LintInput& input);

// Workloads of a cluster without any policy: one finding for each namespace, without a World.
struct OpenNamespace {
  std::string_view name;
  const kube::Object* object = nullptr;  // its Namespace, or the first workload
  std::uint32_t workloads = 0;
};
[[nodiscard]] LintFinding not_isolated(const OpenNamespace& open);

// Every check, in the order of checks/all.cpp. engine "network".
[[nodiscard]] std::span<const finding::Check* const> lint_checks();

}  // namespace tally::reachability

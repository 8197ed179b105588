#pragma once
// Kinds of other projects (and configuration files that look like objects) that we recognise by
// group and kind: what they are, and the engine that judges them or will
// (content/api/recognised.tsv).

#include <cstdint>
#include <span>
#include <string_view>

#include "scalar/object_ref.hpp"

namespace tally::kube {

enum class RecognisedScope : std::uint8_t { Namespaced, Cluster, File };

struct RecognisedKind {
  std::string_view group;  // wildcards * and ?
  std::string_view kind;
  RecognisedScope scope = RecognisedScope::Namespaced;
  std::string_view what;    // "Kyverno policy"
  std::string_view engine;  // "kyverno"
};

// The row for an object's group and kind, or null. Built-in kinds that wait for an engine are among
// the rows.
[[nodiscard]] const RecognisedKind* recognise(const scalar::ObjectRef& ref);
[[nodiscard]] std::span<const RecognisedKind> recognised_kinds();

}  // namespace tally::kube

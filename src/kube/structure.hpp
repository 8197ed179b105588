#pragma once
// What the API server would refuse about an object's structure, from the table of API kinds:
// unknown and misplaced fields, wrong types, missing fields, invalid names, labels, quantities and
// ports, selectors that do not match, API versions that were removed. Apart from, and in addition
// to, every security verdict.
//
// Objects of kinds that a CustomResourceDefinition of the input defines are held to its structural
// schema; other kinds without a row in the table are checked for their metadata only. No allocation
// while nothing is wrong, but for lists of more than 16 names that must be unique and quantities of
// more than 15 digits. Threads: one Arena and one StructureScratch per thread.

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/arena.hpp"
#include "kube/object.hpp"

namespace tally::kube {

enum class StructureProblemKind : std::uint8_t {
  UnknownField,
  MisplacedField,
  WrongType,
  RequiredField,
  UnsupportedValue,
  InvalidValue,
  InvalidName,
  InvalidLabel,
  InvalidQuantity,
  RequestAboveLimit,
  InvalidPort,
  DuplicateName,
  SelectorMismatch,
  NotFound,
  RemovedApi,
  UnknownKind,
  TooManyProblems,
};

// What documentation and findings say of a kind of problem.
struct StructureCheck {
  StructureProblemKind kind;
  std::string_view id;  // "unknown-field"
  std::string_view title;
  std::string_view description;
  std::string_view remedy;
};

// In the order of StructureProblemKind.
[[nodiscard]] std::span<const StructureCheck> structure_checks() noexcept;
[[nodiscard]] const StructureCheck& structure_check(StructureProblemKind kind) noexcept;

struct StructureProblem {
  StructureProblemKind kind = StructureProblemKind::UnknownField;
  std::string_view pointer;  // RFC 6901; of a missing field: where it belongs
  std::uint32_t offset = 0;  // in the source; of a missing field: of the map that lacks it
  std::string_view found;    // "" when something is missing
  std::string_view expected;
  std::string_view
      message;  // one sentence; begins with the API server's own text where that is known
};

// Problems past this number are one TooManyProblems.
inline constexpr std::size_t kStructureProblemsMax = 100;

struct StructureScratch {
  std::vector<StructureProblem> problems;
};

// The result and its texts live in the arena (and the object's document).
[[nodiscard]] std::span<const StructureProblem> check_structure(const Object& object, Arena& arena,
                                                                StructureScratch& scratch);

}  // namespace tally::kube

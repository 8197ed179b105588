#include <array>

#include "base/assert.hpp"
#include "kube/structure.hpp"

namespace tally::kube {

namespace {

using Kind = StructureProblemKind;

constexpr auto kChecks = std::to_array<StructureCheck>({
    {Kind::UnknownField, "unknown-field", "Unknown field",
     "The API server does not know this field. It refuses the object (field validation Strict, "
     "kubectl's default) or drops "
     "the field with a warning, and the setting has no effect.",
     "Correct the field's name, or remove it."},
    {Kind::MisplacedField, "misplaced-field", "Misplaced field",
     "The field exists, but not here: it was written too high, too low or beside the map that it "
     "belongs to, mostly by wrong "
     "indentation. Where it stands it has no effect.",
     "Move the field to the place that is named."},
    {Kind::WrongType, "wrong-type", "Wrong type",
     "The value has another type than the field. The API server cannot read the object.",
     "Write a value of the expected type; quote numbers and booleans where a string is expected."},
    {Kind::RequiredField, "required-field", "Required field missing",
     "The API server refuses the object without this field.", "Add the field."},
    {Kind::UnsupportedValue, "unsupported-value", "Unsupported value",
     "The field takes one of a fixed set of values, and this is none of them.",
     "Use one of the supported values."},
    {Kind::InvalidValue, "invalid-value", "Invalid value", "The API server refuses this value.",
     "Correct the value as the message says."},
    {Kind::InvalidName, "invalid-name", "Invalid name",
     "The name does not follow the syntax that Kubernetes demands of it.",
     "Choose a name that follows the syntax."},
    {Kind::InvalidLabel, "invalid-label", "Invalid label or annotation",
     "The key or value of a label, or the key of an annotation, does not follow the syntax that "
     "Kubernetes demands.",
     "Correct the key or the value."},
    {Kind::InvalidQuantity, "invalid-quantity", "Invalid quantity",
     "The text is no resource quantity such as 100m, 1.5 or 128Mi.",
     "Write a number with an optional suffix: n u m k M G T P E or Ki Mi Gi Ti Pi Ei."},
    {Kind::RequestAboveLimit, "request-above-limit", "Request above limit",
     "A container requests more of a resource than its limit allows; the API server refuses it.",
     "Raise the limit or lower the request."},
    {Kind::InvalidPort, "invalid-port", "Invalid port",
     "The port number or port name is not valid.",
     "Use a number from 1 to 65535, and a name of at most 15 lower-case letters, digits and "
     "dashes."},
    {Kind::DuplicateName, "duplicate-name", "Duplicate name",
     "Two entries of a list have the same name where names must be unique.", "Rename one of them."},
    {Kind::SelectorMismatch, "selector-mismatch", "Selector does not match the template",
     "The workload would not select the pods that it creates; the API server refuses it.",
     "Give the template the labels that the selector names."},
    {Kind::NotFound, "reference-not-found", "Reference to something that is not there",
     "The pod refers to a volume that it does not define; the API server refuses it.",
     "Define the volume, or correct its name."},
    {Kind::RemovedApi, "removed-api", "Removed API version",
     "This API version is no longer served; a current API server does not know the object.",
     "Move the object to the API version that is named."},
    {Kind::UnknownKind, "unknown-kind", "Unknown kind in a Kubernetes API group",
     "The group belongs to Kubernetes itself, but it has no such kind or version.",
     "Correct apiVersion or kind."},
    {Kind::TooManyProblems, "too-many-problems", "Too many structure problems",
     "The object has more structure problems than are listed.",
     "Correct the listed ones and look again."},
});

}  // namespace

std::span<const StructureCheck> structure_checks() noexcept { return kChecks; }

const StructureCheck& structure_check(StructureProblemKind kind) noexcept {
  const StructureCheck& check = kChecks[static_cast<std::size_t>(kind)];
  TALLY_ASSERT(check.kind == kind);
  return check;
}

}  // namespace tally::kube

#pragma once
// Apply configurations: an object that says some fields, merged into another by the types of the
// API (sigs.k8s.io/structured-merge-diff v6 typed.Merge; k8s.io/apiserver v0.36
// pkg/admission/plugin/policy/mutating/patch/smd.go). Lists merge by their keys or as sets; fields
// that the schema does not know and atomic lists, maps and structs are errors.
//
// The result shares unchanged sub-trees with the object. Threads: pure; one arena per thread.

#include <cstdint>
#include <expected>
#include <string>

#include "base/arena.hpp"
#include "document/node.hpp"
#include "policy_cel/schema_type.hpp"

namespace tally::policy_cel {

// What a configuration that names fields of atomic lists, maps and structs is: an error, as for the
// API server, or a replacement of the whole, as Kyverno's useServerSideApply has it.
enum class Atomics : std::uint8_t { Refused, Replaced };

// Whether the object must fit the schema as the configuration must: for Kyverno, which is given it
// as it was written. The API server has decoded it before, and left undeclared fields out.
enum class Original : std::uint8_t { Decoded, AsWritten };

// `configuration` without apiVersion and kind is of the object's. The error is the server's text
// behind "error applying patch: ".
[[nodiscard]] std::expected<document::Node, std::string> apply_configuration(
    Arena& arena, const document::Node& object, const document::Node& configuration,
    const SchemaType& type, Atomics atomics = Atomics::Refused,
    Original original = Original::Decoded);

}  // namespace tally::policy_cel

#pragma once
// The reader of all YAML: libyaml's events become nodes. It is the authority; the fast scanner
// answers only where its answer is the same.
//
// Semantics are those of kubectl: go.yaml.in/yaml/v2 v2.4.4 decode.go, and sigs.k8s.io/yaml v1.6.0
// yaml.go behind it.
//   - `<<` merges a map, an alias of one, or a list of those, at the place where it stands: what
//   follows it wins over it,
//     it wins over what precedes it; in a list the earlier map wins.
//   - Keys that are booleans, integers or numbers become text; null, lists and maps cannot be keys.
// Ours: a repeated key is an error, aliases are bounded by ReadLimits, and nothing behind the
// first document of a slice is dropped: what `--- text` begins is read, what follows `...` is an
// error.
//
// Offsets: a value begins behind its anchor and tag; a missing value stands where it is missed
// (behind `:` or `-`).

#include <optional>
#include <vector>

#include "document/read.hpp"

namespace tally::document {

// Appends the documents of a slice that is valid UTF-8 without NUL bytes. The error ends the slice;
// the documents before it stay.
[[nodiscard]] std::optional<Error> read_libyaml(const Source& source, const Slice& slice,
                                                Arena& arena, const ReadLimits& limits,
                                                std::vector<Document>& documents);

}  // namespace tally::document

#pragma once
// Reading manifests: a Source holds one or more documents; each is read on its own, so that a
// broken one spoils no other.
//
//   for (const Slice slice : split(source))           // cheap: one pass over the lines
//     read_slice(source, slice, arena, options, documents, errors);   // any thread, one arena per
//     thread
//
// YAML is read as kubectl reads it: split at lines that start with `---` (rest blank or a comment),
// go-yaml 2 scalar rules, merge keys; duplicate keys are an error that names both lines and both
// values. JSON keeps its numbers exactly.

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/arena.hpp"
#include "base/result.hpp"
#include "document/node.hpp"
#include "document/source.hpp"

namespace tally::document {

enum class Format : std::uint8_t { Yaml, Json };

// Part of a source that is read on its own: one YAML document, or a run of concatenated JSON
// values.
struct Slice {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  Format format = Format::Yaml;
  std::uint32_t ordinal =
      1;  // of the document in its source, from 1; documents without content are counted too
};

enum class YamlReader : std::uint8_t {
  Fast,     // own scanner for the common block style, libyaml for what it does not know
  Libyaml,  // libyaml for everything (`--reader libyaml`): the oracle
};

struct ReadLimits {
  std::uint32_t documents = 1'000'000;    // documents of one source, empty ones included
  std::uint32_t depth = 500;              // nesting of lists and maps
  std::uint32_t nodes = 50'000'000;       // nodes of one document, aliases expanded
  std::uint32_t alias_nodes = 1'000'000;  // nodes that aliases and merge keys add to one document
  // libyaml looks at every open flow collection for every token. Work is one unit for each value
  // of a document and each flow level beyond 50 in which it stands; below that level reading is
  // linear whatever the document says.
  std::uint32_t flow_work = 10'000'000;
};

struct ReadOptions {
  ReadLimits limits;
  YamlReader reader = YamlReader::Fast;
};

struct Document {
  Node root;
  std::uint32_t begin = 0;  // byte range in the source
  std::uint32_t end = 0;
  std::uint32_t ordinal = 1;
};

// An error of one document. error.at is its position in the source; error.file is left empty.
struct DocumentError {
  std::uint32_t begin = 0;  // byte range of the document
  std::uint32_t end = 0;
  std::uint32_t ordinal = 1;
  Error error;
};

// Splits a source into slices that cover its documents. A text whose first non-blank character is
// `{` or `[` and that holds no YAML is JSON, as kubectl guesses. Never fails; an empty source has
// no slice. Past limits.documents slices the rest of the source is one slice, which read_slice
// refuses under the same limits.
[[nodiscard]] std::vector<Slice> split(const Source& source, const ReadLimits& limits = {});

// Reads one slice; appends a Document for every value and a DocumentError for what cannot be read.
// A YAML document of comments and blanks only appends nothing.
void read_slice(const Source& source, const Slice& slice, Arena& arena, const ReadOptions& options,
                std::vector<Document>& documents, std::vector<DocumentError>& errors);

// One value, for texts that must be exactly one document (configuration, requests, tests).
[[nodiscard]] Result<Node> read_one(const Source& source, Arena& arena,
                                    const ReadOptions& options = {});

}  // namespace tally::document

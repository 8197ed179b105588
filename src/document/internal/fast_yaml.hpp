#pragma once
// The fast way into a YAML document: a scanner of the style in which people and tools write
// manifests. It knows block maps and sequences, scalars of every style, and flow collections.
// Whatever it does not know, doubts or finds wrong it leaves to the libyaml reader, which is the
// authority: where both answer, the answers are the same to the byte (kinds, texts, number texts,
// order, offsets of values and keys). Errors are never reported from here.
//
// Left to libyaml: anchors, aliases, tags, directives, document markers inside the slice, complex
// and merge keys, keys that are not certainly text, keys with escapes, duplicate keys, scalars as
// root, tabs outside of quotes, comments and block scalars, multi-line plain scalars in flow
// collections, line breaks other than LF and CRLF.
//
// Threads: none shared; one scratch per thread.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/arena.hpp"
#include "document/node.hpp"
#include "document/read.hpp"

namespace tally::document {

// An open collection of the scanner.
struct FastYamlFrame {
  enum class Kind : std::uint8_t { Map, Sequence, IndentlessSequence, FlowMap, FlowSequence };
  Kind kind = Kind::Map;
  bool pending = false;       // a key or a dash has been read, its value not yet
  bool suspicious = false;    // two keys may be the same
  std::int32_t indent = 0;    // column of its keys or dashes
  std::uint32_t offset = 0;   // of the collection
  std::uint32_t values = 0;   // its first value in the scratch
  std::uint32_t keys = 0;     // its first key in the scratch
  std::uint32_t after = 0;    // offset behind the pending `:` or `-`: the place of a missing value
  Symbol symbol = kNoSymbol;  // of the pending key
  std::uint64_t seen = 0;     // one bit for each key, by its hash
};

// What the scanner needs while it works, kept from document to document.
struct FastYamlScratch {
  std::vector<FastYamlFrame> frames;
  std::vector<Node> values;
  std::vector<KeySpan> keys;
  std::vector<std::uint32_t> hashes;  // one for each key
  std::vector<std::uint32_t> order;   // for the duplicate check
  std::vector<std::string_view> names;
  std::string text;  // of a scalar that has to be put together
};

// The root of the document in source_text[begin, end). nullopt: let libyaml read it.
// Precondition: kSourcePadding zero bytes follow source_text, which is at most 1 GiB.
[[nodiscard]] std::optional<Node> read_fast_yaml(std::string_view source_text, std::uint32_t begin,
                                                 std::uint32_t end, Arena& arena,
                                                 FastYamlScratch& scratch,
                                                 const ReadLimits& limits);

}  // namespace tally::document

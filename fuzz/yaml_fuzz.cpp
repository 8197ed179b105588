// YAML: the fast reader and libyaml must give the same documents, to the offset, and the same
// errors.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "document/read.hpp"

namespace {

using namespace tally::document;  // NOLINT(google-build-using-namespace)

struct Reading {
  tally::Arena arena;
  std::vector<Document> documents;
  std::vector<DocumentError> errors;
};

[[noreturn]] void fail(const char* what) {
  std::fprintf(stderr, "the readers disagree: %s\n", what);
  std::abort();
}

void require(bool holds, const char* what) {
  if (!holds) {
    fail(what);
  }
}

// Also walks the whole tree, so that a node outside of the text or the arena is found by the
// sanitizer. Aliases are bounded by the limits below.
void require_same(const Node& fast, const Node& slow, const Source& source) {
  require(fast.kind() == slow.kind(), "kind");
  require(fast.offset() == slow.offset(), "offset");
  require(fast.offset() <= source.text().size(), "offset behind the text");
  require(fast.key_symbol() == slow.key_symbol(), "symbol");
  require(fast.boolean() == slow.boolean(), "boolean");
  require(fast.text() == slow.text(), "text");
  require(fast.size() == slow.size(), "size");
  for (std::size_t i = 0; i < fast.size(); ++i) {
    if (fast.is_object()) {
      require(fast.key(i) == slow.key(i), "key");
      require(fast.key_offset(i) == slow.key_offset(i), "offset of a key");
    }
    require_same(fast.items()[i], slow.items()[i], source);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Name kNames[] = {Name{"a"}, Name{"spec"}, Name{"metadata"}};
  static_cast<void>(kNames);
  const auto source = Source::from_text("fuzz", {reinterpret_cast<const char*>(data), size});
  ReadOptions options;
  options.limits = {.depth = 50, .nodes = 20000, .alias_nodes = 2000};
  std::uint32_t ordinal = 0;
  for (const Slice& slice : split(*source)) {
    require(slice.ordinal == ++ordinal && slice.begin <= slice.end && slice.end <= size, "slice");
    Reading fast;
    Reading slow;
    options.reader = YamlReader::Fast;
    read_slice(*source, slice, fast.arena, options, fast.documents, fast.errors);
    options.reader = YamlReader::Libyaml;
    read_slice(*source, slice, slow.arena, options, slow.documents, slow.errors);
    require(fast.documents.size() == slow.documents.size(), "number of documents");
    require(fast.errors.size() == slow.errors.size(), "number of errors");
    for (std::size_t i = 0; i < fast.documents.size(); ++i) {
      require_same(fast.documents[i].root, slow.documents[i].root, *source);
    }
    for (std::size_t i = 0; i < fast.errors.size(); ++i) {
      require(fast.errors[i].error.to_string() == slow.errors[i].error.to_string(), "error");
    }
  }
  return 0;
}

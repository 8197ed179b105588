#pragma once
// Wildcards in the keys of labels and annotations: what the maps of a pattern ask for, during one
// match. Kyverno 1.19.1, pkg/engine/wildcards/wildcards.go, ExpandInMetadata; it changes the
// pattern while it judges, so that a second element of a list meets the keys that the first one
// gave.

#include <cstdint>
#include <span>
#include <string_view>

#include "base/arena.hpp"
#include "document/node.hpp"
#include "pattern/internal/program.hpp"
#include "pattern/wildcard.hpp"

namespace tally::pattern {

class MetadataKeys {
 public:
  MetadataKeys(const PatternProgram& program, Arena& arena, Budget& budget);

  // The entries of a map, in the order of judgement.
  [[nodiscard]] std::span<const Entry> entries_of(std::uint32_t map) const;
  // Expands what `tags` names for this resource. False if over budget. `entries` are those of the
  // map that holds the `metadata`; their order may change.
  [[nodiscard]] bool expand(const Tags& tags, const document::Node& resource,
                            std::span<const Entry>& entries);

 private:
  bool expand_tag(const Tags::Tag& tag, std::string_view name, const document::Node& resource);
  bool expand_key(Entry& entry, const document::Node& labels);
  bool reorder(std::span<const Entry>& entries, const Tags::Tag& tag);

  const PatternProgram& program_;
  Arena& arena_;
  Budget& budget_;
  std::span<std::span<const Entry>> expanded_;  // by slot; without data: as compiled
};

}  // namespace tally::pattern

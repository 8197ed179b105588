#pragma once
// A baseline: the findings that were known on some day, by fingerprint, so that a run reports what
// is new.
//
// The file is JSON with one finding on each line, sorted by fingerprint, so that a review sees in
// the diff which finding was added to it. Only the fingerprint counts when it is read; rule,
// subject and place are for people.
//
//   { "apiVersion": "tallystick.dev/v1alpha1", "kind": "Baseline", "findings": [
//   {"fingerprint":"6f0c...","rule":"pod-security/baseline/host-namespaces","subject":"Deployment
//   shop/cart","pointer":"/spec/..."} ] }

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "finding/finding.hpp"

namespace tally::input {

struct BaselineEntry {
  std::string fingerprint;  // 64 lower-case hex digits
  std::string rule;         // "engine/policy/rule"
  std::string subject;      // "Deployment shop/cart"
  std::string container;
  std::string pointer;
  Position at;
};

struct Baseline {
  std::string file;
  std::vector<BaselineEntry> entries;  // sorted by fingerprint, each once
};

// The text of a baseline of the findings that count (fail, error, unknown; not those that an
// exception accepts).
[[nodiscard]] std::string baseline_text(std::span<const finding::Finding> findings);
// Writes it beside the file and renames, so that a reader never sees half of one.
[[nodiscard]] Result<void> write_baseline(const std::string& path,
                                          std::span<const finding::Finding> findings);

[[nodiscard]] Result<Baseline> read_baseline(const std::string& path);

struct BaselineMatch {
  std::vector<bool> known;          // for each finding: is it in the baseline?
  std::vector<std::uint32_t> gone;  // entries of the baseline that no finding matches any more
};
[[nodiscard]] BaselineMatch apply_baseline(const Baseline& baseline,
                                           std::span<const finding::Finding> findings);

}  // namespace tally::input

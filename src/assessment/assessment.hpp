#pragma once
// assess(): joins the engines. Command line, server and tests go through it, so that the verdict is
// the same everywhere.
//
// Pure but for threads: no file, clock or environment is touched. What the world says (today's
// date, configuration, the snapshot) comes in as values. The result does not depend on the number
// of threads.

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "assessment/engine_set.hpp"
#include "finding/assessment.hpp"
#include "kube/review.hpp"
#include "kube/snapshot.hpp"
#include "pod_security/pod_security.hpp"

namespace tally::assessment {

struct Context {
  // --pod-security: only this is judged, for every workload, whatever labels and tiers say.
  std::optional<pod_security::LevelVersion> pod_security_only;
  // The date that exceptions are held against, days since 1970-01-01.
  finding::Day today = 0;
  // Waivers that are honoured, in the order in which they are asked.
  std::vector<const finding::Exception*> exceptions;
  // Waivers found in the input: listed, not honoured.
  std::vector<const finding::Exception*> unhonoured;
  bool include_pass = false;
  // The request that objects of files are judged as: who does what.
  kube::Operation operation = kube::Operation::Create;
  std::string_view subresource;
  kube::UserInfo user_info;
  // What the objects were before, for UPDATE; found by identity. An object that is not among them
  // was the same.
  std::span<const kube::Object> old_objects;
  // Judge objects with the defaults that the API server gives them before admission; false: as
  // written.
  bool defaults = true;
  unsigned threads = 1;
};

// Findings, figures, workloads, namespaces, rule counts, exceptions and totals of objects. Inputs,
// skipped documents and errors are added by who read them. The snapshot and its sources must
// outlive the result.
[[nodiscard]] finding::Assessment assess(const kube::Snapshot& snapshot,
                                         std::span<const kube::Review> reviews,
                                         const EngineSet& engines, const Context& context);

// Every rule that this program can report, by engine: for --list-rules, `tally explain` and SARIF.
[[nodiscard]] std::vector<const finding::Check*> all_rules();

}  // namespace tally::assessment

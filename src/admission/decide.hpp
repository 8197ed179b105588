#pragma once
// decide(): from what the engines found to what is answered. The one place where fail, error and
// unknown become allow or deny (DESIGN.md, promise 3).
//
// A finding denies if its mode is enforce and its verdict is fail, or error or unknown where doubt
// denies; policies whose failurePolicy is Ignore let their errors pass. Findings with an exception
// never deny. In mode warn they become warnings, in mode audit they are kept only.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "admission/injected.hpp"
#include "admission/programs.hpp"
#include "assessment/request_judge.hpp"
#include "history/decision.hpp"
#include "kube/review.hpp"

namespace tally::admission {

struct Question {
  const kube::Review* review = nullptr;
  const assessment::RequestVerdict* verdict = nullptr;
  const Programs* programs = nullptr;
  const kube::Snapshot* snapshot = nullptr;  // namespaces
  const OwnerContainers* owners = nullptr;   // null: nothing is known of owners
};

struct Answer {
  history::Decision decision;
  std::string id;    // of the decision
  std::string text;  // what the developer reads of a denial; empty: allowed
  std::vector<std::string> warnings;
  std::vector<std::pair<std::string, std::string>> audit_annotations;
};

// Nothing was found, nothing was changed: the answer is yes and there is nothing to tell.
[[nodiscard]] bool is_silent(const Question& question) noexcept;

[[nodiscard]] Answer decide(const Question& question);

// "spec.containers[0].image" of "/spec/containers/0/image": as developers write it.
[[nodiscard]] std::string field_path(std::string_view pointer);

}  // namespace tally::admission

#pragma once
// PolicyCatalogue: which text of each policy is in force. A policy that cannot be loaded never
// takes the place of one that could: the last good text stays, and the status says why.
//
//   catalogue.replace(texts)  ->  Programs; what is in force is kept on disk as to_json() and comes
//   back with remember() at the next start, before files and API server have answered.
//
// Threads: one at a time.

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "admission/programs.hpp"

namespace tally::admission {

class PolicyCatalogue {
 public:
  // What was in force before: the texts that remember() knows stand in for broken ones.
  void remember(const std::vector<PolicyText>& texts);

  struct Change {
    std::shared_ptr<const Programs> programs;
    std::vector<PolicyStatus> statuses;  // of the wanted texts; is_loaded: an older one stands in
                                         // where `why` is not empty
    std::size_t kept = 0;                // policies for which an older text stands in
  };
  // The whole of what is wanted now; two texts of one identity: the file's stands.
  [[nodiscard]] Change replace(std::vector<PolicyText> wanted,
                               const std::shared_ptr<const input::Config>& config,
                               std::int64_t now_seconds);

 private:
  std::map<std::string, PolicyText> good_;  // by identity: the last that was loaded
};

// The texts in force as one JSON document, and back. Reading refuses what is not complete.
[[nodiscard]] std::string to_json(const std::vector<PolicyText>& texts);
[[nodiscard]] Result<std::vector<PolicyText>> read_texts(std::string_view json);

}  // namespace tally::admission

#pragma once
// Difference: which connections another set of manifests adds, takes away or changes
// (netpol-analyzer's `diff`). What is compared is connectivity, not policies.

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "kube/snapshot.hpp"
#include "reachability/netpol_analyzer/options.hpp"

namespace tally::reachability::netpol_analyzer {

struct DifferentPair {
  enum class Kind : std::uint8_t { Changed, Added, Removed, Unchanged };
  Kind kind = Kind::Changed;
  std::string source;
  std::string destination;
  std::string before;  // "No Connections" of an added pair
  std::string after;
  // The workload is in one of the two inputs only.
  bool is_source_new_or_lost = false;
  bool is_destination_new_or_lost = false;
  bool is_from_ingress = false;
};

class Difference {
 public:
  // Format and multiple_networks of the options count, the rest does not.
  [[nodiscard]] static Result<Difference> make(const kube::Snapshot& before,
                                               const kube::Snapshot& after, const Options& options);

  [[nodiscard]] const std::vector<DifferentPair>& pairs() const noexcept { return pairs_; }
  [[nodiscard]] const std::vector<Warning>& warnings() const noexcept { return warnings_; }
  // Nothing is added, removed or changed.
  [[nodiscard]] bool is_empty() const;

  // Empty if there is no difference. JSON is not among the formats of this report.
  [[nodiscard]] std::string to_string() const;

 private:
  Options options_;
  std::vector<DifferentPair> pairs_;
  std::vector<Warning> warnings_;
};

}  // namespace tally::reachability::netpol_analyzer

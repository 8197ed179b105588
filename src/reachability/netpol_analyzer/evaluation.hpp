#pragma once
// One question: may this connection pass? (netpol-analyzer's `evaluate`.)

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "kube/snapshot.hpp"
#include "reachability/netpol_analyzer/options.hpp"

namespace tally::reachability::netpol_analyzer {

struct Question {
  // A pod or a workload by its name and namespace, or an outside address.
  struct End {
    std::string name;
    std::string name_space = "default";
    std::string address;
  };
  End source;
  End destination;
  scalar::Protocol protocol = scalar::Protocol::Tcp;
  std::uint16_t port = 0;
};

// Warnings are appended. An Error: the input cannot be analysed, or an end is not in it.
[[nodiscard]] Result<bool> evaluate(const kube::Snapshot& snapshot, const Question& question,
                                    std::vector<Warning>& warnings);

}  // namespace tally::reachability::netpol_analyzer

// The list of checks. Self-registration would be dropped by the linker from a static library.
#include "workload/checks/all.hpp"

#include <array>

namespace tally::workload {

std::span<const Entry> entries() {
  static const std::array kEntries = {
      image_tag_check(),
      image_digest_check(),
      resource_limits_check(),
      service_account_token_check(),
      read_only_root_filesystem_check(),
      probes_check(),
  };
  return kEntries;
}

std::span<const finding::Check* const> all_checks() {
  static const auto kChecks = [] {
    std::vector<const finding::Check*> checks;
    for (const Entry& entry : entries()) {
      checks.push_back(entry.check);
    }
    return checks;
  }();
  return kChecks;
}

}  // namespace tally::workload

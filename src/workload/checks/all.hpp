#pragma once
// One function per file of this folder; each gives the entry of its check.

#include "workload/internal/view.hpp"

namespace tally::workload {

[[nodiscard]] Entry image_tag_check();
[[nodiscard]] Entry image_digest_check();
[[nodiscard]] Entry resource_limits_check();
[[nodiscard]] Entry service_account_token_check();
[[nodiscard]] Entry read_only_root_filesystem_check();
[[nodiscard]] Entry probes_check();

}  // namespace tally::workload

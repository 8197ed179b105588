#pragma once
// WebhookKeeper: keeps the two webhook configurations of the cluster as the policies want them, by
// server-side apply, and removes one of which nothing is asked any more.
//
// Threads: one at a time.

#include <functional>
#include <string>

#include "admission/webhook_configuration.hpp"
#include "kube_client/api_client.hpp"
#include "telemetry/log.hpp"

namespace tally::serve {

class WebhookKeeper {
 public:
  WebhookKeeper(kube_client::ApiClient& client, telemetry::Log& log) : client_(client), log_(log) {}

  // Writes what differs from what was written last. `is_due`: write also what did not change, so
  // that what others changed comes back.
  [[nodiscard]] Result<void> keep(const admission::WebhookConfigurations& wanted, bool is_due);

 private:
  [[nodiscard]] Result<void> keep_one(const char* plural, const char* kind,
                                      const std::string& wanted, std::string& written, bool is_due);

  kube_client::ApiClient& client_;
  telemetry::Log& log_;
  std::string validating_ = "?";  // what was written last; "?": not known
  std::string mutating_ = "?";
};

}  // namespace tally::serve

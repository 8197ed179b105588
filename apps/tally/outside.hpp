#pragma once
// What a run may ask of the world outside its files: the moment it began, and the hosts that
// --allow-host names.

#include <memory>
#include <string>
#include <vector>

#include "assessment/host.hpp"
#include "base/result.hpp"

namespace tally::app {

class AllowedOutside {
 public:
  // The error names the flag and the entry that is no HOST[:PORT].
  [[nodiscard]] static Result<std::unique_ptr<const AllowedOutside>> create(
      const std::vector<std::string>& allowed_hosts, std::int64_t now_seconds);
  virtual ~AllowedOutside() = default;

  [[nodiscard]] virtual const assessment::Outside& get() const noexcept = 0;
  // Who makes the calls; null: no host is allowed.
  [[nodiscard]] virtual const assessment::HttpCaller* caller() const noexcept = 0;
};

}  // namespace tally::app

#pragma once
// What an expression may ask of the world around it. Everything is optional: what a host does not
// know is an error of the function that asks.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace tally::jmespath {

struct LocalTime {
  std::int64_t seconds = 0;  // since 1970-01-01T00:00:00Z
  std::uint32_t nanoseconds = 0;
  std::int32_t zone_seconds = 0;  // east of UTC, of the local zone
};

class Host {
 public:
  Host() = default;
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;
  virtual ~Host();

  [[nodiscard]] virtual std::optional<LocalTime> now() const;
  // Unpredictable bits, one call after the other.
  [[nodiscard]] virtual std::optional<std::uint64_t> random_bits() const;
  // The addresses of a host name, as texts; for is_external_url.
  [[nodiscard]] virtual Result<std::vector<std::string>> resolve(std::string_view name) const;
  // Where images without a registry come from (defaultRegistry of Kyverno's ConfigMap).
  [[nodiscard]] virtual std::string_view default_registry() const;
  // enableDefaultRegistryMutation of the same.
  [[nodiscard]] virtual bool adds_default_registry() const;
};

}  // namespace tally::jmespath

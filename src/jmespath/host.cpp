#include "jmespath/host.hpp"

namespace tally::jmespath {

Host::~Host() = default;

std::optional<LocalTime> Host::now() const { return std::nullopt; }

std::optional<std::uint64_t> Host::random_bits() const { return std::nullopt; }

Result<std::vector<std::string>> Host::resolve(std::string_view name) const {
  return environment_error("lookup " + std::string(name) + ": names are not resolved here");
}

std::string_view Host::default_registry() const { return "docker.io"; }

bool Host::adds_default_registry() const { return true; }

}  // namespace tally::jmespath

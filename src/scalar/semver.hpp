#pragma once
// Semantic versions (https://semver.org 2.0.0) as github.com/blang/semver v4 reads and orders them.

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace tally::scalar {

class Semver {
 public:
  // major.minor.patch[-prerelease][+build]; the Error has upstream's words.
  [[nodiscard]] static Result<Semver> parse(std::string_view text);

  [[nodiscard]] std::uint64_t major() const noexcept { return major_; }
  [[nodiscard]] std::uint64_t minor() const noexcept { return minor_; }
  [[nodiscard]] std::uint64_t patch() const noexcept { return patch_; }
  [[nodiscard]] const std::string& prerelease() const noexcept { return prerelease_; }

  // semver.org, section 11: -1, 0, 1. Build metadata does not count.
  [[nodiscard]] int compare(const Semver& other) const noexcept;

 private:
  std::uint64_t major_ = 0;
  std::uint64_t minor_ = 0;
  std::uint64_t patch_ = 0;
  std::string prerelease_;  // identifiers joined by dots
};

// What normalization of k8s.io/apiserver (pkg/cel/library/semverlib.go) makes of a text before it
// is parsed: without a leading "v" and leading zeros, with ".0" for the parts that are missing.
[[nodiscard]] Result<std::string> normalize_semver(std::string_view text);

}  // namespace tally::scalar

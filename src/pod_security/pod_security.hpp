#pragma once
// Pod Security Standards: every control of baseline and restricted at every version, with the texts
// of k8s.io/pod-security-admission.
// https://kubernetes.io/docs/concepts/security/pod-security-standards/
//
//   const Plan& plan = plan_for({Level::Restricted, Version::latest()});
//   auto results = evaluate(pod, plan, scratch, arena);      // failing checks only, in the API
//   server's order
//
// evaluate() is pure; it allocates from `arena` only when something fails, and nothing at all
// otherwise once `scratch` is warm. Threads: plans are immutable and shared; one Scratch and one
// Arena per thread.

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/arena.hpp"
#include "base/result.hpp"
#include "document/node.hpp"
#include "finding/finding.hpp"

namespace tally::pod_security {

enum class Level : std::uint8_t { Privileged, Baseline, Restricted };
[[nodiscard]] std::string_view to_text(
    Level level) noexcept;  // "privileged", "baseline", "restricted"
[[nodiscard]] Result<Level> parse_level(std::string_view text);

// A Kubernetes minor version v1.N, or latest. Versions beyond the newest that we know are evaluated
// as the newest.
class Version {
 public:
  static constexpr std::uint16_t kLatest = 0xFFFF;
  [[nodiscard]] static constexpr Version latest() noexcept { return Version{kLatest}; }
  [[nodiscard]] static constexpr Version minor(std::uint16_t n) noexcept { return Version{n}; }
  [[nodiscard]] static Result<Version> parse(std::string_view text);  // "latest", "v1.30"
  [[nodiscard]] constexpr bool is_latest() const noexcept { return minor_ == kLatest; }
  [[nodiscard]] constexpr std::uint16_t minor_number() const noexcept { return minor_; }
  [[nodiscard]] std::string_view to_text() const noexcept;  // "latest", "v1.30"; static storage
  friend bool operator==(Version, Version) = default;
  friend auto operator<=>(Version, Version) = default;

 private:
  explicit constexpr Version(std::uint16_t n) noexcept : minor_(n) {}
  std::uint16_t minor_;
};
// The newest minor version that a check has a row for or that upstream's module names.
[[nodiscard]] Version newest_version() noexcept;

struct LevelVersion {
  Level level = Level::Privileged;
  Version version = Version::latest();
  friend bool operator==(const LevelVersion&, const LevelVersion&) = default;
};

// The pod under judgement and where it stands in its object (RFC 6901): "/spec",
// "/spec/template/spec" ...
struct Pod {
  const document::Node* metadata = nullptr;  // may be null
  const document::Node* spec = nullptr;
  std::string_view metadata_pointer = "/metadata";
  std::string_view spec_pointer = "/spec";
};

// One offending place of one failing check.
struct Site {
  std::string_view container;  // "" for a field of the pod
  std::string_view
      pointer;  // of the offending field; of the place where it is missing when it is absent
  std::uint32_t offset = 0;  // of that field, or of its nearest ancestor that exists
  std::string_view found;    // "true", "NET_ADMIN, SYS_TIME", "not set"
  std::string_view allowed;  // "false or not set"
  std::string_view message;  // upstream's text as if this were the only offence: "privileged
                             // (container \"a\" must not ...)"
};

// A failing check of one pod.
struct CheckResult {
  const finding::Check* check = nullptr;
  Level level = Level::Baseline;  // the level that the check belongs to
  std::string_view reason;        // upstream's ForbiddenReason, for the whole pod
  std::string_view detail;        // upstream's ForbiddenDetail, for the whole pod
  std::span<const Site> sites;    // at least one
};

// What is evaluated for one level and version: rows chosen, overrides applied. Made once for all
// versions.
class Plan;
[[nodiscard]] const Plan& plan_for(LevelVersion level_version);
// The checks of a plan in evaluation order.
[[nodiscard]] std::span<const finding::Check* const> checks_of(const Plan& plan);

class Scratch;  // working memory of evaluate(), one per thread; scratch.hpp

// Failing checks in the API server's order; empty: allowed. The span and its texts live in `arena`.
[[nodiscard]] std::span<const CheckResult> evaluate(const Pod& pod, const Plan& plan,
                                                    Scratch& scratch, Arena& arena);

// `reason (detail), reason (detail)`: what follows `violates PodSecurity "L:V": ` in the API
// server's text.
[[nodiscard]] std::string_view forbidden_text(std::span<const CheckResult> results, Arena& arena);

// Every check of every level, in the order of all.cpp.
[[nodiscard]] std::span<const finding::Check* const> all_checks();

}  // namespace tally::pod_security

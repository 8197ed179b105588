#pragma once
// Rotation of an own authority and the serving certificate under it, without a moment in which a
// client that trusts what was published refuses what is served. A pure state machine: plan() says
// the one step that is due, serving_identity.hpp carries it out.
//
//   CreateAuthority   there is none that can sign, or 2/3 of its life are over, or it would end
//                     before a certificate issued now. The new one stands first in the bundle, the
//                     old ones stay trusted; their key is gone, so they sign nothing any more.
//   IssueServing      the serving certificate is absent, unusable or has other names: at once.
//                     2/3 of its life are over: as soon as the newest authority has been in the
//                     published bundle for `settle_seconds`, so that every client has read it.
//                     (What is left, 1/3 of a life, is much longer; if it is not, no waiting.)
//   DropAuthority     every certificate that an old authority signed has expired: the last was
//                     issued before the next authority came.
//
// Steps are due in this order; a caller repeats until Nothing, and publishes the bundle before it
// serves what was issued. All times are seconds since 1970, all lengths seconds. Dates count both
// ends as valid. Clocks that jump back show as "not yet valid", which is unusable.

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace tally::crypto {

struct RotationPolicy {
  std::int64_t authority_seconds = std::int64_t{365} * 86'400;
  std::int64_t serving_seconds = std::int64_t{30} * 86'400;
  // not_before lies this far in the past, for clients whose clocks are behind.
  std::int64_t backdate_seconds = 3'600;
  std::int64_t settle_seconds = 600;
};

// Lengths above zero, serving_seconds at most a third of authority_seconds, settle_seconds at most
// a sixth of serving_seconds.
[[nodiscard]] Result<void> check(const RotationPolicy& policy);

struct Validity {
  std::int64_t not_before = 0;
  std::int64_t not_after = 0;

  [[nodiscard]] bool holds(std::int64_t now) const noexcept {
    return not_before <= now && now <= not_after;
  }
};

struct RotationState {
  std::vector<Validity> authorities;  // newest first
  // Whether the key of the first authority is there and its own.
  bool can_sign = false;
  bool has_serving = false;  // with a key that is its own, and the names that are wanted
  Validity serving{};
  std::size_t serving_authority = 0;  // index; authorities.size(): none of them signed it
};

enum class RotationStep : std::uint8_t { Nothing, CreateAuthority, IssueServing, DropAuthority };
[[nodiscard]] std::string_view name_of(RotationStep step) noexcept;

struct RotationPlan {
  RotationStep step = RotationStep::Nothing;
  std::size_t authority = 0;  // DropAuthority: which one
  std::string_view reason;    // "2/3 of its life are over"; static text
  // Nothing: when to ask again, later than `now`.
  std::int64_t next = 0;
};

[[nodiscard]] RotationPlan plan(const RotationState& state, const RotationPolicy& policy,
                                std::int64_t now);

}  // namespace tally::crypto

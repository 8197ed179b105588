#pragma once
// What is kept of an object (state.hpp says what is not), and whether it can be kept at all.

#include <span>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "cluster_state/internal/pool.hpp"
#include "cluster_state/state.hpp"

namespace tally::cluster_state {

// Members of status that engines read; any other status is dropped.
struct KeptStatus {
  KindName kind;
  std::span<const std::string_view> members;
};
[[nodiscard]] const KeptStatus* find_kept_status(KindName kind) noexcept;

struct Identity {
  std::string_view name_space;
  std::string_view name;
  friend bool operator==(const Identity&, const Identity&) = default;
  friend auto operator<=>(const Identity&, const Identity&) = default;
};
// An error: no map, no name, a namespace that is no text, another apiVersion or kind than the
// resource's (absent ones are completed).
[[nodiscard]] Result<Identity> identify(const Resource& resource, const document::Node& object);

// An error: the object takes more than bytes_max, or is deeper than readers allow.
[[nodiscard]] Result<void> check_size(const document::Node& object, std::size_t bytes_max);

// Precondition: both of the above are content.
[[nodiscard]] document::Node keep_object(Pool& pool, const Resource& resource,
                                         const document::Node& object, bool whole_status);

[[nodiscard]] std::string api_version_of(const Resource& resource);

}  // namespace tally::cluster_state

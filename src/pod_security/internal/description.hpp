#pragma once
// Description: upstream's reason and detail while they are written. Reused from check to check;
// holds no text of a finished result.
//
// The wording follows k8s.io/pod-security-admission v0.37.2, policy/helpers.go and the check files:
// lists in the order of visit, or as sorted sets, exactly where upstream uses a slice or a set.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/arena.hpp"

namespace tally::pod_security {

struct Offence;
struct Place;

class Description {
 public:
  // For a new text; `arena` holds texts that are built on the way.
  void begin(Arena& arena);

  [[nodiscard]] std::string_view reason() const noexcept { return reason_; }
  [[nodiscard]] std::string_view detail() const noexcept { return detail_; }

  // `text` must outlive the description: a literal.
  void set_reason(std::string_view text) noexcept { reason_ = text; }
  Description& write(std::string_view text) {
    detail_ += text;
    return *this;
  }
  // "" , then "; ", "; " ...: between the parts of a detail.
  Description& write_separator(std::string_view separator);

  // `"a", "b"` and `a, b`.
  Description& write_quoted(std::span<const std::string_view> items);
  Description& write_joined(std::span<const std::string_view> items);
  // `container "a"`, `containers "a", "b"`, of the offences' containers in order; nothing without
  // any. Returns how many.
  std::size_t write_containers(std::span<const Offence> offences);
  // `pod`, `container "a"`, `pod and containers "a", "b"`: who of them set something.
  void write_setters(std::span<const Offence> offences);

  // The texts of offences, of all or of those at one path, as a sorted set or in order. Valid until
  // the next call.
  [[nodiscard]] std::span<const std::string_view> set_of_texts(std::span<const Offence> offences);
  [[nodiscard]] std::span<const std::string_view> set_of_texts_at_path(
      std::span<const Offence> offences, std::string_view path);
  // Likewise of what the sites show.
  [[nodiscard]] std::span<const std::string_view> set_of_found(std::span<const Offence> offences);
  [[nodiscard]] std::span<const std::string_view> texts(std::span<const Offence> offences);
  // The container names of offences as a sorted set. Valid until the next call.
  [[nodiscard]] std::span<const std::string_view> set_of_containers(
      std::span<const Offence> offences);
  // `key="value"` of annotations with Go's %q, as a sorted set. Valid until the next call.
  [[nodiscard]] std::span<const std::string_view> set_of_annotations(
      std::span<const Offence> offences);

  // Offences of one place, and of all other places, in order. Valid until the next call.
  [[nodiscard]] std::span<const Offence> at(std::span<const Offence> offences, const Place& place);
  [[nodiscard]] std::span<const Offence> but_at(std::span<const Offence> offences,
                                                const Place& place);

 private:
  std::span<const std::string_view> sort_set();

  Arena* arena_ = nullptr;
  std::string_view reason_;
  std::string detail_;
  std::string quoted_;
  std::vector<std::string_view> items_;
  std::vector<Offence> selected_;
};

[[nodiscard]] constexpr std::string_view pluralize(std::string_view singular,
                                                   std::string_view plural,
                                                   std::size_t count) noexcept {
  return count == 1 ? singular : plural;
}

}  // namespace tally::pod_security

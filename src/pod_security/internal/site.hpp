#pragma once
// From an offence to its place in the object. Runs for failing pods only: it walks from the root
// again, so that passing pods pay nothing for pointers.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "pod_security/internal/check.hpp"

namespace tally::pod_security {

struct Location {
  std::uint32_t offset = 0;               // of the field, or of its nearest ancestor that exists
  const document::Node* field = nullptr;  // the field, if it is there
  const document::Node* wrongly_typed =
      nullptr;  // the ancestor at which the path ends because it is no list or map
};

// Locates the offences of one pod, one after the other. Members that it has found are remembered
// for the next offence, so that many offences below a wide map cost no product of both.
class Locator {
 public:
  explicit Locator(const Pod& pod) : pod_(pod) {}

  // Writes the RFC 6901 pointer of an offence's field. The pointer names the field even when it is
  // absent, and ends at the first ancestor of a wrong type.
  [[nodiscard]] Location locate(const Offence& offence, std::string& pointer);

 private:
  struct Found {
    const document::Node* map = nullptr;
    std::string_view key;
    const document::Node* value = nullptr;
  };
  friend class Walk;

  const Pod& pod_;
  std::array<Found, 8> found_;  // by depth
};

}  // namespace tally::pod_security

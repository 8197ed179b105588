#pragma once
// Why a part of a classic policy has no equivalent, and where that part stands.

#include <cstdint>
#include <expected>
#include <string>

#include "document/node.hpp"

namespace tally::migration {

struct Refusal {
  std::string message;  // "the roles of a user are not seen by CEL"
  std::uint32_t offset = 0;
};

template <class T>
using Outcome = std::expected<T, Refusal>;

[[nodiscard]] inline std::unexpected<Refusal> refuse(std::string message,
                                                     const document::Node& at) {
  return std::unexpected(Refusal{.message = std::move(message), .offset = at.offset()});
}

}  // namespace tally::migration

#pragma once
// What is wrong with a policy, found when it is loaded.

#include <cstdint>
#include <string>
#include <string_view>

#include "kube/object.hpp"

namespace tally::authorization {

struct Problem {
  enum class Kind : std::uint8_t {
    Refused,  // the API server refuses the object (schema and rules of the CRD): it is not in the
              // set
    Invalid,  // istiod's validating webhook refuses it; read as the proxies would get it
    Warning,  // accepted, and hardly what was meant
  };
  Kind kind = Kind::Invalid;
  const kube::Object* object = nullptr;
  std::string pointer;       // RFC 6901 into the object
  std::uint32_t offset = 0;  // of that place in object->source
  std::string message;

  // Line and column of the place; nothing known without a source.
  [[nodiscard]] Position position() const {
    return object != nullptr && object->source != nullptr ? object->source->position(offset)
                                                          : Position{};
  }
};
[[nodiscard]] std::string_view to_text(Problem::Kind kind) noexcept;  // "refused", ...

}  // namespace tally::authorization

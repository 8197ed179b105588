#include "cel/host.hpp"

namespace tally::cel {

Value not_provided(Arena& arena, std::string_view capability, std::string_view function) {
  return make_error(
      arena, ErrorCode::NotProvided,
      {capability, ".", function, ": nothing here can answer: no provider for '", capability, "'"});
}

}  // namespace tally::cel

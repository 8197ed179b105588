// The traceparent field of a request: what is accepted is written again in the same words, as far
// as version 00 goes, and read back as the same.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "telemetry/trace.hpp"

namespace {

void require(bool holds) {
  if (!holds) {
    std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto parent = tally::telemetry::parse_traceparent(text);
  if (!parent) {
    return 0;
  }
  const std::string again = tally::telemetry::to_text(*parent);
  require(again.substr(2, 51) == text.substr(2, 51));
  require(tally::telemetry::parse_traceparent(again) == parent);
  return 0;
}

#include "telemetry/internal/utf8.hpp"

#include "base/text.hpp"

namespace tally::telemetry::internal {

std::string well_formed(std::string_view text) {
  std::string out;
  while (const auto bad = find_invalid_utf8(text)) {
    out += text.substr(0, *bad);
    append_utf8(out, 0xFFFD);
    text.remove_prefix(*bad + 1);
  }
  out += text;
  return out;
}

std::string_view cut_at_character(std::string_view text, std::size_t bytes_max) noexcept {
  if (text.size() <= bytes_max) {
    return text;
  }
  while (bytes_max > 0 && (static_cast<unsigned char>(text[bytes_max]) & 0xC0U) == 0x80U) {
    --bytes_max;
  }
  return text.substr(0, bytes_max);
}

}  // namespace tally::telemetry::internal

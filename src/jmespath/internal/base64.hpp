#pragma once
// RFC 4648 section 4, as encoding/base64.StdEncoding of Go reads it: line breaks are skipped,
// padding is required, trailing bits may be anything.

#include <optional>
#include <string>
#include <string_view>

namespace tally::jmespath {

struct Base64Decoded {
  std::string octets;
  std::optional<std::size_t> bad_offset;  // of the byte where decoding stopped
};

[[nodiscard]] Base64Decoded decode_base64(std::string_view text);
[[nodiscard]] std::string encode_base64(std::string_view octets);

}  // namespace tally::jmespath

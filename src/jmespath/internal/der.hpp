#pragma once
// Just enough DER (X.690) to look into structures that OpenSSL has accepted.

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace tally::jmespath {

struct DerItem {
  std::uint8_t tag = 0;
  std::string_view content;
};

class DerReader {
 public:
  explicit DerReader(std::string_view bytes) : rest_(bytes) {}
  // The next element; nothing at the end, and for what is malformed.
  [[nodiscard]] std::optional<DerItem> read();

 private:
  std::string_view rest_;
};

// The nearest double of a two's complement integer.
[[nodiscard]] double der_integer(std::string_view content);
[[nodiscard]] std::vector<std::uint64_t> der_identifier(std::string_view content);

}  // namespace tally::jmespath

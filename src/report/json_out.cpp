#include "report/internal/json_out.hpp"

#include <array>
#include <charconv>

namespace tally::report {

void JsonOut::number(std::uint64_t value) {
  std::array<char, 20> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  raw({digits.data(), static_cast<std::size_t>(end - digits.data())});
}

}  // namespace tally::report

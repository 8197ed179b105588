#include "report/internal/byte_buffer.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

namespace tally::report {

void ByteBuffer::append_number(std::uint64_t value) {
  std::array<char, 20> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  append({digits.data(), static_cast<std::size_t>(end - digits.data())});
}

void ByteBuffer::grow(std::size_t bytes) {
  constexpr std::size_t kFirst = std::size_t{64} << 10U;
  const std::size_t capacity = std::max({kFirst, capacity_ * 2, size_ + bytes});
  auto grown =
      std::make_unique_for_overwrite<char[]>(capacity);  // NOLINT(modernize-avoid-c-arrays)
  if (size_ != 0) {
    std::memcpy(grown.get(), bytes_.get(), size_);
  }
  bytes_ = std::move(grown);
  capacity_ = capacity;
}

}  // namespace tally::report

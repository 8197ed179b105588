#include "base/arena.hpp"

#include <algorithm>

namespace tally {

namespace {
constexpr std::size_t kChunkBytesMax = std::size_t{4} << 20;
}

void* Arena::allocate_slow(std::size_t bytes, std::size_t alignment) {
  const std::size_t needed = bytes + alignment;
  // After reset() the kept chunks are used again, in order; one that is too small for this request is passed over.
  while (active_ < chunks_.size()) {
    Chunk& kept = chunks_[active_++];
    if (kept.size >= needed) {
      cursor_ = kept.bytes.get();
      end_ = cursor_ + kept.size;
      return allocate(bytes, alignment);
    }
  }
  const std::size_t size = std::max(needed, next_chunk_bytes_);
  next_chunk_bytes_ = std::min(next_chunk_bytes_ * 2, kChunkBytesMax);
  // for_overwrite: zeroing would touch every page twice.
  chunks_.push_back({std::make_unique_for_overwrite<std::byte[]>(size), size});
  active_ = chunks_.size();
  cursor_ = chunks_.back().bytes.get();
  end_ = cursor_ + size;
  return allocate(bytes, alignment);
}

std::string_view Arena::concat(std::initializer_list<std::string_view> parts) {
  std::size_t total = 0;
  for (const auto part : parts) {
    total += part.size();
  }
  if (total == 0) {
    return {};
  }
  char* to = allocate_array<char>(total);
  char* at = to;
  for (const auto part : parts) {
    at = std::copy(part.begin(), part.end(), at);
  }
  return {to, total};
}

void Arena::reset() noexcept {
  active_ = 0;
  cursor_ = nullptr;
  end_ = nullptr;
}

std::size_t Arena::bytes_reserved() const noexcept {
  std::size_t total = 0;
  for (const auto& chunk : chunks_) {
    total += chunk.size;
  }
  return total;
}

}  // namespace tally

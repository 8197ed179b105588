#include "base/arena.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <cstdlib>
#include <functional>

#include "base/assert.hpp"

namespace tally {

namespace {
constexpr std::size_t kChunkBytesMax = std::size_t{4} << 20U;
constexpr std::size_t kHugePageBytes = std::size_t{2} << 20U;
}  // namespace

void* Arena::allocate_slow(std::size_t bytes, std::size_t alignment) {
  const std::size_t needed = bytes + alignment;
  // After reset() the kept chunks are used again, in order; one that is too small for this request
  // is passed over.
  while (active_ < chunks_.size()) {
    Chunk& kept = chunks_[active_++];
    if (kept.size >= needed) {
      cursor_ = kept.bytes.get();
      end_ = cursor_ + kept.size;
      return allocate(bytes, alignment);
    }
  }
  const std::size_t wanted = std::max(needed, next_chunk_bytes_);
  next_chunk_bytes_ = std::min(next_chunk_bytes_ * 2, kChunkBytesMax);
  // Big chunks begin on a huge page and ask for them: a page fault in 2 MiB instead of one in 4
  // KiB.
  const std::size_t unit = wanted >= kHugePageBytes ? kHugePageBytes : alignof(std::max_align_t);
  const std::size_t size = (wanted + unit - 1) / unit * unit;
  auto* chunk = static_cast<std::byte*>(std::aligned_alloc(unit, size));
  TALLY_ASSERT(chunk != nullptr);
  if (unit == kHugePageBytes) {
    static_cast<void>(::madvise(chunk, size, MADV_HUGEPAGE));  // advice: a refusal costs speed only
  }
  chunks_.push_back({std::unique_ptr<std::byte, Free>(chunk), size});
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
  const std::string_view text{to, total};
  if (recent_.empty()) {
    recent_.resize(kRecentTexts);
  }
  std::string_view& recent = recent_[std::hash<std::string_view>{}(text) % kRecentTexts];
  if (recent == text) {
    cursor_ = reinterpret_cast<std::byte*>(to);  // the text was the last thing in the arena
    return recent;
  }
  recent = text;
  return text;
}

void Arena::reset() noexcept {
  recent_.clear();  // concat() makes it anew where it is used at all
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

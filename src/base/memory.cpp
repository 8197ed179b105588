#include "base/memory.hpp"

#include <sys/mman.h>

#include <cstdint>

namespace tally {

namespace {
constexpr std::uintptr_t kHugePageBytes = std::uintptr_t{2} << 20U;
}  // namespace

void advise_huge_pages(void* memory, std::size_t bytes) noexcept {
  const auto begin = reinterpret_cast<std::uintptr_t>(memory);
  const std::uintptr_t first = (begin + kHugePageBytes - 1) & ~(kHugePageBytes - 1);
  const std::uintptr_t last = (begin + bytes) & ~(kHugePageBytes - 1);
  if (last > first) {
    static_cast<void>(::madvise(reinterpret_cast<void*>(first), last - first, MADV_HUGEPAGE));
  }
}

}  // namespace tally

#pragma once
// Advice to the kernel about big blocks of memory.

#include <cstddef>

namespace tally {

// Asks for huge pages behind [memory, memory + bytes): one page fault in 2 MiB instead of one in 4
// KiB. For a block that will be filled soon, before it is. Small blocks, and refusals, are passed
// over: speed only.
void advise_huge_pages(void* memory, std::size_t bytes) noexcept;

}  // namespace tally

#pragma once
// For tests that assert that nothing is taken from the heap: counts every call of operator new on
// the calling thread. Replaces the operators of the whole program, so include it in one file of a
// test program only. (ThreadSanitizer brings its own operators; files named *allocation_test.cpp
// are left out there.)

#include <cstddef>
#include <cstdlib>
#include <new>

namespace {

thread_local std::size_t allocations = 0;

void* counted(std::size_t bytes) {
  ++allocations;
  void* memory = std::malloc(bytes == 0 ? 1 : bytes);  // NOLINT(cppcoreguidelines-no-malloc)
  if (memory == nullptr) {
    std::abort();
  }
  return memory;
}

}  // namespace

// NOLINTBEGIN(misc-definitions-in-headers): replacements may not be inline
void* operator new(std::size_t bytes) { return counted(bytes); }
void* operator new[](std::size_t bytes) { return counted(bytes); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t /*bytes*/) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t /*bytes*/) noexcept { std::free(memory); }
// NOLINTEND(misc-definitions-in-headers)

#pragma once
// Assertions are for our own bugs only: they abort, in every build. Input is never asserted on.

namespace tally {

[[noreturn]] void assertion_failed(const char* expression, const char* file, int line);

}  // namespace tally

#define TALLY_ASSERT(condition) \
  ((condition) ? static_cast<void>(0) : ::tally::assertion_failed(#condition, __FILE__, __LINE__))

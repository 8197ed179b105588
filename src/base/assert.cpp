#include "base/assert.hpp"

#include <cstdio>
#include <cstdlib>

namespace tally {

void assertion_failed(const char* expression, const char* file, int line) {
  static_cast<void>(
      std::fprintf(stderr, "tally: internal error: %s (%s:%d)\n", expression, file, line));
  std::abort();
}

}  // namespace tally

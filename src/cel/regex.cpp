#include "cel/internal/regex.hpp"

#include <re2/re2.h>

#include <array>

namespace tally::cel {
namespace {

constexpr std::int64_t kRegexMemoryMax = std::int64_t{1} << 20U;
constexpr std::size_t kPatternBytesMax = 10'000;
constexpr std::size_t kCacheSize = 64;

re2::RE2::Options options() {
  re2::RE2::Options out;
  out.set_log_errors(false);
  out.set_max_mem(kRegexMemoryMax);
  return out;
}

// Round robin: no bookkeeping on a hit.
struct Cache {
  std::array<std::unique_ptr<const re2::RE2>, kCacheSize> patterns;
  std::size_t next = 0;
};

}  // namespace

std::unique_ptr<const re2::RE2> compile_regex(std::string_view pattern) {
  if (pattern.size() > kPatternBytesMax) {
    return std::make_unique<const re2::RE2>("(", options());  // is not ok()
  }
  return std::make_unique<const re2::RE2>(re2::StringPiece(pattern.data(), pattern.size()),
                                          options());
}

const re2::RE2& cached_regex(std::string_view pattern) {
  thread_local Cache cache;
  for (const auto& known : cache.patterns) {
    if (known != nullptr && known->pattern() == pattern) {
      return *known;
    }
  }
  auto& slot = cache.patterns[cache.next];
  cache.next = (cache.next + 1) % kCacheSize;
  slot = compile_regex(pattern);
  return *slot;
}

Value regex_error(Arena& arena, const re2::RE2& pattern) {
  return make_error(arena, ErrorCode::InvalidArgument,
                    {"error parsing regexp: ", pattern.error(), ": `", pattern.error_arg(), "`"});
}

Value regex_matches(Arena& arena, std::string_view text, const re2::RE2& pattern) {
  if (!pattern.ok()) {
    return regex_error(arena, pattern);
  }
  return Value::boolean(
      re2::RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), pattern));
}

Value regex_matches(Arena& arena, std::string_view text, std::string_view pattern) {
  return regex_matches(arena, text, cached_regex(pattern));
}

}  // namespace tally::cel

#include "jmespath/internal/regex.hpp"

#include <array>
#include <memory>

#include "base/text.hpp"

namespace tally::jmespath {

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

// regexp/syntax/parse.go, ErrorCode.
std::string_view reason(re2::RE2::ErrorCode code) {
  switch (code) {
    case re2::RE2::ErrorBadEscape:
      return "invalid escape sequence";
    case re2::RE2::ErrorBadCharClass:
      return "invalid character class";
    case re2::RE2::ErrorBadCharRange:
      return "invalid character class range";
    case re2::RE2::ErrorMissingBracket:
      return "missing closing ]";
    case re2::RE2::ErrorMissingParen:
      return "missing closing )";
    case re2::RE2::ErrorUnexpectedParen:
      return "unexpected )";
    case re2::RE2::ErrorTrailingBackslash:
      return "trailing backslash at end of expression";
    case re2::RE2::ErrorRepeatArgument:
      return "missing argument to repetition operator";
    case re2::RE2::ErrorRepeatSize:
      return "invalid repeat count";
    case re2::RE2::ErrorRepeatOp:
      return "invalid nested repetition operator";
    case re2::RE2::ErrorBadPerlOp:
      return "invalid or unsupported Perl syntax";
    case re2::RE2::ErrorBadUTF8:
      return "invalid UTF-8";
    case re2::RE2::ErrorBadNamedCapture:
      return "invalid named capture";
    default:
      return "expression too large";
  }
}

}  // namespace

const re2::RE2& cached_regex(std::string_view pattern) {
  thread_local Cache cache;
  for (const auto& known : cache.patterns) {
    if (known != nullptr && known->pattern() == pattern) {
      return *known;
    }
  }
  auto& slot = cache.patterns[cache.next];
  cache.next = (cache.next + 1) % kCacheSize;
  // What is too long must not compile: a repetition beyond what RE2 allows.
  const std::string_view text = pattern.size() > kPatternBytesMax ? "a{2000}" : pattern;
  slot = std::make_unique<const re2::RE2>(re2::StringPiece(text.data(), text.size()), options());
  return *slot;
}

std::string regex_error(const re2::RE2& pattern) {
  const bool has_argument = pattern.error_code() != re2::RE2::ErrorTrailingBackslash;
  return "error parsing regexp: " + std::string(reason(pattern.error_code())) + ": `" +
         (has_argument ? excerpt(pattern.error_arg()) : "") + "`";
}

}  // namespace tally::jmespath

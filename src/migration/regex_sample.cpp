#include "migration/internal/regex_sample.hpp"

#include <algorithm>
#include <charconv>

namespace tally::migration {

namespace {

constexpr std::size_t kBytesMax = 200;
constexpr std::size_t kDepthMax = 20;

class Sampler {
 public:
  explicit Sampler(std::string_view pattern) : pattern_(pattern) {}
  std::string run() { return alternatives(0); }

 private:
  [[nodiscard]] bool is_at_end() const { return at_ >= pattern_.size(); }

  // Up to `)` or the end; the first alternative counts.
  std::string alternatives(std::size_t depth) {
    std::string first;
    std::string now;
    bool is_first = true;
    while (!is_at_end() && pattern_[at_] != ')') {
      if (pattern_[at_] == '|') {
        first = is_first ? now : first;
        is_first = false;
        now.clear();
        ++at_;
        continue;
      }
      const std::string one = atom(depth);
      for (std::size_t i = repetitions(); i > 0 && now.size() < kBytesMax; --i) {
        now += one;
      }
    }
    return is_first ? now : first;
  }

  std::string atom(std::size_t depth) {
    const char c = pattern_[at_++];
    switch (c) {
      case '^':
      case '$':
        return {};
      case '.':
        return "x";
      case '[':
        return one_of();
      case '(': {
        if (pattern_.substr(at_).starts_with("?")) {
          while (!is_at_end() && pattern_[at_] != ':' && pattern_[at_] != '>' &&
                 pattern_[at_] != ')') {
            ++at_;
          }
          at_ += !is_at_end() && pattern_[at_] != ')' ? 1U : 0U;
        }
        std::string inner = depth > kDepthMax ? std::string() : alternatives(depth + 1);
        at_ += is_at_end() ? 0U : 1U;
        return inner;
      }
      case '\\':
        return is_at_end() ? std::string() : escaped(pattern_[at_++]);
      default:
        return {c};
    }
  }

  static std::string escaped(char c) {
    switch (c) {
      case 'd':
        return "5";
      case 'w':
        return "w";
      case 's':
        return " ";
      case 'b':
        return {};
      default:
        return {c};
    }
  }

  std::string one_of() {
    const bool is_negated = !is_at_end() && pattern_[at_] == '^';
    at_ += is_negated ? 1U : 0U;
    std::string first;
    for (bool is_first = true; !is_at_end() && (is_first || pattern_[at_] != ']');
         is_first = false) {
      const char c = pattern_[at_++];
      const std::string one = c == '\\' && !is_at_end() ? escaped(pattern_[at_++]) : std::string{c};
      first = first.empty() ? one : first;
    }
    at_ += is_at_end() ? 0U : 1U;
    return is_negated ? std::string("~") : first;
  }

  std::size_t repetitions() {
    std::size_t out = 1;
    if (is_at_end()) {
      return out;
    }
    if (pattern_[at_] == '*' || pattern_[at_] == '+' || pattern_[at_] == '?') {
      out = pattern_[at_] == '?' ? 0 : 1;
      ++at_;
      at_ += !is_at_end() && pattern_[at_] == '?' ? 1U : 0U;
    } else if (pattern_[at_] == '{') {
      const std::size_t end = std::min(pattern_.find('}', at_), pattern_.size());
      static_cast<void>(std::from_chars(pattern_.data() + at_ + 1, pattern_.data() + end, out));
      at_ = std::min(end + 1, pattern_.size());
    }
    return std::min<std::size_t>(out, 50);
  }

  std::string_view pattern_;
  std::size_t at_ = 0;
};

}  // namespace

bool is_regex_like(std::string_view text) noexcept {
  return text.find_first_of("^$\\[(+{") != std::string_view::npos ||
         text.find(".*") != std::string_view::npos;
}

std::string sample_of_regex(std::string_view pattern) { return Sampler(pattern).run(); }

}  // namespace tally::migration

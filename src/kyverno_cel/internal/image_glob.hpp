#pragma once
// Globs over image references as github.com/gobwas/glob reads them without separators: `*` and `**`
// any run, `?` one character, [abc] [a-c] [!a] one of a class, {a,b} one of several, `\` takes the
// next character as it is.
//
// Threads: immutable once compiled.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace tally::kyverno_cel {

class ImageGlob {
 public:
  [[nodiscard]] static Result<ImageGlob> compile(std::string_view text);
  // O(pattern x text) for each alternative.
  [[nodiscard]] bool matches(std::string_view text) const;

 private:
  struct Token {
    enum class Kind : std::uint8_t { One, Any, Single, Class } kind = Kind::One;
    char c = 0;
    bool is_negated = false;
    std::string members;  // pairs of first and last
  };
  using Tokens = std::vector<Token>;
  static bool matches(const Tokens& tokens, std::string_view text);

  std::vector<Tokens> alternatives_;
};

}  // namespace tally::kyverno_cel

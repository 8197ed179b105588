#pragma once
// JMESPath expressions by text, each compiled once. What stands in policies is compiled when they
// are loaded and shared by all threads; what variables put together at run time is compiled into
// the memory of a thread, up to a limit.

#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "jmespath/expression.hpp"

namespace tally::kyverno::internal {

struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const noexcept {
    return std::hash<std::string_view>{}(text);
  }
};

using Compiled = std::expected<jmespath::Expression, jmespath::SyntaxError>;

class Expressions {
 public:
  // Compiles the text, if it is not there yet. What input has put together only looks names up: the
  // table of names never forgets.
  const Compiled& add(std::string_view text, jmespath::Names names);
  [[nodiscard]] const Compiled* find(std::string_view text) const;
  [[nodiscard]] std::size_t size() const noexcept { return by_text_.size(); }
  [[nodiscard]] std::size_t text_bytes() const noexcept { return text_bytes_; }
  void clear() {
    by_text_.clear();
    text_bytes_ = 0;
  }

 private:
  std::unordered_map<std::string, std::unique_ptr<Compiled>, TextHash, std::equal_to<>> by_text_;
  std::size_t text_bytes_ = 0;
};

}  // namespace tally::kyverno::internal

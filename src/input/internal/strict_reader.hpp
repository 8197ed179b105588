#pragma once
// Reading a Node against a fixed shape: every failure names the place, what was found and what was
// expected.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "document/node.hpp"
#include "document/source.hpp"

namespace tally::input {

class StrictReader {
 public:
  explicit StrictReader(const document::Source& source) : source_(&source) {}

  [[nodiscard]] Error error(std::uint32_t offset, std::string message, std::string hint = {}) const;
  [[nodiscard]] Position position(std::uint32_t offset) const { return source_->position(offset); }
  [[nodiscard]] const std::string& file() const { return source_->name(); }

  // A map that has no key but these. `what` names it in messages: "an exception".
  [[nodiscard]] Result<void> map(const document::Node& node, std::string_view what,
                                 std::span<const std::string_view> keys) const;
  [[nodiscard]] Result<std::string> text(const document::Node& node, std::string_view key) const;
  // A list of strings; an empty one is refused, because it would say nothing and look as if it did.
  [[nodiscard]] Result<std::vector<std::string>> texts(const document::Node& node,
                                                       std::string_view key) const;
  [[nodiscard]] Result<void> list(const document::Node& node, std::string_view key) const;
  [[nodiscard]] Result<bool> boolean(const document::Node& node, std::string_view key) const;
  struct Range {
    std::int64_t min = 0;
    std::int64_t max = 0;
  };
  [[nodiscard]] Result<std::int64_t> integer(const document::Node& node, std::string_view key,
                                             Range range) const;
  // One of these words, as its place among them.
  [[nodiscard]] Result<std::size_t> choice(const document::Node& node, std::string_view key,
                                           std::span<const std::string_view> words) const;

 private:
  const document::Source* source_;
};

// "a map", "a list", "the string 'x'", "the number 3", "true", "null": what was found, for
// messages.
[[nodiscard]] std::string found_text(const document::Node& node);

}  // namespace tally::input

#pragma once
// YAML text, line by line.

#include <fmt/format.h>

#include <iterator>
#include <string>
#include <utility>

namespace tally::bench {

class Lines {
 public:
  explicit Lines(std::string& out, unsigned indent = 0) noexcept : out_(&out), indent_(indent) {}

  // One line at this indentation.
  template <typename... Arguments>
  void add(fmt::format_string<Arguments...> format, Arguments&&... arguments) const {
    out_->append(indent_, ' ');
    fmt::format_to(std::back_inserter(*out_), format, std::forward<Arguments>(arguments)...);
    out_->push_back('\n');
  }
  // The same text, `spaces` further to the right.
  [[nodiscard]] Lines in(unsigned spaces = 2) const noexcept {
    return Lines{*out_, indent_ + spaces};
  }

 private:
  std::string* out_;
  unsigned indent_;
};

}  // namespace tally::bench

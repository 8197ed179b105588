#include "cel/internal/regex_matches.hpp"

#include <algorithm>
#include <array>

namespace tally::cel {

// regexp.go of Go, allMatches.
bool RegexMatches::next(std::span<std::string_view> groups) {
  std::array<re2::StringPiece, kGroupsMax> found;
  const std::size_t count = std::min(groups.size(), kGroupsMax);
  const re2::StringPiece text(text_.data(), text_.size());
  while (at_ <= text_.size()) {
    if (!pattern_.Match(text, at_, text_.size(), re2::RE2::UNANCHORED, found.data(),
                        static_cast<int>(count))) {
      at_ = text_.size() + 1;
      return false;
    }
    const auto begin = static_cast<std::size_t>(found[0].data() - text_.data());
    const std::size_t end = begin + found[0].size();
    bool accepted = true;
    if (end == at_) {  // an empty match
      accepted = begin != previous_end_;
      at_ += at_ < text_.size() ? utf8_size(text_[at_]) : 1;
    } else {
      at_ = end;
    }
    previous_end_ = end;
    if (accepted) {
      for (std::size_t i = 0; i < count; ++i) {
        groups[i] = {found[i].data(), found[i].size()};
      }
      return true;
    }
  }
  return false;
}

}  // namespace tally::cel

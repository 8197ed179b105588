// Unified diffs: Myers' shortest edit script in linear space (E. W. Myers, An O(ND) Difference
// Algorithm and Its Variations, 1986, section 4b): the middle of a path is found from both ends,
// then the halves are solved on their own.

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "document/difference.hpp"

namespace tally::document {

namespace {

using Line = std::uint32_t;  // equal numbers, equal lines

std::vector<std::string_view> split_lines(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::size_t size = end == std::string_view::npos ? text.size() : end + 1;
    lines.push_back(text.substr(0, size));
    text.remove_prefix(size);
  }
  return lines;
}

class Script {
 public:
  Script(const std::vector<Line>& from, const std::vector<Line>& to, std::uint64_t steps)
      : from_(from), to_(to), steps_(steps), removed_(from.size()), added_(to.size()) {}

  void find() {
    todo_.push_back({0, static_cast<Index>(from_.size()), 0, static_cast<Index>(to_.size())});
    while (!todo_.empty()) {
      const Box box = todo_.back();
      todo_.pop_back();
      solve(box);
    }
  }

  [[nodiscard]] bool is_removed(std::size_t i) const { return removed_[i]; }
  [[nodiscard]] bool is_added(std::size_t i) const { return added_[i]; }

 private:
  using Index = std::int64_t;
  // Lines left to right of the first text, top to bottom of the second.
  struct Box {
    Index left, right, top, bottom;
  };
  struct Point {
    Index x = 0;
    Index y = 0;
  };

  [[nodiscard]] bool same(Index x, Index y) const {
    return from_[static_cast<std::size_t>(x)] == to_[static_cast<std::size_t>(y)];
  }

  void replace(const Box& box) {
    std::fill(removed_.begin() + box.left, removed_.begin() + box.right, true);
    std::fill(added_.begin() + box.top, added_.begin() + box.bottom, true);
  }

  void solve(Box box) {
    while (box.left < box.right && box.top < box.bottom && same(box.left, box.top)) {
      ++box.left;
      ++box.top;
    }
    while (box.left < box.right && box.top < box.bottom && same(box.right - 1, box.bottom - 1)) {
      --box.right;
      --box.bottom;
    }
    if (box.left == box.right || box.top == box.bottom) {
      replace(box);
      return;
    }
    Point middle;
    if (!find_middle(box, middle)) {
      replace(box);
      return;
    }
    todo_.push_back({middle.x, box.right, middle.y, box.bottom});
    todo_.push_back({box.left, middle.x, box.top, middle.y});
  }

  // A point on a shortest path through the box, neither its first nor its last corner. False: the
  // steps are used up.
  bool find_middle(const Box& box, Point& middle) {
    const Index width = box.right - box.left;
    const Index height = box.bottom - box.top;
    const Index half = (width + height + 1) / 2;
    const Index delta = width - height;
    const Index offset = half + 1;
    forward_.assign(static_cast<std::size_t>(2 * offset + 1), 0);
    backward_.assign(static_cast<std::size_t>(2 * offset + 1), 0);
    const auto at = [offset](Index k) { return static_cast<std::size_t>(k + offset); };
    for (Index d = 0; d <= half; ++d) {
      const auto cost = static_cast<std::uint64_t>(2 * d + 2);
      if (cost > steps_) {
        return false;
      }
      steps_ -= cost;
      // Paths of d edits from the first corner: how far each diagonal k = x - y gets.
      for (Index k = -d; k <= d; k += 2) {
        Index x = k == -d || (k != d && forward_[at(k - 1)] < forward_[at(k + 1)])
                      ? forward_[at(k + 1)]
                      : forward_[at(k - 1)] + 1;
        while (x < width && x - k < height && x - k >= 0 && same(box.left + x, box.top + x - k)) {
          ++x;
        }
        forward_[at(k)] = x;
        const Index c = delta - k;  // the same diagonal, counted from the last corner
        if (delta % 2 != 0 && c >= -(d - 1) && c <= d - 1 && x + backward_[at(c)] >= width) {
          return is_inside(box, x, x - k, middle);
        }
      }
      for (Index k = -d; k <= d; k += 2) {
        Index x = k == -d || (k != d && backward_[at(k - 1)] < backward_[at(k + 1)])
                      ? backward_[at(k + 1)]
                      : backward_[at(k - 1)] + 1;
        while (x < width && x - k < height && x - k >= 0 &&
               same(box.right - 1 - x, box.bottom - 1 - (x - k))) {
          ++x;
        }
        backward_[at(k)] = x;
        const Index c = delta - k;
        if (delta % 2 == 0 && c >= -d && c <= d && x + forward_[at(c)] >= width) {
          return is_inside(box, width - x, height - (x - k), middle);
        }
      }
    }
    return false;
  }

  static bool is_inside(const Box& box, Index x, Index y, Point& middle) {
    const Index width = box.right - box.left;
    const Index height = box.bottom - box.top;
    const bool is_corner = (x == 0 && y == 0) || (x == width && y == height);
    if (x < 0 || y < 0 || x > width || y > height || is_corner) {
      return false;
    }
    middle = {box.left + x, box.top + y};
    return true;
  }

  const std::vector<Line>& from_;
  const std::vector<Line>& to_;
  std::uint64_t steps_;
  std::vector<bool> removed_;
  std::vector<bool> added_;
  std::vector<Box> todo_;
  std::vector<Index> forward_;
  std::vector<Index> backward_;
};

// One line of the output: kept, removed or added; where it stands in both texts.
struct Edit {
  char mark;
  std::size_t from;
  std::size_t to;
};

std::vector<Edit> edits(const Script& script, std::size_t from_size, std::size_t to_size) {
  std::vector<Edit> result;
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < from_size || j < to_size) {
    if (i < from_size && script.is_removed(i)) {
      result.push_back({'-', i++, j});
    } else if (j < to_size && script.is_added(j)) {
      result.push_back({'+', i, j++});
    } else {
      result.push_back({' ', i++, j++});
    }
  }
  return result;
}

// "3,5", "3" for one line, "2,0" for none behind line 2.
void append_range(std::string& out, std::size_t first, std::size_t count) {
  out += std::to_string(count == 0 ? first : first + 1);
  if (count != 1) {
    out += ',' + std::to_string(count);
  }
}

class Numbering {
 public:
  std::vector<Line> number(const std::vector<std::string_view>& lines) {
    std::vector<Line> result;
    result.reserve(lines.size());
    for (const std::string_view line : lines) {
      result.push_back(
          numbers_.try_emplace(line, static_cast<Line>(numbers_.size())).first->second);
    }
    return result;
  }

 private:
  std::map<std::string_view, Line> numbers_;
};

}  // namespace

void append_unified_diff(std::string& out, std::string_view from, std::string_view to,
                         const DiffOptions& options) {
  if (from == to) {
    return;
  }
  const std::vector<std::string_view> before = split_lines(from);
  const std::vector<std::string_view> after = split_lines(to);
  Numbering numbering;
  const std::vector<Line> a = numbering.number(before);
  const std::vector<Line> b = numbering.number(after);
  Script script(a, b, options.steps);
  script.find();
  const std::vector<Edit> all = edits(script, before.size(), after.size());

  out.append("--- ").append(options.from_name).append("\n");
  out.append("+++ ").append(options.to_name).append("\n");
  const std::size_t context = options.context;
  for (std::size_t at = 0; at < all.size();) {
    const auto is_changed = [](const Edit& edit) { return edit.mark != ' '; };
    const auto first =
        std::find_if(all.begin() + static_cast<std::ptrdiff_t>(at), all.end(), is_changed);
    if (first == all.end()) {
      break;
    }
    // A hunk ends where more than twice the context is unchanged.
    const auto begin = static_cast<std::size_t>(first - all.begin());
    std::size_t last = begin;
    for (std::size_t i = begin; i < all.size() && i <= last + 2 * context + 1; ++i) {
      last = is_changed(all[i]) ? i : last;
    }
    const std::size_t start = std::max(at, begin - std::min(begin, context));
    const std::size_t end = std::min(all.size(), last + 1 + context);
    const auto hunk = std::span(all).subspan(start, end - start);
    const auto added = static_cast<std::size_t>(std::ranges::count(hunk, '+', &Edit::mark));
    const auto removed = static_cast<std::size_t>(std::ranges::count(hunk, '-', &Edit::mark));
    out += "@@ -";
    append_range(out, hunk.front().from, hunk.size() - added);
    out += " +";
    append_range(out, hunk.front().to, hunk.size() - removed);
    out += " @@\n";
    for (const Edit& edit : hunk) {
      const std::string_view line = edit.mark == '+' ? after[edit.to] : before[edit.from];
      out += edit.mark;
      out += line;
      out += line.ends_with('\n') ? "" : "\n\\ No newline at end of file\n";
    }
    at = end;
  }
}

}  // namespace tally::document

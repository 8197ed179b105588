#pragma once
// Reading the tab-separated tables of content/api: lines, comments (#), columns.

#include <array>
#include <cstddef>
#include <string_view>

namespace tally::kube::internal {

template <class Body>
void for_each_line(std::string_view text, Body&& body) {
  while (!text.empty()) {
    const auto end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    if (!line.empty() && line.front() != '#') {
      body(line);
    }
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
}

// Absent columns and "-" ones are empty, except that the last one takes the rest of the line.
template <std::size_t N>
std::array<std::string_view, N> columns(std::string_view line) {
  std::array<std::string_view, N> found{};
  for (std::size_t i = 0; i < N; ++i) {
    const auto tab = i + 1 < N ? line.find('\t') : std::string_view::npos;
    found[i] = line.substr(0, tab);
    if (tab == std::string_view::npos) {
      break;
    }
    line.remove_prefix(tab + 1);
  }
  return found;
}

}  // namespace tally::kube::internal

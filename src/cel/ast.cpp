#include "cel/ast.hpp"

#include <algorithm>

#include "cel/internal/issues.hpp"

namespace tally::cel {

namespace {

// cel-go prints no line that is longer (common/error.go).
constexpr std::size_t kSnippetMax = 16384;

bool starts_character(char c) noexcept { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }

void print(const Issue& issue, std::string_view source, std::string_view description,
           std::string& out) {
  out += "ERROR: ";
  out += description;
  if (issue.offset == kNoOffset) {
    out += ":-1:0: ";
    out += issue.message;
    return;
  }
  const std::string_view before = source.substr(0, issue.offset);
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  const std::size_t start = before.rfind('\n') + 1;  // npos + 1 is 0
  const std::string_view left = before.substr(start);
  const auto column = 1 + std::count_if(left.begin(), left.end(), starts_character);
  out += ':';
  out += std::to_string(line);
  out += ':';
  out += std::to_string(column);
  out += ": ";
  out += issue.message;

  std::string snippet(source.substr(start, source.find('\n', start) - start));
  if (snippet.size() > kSnippetMax) {
    return;
  }
  std::ranges::replace(snippet, '\t', ' ');
  out += "\n | ";
  out += snippet;
  out += "\n | ";
  // Wide marks under characters of more than one byte.
  for (std::size_t i = 0; i < left.size(); ++i) {
    if (starts_character(left[i])) {
      out += static_cast<unsigned char>(left[i]) < 0x80 ? "." : "\uff0e";
    }
  }
  const bool wide =
      left.size() < snippet.size() && static_cast<unsigned char>(snippet[left.size()]) >= 0x80;
  out += wide ? "\uff3e" : "^";
}

}  // namespace

std::string to_string(std::span<const Issue> issues, std::string_view source,
                      std::string_view description) {
  std::string out;
  for (const Issue& issue : issues.first(std::min(issues.size(), kIssuesMax))) {
    if (!out.empty()) {
      out += '\n';
    }
    print(issue, source, description, out);
  }
  if (issues.size() > kIssuesMax) {
    out += "\n" + std::to_string(issues.size() - kIssuesMax) + " more errors were truncated";
  }
  return out;
}

}  // namespace tally::cel

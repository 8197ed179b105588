#include "input/glob.hpp"

#include <dirent.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <span>

#include "base/text.hpp"

namespace tally::input {

namespace {

constexpr std::string_view kAnyDepth = "**";
// Deeper trees than this are not walked: far beyond any real one, and it bounds what a hostile one
// costs.
constexpr std::size_t kDepthMax = 256;

std::vector<std::string_view> components(std::string_view path) {
  std::vector<std::string_view> parts;
  std::size_t begin = 0;
  while (begin <= path.size()) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    const std::string_view part = path.substr(begin, end - begin);
    if (!part.empty() && part != ".") {
      parts.push_back(part);
    }
    begin = end + 1;
  }
  return parts;
}

// Length in bytes of the character at `at`; broken UTF-8 counts byte by byte.
std::size_t character_size(std::string_view text, std::size_t at) {
  std::size_t size = 1;
  while (size < 4 && at + size < text.size() &&
         (static_cast<unsigned char>(text[at + size]) & 0xC0U) == 0x80U) {
    ++size;
  }
  return size;
}

// A class at pattern[at] == '[': its end and whether it holds `c`. Nothing if it is not closed.
struct Class {
  std::size_t end;
  bool holds;
};
std::optional<Class> read_class(std::string_view pattern, std::size_t at,
                                std::string_view character) {
  std::size_t i = at + 1;
  const bool negated = i < pattern.size() && (pattern[i] == '!' || pattern[i] == '^');
  i += negated ? 1U : 0U;
  const std::size_t first = i;
  bool holds = false;
  while (i < pattern.size() && (pattern[i] != ']' || i == first)) {
    const std::string_view low = pattern.substr(i, character_size(pattern, i));
    i += low.size();
    std::string_view high = low;
    if (i + 1 < pattern.size() && pattern[i] == '-' && pattern[i + 1] != ']') {
      high = pattern.substr(i + 1, character_size(pattern, i + 1));
      i += 1 + high.size();
    }
    // Byte order of UTF-8 is the order of code points.
    holds = holds || (low <= character && character <= high);
  }
  if (i >= pattern.size()) {
    return std::nullopt;
  }
  return Class{.end = i + 1, .holds = holds != negated};
}

// One component against one name.
bool component_matches(std::string_view pattern, std::string_view name) {
  if (!name.empty() && name.front() == '.' && (pattern.empty() || pattern.front() != '.')) {
    return false;
  }
  std::size_t p = 0;
  std::size_t n = 0;
  std::size_t star = std::string_view::npos;
  std::size_t star_name = 0;
  while (n < name.size()) {
    const std::size_t size = character_size(name, n);
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      star_name = n;
      continue;
    }
    std::size_t next = std::string_view::npos;
    if (p < pattern.size() && pattern[p] == '?') {
      next = p + 1;
    } else if (p < pattern.size()) {
      const auto of_class =
          pattern[p] == '[' ? read_class(pattern, p, name.substr(n, size)) : std::nullopt;
      if (of_class) {
        next = of_class->holds ? of_class->end : next;
      } else if (pattern.substr(p, size) == name.substr(n, size)) {
        next = p + size;
      }
    }
    if (next != std::string_view::npos) {
      p = next;
      n += size;
    } else if (star != std::string_view::npos) {
      star_name += character_size(name, star_name);
      p = star + 1;
      n = star_name;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') {
    ++p;
  }
  return p == pattern.size();
}

// The same greedy match one level up: `**` is the star, components are the characters.
bool components_match(std::span<const std::string_view> pattern,
                      std::span<const std::string_view> path) {
  std::size_t p = 0;
  std::size_t n = 0;
  std::optional<std::size_t> star;
  std::size_t star_path = 0;
  while (n < path.size()) {
    if (p < pattern.size() && pattern[p] == kAnyDepth) {
      star = p++;
      star_path = n;
    } else if (p < pattern.size() && component_matches(pattern[p], path[n])) {
      ++p;
      ++n;
    } else if (star && !path[star_path].starts_with('.')) {
      p = *star + 1;
      n = ++star_path;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == kAnyDepth) {
    ++p;
  }
  return p == pattern.size();
}

struct CloseDirectory {
  void operator()(DIR* directory) const noexcept { static_cast<void>(::closedir(directory)); }
};

// Names in a folder, sorted; empty if it cannot be read (a glob finds what it can see).
std::vector<std::string> names_in(const std::string& folder) {
  std::vector<std::string> names;
  const std::unique_ptr<DIR, CloseDirectory> directory(
      ::opendir(folder.empty() ? "." : folder.c_str()));
  if (directory == nullptr) {
    return names;
  }
  // NOLINTNEXTLINE(concurrency-mt-unsafe): unsafe is only a stream that threads share
  while (const dirent* entry = ::readdir(directory.get())) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") {
      names.emplace_back(name);
    }
  }
  std::ranges::sort(names);
  return names;
}

bool is_real_folder(const std::string& path) {
  struct stat status{};
  return ::lstat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

bool exists(const std::string& path) {
  struct stat status{};
  return ::lstat(path.c_str(), &status) == 0;
}

class Expansion {
 public:
  Expansion(std::span<const std::string_view> pattern, std::size_t paths_max)
      : pattern_(pattern), paths_max_(paths_max) {}

  // Expands pattern_[at..] below `prefix` ("", "/" or a path that ends in "/"). Recursion is
  // bounded by kDepthMax.
  void expand(const std::string& prefix, std::size_t at, std::size_t depth) {
    if (paths.size() > paths_max_ || depth > kDepthMax) {
      return;
    }
    if (at == pattern_.size()) {
      if (!prefix.empty()) {
        paths.push_back(prefix.substr(0, prefix.size() - 1));
      }
      return;
    }
    const std::string_view part = pattern_[at];
    if (!is_glob(part)) {
      const std::string path = prefix + std::string(part);
      if (exists(path)) {
        expand(path + "/", at + 1, depth + 1);
      }
      return;
    }
    const bool any_depth = part == kAnyDepth;
    if (any_depth && at + 1 < pattern_.size()) {
      expand(prefix, at + 1, depth + 1);
    }
    for (const std::string& name : names_in(prefix)) {
      const std::string path = prefix + name;
      if (any_depth && !name.starts_with('.')) {
        if (is_real_folder(path)) {
          expand(path + "/", at, depth + 1);
        } else if (at + 1 == pattern_.size()) {
          expand(path + "/", at + 1, depth + 1);
        }
      } else if (!any_depth && component_matches(part, name)) {
        expand(path + "/", at + 1, depth + 1);
      }
    }
  }

  std::vector<std::string> paths;

 private:
  std::span<const std::string_view> pattern_;
  std::size_t paths_max_;
};

}  // namespace

bool is_glob(std::string_view text) noexcept {
  return text.find_first_of("*?[") != std::string_view::npos;
}

bool glob_matches(std::string_view pattern, std::string_view path) {
  const auto pattern_parts = components(pattern);
  const auto path_parts = components(path);
  return pattern.starts_with('/') == path.starts_with('/') &&
         components_match(pattern_parts, path_parts);
}

Result<std::vector<std::string>> expand_glob(const std::string& pattern, std::size_t paths_max) {
  auto parts = components(pattern);
  // `**/**` finds what `**` finds, at a multiple of the price.
  const auto repeated = std::ranges::unique(parts, [](std::string_view a, std::string_view b) {
    return a == kAnyDepth && b == kAnyDepth;
  });
  parts.erase(repeated.begin(), repeated.end());
  Expansion expansion(parts, paths_max);
  expansion.expand(pattern.starts_with('/') ? "/" : "", 0, 0);
  if (expansion.paths.size() > paths_max) {
    return limit_error(fmt::format("'{}' matches more than {} paths", excerpt(pattern), paths_max));
  }
  std::ranges::sort(expansion.paths);
  const auto again = std::ranges::unique(expansion.paths);
  expansion.paths.erase(again.begin(), again.end());
  return std::move(expansion.paths);
}

}  // namespace tally::input

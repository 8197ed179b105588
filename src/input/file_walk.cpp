#include "input/file_walk.hpp"

#include <dirent.h>
#include <fmt/format.h>
#include <limits.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <set>
#include <system_error>
#include <unordered_set>
#include <utility>

#include "base/text.hpp"
#include "input/glob.hpp"

namespace tally::input {

namespace {

using finding::Skipped;

struct CloseDirectory {
  void operator()(DIR* directory) const noexcept { static_cast<void>(::closedir(directory)); }
};

Error environment(std::string file, std::string message, std::string hint = {}) {
  return Error{.kind = ErrorKind::Environment,
               .message = std::move(message),
               .file = std::move(file),
               .at = {},
               .hint = std::move(hint)};
}

std::string system_text(int number) { return std::generic_category().message(number); }

std::optional<std::string> real_path(const std::string& path) {
  const std::unique_ptr<char, decltype(&std::free)> real(::realpath(path.c_str(), nullptr),
                                                         &std::free);
  return real == nullptr ? std::nullopt : std::optional<std::string>{real.get()};
}

std::string_view special_file_name(mode_t mode) {
  if (S_ISFIFO(mode)) {
    return "a named pipe";
  }
  if (S_ISSOCK(mode)) {
    return "a socket";
  }
  return "a device";
}

using FileId = std::pair<dev_t, ino_t>;

struct Folder {
  std::string path;
  std::size_t depth = 0;
};

// Walks one named folder. Real entries first, links afterwards: what a link leads to may have been
// read under its own name.
class FolderWalk {
 public:
  FolderWalk(std::string root, const WalkOptions& options, Walk& walk)
      : root_(std::move(root)), options_(options), walk_(walk) {}

  void run() {
    const auto real = real_path(root_);
    if (!real) {
      walk_.errors.push_back(
          environment(root_, fmt::format("cannot open the folder: {}", system_text(errno))));
      return;
    }
    real_root_ = *real;
    const std::size_t first_file = walk_.files.size();
    pending_.push_back({.path = root_, .depth = 0});
    walk_pending();
    follow_links();
    if (other_files_ != 0) {
      skip(root_, fmt::format("{} file{} whose names do not end in .yaml, .yml or .json",
                              other_files_, other_files_ == 1 ? "" : "s"));
    }
    std::sort(walk_.files.begin() + static_cast<std::ptrdiff_t>(first_file), walk_.files.end(),
              [](const WalkedFile& a, const WalkedFile& b) { return a.path < b.path; });
  }

 private:
  void skip(std::string path, std::string reason) {
    walk_.skipped.push_back({.kind = Skipped::Kind::NotRead,
                             .file = std::move(path),
                             .document = 0,
                             .at = {},
                             .subject = {},
                             .reason = std::move(reason)});
  }

  [[nodiscard]] bool is_excluded(const std::string& path) const {
    if (options_.exclude.empty()) {
      return false;
    }
    const std::string_view below =
        std::string_view(path).substr(std::min(root_.size() + 1, path.size()));
    return std::ranges::any_of(options_.exclude, [&](const std::string& glob) {
      return glob_matches(glob, path) || glob_matches(glob, below) ||
             glob_matches(glob + "/**", below);
    });
  }

  void walk_pending() {
    while (!pending_.empty() && !stopped_) {
      const Folder folder = std::move(pending_.back());
      pending_.pop_back();
      enter(folder);
    }
  }

  void enter(const Folder& folder) {
    const std::unique_ptr<DIR, CloseDirectory> directory(::opendir(folder.path.c_str()));
    struct stat status{};
    if (directory == nullptr || ::fstat(::dirfd(directory.get()), &status) != 0) {
      walk_.errors.push_back(
          environment(folder.path, fmt::format("cannot open the folder: {}", system_text(errno))));
      return;
    }
    if (!entered_.insert({status.st_dev, status.st_ino}).second) {
      return;
    }
    walk_.folders.push_back(folder.path);
    errno = 0;
    // One thread walks, each folder with a stream of its own.
    while (const dirent* entry = ::readdir(directory.get())) {  // NOLINT(concurrency-mt-unsafe)
      const std::string_view name = entry->d_name;
      if (name != "." && name != "..") {
        look_at(folder, name, entry->d_type);
      }
      errno = 0;
    }
    if (errno != 0) {
      walk_.errors.push_back(
          environment(folder.path, fmt::format("cannot read the folder: {}", system_text(errno))));
    }
  }

  void look_at(const Folder& folder, std::string_view name, unsigned char type) {
    std::string path = folder.path.ends_with('/') ? folder.path + std::string(name)
                                                  : fmt::format("{}/{}", folder.path, name);
    if (type == DT_REG) {
      add_file(std::move(path));
      return;
    }
    struct stat status{};
    if (::lstat(path.c_str(), &status) != 0) {
      walk_.errors.push_back(
          environment(std::move(path), fmt::format("cannot be examined: {}", system_text(errno))));
      return;
    }
    if (S_ISDIR(status.st_mode)) {
      add_folder(std::move(path), name, folder.depth + 1);
    } else if (S_ISLNK(status.st_mode)) {
      links_.push_back({.path = std::move(path), .depth = folder.depth});
    } else if (S_ISREG(status.st_mode)) {
      add_file(std::move(path));
    } else if (has_manifest_extension(name)) {
      skip(std::move(path), fmt::format("{}, no regular file", special_file_name(status.st_mode)));
    }
  }

  void add_folder(std::string path, std::string_view name, std::size_t depth) {
    const bool test_folder =
        options_.enter_test_folders && (name == ".kyverno-test" || name == ".chainsaw-test");
    if (name.starts_with('.') && !test_folder) {
      skip(std::move(path), "a hidden folder");
    } else if (is_excluded(path)) {
      skip(std::move(path), "excluded by the configuration");
    } else if (depth > options_.depth_max) {
      walk_.errors.push_back(
          {.kind = ErrorKind::Limit,
           .message = fmt::format("folders are nested more than {} deep", options_.depth_max),
           .file = std::move(path),
           .at = {},
           .hint = {}});
    } else {
      pending_.push_back({.path = std::move(path), .depth = depth});
    }
  }

  void add_file(std::string path) {
    if (!has_manifest_extension(path)) {
      ++other_files_;
      return;
    }
    if (is_excluded(path)) {
      skip(std::move(path), "excluded by the configuration");
      return;
    }
    if (walk_.files.size() >= options_.files_max) {
      if (!stopped_) {
        walk_.errors.push_back(
            {.kind = ErrorKind::Limit,
             .message = fmt::format("more than {} files to read", options_.files_max),
             .file = root_,
             .at = {},
             .hint = {}});
      }
      stopped_ = true;
      return;
    }
    walk_.files.push_back({.path = std::move(path), .named = false});
  }

  void follow_links() {
    std::unordered_set<std::string> read;
    std::size_t noted = 0;  // files whose real path is among `read`
    // New links may be found below a link to a folder.
    while (!links_.empty() && !stopped_) {
      std::vector<Folder> links = std::exchange(links_, {});
      std::ranges::sort(links, {}, &Folder::path);
      for (const Folder& link : links) {
        for (; noted < walk_.files.size(); ++noted) {
          if (auto real = real_path(walk_.files[noted].path)) {
            read.insert(std::move(*real));
          }
        }
        follow(link, read);
        walk_pending();
      }
    }
  }

  void follow(const Folder& link, const std::unordered_set<std::string>& read) {
    const auto real = real_path(link.path);
    struct stat status{};
    if (!real || ::stat(real->c_str(), &status) != 0) {
      skip(link.path,
           errno == ELOOP ? "a link that leads in a circle" : "a link that leads nowhere");
      return;
    }
    const std::string inside = real_root_.ends_with('/') ? real_root_ : real_root_ + "/";
    if (*real != real_root_ && !real->starts_with(inside)) {
      skip(link.path, "a link that leaves the folder");
      return;
    }
    if (S_ISDIR(status.st_mode)) {
      if (entered_.contains({status.st_dev, status.st_ino})) {
        skip(link.path, "a link to a folder that is read itself");
      } else {
        const std::size_t slash = link.path.rfind('/');
        add_folder(link.path, std::string_view(link.path).substr(slash + 1), link.depth + 1);
      }
    } else if (!has_manifest_extension(link.path)) {
      ++other_files_;
    } else if (!S_ISREG(status.st_mode)) {
      skip(link.path, fmt::format("a link to {}", special_file_name(status.st_mode)));
    } else if (read.contains(*real)) {
      skip(link.path, "a link to a file that is read itself");
    } else {
      add_file(link.path);
    }
  }

  std::string root_;
  std::string real_root_;
  const WalkOptions& options_;
  Walk& walk_;
  std::vector<Folder> pending_;
  std::vector<Folder> links_;
  std::set<FileId> entered_;
  std::size_t other_files_ = 0;
  bool stopped_ = false;
};

// "a//b/./c/" as "a/b/c"; ".." is kept, because a link may stand before it.
std::string tidy(const std::string& path) {
  std::string out;
  for (std::size_t at = 0; at < path.size(); ++at) {
    const bool doubled = path[at] == '/' && !out.empty() && out.back() == '/';
    const bool dot = path[at] == '.' && (out.empty() || out.back() == '/') &&
                     at + 1 < path.size() && path[at + 1] == '/';
    if (dot) {
      ++at;
    } else if (!doubled) {
      out += path[at];
    }
  }
  while (out.size() > 1 && out.back() == '/') {
    out.pop_back();
  }
  return out.empty() ? "." : out;
}

void walk_one(const std::string& given, bool from_glob, const WalkOptions& options, Walk& walk) {
  const std::string path = tidy(given);
  struct stat status{};
  if (::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode)) {
    FolderWalk(path, options, walk).run();
    return;
  }
  walk.files.push_back({.path = path, .named = !from_glob});
  walk.folders.push_back(folder_of(path));
}

void expand_and_walk(const std::string& pattern, const WalkOptions& options, Walk& walk) {
  auto paths = expand_glob(pattern, options.files_max);
  if (!paths) {
    walk.errors.push_back(std::move(paths).error());
    return;
  }
  if (paths->empty()) {
    walk.errors.push_back(environment(pattern, "no file or folder matches this pattern"));
    return;
  }
  // `*.txt` names what it wants; `**` and `dir/*` want what a folder would give.
  const bool names_extension =
      pattern.back() != '*' && pattern.back() != '?' && pattern.back() != ']';
  std::size_t other_files = 0;
  for (const std::string& path : *paths) {
    struct stat status{};
    const bool folder = ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
    if (folder || names_extension || has_manifest_extension(path)) {
      // `**` lists files; folders that `*` matches are read as if they had been named.
      walk_one(path, !names_extension, options, walk);
    } else {
      ++other_files;
    }
  }
  if (other_files != 0) {
    walk.skipped.push_back(
        {.kind = Skipped::Kind::NotRead,
         .file = pattern,
         .document = 0,
         .at = {},
         .subject = {},
         .reason = fmt::format("{} file{} whose names do not end in .yaml, .yml or .json",
                               other_files, other_files == 1 ? "" : "s")});
  }
}

void drop_repeated_files(Walk& walk) {
  std::unordered_set<std::string> seen;
  std::erase_if(walk.files, [&](const WalkedFile& file) {
    return !seen.insert(std::filesystem::path(file.path).lexically_normal().string()).second;
  });
}

}  // namespace

bool has_manifest_extension(std::string_view path) noexcept {
  static constexpr std::array<std::string_view, 3> kExtensions = {".yaml", ".yml", ".json"};
  const auto same = [](char a, char b) {
    return (a >= 'A' && a <= 'Z' ? static_cast<char>(a + ('a' - 'A')) : a) == b;
  };
  return std::ranges::any_of(kExtensions, [&](std::string_view extension) {
    return path.size() >= extension.size() &&
           std::ranges::equal(path.substr(path.size() - extension.size()), extension, same);
  });
}

std::string folder_of(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) {
    return ".";
  }
  return std::string(path.substr(0, std::max<std::size_t>(slash, 1)));
}

std::string join_path(std::string_view folder, std::string_view name) {
  return (std::filesystem::path(folder) / std::filesystem::path(name)).lexically_normal().string();
}

Walk walk_paths(const std::vector<std::string>& paths, const WalkOptions& options) {
  Walk walk;
  for (const std::string& path : paths) {
    struct stat status{};
    if (path == kStandardInput) {
      walk.files.push_back({.path = path, .named = true});
    } else if (path.empty() || path.find('\0') != std::string::npos) {
      walk.errors.push_back(
          environment(path, "found an empty path, expected a file, a folder, a glob or '-'"));
    } else if (::lstat(path.c_str(), &status) == 0) {
      walk_one(path, false, options, walk);
    } else if (const int reason = errno; is_glob(path) && reason == ENOENT) {
      expand_and_walk(path, options, walk);
    } else {
      walk.errors.push_back(environment(path, system_text(reason)));
    }
  }
  drop_repeated_files(walk);
  std::ranges::sort(walk.skipped, {},
                    [](const Skipped& skipped) { return std::tie(skipped.file, skipped.reason); });
  return walk;
}

}  // namespace tally::input

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "policy_test/internal/files.hpp"
#include "policy_test/test_case.hpp"

namespace tally::policy_test {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kDepthMax = 256;

bool is_entered(const std::string& name) {
  return !name.starts_with('.') || name == ".kyverno-test" || name == ".chainsaw-test";
}

class Search {
 public:
  Search(std::string_view file_name, FoundTests& found) : file_name_(file_name), found_(found) {}

  void enter(const fs::path& folder, std::size_t depth) {
    if (depth > kDepthMax) {
      found_.errors.push_back(file_error(
          folder.string(), fmt::format("more than {} folders inside of folders", kDepthMax), {},
          ErrorKind::Limit));
      return;
    }
    std::error_code error;
    std::vector<fs::directory_entry> entries;
    for (fs::directory_iterator at(folder, error); !error && at != fs::directory_iterator{};
         at.increment(error)) {
      entries.push_back(*at);
    }
    if (error) {
      found_.errors.push_back(
          file_error(folder.string(), error.message(), {}, ErrorKind::Environment));
      return;
    }
    std::ranges::sort(entries);
    for (const fs::directory_entry& entry : entries) {
      const std::string name = entry.path().filename().string();
      std::error_code ignored;
      if (entry.is_directory(ignored)) {
        if (!entry.is_symlink(ignored) && is_entered(name)) {
          enter(entry.path(), depth + 1);
        }
      } else {
        add(entry.path(), name, false);
      }
    }
  }

  void add(const fs::path& path, const std::string& name, bool is_named) {
    if (name == "suite.yaml" && file_name_ != "suite.yaml") {
      found_.suites.push_back(path.lexically_normal().string());
    } else if (is_named || name == file_name_) {
      found_.files.push_back(path.lexically_normal().string());
    }
  }

 private:
  std::string_view file_name_;
  FoundTests& found_;
};

void sort_once(std::vector<std::string>& paths) {
  std::ranges::sort(paths);
  const auto repeated = std::ranges::unique(paths);
  paths.erase(repeated.begin(), repeated.end());
}

}  // namespace

FoundTests find_tests(const std::vector<std::string>& paths, std::string_view file_name) {
  FoundTests found;
  Search search(file_name, found);
  for (const std::string& path : paths) {
    std::error_code error;
    const fs::file_status status = fs::status(path, error);
    if (error || !fs::exists(status)) {
      found.errors.push_back(
          file_error(path, "there is no such file or folder", {}, ErrorKind::Environment));
    } else if (fs::is_directory(status)) {
      search.enter(path, 0);
    } else {
      search.add(path, fs::path(path).filename().string(), true);
    }
  }
  sort_once(found.files);
  sort_once(found.suites);
  return found;
}

}  // namespace tally::policy_test

#include "policy_test/internal/files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "document/read.hpp"
#include "input/file_walk.hpp"
#include "kube/objects.hpp"

namespace tally::policy_test {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kFilesMax = 10'000;
constexpr int kDepthMax = 64;

// Manifests of a folder; hidden files and folders are skipped.
Result<void> list_folder(const std::string& folder, int depth_left,
                         std::vector<std::string>& files) {
  std::error_code error;
  std::vector<fs::directory_entry> entries;
  for (fs::directory_iterator at(folder, error); !error && at != fs::directory_iterator{};
       at.increment(error)) {
    entries.push_back(*at);
  }
  if (error) {
    return environment_error(fmt::format("{}: {}", folder, error.message()));
  }
  std::ranges::sort(entries);
  for (const fs::directory_entry& entry : entries) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with('.')) {
      continue;
    }
    std::error_code ignored;
    if (entry.is_directory(ignored) && !entry.is_symlink(ignored)) {
      if (depth_left > 0) {
        TALLY_CHECK(list_folder(entry.path().string(), depth_left - 1, files));
      }
    } else if (input::has_manifest_extension(name)) {
      if (files.size() >= kFilesMax) {
        return limit_error(fmt::format("{} holds more than {} files", folder, kFilesMax));
      }
      files.push_back(entry.path().string());
    }
  }
  return {};
}

}  // namespace

Error file_error(std::string path, std::string message, Position at, ErrorKind kind) {
  return {
      .kind = kind, .message = std::move(message), .file = std::move(path), .at = at, .hint = {}};
}

Result<std::span<const Root>> Files::documents(const std::string& path) {
  if (const auto known = read_.find(path); known != read_.end()) {
    return known->second;
  }
  if (path.starts_with("http://") || path.starts_with("https://")) {
    return environment_error(
        fmt::format("{}: tests read files only, nothing is fetched from the network", path));
  }
  TALLY_TRY(auto source, document::Source::read_file(path));
  std::vector<document::Document> found;
  std::vector<document::DocumentError> errors;
  for (const document::Slice slice : document::split(*source)) {
    document::read_slice(*source, slice, arena_, {}, found, errors);
  }
  if (!errors.empty()) {
    Error error = errors.front().error;
    error.file = path;
    return std::unexpected(std::move(error));
  }
  std::vector<Root> roots;
  for (const document::Document& document : found) {
    roots.push_back({.node = document.root, .source = source, .ordinal = document.ordinal});
  }
  return read_.emplace(path, std::move(roots)).first->second;
}

Result<std::vector<std::string>> Files::expand(const std::string& path, Depth depth) {
  std::vector<std::string> files;
  std::error_code error;
  if (fs::is_directory(path, error)) {
    TALLY_CHECK(list_folder(path, depth == Depth::Tree ? kDepthMax : 0, files));
  } else {
    files.push_back(path);
  }
  return files;
}

Result<std::vector<kube::Object>> Files::objects(const std::string& path) {
  TALLY_TRY(const std::span<const Root> roots, documents(path));
  std::vector<kube::Object> found;
  std::vector<kube::NotAnObject> rejected;
  for (const Root& root : roots) {
    document::Document document{.root = root.node, .ordinal = root.ordinal};
    kube::append_objects(document, *root.source, found, rejected);
    if (!rejected.empty()) {
      return std::unexpected(file_error(path, rejected.front().reason,
                                        root.source->position(rejected.front().offset)));
    }
  }
  return found;
}

Result<document::Node> Files::made(std::string name, std::string_view text) {
  sources_.push_back(document::Source::from_text(std::move(name), text));
  return document::read_one(*sources_.back(), arena_);
}

const document::Source* Files::made_source() {
  if (empty_ == nullptr) {
    empty_ = document::Source::from_text("<made>", "");
  }
  return empty_.get();
}

}  // namespace tally::policy_test

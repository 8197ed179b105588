#pragma once
// A folder of files for one test, removed at its end. Tests only.

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

namespace tally::input {

class TestTree {
 public:
  TestTree() {
    std::string pattern = (std::filesystem::temp_directory_path() / "tally-input-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) {
      ADD_FAILURE() << "no folder for the test: " << pattern;
    }
    root_ = pattern;
  }
  TestTree(const TestTree&) = delete;
  TestTree& operator=(const TestTree&) = delete;
  ~TestTree() {
    std::error_code ignored;
    std::filesystem::remove_all(root_, ignored);
  }

  [[nodiscard]] std::string path(std::string_view relative = "") const {
    return relative.empty() ? root_ : root_ + "/" + std::string(relative);
  }
  void write(std::string_view relative, std::string_view content) const {
    const std::filesystem::path target = path(relative);
    std::filesystem::create_directories(target.parent_path());
    std::ofstream(target, std::ios::binary) << content;
  }
  void link(std::string_view relative, const std::string& target) const {
    std::filesystem::create_directories(std::filesystem::path(path(relative)).parent_path());
    std::filesystem::create_symlink(target, path(relative));
  }

 private:
  std::string root_;
};

}  // namespace tally::input

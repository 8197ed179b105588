#pragma once
// From the paths of a command line to the files that are read, in a fixed order: the order of the
// arguments, and inside of a folder the byte order of the paths.
//
// Rules (docs/configuration.md, "Inputs"): a named file is always read; a folder is read
// recursively for .yaml, .yml and .json; hidden folders are skipped; links that leave the named
// folder are not followed, and no folder is entered twice; a path that does not exist but is a glob
// is expanded; `-` is standard input. What is passed over is listed with the reason.

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "finding/assessment.hpp"

namespace tally::input {

inline constexpr std::string_view kStandardInput = "-";

struct WalkOptions {
  std::vector<std::string> exclude;  // globs (glob.hpp) over the path as it is shown, and over the
                                     // path below the named folder
  bool enter_test_folders = false;   // .kyverno-test and .chainsaw-test, although hidden
  std::size_t files_max = 1'000'000;
  std::size_t depth_max = 256;  // folders inside of folders
};

struct WalkedFile {
  std::string path;    // as it is shown; "-" for standard input
  bool named = false;  // by the user, and so read whatever it is
};

struct Walk {
  std::vector<WalkedFile> files;
  std::vector<std::string>
      folders;  // every folder that was entered, and those that hold named files
  std::vector<finding::Skipped> skipped;
  std::vector<Error> errors;
};

[[nodiscard]] Walk walk_paths(const std::vector<std::string>& paths, const WalkOptions& options);

// Does the name end in .yaml, .yml or .json, in any case?
[[nodiscard]] bool has_manifest_extension(std::string_view path) noexcept;

// The folder of a path: "a/b" of "a/b/c", "." of "c", "/" of "/c".
[[nodiscard]] std::string folder_of(std::string_view path);
// folder and name joined and made lexically normal: "a/x" of ("a/b", "../x"); "x" of (".", "x").
[[nodiscard]] std::string join_path(std::string_view folder, std::string_view name);

}  // namespace tally::input

#pragma once
// The cases of a folder laid out as corpus/istio-authz, and what came of them.

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "authorization/decide.hpp"
#include "authorization/policy_set.hpp"
#include "base/arena.hpp"
#include "document/read.hpp"
#include "kube/snapshot.hpp"

namespace tally::conformance {

class Report {
 public:
  explicit Report(std::map<std::string, std::string> skips) : skips_(std::move(skips)) {}

  // One case: `expected` and `actual` must be the same text.
  void compare(const std::string& name, const std::string& expected, const std::string& actual);
  void skip(const std::string& name, const std::string& reason);
  // Prints the counts of each folder, and the last line. The exit code.
  int finish(int committed);

 private:
  struct Count {
    int passed = 0;
    int failed = 0;
    int skipped = 0;
  };
  Count& count_of(const std::string& name);
  std::map<std::string, std::string> skips_;
  std::map<std::string, Count> counts_;
};

// A file and what was read from it.
class File {
 public:
  // Stops the run if the file cannot be read.
  explicit File(const std::filesystem::path& path);

  [[nodiscard]] const std::vector<document::Node>& roots() const noexcept { return roots_; }
  [[nodiscard]] const document::Node& root() const;
  [[nodiscard]] const document::Source* source() const noexcept { return source_.get(); }
  [[nodiscard]] Arena& arena() noexcept { return arena_; }

 private:
  Arena arena_;
  std::shared_ptr<const document::Source> source_;
  std::vector<document::Node> roots_;
};

[[nodiscard]] std::string_view text_of(const document::Node& object, std::string_view key);
// The member, or a Null node.
[[nodiscard]] const document::Node& member(const document::Node& object, std::string_view key);
[[nodiscard]] std::vector<kube::Object> objects_of(const std::vector<document::Node>& roots,
                                                   const document::Source* source);
[[nodiscard]] std::string json_of(const document::Node& node);  // canonical

void run_decisions(const std::filesystem::path& root, Report& report);
void run_tables(const std::filesystem::path& root, Report& report);
void run_ambient(const std::filesystem::path& root, Report& report);
void run_validation(const std::filesystem::path& root, Report& report);
void run_envoy(const std::filesystem::path& root, Report& report);

}  // namespace tally::conformance

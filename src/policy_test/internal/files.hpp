#pragma once
// The files of one test: read once, kept as long as the test is looked at.
//
// Threads: one thread at a time.

#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/arena.hpp"
#include "base/result.hpp"
#include "document/node.hpp"
#include "document/source.hpp"
#include "kube/object.hpp"

namespace tally::policy_test {

[[nodiscard]] Error file_error(std::string path, std::string message, Position at = {},
                               ErrorKind kind = ErrorKind::Content);

struct Root {
  document::Node node;
  std::shared_ptr<const document::Source> source;
  std::uint32_t ordinal = 1;
};

class Files {
 public:
  // Every document of a file, in its order. A document that cannot be read is an error of the file.
  // The result lives as long as this.
  [[nodiscard]] Result<std::span<const Root>> documents(const std::string& path);
  // The files that a path of a test names: itself, or the manifests of a folder, sorted.
  enum class Depth : std::uint8_t { Folder, Tree };
  [[nodiscard]] Result<std::vector<std::string>> expand(const std::string& path, Depth depth);
  // The Kubernetes objects of a file, those of lists included.
  [[nodiscard]] Result<std::vector<kube::Object>> objects(const std::string& path);
  // One value, from a text that was made up.
  [[nodiscard]] Result<document::Node> made(std::string name, std::string_view text);

  [[nodiscard]] Arena& arena() noexcept { return arena_; }
  // Any source, for objects that no file holds.
  [[nodiscard]] const document::Source* made_source();

 private:
  Arena arena_{std::size_t{64} * 1024};
  std::map<std::string, std::vector<Root>> read_;
  std::vector<std::shared_ptr<const document::Source>> sources_;
  std::shared_ptr<const document::Source> empty_;
};

}  // namespace tally::policy_test

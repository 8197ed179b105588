// `tally network query FILE... -f PATH`: assertions about a network.
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "document/read.hpp"
#include "output.hpp"
#include "reachability/assertions.hpp"
#include "verb_network.hpp"

namespace tally::app {
namespace {

constexpr int kCannot = 2;

// Files of assertions are no manifests: they are read apart.
class AssertionFiles {
 public:
  Result<void> read(const std::string& path) {
    TALLY_TRY(auto source, document::Source::read_file(path));
    sources_.push_back(source);
    std::vector<document::Document> documents;
    std::vector<document::DocumentError> errors;
    for (const document::Slice& slice : document::split(*source)) {
      document::read_slice(*source, slice, arena_, {}, documents, errors);
    }
    if (!errors.empty()) {
      Error error = errors.front().error;
      error.file = path;
      return std::unexpected(std::move(error));
    }
    for (const document::Document& document : documents) {
      const document::Node* kind = document.root.find("kind");
      if (kind == nullptr || kind->text() != "NetworkAssertions") {
        continue;
      }
      kube::Object object;
      object.root = document.root;
      object.source = source.get();
      objects_.push_back(object);
    }
    return {};
  }
  [[nodiscard]] const std::vector<kube::Object>& objects() const { return objects_; }

 private:
  Arena arena_;
  std::vector<std::shared_ptr<const document::Source>> sources_;
  std::vector<kube::Object> objects_;
};

}  // namespace

int run_network_query(const NetworkFlags& flags) {
  if (const int refused = refuse_foreign(flags, {"txt", "json"}); refused != 0) {
    return refused;
  }
  if (flags.files.empty()) {
    return fail_network(flags, "expected files of assertions, and manifests by -f");
  }
  const auto loaded = load_network(with_more(flags.files, flags), flags);
  if (loaded == nullptr) {
    return kCannot;
  }
  AssertionFiles files;
  for (const std::string& path : flags.paths) {
    if (const auto read = files.read(path); !read) {
      return fail_network(flags, read.error());
    }
  }
  std::vector<reachability::AssertionResult> results;
  bool is_done = true;
  for (const kube::Object& object : files.objects()) {
    auto checked = reachability::check_assertions(*loaded->world, object);
    if (!checked) {
      static_cast<void>(fail_network(flags, checked.error()));
      is_done = false;
      continue;
    }
    results.insert(results.end(), checked->begin(), checked->end());
  }
  if (results.empty()) {
    if (is_done) {
      static_cast<void>(fail_network(flags, "found no object of kind NetworkAssertions"));
    }
    return kCannot;
  }
  static_cast<void>(print(flags.output == "json" ? reachability::to_json(results)
                                                 : reachability::to_text(results)));
  const bool all_hold =
      std::ranges::all_of(results, [](const auto& result) { return result.holds; });
  return is_done ? exit_code(*loaded, all_hold) : kCannot;
}

}  // namespace tally::app

#pragma once
// What the files around a file say about it: templates of a Helm chart, patches of a kustomization,
// data of a policy test are no manifests that somebody applies, although each may look like one.
//
//   Helm            Chart.yaml in the folder above `templates/`, at any depth below which the file
//   stands kustomize       kustomization.yaml, kustomization.yml or Kustomization; whatever it
//   names apart from `resources`, `bases`,
//                   `components` and `crds`: those are whole objects and are judged
//   policy tests    kyverno-test.yaml, chainsaw-test.yaml or suite.yaml; the files that it names
//   below its own folder, and
//                   every policy below its folder
//
// The folders above the named ones are looked at as well, up to the one that holds .git. A marker
// file that cannot be read marks nothing: nothing is passed over on the word of a broken file.

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "document/read.hpp"
#include "finding/assessment.hpp"
#include "input/file_walk.hpp"
#include "scalar/object_ref.hpp"

namespace tally::input {

struct FileMark {
  finding::Skipped::Kind kind = finding::Skipped::Kind::BuildFirst;
  std::string reason;
  bool helm_template =
      false;  // one that the user named is judged all the same, if it holds no template action
};

class FolderMarks {
 public:
  [[nodiscard]] static FolderMarks read(const Walk& walk, const document::ReadOptions& options);

  // The mark of a whole file, if it has one.
  [[nodiscard]] std::optional<FileMark> mark_of(const std::string& path) const;
  // The policy test below whose folder the file stands ("a/kyverno-test.yaml"), or empty.
  [[nodiscard]] std::string_view policy_test_above(const std::string& path) const;
  // Does the file stand inside of a Helm chart?
  [[nodiscard]] bool is_in_chart(const std::string& path) const;

 private:
  struct Folder {
    std::string chart;             // folder of the innermost Helm chart, or empty
    bool below_templates = false;  // of that chart
    std::string policy_test;       // innermost test file at or above, or empty
  };
  [[nodiscard]] const Folder* folder_of_file(const std::string& path) const;

  std::map<std::string, Folder, std::less<>> folders_;        // by path as it is shown
  std::map<std::string, FileMark, std::less<>> named_;        // by absolute path
  std::map<std::string, std::string, std::less<>> absolute_;  // folder as it is shown to absolute
};

// Is it a policy (of Kyverno, Gatekeeper, or an admission policy of the API server)?
[[nodiscard]] bool is_policy(const scalar::ObjectRef& ref) noexcept;

}  // namespace tally::input

#include "input/folder_marks.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <set>
#include <system_error>
#include <unordered_set>
#include <vector>

#include "base/text.hpp"

namespace tally::input {

namespace {

using finding::Skipped;

constexpr std::size_t kLevelsAbove = 8;
constexpr std::size_t kMarkerBytesMax = std::size_t{1} << 20U;
constexpr std::size_t kNamesMax = 10'000;
constexpr std::string_view kChart = "Chart.yaml";
constexpr std::array<std::string_view, 3> kKustomizations = {"kustomization.yaml",
                                                             "kustomization.yml", "Kustomization"};
constexpr std::array<std::string_view, 5> kPolicyTests = {"kyverno-test.yaml", "kyverno-test.yml",
                                                          "chainsaw-test.yaml", "chainsaw-test.yml",
                                                          "suite.yaml"};

std::string absolute_path(const std::string& path) {
  std::error_code failed;
  const auto absolute = std::filesystem::absolute(path, failed);
  std::string text = (failed ? std::filesystem::path(path) : absolute).lexically_normal().string();
  if (text.size() > 1 && text.ends_with('/')) {
    text.pop_back();
  }
  return text;
}

bool exists(const std::string& path) {
  struct stat status{};
  return ::stat(path.c_str(), &status) == 0;
}

// Every string of a value, apart from those below the keys to leave out.
void collect_strings(const document::Node& node, std::span<const std::string_view> leave_out,
                     std::size_t depth, std::vector<std::string_view>& strings) {
  constexpr std::size_t kDepthMax = 16;
  if (depth > kDepthMax || strings.size() >= kNamesMax) {
    return;
  }
  if (node.is_string()) {
    strings.push_back(node.text());
  } else if (node.is_array()) {
    for (const document::Node& item : node.items()) {
      collect_strings(item, leave_out, depth + 1, strings);
    }
  } else {
    for (const document::Member member : node.members()) {
      if (depth != 0 || std::ranges::find(leave_out, member.key) == leave_out.end()) {
        collect_strings(member.value, leave_out, depth + 1, strings);
      }
    }
  }
}

bool is_text(const document::Node* node, std::string_view text) {
  return node != nullptr && node->text() == text;
}

// A file of that name may be anything: it is a policy test if it says so. Old Kyverno tests have no
// kind.
bool is_policy_test(const document::Node& root) {
  const document::Node* version = root.find("apiVersion");
  const std::string_view group = version == nullptr ? std::string_view{} : version->text();
  if (group.starts_with("cli.kyverno.io/") || group.starts_with("chainsaw.kyverno.io/") ||
      group.starts_with("test.gatekeeper.sh/")) {
    return true;
  }
  return version == nullptr && root.find("policies") != nullptr && root.find("results") != nullptr;
}

bool is_kustomization(const document::Node& root) {
  const document::Node* version = root.find("apiVersion");
  const bool named = version != nullptr && version->text().starts_with("kustomize.config.k8s.io/");
  // kustomize takes a file of that name without apiVersion and kind.
  return root.is_object() && (named || version == nullptr) &&
         (named || root.find("kind") == nullptr || is_text(root.find("kind"), "Kustomization"));
}

// The files that marker files name, by absolute path.
class NamedFiles {
 public:
  NamedFiles(const document::ReadOptions& options,
             std::map<std::string, FileMark, std::less<>>& named)
      : options_(options), named_(named) {}

  // `shown`: the path for messages.
  void add_kustomization(const std::string& absolute, const std::string& shown) {
    static constexpr std::array<std::string_view, 4> kWholeObjects = {"resources", "bases",
                                                                      "components", "crds"};
    const auto source = document::Source::read_file(absolute, kMarkerBytesMax);
    Arena arena;
    const auto root =
        source ? document::read_one(**source, arena, options_) : std::unexpected(source.error());
    if (!root || !is_kustomization(*root)) {
      return;
    }
    std::vector<std::string_view> strings;
    collect_strings(*root, kWholeObjects, 0, strings);
    for (std::string_view text : strings) {
      // configMapGenerator: "key=path".
      text = text.substr(text.find('=') + 1);
      add(absolute, text, Skipped::Kind::BuildFirst,
          fmt::format("a patch or another part of {}: build it first (`kustomize build {} | tally "
                      "assess -`)",
                      shown, folder_of(shown)));
    }
    named_[absolute] = {
        .kind = Skipped::Kind::BuildFirst,
        .reason =
            fmt::format("a kustomization: build it first (`kustomize build {} | tally assess -`)",
                        folder_of(shown)),
        .helm_template = false};
  }

  // Is it a policy test?
  bool add_policy_test(const std::string& absolute, const std::string& shown) {
    const auto source = document::Source::read_file(absolute, kMarkerBytesMax);
    Arena arena;
    const auto root =
        source ? document::read_one(**source, arena, options_) : std::unexpected(source.error());
    if (!root || !is_policy_test(*root)) {
      return false;
    }
    std::vector<std::string_view> strings;
    collect_strings(*root, {}, 0, strings);
    const std::string inside = folder_of(absolute) + "/";
    for (const std::string_view text : strings) {
      if (join_path(folder_of(absolute), text).starts_with(inside)) {
        add(absolute, text, Skipped::Kind::TestData, fmt::format("test data of {}", shown));
      }
    }
    named_[absolute] = {
        .kind = Skipped::Kind::TestData, .reason = "a policy test", .helm_template = false};
    return true;
  }

 private:
  void add(const std::string& marker, std::string_view text, Skipped::Kind kind,
           std::string reason) {
    if (text.empty() || text.size() > 1024 ||
        text.find_first_of("\n:*") != std::string_view::npos || !has_manifest_extension(text)) {
      return;
    }
    named_.try_emplace(join_path(folder_of(marker), text),
                       FileMark{.kind = kind, .reason = std::move(reason), .helm_template = false});
  }

  const document::ReadOptions& options_;
  std::map<std::string, FileMark, std::less<>>& named_;
};

// Folders to look at: those of the walk, and those above them.
std::set<std::string> folders_with_those_above(
    const std::map<std::string, std::string, std::less<>>& absolute) {
  std::set<std::string> folders;
  for (const auto& [shown, path] : absolute) {
    folders.insert(path);
  }
  std::set<std::string> above;
  for (const std::string& folder : folders) {
    std::string at = folder;
    for (std::size_t level = 0; level < kLevelsAbove && at != "/" && !exists(at + "/.git");
         ++level) {
      at = folder_of(at);
      if (folders.contains(at) || !above.insert(at).second) {
        break;
      }
    }
  }
  folders.merge(above);
  return folders;
}

}  // namespace

FolderMarks FolderMarks::read(const Walk& walk, const document::ReadOptions& options) {
  FolderMarks marks;
  std::map<std::string, std::string, std::less<>> shown_by_absolute;
  for (const std::string& folder : walk.folders) {
    const std::string absolute = absolute_path(folder);
    marks.absolute_.emplace(folder, absolute);
    shown_by_absolute.emplace(absolute, folder);
  }
  // Names of the walk, so that the folders which were listed are not asked again.
  std::unordered_set<std::string> listed;
  for (const WalkedFile& file : walk.files) {
    listed.insert(file.path);
  }
  NamedFiles named(options, marks.named_);
  std::map<std::string, Folder, std::less<>> by_absolute;
  // Sorted: a folder comes after those above it.
  for (const std::string& path : folders_with_those_above(marks.absolute_)) {
    const auto shown = shown_by_absolute.find(path);
    const std::string shown_folder = shown == shown_by_absolute.end() ? path : shown->second;
    const auto shown_path = [&](std::string_view name) {
      return shown_folder == "." && !listed.contains("./" + std::string(name))
                 ? std::string(name)
                 : fmt::format("{}/{}", shown_folder, name);
    };
    const auto holds = [&](std::string_view name) {
      return listed.contains(shown_path(name)) || exists(fmt::format("{}/{}", path, name));
    };
    Folder folder;
    if (const auto above = by_absolute.find(folder_of(path)); above != by_absolute.end()) {
      folder = above->second;
      folder.below_templates =
          folder.below_templates || (!folder.chart.empty() && folder.chart + "/templates" == path);
    }
    if (!folder.below_templates && holds(kChart)) {
      folder.chart = path;
    }
    for (const std::string_view name : kKustomizations) {
      if (holds(name)) {
        named.add_kustomization(fmt::format("{}/{}", path, name), shown_path(name));
      }
    }
    for (const std::string_view name : kPolicyTests) {
      if (holds(name) &&
          named.add_policy_test(fmt::format("{}/{}", path, name), shown_path(name))) {
        folder.policy_test = shown_path(name);
      }
    }
    by_absolute.emplace(path, std::move(folder));
  }
  for (const auto& [shown, absolute] : marks.absolute_) {
    marks.folders_.emplace(shown, by_absolute.at(absolute));
  }
  return marks;
}

const FolderMarks::Folder* FolderMarks::folder_of_file(const std::string& path) const {
  const auto at = folders_.find(folder_of(path));
  return at == folders_.end() ? nullptr : &at->second;
}

std::optional<FileMark> FolderMarks::mark_of(const std::string& path) const {
  const std::string folder = folder_of(path);
  if (const auto absolute = absolute_.find(folder);
      absolute != absolute_.end() && !named_.empty()) {
    const std::string_view name = std::string_view(path).substr(path.rfind('/') + 1);
    if (const auto at = named_.find(fmt::format("{}/{}", absolute->second, name));
        at != named_.end()) {
      return at->second;
    }
  }
  const auto at = folders_.find(folder);
  if (at != folders_.end() && at->second.below_templates) {
    return FileMark{.kind = Skipped::Kind::BuildFirst,
                    .reason = fmt::format(
                        "a template of the Helm chart {}: build it first (`helm template ... | "
                        "tally assess -`)",
                        std::string_view(at->second.chart).substr(at->second.chart.rfind('/') + 1)),
                    .helm_template = true};
  }
  return std::nullopt;
}

std::string_view FolderMarks::policy_test_above(const std::string& path) const {
  const Folder* folder = folder_of_file(path);
  return folder == nullptr ? std::string_view{} : std::string_view{folder->policy_test};
}

bool FolderMarks::is_in_chart(const std::string& path) const {
  const Folder* folder = folder_of_file(path);
  return folder != nullptr && !folder->chart.empty();
}

bool is_policy(const scalar::ObjectRef& ref) noexcept {
  if (ref.group == "admissionregistration.k8s.io") {
    return ref.kind.starts_with("ValidatingAdmissionPolicy") ||
           ref.kind.starts_with("MutatingAdmissionPolicy");
  }
  return ref.group == "kyverno.io" || ref.group == "policies.kyverno.io" ||
         ref.group.ends_with(".gatekeeper.sh");
}

}  // namespace tally::input

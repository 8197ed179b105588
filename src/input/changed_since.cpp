#include "input/changed_since.hpp"

#include <fmt/format.h>
#include <stdlib.h>

#include <algorithm>
#include <charconv>
#include <memory>
#include <optional>

#include "base/text.hpp"
#include "input/process.hpp"

namespace tally::input {

namespace {

using Command = std::vector<std::string>;

// --no-optional-locks: never write to the repository. core.fsmonitor could name a program to run.
Command git(const std::string& folder, const Command& arguments) {
  Command command = {"git",
                     "-C",
                     folder,
                     "--no-pager",
                     "--no-optional-locks",
                     "-c",
                     "core.fsmonitor=false",
                     "-c",
                     "core.quotePath=off"};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return command;
}

std::string first_line(std::string_view text) {
  return excerpt(trim(text.substr(0, text.find('\n'))), 200);
}

Result<std::string> git_output(const std::string& folder, const Command& arguments,
                               const ProcessLimits& limits) {
  TALLY_TRY(ProcessOutput output, run_process(git(folder, arguments), limits));
  if (output.status != 0) {
    return environment_error(
        fmt::format("git {} failed: {}", arguments.front(), first_line(output.err)));
  }
  return std::move(output.out);
}

Result<void> check_revision(const std::string& revision) {
  if (revision.empty() || revision.front() == '-' ||
      revision.find_first_of(std::string_view("\0\n", 2)) != std::string::npos) {
    return content_error(fmt::format("found the revision '{}', expected a commit, branch or tag",
                                     excerpt(revision)));
  }
  return {};
}

std::vector<std::string_view> split_nul(std::string_view text) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\0'), text.size());
    if (end != 0) {
      parts.push_back(text.substr(0, end));
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

std::string real_or_same(std::string path) {
  const std::unique_ptr<char, decltype(&std::free)> real(::realpath(path.c_str(), nullptr),
                                                         &std::free);
  return real == nullptr ? std::move(path) : std::string(real.get());
}

// A path of a diff header: C-quoted if it holds a quote, a backslash or a control character.
std::string unquote(std::string_view text) {
  if (!text.starts_with('"') || !text.ends_with('"') || text.size() < 2) {
    // git appends a tab to a name with blanks.
    return std::string(text.ends_with('\t') ? text.substr(0, text.size() - 1) : text);
  }
  static constexpr std::string_view kNames = "abtnvfr";
  static constexpr std::string_view kValues = "\a\b\t\n\v\f\r";
  std::string out;
  text = text.substr(1, text.size() - 2);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      out += text[i];
      continue;
    }
    const char next = text[++i];
    if (next >= '0' && next <= '3' && i + 2 < text.size()) {
      unsigned value = 0;
      static_cast<void>(std::from_chars(text.data() + i, text.data() + i + 3, value, 8));
      out += static_cast<char>(static_cast<unsigned char>(value));
      i += 2;
    } else if (const std::size_t at = kNames.find(next); at != std::string_view::npos) {
      out += kValues[at];
    } else {
      out += next;
    }
  }
  return out;
}

// "@@ -a[,b] +c[,d] @@": the lines of the new side.
std::optional<LineRange> read_hunk(std::string_view line) {
  const std::size_t plus = line.find(" +");
  if (!line.starts_with("@@ ") || plus == std::string_view::npos) {
    return std::nullopt;
  }
  const char* const end = line.data() + line.size();
  std::uint32_t first = 0;
  std::uint32_t count = 1;
  auto parsed = std::from_chars(line.data() + plus + 2, end, first);
  if (parsed.ec == std::errc{} && parsed.ptr != end && *parsed.ptr == ',') {
    parsed = std::from_chars(parsed.ptr + 1, end, count);
  }
  if (parsed.ec != std::errc{} || count > UINT32_MAX - first) {
    return std::nullopt;
  }
  // Of an empty new side git names the line before it.
  return count == 0 ? LineRange{.first = first + 1, .last = first}
                    : LineRange{.first = first, .last = first + count - 1};
}

// Reads `git diff -U0`. Content lines are skipped by their number, so that a line which looks like
// a header is none.
void read_ranges(std::string_view diff, const std::string& root, ChangedFiles& changed) {
  ChangedFile* file = nullptr;
  std::uint64_t content_lines = 0;
  while (!diff.empty()) {
    const std::size_t end = std::min(diff.find('\n'), diff.size());
    const std::string_view line = diff.substr(0, end);
    diff.remove_prefix(std::min(end + 1, diff.size()));
    if (content_lines != 0 && (line.starts_with('+') || line.starts_with('-'))) {
      --content_lines;
    } else if (line.starts_with("diff --git ")) {
      file = nullptr;
    } else if (line.starts_with("+++ ")) {
      const auto at = changed.files.find(real_or_same(root + "/" + unquote(line.substr(4))));
      file = at == changed.files.end() ? nullptr : &at->second;
    } else if (const auto range = read_hunk(line)) {
      std::uint64_t removed = 1;
      const std::string_view old_side = line.substr(4, line.find(" +") - 4);
      if (const std::size_t comma = old_side.find(','); comma != std::string_view::npos) {
        static_cast<void>(std::from_chars(old_side.data() + comma + 1,
                                          old_side.data() + old_side.size(), removed));
      }
      content_lines = removed + (range->last + 1 - range->first);
      if (file != nullptr) {
        file->ranges.push_back(*range);
      }
    }
  }
}

}  // namespace

const ChangedFile* ChangedFiles::find(const std::string& path) const {
  const auto at = files.find(real_or_same(path));
  return at == files.end() ? nullptr : &at->second;
}

bool ChangedFiles::touches(const std::string& path, LineRange lines) const {
  const ChangedFile* file = find(path);
  if (file == nullptr || file->whole) {
    return file != nullptr;
  }
  return std::ranges::any_of(file->ranges, [&](LineRange range) {
    const bool deletion = range.first > range.last;
    const std::uint32_t first = deletion ? range.last : range.first;
    const std::uint32_t last = deletion ? range.first : range.last;
    return first <= lines.last && lines.first <= last;
  });
}

Result<ChangedFiles> changed_since(const std::string& revision, const std::string& folder,
                                   std::chrono::milliseconds time_max) {
  TALLY_CHECK(check_revision(revision));
  ProcessLimits limits;
  limits.time = time_max;
  TALLY_TRY(const ProcessOutput top,
            run_process(git(folder, {"rev-parse", "--show-toplevel"}), limits));
  if (top.status != 0 || top.out.empty()) {
    return environment_error(
        fmt::format("--changed-since needs a git working tree, found none at '{}': {}",
                    excerpt(folder), first_line(top.err)));
  }
  const std::string root = top.out.substr(0, top.out.size() - 1);
  TALLY_TRY(const ProcessOutput commit,
            run_process(git(root, {"rev-parse", "--verify", "--quiet", "--end-of-options",
                                   revision + "^{commit}"}),
                        limits));
  if (commit.status != 0) {
    return content_error(fmt::format(
        "found the revision '{}', which names no commit of this repository", excerpt(revision)));
  }
  const std::string hash(trim(commit.out));
  const Command diff = {"diff",       "--no-ext-diff", "--no-textconv",
                        "--no-color", "--no-renames",  "--ignore-submodules=all"};
  const auto with = [&diff, &hash](std::initializer_list<std::string> more) {
    Command command = diff;
    command.insert(command.end(), more);
    command.insert(command.end(), {hash, "--"});
    return command;
  };
  ChangedFiles changed;
  TALLY_TRY(const std::string names,
            git_output(root, with({"--name-only", "-z", "--diff-filter=d"}), limits));
  for (const std::string_view name : split_nul(names)) {
    changed.files.try_emplace(real_or_same(fmt::format("{}/{}", root, name)));
  }
  TALLY_TRY(const std::string added,
            git_output(root, with({"--name-only", "-z", "--diff-filter=A"}), limits));
  TALLY_TRY(const std::string untracked,
            git_output(root, {"ls-files", "--others", "--exclude-standard", "-z"}, limits));
  for (const std::string& list : {added, untracked}) {
    for (const std::string_view name : split_nul(list)) {
      changed.files[real_or_same(fmt::format("{}/{}", root, name))].whole = true;
    }
  }
  // --text: a file that looks binary has lines too, and manifests are text.
  TALLY_TRY(const std::string hunks,
            git_output(root, with({"-U0", "--no-prefix", "--text", "--diff-filter=d"}), limits));
  read_ranges(hunks, root, changed);
  return changed;
}

}  // namespace tally::input

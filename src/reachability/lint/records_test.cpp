// The records of the checks: whole, unique, and written into docs/network-lint.md.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>

#include "reachability/lint/lint.hpp"

namespace tally::reachability {
namespace {

constexpr std::string_view kHead =
    "# What `tally network lint` says\n\n"
    "Of network policies of every dialect, of Istio's policies, and of the ways into the cluster; "
    "`tally assess` says\nthe same beside its other findings. Generated from the records of the "
    "checks; change those, not this page. A\nfinding may be less severe than its check: what the "
    "input cannot show is `info`.\n";

std::string page() {
  std::string text(kHead);
  for (const finding::Check* check : lint_checks()) {
    text +=
        fmt::format("\n## {}\n\n{} ({}, {})\n\n{}\n\n**What to do:** {}\n", check->id, check->title,
                    check->policy, to_text(check->severity), check->description, check->remedy);
  }
  return text;
}

TEST(LintRecords, AreWholeAndUnique) {
  std::set<std::string_view> ids;
  for (const finding::Check* check : lint_checks()) {
    EXPECT_EQ(check->engine, "network") << check->id;
    EXPECT_TRUE(ids.insert(check->id).second) << check->id;
    EXPECT_FALSE(check->title.empty() || check->description.empty() || check->remedy.empty())
        << check->id;
    EXPECT_FALSE(check->controls.empty() || check->references.empty()) << check->id;
    EXPECT_EQ(check->id.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-"),
              std::string_view::npos);
  }
}

TEST(LintRecords, AreDocumented) {
  const std::string path = TALLY_SOURCE_DIR "/docs/network-lint.md";
  if (std::getenv("UPDATE_GOLDEN") != nullptr) {
    std::ofstream(path) << page();
  }
  std::ostringstream found;
  found << std::ifstream(path).rdbuf();
  EXPECT_EQ(found.str(), page()) << "UPDATE_GOLDEN=1 writes docs/network-lint.md anew";
}

}  // namespace
}  // namespace tally::reachability

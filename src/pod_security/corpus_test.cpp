// Every pod of the upstream module's test data gets the verdict that its path names. The data lies
// outside the repository: TALLY_CORPUS, or ../shared/corpus.
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "document/read.hpp"
#include "pod_security/internal/check.hpp"
#include "pod_security/scratch.hpp"

namespace tally::pod_security {
namespace {

namespace fs = std::filesystem;

fs::path corpus() {
  const char* named = std::getenv("TALLY_CORPUS");  // NOLINT(concurrency-mt-unsafe)
  return (named != nullptr ? fs::path(named) : fs::path(TALLY_SOURCE_DIR) / "../shared/corpus") /
         "pss/test/testdata";
}

// `capabilities_baseline3` of a check id `capabilities_baseline`, without case.
bool names_check(std::string stem, std::string_view id) {
  stem.erase(
      std::find_if(stem.begin(), stem.end(), [](unsigned char c) { return std::isdigit(c) != 0; }),
      stem.end());
  return std::ranges::equal(stem, id, {}, {},
                            [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
}

// The check itself, or the restricted one that replaced it.
bool speaks_for(const CheckResult& result, const std::string& stem) {
  return std::ranges::any_of(pod_checks(), [&](const PodCheck* check) {
    return &check->record == result.check &&
           (names_check(stem, check->record.id) || names_check(stem, check->overrides));
  });
}

void judge_file(const fs::path& file) {
  SCOPED_TRACE(file.string());
  const std::string wanted = file.parent_path().filename().string();
  const auto version = Version::parse(file.parent_path().parent_path().filename().string());
  const auto level =
      parse_level(file.parent_path().parent_path().parent_path().filename().string());
  ASSERT_TRUE(version && level);
  const auto source = document::Source::read_file(file.string());
  ASSERT_TRUE(source);
  Arena arena;
  const auto root = document::read_one(**source, arena);
  ASSERT_TRUE(root) << root.error().to_string();
  Scratch scratch;
  const Pod pod{.metadata = root->find("metadata"),
                .spec = root->find("spec"),
                .metadata_pointer = "/metadata",
                .spec_pointer = "/spec"};
  const auto results =
      evaluate(pod, plan_for({.level = *level, .version = *version}), scratch, arena);
  if (wanted == "pass") {
    EXPECT_TRUE(results.empty()) << forbidden_text(results, arena);
    return;
  }
  const std::string stem = file.stem().string();
  EXPECT_TRUE(
      std::ranges::any_of(results, [&](const CheckResult& r) { return speaks_for(r, stem); }))
      << "reasons: " << forbidden_text(results, arena);
}

TEST(CorpusTest, EveryPodGetsItsVerdict) {
  if (!fs::is_directory(corpus())) {
    GTEST_SKIP() << "the test data of pod-security-admission is not at " << corpus();
  }
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(corpus())) {
    if (entry.is_regular_file() && entry.path().extension() == ".yaml") {
      files.push_back(entry.path());
    }
  }
  std::ranges::sort(files);
  ASSERT_GT(files.size(), 300U);
  std::ranges::for_each(files, judge_file);
}

}  // namespace
}  // namespace tally::pod_security

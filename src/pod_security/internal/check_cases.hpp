#pragma once
// For the tests of checks: a pod as YAML, one check, and all that the check says about it.

#include <gtest/gtest.h>

#include <span>
#include <string>
#include <string_view>

#include "document/read.hpp"
#include "pod_security/internal/registry.hpp"
#include "pod_security/scratch.hpp"

namespace tally::pod_security {

struct Case {
  std::string_view name;
  std::uint16_t minor = 0;  // at v1.minor
  std::string_view pod;     // YAML with metadata and spec
  std::string_view
      text;  // `reason (detail)`; empty: the check passes, or does not exist at this version
  std::string_view sites;  // `pointer: found (container)` of each site, joined by " | "
};

inline std::string text_of(const CheckResult& result) {
  std::string text(result.reason);
  return result.detail.empty() ? text : text + " (" + std::string(result.detail) + ")";
}

inline std::string sites_of(const CheckResult& result) {
  std::string text;
  for (const Site& site : result.sites) {
    text += text.empty() ? "" : " | ";
    text.append(site.pointer).append(": ").append(site.found);
    if (!site.container.empty()) {
      text.append(" (").append(site.container).append(")");
    }
  }
  return text;
}

// Evaluates the check alone, in the row that holds at the case's version, overridden or not.
inline void expect_case(const PodCheck& check, const Case& expected) {
  SCOPED_TRACE(std::string(expected.name) + " at v1." + std::to_string(expected.minor) + ": " +
               std::string(expected.pod));
  Arena arena;
  const auto source = document::Source::from_text("pod.yaml", expected.pod);
  const auto root = document::read_one(*source, arena);
  ASSERT_TRUE(root) << root.error().to_string();
  const Pod pod{.metadata = root->find("metadata"),
                .spec = root->find("spec"),
                .metadata_pointer = "/metadata",
                .spec_pointer = "/spec"};
  PodCheck alone = check;
  alone.overrides = {};
  const PodCheck* const list[] = {&alone};
  const Plan plan = make_plan(list, check.level, expected.minor);
  Scratch scratch;
  const auto results = evaluate(pod, plan, scratch, arena);
  EXPECT_EQ(results.empty() ? "" : text_of(results[0]), expected.text);
  EXPECT_EQ(results.empty() ? "" : sites_of(results[0]), expected.sites);
}

inline void expect_cases(const PodCheck& check, std::span<const Case> cases) {
  for (const Case& expected : cases) {
    expect_case(check, expected);
  }
}

}  // namespace tally::pod_security

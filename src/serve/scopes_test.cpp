#include "serve/scopes.hpp"

#include <gtest/gtest.h>

namespace tally::serve {
namespace {

using finding::Mode;

input::Enforcement with(Mode mode, std::vector<std::string> namespaces) {
  input::Enforcement enforcement;
  input::EnforcementScope scope;
  scope.name = "bank";
  scope.namespaces = std::move(namespaces);
  scope.mode = mode;
  enforcement.scopes.push_back(std::move(scope));
  return enforcement;
}

TEST(Scopes, RaisedAddedAndTakenAway) {
  const auto raised = scope_changes(with(Mode::Audit, {"a"}), with(Mode::Enforce, {"a"}));
  ASSERT_EQ(raised.size(), 1U);
  EXPECT_EQ(raised[0].policy, "pod-security");
  EXPECT_EQ(raised[0].name_space, "bank: a");
  EXPECT_EQ(raised[0].from, Mode::Audit);
  EXPECT_EQ(raised[0].to, Mode::Enforce);
  const auto added = scope_changes({}, with(Mode::Warn, {}));
  ASSERT_EQ(added.size(), 1U);
  EXPECT_FALSE(added[0].from.has_value());
  const auto gone = scope_changes(with(Mode::Warn, {}), {});
  ASSERT_EQ(gone.size(), 1U);
  EXPECT_FALSE(gone[0].to.has_value());
  EXPECT_TRUE(scope_changes(with(Mode::Warn, {"a"}), with(Mode::Warn, {"a"})).empty());
}

// What the store knows after a change is the configuration that made it: a restart records nothing.
TEST(Scopes, AreReadBackFromWhatWasRecorded) {
  for (const auto& enforcement :
       {with(Mode::Enforce, {"a", "b-*"}), with(Mode::Warn, {}), with(Mode::Audit, {"a"})}) {
    const auto recorded = scope_changes({}, enforcement);
    EXPECT_TRUE(scope_changes(enforcement_of(recorded), enforcement).empty());
  }
}

}  // namespace
}  // namespace tally::serve

#include "pod_security/internal/registry.hpp"

#include <gtest/gtest.h>

#include <array>

namespace tally::pod_security {
namespace {

void pass(const PodView& /*pod*/, Offences& /*offences*/) {}
void say(std::span<const Offence> /*offences*/, Description& /*description*/) {}

struct Shape {
  std::string_view id;
  Level level = Level::Baseline;
  std::vector<std::uint16_t> versions;
  std::string_view overrides;
};

// Checks of given shapes, with rows that live as long as the list.
class List {
 public:
  explicit List(const std::vector<Shape>& shapes) : rows_(shapes.size()), checks_(shapes.size()) {
    for (std::size_t i = 0; i < shapes.size(); ++i) {
      for (const std::uint16_t version : shapes[i].versions) {
        rows_[i].push_back({.since = version, .test = pass, .describe = say});
      }
      checks_[i].record.id = shapes[i].id;
      checks_[i].record.policy = to_text(shapes[i].level);
      checks_[i].level = shapes[i].level;
      checks_[i].rows = rows_[i];
      checks_[i].overrides = shapes[i].overrides;
      pointers_.push_back(&checks_[i]);
    }
  }
  [[nodiscard]] std::span<const PodCheck* const> checks() const { return pointers_; }
  [[nodiscard]] PodCheck& operator[](std::size_t i) { return checks_[i]; }

 private:
  std::vector<std::vector<Row>> rows_;
  std::vector<PodCheck> checks_;
  std::vector<const PodCheck*> pointers_;
};

TEST(RegistryTest, OurListIsSound) {
  for (const std::string& fault : faults(pod_checks())) {
    ADD_FAILURE() << fault;
  }
  EXPECT_EQ(newest_row(pod_checks()), 37);
}

TEST(RegistryTest, FindsEveryFault) {
  struct Bad {
    std::string_view expected;
    std::vector<Shape> shapes;
  };
  const Bad cases[] = {
      {"check a: its id is not unique",
       {{"a", Level::Baseline, {0}, {}}, {"a", Level::Restricted, {0}, {}}}},
      {"check a: invalid level privileged", {{"a", Level::Privileged, {0}, {}}}},
      {"check a: no versions", {{"a", Level::Baseline, {}, {}}}},
      {"check a: versions must be strictly increasing", {{"a", Level::Baseline, {3, 3}, {}}}},
      {"check a: versions must be strictly increasing", {{"a", Level::Baseline, {0, 9, 4}, {}}}},
      {"check a: a version cannot be latest", {{"a", Level::Baseline, {Version::kLatest}, {}}}},
      {"check a: only restricted checks may override",
       {{"a", Level::Baseline, {0}, "b"}, {"b", Level::Baseline, {0}, {}}}},
      {"check a: overrides b, which is no baseline check",
       {{"a", Level::Restricted, {0}, "b"}, {"b", Level::Restricted, {0}, {}}}},
      {"check a: overrides b, which is no baseline check", {{"a", Level::Restricted, {0}, "b"}}},
  };
  for (const Bad& bad : cases) {
    const List list(bad.shapes);
    const auto found = faults(list.checks());
    ASSERT_EQ(found.size(), 1U) << bad.expected;
    EXPECT_EQ(found[0], bad.expected);
  }
}

TEST(RegistryTest, FindsRecordsAndRowsThatLackSomething) {
  List list({{"a", Level::Baseline, {0}, {}}});
  list[0].record.policy = "restricted";
  EXPECT_EQ(faults(list.checks()).at(0), "check a: its record names level restricted");
  list[0].record.policy = "baseline";
  const std::array rows = {Row{.since = 4, .test = pass, .describe = nullptr}};
  list[0].rows = rows;
  EXPECT_EQ(faults(list.checks()).at(0), "check a: row v1.4 lacks a function");
}

std::string plan_text(const List& list, Level level, std::uint16_t minor) {
  std::string out;
  for (const Step& step : make_plan(list.checks(), level, minor).steps) {
    out += (out.empty() ? "" : " ") + std::string(step.check->record.id) + ":" +
           std::to_string(step.row->since);
  }
  return out;
}

// The cases of upstream's registry_test.go.
TEST(RegistryTest, ChoosesRowsAndOverrides) {
  const List list({{"a", Level::Baseline, {0}, {}},
                   {"b", Level::Baseline, {10}, {}},
                   {"c", Level::Baseline, {0, 5, 10}, {}},
                   {"d", Level::Baseline, {11, 15, 20}, {}},
                   {"f", Level::Restricted, {12, 16, 21}, {}},
                   {"e", Level::Restricted, {0}, {}},
                   {"g", Level::Restricted, {10}, "a"},
                   {"h", Level::Restricted, {0}, "b"}});
  struct Expected {
    Level level;
    std::uint16_t minor;
    std::string_view plan;
  };
  const Expected cases[] = {
      {Level::Privileged, 0, ""},
      {Level::Baseline, 0, "a:0 c:0"},
      {Level::Baseline, 5, "a:0 c:5"},
      {Level::Baseline, 10, "a:0 b:10 c:10"},
      {Level::Baseline, 19, "a:0 b:10 c:10 d:15"},
      {Level::Restricted, 0, "a:0 c:0 e:0 h:0"},
      {Level::Restricted, 9, "a:0 c:5 e:0 h:0"},
      {Level::Restricted, 10, "c:10 e:0 g:10 h:0"},
      {Level::Restricted, 21, "c:10 d:20 e:0 f:21 g:10 h:0"},
  };
  for (const Expected& expected : cases) {
    EXPECT_EQ(plan_text(list, expected.level, expected.minor), expected.plan)
        << to_text(expected.level) << " v1." << expected.minor;
  }
}

}  // namespace
}  // namespace tally::pod_security

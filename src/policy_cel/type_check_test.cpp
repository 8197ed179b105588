#include "policy_cel/type_check.hpp"

#include <gtest/gtest.h>

namespace tally::policy_cel {
namespace {

struct Row {
  const char* expression;
  const char* warning;  // part of it; "": none
};

constexpr Row kRows[] = {
    {"object.spec.replicas > 5", ""},
    {"object.spec.template.spec.containers.all(c, c.image.startsWith('a'))", ""},
    {"object.metadata.labels['a'] == 'b' || object.metadata.?annotations['x'].hasValue()", ""},
    {"variables.count > 1 && request.operation == 'CREATE'", ""},
    {"object.spec.strategy.rollingUpdate.maxSurge == 1", ""},
    {"has(object.spec.template.spec.containers[0].resources.limits.cpu)", ""},
    {"object.spec.replica > 5", "undefined field 'replica'"},
    {"object.spec.replicas == 'five'", "found no matching overload for '_==_'"},
    {"object.spec.template.spec.containers.all(c, c.imag == 'a')", "undefined field 'imag'"},
    {"variables.count == 'x'", "found no matching overload for '_==_'"},
    {"variables.nothing == 1", "undefined field 'nothing'"},
    {"oldObject.specs == null", "undefined field 'specs'"},
};

TEST(TypeChecker, Table) {
  kube::load_api_kinds();
  TypeChecker checker(nullptr);
  ResourceRule rule;
  rule.groups = {"apps"};
  rule.versions = {"v1"};
  rule.resources = {{"deployments", ""}, {"deployments", "scale"}, {"nothing", ""}};
  const auto kinds = checker.kinds_of(std::span{&rule, 1});
  ASSERT_EQ(kinds.size(), 1U);
  const VariableText variables[] = {{.name = "count", .expression = "object.spec.replicas"}};
  for (const Row& row : kRows) {
    const std::string said = checker.check(row.expression, variables, kinds, false, nullptr);
    EXPECT_EQ(said.empty(), std::string_view(row.warning).empty()) << row.expression << said;
    EXPECT_NE(said.find(row.warning), std::string::npos) << row.expression << "\n" << said;
    if (!said.empty()) {
      EXPECT_TRUE(said.starts_with("apps/v1, Kind=Deployment: ERROR: <input>:1:")) << said;
    }
  }
  rule.groups = {"*"};
  EXPECT_TRUE(checker.kinds_of(std::span{&rule, 1}).empty());
}

}  // namespace
}  // namespace tally::policy_cel

// What the recorded answers of the server cannot show: what is unknown, and what is refused.
#include "policy_cel/match_resources.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "document/read.hpp"
#include "kube/objects.hpp"

namespace tally::policy_cel {
namespace {

struct Row {
  const char* name;
  const char* match;
  kube::Match verdict;
  std::size_t problems;
};

// A ConfigMap `web` of the namespace `shop`, which is not in the input.
constexpr const char* kRules =
    R"("resourceRules":[{"apiGroups":[""],"apiVersions":["v1"],"operations":["CREATE"],"resources":["configmaps"]}])";

TEST(MatchResources, UnknownIsNeverNo) {
  kube::load_api_kinds();
  const std::string rules(kRules);
  const std::vector<std::pair<std::string, Row>> rows = {
      {"{" + rules + "}", {"rules", "", kube::Match::Yes, 0}},
      {"{" + rules + R"(,"namespaceSelector":{"matchLabels":{"team":"a"}}})",
       {"a label that is not known", "", kube::Match::Unknown, 0}},
      {"{" + rules +
           R"(,"namespaceSelector":{"matchExpressions":[{"key":"team","operator":"DoesNotExist"}]}})",
       {"absence that is not known", "", kube::Match::Unknown, 0}},
      {"{" + rules +
           R"(,"namespaceSelector":{"matchLabels":{"kubernetes.io/metadata.name":"shop"}}})",
       {"the label that is known", "", kube::Match::Yes, 0}},
      {"{" + rules +
           R"(,"namespaceSelector":{"matchLabels":{"kubernetes.io/metadata.name":"bank","team":"a"}}})",
       {"No whatever the rest is", "", kube::Match::No, 0}},
      {"{" + rules + R"(,"objectSelector":{"matchLabels":{"a":"b"}}})",
       {"labels of the object", "", kube::Match::No, 0}},
      {R"({"resourceRules":[{"apiGroups":[""],"apiVersions":["v1"],"operations":["CREATE"],"resources":["pods"]}]})",
       {"another resource", "", kube::Match::No, 0}},
      {R"({"resourceRules":[{"apiGroups":[""],"apiVersions":["v1"],"operations":["UPDATE"],"resources":["*"]}]})",
       {"another operation", "", kube::Match::No, 0}},
      {R"({"resourceRules":[{"apiGroups":[""],"apiVersions":["v1"],"operations":["PATCH"],"resources":["*"]}]})",
       {"no operation", "", kube::Match::No, 1}},
      {R"({"resourceRules":[{"apiGroups":[""],"operations":["*"],"resources":["*"]}]})",
       {"no versions", "", kube::Match::No, 1}},
      {R"({"resourceRules":[{"apiGroups":[""],"apiVersions":["*"],"operations":["*","CREATE"],"resources":["*"]}]})",
       {"a wildcard among others", "", kube::Match::Yes, 1}},
      {"{" + rules + R"(,"objectSelector":{"matchExpressions":[{"key":"a","operator":"Near"}]}})",
       {"a selector that cannot be read", "", kube::Match::No, 1}},
      {"{" + rules + R"(,"matchPolicy":"Similar"})", {"no match policy", "", kube::Match::Yes, 1}},
      {"[]", {"no map", "", kube::Match::No, 1}},
  };
  Arena arena;
  const auto source = document::Source::from_text(
      "object",
      R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"web","namespace":"shop"}})");
  const auto root = document::read_one(*source, arena);
  const auto object = kube::object_from_node(*root, source.get());
  const kube::Review review = kube::Review::from_file_object(*object, "default", arena);
  for (const auto& [text, row] : rows) {
    SCOPED_TRACE(row.name);
    const auto match = document::Source::from_text("match", text);
    const auto node = document::read_one(*match, arena);
    ASSERT_TRUE(node.has_value());
    std::vector<FieldProblem> problems;
    const MatchResources resources = MatchResources::read(*node, "/spec/m", problems);
    EXPECT_EQ(problems.size(), row.problems);
    EXPECT_EQ(resources.match(review, {}).verdict, row.verdict);
  }
}

TEST(MatchResources, Equivalents) {
  kube::load_api_kinds();
  std::vector<Equivalent> buffer;
  const auto events = equivalents({.group = "", .version = "v1", .resource = "events"}, {}, buffer);
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].resource.group, "events.k8s.io");
  EXPECT_EQ(equivalents({.group = "", .version = "v1", .resource = "pods"}, {}, buffer).size(), 0U);
  const auto old = equivalents(
      {.group = "extensions", .version = "v1beta1", .resource = "deployments"}, {}, buffer);
  ASSERT_EQ(old.size(), 1U);
  EXPECT_EQ(old[0].resource.group, "apps");
}

}  // namespace
}  // namespace tally::policy_cel

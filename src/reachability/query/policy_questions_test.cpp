// Questions in our own form: what is found, where it stands, and which connection shows it.
#include "reachability/query/policy_questions.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "base/arena.hpp"
#include "kube/testing/manifests.hpp"

namespace tally::reachability {
namespace {

constexpr std::string_view kWorkloads = R"(
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {team: front}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec: {replicas: 1, template: {metadata: {labels: {app: web}}, spec: {containers: [{name: a, image: a}]}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: db, namespace: shop}
spec: {replicas: 1, template: {metadata: {labels: {app: db}}, spec: {containers: [{name: a, image: a}]}}}
)";

std::string policy(std::string_view name, std::string_view spec) {
  return "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: " +
         std::string(name) + ", namespace: shop}\nspec: " + std::string(spec) + "\n";
}

const std::string kDeny = policy("deny", "{podSelector: {}, policyTypes: [Ingress, Egress]}");
// The database takes 5432 from the front, and nothing else.
const std::string kDb =
    policy("db",
           "{podSelector: {matchLabels: {app: db}}, policyTypes: [Ingress], ingress: "
           "[{from: [{podSelector: {matchLabels: {app: web}}}], ports: [{port: 5432}]}]}");
const std::string kWebOut =
    policy("web-out",
           "{podSelector: {matchLabels: {app: web}}, policyTypes: [Egress], egress: "
           "[{to: [{podSelector: {matchLabels: {app: db}}}]}]}");
const std::string kNobody = policy("nobody", "{podSelector: {matchLabels: {app: gone}}}");
const std::string kNoPeer = policy("no-peer",
                                   "{podSelector: {matchLabels: {app: db}}, ingress: [{from: "
                                   "[{podSelector: {matchLabels: {app: gone}}}]}]}");
const std::string kOpen = policy(
    "open", "{podSelector: {}, policyTypes: [Ingress, Egress], ingress: [{}], egress: [{}]}");
// The same port twice: by a rule of its own, and by the whole.
const std::string kTwice =
    policy("twice",
           "{podSelector: {matchLabels: {app: db}}, ingress: [{ports: [{port: 5432}]}, {ports: "
           "[{port: 5000, endPort: 6000}]}]}");
const std::string kDbV6 =
    policy("db-v6",
           "{podSelector: {matchLabels: {app: db}}, ingress: [{from: [{ipBlock: {cidr: "
           "\"2001:db8::/32\"}}]}]}");

struct Cluster {
  explicit Cluster(const std::string& yaml)
      : manifests(yaml),
        snapshot(manifests.snapshot()),
        world(std::make_unique<World>(*snapshot, network_policy::LoadOptions{})) {}
  kube::testing::Manifests manifests;
  std::shared_ptr<const kube::Snapshot> snapshot;
  std::unique_ptr<World> world;
};

std::string workloads_with(const std::string& policies) {
  return std::string(kWorkloads) + policies;
}

struct Row {
  std::string name;
  PolicyQuestion question;
  std::string first;
  std::string second;
  bool is_good;
  std::size_t count;
  std::string says;  // a part of the text
};

std::ostream& operator<<(std::ostream& out, const Row& row) { return out << row.name; }

class PolicyQuestions : public testing::TestWithParam<Row> {};

TEST_P(PolicyQuestions, AreAnswered) {
  const Row& row = GetParam();
  const Cluster first(workloads_with(row.first));
  const Cluster second(workloads_with(row.second));
  const auto answer = ask_policies(row.question, *first.world, second.world.get(), {});
  ASSERT_TRUE(answer) << row.name << ": " << answer.error().to_string();
  const std::string text = to_text({*answer});
  EXPECT_EQ(answer->is_good, row.is_good) << row.name << "\n" << text;
  EXPECT_EQ(answer->count, row.count) << row.name << "\n" << text;
  EXPECT_TRUE(text.contains(row.says)) << row.name << ": expected \"" << row.says << "\" in\n"
                                       << text;
}

using enum PolicyQuestion;

INSTANTIATE_TEST_SUITE_P(
    OneSet, PolicyQuestions,
    testing::ValuesIn(std::vector<Row>{
        {"nothing is empty", Emptiness, kDeny + kDb, "", true, 0, "every rule means somebody"},
        {"a policy without workloads", Emptiness, kDeny + kNobody, "", false, 1, "test.yaml:21"},
        {"a rule without peers", Emptiness, kNoPeer, "", false, 1,
         "ingress rule 1 means no workload"},
        {"a block of IPv6 is somebody", Emptiness, kDbV6, "", true, 0, "means somebody"},
        {"something is denied", Vacuity, kDb, "", true, 0,
         "the policies deny something, for example"},
        {"all is allowed", Vacuity, kOpen, "", false, 1, "deny nothing"},
        {"no policy", Vacuity, "", "", false, 1, "there is no policy"},
        {"each policy is needed", Redundancy, kDb + kWebOut, "", true, 0, "no policy and no rule"},
        {"a policy beside its like", Redundancy, kOpen + kDb, "", false, 1,
         "NetworkPolicy shop/db"},
        {"a rule within another", Redundancy, kTwice, "", false, 1,
         "ingress rule 1 changes nothing"},
        {"IPv6 counts", Redundancy, kDeny + kDbV6, "", true, 0, "no policy and no rule"},
        {"one policy each", Disjointness, kDb + kWebOut, "", true, 0,
         "no workload is selected by two"},
        {"two select the database", Disjointness, kDeny + kDb, "", false, 1,
         "ingress: NetworkPolicy shop/db (test.yaml:21), NetworkPolicy shop/deny (test.yaml:16)"},
        {"all are captured", AllCaptured, kDeny, "", true, 0, "select every workload"},
        {"none of egress", AllCaptured, kDb, "", false, 2, "no policy of egress selects it"},
        {"sane", Sanity, kDb + kWebOut, "", true, 0, "nothing is empty"},
        {"not sane", Sanity, kDb + kNobody + kTwice, "", false, 3, "1 empty, 2 redundant"},
        {"no policy is not sane", Sanity, "", "", false, 1, "no policy to look at"},
    }),
    [](const auto& param_info) { return "row" + std::to_string(param_info.index); });

INSTANTIATE_TEST_SUITE_P(
    TwoSets, PolicyQuestions,
    testing::ValuesIn(std::vector<Row>{
        {"the same in other words", Equivalence, kOpen, "", true, 0, "the same connections"},
        {"the same twice", Equivalence, kDb, kDb + kDb, true, 0, "the same connections"},
        {"different", Equivalence, "", kDb, false, 4, "for example"},
        {"different in IPv6 only", Equivalence, kDeny + kDbV6, kDeny, false, 1, "2001:db8::/32"},
        {"less is in more", Containment, kDb, "", true, 0, "what the first allows"},
        {"more is not in less", Containment, "", kDeny, false, 5, "the second does not"},
        {"one way", TwoWayContainment, kDb, "", true, 4,
         "the second allows all that the first does, and more"},
        {"the other way", TwoWayContainment, "", kDb, true, 4,
         "the first allows all that the second does, and more"},
        {"neither", TwoWayContainment, kDb, kWebOut, false, 7, "neither contains the other"},
        {"what rules allow is permitted", Permits, "", kDb, true, 0,
         "whatever rules of the second allow"},
        {"is not permitted", Permits, kDeny, kDb, false, 1,
         "first: NetworkPolicy shop/deny (test.yaml:16) isolates, and no rule allows"},
        {"is forbidden", Forbids, kDeny, kDb, true, 0, "the first denies whatever"},
        {"is not forbidden", Forbids, kDb, kDb, false, 1, "NetworkPolicy shop/db (test.yaml:"},
        {"rules that only narrow", Interferes, kDb, kOpen, true, 0, "no rule of the first"},
        {"rules that open", Interferes, kOpen, kDb, false, 4,
         "rules of the first allow what the second denies"},
        {"both ways", PairwiseInterferes, kDb, kWebOut, false, 1, "rules of the second allow"},
        {"neither way", PairwiseInterferes, kDb, kDb, true, 0, "neither interferes"},
        {"no difference", SemanticDiff, kOpen, "", true, 0, "no connection differs"},
        {"differences", SemanticDiff, "", kDb, false, 3, "TCP 5432 in the second"},
    }),
    [](const auto& param_info) { return "row" + std::to_string(param_info.index); });

// Two ways: what is said to be redundant against the comparison with the manifests without it.
TEST(PolicyQuestions, RedundantIsWhatCanGo) {
  const std::vector<std::pair<std::string, std::string>> policies{
      {"deny", kDeny}, {"db", kDb},       {"web-out", kWebOut}, {"no-peer", kNoPeer},
      {"open", kOpen}, {"twice", kTwice}, {"db-v6", kDbV6}};
  std::size_t redundant = 0;
  std::size_t needed = 0;
  for (unsigned chosen = 1; chosen < 1U << policies.size(); ++chosen) {
    std::string all;
    for (std::size_t i = 0; i < policies.size(); ++i) {
      all += (chosen >> i & 1U) != 0 ? policies[i].second : "";
    }
    const Cluster whole(workloads_with(all));
    const auto answer = ask_policies(Redundancy, *whole.world, nullptr, {});
    ASSERT_TRUE(answer);
    for (std::size_t i = 0; i < policies.size(); ++i) {
      if ((chosen >> i & 1U) == 0) {
        continue;
      }
      std::string rest = all;
      rest.replace(rest.find(policies[i].second), policies[i].second.size(), "");
      const Cluster without(workloads_with(rest));
      const auto same = ask_policies(Equivalence, *whole.world, without.world.get(), {});
      ASSERT_TRUE(same);
      const bool is_redundant =
          std::ranges::any_of(answer->findings, [&](const QuestionFinding& finding) {
            return finding.title == "NetworkPolicy shop/" + policies[i].first &&
                   finding.what.starts_with("without it");
          });
      EXPECT_EQ(is_redundant, same->is_good) << policies[i].first << " of\n" << all;
      ++(is_redundant ? redundant : needed);
    }
  }
  EXPECT_GT(redundant, 100U);
  EXPECT_GT(needed, 100U);
}

TEST(PolicyQuestion, HasANameThatReadsBack) {
  for (int i = 0; i <= static_cast<int>(SemanticDiff); ++i) {
    const auto question = static_cast<PolicyQuestion>(i);
    EXPECT_EQ(parse_policy_question(to_text(question)), question);
  }
  EXPECT_FALSE(parse_policy_question("Emptiness"));
  EXPECT_FALSE(parse_policy_question(""));
  EXPECT_FALSE(parse_policy_question("assertions.yaml"));
}

TEST(PolicyQuestions, RefuseWhatCannotBeCompared) {
  const Cluster first(workloads_with(kDb));
  const Cluster second(
      "apiVersion: v1\nkind: Pod\nmetadata: {name: other, namespace: shop}\n"
      "spec: {containers: [{name: a, image: a}]}\n");
  const auto answer = ask_policies(Equivalence, *first.world, second.world.get(), {});
  ASSERT_FALSE(answer);
  EXPECT_TRUE(answer.error().to_string().contains("no workload in common"));
}

TEST(PolicyQuestions, EndAtTheirLimits) {
  const Cluster first(workloads_with(kOpen + kDb));
  const Cluster second(workloads_with(kDb));
  const auto too_long = ask_policies(Redundancy, *first.world, nullptr, {.work_max = 10});
  ASSERT_FALSE(too_long);
  EXPECT_TRUE(too_long.error().to_string().contains("more than 10 steps"));
  EXPECT_FALSE(ask_policies(Equivalence, *first.world, second.world.get(), {.work_max = 10}));
  EXPECT_TRUE(ask_policies(Redundancy, *first.world, nullptr, {.work_max = 10'000}));

  const auto few = ask_policies(Equivalence, *first.world, second.world.get(), {.findings_max = 1});
  ASSERT_TRUE(few);
  EXPECT_EQ(few->findings.size(), 1U);
  EXPECT_GT(few->count, 1U);
  EXPECT_TRUE(to_text({*few}).contains(" more\n"));
}

}  // namespace
}  // namespace tally::reachability

#include "audit/auditor.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "audit/report.hpp"
#include "audit/testing/cluster.hpp"

namespace tally::audit {
namespace {

using cluster_state::Change;
using cluster_state::Resource;
using cluster_state::State;
using history::PolicyKey;
using history::SubjectKey;
using testing::Engines;
using testing::make_judge;
using testing::policy;

constexpr Resource kPods{.group = "", .version = "v1", .kind = "Pod", .plural = "pods"};
constexpr Resource kNamespaces{
    .group = "", .version = "v1", .kind = "Namespace", .plural = "namespaces"};

std::string pod(const std::string& name_space, const std::string& name, const std::string& labels,
                const std::string& image, bool is_privileged) {
  return fmt::format(
      R"({{"metadata":{{"name":"{}","namespace":"{}","labels":{{{}}}}},"spec":{{"containers":[)"
      R"({{"name":"c","image":"{}","securityContext":{{"privileged":{}}}}}]}}}})",
      name, name_space, labels, image, is_privileged);
}

std::string name_space(const std::string& name, const std::string& level) {
  return fmt::format(
      R"({{"metadata":{{"name":"{}","labels":{{"pod-security.kubernetes.io/enforce":"{}"}}}}}})",
      name, level);
}

// What a history has that is told the deltas: open findings by subject.
class PlainHistory {
 public:
  void observe(const Delta& delta) {
    auto& open = open_[delta.observation.subject];
    std::erase_if(open, [&](const auto& entry) {
      const auto& by = delta.observation.judged_by;
      return by.empty() || std::ranges::find(by, entry.second) != by.end();
    });
    for (const history::DecisionFinding& finding : delta.observation.findings) {
      if (finding.exception.empty()) {
        open[finding.fingerprint + to_text(finding.verdict).data()] = {finding.engine,
                                                                       finding.policy};
      }
    }
    if (open.empty()) {
      open_.erase(delta.observation.subject);
    }
  }
  [[nodiscard]] std::set<std::string> open() const {
    std::set<std::string> all;
    for (const auto& [subject, findings] : open_) {
      for (const auto& [print, policy] : findings) {
        all.insert(subject.kind + " " + subject.name_space + "/" + subject.name + " " +
                   policy.engine + " " + policy.policy + " " + print);
      }
    }
    return all;
  }

 private:
  std::map<SubjectKey, std::map<std::string, PolicyKey>> open_;
};

// What is in one of them only.
std::string difference(const std::set<std::string>& told, const std::set<std::string>& assessed) {
  std::string text;
  for (const std::string& one : told) {
    text += assessed.contains(one) ? "" : "told only: " + one + "\n";
  }
  for (const std::string& one : assessed) {
    text += told.contains(one) ? "" : "assessed only: " + one + "\n";
  }
  return text;
}

// A cluster, its auditor and what assess() says of it.
class Cluster {
 public:
  Cluster() { set_policies({}); }

  void put(const Resource& resource, const std::string& json) {
    const auto change = state.put_json(resource, json);
    ASSERT_TRUE(change) << change.error().to_string();
    auditor.changed(*change);
  }
  void remove(const Resource& resource, const std::string& in, const std::string& name) {
    auditor.changed(state.remove({resource.group, resource.kind, in, name}));
  }
  void set_policies(std::map<std::string, std::string> next) {
    policies = std::move(next);
    engines = std::make_shared<const Engines>(text_of(policies), true);
  }
  [[nodiscard]] static std::string text_of(const std::map<std::string, std::string>& policies) {
    std::string text;
    for (const auto& [name, expression] : policies) {
      text += policy(name, expression);
    }
    return text;
  }
  [[nodiscard]] Judge judge() { return make_judge(engines, state.snapshot()); }

  // How many judgements.
  std::size_t drain(std::size_t objects = 7, unsigned threads = 1) {
    std::size_t judged = 0;
    for (std::size_t some = 1; some > 0; judged += some) {
      some = auditor.step({.objects = objects, .threads = threads},
                          [this](const Delta& delta) { told.observe(delta); });
    }
    return judged;
  }

  // Both ways, as text.
  [[nodiscard]] std::set<std::string> assessed() {
    const auto snapshot = state.snapshot();
    const Engines its(text_of(policies), true, 0, {}, snapshot);
    const finding::Assessment assessment =
        assessment::assess(*snapshot, {}, its.set(), its.context());
    PlainHistory history;
    std::map<SubjectKey, Delta> deltas;
    for (const finding::Finding& finding : assessment.findings) {
      const scalar::ObjectRef& ref = finding.subject->ref;
      // What is wrong with a policy from a file is no finding about an object of the cluster.
      if (finding.verdict == finding::Verdict::Pass || finding.verdict == finding::Verdict::Skip ||
          snapshot->find(ref.group, ref.kind, ref.name_space, ref.name) == nullptr) {
        continue;
      }
      Delta& delta = deltas[history::to_subject_key(*finding.subject)];
      delta.observation.subject = history::to_subject_key(*finding.subject);
      delta.observation.findings.push_back(history::to_decision_finding(finding));
    }
    for (const auto& [subject, delta] : deltas) {
      history.observe(delta);
    }
    return history.open();
  }

  State state{cluster_state::Options{}};
  Auditor auditor;
  PlainHistory told;
  std::map<std::string, std::string> policies;
  std::shared_ptr<const Engines> engines;
};

std::size_t findings(const Counters& counters) {
  std::size_t sum = 0;
  for (const std::uint64_t count : counters.findings_by_severity) {
    sum += count;
  }
  return sum;
}

TEST(Auditor, JudgesWhatChangedOnceTheWorldHasIt) {
  Cluster cluster;
  cluster.put(kNamespaces, name_space("a", "baseline"));
  cluster.put(kPods, pod("a", "one", "", "x:1", true));
  cluster.put(kPods, pod("a", "two", "", "x:1", true));
  EXPECT_EQ(cluster.drain(), 0U);  // there is no judge
  cluster.auditor.replace_judge(cluster.judge());
  EXPECT_EQ(cluster.drain(), 3U);  // what was told is not swept again
  const Counters before = cluster.auditor.counters();
  EXPECT_EQ(before.objects, 3U);
  EXPECT_EQ(before.workloads_by_level[0], 2U);
  EXPECT_GT(before.findings_by_engine.at("pod-security"), 0U);
  EXPECT_EQ(difference(cluster.told.open(), cluster.assessed()), "");

  cluster.put(kPods, pod("a", "one", "", "x:2", true));
  cluster.put(kPods, pod("a", "one", "", "x:2", false));
  EXPECT_EQ(cluster.auditor.queue().changed, 1U);
  EXPECT_EQ(cluster.drain(), 0U);  // the world does not have it
  cluster.auditor.replace_world(cluster.judge());
  EXPECT_EQ(cluster.drain(), 1U);  // once, though it changed twice
  EXPECT_EQ(cluster.auditor.counters().workloads_by_level[0], 1U);
  EXPECT_LT(findings(cluster.auditor.counters()), findings(before));
  EXPECT_EQ(difference(cluster.told.open(), cluster.assessed()), "");

  cluster.remove(kPods, "a", "one");
  cluster.remove(kPods, "a", "two");
  cluster.remove(kPods, "a", "never");
  cluster.remove(kNamespaces, "", "a");
  cluster.auditor.replace_world(cluster.judge());
  EXPECT_EQ(cluster.drain(), 3U);
  EXPECT_EQ(cluster.auditor.counters(), Counters{});
  EXPECT_TRUE(cluster.told.open().empty());
  EXPECT_EQ(cluster.auditor.report_content("a").objects, 0U);
}

TEST(Auditor, ChangedWhileItWaits) {
  Cluster cluster;
  cluster.put(kPods, pod("a", "one", "", "x:1", true));
  cluster.auditor.replace_judge(cluster.judge());
  cluster.put(kPods, pod("a", "one", "", "x:1", false));
  EXPECT_EQ(cluster.drain(), 0U);  // neither from the queue nor by the sweep: it is out of date
  cluster.auditor.replace_world(cluster.judge());
  EXPECT_EQ(cluster.drain(), 1U);
  EXPECT_EQ(difference(cluster.told.open(), cluster.assessed()), "");
}

// A change between a snapshot and its use is not in that world.
TEST(Auditor, ChangedWhileTheWorldIsMade) {
  Cluster cluster;
  cluster.put(kPods, pod("a", "one", "", "x:1", true));
  cluster.put(kPods, pod("a", "two", "", "x:1", true));
  cluster.auditor.replace_judge(cluster.judge());
  cluster.drain();
  cluster.put(kPods, pod("a", "one", "", "x:2", true));
  cluster.auditor.expect_world();
  const auto judge = cluster.judge();
  cluster.put(kPods, pod("a", "one", "", "x:2", false));  // told before, and again now
  cluster.put(kPods, pod("a", "two", "", "x:2", false));
  cluster.auditor.replace_world(judge);
  EXPECT_EQ(cluster.drain(), 0U);
  EXPECT_EQ(cluster.auditor.queue().changed, 2U);
  cluster.auditor.replace_world(cluster.judge());
  EXPECT_EQ(cluster.drain(), 2U);
  EXPECT_EQ(difference(cluster.told.open(), cluster.assessed()), "");
}

TEST(Auditor, ANamespaceTakesItsObjectsAlong) {
  Cluster cluster;
  for (const char* in : {"a", "b"}) {
    cluster.put(kNamespaces, name_space(in, "privileged"));
    cluster.put(kPods, pod(in, "one", "", "x:1", true));
    cluster.put(kPods, pod(in, "two", "", "x:1", false));
  }
  cluster.auditor.replace_judge(cluster.judge());
  cluster.drain();
  // Its status is not what its objects are held to.
  cluster.put(
      kNamespaces,
      R"({"metadata":{"name":"a","labels":{"pod-security.kubernetes.io/enforce":"privileged"}},)"
      R"("status":{"phase":"Active"}})");
  cluster.auditor.replace_world(cluster.judge());
  EXPECT_EQ(cluster.drain(), 1U);
  cluster.put(kNamespaces, name_space("a", "restricted"));
  cluster.auditor.replace_world(cluster.judge());
  EXPECT_EQ(cluster.drain(), 3U);
  EXPECT_EQ(difference(cluster.told.open(), cluster.assessed()), "");
}

TEST(Auditor, OnlyPoliciesThatChangedAreAskedAgain) {
  Cluster cluster;
  for (int i = 0; i < 20; ++i) {
    cluster.put(
        kPods, pod("a", fmt::format("pod-{}", i), i % 2 == 0 ? R"("team":"x")" : "", "x:1", false));
  }
  cluster.set_policies({{"keep", "false"}, {"team", "has(object.metadata.labels.team)"}});
  cluster.auditor.replace_judge(cluster.judge());
  cluster.drain();
  EXPECT_EQ(difference(cluster.told.open(), cluster.assessed()), "");
  const std::string engine = [&] {
    for (const ReportResult& result : cluster.auditor.findings_of({"", "Pod", "a", "pod-1"})) {
      if (result.policy == "team") {
        return result.engine;
      }
    }
    return std::string();
  }();
  ASSERT_FALSE(engine.empty());

  cluster.set_policies({{"team", "object.metadata.labels.team == 'y'"}, {"new", "false"}});
  const auto changed = std::make_shared<const Engines>(Cluster::text_of(cluster.policies), false);
  const PolicyKey gone[] = {{engine, "keep"}};
  cluster.auditor.replace_programs(cluster.judge(), make_judge(changed, cluster.state.snapshot()),
                                   {{engine, "team"}, {engine, "new"}}, gone);
  EXPECT_EQ(cluster.auditor.queue().sweeping, 20U);
  EXPECT_EQ(cluster.drain(), 20U);
  EXPECT_EQ(difference(cluster.told.open(), cluster.assessed()), "");
  EXPECT_EQ(cluster.auditor.counters(), cluster.auditor.recount());
}

TEST(Auditor, ExceptionsEnd) {
  finding::Exception exception;
  exception.id = "E-1";
  exception.reason = "legacy";
  exception.match.kinds = {"Pod"};
  exception.expires = 100;
  Cluster cluster;
  cluster.put(kPods, pod("a", "one", "", "x:1", true));
  cluster.engines = std::make_shared<const Engines>("", true, 100, std::vector{exception});
  cluster.auditor.replace_judge(cluster.judge());
  cluster.drain();
  EXPECT_TRUE(cluster.told.open().empty());
  EXPECT_EQ(findings(cluster.auditor.counters()), 0U);
  EXPECT_GT(cluster.auditor.report_content("a").summary.skip, 0U);
  cluster.put(kNamespaces, name_space("b", "baseline"));
  cluster.engines = std::make_shared<const Engines>("", true, 101, std::vector{exception});
  cluster.auditor.replace_world(cluster.judge());
  cluster.auditor.day_changed();
  EXPECT_EQ(cluster.drain(), 2U);
  EXPECT_FALSE(cluster.told.open().empty());
  cluster.auditor.day_changed();
  EXPECT_EQ(cluster.drain(), 0U);  // no finding is excepted any more
}

TEST(Auditor, FindingsAboutTheCluster) {
  Cluster cluster;
  cluster.put(kPods, pod("a", "one", "", "x:1", false));
  cluster.auditor.replace_judge(cluster.judge());
  cluster.drain();
  const Counters before = cluster.auditor.counters();
  const finding::Check check{.engine = "network",
                             .policy = "",
                             .id = "rule",
                             .title = "",
                             .description = "",
                             .remedy = "",
                             .controls = {},
                             .references = {}};
  const finding::Subject subject{
      .ref = {"", "v1", "Pod", "a", "one"}, .owner = {}, .root = {}, .list_keys = {}};
  finding::Finding found[2];
  found[0].check = found[1].check = &check;
  found[0].subject = &subject;
  found[1].pointer = "/spec";
  const auto on_delta = [&](const Delta& delta) { cluster.told.observe(delta); };
  const auto open_before = cluster.told.open();
  cluster.auditor.replace_cluster_findings(found, on_delta);
  EXPECT_EQ(cluster.auditor.counters().findings_by_engine.at("network"), 2U);
  EXPECT_EQ(cluster.told.open().size(), open_before.size() + 2);
  EXPECT_EQ(cluster.auditor.report_content("").results.size(), 1U);
  // A judgement of the object does not resolve them.
  cluster.put(kPods, pod("a", "one", "", "x:2", true));
  cluster.auditor.replace_world(cluster.judge());
  cluster.drain();
  EXPECT_TRUE(std::ranges::any_of(cluster.told.open(), [](const std::string& one) {
    return one.starts_with("Pod a/one network");
  }));
  cluster.auditor.replace_cluster_findings({}, on_delta);
  EXPECT_EQ(difference(cluster.told.open(), cluster.assessed()), "");
  EXPECT_EQ(cluster.auditor.counters().findings_by_engine.count("network"), 0U);
  EXPECT_EQ(cluster.auditor.counters(), cluster.auditor.recount());
  EXPECT_EQ(before.objects, 1U);
}

TEST(Auditor, ResultsDoNotDependOnThreads) {
  std::vector<std::string> reports;
  for (const unsigned threads : {1U, 4U}) {
    Cluster cluster;
    for (int i = 0; i < 700; ++i) {
      cluster.put(
          kPods, pod(fmt::format("ns-{}", i % 3), fmt::format("pod-{}", i), "", "x:1", i % 2 == 0));
    }
    cluster.auditor.replace_judge(cluster.judge());
    EXPECT_EQ(cluster.drain(1000, threads), 700U);
    EXPECT_EQ(cluster.auditor.counters(), cluster.auditor.recount());
    std::string text;
    for (const std::string& in : cluster.auditor.take_changed_namespaces()) {
      const ReportContent content = cluster.auditor.report_content(in, 50);
      EXPECT_EQ(content.results.size(), 50U);
      EXPECT_GT(content.left_out, 0U);
      text += report_json(ReportKind::OpenReport, content);
    }
    reports.push_back(text);
    EXPECT_TRUE(cluster.auditor.take_changed_namespaces().empty());
  }
  EXPECT_EQ(reports[0], reports[1]);
}

// ---------------------------------------------------------------- two ways agree

class RandomCluster : public Cluster {
 public:
  explicit RandomCluster(std::uint32_t seed) : random_(seed) { auditor.replace_judge(judge()); }

  void run(int steps) {
    for (int i = 0; i < steps; ++i) {
      step();
    }
    auditor.replace_world(judge());
    drain(5, 2);
    EXPECT_EQ(difference(told.open(), assessed()), "");
    EXPECT_EQ(auditor.counters(), auditor.recount());
    EXPECT_EQ(auditor.queue().changed + auditor.queue().sweeping, 0U);
  }

 private:
  std::uint32_t below(std::uint32_t end) { return static_cast<std::uint32_t>(random_() % end); }

  void step() {
    const std::string in = fmt::format("ns-{}", below(3));
    const std::string name = fmt::format("pod-{}", below(6));
    switch (below(10)) {
      case 0:
        return remove(kPods, in, name);
      case 1:
        return put(kNamespaces, name_space(in, below(2) == 0 ? "privileged" : "restricted"));
      case 2:
        return remove(kNamespaces, "", in);
      case 3:
        return change_policies();
      case 4:
        return auditor.replace_world(judge());
      case 5:
        auditor.step({.objects = below(6)}, [this](const Delta& delta) { told.observe(delta); });
        return;
      default:
        return put(kPods, pod(in, name, below(2) == 0 ? R"("team":"x")" : "",
                              fmt::format("x:{}", below(3)), below(2) == 0));
    }
  }

  void change_policies() {
    const char* expressions[] = {"has(object.metadata.labels.team)",
                                 "object.spec.containers[0].image != 'x:1'",
                                 "namespaceObject.metadata.name != 'ns-1'", "false"};
    const std::map<std::string, std::string> before = policies;
    std::map<std::string, std::string> after = policies;
    const std::string name = fmt::format("policy-{}", below(4));
    if (below(3) == 0) {
      after.erase(name);
    } else {
      after[name] = expressions[below(4)];
    }
    set_policies(after);
    if (below(8) == 0) {
      return auditor.replace_judge(judge());
    }
    std::vector<PolicyKey> gone;
    std::vector<PolicyKey> asked;
    std::map<std::string, std::string> changed;
    if (after.contains(name)) {
      asked.push_back({kEngine, name});
      changed[name] = after[name];
    } else {
      gone.push_back({kEngine, name});
    }
    const auto partial = std::make_shared<const Engines>(text_of(changed), false);
    auditor.replace_programs(judge(), make_judge(partial, state.snapshot()), asked, gone);
  }

  static constexpr const char* kEngine = "admission-policy";
  std::mt19937 random_;
};

TEST(Auditor, AgreesWithAssess) {
  for (std::uint32_t seed = 1; seed <= 25; ++seed) {
    SCOPED_TRACE(seed);
    RandomCluster cluster(seed);
    for (int round = 0; round < 3 && !::testing::Test::HasFailure(); ++round) {
      cluster.run(40);
    }
  }
}

}  // namespace
}  // namespace tally::audit

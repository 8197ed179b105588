#include "authorization/inspect.hpp"

#include <gtest/gtest.h>

#include "authorization/testing/world.hpp"

namespace tally::authorization {
namespace {

using testing::policy;
using testing::World;

TEST(Inspect, Summaries) {
  struct Row {
    std::string_view spec;
    bool matches_nothing;
    bool matches_nothing_on_tcp;
    bool uses_http;
    bool uses_identity;
    bool has_targets;
  };
  for (const Row& row : {
           Row{"{}", true, true, false, false, false},
           Row{"{rules: [{}]}", false, false, false, false, false},
           Row{"{rules: [{to: [{operation: {paths: [/a]}}]}]}", false, true, true, false, false},
           Row{"{action: DENY, rules: [{to: [{operation: {paths: [/a]}}]}]}", false, false, true,
               false, false},
           Row{"{rules: [{to: [{operation: {ports: [x]}}]}]}", true, true, false, false, false},
           Row{"{rules: [{from: [{source: {ipBlocks: [1.2.3.4]}}, {source: {namespaces: [a]}}]}]}",
               false, false, false, true, false},
           Row{"{rules: [{when: [{key: source.principal, notValues: [a]}]}]}", false, false, false,
               true, false},
           Row{"{targetRefs: [{kind: Service, name: a}]}", true, true, false, false, true},
       }) {
    const World world(policy("bank/p", row.spec));
    const std::vector<PolicySummary> summaries = summarize(world.set());
    ASSERT_EQ(summaries.size(), 1U);
    const PolicySummary& summary = summaries.front();
    EXPECT_EQ(summary.matches_nothing, row.matches_nothing) << row.spec;
    EXPECT_EQ(summary.matches_nothing_on_tcp, row.matches_nothing_on_tcp) << row.spec;
    EXPECT_EQ(summary.uses_http, row.uses_http) << row.spec;
    EXPECT_EQ(summary.uses_identity, row.uses_identity) << row.spec;
    EXPECT_EQ(summary.has_targets, row.has_targets) << row.spec;
  }
}

TEST(Inspect, Attached) {
  World world(policy("bank/a", "{}") + policy("bank/b", "{selector: {matchLabels: {app: x}}}") +
              policy("bank/c", "{selector: {}}") + policy("istio-system/d", "{action: AUDIT}") +
              policy("shop/e", "{}"));
  const auto names = [&](Point point) {
    Request request;
    request.point = point;
    request.destination.name_space = "bank";
    request.destination.labels = world.labels("{app: ledger}");
    std::string out;
    for (const kube::Object* object : find_attached(world.set(), request)) {
      out += object->ref.name;
    }
    return out;
  };
  EXPECT_EQ(names(Point::Sidecar), "acd");
  EXPECT_EQ(names(Point::Ztunnel), "a");
  EXPECT_EQ(names(Point::Waypoint), "");
  EXPECT_EQ(principal_of(world.set().settings(), {"shop", "web"}), "cluster.local/ns/shop/sa/web");
}

TEST(Inspect, MentionedPorts) {
  using Ports = std::vector<std::uint16_t>;
  World world(policy("bank/a", "{rules: [{to: [{operation: {ports: [\"80\", \"x\"]}}]}]}") +
              policy("bank/b",
                     "{selector: {matchLabels: {app: other}}, rules: [{when: [{key: "
                     "destination.port, notValues: [\"443\"]}]}]}") +
              policy("shop/c", "{rules: [{to: [{operation: {notPorts: [\"9090\"]}}]}]}") +
              "---\napiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: "
              "{namespace: bank, name: p}\nspec: {selector: {matchLabels: {app: ledger}}, "
              "portLevelMtls: {\"5432\": {mode: DISABLE}}}\n");
  EXPECT_EQ(mentioned_ports(world.set()), (Ports{80, 443, 5432, 9090}));
  Request request;
  request.destination.name_space = "bank";
  request.destination.labels = world.labels("{app: ledger}");
  EXPECT_EQ(mentioned_ports(world.set(), request), (Ports{80, 5432}));
  request.destination.labels = world.labels("{app: other}");
  EXPECT_EQ(mentioned_ports(world.set(), request), (Ports{80, 443}));
  request.destination.name_space = "nowhere";
  EXPECT_EQ(mentioned_ports(world.set(), request), Ports{});
}

TEST(Inspect, UsesAddresses) {
  const auto uses = [](std::string_view spec) {
    return uses_addresses(World(policy("bank/a", spec)).set());
  };
  EXPECT_TRUE(uses("{rules: [{from: [{source: {notIpBlocks: [10.0.0.0/8]}}]}]}"));
  EXPECT_TRUE(uses("{rules: [{when: [{key: destination.ip, values: [10.0.0.1]}]}]}"));
  EXPECT_FALSE(uses("{rules: [{from: [{source: {namespaces: [a]}}]}]}"));
}

}  // namespace
}  // namespace tally::authorization

#include "authorization/reach.hpp"

#include <gtest/gtest.h>

#include "authorization/testing/world.hpp"

namespace tally::authorization {
namespace {

using testing::policy;
using testing::World;

std::string bank(std::string_view spec) { return policy("bank/p", spec); }

// "GET,!PUT /a,!/b host | condition": one shape.
std::string text_of(const TextSet& set) {
  std::string out;
  for (const std::string_view text : set.any_of) {
    out += (out.empty() ? "" : ",") + std::string(text);
  }
  for (const std::string_view text : set.none_of) {
    out += (out.empty() ? "!" : ",!") + std::string(text);
  }
  return out.empty() ? "*" : out;
}
std::string text_of(const std::vector<HttpShape>& shapes) {
  std::string out;
  for (const HttpShape& shape : shapes) {
    out += (out.empty() ? "" : "; ") + text_of(shape.methods) + " " + text_of(shape.paths) + " " +
           text_of(shape.hosts);
    for (const std::string& condition : shape.conditions) {
      out += " | " + condition;
    }
  }
  return out;
}

TEST(Reach, Shapes) {
  struct Row {
    std::string policies;
    Protocol protocol;
    std::string kind;
    std::string allowed;
    std::string denied;
  };
  constexpr Protocol kHttp = Protocol::Http;
  constexpr Protocol kTcp = Protocol::Tcp;
  constexpr Protocol kAny = Protocol::Unknown;
  const std::string tokens =
      "---\napiVersion: security.istio.io/v1\nkind: RequestAuthentication\nmetadata: {name: jwt, "
      "namespace: bank}\nspec: {jwtRules: [{issuer: a}]}\n";
  const std::string get =
      "{rules: [{to: [{operation: {methods: [GET], notPaths: [/x], hosts: [h]}}, {operation: "
      "{ports: ['1']}}]}]}";
  const std::vector<Row> rows = {
      {"", kAny, "always", "", ""},
      {bank("{}"), kAny, "never", "", ""},
      {bank(get), kHttp, "http", "GET !/x h", ""},
      {bank(get), kTcp, "never", "", ""},
      {bank(get), kAny, "unknown", "GET !/x h", ""},
      {bank("{rules: [{from: [{source: {namespaces: [shop]}}]}]}"), kAny, "always", "", ""},
      {bank(
           "{rules: [{from: [{source: {namespaces: [x]}}], to: [{operation: {methods: [GET]}}]}]}"),
       kHttp, "never", "", ""},
      {bank("{action: DENY, rules: [{to: [{operation: {paths: [/admin*]}}]}]}"), kHttp, "http", "",
       "* /admin* *"},
      {bank("{action: DENY, rules: [{to: [{operation: {paths: [/admin*]}}]}]}"), kTcp, "never", "",
       ""},
      {tokens +
           bank("{rules: [{from: [{source: {requestPrincipals: [a/b]}}, {source: {remoteIpBlocks: "
                "[1.0.0.0/8]}}], "
                "when: [{key: 'request.headers[x]', values: [w], notValues: [z]}]}]}"),
       kHttp, "unknown",
       "* * * | request.headers[x] is one of w and none of z | request.auth.principal is one of "
       "a/b, or "
       "remote.ip is one of 1.0.0.0/8",
       ""},
      {bank("{rules: [{from: [{source: {requestPrincipals: ['*']}}]}]}"), kHttp, "never", "", ""},
      {tokens + bank("{rules: [{when: [{key: 'request.auth.claims[a][b]', values: [c]}]}]}"), kHttp,
       "http", "* * * | request.auth.claims[a][b] is one of c", ""},
      {bank("{rules: [{when: [{key: source.ip, values: [10.0.0.0/8]}]}]}"), kTcp, "always", "", ""},
      {bank("{rules: [{when: [{key: source.ip, values: [10.1.0.0/16]}]}]}"), kTcp, "unknown",
       "* * * | source.ip is one of 10.1.0.0/16", ""},
      {bank("{rules: [{when: [{key: source.ip, values: [11.0.0.0/8]}]}]}"), kTcp, "never", "", ""},
      {bank("{rules: [{when: [{key: source.ip, notValues: [11.0.0.0/8]}]}]}"), kTcp, "always", "",
       ""},
      {bank("{action: CUSTOM, provider: {name: x}, rules: [{to: [{operation: {paths: [/a]}}]}]}"),
       kHttp, "unknown", "", ""},
      {bank("{action: AUDIT, rules: [{}]}"), kAny, "always", "", ""},
  };
  const std::vector<scalar::Cidr> blocks = {*scalar::Cidr::parse("10.0.0.0/9"),
                                            *scalar::Cidr::parse("10.200.0.0/16")};
  for (const Row& row : rows) {
    World world(row.policies);
    const Reach reach =
        find_reach(world.set(), {.source = {.principal = "td/ns/shop/sa/web",
                                            .ip = std::nullopt,
                                            .remote_ip = std::nullopt},
                                 .source_blocks = blocks,
                                 .destination = {.name_space = "bank",
                                                 .labels = world.labels("{app: ledger}"),
                                                 .port = 8080,
                                                 .ip = std::nullopt,
                                                 .services = {}},
                                 .protocol = row.protocol});
    EXPECT_EQ(to_text(reach.kind), row.kind) << row.policies << reach.reason;
    EXPECT_EQ(text_of(reach.allowed), row.allowed) << row.policies;
    EXPECT_EQ(text_of(reach.denied), row.denied) << row.policies;
    EXPECT_EQ(reach.kind == Reach::Kind::Unknown && reach.cause == Cause::MissingFacts,
              !reach.missing.empty())
        << row.policies;
    EXPECT_FALSE(reach.reason.empty());
  }
}

TEST(Reach, PlaintextAndZtunnel) {
  const std::string strict =
      "---\napiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {name: default, "
      "namespace: bank}\nspec: {mtls: {mode: STRICT}}\n";
  World world(strict);
  for (const Point point : {Point::Sidecar, Point::Ztunnel}) {
    ReachQuery query;
    query.point = point;
    query.destination.name_space = "bank";
    EXPECT_EQ(find_reach(world.set(), query).kind, Reach::Kind::Never);
    EXPECT_EQ(find_reach(world.set(), query).cause, Cause::PlaintextRefused);
    query.source.principal = "td/ns/a/sa/b";
    EXPECT_EQ(find_reach(world.set(), query).kind, Reach::Kind::Always);
    query.source.principal.reset();
    const Reach unknown = find_reach(world.set(), query);
    EXPECT_EQ(unknown.kind, Reach::Kind::Unknown);
    EXPECT_EQ(unknown.missing.front(),
              point == Point::Sidecar ? "the identity of the peer" : "the address of the peer");
  }
}

}  // namespace
}  // namespace tally::authorization

// A decision takes nothing from the heap once its memory is as big as it needs to be.
#include <gtest/gtest.h>

#include "authorization/decide.hpp"
#include "authorization/testing/world.hpp"
#include "base/testing/counted_allocations.hpp"

namespace tally::authorization {
namespace {

TEST(Allocation, NoneOnceWarm) {
  testing::World world(
      testing::policy(
          "bank/a", "{action: DENY, rules: [{to: [{operation: {paths: ['/a/{**}/b', '/x*']}}]}]}") +
      testing::policy(
          "bank/b",
          "{selector: {matchLabels: {app: ledger}}, rules: [{from: [{source: {namespaces: "
          "[shop]}}], when: [{key: 'request.headers[x]', values: [w]}]}]}") +
      testing::policy("bank/c", "{action: AUDIT, rules: [{}]}"));
  const std::vector<Header> headers = {{"x", "w"}};
  Request request;
  request.source.principal = "td/ns/shop/sa/web";
  request.destination.name_space = "bank";
  request.destination.labels = world.labels("{app: ledger, tier: db}");
  request.destination.port = 80;
  request.is_http = true;
  request.method = "GET";
  request.path = "/public/../api/users";
  request.host = "h";
  request.headers = headers;
  Decision decision;
  for (const Point point : {Point::Sidecar, Point::Ztunnel, Point::Waypoint}) {
    request.point = point;
    decide(world.set(), request, decision);
    const std::size_t before = allocations;
    decide(world.set(), request, decision);
    EXPECT_EQ(allocations - before, 0U) << point_name(point);
  }
}

}  // namespace
}  // namespace tally::authorization

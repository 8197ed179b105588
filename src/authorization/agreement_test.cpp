// Two readings of the same policies agree, and what find_reach() says of all requests agrees with
// what decide() says of each.
#include <gtest/gtest.h>

#include <random>

#include "authorization/reach.hpp"
#include "authorization/string_match.hpp"
#include "authorization/testing/plain_reading.hpp"
#include "authorization/testing/random_world.hpp"
#include "authorization/testing/world.hpp"

namespace tally::authorization {
namespace {

using testing::Choose;
using testing::World;

MeshSettings settings() {
  MeshSettings out;
  out.trust_domain_aliases = {"old.td"};
  return out;
}

Choose choose_with(std::mt19937& random) {
  return [&random](unsigned n) { return static_cast<unsigned>(random() % n); };
}

std::string shown(const Request& request) {
  return "from " + std::string(request.source.principal.value_or("?")) + " " +
         (request.source.ip ? request.source.ip->to_string() : "?") + " to port " +
         std::to_string(request.destination.port.value_or(0)) + " " +
         (request.is_http ? "http " : "tcp ") + std::string(request.method.value_or("?")) + " " +
         std::string(request.path.value_or("?")) + " host " +
         std::string(request.host.value_or("?"));
}

TEST(Agreement, DecideAndThePlainReading) {
  std::mt19937 random(1);
  const Choose choose = choose_with(random);
  int denied = 0;
  int allowed = 0;
  for (int round = 0; round < 1500; ++round) {
    const std::string yaml = testing::random_policies(choose);
    World world(yaml, settings());
    const document::Node labels = world.labels("{app: ledger, tier: web}");
    Decision decision;
    std::vector<Header> headers;
    for (int i = 0; i < 20; ++i) {
      Request request = testing::random_request(choose, headers);
      request.destination.labels = labels;
      request.point = choose(3) == 0 ? Point::Ztunnel : Point::Sidecar;
      decide(world.set(), request, decision);
      const Verdict plain = testing::plain_decide(world.objects(), settings(), request);
      ASSERT_EQ(decision.verdict, plain) << yaml << shown(request) << "\n"
                                         << describe(decision) << "\nplain: " << to_text(plain);
      denied += plain == Verdict::Deny ? 1 : 0;
      allowed += plain == Verdict::Allow ? 1 : 0;
    }
  }
  EXPECT_GT(denied, 1000);
  EXPECT_GT(allowed, 1000);
}

// Whatever fact is taken away, the answer is the same or unknown.
TEST(Agreement, AnUnknownFactNeverTurnsAnAnswer) {
  std::mt19937 random(2);
  const Choose choose = choose_with(random);
  for (int round = 0; round < 1000; ++round) {
    const std::string yaml = testing::random_policies(choose);
    World world(yaml, settings());
    const document::Node labels = world.labels("{app: ledger, tier: db}");
    std::vector<Header> headers;
    for (int i = 0; i < 10; ++i) {
      Request request = testing::random_request(choose, headers);
      request.destination.labels = labels;
      const Point point = choose(3) == 0 ? Point::Ztunnel : Point::Sidecar;
      request.point = point;
      const Verdict full = decide(world.set(), request).verdict;
      Request less = request;
      if (choose(2) == 0) {
        less.source.principal.reset();
      }
      if (choose(2) == 0) {
        less.source.ip.reset();
      }
      if (choose(2) == 0) {
        less.source.remote_ip.reset();
      }
      if (choose(2) == 0) {
        less.destination.ip.reset();
      }
      if (choose(2) == 0) {
        less.destination.port.reset();
      }
      if (choose(2) == 0) {
        less.sni.reset();
      }
      if (choose(2) == 0) {
        less.method.reset();
      }
      if (choose(2) == 0) {
        less.path.reset();
      }
      if (choose(2) == 0) {
        less.host.reset();
      }
      less.are_headers_known = choose(2) == 0;
      const Decision partial = decide(world.set(), less);
      if (partial.verdict != Verdict::Unknown) {
        ASSERT_EQ(partial.verdict, full) << yaml << shown(request) << "\n" << describe(partial);
      } else if (partial.cause == Cause::MissingFacts) {
        ASSERT_FALSE(missing_facts(partial).empty()) << yaml << shown(less);
      }
    }
  }
}

bool text_set_holds(const TextSet& set, const auto& matches) {
  return (set.any_of.empty() || std::any_of(set.any_of.begin(), set.any_of.end(), matches)) &&
         std::none_of(set.none_of.begin(), set.none_of.end(), matches);
}

bool shape_holds(const HttpShape& shape, const Request& request) {
  std::string buffer;
  const auto path = normalize_path(request.path.value_or(""), PathNormalization::Base, buffer);
  const std::string_view plain = path_without_query(path.value_or(""));
  return text_set_holds(
             shape.methods,
             [&](std::string_view value) {
               return StringMatch::from_value(value).matches(request.method.value_or(""));
             }) &&
         text_set_holds(
             shape.hosts,
             [&](std::string_view value) {
               return StringMatch::from_value(value).matches_any_case(request.host.value_or(""));
             }) &&
         text_set_holds(shape.paths, [&](std::string_view value) {
           return is_path_template(value) ? matches_path_template(value, plain)
                                          : StringMatch::from_value(value).matches(plain);
         });
}

void expect_agreement(const Reach& reach, const Request& request, Verdict verdict,
                      const std::string& context) {
  switch (reach.kind) {
    case Reach::Kind::Always:
      ASSERT_EQ(verdict, Verdict::Allow) << context;
      return;
    case Reach::Kind::Never:
      ASSERT_EQ(verdict, Verdict::Deny) << context;
      return;
    case Reach::Kind::Unknown:
      return;
    case Reach::Kind::Http:
      break;
  }
  bool may_be_allowed = reach.allowed.empty();
  bool must_be_allowed = reach.allowed.empty();
  for (const HttpShape& shape : reach.allowed) {
    const bool holds = shape_holds(shape, request);
    may_be_allowed = may_be_allowed || holds;
    must_be_allowed = must_be_allowed || (holds && shape.conditions.empty());
  }
  bool may_be_denied = false;
  bool must_be_denied = false;
  for (const HttpShape& shape : reach.denied) {
    const bool holds = shape_holds(shape, request);
    may_be_denied = may_be_denied || holds;
    must_be_denied = must_be_denied || (holds && shape.conditions.empty());
  }
  if (verdict == Verdict::Allow) {
    ASSERT_TRUE(may_be_allowed && !must_be_denied) << context;
  } else {
    ASSERT_EQ(verdict, Verdict::Deny) << context;
    ASSERT_TRUE(!must_be_allowed || may_be_denied) << context;
  }
}

TEST(Agreement, ReachAndDecide) {
  std::mt19937 random(3);
  const Choose choose = choose_with(random);
  int counts[4] = {};
  for (int round = 0; round < 1500; ++round) {
    const std::string yaml = testing::random_policies(choose);
    World world(yaml, settings());
    const document::Node labels = world.labels("{app: ledger, tier: db}");
    std::vector<Header> headers;
    Request base = testing::random_request(choose, headers);
    base.destination.labels = labels;
    const std::vector<scalar::Cidr> blocks = {*scalar::Cidr::parse("10.0.0.0/24"),
                                              *scalar::Cidr::parse("10.0.1.0/24")};
    const bool has_blocks = choose(2) == 0;
    ReachQuery query{.source = base.source,
                     .source_blocks = {},
                     .destination = base.destination,
                     .protocol = base.is_http ? Protocol::Http : Protocol::Tcp,
                     .sni = base.sni};
    if (has_blocks) {
      query.source.ip.reset();
      query.source_blocks = blocks;
    }
    if (choose(4) == 0) {
      query.protocol = Protocol::Unknown;
    }
    const Reach reach = find_reach(world.set(), query);
    ++counts[static_cast<int>(reach.kind)];
    EXPECT_FALSE(reach.reason.empty());
    for (int i = 0; i < 15; ++i) {
      std::vector<Header> own_headers;
      Request request = testing::random_request(choose, own_headers);
      request.source = base.source;
      if (has_blocks) {
        request.source.ip = *scalar::IpAddress::parse(choose(2) == 0 ? "10.0.0.1" : "10.0.1.1");
      }
      request.destination = base.destination;
      request.sni = base.sni;
      if (query.protocol != Protocol::Unknown) {
        request.is_http = base.is_http;
      }
      const Decision decision = decide(world.set(), request);
      expect_agreement(reach, request, decision.verdict,
                       yaml + shown(request) + "\n" + reach.reason + "\n" + describe(decision));
      if (::testing::Test::HasFatalFailure()) {
        return;
      }
    }
  }
  for (const int count : counts) {
    EXPECT_GT(count, 20);
  }
}

}  // namespace
}  // namespace tally::authorization

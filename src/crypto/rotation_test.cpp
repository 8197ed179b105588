#include "crypto/rotation.hpp"

#include <gtest/gtest.h>

#include <string>

namespace tally::crypto {
namespace {

using enum RotationStep;

// Round numbers: an authority lives 9000, a serving certificate 900, both backdated by 0.
constexpr RotationPolicy kPolicy{
    .authority_seconds = 9000, .serving_seconds = 900, .backdate_seconds = 0, .settle_seconds = 60};

RotationState healthy(std::int64_t created, std::int64_t issued) {
  return {.authorities = {{created, created + 9000}},
          .can_sign = true,
          .has_serving = true,
          .serving = {issued, issued + 900},
          .serving_authority = 0};
}

std::string shown(const RotationPlan& plan) {
  std::string out(name_of(plan.step));
  if (plan.step == DropAuthority) {
    out += " " + std::to_string(plan.authority);
  }
  return out + ", " + (plan.step == Nothing ? std::to_string(plan.next) : std::string(plan.reason));
}

TEST(Rotation, OneAuthority) {
  struct Row {
    const char* name;
    RotationState state;
    std::int64_t now;
    const char* expected;
  };
  RotationState no_key = healthy(1000, 1000);
  no_key.can_sign = false;
  RotationState no_serving = healthy(1000, 1000);
  no_serving.has_serving = false;
  RotationState foreign = healthy(1000, 1000);
  foreign.serving_authority = 1;
  RotationState outlived = healthy(1000, 1000);
  outlived.serving.not_after = 99'999;
  constexpr const char* kOver = "2/3 of its life are over";
  const auto says = [](RotationStep step, const char* reason) {
    return std::string(name_of(step)) + ", " + reason;
  };
  EXPECT_EQ(shown(plan({}, kPolicy, 1000)),
            says(CreateAuthority, "there is no authority that can sign"));
  EXPECT_EQ(shown(plan(healthy(1000, 1000), kPolicy, 1600)), says(IssueServing, kOver));
  EXPECT_EQ(shown(plan(healthy(1000, 6900), kPolicy, 7000)), says(CreateAuthority, kOver));
  const Row rows[] = {
      {"new", healthy(1000, 1000), 1000, "nothing, 1600"},
      {"second before renewal", healthy(1000, 1000), 1599, "nothing, 1600"},
      {"the authority is next", healthy(1000, 6500), 6999, "nothing, 7000"},
      {"key lost", no_key, 1001, "create authority, there is no authority that can sign"},
      {"serving lost", no_serving, 1001,
       "issue serving certificate, there is no usable serving certificate"},
      {"nobody signed it", foreign, 1001,
       "issue serving certificate, no valid authority signed the serving certificate"},
      {"serving expired", healthy(1000, 1000), 1901,
       "issue serving certificate, the serving certificate is not valid now"},
      {"last second of it", healthy(1000, 1000), 1900,
       "issue serving certificate, 2/3 of its life are over"},
      {"serving from the future", healthy(1000, 3000), 2000,
       "issue serving certificate, the serving certificate is not valid now"},
      {"authority from the future", healthy(3000, 3000), 2000,
       "create authority, the authority is not valid now"},
      {"authority expired", healthy(1000, 9900), 10'001,
       "create authority, the authority is not valid now"},
      {"serving outlives", outlived, 1001, "nothing, 7000"},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(shown(plan(row.state, kPolicy, row.now)), row.expected) << row.name;
  }
}

// With a longer serving life, the authority ends too soon for it before 2/3 of its own are over.
TEST(Rotation, AuthorityEndsTooSoon) {
  RotationPolicy policy = kPolicy;
  policy.serving_seconds = 4000;  // check() refuses it, plan() copes
  EXPECT_EQ(shown(plan(healthy(1000, 5900), policy, 6001)),
            "create authority, it would end before a certificate issued now");
  EXPECT_EQ(shown(plan(healthy(1000, 5700), policy, 6000)), "nothing, 6001");
}

TEST(Rotation, TwoAuthorities) {
  // The authority of 1000 was replaced at 7000; it signed the certificate of 6900.
  const auto state = [](std::int64_t issued, std::size_t by) {
    RotationState out = healthy(7000, issued);
    out.authorities.push_back({1000, 10'000});
    out.serving_authority = by;
    return out;
  };
  RotationState urgent = state(6120, 1);
  RotationState third = state(7500, 0);
  third.authorities.push_back({-5000, 4000});
  struct Row {
    const char* name;
    RotationState state;
    std::int64_t now;
    const char* expected;
  };
  const Row rows[] = {
      {"old serving goes on", state(6900, 1), 7001, "nothing, 7500"},
      {"renewed by the new one", state(6900, 1), 7500,
       "issue serving certificate, 2/3 of its life are over"},
      {"not before clients know it", state(6400, 1), 7001, "nothing, 7060"},
      {"they know it", state(6400, 1), 7060, "issue serving certificate, 2/3 of its life are over"},
      {"no time to wait", urgent, 7001, "issue serving certificate, 2/3 of its life are over"},
      {"old one is kept while it may be in use", state(7500, 0), 7900, "nothing, 7901"},
      {"and dropped after", state(7500, 0), 7901,
       "drop authority 1, all that it signed has expired"},
      {"not while it signs what is served", state(7500, 1), 7901, "nothing, 8100"},
      {"the oldest goes first", third, 7600, "drop authority 2, all that it signed has expired"},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(shown(plan(row.state, kPolicy, row.now)), row.expected) << row.name;
  }
}

TEST(Rotation, Policies) {
  struct Row {
    const char* name;
    RotationPolicy policy;
    bool is_sound;
  };
  const Row rows[] = {
      {"default", {}, true},
      {"used here", kPolicy, true},
      {"a third", {9000, 3000, 0, 0}, true},
      {"more than a third", {9000, 3001, 0, 0}, false},
      {"no life", {9000, 0, 0, 0}, false},
      {"negative", {9000, -5, 0, 0}, false},
      {"forever", {std::int64_t{1} << 60, 900, 0, 0}, false},
      {"backdated by a sixth", {9000, 900, 150, 0}, true},
      {"by more", {9000, 900, 151, 0}, false},
      {"to the future", {9000, 900, -1, 0}, false},
      {"settles too long", {9000, 900, 0, 151}, false},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(check(row.policy).has_value(), row.is_sound) << row.name;
  }
}

}  // namespace
}  // namespace tally::crypto

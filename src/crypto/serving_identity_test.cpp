#include "crypto/serving_identity.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "crypto/issue.hpp"

namespace tally::crypto {
namespace {

using enum RotationStep;
using Steps = std::vector<RotationStep>;

constexpr std::int64_t kNow = 1'795'000'000;
constexpr RotationPolicy kPolicy{.authority_seconds = 9000,
                                 .serving_seconds = 900,
                                 .backdate_seconds = 30,
                                 .settle_seconds = 60};

ServingNames names() {
  return {.authority = "tallystick",
          .server = "tally.tally.svc",
          .dns_names = {"tally.tally.svc", "localhost"},
          .ip_addresses = {"127.0.0.1", "FD00:0::1"}};
}

ServingIdentity copy_of(const ServingIdentity& identity) {
  return {identity.ca_certificates, identity.ca_key.duplicate(), identity.serving_certificate,
          identity.serving_key.duplicate()};
}

TEST(ServingIdentity, BeginsFromNothing) {
  auto first = rotate({}, names(), kPolicy, kNow);
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_EQ(first->steps, (Steps{CreateAuthority, IssueServing}));
  const ServingIdentity& identity = first->identity;
  EXPECT_EQ(identity.ca_certificates.size(), 1U);
  EXPECT_EQ(identity.ca_bundle(), identity.ca_certificates.front());
  EXPECT_TRUE(matches_key(identity.serving_certificate, identity.serving_key));
  const auto facts = read_certificate(identity.serving_certificate);
  EXPECT_EQ(facts->not_before, kNow - 30);
  EXPECT_EQ(facts->not_after, kNow + 900);
  EXPECT_GT(first->next, kNow);
  // Nothing more is due until then; names in another order or spelling are the same.
  ServingNames other = names();
  std::ranges::reverse(other.dns_names);
  other.ip_addresses = {"fd00::1", "127.0.0.1"};
  const std::int64_t next = first->next;
  auto second = rotate(std::move(first->identity), other, kPolicy, next - 1);
  EXPECT_EQ(second->steps, Steps{});
  EXPECT_EQ(second->next, next);
}

// Three authorities' lives in steps of one alarm to the next: whoever trusts the bundle that was
// published before a change, or after it, accepts what is served before and after.
TEST(ServingIdentity, IsNeverRefused) {
  auto current = *rotate({}, names(), kPolicy, kNow);
  std::size_t created = 1;
  std::size_t issued = 1;
  std::size_t dropped = 0;
  for (std::int64_t now = current.next; now < kNow + 3 * 9000; now = current.next) {
    const ServingIdentity before = copy_of(current.identity);
    auto after = rotate(std::move(current.identity), names(), kPolicy, now);
    ASSERT_TRUE(after) << after.error().message;
    EXPECT_FALSE(after->steps.empty() && after->next == now) << "the alarm was for nothing";
    ASSERT_GT(after->next, now);
    const auto trusts = [now](const ServingIdentity& bundle, const std::string& certificate) {
      return std::ranges::any_of(bundle.ca_certificates, [&](const std::string& authority) {
        const auto facts = read_certificate(authority);
        return facts->not_before <= now && now <= facts->not_after &&
               is_signed_by(certificate, authority);
      });
    };
    const auto served = read_certificate(before.serving_certificate);
    ASSERT_LE(now, served->not_after) << "what was served until now had not expired";
    ASSERT_TRUE(trusts(before, before.serving_certificate));
    ASSERT_TRUE(trusts(after->identity, before.serving_certificate)) << "served a moment longer";
    ASSERT_TRUE(trusts(before, after->identity.serving_certificate)) << "published a moment later";
    ASSERT_LE(after->identity.ca_certificates.size(), 2U);
    created += static_cast<std::size_t>(std::ranges::count(after->steps, CreateAuthority));
    issued += static_cast<std::size_t>(std::ranges::count(after->steps, IssueServing));
    dropped += static_cast<std::size_t>(std::ranges::count(after->steps, DropAuthority));
    current = std::move(*after);
  }
  EXPECT_EQ(created, 5U);  // every 6000 s of 27,000
  EXPECT_EQ(dropped, 4U);
  EXPECT_GE(issued, 27'000U / 600U);
}

TEST(ServingIdentity, RepairsWhatItIsGiven) {
  const auto sound = *rotate({}, names(), kPolicy, kNow);
  const auto other = *rotate({}, names(), kPolicy, kNow);
  struct Row {
    const char* name;
    std::function<void(ServingIdentity&)> damage;
    Steps expected;
  };
  const Row rows[] = {
      {"none", [](ServingIdentity&) {}, {}},
      {"serving certificate lost",
       [](ServingIdentity& i) { i.serving_certificate.clear(); },
       {IssueServing}},
      {"serving certificate cut",
       [](ServingIdentity& i) { i.serving_certificate.resize(100); },
       {IssueServing}},
      {"serving key lost",
       [](ServingIdentity& i) { i.serving_key = SecretBytes(); },
       {IssueServing}},
      {"serving key of another",
       [&](ServingIdentity& i) { i.serving_key = other.identity.serving_key.duplicate(); },
       {IssueServing}},
      {"serving pair of another authority",
       [&](ServingIdentity& i) {
         i.serving_certificate = other.identity.serving_certificate;
         i.serving_key = other.identity.serving_key.duplicate();
       },
       {IssueServing}},
      {"authority's key lost",
       [](ServingIdentity& i) { i.ca_key = SecretBytes(); },
       {CreateAuthority}},
      {"authority's key of another",
       [&](ServingIdentity& i) { i.ca_key = other.identity.ca_key.duplicate(); },
       {CreateAuthority}},
      {"authorities lost",
       [](ServingIdentity& i) { i.ca_certificates.clear(); },
       {CreateAuthority, IssueServing}},
      {"garbage among the authorities",
       [](ServingIdentity& i) { i.ca_certificates.emplace_back("-----BEGIN"); },
       {DropAuthority}},
      {"a leaf among the authorities",
       [](ServingIdentity& i) { i.ca_certificates.push_back(i.serving_certificate); },
       {DropAuthority}},
      {"too many authorities",
       [&](ServingIdentity& i) { i.ca_certificates.resize(10, i.ca_certificates.front()); },
       {DropAuthority, DropAuthority}},
  };
  for (const Row& row : rows) {
    ServingIdentity identity = copy_of(sound.identity);
    row.damage(identity);
    const auto got = rotate(std::move(identity), names(), kPolicy, kNow + 1);
    ASSERT_TRUE(got) << row.name << ": " << got.error().message;
    EXPECT_EQ(got->steps, row.expected) << row.name;
    EXPECT_EQ(rotate(copy_of(got->identity), names(), kPolicy, kNow + 1)->steps, Steps{})
        << row.name;
  }
}

TEST(ServingIdentity, FollowsItsNames) {
  const auto sound = *rotate({}, names(), kPolicy, kNow);
  struct Row {
    const char* name;
    std::function<void(ServingNames&)> change;
    Steps expected;
  };
  const Row rows[] = {
      {"the authority's name waits for its turn",
       [](ServingNames& n) { n.authority = "other"; },
       {}},
      {"server", [](ServingNames& n) { n.server = "other"; }, {IssueServing}},
      {"one name more", [](ServingNames& n) { n.dns_names.emplace_back("a.b"); }, {IssueServing}},
      {"one name less", [](ServingNames& n) { n.dns_names.pop_back(); }, {IssueServing}},
      {"address", [](ServingNames& n) { n.ip_addresses = {"127.0.0.2"}; }, {IssueServing}},
  };
  for (const Row& row : rows) {
    ServingNames changed = names();
    row.change(changed);
    EXPECT_EQ(rotate(copy_of(sound.identity), changed, kPolicy, kNow + 1)->steps, row.expected)
        << row.name;
  }
}

TEST(ServingIdentity, Refuses) {
  ServingNames nameless = names();
  nameless.dns_names.clear();
  nameless.ip_addresses.clear();
  ServingNames wrong = names();
  wrong.ip_addresses = {"1.2.3"};
  ServingNames long_name = names();
  long_name.authority = std::string(65, 'a');
  RotationPolicy contradiction = kPolicy;
  contradiction.serving_seconds = 8999;
  EXPECT_FALSE(rotate({}, nameless, kPolicy, kNow));
  EXPECT_FALSE(rotate({}, wrong, kPolicy, kNow));
  EXPECT_FALSE(rotate({}, long_name, kPolicy, kNow));
  EXPECT_FALSE(rotate({}, names(), contradiction, kNow));
  EXPECT_FALSE(rotate({}, names(), kPolicy, 10)) << "backdated to before 1970";
}

}  // namespace
}  // namespace tally::crypto

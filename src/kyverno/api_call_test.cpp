// context[].apiCall.service: what is handed to whoever calls.
#include <gtest/gtest.h>

#include "kyverno/testing/bench.hpp"

namespace tally::kyverno {
namespace {

using testing::Bench;
using testing::FakeWorld;

std::string policy(std::string_view service) {
  return "{apiVersion: kyverno.io/v1, kind: ClusterPolicy, metadata: {name: p}, spec: {rules: "
         "[{name: r, match: {any: [{resources: {kinds: [ConfigMap]}}]}, context: [{name: c, "
         "apiCall: {method: GET, service: {url: 'https://teams.test/x'" +
         std::string(service) +
         "}}}], validate: {deny: {conditions: {all: [{key: '{{ c.found }}', operator: Equals, "
         "value: "
         "1}]}}}}]}}";
}

constexpr std::string_view kMap =
    "{apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: bank}}";

TEST(ApiCall, HandsTheCertificatesOn) {
  struct Row {
    std::string_view service;
    std::string_view asked;
  };
  for (const Row& row : std::initializer_list<Row>{
           {"", "api_call GET https://teams.test/x"},
           {", caBundle: ''", "api_call GET https://teams.test/x"},
           {", caBundle: PEM", "api_call GET https://teams.test/x ca PEM"},
           {", caBundle: '{{ request.object.metadata.name }}'",
            "api_call GET https://teams.test/x ca a"},
       }) {
    Bench bench;
    FakeWorld world;
    world.answer = bench.node("{found: 1}");
    bench.request.world = &world;
    ASSERT_TRUE(bench.load(policy(row.service)));
    EXPECT_EQ(bench.verdicts(kMap), "r=fail") << row.service;
    ASSERT_EQ(world.asked.size(), 1U) << row.service;
    EXPECT_EQ(world.asked[0], row.asked);
  }
}

// What is not answered is unknown to whoever judges files, and says why.
TEST(ApiCall, WhatIsRefusedSaysSo) {
  Bench bench;
  FakeWorld world;
  bench.request.world = &world;
  ASSERT_TRUE(bench.load(policy("")));
  EXPECT_EQ(bench.verdicts(kMap), "r=error");
  EXPECT_TRUE(bench.response.rules[0].is_world_missing);
  EXPECT_NE(bench.message.find("failed to execute HTTP request for APICall c: not there"),
            std::string::npos)
      << bench.message;
}

}  // namespace
}  // namespace tally::kyverno

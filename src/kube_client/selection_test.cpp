#include "kube_client/selection.hpp"

#include <gtest/gtest.h>

#include "document/read.hpp"
#include "kube/api_kinds.hpp"

namespace tally::kube_client {
namespace {

Resource resource(std::string group, std::string kind) {
  return {.group = std::move(group), .version = "v1", .plural = "things", .kind = std::move(kind)};
}

TEST(Selection, WhatIsRead) {
  kube::load_api_kinds();
  for (const auto& one :
       {resource("", "Pod"), resource("apps", "Deployment"), resource("", "ConfigMap"),
        resource("networking.k8s.io", "NetworkPolicy"), resource("kyverno.io", "ClusterPolicy"),
        resource("security.istio.io", "AuthorizationPolicy"),
        resource("constraints.gatekeeper.sh", "K8sRequiredLabels")}) {
    EXPECT_TRUE(is_read(one)) << one.group << " " << one.kind;
  }
  for (const auto& one :
       {resource("", "Secret"), resource("", "Event"), resource("events.k8s.io", "Event"),
        resource("coordination.k8s.io", "Lease"), resource("apps", "ControllerRevision"),
        resource("metrics.k8s.io", "PodMetrics"), resource("example.com", "Widget")}) {
    EXPECT_FALSE(is_read(one)) << one.group << " " << one.kind;
  }
}

TEST(Selection, Parameters) {
  kube::load_api_kinds();
  const std::vector<Resource> server{resource("rules.example.com", "Limit"),
                                     resource("rules.example.com", "Other"),
                                     resource("", "ConfigMap"), resource("", "Secret")};
  const auto source = document::Source::from_text("policies", R"([
    {"spec": {"paramKind": {"apiVersion": "rules.example.com/v1", "kind": "Limit"}}},
    {"spec": {"paramKind": {"apiVersion": "rules.example.com/v1", "kind": "Limit"}}},
    {"spec": {"paramKind": {"apiVersion": "rules.example.com/v1", "kind": "Absent"}}},
    {"spec": {"paramKind": {"apiVersion": "v1", "kind": "ConfigMap"}}},
    {"spec": {"paramKind": {"apiVersion": "v1", "kind": "Secret"}}},
    {"spec": {"paramKind": {"apiVersion": 7, "kind": "Other"}}},
    {"spec": {"paramKind": null}}, {"spec": null}, {}, null])");
  Arena arena;
  const auto policies = document::read_one(*source, arena);
  ASSERT_TRUE(policies.has_value());
  const auto wanted = parameters_of(policies->items(), server);
  ASSERT_EQ(wanted.size(), 1U);
  EXPECT_EQ(wanted[0].kind, "Limit");
}

}  // namespace
}  // namespace tally::kube_client

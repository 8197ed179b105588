#pragma once
// For tests: resources, objects of them as JSON, nodes as JSON.

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "cluster_state/state.hpp"
#include "document/json_writer.hpp"

namespace tally::cluster_state::testing {

inline constexpr Resource kPods{.group = "", .version = "v1", .kind = "Pod", .plural = "pods"};
inline constexpr Resource kNodes{.group = "", .version = "v1", .kind = "Node", .plural = "nodes"};
inline constexpr Resource kNamespaces{
    .group = "", .version = "v1", .kind = "Namespace", .plural = "namespaces"};
inline constexpr Resource kServices{
    .group = "", .version = "v1", .kind = "Service", .plural = "services"};
inline constexpr Resource kDeployments{
    .group = "apps", .version = "v1", .kind = "Deployment", .plural = "deployments"};
inline constexpr Resource kWidgets{
    .group = "example.com", .version = "v1beta1", .kind = "Widget", .plural = "widgets"};

inline std::string json_of(const document::Node& node) {
  std::string text;
  document::append_json(text, node);
  return text;
}

// The change, asserted to be one.
inline Change put(State& state, const Resource& resource, std::string_view json) {
  auto change = state.put_json(resource, json);
  EXPECT_TRUE(change) << json << ": " << (change ? "" : change.error().to_string());
  return change ? *change : Change{};
}

}  // namespace tally::cluster_state::testing

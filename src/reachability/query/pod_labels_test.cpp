// Pods of a namespace joined by their labels, as FWRule.py of network-config-analyzer words it.
#include "reachability/query/internal/pod_labels.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "base/arena.hpp"
#include "document/read.hpp"
#include "kube/api_kinds.hpp"

namespace tally::reachability::query {
namespace {

struct Row {
  std::string_view keys;  // joined by ","
  PodSet pods;
  bool with_single;
  std::string_view groups;
  PodSet rest;
};

std::set<std::string> keys_of(std::string_view text) {
  std::set<std::string> keys;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(','), text.size());
    keys.emplace(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return keys;
}

TEST(PodLabels, Groups) {
  kube::load_api_kinds();
  std::string text;
  for (const std::string_view labels :
       {"app: a, tier: x", "app: b, tier: x", "app: c, tier: y", "app: d, tier: y", "tier: y"}) {
    text += "---\napiVersion: v1\nkind: Pod\nmetadata: {name: p" + std::to_string(labels.size()) +
            std::string(labels.substr(5, 1)) + ", namespace: shop, labels: {" +
            std::string(labels) + "}}\nspec: {containers: [{name: a, image: a}]}\n";
  }
  Arena arena;
  const auto source = document::Source::from_text("pods", text);
  std::vector<document::Document> documents;
  std::vector<document::DocumentError> errors;
  for (const document::Slice& slice : document::split(*source)) {
    document::read_slice(*source, slice, arena, {}, documents, errors);
  }
  std::vector<LoadedDocument> loaded;
  for (const document::Document& document : documents) {
    loaded.push_back({.source = source.get(), .root = document.root});
  }
  const Cluster cluster({}, loaded);
  std::vector<const ClusterPeer*> pods;
  for (const auto& peer : cluster.peers()) {
    pods.push_back(peer.get());
  }
  ASSERT_EQ(pods.size(), 5U);
  const Row rows[] = {
      {"app", {0, 1}, false, "app in (a,b)", {}},
      {"app", {0, 1, 2}, false, "(has(app) and app!=d)", {}},
      {"app", {0, 1, 2, 3}, false, "has(app)", {}},
      {"app", {0, 4}, false, "!has(app) or app=a", {}},
      {"app", {0}, false, "", {0}},
      {"app", {0}, true, "app=a", {}},
      {"tier", {0, 1}, false, "tier=x", {}},
      {"tier", {0}, true, "", {0}},  // not all that have the value
      {"tier", {0, 1, 2}, false, "tier=x", {2}},
      {"app,tier", {0, 1, 2}, false, "(has(app) and app!=d)", {}},
      {"app:tier", {0, 1}, false, "app in (a,b) and tier=x", {}},
      {"other", {0, 1}, true, "", {0, 1}},
      {"", {0, 1}, true, "", {0, 1}},
  };
  for (const Row& row : rows) {
    const PodLabels labels(pods, keys_of(row.keys));
    const auto [groups, rest] = labels.group("shop", row.pods, row.with_single);
    std::string found;
    for (const PodLabels::Group& group : groups) {
      found.append(found.empty() ? "" : "; ").append(group.expression);
    }
    EXPECT_EQ(found, row.groups) << row.keys << ", " << row.pods.size() << " pods";
    EXPECT_EQ(rest, row.rest) << row.keys << ", " << row.pods.size() << " pods";
  }
  EXPECT_TRUE(PodLabels(pods, {"app"}).group("bank", {0, 1}, true).first.empty());
}

}  // namespace
}  // namespace tally::reachability::query

#include "cluster_state/state.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>

#include "cluster_state/testing/list_items.hpp"
#include "cluster_state/testing/watched.hpp"
#include "kube/api_kinds.hpp"

namespace tally::cluster_state {
namespace {

using testing::json_of;
using testing::kDeployments;
using testing::kNamespaces;
using testing::kNodes;
using testing::kPods;
using testing::kWidgets;
using testing::put;

// ---------------------------------------------------------------- changes

struct ChangeRow {
  const char* name;
  const char* before;
  const char* after;
  ChangeKind change;
};

const ChangeRow kChanges[] = {
    {"the same", R"({"metadata":{"name":"a"}})", R"({"metadata":{"name":"a"}})",
     ChangeKind::Unchanged},
    {"with its kind", R"({"metadata":{"name":"a"}})",
     R"({"kind":"Pod","apiVersion":"v1","metadata":{"name":"a"}})", ChangeKind::Unchanged},
    {"conditions", R"({"metadata":{"name":"a"},"status":{"phase":"Running","conditions":[1]}})",
     R"({"metadata":{"name":"a"},"status":{"phase":"Running","conditions":[2]}})",
     ChangeKind::Unchanged},
    {"versions", R"({"metadata":{"name":"a","resourceVersion":"1","generation":1}})",
     R"({"metadata":{"name":"a","resourceVersion":"2","generation":2}})", ChangeKind::Unchanged},
    {"managed fields", R"({"metadata":{"name":"a","managedFields":[{"time":"1"}]}})",
     R"({"metadata":{"name":"a","managedFields":[{"time":"2"}]}})", ChangeKind::Unchanged},
    {"phase", R"({"metadata":{"name":"a"},"status":{"phase":"Pending"}})",
     R"({"metadata":{"name":"a"},"status":{"phase":"Running"}})", ChangeKind::Modified},
    {"label", R"({"metadata":{"name":"a","labels":{"x":"1"}}})",
     R"({"metadata":{"name":"a","labels":{"x":"2"}}})", ChangeKind::Modified},
    {"name of a label", R"({"metadata":{"name":"a","labels":{"x":"1"}}})",
     R"({"metadata":{"name":"a","labels":{"y":"1"}}})", ChangeKind::Modified},
    {"number and text", R"({"metadata":{"name":"a"},"spec":{"x":1}})",
     R"({"metadata":{"name":"a"},"spec":{"x":"1"}})", ChangeKind::Modified},
    {"true and false", R"({"metadata":{"name":"a"},"spec":{"x":true}})",
     R"({"metadata":{"name":"a"},"spec":{"x":false}})", ChangeKind::Modified},
    {"null and false", R"({"metadata":{"name":"a"},"spec":{"x":null}})",
     R"({"metadata":{"name":"a"},"spec":{"x":false}})", ChangeKind::Modified},
    {"empty list and empty map", R"({"metadata":{"name":"a"},"spec":[]})",
     R"({"metadata":{"name":"a"},"spec":{}})", ChangeKind::Modified},
    {"list and map", R"({"metadata":{"name":"a"},"spec":[1]})",
     R"({"metadata":{"name":"a"},"spec":{"":1}})", ChangeKind::Modified},
    {"deep", R"({"metadata":{"name":"a"},"spec":{"a":[{"b":[{"c":1}]}]}})",
     R"({"metadata":{"name":"a"},"spec":{"a":[{"b":[{"c":2}]}]}})", ChangeKind::Modified},
};

TEST(State, Changes) {
  for (const ChangeRow& row : kChanges) {
    State state(Options{});
    const std::uint32_t slot = put(state, kPods, row.before).slot;
    const std::string kept = json_of(state.find({.kind = "Pod", .name = "a"})->root);
    const std::uint64_t version = state.version();
    const Change change = put(state, kPods, row.after);
    EXPECT_EQ(change.kind, row.change) << row.name;
    EXPECT_EQ(change.slot, slot) << row.name;
    ASSERT_NE(change.now, nullptr) << row.name;
    const bool modified = row.change == ChangeKind::Modified;
    EXPECT_EQ(state.version(), version + (modified ? 1 : 0)) << row.name;
    EXPECT_EQ(change.before != nullptr, modified) << row.name;
    if (modified) {
      EXPECT_EQ(json_of(change.before->root), kept) << row.name;
      EXPECT_NE(json_of(change.now->root), kept) << row.name;
    }
    EXPECT_EQ(state.memory().objects, 1U) << row.name;
  }
}

TEST(State, RemovedObjectsAndTheirSlots) {
  State state(Options{});
  EXPECT_EQ(put(state, kPods, R"({"metadata":{"name":"a","namespace":"x"}})").slot, 0U);
  EXPECT_EQ(put(state, kPods, R"({"metadata":{"name":"a","namespace":"y"}})").slot, 1U);
  EXPECT_EQ(put(state, kNodes, R"({"metadata":{"name":"a"}})").slot, 2U);
  for (const ObjectKey& absent : {
           ObjectKey{.group = "", .kind = "Pod", .name_space = "z", .name = "a"},
           ObjectKey{.group = "", .kind = "Pod", .name_space = "x", .name = "b"},
           ObjectKey{.group = "apps", .kind = "Pod", .name_space = "x", .name = "a"},
           ObjectKey{.group = "", .kind = "Node", .name_space = "x", .name = "a"},
       }) {
    const Change change = state.remove(absent);
    EXPECT_EQ(change.kind, ChangeKind::Unchanged) << absent.name_space << absent.kind;
    EXPECT_EQ(change.before, nullptr);
    EXPECT_EQ(state.find(absent), nullptr);
  }
  const Change change = state.remove({.kind = "Pod", .name_space = "x", .name = "a"});
  EXPECT_EQ(change.kind, ChangeKind::Removed);
  EXPECT_EQ(change.slot, 0U);
  EXPECT_EQ(change.now, nullptr);
  ASSERT_NE(change.before, nullptr);
  EXPECT_EQ(change.before->ref.name_space, "x");
  EXPECT_EQ(put(state, kNodes, R"({"metadata":{"name":"b"}})").slot, 0U);
  EXPECT_EQ(state.version({"", "Pod"}), 3U);
  EXPECT_EQ(state.version({"", "Node"}), 2U);
  EXPECT_EQ(state.version({"", "Service"}), 0U);
  EXPECT_EQ(state.version(), 5U);
}

// ---------------------------------------------------------------- lists

// "+a ~b =c -d !message"
std::string put_list(State& state, const Resource& resource, std::string_view items) {
  std::string log;
  const auto on_change = [&log](const Change& change) {
    const kube::Object* object = change.now == nullptr ? change.before : change.now;
    log += fmt::format("{}{} ", "=+~-"[static_cast<int>(change.kind)], object -> ref.name);
  };
  const testing::ListItems list(items);
  state.put_items(resource, list.items(), on_change,
                  [&log](const Error& error) { log += "!" + error.message + " "; });
  return log;
}
std::string end_list(State& state, const Resource& resource) {
  std::string log;
  state.end_list(resource, [&log](const Change& change) {
    log += "-" + std::string(change.before->ref.name);
  });
  return log;
}

TEST(State, ListsReplaceWhatWasThere) {
  State state({.object_bytes_max = 1000});
  EXPECT_EQ(put_list(state, kPods, R"([{"metadata":{"name":"a"}},{"metadata":{"name":"b"}},
                                       {"metadata":{"name":"c"}}])"),
            "+a +b +c ");
  EXPECT_EQ(end_list(state, kPods), "");  // none has begun
  put(state, kNodes, R"({"metadata":{"name":"a"}})");

  state.begin_list(kPods);
  EXPECT_EQ(put_list(state, kPods, R"([{"metadata":{"name":"a"}}])"), "=a ");
  EXPECT_EQ(put_list(state, kPods, "[]"), "");
  // It breaks off; nothing is gone.
  state.begin_list(kPods);
  EXPECT_EQ(put_list(state, kPods, R"([{"metadata":{"name":"c"},"spec":1},
                                       {"metadata":{"name":"d"}}])"),
            "~c +d ");
  EXPECT_EQ(end_list(state, kPods), "-a-b");
  EXPECT_EQ(end_list(state, kPods), "");
  EXPECT_EQ(state.memory().objects, 3U);

  // What cannot be read is there nonetheless.
  state.begin_list(kPods);
  EXPECT_EQ(put_list(state, kPods,
                     R"([7,{"metadata":{"name":"d"},"spec":")" + std::string(1000, 'x') + R"("}])"),
            "!found a number, expected a map with metadata "
            "!d: the object takes more than 1000 bytes ");
  EXPECT_EQ(end_list(state, kPods), "-c");

  std::string log;
  state.drop({"", "Pod"}, [&log](const Change& change) { log += change.before->ref.name; });
  state.drop({"", "Secret"}, [&log](const Change&) { log += "?"; });
  EXPECT_EQ(log, "d");
  EXPECT_NE(state.find({.kind = "Node", .name = "a"}), nullptr);
}

// ---------------------------------------------------------------- objects as engines see them

TEST(State, ObjectsHaveASourceAndAKind) {
  State state(Options{});
  const kube::Object deployment =
      *put(state, kDeployments, R"({"metadata":{"name":"a","namespace":"n"}})").now;
  EXPECT_EQ(deployment.source->name(), "cluster:apps/v1/deployments");
  EXPECT_EQ(deployment.source->text(), "");
  EXPECT_EQ(deployment.source->position(0), (Position{1, 1}));
  EXPECT_EQ(deployment.root.find("metadata")->offset(), 0U);
  EXPECT_EQ(deployment.metadata.key_offset(1), 0U);
  EXPECT_EQ(deployment.kind, kube::find_kind("apps", "v1", "Deployment"));
  EXPECT_EQ(put(state, kWidgets, R"({"metadata":{"name":"a"}})").now->kind, nullptr);
}

TEST(State, NamesThatAreInternedLaterAreFound) {
  State state(Options{});
  const char* json = R"({"metadata":{"name":"a"},"spec":{"internedAfterItWasRead":1,"other":2}})";
  put(state, kWidgets, json);
  const document::Name name{"internedAfterItWasRead"};
  ASSERT_NE(name.symbol(), document::kNoSymbol);
  const ObjectKey key{.group = "example.com", .kind = "Widget", .name = "a"};
  const document::Node spec = *state.find(key)->root.find("spec");
  EXPECT_EQ(spec.items()[0].key_symbol(), document::kNoSymbol);
  ASSERT_NE(spec.find(name), nullptr);
  EXPECT_EQ(spec.find(name)->integer(), 1);
  // The key has a symbol now, but the object is the one that is there, and shares its block.
  EXPECT_EQ(put(state, kWidgets, json).kind, ChangeKind::Unchanged);
  const Change other = put(
      state, kWidgets,
      R"({"metadata":{"name":"b"},"x":{"internedAfterItWasRead":1,"other":2},"y":{"internedAfterItWasRead":2}})");
  EXPECT_EQ(other.now->root.find("x")->items().data(), spec.items().data());
  EXPECT_EQ(other.now->root.find("x")->find(name)->integer(), 1);
  EXPECT_EQ(other.now->root.find("y")->find(name)->integer(), 2);
}

TEST(State, SnapshotsAreInOrderAndOfTheKindsThatWereAskedFor) {
  State state(Options{});
  put(state, kPods, R"({"metadata":{"name":"b","namespace":"x"}})");
  put(state, kDeployments, R"({"metadata":{"name":"z","namespace":"x"}})");
  put(state, kPods, R"({"metadata":{"name":"a","namespace":"y"}})");
  put(state, kPods, R"({"metadata":{"name":"a","namespace":"x"}})");
  put(state, kNamespaces, R"({"metadata":{"name":"x"}})");
  const auto names = [](const kube::Snapshot& snapshot) {
    std::string text;
    for (const kube::Object& object : snapshot.objects()) {
      text += object.ref.to_string() + ",";
    }
    return text;
  };
  EXPECT_EQ(names(*state.snapshot()), "Namespace x,Pod x/a,Pod x/b,Pod y/a,Deployment x/z,");
  const KindName kinds[] = {
      {"apps", "Deployment"}, {"", "Secret"}, {"", "Namespace"}, {"apps", "Deployment"}};
  EXPECT_EQ(names(*state.snapshot(kinds)), "Namespace x,Deployment x/z,");
  EXPECT_EQ(names(*state.snapshot(std::span<const KindName>{})), "");
  const auto snapshot = state.snapshot();
  EXPECT_EQ(snapshot->find("", "Pod", "y", "a")->ref.name_space, "y");
  EXPECT_EQ(snapshot->by_kind("", "Pod").size(), 3U);
  EXPECT_EQ(snapshot->namespaces().size(), 2U);
}

TEST(State, SnapshotsKnowCustomKinds) {
  State state(Options{});
  constexpr Resource kDefinitions{.group = "apiextensions.k8s.io",
                                  .version = "v1",
                                  .kind = "CustomResourceDefinition",
                                  .plural = "customresourcedefinitions"};
  put(state, kDefinitions,
      R"({"metadata":{"name":"widgets.example.com"},"spec":{"group":"example.com",)"
      R"("names":{"kind":"Widget","plural":"widgetry"},"scope":"Cluster",)"
      R"("versions":[{"name":"v1beta1","served":true,"storage":true}]}})");
  put(state, kWidgets, R"({"metadata":{"name":"a"}})");
  const auto definitions = state.snapshot();
  kube::CustomKinds kinds;
  kinds.add(definitions->objects());
  const auto snapshot = state.snapshot(&kinds);
  const kube::Object* widget = snapshot->find("example.com", "Widget", "", "a");
  ASSERT_NE(widget, nullptr);
  ASSERT_NE(widget->kind, nullptr);
  EXPECT_EQ(widget->kind->plural, "widgetry");
  EXPECT_EQ(definitions->find("example.com", "Widget", "", "a")->kind, nullptr);
}

}  // namespace
}  // namespace tally::cluster_state

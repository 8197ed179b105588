// What is kept of an object, and which objects are refused.
#include <gtest/gtest.h>

#include <string>

#include "cluster_state/state.hpp"
#include "cluster_state/testing/watched.hpp"

namespace tally::cluster_state {
namespace {

using testing::json_of;
using testing::kDeployments;
using testing::kNamespaces;
using testing::kNodes;
using testing::kPods;
using testing::kServices;
using testing::kWidgets;
using testing::put;

// ---------------------------------------------------------------- what is kept

struct KeptRow {
  const char* name;
  Resource resource;
  const char* json;
  const char* kept;
};

const KeptRow kKept[] = {
    {"watch event", kPods,
     R"({"kind":"Pod","apiVersion":"v1","metadata":{"name":"a","namespace":"n"},"spec":{}})",
     R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":"a","namespace":"n"},"spec":{}})"},
    {"item of a list", kDeployments, R"({"metadata":{"name":"a"},"spec":{"replicas":3}})",
     R"({"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"a"},"spec":{"replicas":3}})"},
    {"only kind is named", kDeployments, R"({"kind":"Deployment","metadata":{"name":"a"}})",
     R"({"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"a"}})"},
    {"metadata", kWidgets,
     R"({"metadata":{"name":"a","uid":"u","resourceVersion":"7","generation":2,"selfLink":"/",)"
     R"("managedFields":[{"manager":"m"}],"labels":{"resourceVersion":"kept"},)"
     R"("annotations":{"x":"y","kubectl.kubernetes.io/last-applied-configuration":"{}"}}})",
     R"({"apiVersion":"example.com/v1beta1","kind":"Widget","metadata":{"name":"a","uid":"u",)"
     R"("labels":{"resourceVersion":"kept"},"annotations":{"x":"y"}}})"},
    {"the last annotation", kWidgets,
     R"({"metadata":{"name":"a","annotations":{"kubectl.kubernetes.io/last-applied-configuration":"{}"}}})",
     R"({"apiVersion":"example.com/v1beta1","kind":"Widget","metadata":{"name":"a","annotations":{}}})"},
    {"annotations of another kind", kWidgets, R"({"metadata":{"name":"a","annotations":["x"]}})",
     R"({"apiVersion":"example.com/v1beta1","kind":"Widget","metadata":{"name":"a","annotations":["x"]}})"},
    {"names elsewhere", kWidgets,
     R"({"metadata":{"name":"a"},"managedFields":[1],"spec":{"status":{"a":1},"generation":1}})",
     R"({"apiVersion":"example.com/v1beta1","kind":"Widget","metadata":{"name":"a"},)"
     R"("managedFields":[1],"spec":{"status":{"a":1},"generation":1}})"},
    {"status of a pod", kPods,
     R"({"metadata":{"name":"a"},"status":{"phase":"Running","conditions":[{}],"hostIP":"10.0.0.1",)"
     R"("hostIPs":[{"ip":"10.0.0.1"}],"podIP":"10.1.0.1","podIPs":[{"ip":"10.1.0.1"}],)"
     R"("startTime":"t","containerStatuses":[{"name":"c"}],"qosClass":"Burstable"}})",
     R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"},"status":{"phase":"Running",)"
     R"("hostIP":"10.0.0.1","hostIPs":[{"ip":"10.0.0.1"}],"podIP":"10.1.0.1",)"
     R"("podIPs":[{"ip":"10.1.0.1"}]}})"},
    {"status of a node", kNodes,
     R"({"metadata":{"name":"a"},"status":{"addresses":[{"address":"10.0.0.1"}],"images":[{}]}})",
     R"({"apiVersion":"v1","kind":"Node","metadata":{"name":"a"},)"
     R"("status":{"addresses":[{"address":"10.0.0.1"}]}})"},
    {"status of a namespace", kNamespaces,
     R"({"metadata":{"name":"a"},"status":{"phase":"Active","x":1}})",
     R"({"apiVersion":"v1","kind":"Namespace","metadata":{"name":"a"},"status":{"phase":"Active"}})"},
    {"status of a service", kServices, R"({"metadata":{"name":"a"},"status":{"loadBalancer":{}}})",
     R"({"apiVersion":"v1","kind":"Service","metadata":{"name":"a"},"status":{"loadBalancer":{}}})"},
    {"status of another kind", kDeployments, R"({"metadata":{"name":"a"},"status":{"replicas":3}})",
     R"({"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"a"}})"},
    {"a status that is no map", kPods, R"({"metadata":{"name":"a"},"status":[1]})",
     R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"}})"},
    {"every kind of value", kWidgets,
     R"({"metadata":{"name":"a"},"spec":{"":[null,true,false,-1.50e3,"",{},[],"A\n"],"k\t":0}})",
     R"({"apiVersion":"example.com/v1beta1","kind":"Widget","metadata":{"name":"a"},)"
     R"("spec":{"":[null,true,false,-1.50e3,"",{},[],"A\n"],"k\t":0}})"},
    {"one empty key", kWidgets, R"({"metadata":{"name":"a"},"a":{"":1},"b":[1],"c":{"":1}})",
     R"({"apiVersion":"example.com/v1beta1","kind":"Widget","metadata":{"name":"a"},)"
     R"("a":{"":1},"b":[1],"c":{"":1}})"},
    {"keys that add up to the same text", kWidgets,
     R"({"metadata":{"name":"a"},"a":{"ab":1,"c":2},"b":{"a":1,"bc":2},"c":{"abc":1}})",
     R"({"apiVersion":"example.com/v1beta1","kind":"Widget","metadata":{"name":"a"},)"
     R"("a":{"ab":1,"c":2},"b":{"a":1,"bc":2},"c":{"abc":1}})"},
};

TEST(State, WhatIsKept) {
  for (const KeptRow& row : kKept) {
    State state(Options{});
    const Change change = put(state, row.resource, row.json);
    ASSERT_NE(change.now, nullptr) << row.name;
    EXPECT_EQ(change.kind, ChangeKind::Added) << row.name;
    EXPECT_EQ(json_of(change.now->root), row.kept) << row.name;
    EXPECT_EQ(change.now->ref.name, "a") << row.name;
    EXPECT_EQ(change.now->ref.kind, row.resource.kind) << row.name;
    EXPECT_EQ(change.now->ref.group, row.resource.group) << row.name;
  }
}

TEST(State, LongKeys) {
  const std::string key(70'000, 'k');
  const std::string json = R"({"metadata":{"name":"a"},"data":{")" + key + R"(":1,"b":2}})";
  State state(Options{});
  const Change change = put(state, kWidgets, json);
  ASSERT_NE(change.now, nullptr);
  EXPECT_EQ(json_of(*change.now->root.find("data")), "{\"" + key + "\":1,\"b\":2}");
  EXPECT_EQ(state.remove({.group = "example.com", .kind = "Widget", .name = "a"}).kind,
            ChangeKind::Removed);
  state.collect();
  EXPECT_EQ(state.memory().blocks, 0U);
}

TEST(State, WholeStatusOfKindsThatPoliciesRead) {
  State state({.whole_status = {{"apps", "Deployment"}}});
  const char* deployment = R"({"metadata":{"name":"a"},"status":{"replicas":3}})";
  EXPECT_NE(put(state, kDeployments, deployment).now->root.find("status"), nullptr);
  const char* pod = R"({"metadata":{"name":"a"},"status":{"startTime":"t"}})";
  EXPECT_EQ(json_of(*put(state, kPods, pod).now->root.find("status")), "{}");
  EXPECT_FALSE(state.keep_status({"apps", "Deployment"}));
  EXPECT_TRUE(state.keep_status({"", "Pod"}));
  EXPECT_FALSE(state.keep_status({"", "Pod"}));
  const Change again = put(state, kPods, pod);
  EXPECT_EQ(again.kind, ChangeKind::Modified);
  EXPECT_EQ(json_of(*again.now->root.find("status")), R"({"startTime":"t"})");
  // A kind that comes later.
  EXPECT_TRUE(state.keep_status({"example.com", "Widget"}));
  EXPECT_NE(put(state, kWidgets, deployment).now->root.find("status"), nullptr);
}

// ---------------------------------------------------------------- what is refused

struct RefusedRow {
  const char* name;
  std::string json;
  std::string error;  // begins with
};

TEST(State, RefusedObjectsLeaveTheStateAsItWas) {
  const std::string deep = std::string(600, '[') + std::string(600, ']');
  const std::string wide = "\"" + std::string(3000, 'x') + "\"";
  std::string many = "0";
  for (int i = 0; i < 200; ++i) {
    many += ",0";
  }
  const std::string pods = "cluster:v1/pods";
  const RefusedRow rows[] = {
      {"empty", "", pods + ":1:1: found the end"},
      {"no JSON", "metadata: {name: a}", pods + ":1:1: found"},
      {"two", R"({"metadata":{"name":"a"}} {})", pods + ":1:27: found more text"},
      {"broken", R"({"metadata":{"name":"a")", pods + ":1:24: "},
      {"a list", "[]", pods + ": found a list, expected a map with metadata"},
      {"a text", "\"a\"", pods + ": found a string, expected a map with metadata"},
      {"no metadata", "{}", pods + ": metadata.name: found nothing, expected a name"},
      {"metadata is no map", R"({"metadata":["name"]})", pods + ": metadata.name: found nothing"},
      {"no name", R"({"metadata":{"namespace":"n"}})", pods + ": metadata.name: found nothing"},
      {"empty name", R"({"metadata":{"name":""}})", pods + R"(: metadata.name: found "")"},
      {"name is a number", R"({"metadata":{"name":1}})", pods + ": metadata.name: found a number"},
      {"namespace is a map", R"({"metadata":{"name":"a","namespace":{}}})",
       pods + ": metadata.namespace of a: found a map, expected a name"},
      {"another kind", R"({"kind":"Secret","metadata":{"name":"a"}})",
       pods + R"(: kind: found "Secret", expected "Pod")"},
      {"another version", R"({"apiVersion":"v2","metadata":{"name":"a"}})",
       pods + R"(: apiVersion: found "v2", expected "v1")"},
      {"kind is null", R"({"kind":null,"metadata":{"name":"a"}})", pods + ": kind: found a null"},
      {"a key twice", R"({"metadata":{"name":"a","name":"b"}})", pods + ":1:25: "},
      {"deep", R"({"metadata":{"name":"a"},"spec":)" + deep + "}", pods + ":1:"},
      {"long text", R"({"metadata":{"name":"a"},"spec":)" + wide + "}",
       pods + ": found an object of 3035 bytes, expected 3000 at most"},
      {"many values", R"({"metadata":{"name":"a","namespace":"n"},"spec":[)" + many + "]}",
       pods + ": n/a: the object takes more than 3000 bytes"},
  };
  for (const RefusedRow& row : rows) {
    State state({.object_bytes_max = 3000});
    put(state, kPods, R"({"metadata":{"name":"a"},"spec":{"kept":true}})");
    put(state, kPods, R"({"metadata":{"name":"a","namespace":"n"},"spec":{"kept":true}})");
    const Memory before = state.memory();
    const auto change = state.put_json(kPods, row.json);
    ASSERT_FALSE(change) << row.name;
    EXPECT_TRUE(change.error().to_string().starts_with(row.error))
        << row.name << ": " << change.error().to_string();
    const Memory after = state.memory();
    EXPECT_EQ(after.bytes, before.bytes) << row.name;
    EXPECT_EQ(after.texts, before.texts) << row.name;
    EXPECT_EQ(state.version(), 2U) << row.name;
    EXPECT_NE(state.find({.kind = "Pod", .name = "a"})->root.find("spec")->find("kept"), nullptr);
  }
}

TEST(State, LimitOfBytes) {
  const auto put_list = [](std::size_t items) {
    State state({.object_bytes_max = 3000});
    std::string json = R"({"metadata":{"name":"a"},"spec":[0)";
    for (std::size_t i = 1; i < items; ++i) {
      json += ",0";
    }
    return state.put_json(kPods, json + "]}").has_value();
  };
  // 24 bytes for each value, and those of texts and keys: the root, metadata, name and spec take
  // 117.
  EXPECT_TRUE(put_list(115));
  EXPECT_FALSE(put_list(116));
}

TEST(State, LimitOfObjects) {
  State state({.objects_max = 2});
  put(state, kPods, R"({"metadata":{"name":"a"}})");
  put(state, kNodes, R"({"metadata":{"name":"b"}})");
  const auto refused = state.put_json(kPods, R"({"metadata":{"name":"c"}})");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::Limit);
  EXPECT_EQ(refused.error().to_string(), "cluster:v1/pods: c: there are 2 objects already");
  EXPECT_EQ(put(state, kPods, R"({"metadata":{"name":"a"},"spec":{}})").kind, ChangeKind::Modified);
  state.remove({.kind = "Node", .name = "b"});
  EXPECT_EQ(put(state, kPods, R"({"metadata":{"name":"c"}})").kind, ChangeKind::Added);
}

}  // namespace
}  // namespace tally::cluster_state

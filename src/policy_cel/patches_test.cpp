// JSON Patch and apply configurations: tables of document, change, and result or problem.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "document/json_writer.hpp"
#include "document/read.hpp"
#include "policy_cel/apply_configuration.hpp"
#include "policy_cel/json_patch.hpp"

namespace tally::policy_cel {
namespace {

using document::Node;

class Reader {
 public:
  Node read(const std::string& text) {
    sources_.push_back(document::Source::from_text("test", text));
    auto node = document::read_one(*sources_.back(), arena);
    EXPECT_TRUE(node.has_value()) << text;
    return node.value_or(Node{});
  }
  Arena arena;

 private:
  std::vector<std::shared_ptr<const document::Source>> sources_;
};

std::string json(const Node& node) {
  std::string out;
  document::append_json(out, node);
  return out;
}

struct PatchRow {
  const char* name;
  const char* document;
  const char* patch;  // [[op, path, from, value]]
  const char* result;
  const char* problem;
};

constexpr PatchRow kPatches[] = {
    {"add a member", R"({"a":1})", R"([["add","/b","",2]])", R"({"a":1,"b":2})", ""},
    {"add in place", R"({"a":1,"b":2})", R"([["add","/a","",3]])", R"({"a":3,"b":2})", ""},
    {"add to a list", R"({"l":[1,3]})", R"([["add","/l/1","",2]])", R"({"l":[1,2,3]})", ""},
    {"append", R"({"l":[1]})", R"([["add","/l/-","",2]])", R"({"l":[1,2]})", ""},
    {"negative index", R"({"l":[1,2]})", R"([["add","/l/-1","",9]])", R"({"l":[1,2,9]})", ""},
    {"escapes", R"({"a/b":{"c~d":1}})", R"([["replace","/a~1b/c~0d","",2]])",
     R"({"a/b":{"c~d":2}})", ""},
    {"remove", R"({"a":1,"l":[1,2,3]})", R"([["remove","/a","",null],["remove","/l/1","",null]])",
     R"({"l":[1,3]})", ""},
    {"replace adds to a map", R"({})", R"([["replace","/x","",1]])", R"({"x":1})", ""},
    {"replace the whole", R"({"a":1})", R"([["replace","","",{"b":2}]])", R"({"b":2})", ""},
    {"move", R"({"a":1,"b":{}})", R"([["move","/b/c","/a",null]])", R"({"b":{"c":1}})", ""},
    {"copy", R"({"a":[1]})", R"([["copy","/b","/a",null]])", R"({"a":[1],"b":[1]})", ""},
    {"copy of nothing is null", R"({})", R"([["copy","/b","/a",null]])", R"({"b":null})", ""},
    {"test", R"({"a":{"x":1.0}})", R"([["test","/a","",{"x":1}]])", R"({"a":{"x":1.0}})", ""},
    {"no operations", R"({"a":1})", R"([])", R"({"a":1})", ""},
    {"no such place", R"({})", R"([["add","/a/b","",1]])", "",
     R"(add operation does not apply: doc is missing path: "/a/b": missing value)"},
    {"no path", R"({})", R"([["add","","",1]])", "",
     R"(add operation does not apply: doc is missing path: "": missing value)"},
    {"remove what is not there", R"({})", R"([["remove","/a","",null]])", "",
     "error in remove for path: '/a': Unable to remove nonexistent key: a: missing value"},
    {"index too big", R"({"l":[1]})", R"([["add","/l/5","",1]])", "",
     "error in add for path: '/l/5': Unable to access invalid index: 5: invalid index referenced"},
    {"no index", R"({"l":[1]})", R"([["add","/l/x","",1]])", "",
     "error in add for path: '/l/x': value was not a proper array index: 'x': strconv.Atoi: "
     "parsing "
     "\"x\": invalid syntax"},
    {"replace beyond a list", R"({"l":[1]})", R"([["replace","/l/3","",1]])", "",
     "replace operation does not apply: doc is missing key: /l/3: missing value"},
    {"through a scalar", R"({"a":1})", R"([["add","/a/b","",1]])", "",
     R"(add operation does not apply: doc is missing path: "/a/b": missing value)"},
    {"failed test", R"({"a":1})", R"([["test","/a","",2]])", "",
     "testing value /a failed: test failed"},
    {"move of nothing", R"({})", R"([["move","/b","/a",null]])", "",
     "error in move for path: 'a': Unable to remove nonexistent key: a: missing value"},
    {"unknown operation", R"({})", R"([["merge","/a","",1]])", "", "Unexpected kind: merge"},
    {"replace the whole by a scalar", R"({"a":1})", R"([["replace","","",1]])", "",
     "replace operation value must be object or array"},
};

TEST(JsonPatch, Table) {
  for (const PatchRow& row : kPatches) {
    SCOPED_TRACE(row.name);
    Reader reader;
    const Node document = reader.read(row.document);
    std::vector<PatchOperation> operations;
    const Node patch = reader.read(row.patch);
    for (const Node& one : patch.items()) {
      operations.push_back({.op = one.items()[0].text(),
                            .path = one.items()[1].text(),
                            .from = one.items()[2].text(),
                            .value = one.items()[3]});
    }
    const auto result = apply_json_patch(reader.arena, document, operations);
    EXPECT_EQ(result.has_value() ? json(*result) : "", row.result);
    EXPECT_EQ(result.has_value() ? "" : result.error().message, row.problem);
  }
}

TEST(JsonPatch, CopiesNoMoreThanItsLimit) {
  Reader reader;
  const Node document = reader.read(R"({"l":[1,2,3,4,5,6,7,8]})");
  const std::vector<PatchOperation> operations(
      2, {.op = "add", .path = "/l/-", .from = {}, .value = {}});
  EXPECT_TRUE(apply_json_patch(reader.arena, document, operations, {.nodes = 21}).has_value());
  EXPECT_FALSE(apply_json_patch(reader.arena, document, operations, {.nodes = 20}).has_value());
}

struct ApplyRow {
  const char* name;
  const char* object;
  const char* configuration;
  const char* result;
  const char* problem;
};

constexpr ApplyRow kApplied[] = {
    {"map", R"({"metadata":{"labels":{"a":"1"}}})", R"({"metadata":{"labels":{"b":"2"}}})",
     R"({"metadata":{"labels":{"a":"1","b":"2"}}})", ""},
    {"scalar", R"({"spec":{"priority":1}})", R"({"spec":{"priority":2}})",
     R"({"spec":{"priority":2}})", ""},
    {"list by key", R"({"spec":{"containers":[{"name":"a","image":"x"},{"name":"b"}]}})",
     R"({"spec":{"containers":[{"name":"b","image":"y"}]}})",
     R"({"spec":{"containers":[{"name":"a","image":"x"},{"name":"b","image":"y"}]}})", ""},
    {"new element behind", R"({"spec":{"containers":[{"name":"a"}]}})",
     R"({"spec":{"containers":[{"name":"b"}]}})",
     R"({"spec":{"containers":[{"name":"a"},{"name":"b"}]}})", ""},
    {"order of the configuration", R"({"spec":{"containers":[{"name":"a"},{"name":"b"}]}})",
     R"({"spec":{"containers":[{"name":"b"},{"name":"a"}]}})",
     R"({"spec":{"containers":[{"name":"b"},{"name":"a"}]}})", ""},
    {"set", R"({"metadata":{"finalizers":["a/x"]}})",
     R"({"metadata":{"finalizers":["a/x","b/y"]}})", R"({"metadata":{"finalizers":["a/x","b/y"]}})",
     ""},
    {"key with a default",
     R"({"spec":{"containers":[{"name":"a","ports":[{"containerPort":80}]}]}})",
     R"({"spec":{"containers":[{"name":"a","ports":[{"containerPort":80,"protocol":"TCP","name":"w"}]}]}})",
     R"({"spec":{"containers":[{"name":"a","ports":[{"containerPort":80,"protocol":"TCP","name":"w"}]}]}})",
     ""},
    {"empty", R"({"spec":{}})", R"({})", R"({"spec":{}})", ""},
    {"unknown field", R"({"spec":{}})", R"({"spec":{"nothing":1}})", "",
     "failed to convert patch object to typed object: .spec.nothing: field not declared in schema"},
    {"wrong type", R"({"spec":{}})", R"({"spec":{"priority":"x"}})", "",
     "failed to convert patch object to typed object: .spec.priority: expected numeric (int or "
     "float), got string"},
    {"atomic list", R"({"spec":{"containers":[{"name":"a"}]}})",
     R"({"spec":{"containers":[{"name":"a","args":["x"]}]}})", "",
     "invalid ApplyConfiguration: may not mutate atomic arrays, maps or structs: "
     ".spec.containers[0].args"},
    {"atomic map", R"({"spec":{}})", R"({"spec":{"nodeSelector":{"a":"b"}}})", "",
     "invalid ApplyConfiguration: may not mutate atomic arrays, maps or structs: "
     ".spec.nodeSelector"},
    {"repeated key", R"({"spec":{}})", R"({"spec":{"containers":[{"name":"a"},{"name":"a"}]}})", "",
     "failed to convert patch object to typed object: .spec.containers: duplicate entries for key "
     "[name=\"a\"]"},
};

TEST(ApplyConfiguration, Table) {
  kube::load_api_kinds();
  const kube::ApiKind* pod = kube::find_kind("", "v1", "Pod");
  ASSERT_NE(pod, nullptr);
  for (const ApplyRow& row : kApplied) {
    SCOPED_TRACE(row.name);
    Reader reader;
    const auto result = apply_configuration(reader.arena, reader.read(row.object),
                                            reader.read(row.configuration), SchemaType{*pod});
    EXPECT_EQ(result.has_value() ? json(*result) : "", row.result);
    EXPECT_EQ(result.has_value() ? "" : result.error(), row.problem);
  }
}

constexpr ApplyRow kAsWritten[] = {
    {"fits", R"({"spec":{"containers":[{"name":"a"}]}})", R"({"spec":{"priority":1}})",
     R"({"spec":{"containers":[{"name":"a"}],"priority":1}})", ""},
    {"repeated keys stay", R"({"spec":{"containers":[{"name":"a"},{"name":"a","image":"x"}]}})",
     R"({"spec":{"priority":1}})",
     R"({"spec":{"containers":[{"name":"a"},{"name":"a","image":"x"}],"priority":1}})", ""},
    {"repeated keys are replaced, not merged",
     R"({"spec":{"containers":[{"name":"a","image":"x"},{"name":"a","image":"y"}]}})",
     R"({"spec":{"containers":[{"name":"a","tty":true}]}})",
     R"({"spec":{"containers":[{"name":"a","tty":true}]}})", ""},
    {"null is an empty map", R"({"metadata":{"labels":{"a":"1"}}})", R"({"metadata":null})",
     R"({"metadata":{"labels":{"a":"1"}}})", ""},
    {"undeclared", R"({"spec":{"kind":"x"}})", R"({})", "",
     "failed to convert original object to typed object: .spec.kind: field not declared in schema"},
    {"undeclared in an element", R"({"spec":{"volumes":[{"name":"v","hostPath":{"a":1}}]}})",
     R"({})", "",
     "failed to convert original object to typed object: "
     ".spec.volumes[name=\"v\"].hostPath.a: field not declared in schema"},
    {"no map", R"({"spec":""})", R"({})", "",
     "failed to convert original object to typed object: .spec: expected map, got &{}"},
    {"no list", R"({"spec":{"containers":1}})", R"({})", "",
     "failed to convert original object to typed object: .spec.containers: expected list, got "
     "&{1}"},
    {"no text", R"({"metadata":{"labels":{"a":["b",{"c":null}]}}})", R"({})", "",
     "failed to convert original object to typed object: .metadata.labels.a: expected string, got "
     "&value.valueUnstructured{Value:[]interface {}{\"b\", map[string]interface "
     "{}{\"c\":interface {}(nil)}}}"},
    {"no number", R"({"spec":{"priority":true}})", R"({})", "",
     "failed to convert original object to typed object: .spec.priority: expected numeric (int or "
     "float), got bool"},
    {"no bool", R"({"spec":{"hostPID":"a"}})", R"({})", "",
     "failed to convert original object to typed object: .spec.hostPID: expected boolean, got "
     "&{a}"},
    {"a key that is absent is empty", R"({"spec":{"containers":[{"image":"a"}]}})",
     R"({"spec":{"containers":[{"name":"","tty":true}]}})",
     R"({"spec":{"containers":[{"image":"a","name":"","tty":true}]}})", ""},
    {"no map in a list by key", R"({"spec":{"containers":[1]}})", R"({})", "",
     "failed to convert original object to typed object: .spec.containers: element 0: associative "
     "list with keys may not have non-map elements"},
    {"no element", R"({"spec":{"containers":[null]}})", R"({})", "",
     "failed to convert original object to typed object: .spec.containers: element 0: associative "
     "list with keys may not have a null element"},
    {"several", R"({"spec":{"hostPID":1,"hostIPC":"b"}})", R"({})", "",
     "failed to convert original object to typed object: errors:\n"
     "  .spec.hostPID: expected boolean, got &{1}\n"
     "  .spec.hostIPC: expected boolean, got &{b}"},
};

TEST(ApplyConfiguration, OfAnObjectAsItWasWritten) {
  kube::load_api_kinds();
  const kube::ApiKind* pod = kube::find_kind("", "v1", "Pod");
  ASSERT_NE(pod, nullptr);
  for (const ApplyRow& row : kAsWritten) {
    SCOPED_TRACE(row.name);
    Reader reader;
    const auto result =
        apply_configuration(reader.arena, reader.read(row.object), reader.read(row.configuration),
                            SchemaType{*pod}, Atomics::Refused, Original::AsWritten);
    EXPECT_EQ(result.has_value() ? json(*result) : "", row.result);
    EXPECT_EQ(result.has_value() ? "" : result.error(), row.problem);
  }
}

}  // namespace
}  // namespace tally::policy_cel

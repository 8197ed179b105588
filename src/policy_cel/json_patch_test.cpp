// JSON patches in Kyverno's dialect: tables of document, patch, and result or problem. What
// upstream answers to each row was checked with Kyverno 1.19.1. The API server's dialect:
// patches_test.cpp.
#include "policy_cel/json_patch.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "document/json_writer.hpp"
#include "document/read.hpp"

namespace tally::policy_cel {
namespace {

using document::Node;

class Reader {
 public:
  Node read(std::string_view text) {
    sources_.push_back(document::Source::from_text("test", text));
    auto node = document::read_one(*sources_.back(), arena);
    EXPECT_TRUE(node.has_value()) << text;
    return node.value_or(Node{});
  }
  Arena arena;

 private:
  std::vector<std::shared_ptr<const document::Source>> sources_;
};

struct Row {
  std::string_view document;
  std::string_view patch;
  std::string_view result;
  std::string_view problem;
};

constexpr Row kRows[] = {
    {"{a: 1}", "[{op: add, path: /b, value: 2}]", R"({"a":1,"b":2})", ""},
    {"{}", "[{op: add, path: /a/b/c, value: 1}]", R"({"a":{"b":{"c":1}}})", ""},
    {"{a: null}", "[{op: add, path: /a/b, value: 1}]", R"({"a":{"b":1}})", ""},
    {"{}", "[{op: add, path: /l/-, value: 1}]", R"({"l":[1]})", ""},
    {"{}", "[{op: add, path: /l/2, value: 1}]", R"({"l":[null,null,1]})", ""},
    {"{}", "[{op: add, path: /l/0/name, value: x}]", R"({"l":[{"name":"x"}]})", ""},
    {"{l: [1]}", "[{op: add, path: /l/3/x, value: 2}]", R"({"l":[1,null,null,{"x":2}]})", ""},
    {"{l: [1, 2]}", "[{op: add, path: /l/-1, value: 3}]", R"({"l":[1,2,3]})", ""},
    {"{a: 1}", "[{op: add, path: '', value: {b: 1}}]", R"({"b":1})", ""},
    {"{a: 1}", "[{op: add, path: /, value: 2}]", R"({"":2,"a":1})", ""},
    {"{a: 1}", "[{op: remove, path: /b}]", R"({"a":1})", ""},
    {"{a: 1}", "[{op: remove, path: /b/c/d}]", R"({"a":1})", ""},
    {"{l: [1]}", "[{op: remove, path: /l/5}, {op: remove, path: /l/-4}]", R"({"l":[1]})", ""},
    {"{a: {b: 1}}", "[{op: move, from: /a/b, path: /c}]", R"({"a":{},"c":1})", ""},
    {"{a: 1}", "[{op: copy, from: /a, path: /b}]", R"({"a":1,"b":1})", ""},
    {"{a: 1}", "[{op: test, path: /b}, {op: replace, path: /a, value: 2}]", R"({"a":2})", ""},
    {"{a/b: 1}", "[{op: replace, path: /a~1b, value: 2}]", R"({"a/b":2})", ""},
    // Refused.
    {"{}", "[{op: replace, path: /a, value: 1}]", "",
     "replace operation does not apply: doc is missing key: /a: missing value"},
    {"{}", "[{op: move, from: /a, path: /b}]", "",
     "error in move for path: 'a': unable to get nonexistent key: a: missing value"},
    {"{}", "[{op: move, from: '', path: /b}]", "",
     "unable to move entire document to another path: invalid state detected"},
    {"{}", "[{op: copy, from: /a, path: /b}]", "",
     "error in copy for from: '/a': unable to get nonexistent key: a: missing value"},
    {"{}", "[{op: copy, from: /a/b, path: /b}]", "",
     "copy operation does not apply: doc is missing from path: \"/a/b\": missing value"},
    {"{a: 1}", "[{op: add, path: /a/b, value: 1}]", "", "invalid state detected"},
    {"{l: [1]}", "[{op: add, path: /l/x/y, value: 1}]", "",
     "add operation does not apply: doc is missing path: \"/l/x/y\": missing value"},
    {"{a: 1}", "[{op: add, path: /a/b/c, value: 1}]", "", "invalid state detected"},
    {"{}", "[{op: add, path: /l/-2, value: 1}]", "",
     "Unable to ensure path for negative index other than -1: -2: invalid index referenced"},
    {"{}", "[{op: add, path: /a~1b/c, value: 1}]", "",
     "add operation does not apply: doc is missing path: \"/a~1b/c\": missing value"},
    {"{l: [1]}", "[{op: add, path: /l/5, value: 1}]", "",
     "error in add for path: '/l/5': Unable to access invalid index: 5: invalid index referenced"},
    {"{l: [1]}", "[{op: remove, path: /l/x}]", "",
     "error in remove for path: '/l/x': strconv.Atoi: parsing \"x\": invalid syntax"},
    {"{a: 1}", "[{op: test, path: /a, value: 2}]", "", "testing value /a failed: test failed"},
    {"{}", "[{op: merge, path: /a}]", "",
     R"(invalid operation {"op":"merge","path":"/a"}: unsupported operation)"},
    {"{}", "[{op: add, path: /a}]", "",
     R"(invalid operation {"op":"add","path":"/a"}: failed to decode 'value': operation, missing value field: missing value)"},
    {"{}", "[{op: copy, path: /a}]", "",
     R"(invalid operation {"op":"copy","path":"/a"}: failed to decode 'from': operation, missing from field: missing value)"},
    {"{}", "[{op: remove}]", "",
     R"(invalid operation {"op":"remove"}: failed to decode 'path': operation missing path field: missing value)"},
    {"{}", "{op: remove}", "", "a patch is a list of operations, not a map"},
    {"{}", "[{op: add, path: /l/99999999999, value: 1}]", "",
     "the patch copies too much of the object"},
};

TEST(JsonPatchKyverno, Table) {
  for (const Row& row : kRows) {
    SCOPED_TRACE(row.patch);
    Reader reader;
    const Node document = reader.read(row.document);
    const auto operations = read_json_patch(reader.read(row.patch));
    std::string result;
    std::string problem;
    if (!operations) {
      problem = operations.error().message;
    } else if (const auto patched = apply_json_patch(reader.arena, document, *operations, {},
                                                     PatchDialect::Kyverno)) {
      document::append_canonical_json(result, *patched);
    } else {
      problem = patched.error().message;
    }
    EXPECT_EQ(result, row.result);
    EXPECT_EQ(problem, row.problem);
  }
}

TEST(JsonPatchKyverno, MakesNoDeeperPathThanItsLimit) {
  Reader reader;
  const std::vector<PatchOperation> operations{
      {.op = "add", .path = "/a/b/c/d", .from = {}, .value = {}}};
  const auto apply = [&](std::uint32_t depth) {
    return apply_json_patch(reader.arena, reader.read("{}"), operations, {.depth = depth},
                            PatchDialect::Kyverno)
        .has_value();
  };
  EXPECT_TRUE(apply(4));
  EXPECT_FALSE(apply(3));
}

}  // namespace
}  // namespace tally::policy_cel

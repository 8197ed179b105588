#include <array>

#include "cel/functions/expression_cases.hpp"
#include "cel/host.hpp"
#include "cel/kyverno_globals.hpp"

namespace tally::cel {
namespace {

// Answers with the question: {"asked": "resource.get(["v1", ...])"}; a plural for toGVR.
class RepeatingHost final : public Host {
 public:
  Value ask(Arena& arena, std::string_view capability, std::string_view function,
            std::span<const Value> args) const override {
    if (function == "toGVR") {
      return Value::string("deployments");
    }
    if (capability == "random") {
      return args[0];
    }
    if (capability == "now") {
      return Value::timestamp(0, 0);
    }
    MapBuilder answer(arena, 1);
    answer.add(Value::string("asked"),
               Value::string(arena.concat(
                   {capability, ".", function, " ", to_literal(arena, Value::list(args))})));
    return answer.finish();
  }
};

void expect(std::span<const ExpressionCase> cases, const Host* host,
            std::string_view profile = "kyverno") {
  std::vector<std::pair<std::string_view, Value>> variables;
  std::vector<std::string_view> types;
  for (const KyvernoGlobal& global : kyverno_globals()) {
    variables.emplace_back(global.name, global.value);
    types.push_back(global.type_name);
  }
  expect_values(profile, cases, host, variables, types);
}

TEST(KyvernoContextsTest, AskTheHost) {
  constexpr auto kCases = std::to_array<ExpressionCase>({
      {"resource.get('v1', 'pods', 'shop', 'web').asked == "
       "'resource.get [\"v1\", \"pods\", \"shop\", \"web\"]'",
       "true"},
      {"resource.Get('v1', 'pods', 'shop', 'web') == resource.get('v1', 'pods', 'shop', 'web')",
       "true"},
      {"resource.list('v1', 'pods', 'shop').asked == 'resource.list [\"v1\", \"pods\", \"shop\"]'",
       "true"},
      {"resource.List('v1', 'pods', '', {'a': 'b'}).asked == "
       "'resource.list [\"v1\", \"pods\", \"\", {\"a\": \"b\"}]'",
       "true"},
      {"resource.list(resource.toGVR('apps/v1', 'Deployment'), 'shop').asked == "
       "'resource.list [\"apps/v1\", \"deployments\", \"shop\"]'",
       "true"},
      {"resource.get(resource.ToGVR('apps/v1', 'Deployment'), 'shop', 'web').asked == "
       "'resource.get [\"apps/v1\", \"deployments\", \"shop\", \"web\"]'",
       "true"},
      {"resource.post('v1', 'pods', {'a': 1}).asked == "
       "'resource.post [\"v1\", \"pods\", \"\", {\"a\": 1}]'",
       "true"},
      {"http.get('https://a').asked == 'http.get [\"https://a\", {}, \"\"]'", "true"},
      {"http.client('PEM').post('https://a', 'x', {'h': 'v'}).asked == "
       "'http.post [\"https://a\", \"x\", {\"h\": \"v\"}, \"PEM\"]'",
       "true"},
      {"globalContext.get('a').asked == 'globalContext.get [\"a\", \"\"]'", "true"},
      {"globalContext.Get('a', 'b').asked == 'globalContext.get [\"a\", \"b\"]'", "true"},
      {"image.getMetadata('nginx').asked == 'imageData.get [\"nginx\"]'", "true"},
      {"generator.apply('shop', [{'kind': 'Pod'}])", "true"},
      {"random.random('[a]')", R"("[a]")"},
      {"random()", R"("[0-9a-z]{8}")"},
      {"time.now()", R"(timestamp("1970-01-01T00:00:00Z"))"},
  });
  const RepeatingHost host;
  expect(kCases, &host);
}

TEST(KyvernoContextsTest, AskForTheNamespaceOfThePolicyOnly) {
  constexpr auto kCases = std::to_array<ExpressionCase>({
      {"resource.get('v1', 'pods', 'web').asked == "
       "'resource.get [\"v1\", \"pods\", null, \"web\"]'",
       "true"},
      {"resource.Get(resource.toGVR('apps/v1', 'Deployment'), 'web').asked == "
       "'resource.get [\"apps/v1\", \"deployments\", null, \"web\"]'",
       "true"},
      {"resource.list('v1', 'pods').asked == 'resource.list [\"v1\", \"pods\", null]'", "true"},
      {"resource.List('v1', 'pods', {'a': 'b'}).asked == "
       "'resource.list [\"v1\", \"pods\", null, {\"a\": \"b\"}]'",
       "true"},
      {"resource.list(resource.toGVR('v1', 'Pod'), {'a': 'b'}).asked == "
       "'resource.list [\"v1\", \"deployments\", null, {\"a\": \"b\"}]'",
       "true"},
      {"resource.post('v1', 'pods', {'a': 1}).asked == "
       "'resource.post [\"v1\", \"pods\", null, {\"a\": 1}]'",
       "true"},
      {"generator.apply([{'kind': 'Pod'}])", "true"},
      {"resource.list('v1', 'pods', 'other')",
       "!compile ERROR: <input>:1:14: found no matching overload for 'list' applied to "
       "'resource.Context.(string, string, string)'\n"
       " | resource.list('v1', 'pods', 'other')\n | .............^"},
      {"generator.apply('other', [{'kind': 'Pod'}])",
       "!compile ERROR: <input>:1:16: found no matching overload for 'apply' applied to "
       "'generator.Context.(string, list(map(string, string)))'\n"
       " | generator.apply('other', [{'kind': 'Pod'}])\n | ...............^"},
  });
  const RepeatingHost host;
  expect(kCases, &host, "kyverno:namespaced");
}

TEST(KyvernoContextsTest, SayThatNobodyCanAnswer) {
  constexpr auto kCases = std::to_array<ExpressionCase>({
      {"resource.get('v1', 'pods', 'shop', 'web')",
       "!resource.get: nothing here can answer: no provider for 'resource'"},
      {"http.get('https://a')", "!http.get: nothing here can answer: no provider for 'http'"},
      {"globalContext.get('a')",
       "!globalContext.get: nothing here can answer: no provider for 'globalContext'"},
      {"image.getMetadata('nginx')",
       "!imageData.get: nothing here can answer: no provider for 'imageData'"},
      {"generator.apply('shop', [])",
       "!generator.apply: nothing here can answer: no provider for 'generator'"},
      {"time.now()", "!now.time.now: nothing here can answer: no provider for 'now'"},
      {"random()", "!random.random: nothing here can answer: no provider for 'random'"},
  });
  expect(kCases, nullptr);
}

TEST(KyvernoDocumentsTest, ReadAndWriteTexts) {
  constexpr auto kCases = std::to_array<ExpressionCase>({
      {R"(json.unmarshal('{"a": [1, 2.5, "x", null, true]}'))",
       R"({"a": [1.0, 2.5, "x", null, true]})"},
      {"json.unmarshal('[]')", "[]"},
      {"json.marshal({'b': [1.5, 2.0], 'a': [0.0]}) == '{\"a\":[0],\"b\":[1.5,2]}'", "true"},
      {R"(json.marshal('<'))", R"("\"\\u003c\"")"},
      {R"(yaml.parse('a: 1\nb: [x, "y"]'))", R"({"a": 1.0, "b": ["x", "y"]})"},
      {"json.unmarshal('')", "!unexpected end of JSON input"},
      {"json.unmarshal('1 2')", "!invalid character after top-level value"},
      {"json.unmarshal(1)", "!no such overload"},
      {"json.marshal({'f': type(1)})", "!json: unsupported type: map"},
  });
  expect(kCases, nullptr);
}

}  // namespace
}  // namespace tally::cel

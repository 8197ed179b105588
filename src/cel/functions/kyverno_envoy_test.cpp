#include <array>
#include <string>

#include "cel/functions/expression_cases.hpp"
#include "cel/kyverno_answers.hpp"

namespace tally::cel {
namespace {

std::string text_of(std::span<const AnswerHeader> headers) {
  std::string out;
  for (const AnswerHeader& header : headers) {
    out += std::string(header.key) + "=" + std::string(header.value) +
           (header.keeps_empty ? "! " : " ");
  }
  return out;
}

std::string text_of(std::span<const std::string_view> names) {
  std::string out;
  for (const std::string_view name : names) {
    out += std::string(name) + " ";
  }
  return out;
}

// What the answer is; "!" and the message of an error; "none" of another value.
std::string answer_to(std::string_view expression) {
  TypePool pool;
  Environment::Options options;
  options.profile = *parse_profile("kyverno");
  const auto environment = Environment::create(pool, std::move(options));
  const auto program = compile(expression, *environment);
  if (!program) {
    return "!compile " + program.error().message.substr(0, program.error().message.find('\n'));
  }
  Evaluator evaluator;
  const Value value = evaluator.evaluate(*program, {}, {});
  if (value.is_error()) {
    return "!" + std::string(value.as_error().message);
  }
  const AuthorizationAnswer* answer = authorization_answer(value);
  if (answer == nullptr) {
    return "none";
  }
  return std::string(answer->is_allowed ? "allowed" : "denied") + " " +
         std::to_string(answer->code) + " [" + std::string(answer->reason) + "|" +
         std::string(answer->body) + "|" + std::string(answer->message) + "] " +
         text_of(answer->headers) + "/ " + text_of(answer->response_headers) + "/ " +
         text_of(answer->headers_removed) + "/ " + text_of(answer->query_parameters) + "/ " +
         text_of(answer->query_parameters_removed) + "/ " +
         std::string(to_literal(evaluator.arena(), answer->metadata));
}

TEST(KyvernoEnvoyTest, Answers) {
  const std::pair<std::string_view, std::string_view> rows[] = {
      {"envoy.Allowed().Response()", "allowed 0 [||] / / / / / null"},
      {"envoy.Denied(403).Response()", "denied 403 [||] / / / / / null"},
      {"envoy.Denied(401).WithBody('no').WithHeader('a', 'b').Response().WithMessage('m')",
       "denied 401 [|no|m] a=b / / / / / null"},
      {"envoy.Allowed().WithHeader(envoy.Header('x', '').KeepEmptyValue())"
       ".WithHeader(envoy.Header('y', 'z').KeepEmptyValue(false)).Response()",
       "allowed 0 [||] x=! y=z / / / / / null"},
      {"envoy.Allowed().WithResponseHeader('a', 'b')"
       ".WithResponseHeader(envoy.Header('c', 'd')).WithoutHeader('e').WithQueryParam('f', 'g')"
       ".WithQueryParam(envoy.QueryParam('h', 'i')).WithoutQueryParam('j').Response()",
       "allowed 0 [||] / a=b c=d / e / f=g h=i / j / null"},
      {"envoy.Allowed().Response().WithMetadata({'k': 'v'})",
       R"(allowed 0 [||] / / / / / {"k": "v"})"},
      {"http.Allowed().Response()", "allowed 0 [||] / / / / / null"},
      {"http.Denied('why').Response()", "denied 0 [why||] / / / / / null"},
      {"false ? envoy.Denied(403).Response() : null", "none"},
      {"envoy.Allowed()", "none"},
      {"envoy.Denied(4294967296).Response()", "!integer overflow"},
      // What is used twice is not changed.
      {"cel.bind(a, envoy.Allowed(), [a.WithHeader('x', 'y').Response(), a.Response()][1])",
       "allowed 0 [||] / / / / / null"},
  };
  for (const auto& [expression, expected] : rows) {
    EXPECT_EQ(answer_to(expression), expected) << expression;
  }
}

TEST(KyvernoEnvoyTest, WhatDoesNotCompile) {
  for (const char* expression :
       {"envoy.Allowed().WithBody('x')", "envoy.Denied(403).WithoutHeader('x')",
        "envoy.Denied('403')", "envoy.Allowed(1)", "http.Denied(1)", "envoy.Header('x')",
        "http.Allowed().WithHeader('a', 'b')", "envoy.Allowed().WithMessage('x')",
        "envoy.Allowed().Response().Response()", "envoy.Unknown()",
        "envoy.Allowed().Response().WithMetadata('x')"}) {
    EXPECT_TRUE(answer_to(expression).starts_with("!compile ")) << expression;
  }
}

TEST(KyvernoEnvoyTest, WhatARequestSays) {
  constexpr auto kCases = std::to_array<ExpressionCase>({
      {"{'header': {'X-Team-Name': ['a', 'b']}}.Header('x-tEAM-name')", R"(["a", "b"])"},
      {"{'header': {'X': ['a']}}.Header('y')", "[]"},
      {"{'header': {'a b': ['c']}}.Header('a b')", R"(["c"])"},
      {"{'query': {'team': ['a']}}.QueryParam('team')", R"(["a"])"},
      {"{'query': {'team': ['a']}}.QueryParam('Team')", "[]"},
      {"{'host': 'x'}.QueryParam('team')", "[]"},
      {"dyn(1).Header('x')", "!no such overload"},
  });
  expect_values("kyverno", kCases);
}

}  // namespace
}  // namespace tally::cel

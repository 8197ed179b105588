#include <array>

#include "cel/authorizer.hpp"
#include "cel/functions/expression_cases.hpp"
#include "cel/host.hpp"

namespace tally::cel {
namespace {

// Allows what its question says in the verb, and repeats the question as the reason.
class RepeatingHost final : public Host {
 public:
  Value ask(Arena& arena, std::string_view capability, std::string_view function,
            std::span<const Value> args) const override {
    if (capability != "authorizer" || function != "check" || args.size() != 1) {
      return make_error(arena, ErrorCode::InvalidArgument, "unexpected question");
    }
    Value verb;
    (void)map_find(arena, args[0], Value::string("verb"), verb);
    MapBuilder answer(arena, 3);
    answer.add(Value::string("decision"), Value::string(verb.text()));
    answer.add(Value::string("reason"), Value::string(to_literal(arena, args[0])));
    if (verb.text() == "fail") {
      answer.add(Value::string("error"), Value::string("no answer"));
    }
    return answer.finish();
  }
};

class AuthorizerTest : public testing::Test {
 protected:
  void expect(std::span<const ExpressionCase> cases, const Host* host) {
    Arena arena;
    const std::array variables{std::pair{std::string_view("authorizer"), make_authorizer(arena)},
                               std::pair{std::string_view("requestResource"),
                                         make_request_resource(arena, {.group = "apps",
                                                                       .resource = "deployments",
                                                                       .subresource = "scale",
                                                                       .name_space = "shop",
                                                                       .name = "web"})}};
    constexpr std::array kTypes{kAuthorizerType, kResourceCheckType};
    expect_values("kubernetes", cases, host, variables, kTypes);
  }
};

TEST_F(AuthorizerTest, AsksTheHost) {
  constexpr auto kCases = std::to_array<ExpressionCase>({
      {"authorizer.path('/healthz').check('allow').allowed()", "true", 350'003},
      {"authorizer.path('/healthz').check('deny').allowed()", "false"},
      {"authorizer.path('/healthz').check('no opinion').allowed()", "false"},
      {"authorizer.path('/healthz').check('get').errored()", "false"},
      {"authorizer.path('/healthz').check('fail').errored()", "true"},
      {"authorizer.path('/healthz').check('fail').error()", R"("no answer")"},
      {"authorizer.path('/healthz').check('get').error()", R"("")"},
      {"authorizer.path('/healthz').check('get').reason() == "
       "'{\"verb\": \"get\", \"path\": \"/healthz\"}'",
       "true"},
      {"authorizer.group('').resource('pods').subresource('status').namespace('default')"
       ".name('web').check('get').reason() == '{\"verb\": \"get\", \"group\": \"\", \"resource\": "
       "\"pods\", \"subresource\": \"status\", \"namespace\": \"default\", \"name\": \"web\"}'",
       "true"},
      {"authorizer.group('apps').resource('deployments').fieldSelector('a=b').labelSelector('c')"
       ".check('list').reason() == '{\"verb\": \"list\", \"group\": \"apps\", \"resource\": "
       "\"deployments\", \"fieldSelector\": \"a=b\", \"labelSelector\": \"c\"}'",
       "true"},
      {"authorizer.serviceAccount('shop', 'builder').path('/').check('get').reason() == "
       "'{\"verb\": \"get\", \"path\": \"/\", \"user\": \"system:serviceaccount:shop:builder\"}'",
       "true"},
      {"requestResource.check('get').reason() == '{\"verb\": \"get\", \"group\": \"apps\", "
       "\"resource\": \"deployments\", \"subresource\": \"scale\", \"namespace\": \"shop\", "
       "\"name\": \"web\"}'",
       "true"},
      {"authorizer.path('/a') == authorizer.path('/a')", "true"},
      {"authorizer.path('/a') == authorizer.path('/b')", "false"},
      {"authorizer.path('')", "!path must not be empty"},
      {"authorizer.path('  ')", "!path must not be empty"},
      {"authorizer.group('').resource(' ')", "!resource must not be empty"},
      {"authorizer.serviceAccount('not@valid', 'name')", "!Invalid service account namespace"},
      {"authorizer.serviceAccount('shop', 'in@valid')", "!Invalid service account name"},
  });
  const RepeatingHost host;
  expect(kCases, &host);
}

TEST_F(AuthorizerTest, SaysThatNobodyCanAnswer) {
  constexpr auto kCases = std::to_array<ExpressionCase>({
      {"authorizer.path('/healthz').check('get').allowed()",
       "!authorizer.check: nothing here can answer: no provider for 'authorizer'"},
      {"authorizer.path('/healthz') == authorizer.path('/healthz')", "true"},
  });
  expect(kCases, nullptr);
}

}  // namespace
}  // namespace tally::cel

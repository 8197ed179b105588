#include <array>

#include "cel/functions/expression_cases.hpp"
#include "cel/host.hpp"

namespace tally::cel {
namespace {

// Counts attestors for the image "good", answers nonsense for "odd".
class Registry final : public Host {
 public:
  Value ask(Arena& arena, std::string_view capability, std::string_view function,
            std::span<const Value> args) const override {
    if (capability != "imageVerify" || args[0].text() == "odd") {
      return Value::string("nonsense");
    }
    if (args[0].text() != "good") {
      return make_error(arena, ErrorCode::Custom, {"failed to get imagedata: ", args[0].text()});
    }
    if (function.starts_with("verify")) {
      return Value::integer(static_cast<std::int64_t>(list_size(args.back())));
    }
    return Value::string(arena.concat({function, " ", args.back().text()}));
  }
};

TEST(KyvernoImageVerifyTest, AsksTheHost) {
  constexpr auto kCases = std::to_array<ExpressionCase>({
      {"verifyImageSignatures('good', [{'name': 'a'}, {'name': 'b'}])", "2"},
      {"verifyImageSignatures('good', []) > 0", "false"},
      {"verifyAttestationSignatures('good', 'sbom', ['a'])", "1"},
      {"getImageData('good')", R"("getImageData good")"},
      {"extractPayload('good', 'sbom')", R"("extractPayload sbom")"},
      {"verifyImageSignatures('bad', ['a']) > 0", "!failed to get imagedata: bad"},
      {"verifyImageSignatures('odd', ['a']) > 0", "!verifyImageSignatures: the answer is no count"},
      {"verifyAttestationSignatures('odd', 'x', ['a']) > 0",
       "!verifyAttestationSignatures: the answer is no count"},
      {"extractPayload('bad', 'sbom')", "!failed to get imagedata: bad"},
  });
  const Registry host;
  expect_values("kyverno", kCases, &host);
}

TEST(KyvernoImageVerifyTest, NobodyIsTrustedWithoutAHost) {
  TypePool pool;
  Environment::Options options;
  options.profile = *parse_profile("kyverno");
  const auto environment = Environment::create(pool, std::move(options));
  ASSERT_TRUE(environment);
  for (const std::string_view expression :
       {"verifyImageSignatures('good', ['a']) > 0", "verifyAttestationSignatures('a', 'b', []) > 0",
        "getImageData('good')", "extractPayload('a', 'b')"}) {
    const auto program = compile(expression, *environment);
    ASSERT_TRUE(program) << program.error().message;
    Evaluator evaluator;
    const Value value = evaluator.evaluate(*program, {});
    ASSERT_TRUE(value.is_error());
    EXPECT_EQ(value.as_error().code, ErrorCode::NotProvided);
  }
}

}  // namespace
}  // namespace tally::cel

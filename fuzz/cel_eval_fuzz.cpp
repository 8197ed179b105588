// Parse, check, compile and run an expression twice, flat and as a tree, with a budget: no crash,
// and one answer. The first byte chooses the profile.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "../tests/reference/cel/tree_walker.hpp"
#include "cel/parser.hpp"
#include "cel/program.hpp"

namespace {

using namespace tally;

const cel::Environment& environment(bool spec) {
  static cel::TypePool pool;
  const auto make = [](cel::Profile profile) {
    cel::Environment::Options options;
    options.profile = profile;
    options.variables = {{"object", &cel::kDyn}};
    return *cel::Environment::create(pool, std::move(options));
  };
  static const cel::Environment kSpec = make({.dialect = cel::Dialect::Spec});
  static const cel::Environment kKubernetes = make({.dialect = cel::Dialect::Kubernetes});
  return spec ? kSpec : kKubernetes;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0 || size > 2000) {
    return 0;
  }
  const cel::Environment& env = environment((data[0] & 1U) != 0);
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  auto ast = cel::parse(text, {.profile = env.options().profile, .macros = true, .limits = {}});
  if (!ast) {
    return 0;
  }
  const auto checked = cel::check(std::move(*ast), env);
  if (!checked) {
    return 0;
  }
  const auto program = cel::compile(*checked, env);
  if (!program) {
    return 0;
  }
  Arena arena;
  cel::Evaluator evaluator;
  const cel::Value flat = evaluator.evaluate(*program, {}, {.cost_max = 10'000});
  const cel::Value walked = cel::walk(*checked, env, arena, {}, 20'000);
  for (const cel::Value& value : {flat, walked}) {
    if (value.is_error() && value.as_error().code == cel::ErrorCode::CostLimit) {
      return 0;
    }
  }
  const bool same =
      flat.is_error() ? walked.is_error() : to_literal(arena, flat) == to_literal(arena, walked);
  if (!same) {
    std::abort();
  }
  return 0;
}

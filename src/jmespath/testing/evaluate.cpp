#include "jmespath/testing/evaluate.hpp"

#include <fmt/format.h>

#include "jmespath/internal/go_json.hpp"
#include "jmespath/internal/parser.hpp"
#include "jmespath/testing/tree_walker.hpp"

namespace tally::jmespath {

std::optional<LocalTime> TestHost::now() const {
  return LocalTime{.seconds = 1'700'000'000, .nanoseconds = 0, .zone_seconds = 3600};
}

std::optional<std::uint64_t> TestHost::random_bits() const {
  state_ = state_ * 6364136223846793005U + 1442695040888963407U;
  return state_ >> 11U;
}

Result<std::vector<std::string>> TestHost::resolve(std::string_view name) const {
  if (name == "inside.example.org") {
    return std::vector<std::string>{"203.0.113.7", "10.0.0.1"};
  }
  if (name == "outside.example.org") {
    return std::vector<std::string>{"203.0.113.7"};
  }
  return environment_error("lookup " + std::string(name) + ": no such host");
}

std::string evaluate_text(std::string_view expression, std::string_view input_json,
                          const EvaluateOptions& options) {
  Arena arena;
  const auto input = read_go_json(input_json, arena, {.depth = 500});
  if (!input) {
    return "the input: " + input.error();
  }
  const auto compiled = Expression::compile(expression, options.dialect, options.limits);
  if (!compiled) {
    return fmt::format("S {} {}", compiled.error().offset, compiled.error().message);
  }
  const TestHost for_program;
  const TestHost for_walker;
  std::string flat;
  std::string unsupported;
  bool is_limit = false;
  if (const auto value =
          compiled->search(*input, arena, options.has_host ? &for_program : nullptr)) {
    flat = append_go_json(flat, *value, unsupported) ? "V " + flat : "not JSON: " + unsupported;
  } else {
    is_limit = value.error().is_limit;
    flat = (value.error().is_not_found ? "N " : "E ") + value.error().message;
  }
  const auto ast = parse(expression, options.dialect, options.limits);
  TreeWalker walker(*ast, options.dialect, options.limits, arena,
                    options.has_host ? &for_walker : nullptr);
  const std::string walked = walker.run(*input);
  // Both count their steps, but not the same ones.
  return flat == walked || is_limit || walker.is_limit() ? flat : flat + " != " + walked;
}

}  // namespace tally::jmespath

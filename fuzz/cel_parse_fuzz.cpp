// CEL: whatever the text, parsing and checking end, messages can be printed, and every node stands
// within the text. The first byte chooses the profile.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "cel/checker.hpp"
#include "cel/parser.hpp"

namespace {

using namespace tally::cel;  // NOLINT(google-build-using-namespace)

constexpr std::string_view kProfiles[] = {"spec", "kubernetes", "kubernetes:1.27", "kyverno"};

const Environment& environment(std::size_t i) {
  static TypePool pool;
  static std::vector<Environment> all = [] {
    std::vector<Environment> made;
    for (const std::string_view profile : kProfiles) {
      Environment::Options options{.profile = *parse_profile(profile),
                                   .container = made.empty() ? "a" : "",
                                   .variables = {{"object", &kDyn},
                                                 {"x", &kInt},
                                                 {"s", &kString},
                                                 {"l", pool.list(&kInt)},
                                                 {"m", pool.map(&kString, &kDyn)},
                                                 {"o", pool.optional(&kInt)},
                                                 {"a.b", &kBool}},
                                   .functions = {},
                                   .types = nullptr};
      auto environment = Environment::create(pool, std::move(options));
      if (!environment) {
        std::abort();
      }
      made.push_back(std::move(*environment));
    }
    return made;
  }();
  return all[i % all.size()];
}

void look_at(const std::vector<Issue>& issues, std::string_view text) {
  if (issues.empty() || to_string(issues, text, "fuzz").empty()) {
    std::abort();
  }
  for (const Issue& issue : issues) {
    if (issue.offset != kNoOffset && issue.offset > text.size()) {
      std::abort();
    }
  }
}

void look_at(const CheckedAst& checked) {
  for (const Expr& e : checked.ast.exprs) {
    if (e.offset > checked.ast.source.size() || e.end > checked.ast.source.size()) {
      std::abort();
    }
    for (const ExprId child : checked.ast.children(e)) {
      if (child >= checked.ast.exprs.size()) {
        std::abort();
      }
    }
  }
  if (checked.types[checked.ast.root] == nullptr || checked.type().open) {
    std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) {
    return 0;
  }
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const Environment& where = environment(data[0]);
  const ParseOptions options{.profile = where.options().profile,
                             .macros = (data[0] & 0x40) == 0,
                             .limits = {.characters_max = 10'000, .nodes_max = 20'000}};
  auto ast = parse(text, options);
  if (!ast) {
    look_at(ast.error(), text);
    return 0;
  }
  const auto result = (data[0] & 0x80) == 0 ? check(std::move(*ast), where)
                                            : resolve_unchecked(std::move(*ast), where);
  if (result) {
    look_at(*result);
  } else {
    look_at(result.error(), text);
  }
  return 0;
}

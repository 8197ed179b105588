#include "policy_test/internal/select_value.hpp"

#include <fmt/format.h>

#include "jmespath/expression.hpp"

namespace tally::policy_test {

Result<document::Node> select_value(Arena& arena, const document::Node& root,
                                    std::string_view path) {
  const auto expression = jmespath::Expression::compile(path, jmespath::Dialect::Kyverno);
  if (!expression) {
    return content_error(fmt::format("'{}': {}", path, expression.error().message));
  }
  const auto value = expression->search(root, arena);
  if (!value) {
    if (value.error().is_not_found) {
      return document::Node{};
    }
    return content_error(fmt::format("'{}': {}", path, value.error().message));
  }
  return document::deep_copy(arena, *value);  // the expression ends here
}

}  // namespace tally::policy_test

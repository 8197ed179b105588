#include "kyverno/internal/expressions.hpp"

namespace tally::kyverno::internal {

const Compiled& Expressions::add(std::string_view text, jmespath::Names names) {
  if (const auto found = by_text_.find(text); found != by_text_.end()) {
    return *found->second;
  }
  auto compiled = std::make_unique<Compiled>(
      jmespath::Expression::compile(text, jmespath::Dialect::Kyverno, {.names = names}));
  text_bytes_ += text.size();
  return *by_text_.emplace(std::string(text), std::move(compiled)).first->second;
}

const Compiled* Expressions::find(std::string_view text) const {
  const auto found = by_text_.find(text);
  return found == by_text_.end() ? nullptr : found->second.get();
}

}  // namespace tally::kyverno::internal

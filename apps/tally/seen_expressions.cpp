#include "seen_expressions.hpp"

#include <algorithm>

#include "cel/value.hpp"

namespace tally::app {

void SeenExpressions::saw(std::string_view expression, const cel::Value& value,
                          std::span<const cel::TraceEntry> steps) {
  One one{.trace = render_trace(expression, steps, arena_, style_),
          .result = std::string(cel::to_literal(arena_, value))};
  const auto [at, added] = by_text_.try_emplace(std::string(expression));
  at->second = std::move(one);
  if (added) {
    order_.push_back(at->first);
  }
}

const SeenExpressions::One* SeenExpressions::find(std::string_view expression) const {
  const auto at = by_text_.find(expression);
  return at == by_text_.end() ? nullptr : &at->second;
}

std::string indented(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size() - 1) + 1;
    out.append("    ").append(text.substr(0, end));
    text.remove_prefix(end);
  }
  return out;
}

}  // namespace tally::app

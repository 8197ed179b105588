#pragma once
// What was seen of each expression, by its text: equal expressions are evaluated once.

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "cel_trace.hpp"
#include "policy_cel/evaluation.hpp"

namespace tally::app {

class SeenExpressions final : public policy_cel::Watcher {
 public:
  explicit SeenExpressions(TraceStyle style) : style_(style) {}

  void saw(std::string_view expression, const cel::Value& value,
           std::span<const cel::TraceEntry> steps) override;

  struct One {
    std::string trace;   // render_trace()
    std::string result;  // as a literal
  };
  [[nodiscard]] const One* find(std::string_view expression) const;
  // In the order in which they were first evaluated.
  [[nodiscard]] const std::vector<std::string>& order() const noexcept { return order_; }

 private:
  TraceStyle style_;
  Arena arena_;
  std::map<std::string, One, std::less<>> by_text_;
  std::vector<std::string> order_;
};

// Every line four columns to the right.
[[nodiscard]] std::string indented(std::string_view text);

}  // namespace tally::app

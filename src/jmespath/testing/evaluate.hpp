#pragma once
// For tests: one expression, evaluated by the program and by the tree walker, which must agree.

#include <cstdint>
#include <string>
#include <string_view>

#include "jmespath/expression.hpp"
#include "jmespath/host.hpp"

namespace tally::jmespath {

// A clock that stands still and chance that repeats itself.
class TestHost final : public Host {
 public:
  [[nodiscard]] std::optional<LocalTime> now() const override;
  [[nodiscard]] std::optional<std::uint64_t> random_bits() const override;
  [[nodiscard]] Result<std::vector<std::string>> resolve(std::string_view name) const override;

 private:
  mutable std::uint64_t state_ = 1;
};

struct EvaluateOptions {
  Dialect dialect = Dialect::Kyverno;
  Limits limits = {};
  bool has_host = true;
};

// "V " and the value as JSON with sorted keys; "N " or "E " and the message of an evaluation that
// finds nothing or fails; "S ", the offset, and the message of a syntax error. Two answers, with
// "!=" between them, if program and walker differ.
[[nodiscard]] std::string evaluate_text(std::string_view expression, std::string_view input_json,
                                        const EvaluateOptions& options = {});

}  // namespace tally::jmespath

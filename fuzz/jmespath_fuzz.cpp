// JMESPath: whatever the text, compiling and evaluating end, the program and the tree walker give
// one answer, and errors stand within the text. The first byte chooses the dialect.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "jmespath/testing/evaluate.hpp"

namespace {

constexpr std::string_view kInput =
    R"({"a":{"b":{"c":"x","d":3},"list":[{"k":"x","v":1},{"k":"y","v":2.5}]},"s":"Hello","n":-1.5,
"t":true,"z":null,"q":"1Gi","d":"1h30m","time":"2023-01-12T12:37:56-05:00","l":[[1,2],[3,[4]]]})";

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tally::jmespath;  // NOLINT(google-build-using-namespace)
  if (size == 0 || size > 2000) {
    return 0;
  }
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (text.find(" != ") != std::string_view::npos) {
    return 0;  // the answer says with these signs that the two evaluators differ
  }
  const Dialect dialect = (data[0] & 2U) != 0   ? Dialect::KyvernoJson
                          : (data[0] & 1U) != 0 ? Dialect::Kyverno
                                                : Dialect::Standard;
  const Limits limits{.steps = 100'000, .bytes = 1U << 20U, .names = Names::LookUp};
  const auto compiled = Expression::compile(text, dialect, limits);
  if (!compiled && compiled.error().offset > text.size()) {
    std::abort();
  }
  const std::string answer =
      evaluate_text(text, kInput, {.dialect = dialect, .limits = limits, .has_host = false});
  if (answer.find(" != V ") != std::string::npos || answer.find(" != E ") != std::string::npos ||
      answer.find(" != N ") != std::string::npos) {
    std::abort();
  }
  return 0;
}

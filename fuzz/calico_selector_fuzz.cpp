// Calico's selectors: any text is refused with a position inside it, or has one canonical text that
// reads back to the same selector with the same answers.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <string_view>

#include "network_policy/calico_selector.hpp"

using tally::network_policy::CalicoSelector;

namespace {

void require(bool holds) {
  if (!holds) {
    std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto selector = CalicoSelector::parse(text);
  if (!selector) {
    require(selector.error().at.line >= 1 && selector.error().at.column <= size + 1);
    return 0;
  }
  // The canonical text has more parentheses, two at most for each that stands in the text.
  const CalicoSelector::Limits limits{.depth_max = 256, .nodes_max = 100'000};
  const auto again = CalicoSelector::parse(selector->to_string(), limits);
  require(again.has_value() && again->to_string() == selector->to_string());
  const auto labels = [text](std::string_view key) {
    return key.size() % 2 == 0 ? std::nullopt : std::optional{text.substr(0, 3)};
  };
  for (const bool constant : {false, true}) {
    const CalicoSelector::Constants constants{.all = constant, .global = !constant};
    require(selector->matches(labels, constants) == again->matches(labels, constants));
  }
  return 0;
}

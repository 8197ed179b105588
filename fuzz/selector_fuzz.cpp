// Label selectors: any text is refused with a position inside it, or has a canonical text that
// reads back to an equal selector.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "scalar/label_selector.hpp"

using tally::scalar::LabelSelector;

namespace {

void require(bool holds) {
  if (!holds) {
    std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto selector = LabelSelector::parse(text);
  if (!selector) {
    require(selector.error().at.line == 1 && selector.error().at.column >= 1 &&
            selector.error().at.column <= size + 1);
    return 0;
  }
  const auto again = LabelSelector::parse(selector->to_string());
  require(again && *again == *selector);
  const auto lookup = [text](std::string_view key) {
    return key.size() % 2 == 0 ? std::nullopt : std::optional{text.substr(0, 3)};
  };
  require(selector->matches(lookup) == again->matches(lookup));
  return 0;
}

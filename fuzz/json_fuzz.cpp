// JSON: no crash, and every node within the text.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "document/read.hpp"

namespace {

using namespace tally::document;  // NOLINT(google-build-using-namespace)

std::size_t walk(const Node& node, const Source& source) {
  if (node.offset() > source.text().size()) {
    std::abort();
  }
  std::size_t bytes = node.text().size() + (node.integer() ? 1U : 0U);
  for (const char c : node.text()) {
    bytes += static_cast<unsigned char>(c);  // touched, so that the sanitizer sees it
  }
  for (const Node& item : node.items()) {
    bytes += walk(item, source);
  }
  for (const Member member : node.members()) {
    if (node.find(member.key) != &member.value) {
      std::abort();  // a key twice
    }
  }
  return bytes;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto source = Source::from_text("fuzz", {reinterpret_cast<const char*>(data), size});
  tally::Arena arena;
  ReadOptions options;
  options.limits = {.depth = 50, .nodes = 20000, .alias_nodes = 2000};
  if (const auto node = read_one(*source, arena, options)) {
    if (walk(*node, *source) == static_cast<std::size_t>(-1)) {
      std::abort();
    }
  }
  return 0;
}

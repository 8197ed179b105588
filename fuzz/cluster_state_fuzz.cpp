// Objects of a cluster: whatever is put is kept once and freed, and reads back as it was kept.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/assert.hpp"
#include "cluster_state/state.hpp"
#include "document/json_writer.hpp"

using namespace tally::cluster_state;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view json(reinterpret_cast<const char*>(data), size);
  if (size > 1 << 15) {
    return 0;
  }
  constexpr Resource kPods{.group = "", .version = "v1", .kind = "Pod", .plural = "pods"};
  State state({.object_bytes_max = 1 << 16});
  const auto base = state.put_json(
      kPods, R"({"metadata":{"name":"a"},"spec":{"a":1},"status":{"podIP":"1.2.3.4"}})");
  TALLY_ASSERT(base.has_value());
  auto before = state.snapshot();
  const Memory memory = state.memory();
  const auto change = state.put_json(kPods, json);
  if (!change) {
    TALLY_ASSERT(state.memory().bytes == memory.bytes && state.version() == 1);
    return 0;
  }
  std::string kept;
  tally::document::append_json(kept, change->now->root);
  const auto again = state.put_json(kPods, kept);
  TALLY_ASSERT(again.has_value() && again->kind == ChangeKind::Unchanged);
  TALLY_ASSERT(before->objects()[0].ref.name == "a");
  state.drop({"", "Pod"}, [](const Change&) {});
  TALLY_ASSERT(before->objects()[0].metadata.size() == 1);
  before.reset();
  state.collect();
  TALLY_ASSERT(state.memory().texts == 0 && state.memory().blocks == 0);
  return 0;
}

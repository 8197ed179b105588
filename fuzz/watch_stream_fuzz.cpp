// The bytes of a watch: whatever a server sends is cut into the same events in one piece and in
// many, none longer than its limit; what was cut out is all that was sent but for blanks; and each
// event is read or refused.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kube_client/event_reading.hpp"
#include "kube_client/watch_reader.hpp"
#include "kube_client/lease.hpp"

using namespace tally;
using kube_client::WatchReader;

namespace {

void require(bool holds) {
  if (!holds) {
    std::abort();
  }
}

constexpr std::size_t kEventBytes = 512;

struct Cut {
  std::vector<std::string> events;
  bool is_refused = false;
  bool is_whole = false;
};

Cut cut(std::string_view text, std::size_t piece) {
  WatchReader reader(kEventBytes);
  Cut out;
  while (!text.empty() && !out.is_refused) {
    const std::string_view part = text.substr(0, piece);
    text.remove_prefix(part.size());
    const auto fed = reader.feed(part, [&](std::string_view event) -> Result<void> {
      require(event.size() <= kEventBytes && event.front() == '{');
      out.events.emplace_back(event);
      return {};
    });
    out.is_refused = !fed.has_value();
  }
  out.is_whole = !out.is_refused && reader.is_between_events();
  return out;
}

std::string without_blanks(std::string_view text) {
  std::string out(text);
  std::erase_if(out, [](char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; });
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) {
    return 0;
  }
  const std::size_t piece = std::size_t{data[0]} + 1;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const Cut whole = cut(text, size);
  const Cut parts = cut(text, piece);
  require(whole.events == parts.events && whole.is_refused == parts.is_refused &&
          whole.is_whole == parts.is_whole);
  std::string all;
  const kube_client::OnWatchEvent check = [](const kube_client::WatchEvent& event) {
    require(!event.resource_version.empty() && event.json.front() == '{');
  };
  kube_client::EventReading reading("WATCH /x", check);
  for (const std::string& event : whole.events) {
    all += event;
    static_cast<void>(reading.read(event));
    if (const auto lease = kube_client::read_lease(event)) {
      require(lease->duration_seconds >= 1 && !lease->resource_version.empty());
    }
  }
  if (whole.is_whole) {
    require(without_blanks(all) == without_blanks(text));
  }
  return 0;
}

#pragma once
// One event of a watch, from its text (meta/v1 WatchEvent).

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.hpp"
#include "kube_client/watch.hpp"

namespace tally::kube_client {

class EventReading {
 public:
  // `what`: "WATCH /api/v1/pods", for errors.
  EventReading(std::string what, const OnWatchEvent& on_event)
      : what_(std::move(what)), on_event_(on_event) {}

  // An error: nothing more is to be read. Of an event ERROR, refusal() says what it means.
  [[nodiscard]] Result<void> read(std::string_view text);
  [[nodiscard]] const std::optional<Refusal>& refusal() const noexcept { return refusal_; }

 private:
  [[nodiscard]] Result<void> refuse(const document::Node& status);

  std::string what_;
  const OnWatchEvent& on_event_;
  std::optional<Refusal> refusal_;
};

}  // namespace tally::kube_client

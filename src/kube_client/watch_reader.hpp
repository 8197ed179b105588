#pragma once
// WatchReader: the bytes of a watch as they come in, cut into events. An answer is a run of JSON
// objects with or without blanks between them (apimachinery/pkg/watch, meta/v1 WatchEvent); lines
// mean nothing (client-go reads values too, runtime/serializer/json framer).
//
// Here objects are only cut out; what is wrong inside of one, who reads it says.

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace tally::kube_client {

// Where a JSON object or list ends, without reading it.
struct JsonScan {
  std::size_t depth = 0;
  bool in_string = false;
  bool is_escaped = false;

  // Whether the value ends with this character. Precondition: the first one opens it.
  bool take(char c) noexcept;
};

class WatchReader {
 public:
  explicit WatchReader(std::size_t event_bytes) : event_bytes_(event_bytes) {}

  // Calls on_event for each object that is complete; its first error ends the reading.
  using OnText = std::function<Result<void>(std::string_view text)>;
  [[nodiscard]] Result<void> feed(std::string_view bytes, const OnText& on_event);
  // Nothing of an event has come that is not complete.
  [[nodiscard]] bool is_between_events() const noexcept { return pending_.empty(); }

 private:
  std::size_t event_bytes_;
  std::string pending_;  // the beginning of an event
  JsonScan scan_;
};

// The end of the JSON object or list that begins at `begin`, which is well-formed.
[[nodiscard]] std::size_t end_of_value(std::string_view text, std::size_t begin) noexcept;

}  // namespace tally::kube_client

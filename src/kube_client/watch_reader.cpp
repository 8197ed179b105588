#include "kube_client/watch_reader.hpp"

#include <fmt/format.h>

#include "base/text.hpp"

namespace tally::kube_client {
namespace {

bool is_blank(char c) noexcept { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

}  // namespace

bool JsonScan::take(char c) noexcept {
  if (in_string) {
    if (is_escaped) {
      is_escaped = false;
    } else if (c == '\\') {
      is_escaped = true;
    } else if (c == '"') {
      in_string = false;
    }
    return false;
  }
  switch (c) {
    case '"':
      in_string = true;
      return false;
    case '{':
    case '[':
      ++depth;
      return false;
    case '}':
    case ']':
      return --depth == 0;
    default:
      return false;
  }
}

Result<void> WatchReader::feed(std::string_view bytes, const OnText& on_event) {
  std::size_t begin = 0;  // of what is not yet given out
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    const char c = bytes[at];
    if (scan_.depth == 0) {
      if (is_blank(c)) {
        begin = at + 1;
        continue;
      }
      if (c != '{') {
        return content_error(fmt::format("the watch sends '{}' where an event was expected",
                                         excerpt(bytes.substr(at))));
      }
    }
    const bool has_ended = scan_.take(c);
    if (pending_.size() + (at + 1 - begin) > event_bytes_) {
      return limit_error(
          fmt::format("an event of the watch has more than the {} bytes that are "
                      "read",
                      event_bytes_));
    }
    if (!has_ended) {
      continue;
    }
    const std::string_view part = bytes.substr(begin, at + 1 - begin);
    begin = at + 1;
    if (pending_.empty()) {
      TALLY_CHECK(on_event(part));
    } else {
      pending_.append(part);
      TALLY_CHECK(on_event(pending_));
      pending_.clear();
    }
  }
  pending_.append(bytes.substr(begin));
  return {};
}

std::size_t end_of_value(std::string_view text, std::size_t begin) noexcept {
  JsonScan scan;
  for (std::size_t at = begin; at < text.size(); ++at) {
    if (scan.take(text[at])) {
      return at + 1;
    }
  }
  return text.size();
}

}  // namespace tally::kube_client

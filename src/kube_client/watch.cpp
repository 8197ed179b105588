#include "kube_client/watch.hpp"

#include <utility>

#include "kube_client/event_reading.hpp"
#include "kube_client/watch_reader.hpp"
#include "kube_client/object_path.hpp"

namespace tally::kube_client {
namespace {

constexpr unsigned kGone = 410;

bool is_expired(const Refusal& refusal) {
  return refusal.status == kGone || refusal.reason == "Expired" || refusal.reason == "Gone";
}

std::string path_of(const Resource& resource, const WatchOptions& options) {
  std::string path = ObjectPlace{.resource = resource, .name_space = options.name_space}.path();
  path += "?watch=true";
  const auto add = [&path](std::string_view name, std::string_view value) {
    if (!value.empty()) {
      path.append("&").append(name).append("=").append(escaped(value));
    }
  };
  add("resourceVersion", options.resource_version);
  add("allowWatchBookmarks", options.allow_bookmarks ? "true" : "");
  add("timeoutSeconds", std::to_string(options.timeout.count()));
  add("labelSelector", options.label_selector);
  add("fieldSelector", options.field_selector);
  return path;
}

}  // namespace

WatchEnd watch(ApiClient& client, const Resource& resource, const WatchOptions& options,
               const OnWatchEvent& on_event) {
  const std::string path = path_of(resource, options);
  EventReading reading("WATCH " + path.substr(0, path.find('?')), on_event);
  WatchReader reader(options.event_bytes);
  const auto read = [&](std::string_view text) -> Result<void> {
    // What came in one piece with an event may be stopped behind it.
    return options.stop.stop_requested() ? environment_error("the watch was stopped")
                                         : reading.read(text);
  };
  const auto streamed =
      client.stream({.path = path, .stop = options.stop}, {.idle = options.idle},
                    [&](std::string_view bytes) { return reader.feed(bytes, read); });
  if (options.stop.stop_requested()) {
    return {.kind = WatchEndKind::Stopped};
  }
  if (!streamed) {
    Refusal refusal = reading.refusal().value_or(streamed.error());
    const auto kind = is_expired(refusal) ? WatchEndKind::Expired : WatchEndKind::Failed;
    return {.kind = kind, .refusal = std::move(refusal)};
  }
  if (!reader.is_between_events()) {
    return {.kind = WatchEndKind::Failed,
            .refusal = {.status = 0,
                        .error = environment_error("the watch ended within an event").error()}};
  }
  return {.kind = WatchEndKind::Closed};
}

}  // namespace tally::kube_client

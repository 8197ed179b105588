#pragma once
// A watch: what changes of a resource, as it changes (kubernetes.io/docs/reference/using-api/
// api-concepts "Efficient detection of changes"; k8s.io/client-go rest/watch).
//
//   const WatchEnd end = watch(client, pods, {.resource_version = seen}, [&](const WatchEvent& e) {
//     ...
//   });
//
// watch() returns when the watch is over; the callback runs on the thread of the caller. The
// answer has no length; an event has a limit. Threads: as ApiClient.

#include <chrono>
#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>

#include "document/node.hpp"
#include "document/source.hpp"
#include "kube_client/api_client.hpp"
#include "kube_client/discovery.hpp"

namespace tally::kube_client {

enum class WatchEventType : std::uint8_t { Added, Modified, Deleted, Bookmark };

// Valid during the callback only. Unlike an item of a list, the object names its apiVersion and
// kind. Of a bookmark it has nothing but these and a resourceVersion.
struct WatchEvent {
  WatchEventType type = WatchEventType::Added;
  document::Node object;
  std::string_view json;              // of the object, as the server wrote it
  std::string_view resource_version;  // where a watch can go on; opaque
};

struct WatchOptions {
  std::string resource_version{};  // after which; empty: what is there now comes first, as Added
  std::string name_space{};        // empty: all
  std::string label_selector{};
  std::string field_selector{};
  bool allow_bookmarks = true;
  std::chrono::seconds timeout{300};  // after which the server ends it
  // No byte for so long: the connection is dead. Longer than the minute between bookmarks.
  std::chrono::milliseconds idle{120'000};
  std::size_t event_bytes = std::size_t{5} * 1024 * 1024;
  std::stop_token stop{};
};

enum class WatchEndKind : std::uint8_t {
  Closed,   // by the server, between two events: go on from the last version
  Stopped,  // by the stop token
  Expired,  // 410, as a status or as an event: list again
  Failed,   // everything else
};

struct WatchEnd {
  WatchEndKind kind = WatchEndKind::Closed;
  Refusal refusal{};  // of Expired and Failed; of an event ERROR, the Status that it holds
};

using OnWatchEvent = std::function<void(const WatchEvent&)>;
[[nodiscard]] WatchEnd watch(ApiClient& client, const Resource& resource,
                             const WatchOptions& options, const OnWatchEvent& on_event);

}  // namespace tally::kube_client

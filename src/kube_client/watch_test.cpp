#include "kube_client/watch.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "document/json_writer.hpp"
#include "kube_client/watch_reader.hpp"
#include "kube_client/testing/api_server.hpp"

namespace tally::kube_client {
namespace {

using namespace std::chrono_literals;
using namespace testing;

// What is cut out of a text that comes in pieces of one size.
std::string cut(std::string_view text, std::size_t piece, std::size_t event_bytes = 100) {
  WatchReader reader(event_bytes);
  std::string out;
  while (!text.empty()) {
    const std::string_view part = text.substr(0, piece);
    text.remove_prefix(part.size());
    const auto fed = reader.feed(part, [&](std::string_view event) -> Result<void> {
      out.append("[").append(event).append("]");
      return {};
    });
    if (!fed) {
      return out + " ! " + fed.error().message;
    }
  }
  return reader.is_between_events() ? out : out + " ...";
}

TEST(WatchReader, CutsOutEvents) {
  struct Row {
    std::string_view text;
    std::string_view expected;
  };
  for (const auto& [text, expected] :
       {Row{"", ""}, Row{" \r\n\t", ""}, Row{"{}", "[{}]"}, Row{"{}{}", "[{}][{}]"},
        Row{"{}\n{\"a\": 1}\n", "[{}][{\"a\": 1}]"},
        Row{"{\"a\":\n[{}, \"}\"]\n}", "[{\"a\":\n[{}, \"}\"]\n}]"},
        Row{R"({"a":"\"}"}{})", R"([{"a":"\"}"}][{}])"},
        Row{R"({"a":"\\"}{})", R"([{"a":"\\"}][{}])"},
        Row{R"({"a":"é{\u007b"})", R"([{"a":"é{\u007b"}])"}, Row{"{}{", "[{}] ..."},
        Row{"{\"a", " ..."}, Row{"{}\n{\"a\":[{}]", "[{}] ..."}}) {
    for (std::size_t piece = 1; piece <= text.size() + 1; ++piece) {
      EXPECT_EQ(cut(text, piece), expected) << text << " in pieces of " << piece;
    }
  }
}

TEST(WatchReader, Refuses) {
  for (const std::string_view text : {"[]", "1", "x", "}", "{}]", "{},{}", "\"{}\"", "<html>"}) {
    for (const std::size_t piece : {1U, 100U}) {
      EXPECT_NE(cut(text, piece).find("where an event was expected"), std::string::npos) << text;
    }
  }
  const std::string fits = "{\"a\":\"" + std::string(92, 'x') + "\"}";
  ASSERT_EQ(fits.size(), 100U);
  for (const std::size_t piece : {1U, 7U, 1000U}) {
    EXPECT_EQ(cut(fits + fits, piece), "[" + fits + "][" + fits + "]");
    EXPECT_EQ(cut(fits + "{" + fits, piece),
              "[" + fits + "] ! an event of the watch has more than the 100 bytes that are read");
  }
}

// The events of a watch, and how it ends.
std::string watched(ApiClient& client, WatchOptions options = {}) {
  std::string out;
  const WatchEnd end = watch(client, kPods, options, [&](const WatchEvent& event) {
    std::string again;
    document::append_json(again, event.object);
    EXPECT_EQ(again, event.json);
    out += fmt::format("{}:{} ", static_cast<int>(event.type), event.resource_version);
  });
  out += fmt::format("end {}", static_cast<int>(end.kind));
  if (end.refusal.status != 0 || !end.refusal.error.message.empty()) {
    out += fmt::format(" {} {}: {}", end.refusal.status, end.refusal.reason,
                       end.refusal.error.message);
  }
  const std::string server = client.access().server.substr(7);
  for (std::size_t at = out.find(server); at != std::string::npos; at = out.find(server)) {
    out.replace(at, server.size(), "SERVER");
  }
  return out;
}

std::string watched(const std::string& answer, const WatchOptions& options = {}) {
  const KeepAliveServer server([&](Peer& peer, const ReceivedRequest&) {
    peer.write(answer);
    return false;
  });
  ApiClient client = client_of(server);
  return watched(client, options);
}

std::string stream(const std::string& text) { return kStream + chunk(text) + kStreamEnd; }

TEST(Watch, HandsEventsOn) {
  EXPECT_EQ(watched(stream(event("ADDED", "a", "1") + event("MODIFIED", "a", "2"))),
            "0:1 1:2 end 0");
  EXPECT_EQ(watched(kStream + chunk(event("DELETED", "a", "3")) +
                    chunk(event("BOOKMARK", "", "9")) + kStreamEnd),
            "2:3 3:9 end 0");
  EXPECT_EQ(watched(kStream + std::string(kStreamEnd)), "end 0");
  // An event in many chunks, two in one.
  std::string slow = kStream;
  for (const char c : event("ADDED", "a", "1") + event("ADDED", "b", "2")) {
    slow += chunk(std::string(1, c));
  }
  EXPECT_EQ(watched(slow + kStreamEnd), "0:1 0:2 end 0");
}

TEST(Watch, SaysWhereAndWhat) {
  const KeepAliveServer server([](Peer& peer, const ReceivedRequest&) {
    return peer.write(kStream + std::string(kStreamEnd)) && false;
  });
  ApiClient client = client_of(server, {.token = "t"});
  EXPECT_EQ(watched(client), "end 0");
  EXPECT_EQ(watched(client, {.resource_version = "7",
                             .name_space = "shop",
                             .label_selector = "a=b,c",
                             .field_selector = "x!=y",
                             .allow_bookmarks = false,
                             .timeout = 9s}),
            "end 0");
  const auto requests = server.requests();
  EXPECT_EQ(requests[0].path,
            "/api/v1/pods?watch=true&allowWatchBookmarks=true&timeoutSeconds=300");
  EXPECT_EQ(requests[1].path,
            "/api/v1/namespaces/shop/pods?watch=true&resourceVersion=7&timeoutSeconds=9"
            "&labelSelector=a%3Db%2Cc&fieldSelector=x%21%3Dy");
  EXPECT_NE(requests[1].head.find("Authorization: Bearer t\r\n"), std::string::npos);
}

TEST(Watch, EndsOtherwise) {
  const std::string one = event("ADDED", "a", "1");
  const auto status = [](int code, const std::string& reason) {
    return fmt::format(R"({{"type":"ERROR","object":{{"kind":"Status","message":"m","code":{},)"
                       R"("reason":"{}"}}}})",
                       code, reason);
  };
  struct Row {
    std::string answer;
    std::string_view expected;
  };
  for (const auto& [answer, expected] : {
           // Too old, in both forms, and by the reason alone.
           Row{json_answer(410, R"({"kind":"Status","reason":"Expired","message":"m"})"),
               "end 2 410 Expired: WATCH /api/v1/pods: 410 Gone: m"},
           Row{stream(one + status(410, "Expired")),
               "0:1 end 2 410 Expired: WATCH /api/v1/pods: 410 Gone: m"},
           Row{stream(status(410, "Gone")), "end 2 410 Gone: WATCH /api/v1/pods: 410 Gone: m"},
           // Nothing behind an error is read.
           Row{stream(status(500, "InternalError") + one),
               "end 3 500 InternalError: WATCH /api/v1/pods: 500 Internal Server Error: m"},
           Row{stream(R"({"type":"ERROR","object":{}})"),
               "end 3 500 : WATCH /api/v1/pods: 500 Internal Server Error"},
           Row{stream(R"({"type":"ERROR","object":{"code":7}})"),
               "end 3 500 : WATCH /api/v1/pods: 500 Internal Server Error"},
           Row{json_answer(403, R"({"reason":"Forbidden","message":"no"})"),
               "end 3 403 Forbidden: WATCH /api/v1/pods: 403 Forbidden: no"},
           Row{json_answer(503, "<html>"),
               "end 3 503 : WATCH /api/v1/pods: 503 Service Unavailable"},
           // Broken off: within an event, within a chunk, without an end.
           Row{stream(one + R"({"type":)"), "0:1 end 3 0 : the watch ended within an event"},
           Row{kStream + chunk(one) + "20\r\n{",
               "0:1 end 3 0 : SERVER: the connection was closed before the response was complete"},
           Row{kStream + chunk(one) + "zz\r\n",
               "0:1 end 3 0 : SERVER: the response is malformed: bad chunk"},
           // What is no event.
           Row{stream(R"({"type":"ADDED"})"), "end 3 0 : an event of the watch has no object"},
           Row{stream(R"({"type":"ADDED","object":[]})"),
               "end 3 0 : an event of the watch has no object"},
           Row{stream(R"({"type":"TOUCHED","object":{}})"),
               "end 3 0 : an event of the watch has the type 'TOUCHED', expected ADDED, MODIFIED, "
               "DELETED, BOOKMARK or ERROR"},
           Row{stream(R"({"object":{}})"),
               "end 3 0 : an event of the watch has the type '', expected ADDED, MODIFIED, "
               "DELETED, "
               "BOOKMARK or ERROR"},
           Row{stream(R"({"type":"ADDED","object":{"metadata":{}}})"),
               "end 3 0 : an object of the watch has no metadata.resourceVersion"},
           Row{stream("<html>"), "end 3 0 : the watch sends '<html>' where an event was expected"},
       }) {
    EXPECT_EQ(watched(answer), expected) << answer;
  }
  EXPECT_TRUE(watched(stream(R"({"type":"ADDED","object":{"a":}})")).starts_with("end 3 0 : "));
}

TEST(Watch, LimitsAnEvent) {
  const std::string large = event("ADDED", std::string(5'500'000, 'x'), "1");
  EXPECT_EQ(watched(stream(event("ADDED", "a", "1") + large)),
            "0:1 end 3 0 : an event of the watch has more than the 5242880 bytes that are read");
  EXPECT_EQ(watched(stream(large), {.event_bytes = 6'000'000}), "0:1 end 0");
}

TEST(Watch, RemembersWhenToComeAgain) {
  const KeepAliveServer server([](Peer& peer, const ReceivedRequest&) {
    return peer.write(json_answer(429, R"({"reason":"TooManyRequests"})", "Retry-After: 7\r\n"));
  });
  ApiClient client = client_of(server);
  const WatchEnd end = watch(client, kPods, {}, [](const WatchEvent&) {});
  EXPECT_EQ(end.kind, WatchEndKind::Failed);
  EXPECT_EQ(end.refusal.retry_after, 7s);
}

TEST(Watch, StopsBetweenEvents) {
  const KeepAliveServer server([](Peer& peer, const ReceivedRequest&) {
    peer.write(kStream + chunk(event("ADDED", "a", "1") + event("ADDED", "b", "2")));
    peer.wait();
    return false;
  });
  ApiClient client = client_of(server);
  std::stop_source stop;
  int events = 0;
  const WatchEnd end = watch(client, kPods, {.stop = stop.get_token()}, [&](const WatchEvent&) {
    ++events;
    stop.request_stop();
  });
  EXPECT_EQ(end.kind, WatchEndKind::Stopped);
  EXPECT_EQ(events, 1);
}

TEST(Watch, EndsWhenNothingIsSaid) {
  const KeepAliveServer server([](Peer& peer, const ReceivedRequest&) {
    peer.write(kStream + chunk(event("ADDED", "a", "1")));
    peer.wait();
    return false;
  });
  ApiClient client = client_of(server);
  EXPECT_EQ(watched(client, {.idle = 30ms}), "0:1 end 3 0 : SERVER said nothing for 30 ms");
}

}  // namespace
}  // namespace tally::kube_client

#include "kube_client/reflector.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "kube_client/testing/api_server.hpp"
#include "kube_client/testing/fake_time.hpp"

namespace tally::kube_client {
namespace {

using namespace std::chrono_literals;
using namespace testing;

Refusal refused(unsigned status, std::optional<std::chrono::seconds> after = {}) {
  return {.status = status, .error = environment_error("no").error(), .retry_after = after};
}

// What follows a watch that ended.
TEST(ReflectorPlan, AfterAWatch) {
  struct Row {
    std::string_view name;
    WatchEnd end;
    bool has_seen;
    std::chrono::milliseconds lasted;
    ReflectorPlan::Step step;
    std::chrono::milliseconds wait;
  };
  using enum WatchEndKind;
  using Step = ReflectorPlan::Step;
  Refusal unreadable{.status = 0, .error = content_error("garbage").error()};
  Refusal large{.status = 0, .error = limit_error("5 MB").error()};
  for (const auto& [name, end, has_seen, lasted, step, wait] :
       {Row{"closed after events", {Closed}, true, 1s, Step::Watch, 0ms},
        Row{"closed after a quiet time", {Closed}, false, 60s, Step::Watch, 0ms},
        Row{"closed at once", {Closed}, false, 59s, Step::Watch, 800ms},
        Row{"stopped", {Stopped}, false, 0s, Step::Watch, 0ms},
        Row{"expired after events", {Expired, refused(410)}, true, 1s, Step::List, 0ms},
        Row{"expired at once", {Expired, refused(410)}, false, 0s, Step::List, 800ms},
        Row{"broken off", {Failed, refused(0)}, true, 1s, Step::Watch, 800ms},
        Row{"too many", {Failed, refused(429, 5s)}, false, 0s, Step::Watch, 5800ms},
        Row{"an internal error", {Failed, refused(500)}, false, 0s, Step::Watch, 800ms},
        Row{"starting", {Failed, refused(503, 1s)}, false, 0s, Step::Watch, 1800ms},
        Row{"a version that is too new", {Failed, refused(504)}, false, 0s, Step::List, 800ms},
        Row{"forbidden", {Failed, refused(403)}, false, 0s, Step::List, 800ms},
        Row{"not there", {Failed, refused(404)}, false, 0s, Step::List, 800ms},
        Row{"an event nobody reads", {Failed, unreadable}, false, 0s, Step::List, 800ms},
        Row{"an event too large", {Failed, large}, true, 1s, Step::List, 800ms}}) {
    ReflectorPlan plan({});
    EXPECT_EQ(plan.step(), Step::List) << name;
    EXPECT_EQ(plan.listed("10"), 0ms) << name;
    if (has_seen) {
      plan.seen("11");
    }
    EXPECT_EQ(plan.watch_ended(end, lasted, 1), wait) << name;
    EXPECT_EQ(plan.step(), step) << name;
    EXPECT_EQ(plan.resource_version(), has_seen ? "11" : "10") << name;
  }
}

TEST(ReflectorPlan, BacksOff) {
  ReflectorPlan plan({.base = 1s, .cap = 4s});
  for (const auto wait : {1000ms, 2000ms, 4000ms, 4000ms}) {
    EXPECT_EQ(plan.list_failed(refused(500), 1), wait);
    EXPECT_EQ(plan.step(), ReflectorPlan::Step::List);
  }
  EXPECT_EQ(plan.failures(), 4U);
  // A list that comes and a watch that does not: that is no success.
  EXPECT_EQ(plan.listed("1"), 0ms);
  EXPECT_EQ(plan.watch_ended({WatchEndKind::Failed, refused(403)}, 0s, 1), 4000ms);
  EXPECT_EQ(plan.listed("1"), 0ms);
  plan.seen("2");
  EXPECT_EQ(plan.failures(), 0U);
  EXPECT_EQ(plan.watch_ended({WatchEndKind::Failed, refused(0)}, 0s, 1), 1000ms);
  EXPECT_EQ(plan.watch_ended({WatchEndKind::Failed, refused(0)}, 60s, 0), 0ms);
}

// A version of a store that was set back: the server waits for it and says nothing.
TEST(ReflectorPlan, ListsWhenWatchesShowNothing) {
  for (const WatchEnd& end : {WatchEnd{WatchEndKind::Failed, refused(0)}, WatchEnd{}}) {
    ReflectorPlan plan({});
    EXPECT_EQ(plan.listed("10"), 0ms);
    EXPECT_EQ(plan.watch_ended(end, 120s, 0), 0ms);
    EXPECT_EQ(plan.step(), ReflectorPlan::Step::Watch);
    plan.seen("11");
    EXPECT_EQ(plan.watch_ended(end, 120s, 0), 0ms);
    EXPECT_EQ(plan.watch_ended(end, 120s, 0), 0ms);
    EXPECT_EQ(plan.watch_ended(end, 1s, 0), 0ms) << "a short one says nothing";
    EXPECT_EQ(plan.step(), ReflectorPlan::Step::Watch);
    EXPECT_EQ(plan.watch_ended(end, 120s, 0), 0ms);
    EXPECT_EQ(plan.step(), ReflectorPlan::Step::List);
  }
}

// A server that answers in turn, and what a reflector of it says.
class World {
 public:
  // Behind the last answer the reflector is stopped, and the connection waits.
  explicit World(std::vector<std::string> answers, CredentialSource credentials = {})
      : answers_(std::move(answers)),
        server_([this](Peer& peer, const ReceivedRequest&) { return answer(peer); }),
        client_(client_of(server_, std::move(credentials), [this](const std::string&) {
          return Result<std::string>("token-" + std::to_string(++files_read_));
        })) {}

  std::string run(const ReflectorOptions& options = {}) {
    Reflector reflector(
        client_, kPods, options,
        {.list_begins = [this] { out_ += "begins "; },
         .page =
             [this](const ListPage& page) {
               out_ += fmt::format("page of {} ", page.items.size());
             },
         .list_complete =
             [this](std::string_view version) { out_ += fmt::format("at {} ", version); },
         .changed =
             [this](const WatchEvent& event) {
               out_ += fmt::format("{}:{} ", static_cast<int>(event.type), event.resource_version);
             },
         .state =
             [this](const ReflectorStatus& status) {
               out_ += status.error.empty()
                           ? std::string(status.is_synced ? "synced " : "not yet ")
                           : fmt::format("({} {}) ", status.failures, without_server(status.error));
             }},
        time.timing());
    reflector.run(stop_.get_token());
    last = reflector.status();
    return out_;
  }
  std::string paths() const {
    std::string out;
    for (const ReceivedRequest& request : server_.requests()) {
      std::string path = request.path.substr(request.path.find('?') + 1);
      for (const std::string_view cut : {"allowWatchBookmarks=true&", "&timeoutSeconds=450"}) {
        if (const std::size_t at = path.find(cut); at != std::string::npos) {
          path.erase(at, cut.size());
        }
      }
      out += path + " ";
    }
    return out;
  }
  [[nodiscard]] std::vector<ReceivedRequest> requests() const { return server_.requests(); }
  [[nodiscard]] KeepAliveServer& server() { return server_; }

  FakeTime time;
  ReflectorStatus last;

 private:
  bool answer(Peer& peer) {
    const std::size_t at = next_++;
    if (at >= answers_.size()) {
      stop_.request_stop();
      peer.wait();
      return false;
    }
    peer.write(answers_[at]);
    const bool is_broken = answers_[at].starts_with(kStream) && !answers_[at].ends_with(kStreamEnd);
    return !is_broken;
  }
  std::string without_server(std::string text) const {
    const std::string server = server_.url().substr(7);
    if (const std::size_t at = text.find(server); at != std::string::npos) {
      text.replace(at, server.size(), "SERVER");
    }
    return text;
  }

  std::vector<std::string> answers_;
  std::atomic<std::size_t> next_ = 0;
  std::stop_source stop_;
  std::string out_;
  int files_read_ = 0;
  KeepAliveServer server_;
  ApiClient client_;
};

std::string page(const std::string& items, const std::string& version,
                 const std::string& next = {}) {
  return json_answer(200, R"({"metadata":{"resourceVersion":")" + version + R"(","continue":")" +
                              next + R"("},"items":[)" + items + "]}");
}
std::string stream(const std::string& text) {
  return kStream + (text.empty() ? text : chunk(text)) + kStreamEnd;
}

TEST(Reflector, ListsAndWatches) {
  World world({page("{},{}", "10", "more"), page("{}", "10"),
               stream(event("ADDED", "a", "11") + event("BOOKMARK", "", "15")),
               stream(event("MODIFIED", "a", "16"))});
  EXPECT_EQ(world.run(), "begins page of 2 page of 1 at 10 synced 0:11 3:15 1:16 ");
  EXPECT_EQ(world.paths(),
            "limit=500 limit=500&continue=more watch=true&resourceVersion=10 "
            "watch=true&resourceVersion=15 watch=true&resourceVersion=16 ");
  EXPECT_TRUE(world.time.sleeps.empty());
  EXPECT_TRUE(world.last.is_synced);
}

// Too old, as a status and as an event: from the beginning, with the newest state.
TEST(Reflector, ListsAgain) {
  World world({page("{}", "10"), stream(event("ADDED", "a", "11")),
               json_answer(410, R"({"reason":"Expired"})"), page("{},{}", "20"),
               stream(event("DELETED", "a", "21") +
                      R"({"type":"ERROR","object":{"code":410,"reason":"Expired"}})"),
               page("", "30")});
  EXPECT_EQ(world.run(),
            "begins page of 1 at 10 synced 0:11 begins page of 2 at 20 2:21 "
            "begins page of 0 at 30 ");
  EXPECT_EQ(world.paths(),
            "limit=500 watch=true&resourceVersion=10 watch=true&resourceVersion=11 limit=500 "
            "watch=true&resourceVersion=20 limit=500 watch=true&resourceVersion=30 ");
  EXPECT_EQ(world.time.sleeps, std::vector{400ms}) << "expired before anything was seen";
}

// A list that breaks off begins anew; so does one whose continuation is too old.
TEST(Reflector, BeginsAListAnew) {
  World world({page("{}", "10", "more"), json_answer(500, "{}"), page("{}", "11", "more"),
               json_answer(410, "{}"), page("{},{}", "12")});
  EXPECT_EQ(world.run(),
            "begins page of 1 (1 GET /api/v1/pods: 500 Internal Server Error) begins page of 1 "
            "begins page of 2 at 12 synced ");
  EXPECT_EQ(world.time.sleeps, std::vector{400ms});
}

TEST(Reflector, WaitsLongerAndLonger) {
  World world({json_answer(503, "{}"), json_answer(429, "{}", "Retry-After: 9\r\n"),
               json_answer(403, R"({"message":"pods is forbidden"})"), page("{}", "1"),
               json_answer(500, "{}"), stream(event("ADDED", "a", "2")), json_answer(500, "{}")});
  EXPECT_EQ(world.run(),
            "(1 GET /api/v1/pods: 503 Service Unavailable) "
            "(2 GET /api/v1/pods: 429 Too Many Requests) "
            "(3 GET /api/v1/pods: 403 Forbidden: pods is forbidden) "
            "begins page of 1 at 1 synced (4 WATCH /api/v1/pods: 500 Internal Server Error) 0:2 "
            "synced (1 WATCH /api/v1/pods: 500 Internal Server Error) ");
  EXPECT_EQ(world.time.sleeps, (std::vector{400ms, 800ms + 9000ms, 1600ms, 3200ms, 400ms}));
}

TEST(Reflector, GoesOnAfterARestart) {
  World world({page("{}", "10"), kStream + chunk(event("ADDED", "a", "11")) + "20\r\n{",
               stream(event("ADDED", "b", "12"))});
  bool is_down = false;
  world.time.on_sleep = [&] {
    if (!std::exchange(is_down, true)) {
      world.server().stop();
    } else {
      world.server().start();
      world.time.on_sleep = nullptr;
    }
  };
  EXPECT_EQ(world.run(),
            "begins page of 1 at 10 synced 0:11 "
            "(1 SERVER: the connection was closed before the response was complete) "
            "(2 SERVER cannot be reached: Connection refused) 0:12 synced ");
  EXPECT_EQ(world.paths(),
            "limit=500 watch=true&resourceVersion=10 watch=true&resourceVersion=11 "
            "watch=true&resourceVersion=12 ");
  EXPECT_EQ(world.time.sleeps, (std::vector{400ms, 800ms}));
}

// A token that changes in its file: each call, each watch shows the newest.
TEST(Reflector, ShowsTheNewestToken) {
  World world({page("{}", "1"), stream(event("ADDED", "a", "2"))}, {.token_file = "/token"});
  EXPECT_EQ(world.run(), "begins page of 1 at 1 synced 0:2 ");
  int number = 0;
  for (const ReceivedRequest& request : world.requests()) {
    const std::string token = "Bearer token-" + std::to_string(++number) + "\r\n";
    EXPECT_NE(request.head.find(token), std::string::npos) << request.head;
  }
  EXPECT_EQ(number, 3);
}

TEST(Reflector, NeedsAVersion) {
  World world({page("{}", ""), page("{}", "1")});
  EXPECT_EQ(world.run(),
            "begins page of 1 (1 /api/v1/pods: the list has no resourceVersion) begins page of 1 "
            "at 1 synced ");
}

// An event that is too large is left behind by a list.
TEST(Reflector, PassesAnEventThatIsTooLarge) {
  World world({page("{}", "1"), kStream + chunk(event("ADDED", std::string(300, 'x'), "2")),
               page("{},{}", "3")});
  EXPECT_EQ(world.run({.event_bytes = 200}),
            "begins page of 1 at 1 synced (1 an event of the watch has more than the 200 bytes "
            "that are read) begins page of 2 at 3 synced ");
}

}  // namespace
}  // namespace tally::kube_client

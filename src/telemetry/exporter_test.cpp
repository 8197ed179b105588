#include "telemetry/internal/exporter.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <semaphore>

namespace tally::telemetry::internal {
namespace {

using namespace std::chrono_literals;

Span span_of(std::string name) {
  Span span;
  span.context.is_sampled = true;
  span.name = std::move(name);
  return span;
}

Result<net::Response> answer(unsigned status, std::string body = "{}",
                             std::vector<net::Header> headers = {}) {
  return net::Response{.status = status, .headers = std::move(headers), .body = std::move(body)};
}

std::size_t spans_in(const std::string& body) {
  std::size_t count = 0;
  for (std::size_t at = 0; (at = body.find("\"traceId\"", at)) != std::string::npos; ++at) {
    ++count;
  }
  return count;
}

// Nothing waits for the interval unless a test says so.
TracerLimits quick() { return {.interval = 1h, .retry = 1ms, .attempts = 3, .shutdown = 10s}; }

TEST(Exporter, Answers) {
  struct Row {
    const char* name;
    std::function<Result<net::Response>(int)> answer;  // to the n-th call
    std::uint64_t exported;
    std::uint64_t dropped;
    std::uint64_t failed;
  };
  const auto always = [](unsigned status, std::string body = "{}") {
    return [=](int) { return answer(status, body); };
  };
  const Row rows[] = {
      {"taken", always(200), 3, 0, 0},
      {"taken without a body", always(204, ""), 3, 0, 0},
      {"some rejected", always(200, R"({"partialSuccess":{"rejectedSpans":"2"}})"), 1, 2, 0},
      {"as a number", always(200, R"({"partialSuccess":{"rejectedSpans":1}})"), 2, 1, 0},
      {"more than there were", always(200, R"({"partialSuccess":{"rejectedSpans":"99"}})"), 0, 3,
       0},
      {"a warning", always(200, R"({"partialSuccess":{"errorMessage":"slow"}})"), 3, 0, 0},
      {"nonsense", always(200, R"({"partialSuccess":[)"), 3, 0, 0},
      {"another shape", always(200, R"([{"partialSuccess":1}])"), 3, 0, 0},
      {"refused", always(400), 0, 3, 1},
      {"not found", always(404), 0, 3, 1},
      {"broken", always(500), 0, 3, 1},
      {"redirected", always(302), 0, 3, 1},
      {"unavailable for ever", always(503), 0, 3, 3},
      {"too many", always(429), 0, 3, 3},
      {"unavailable once", [](int n) { return answer(n == 1 ? 502 : 200); }, 3, 0, 1},
      {"no connection",
       [](int) -> Result<net::Response> { return environment_error("no connection"); }, 0, 3, 3},
      {"no connection once",
       [](int n) -> Result<net::Response> {
         return n == 1 ? environment_error("no") : answer(200);
       },
       3, 0, 1},
      {"never allowed", [](int) -> Result<net::Response> { return content_error("no host"); }, 0, 3,
       1},
  };
  for (const Row& row : rows) {
    int calls = 0;
    Exporter exporter({.request = {},
                       .call = [&](const net::Request&) { return row.answer(++calls); },
                       .resource = {},
                       .scope_version = "",
                       .limits = quick()});
    for (int i = 0; i < 3; ++i) {
      exporter.put(span_of("s"));
    }
    ASSERT_TRUE(exporter.flush(20s)) << row.name;
    const TracerCounts counts = exporter.counts();
    EXPECT_EQ(counts.exported, row.exported) << row.name;
    EXPECT_EQ(counts.dropped, row.dropped) << row.name;
    EXPECT_EQ(counts.failed_calls, row.failed) << row.name;
    EXPECT_EQ(counts.queued, 0U) << row.name;
  }
}

TEST(Exporter, RetryAfterIsHeeded) {
  struct Row {
    const char* text;
    bool waits;
  };
  // What waits here is cut short by the end.
  const Row rows[] = {
      {"1000", true}, {"99999999999999999999", false}, {"soon", false}, {"", false}, {"-5", false}};
  for (const Row& row : rows) {
    std::atomic<int> calls = 0;
    std::counting_semaphore<> called(0);
    TracerLimits limits = quick();
    limits.attempts = 2;
    auto exporter = std::make_unique<Exporter>(
        ExporterOptions{.request = {},
                        .call =
                            [&](const net::Request&) {
                              ++calls;
                              called.release();
                              return answer(503, "", {{"retry-after", row.text}});
                            },
                        .resource = {},
                        .scope_version = "",
                        .limits = limits});
    exporter->put(span_of("s"));
    if (row.waits) {
      EXPECT_FALSE(exporter->flush(1ms));
      called.acquire();
    } else {
      EXPECT_TRUE(exporter->flush(20s));
    }
    EXPECT_EQ(calls, row.waits ? 1 : 2) << row.text;
    exporter.reset();
    EXPECT_EQ(calls, 2) << "the last attempt comes at once at the end";
  }
}

// The collector hangs: the queue is bounded by spans and by bytes, put() returns at once.
TEST(Exporter, SlowCollector) {
  for (const bool by_bytes : {false, true}) {
    std::binary_semaphore entered(0);
    std::binary_semaphore leave(0);
    std::atomic<bool> is_first = true;
    TracerLimits limits = quick();
    limits.batch_spans = 1;
    limits.queue_spans = by_bytes ? 1000 : 5;
    limits.queue_bytes = by_bytes ? 5 * (sizeof(Span) + 1000) : 1'000'000;
    Exporter exporter({.request = {},
                       .call =
                           [&](const net::Request&) {
                             if (is_first.exchange(false)) {
                               entered.release();
                               leave.acquire();
                             }
                             return answer(200);
                           },
                       .resource = {},
                       .scope_version = "",
                       .limits = limits});
    exporter.put(span_of(std::string(1000, 'a')));
    entered.acquire();
    for (int i = 0; i < 20; ++i) {
      exporter.put(span_of(std::string(1000, 'a')));
    }
    EXPECT_EQ(exporter.counts().queued, 5U);
    EXPECT_EQ(exporter.counts().dropped, 15U);
    EXPECT_FALSE(exporter.flush(1ms));
    leave.release();
    EXPECT_TRUE(exporter.flush(20s));
    EXPECT_EQ(exporter.counts().exported, 6U);
  }
}

TEST(Exporter, Batches) {
  std::vector<std::size_t> sizes;
  TracerLimits limits = quick();
  limits.batch_spans = 4;
  {
    Exporter exporter({.request = {},
                       .call =
                           [&](const net::Request& request) {
                             sizes.push_back(spans_in(request.body));
                             return answer(200);
                           },
                       .resource = {},
                       .scope_version = "",
                       .limits = limits});
    for (int i = 0; i < 10; ++i) {
      exporter.put(span_of("s"));
    }
    // The end sends what is left, without waiting for the interval.
  }
  EXPECT_EQ(sizes, (std::vector<std::size_t>{4, 4, 2}));
  // By bytes: one span at least.
  sizes.clear();
  limits.batch_spans = 100;
  limits.batch_bytes = 10;
  {
    Exporter exporter({.request = {},
                       .call =
                           [&](const net::Request& request) {
                             sizes.push_back(spans_in(request.body));
                             return answer(200);
                           },
                       .resource = {},
                       .scope_version = "",
                       .limits = limits});
    exporter.put(span_of("s"));
    exporter.put(span_of("s"));
  }
  EXPECT_EQ(sizes, (std::vector<std::size_t>{1, 1}));
}

TEST(Exporter, IntervalEndsABatch) {
  std::counting_semaphore<> called(0);
  TracerLimits limits = quick();
  limits.interval = 5ms;
  Exporter exporter({.request = {},
                     .call =
                         [&](const net::Request&) {
                           called.release();
                           return answer(200);
                         },
                     .resource = {},
                     .scope_version = "",
                     .limits = limits});
  exporter.put(span_of("s"));
  EXPECT_TRUE(called.try_acquire_for(20s));
}

// At the end there is so much time and no more: here none, for a batch that waits for its next
// attempt and for those behind it.
TEST(Exporter, ShutdownIsBounded) {
  int calls = 0;
  TracerLimits limits = quick();
  limits.batch_spans = 1;
  limits.retry = 1h;
  limits.shutdown = 0ms;
  std::binary_semaphore entered(0);
  {
    Exporter exporter({.request = {},
                       .call =
                           [&](const net::Request&) {
                             ++calls;
                             entered.release();
                             return answer(503);
                           },
                       .resource = {},
                       .scope_version = "",
                       .limits = limits});
    for (int i = 0; i < 100; ++i) {
      exporter.put(span_of("s"));
    }
    entered.acquire();
  }
  EXPECT_EQ(calls, 1);
}

}  // namespace
}  // namespace tally::telemetry::internal

#include "telemetry/tracer.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <functional>
#include <thread>

#include "base/arena.hpp"
#include "document/read.hpp"
#include "telemetry/testing/collector.hpp"

namespace tally::telemetry {
namespace {

using namespace std::chrono_literals;
using testing::Collector;

// Bytes 1, 2, 3, ... and a clock that goes on by a microsecond a look.
TracerOptions options_for(const std::string& endpoint) {
  TracerOptions options;
  options.endpoint = endpoint;
  options.resource = {{"service.name", "tally"}};
  options.clock = [time = std::make_shared<std::atomic<std::int64_t>>(1'795'000'000'000'000'000)] {
    return time->fetch_add(1000);
  };
  options.random = [next = std::make_shared<std::atomic<std::uint8_t>>(std::uint8_t{0})](
                       std::span<std::uint8_t> out) {
    for (std::uint8_t& octet : out) {
      octet = static_cast<std::uint8_t>(next->fetch_add(1) + 1);
    }
  };
  options.limits.interval = 1h;
  options.limits.retry = 1ms;
  return options;
}

TEST(Tracer, SendsToTheCollector) {
  const Collector collector;
  TracerOptions options = options_for(collector.url());
  options.headers = {{"Authorization", "Bearer x"}};
  options.scope_version = "0.1";
  const auto tracer = Tracer::start(std::move(options));
  ASSERT_TRUE(tracer) << tracer.error().message;
  Span span = (*tracer)->begin(
      "admit", SpanKind::Server,
      parse_traceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"));
  span.attributes.push_back({"k8s.namespace.name", "shop"});
  (*tracer)->finish((*tracer)->begin("judge", SpanKind::Internal, span.context));
  (*tracer)->finish(std::move(span));
  ASSERT_TRUE((*tracer)->flush(20s));
  const auto requests = collector.requests();
  ASSERT_EQ(requests.size(), 1U);
  const std::string& request = requests[0];
  EXPECT_TRUE(request.starts_with("POST /v1/traces HTTP/1.1\r\n")) << request;
  EXPECT_NE(request.find("\r\nContent-Type: application/json\r\n"), std::string::npos);
  EXPECT_NE(request.find("\r\nAuthorization: Bearer x\r\n"), std::string::npos);
  const std::string body = request.substr(request.find("\r\n\r\n") + 4);
  const auto source = document::Source::from_text("body", body);
  Arena arena;
  ASSERT_TRUE(document::read_one(*source, arena)) << body;
  const std::string both[] = {
      R"({"traceId":"4bf92f3577b34da6a3ce929d0e0e4736","spanId":"090a0b0c0d0e0f10","parentSpanId":"0102030405060708",)"
      R"("name":"judge","kind":1,"startTimeUnixNano":"1795000000000001000","endTimeUnixNano":"1795000000000002000",)",
      R"({"traceId":"4bf92f3577b34da6a3ce929d0e0e4736","spanId":"0102030405060708","parentSpanId":"00f067aa0ba902b7",)"
      R"("name":"admit","kind":2,"startTimeUnixNano":"1795000000000000000","endTimeUnixNano":"1795000000000003000",)"};
  for (const std::string& expected : both) {
    EXPECT_NE(body.find(expected), std::string::npos) << body;
  }
  EXPECT_EQ((*tracer)->counts().exported, 2U);
  EXPECT_EQ((*tracer)->counts().dropped, 0U);
}

TEST(Tracer, UnavailableCollector) {
  std::string gone;
  {
    const Collector collector("503 Service Unavailable");
    gone = collector.url();
    const auto tracer = Tracer::start(options_for(gone));
    (*tracer)->finish((*tracer)->begin("a", SpanKind::Server));
    ASSERT_TRUE((*tracer)->flush(20s));
    EXPECT_EQ((*tracer)->counts().dropped, 1U);
    EXPECT_EQ(collector.requests().size(), 4U);
  }
  const auto tracer = Tracer::start(options_for(gone));
  (*tracer)->finish((*tracer)->begin("a", SpanKind::Server));
  ASSERT_TRUE((*tracer)->flush(20s));
  EXPECT_EQ((*tracer)->counts().dropped, 1U);
  EXPECT_EQ((*tracer)->counts().failed_calls, 4U);
}

TEST(Tracer, Endpoints) {
  struct Row {
    const char* name;
    std::string path;      // of the endpoint
    const char* expected;  // of the request
  };
  const Row rows[] = {{"none", "", "/v1/traces"},
                      {"root", "/", "/v1/traces"},
                      {"whole", "/v1/traces", "/v1/traces"},
                      {"below", "/otlp/", "/otlp/v1/traces"}};
  const Collector collector;
  std::size_t calls = 0;
  for (const Row& row : rows) {
    const auto tracer = Tracer::start(options_for(collector.url() + row.path));
    ASSERT_TRUE(tracer) << row.name;
    (*tracer)->finish((*tracer)->begin("a", SpanKind::Server));
    ASSERT_TRUE((*tracer)->flush(20s));
    ASSERT_EQ(collector.requests().size(), ++calls);
    EXPECT_TRUE(collector.requests().back().starts_with(std::string("POST ") + row.expected + " "))
        << row.name;
  }
}

TEST(Tracer, RefusesOptions) {
  struct Row {
    const char* name;
    std::function<void(TracerOptions&)> change;
    bool is_sound;
  };
  const Row rows[] = {
      {"as it is", [](TracerOptions&) {}, true},
      {"nothing is sampled", [](TracerOptions& o) { o.ratio = 0; }, true},
      {"no endpoint", [](TracerOptions& o) { o.endpoint = ""; }, false},
      {"another scheme", [](TracerOptions& o) { o.endpoint = "grpc://a:4317"; }, false},
      {"user information", [](TracerOptions& o) { o.endpoint = "http://u:p@a/"; }, false},
      {"query", [](TracerOptions& o) { o.endpoint = "http://a/?x"; }, false},
      {"ratio above", [](TracerOptions& o) { o.ratio = 1.01; }, false},
      {"ratio below", [](TracerOptions& o) { o.ratio = -0.01; }, false},
      {"no ratio", [](TracerOptions& o) { o.ratio = std::nan(""); }, false},
      {"header", [](TracerOptions& o) { o.headers = {{"a b", "c"}}; }, false},
      {"header with a line", [](TracerOptions& o) { o.headers = {{"a", "b\r\nc: d"}}; }, false},
  };
  for (const Row& row : rows) {
    TracerOptions options = options_for("http://localhost:4318");
    row.change(options);
    EXPECT_EQ(Tracer::start(std::move(options)).has_value(), row.is_sound) << row.name;
  }
}

// Parent first, then the ratio of the low 63 bits of the trace id.
TEST(Tracer, Sampling) {
  const auto is_recorded = [](double ratio, std::uint8_t octet,
                              const std::optional<TraceParent>& parent = std::nullopt) {
    TracerOptions options = options_for("http://localhost:4318");
    options.ratio = ratio;
    options.random = [octet](std::span<std::uint8_t> out) { std::ranges::fill(out, octet); };
    return (*Tracer::start(std::move(options)))->begin("a", SpanKind::Server, parent).is_recorded();
  };
  const TraceParent yes{.trace = {1}, .span = {1}, .is_sampled = true};
  const TraceParent no{.trace = {1}, .span = {1}, .is_sampled = false};
  EXPECT_TRUE(is_recorded(1, 0xFF));
  EXPECT_TRUE(is_recorded(0.5, 0x7F));
  EXPECT_FALSE(is_recorded(0.5, 0x80));
  EXPECT_TRUE(is_recorded(0.51, 0x80));
  EXPECT_FALSE(is_recorded(0, 0x01));
  EXPECT_TRUE(is_recorded(0, 0xFF, yes));
  EXPECT_FALSE(is_recorded(1, 0x01, no));
}

TEST(Tracer, SpansAreTrimmed) {
  const Collector collector;
  TracerOptions options = options_for(collector.url());
  options.limits.attributes = 1;
  options.limits.value_bytes = 4;
  const auto tracer = Tracer::start(std::move(options));
  Span span = (*tracer)->begin("name of it", SpanKind::Server);
  span.attributes = {{"keykey", "abcö"}, {"dropped", "x"}};
  span.end_ns = 1;  // before it began
  (*tracer)->finish(std::move(span));
  Span unseen = (*tracer)->begin("unseen", SpanKind::Server, TraceParent{{1}, {1}, false});
  (*tracer)->finish(std::move(unseen));
  ASSERT_TRUE((*tracer)->flush(20s));
  const std::string request = collector.requests().at(0);
  EXPECT_NE(request.find(R"("name":"name","kind":2,"startTimeUnixNano":"1795000000000000000",)"
                         R"("endTimeUnixNano":"1795000000000000000","attributes":[{"key":"keyk",)"
                         R"("value":{"stringValue":"abc"}}],"droppedAttributesCount":1})"),
            std::string::npos)
      << request;
  EXPECT_EQ(request.find("unseen"), std::string::npos);
}

TEST(Tracer, IdsAreRandom) {
  TracerOptions options = options_for("http://localhost:4318");
  options.random = nullptr;
  options.ratio = 0;
  const auto tracer = Tracer::start(std::move(options));
  const Span a = (*tracer)->begin("a", SpanKind::Server);
  const Span b = (*tracer)->begin("b", SpanKind::Server);
  EXPECT_NE(a.context.trace, b.context.trace);
  EXPECT_NE(a.context.span, b.context.span);
  EXPECT_EQ(a.parent, SpanId{});
  // A generator of zeros does not make the id that means none.
  options = options_for("http://localhost:4318");
  options.random = [](std::span<std::uint8_t> out) { std::ranges::fill(out, std::uint8_t{0}); };
  const Span c = (*Tracer::start(std::move(options)))->begin("c", SpanKind::Server);
  EXPECT_NE(c.context.span, SpanId{});
  EXPECT_NE(c.context.trace, TraceId{});
}

TEST(Tracer, ManyThreads) {
  const Collector collector;
  TracerOptions options = options_for(collector.url());
  options.limits.batch_spans = 16;
  const auto tracer = Tracer::start(std::move(options));
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int turn = 0; turn < 25; ++turn) {
        (*tracer)->finish((*tracer)->begin("a", SpanKind::Server));
        EXPECT_LE((*tracer)->counts().queued, 100U);
      }
    });
  }
  threads.clear();
  ASSERT_TRUE((*tracer)->flush(20s));
  EXPECT_EQ((*tracer)->counts().exported, 100U);
}

}  // namespace
}  // namespace tally::telemetry

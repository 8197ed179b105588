#include "telemetry/trace.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "telemetry/tracer.hpp"

namespace tally::telemetry {
namespace {

// The example of section 3.2.2 of the recommendation, and what its rules say of its neighbours.
TEST(Trace, Traceparent) {
  constexpr std::string_view kTrace = "4bf92f3577b34da6a3ce929d0e0e4736";
  constexpr std::string_view kSpan = "00f067aa0ba902b7";
  const std::string ids = std::string(kTrace) + "-" + std::string(kSpan);
  struct Row {
    const char* name;
    std::string text;
    const char* expected;  // as written again; nullptr: refused
  };
  const std::string sampled = "00-" + ids + "-01";
  const std::string not_sampled = "00-" + ids + "-00";
  const Row rows[] = {
      {"sampled", sampled, sampled.c_str()},
      {"not sampled", not_sampled, not_sampled.c_str()},
      {"other flags", "00-" + ids + "-ff", sampled.c_str()},
      {"random flag only", "00-" + ids + "-02", not_sampled.c_str()},
      {"later version", "cc-" + ids + "-01", sampled.c_str()},
      {"later version with more", "cc-" + ids + "-01-what-comes", sampled.c_str()},
      {"later version glued", "cc-" + ids + "-01.what", nullptr},
      {"version 00 with more", "00-" + ids + "-01-", nullptr},
      {"version ff", "ff-" + ids + "-01", nullptr},
      {"upper case", "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01", nullptr},
      {"no trace", "00-00000000000000000000000000000000-00f067aa0ba902b7-01", nullptr},
      {"no span", "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01", nullptr},
      {"no digit", "00-4bf92f3577b34da6a3ce929d0e0e473g-00f067aa0ba902b7-01", nullptr},
      {"version no digit", "0x-" + ids + "-01", nullptr},
      {"flags no digit", "00-" + ids + "-0x", nullptr},
      {"no dash", "00." + ids + "-01", nullptr},
      {"short", "00-" + ids + "-0", nullptr},
      {"blank", " 00-" + ids + "-01", nullptr},
      {"empty", "", nullptr},
  };
  for (const Row& row : rows) {
    const auto got = parse_traceparent(row.text);
    EXPECT_EQ(got ? to_text(*got) : "refused", row.expected == nullptr ? "refused" : row.expected)
        << row.name;
  }
  EXPECT_EQ(to_text(parse_traceparent(sampled)->trace), kTrace);
  EXPECT_EQ(to_text(parse_traceparent(sampled)->span), kSpan);
}

TEST(Trace, OtlpJson) {
  Span root;
  root.context = *parse_traceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
  root.name = "admit \"Pod\"\n";
  root.kind = SpanKind::Server;
  root.start_ns = 1'795'000'000'000'000'001;
  root.end_ns = 1'795'000'000'000'000'002;
  Span child = root;
  child.context.span[7] = 0xB8;
  child.parent = root.context.span;
  child.name = "a\xFF";
  child.kind = SpanKind::Internal;
  child.attributes = {{"text", "a"},         {"whole", std::int64_t{-9'007'199'254'740'993}},
                      {"number", 0.5},       {"truth", true},
                      {"nan", std::nan("")}, {"below", -std::numeric_limits<double>::infinity()}};
  child.dropped_attributes = 2;
  child.status = SpanStatus::Error;
  child.status_message = "denied";
  const Attribute resource[] = {{"service.name", "tally"}};
  const Span spans[] = {root, child};
  EXPECT_EQ(
      to_otlp_json(spans, resource, "0.1"),
      R"({"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"tally"}}]},)"
      R"("scopeSpans":[{"scope":{"name":"tallystick","version":"0.1"},"spans":[)"
      R"({"traceId":"4bf92f3577b34da6a3ce929d0e0e4736","spanId":"00f067aa0ba902b7","name":"admit \"Pod\"\n","kind":2,)"
      R"("startTimeUnixNano":"1795000000000000001","endTimeUnixNano":"1795000000000000002","attributes":[]},)"
      R"({"traceId":"4bf92f3577b34da6a3ce929d0e0e4736","spanId":"00f067aa0ba902b8","parentSpanId":"00f067aa0ba902b7",)"
      "\"name\":\"a\xEF\xBF\xBD\","
      R"("kind":1,"startTimeUnixNano":"1795000000000000001","endTimeUnixNano":"1795000000000000002","attributes":[)"
      R"({"key":"text","value":{"stringValue":"a"}},{"key":"whole","value":{"intValue":"-9007199254740993"}},)"
      R"({"key":"number","value":{"doubleValue":0.5}},{"key":"truth","value":{"boolValue":true}},)"
      R"({"key":"nan","value":{"doubleValue":"NaN"}},{"key":"below","value":{"doubleValue":"-Infinity"}}],)"
      R"("droppedAttributesCount":2,"status":{"code":2,"message":"denied"}}]}]}]})");
  EXPECT_EQ(to_otlp_json({}, {}, ""),
            R"({"resourceSpans":[{"resource":{"attributes":[]},"scopeSpans":[{"scope":{"name":)"
            R"("tallystick","version":""},"spans":[]}]}]})");
}

}  // namespace
}  // namespace tally::telemetry

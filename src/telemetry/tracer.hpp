#pragma once
// Tracer: starts spans, and sends those that are recorded to a collector as OTLP over HTTP in JSON
// (https://opentelemetry.io/docs/specs/otlp/#otlphttp). One thread sends; whoever finishes a span
// only puts it into a bounded queue. What the queue has no room for, or the collector does not
// take, is dropped and counted: tracing never delays what it watches.
//
// Sampling is by parent, else by ratio of trace ids (ParentBased and TraceIdRatioBased of
// https://opentelemetry.io/docs/specs/otel/trace/sdk/#sampling), so that all processes of a trace
// decide alike. Threads: all functions by all threads.

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "net/message.hpp"
#include "telemetry/trace.hpp"

namespace tally::telemetry {

struct TracerLimits {
  std::size_t queue_spans = 4096;
  std::size_t queue_bytes = std::size_t{16} * 1024 * 1024;
  std::size_t batch_spans = 512;
  std::size_t batch_bytes = std::size_t{2} * 1024 * 1024;  // of one span at least
  std::size_t attributes = 64;     // of a span; further ones are counted in it as dropped
  std::size_t value_bytes = 2048;  // of a name, a text, a message; cut at a character
  std::chrono::milliseconds interval{2'000};  // a batch is sent when full or this old
  std::chrono::milliseconds call{5'000};
  // Between attempts of a batch, doubled each time; the collector's Retry-After counts if longer.
  std::chrono::milliseconds retry{500};
  unsigned attempts = 4;
  // How long the destructor goes on sending; a call under way may add its own time.
  std::chrono::milliseconds shutdown{3'000};
};

struct TracerOptions {
  // "http://collector:4318"; "/v1/traces" is added unless the path ends so.
  std::string endpoint;
  std::vector<net::Header> headers{};   // e.g. Authorization
  std::string ca_bundle{};              // PEM; empty: the system's
  std::vector<Attribute> resource{};    // service.name, service.version, k8s.pod.name, ...
  std::string scope_version{};          // of tallystick
  double ratio = 1;                     // of traces without a parent that are recorded
  std::function<std::int64_t()> clock;  // nanoseconds since 1970
  // Fills with random bytes; empty: the system's generator.
  std::function<void(std::span<std::uint8_t>)> random{};
  TracerLimits limits{};
};

struct TracerCounts {
  std::uint64_t exported = 0;  // spans that the collector took
  std::uint64_t dropped = 0;   // spans that did not get there
  std::uint64_t failed_calls = 0;
  std::size_t queued = 0;
};

class Tracer {
 public:
  // Content errors: an endpoint that is no URL, a header that cannot be sent, a ratio outside
  // 0..1. Whether the collector answers is found out later.
  [[nodiscard]] static Result<std::unique_ptr<Tracer>> start(TracerOptions options);
  Tracer(const Tracer&) = delete;
  Tracer& operator=(const Tracer&) = delete;
  ~Tracer();

  // A span that begins now; below `parent` (of parse_traceparent() or another span's context), or
  // the first of a trace.
  [[nodiscard]] Span begin(std::string name, SpanKind kind,
                           const std::optional<TraceParent>& parent = std::nullopt);
  // Ends it now, unless it has an end.
  void finish(Span span);

  // Waits until all that was finished before is sent or dropped, or the time is over.
  bool flush(std::chrono::milliseconds timeout);
  [[nodiscard]] TracerCounts counts() const;

 private:
  struct State;
  explicit Tracer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// The body of a call: ExportTraceServiceRequest in the JSON mapping of protobuf, as OTLP changes
// it: ids in hexadecimal, enums as numbers, 64-bit integers as text.
[[nodiscard]] std::string to_otlp_json(std::span<const Span> spans,
                                       std::span<const Attribute> resource,
                                       std::string_view scope_version);

}  // namespace tally::telemetry

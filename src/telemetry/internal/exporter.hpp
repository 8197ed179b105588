#pragma once
// Exporter: a bounded queue of spans and the thread that sends them in batches.
//
// OTLP/HTTP (https://opentelemetry.io/docs/specs/otlp/#otlphttp-response): 2xx is taken, with the
// spans that a partial success rejects; 429, 502, 503, 504 and a call that failed are tried again,
// with Retry-After where the collector says it; everything else is dropped.

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "net/message.hpp"
#include "telemetry/tracer.hpp"

namespace tally::telemetry::internal {

struct ExporterOptions {
  net::Request request;  // all but the body
  std::function<Result<net::Response>(const net::Request&)> call;
  std::vector<Attribute> resource;
  std::string scope_version;
  TracerLimits limits;
};

class Exporter {
 public:
  explicit Exporter(ExporterOptions options);
  Exporter(const Exporter&) = delete;
  Exporter& operator=(const Exporter&) = delete;
  ~Exporter();

  // Drops the span if there is no room.
  void put(Span span);
  bool flush(std::chrono::milliseconds timeout);
  [[nodiscard]] TracerCounts counts() const;

 private:
  using Moment = std::chrono::steady_clock::time_point;
  struct Queued {
    Span span;
    std::size_t bytes;
    Moment since;
  };

  void run();
  // Waits until a batch is due; empty at the end.
  std::vector<Span> next_batch();
  void deliver(const std::vector<Span>& batch);
  // False if there is no time for another attempt.
  bool wait_to_retry(std::chrono::milliseconds wait);
  [[nodiscard]] bool is_due() const;

  ExporterOptions options_;
  mutable std::mutex mutex_;  // of all below
  std::condition_variable changed_;
  std::deque<Queued> queue_;
  std::size_t bytes_ = 0;  // of the queue
  TracerCounts counts_;
  std::uint64_t put_ = 0;      // spans that ever came into the queue
  std::uint64_t settled_ = 0;  // of these, spans that were sent or dropped
  std::uint64_t flushed_ = 0;  // all up to this number go at once
  bool stops_ = false;
  Moment end_;  // of the sending, once it stops
  std::thread thread_;
};

}  // namespace tally::telemetry::internal

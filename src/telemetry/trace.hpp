#pragma once
// Spans of a distributed trace, and the header that carries a trace from one process to the next:
// W3C Trace Context (https://www.w3.org/TR/trace-context/, section 3.2).
//
//   traceparent = "00" "-" trace-id (32 hex) "-" parent-id (16 hex) "-" flags (2 hex)
//
// A header that does not fit is as good as none (section 3.2.2.3: the trace starts anew); one of a
// later version is read as far as version 00 goes (section 4: "Versioning of traceparent").

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace tally::telemetry {

using TraceId = std::array<std::uint8_t, 16>;
using SpanId = std::array<std::uint8_t, 8>;  // all zero: none

struct TraceParent {
  TraceId trace{};
  SpanId span{};
  bool is_sampled = false;
  friend bool operator==(const TraceParent&, const TraceParent&) = default;
};

[[nodiscard]] std::optional<TraceParent> parse_traceparent(std::string_view text) noexcept;
[[nodiscard]] std::string to_text(const TraceParent& parent);
[[nodiscard]] std::string to_text(const TraceId& id);  // 32 digits, lower case
[[nodiscard]] std::string to_text(const SpanId& id);

struct Attribute {
  std::string name;
  std::variant<std::string, std::int64_t, double, bool> value;
};

// The numbers of opentelemetry.proto.trace.v1.
enum class SpanKind : std::uint8_t { Internal = 1, Server = 2, Client = 3 };
enum class SpanStatus : std::uint8_t { Unset = 0, Ok = 1, Error = 2 };

// Plain data, filled by whoever does the work; Tracer::begin() makes it, Tracer::finish() takes it.
struct Span {
  TraceParent context{};  // trace, own id, whether it is recorded
  SpanId parent{};
  std::string name;
  SpanKind kind = SpanKind::Internal;
  std::int64_t start_ns = 0;  // since 1970
  std::int64_t end_ns = 0;
  std::vector<Attribute> attributes;
  std::uint32_t dropped_attributes = 0;
  SpanStatus status = SpanStatus::Unset;
  std::string status_message;

  // Only a recorded span needs attributes.
  [[nodiscard]] bool is_recorded() const noexcept { return context.is_sampled; }
};

}  // namespace tally::telemetry

// ExportTraceServiceRequest of opentelemetry/proto/collector/trace/v1 as JSON:
// https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
//   * traceId and spanId are hexadecimal, not base64
//   * enums are numbers, keys lowerCamelCase
// and https://protobuf.dev/programming-guides/json/: 64-bit integers are texts, doubles beyond
// numbers are "NaN", "Infinity", "-Infinity"; fields with their default value may be left out.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "document/json_writer.hpp"
#include "telemetry/tracer.hpp"

namespace tally::telemetry {

namespace {

using document::append_json_string;

void append_value(std::string& out, const Attribute& attribute) {
  if (const auto* text = std::get_if<std::string>(&attribute.value)) {
    out += R"({"stringValue":)";
    append_json_string(out, *text);
  } else if (const auto* whole = std::get_if<std::int64_t>(&attribute.value)) {
    out += fmt::format(R"({{"intValue":"{}")", *whole);
  } else if (const auto* truth = std::get_if<bool>(&attribute.value)) {
    out += *truth ? R"({"boolValue":true)" : R"({"boolValue":false)";
  } else {
    const double number = std::get<double>(attribute.value);
    if (std::isfinite(number)) {
      out += fmt::format(R"({{"doubleValue":{})", number);
    } else {
      out += fmt::format(R"({{"doubleValue":"{}")", std::isnan(number) ? "NaN"
                                                    : number < 0       ? "-Infinity"
                                                                       : "Infinity");
    }
  }
  out += '}';
}

void append_attributes(std::string& out, std::span<const Attribute> attributes) {
  out += R"("attributes":[)";
  bool is_first = true;
  for (const Attribute& attribute : attributes) {
    out += is_first ? R"({"key":)" : R"(,{"key":)";
    is_first = false;
    append_json_string(out, attribute.name);
    out += R"(,"value":)";
    append_value(out, attribute);
    out += '}';
  }
  out += ']';
}

void append_span(std::string& out, const Span& span) {
  out += fmt::format(R"({{"traceId":"{}","spanId":"{}",)", to_text(span.context.trace),
                     to_text(span.context.span));
  if (span.parent != SpanId{}) {
    out += fmt::format(R"("parentSpanId":"{}",)", to_text(span.parent));
  }
  out += R"("name":)";
  append_json_string(out, span.name);
  out += fmt::format(R"(,"kind":{},"startTimeUnixNano":"{}","endTimeUnixNano":"{}",)",
                     static_cast<int>(span.kind), std::max<std::int64_t>(span.start_ns, 0),
                     std::max<std::int64_t>(span.end_ns, 0));
  append_attributes(out, span.attributes);
  if (span.dropped_attributes != 0) {
    out += fmt::format(R"(,"droppedAttributesCount":{})", span.dropped_attributes);
  }
  if (span.status != SpanStatus::Unset) {
    out += fmt::format(R"(,"status":{{"code":{},"message":)", static_cast<int>(span.status));
    append_json_string(out, span.status_message);
    out += '}';
  }
  out += '}';
}

}  // namespace

std::string to_otlp_json(std::span<const Span> spans, std::span<const Attribute> resource,
                         std::string_view scope_version) {
  std::string out = R"({"resourceSpans":[{"resource":{)";
  append_attributes(out, resource);
  out += R"(},"scopeSpans":[{"scope":{"name":"tallystick","version":)";
  append_json_string(out, scope_version);
  out += R"(},"spans":[)";
  for (const Span& span : spans) {
    append_span(out, span);
    out += ',';
  }
  if (!spans.empty()) {
    out.pop_back();
  }
  return out += "]}]}]}";
}

}  // namespace tally::telemetry

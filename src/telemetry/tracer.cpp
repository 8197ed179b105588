#include "telemetry/tracer.hpp"

#include <fmt/format.h>
#include <openssl/rand.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/assert.hpp"
#include "net/client.hpp"
#include "telemetry/internal/exporter.hpp"
#include "telemetry/internal/utf8.hpp"

namespace tally::telemetry {

namespace {

constexpr std::string_view kPath = "/v1/traces";

void random_of_system(std::span<std::uint8_t> out) {
  const bool is_random = RAND_bytes(out.data(), static_cast<int>(out.size())) == 1;
  TALLY_ASSERT(is_random);
}

// An id of zeros is none.
template <class Id>
Id new_id(const std::function<void(std::span<std::uint8_t>)>& random) {
  Id id{};
  random(id);
  if (id == Id{}) {
    id.back() = 1;
  }
  return id;
}

// TraceIdRatioBased as the SDK of Go does it (sdk/trace/sampling.go): the low 63 bits of the last
// eight bytes against the ratio.
bool is_sampled(const TraceId& id, double ratio) {
  std::uint64_t low = 0;
  for (std::size_t i = 8; i < id.size(); ++i) {
    low = low << 8U | id[i];
  }
  return ratio >= 1 || static_cast<double>(low >> 1U) < ratio * std::ldexp(1.0, 63);
}

void cut(std::string& text, std::size_t bytes_max) {
  text.resize(internal::cut_at_character(text, bytes_max).size());
}

void trim(Span& span, const TracerLimits& limits) {
  cut(span.name, limits.value_bytes);
  cut(span.status_message, limits.value_bytes);
  if (span.attributes.size() > limits.attributes) {
    span.dropped_attributes +=
        static_cast<std::uint32_t>(span.attributes.size() - limits.attributes);
    span.attributes.resize(limits.attributes);
  }
  for (Attribute& attribute : span.attributes) {
    cut(attribute.name, limits.value_bytes);
    if (auto* text = std::get_if<std::string>(&attribute.value)) {
      cut(*text, limits.value_bytes);
    }
  }
}

// OTEL_EXPORTER_OTLP_ENDPOINT is the base URL
// (https://opentelemetry.io/docs/specs/otel/protocol/exporter/#endpoint-urls-for-otlphttp).
Result<net::Target> target_of(const std::string& endpoint) {
  TALLY_TRY(net::Target target, net::Target::parse(endpoint));
  if (target.path.find('?') != std::string::npos) {
    return content_error("the endpoint of traces has a query, which is refused");
  }
  if (!target.path.ends_with(kPath)) {
    while (target.path.ends_with('/')) {
      target.path.pop_back();
    }
    target.path += kPath;
  }
  return target;
}

// The configured endpoint is the only host that is ever called.
Result<net::Client> client_for(const net::Target& target, const TracerLimits& limits) {
  const std::vector<std::string> hosts{target.host_port()};
  net::ClientOptions options;
  TALLY_TRY(options.allowed, net::HostList::parse(hosts));
  options.limits.call = limits.call;
  options.limits.connect = std::min(limits.call, options.limits.connect);
  // JSON escapes make six bytes of one.
  options.limits.request_bytes = 8 * std::max(limits.batch_bytes, std::size_t{1} << 20U);
  options.limits.response.body_bytes = std::size_t{64} * 1024;
  return net::Client(std::move(options));
}

}  // namespace

struct Tracer::State {
  TracerOptions options;
  internal::Exporter exporter;
};

Tracer::Tracer(std::unique_ptr<State> state) : state_(std::move(state)) {}
Tracer::~Tracer() = default;

Result<std::unique_ptr<Tracer>> Tracer::start(TracerOptions options) {
  TALLY_ASSERT(options.clock != nullptr);
  if (!(options.ratio >= 0 && options.ratio <= 1)) {
    return content_error(fmt::format("a sampling ratio of {}: expected 0 to 1", options.ratio));
  }
  TALLY_TRY(const net::Target target, target_of(options.endpoint));
  net::Request request{.method = "POST",
                       .url = target.url(),
                       .headers = options.headers,
                       .body = {},
                       .ca_bundle = options.ca_bundle};
  request.headers.push_back({"Content-Type", "application/json"});
  TALLY_CHECK(net::check(request));
  TALLY_TRY(net::Client client, client_for(target, options.limits));
  if (options.random == nullptr) {
    options.random = random_of_system;
  }
  internal::ExporterOptions exporter{
      .request = std::move(request),
      .call = [shared = std::make_shared<net::Client>(std::move(client))](
                  const net::Request& sent) { return shared->call(sent); },
      .resource = options.resource,
      .scope_version = options.scope_version,
      .limits = options.limits};
  return std::unique_ptr<Tracer>(new Tracer(std::unique_ptr<State>(
      new State{std::move(options), internal::Exporter(std::move(exporter))})));
}

Span Tracer::begin(std::string name, SpanKind kind, const std::optional<TraceParent>& parent) {
  const TracerOptions& options = state_->options;
  Span span;
  span.name = std::move(name);
  span.kind = kind;
  span.context.trace = parent ? parent->trace : new_id<TraceId>(options.random);
  span.context.span = new_id<SpanId>(options.random);
  span.context.is_sampled =
      parent ? parent->is_sampled : is_sampled(span.context.trace, options.ratio);
  span.parent = parent ? parent->span : SpanId{};
  span.start_ns = options.clock();
  return span;
}

void Tracer::finish(Span span) {
  if (!span.is_recorded()) {
    return;
  }
  if (span.end_ns == 0) {
    span.end_ns = state_->options.clock();
  }
  // A clock that was set back: no span ends before it begins.
  span.end_ns = std::max(span.end_ns, span.start_ns);
  trim(span, state_->options.limits);
  state_->exporter.put(std::move(span));
}

bool Tracer::flush(std::chrono::milliseconds timeout) { return state_->exporter.flush(timeout); }

TracerCounts Tracer::counts() const { return state_->exporter.counts(); }

}  // namespace tally::telemetry

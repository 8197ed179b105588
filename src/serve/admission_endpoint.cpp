#include "serve/admission_endpoint.hpp"

#include <fmt/format.h>

#include <charconv>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "base/text.hpp"
#include "serve/internal/swapped.hpp"

namespace tally::serve {

using admission::Generation;
using assessment::Steps;
using Clock = std::chrono::steady_clock;

namespace {

constexpr std::size_t kSlowThreads = 8;
constexpr std::size_t kSlowQueueMax = 1024;
constexpr std::chrono::seconds kTimeoutMax{30};  // of the API

// Memory of a thread, for the programs that it was warmed up by.
struct ThreadScratch {
  std::shared_ptr<const admission::Programs> programs;
  std::optional<admission::WebhookScratch> scratch;

  admission::WebhookScratch& of(const Generation& generation) {
    if (programs != generation.programs) {
      scratch.emplace();
      programs = generation.programs;
    }
    return *scratch;
  }
};

ThreadScratch& thread_scratch() {
  thread_local ThreadScratch scratch;
  return scratch;
}

net::ServerResponse plain(unsigned status, std::string text) {
  return {.status = status,
          .headers = {{"Content-Type", "text/plain; charset=utf-8"}},
          .body = std::move(text)};
}

// "application/json", whatever its parameters.
bool is_json(std::string_view type) {
  const std::string_view essence = trim(type.substr(0, type.find(';')));
  return net::equal_names(essence, "application/json");
}

// timeout=10s of the query: how long the API server waits.
std::chrono::milliseconds timeout_of(std::string_view query) {
  constexpr std::string_view kKey = "timeout=";
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    const std::string_view part = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    if (!part.starts_with(kKey)) {
      continue;
    }
    unsigned seconds = 0;
    const char* begin = part.data() + kKey.size();
    const char* last = part.data() + part.size();
    const auto [stop, error] = std::from_chars(begin, last, seconds);
    if (error == std::errc{} && std::string_view(stop, last) == "s" && seconds > 0) {
      return std::min<std::chrono::milliseconds>(std::chrono::seconds(seconds), kTimeoutMax);
    }
  }
  return kTimeoutMax;
}

struct Job {
  net::ServerRequest request;
  net::Responder respond;
  Steps steps = Steps::Validate;
  std::optional<telemetry::Span> span{};  // where traces are wanted
};

}  // namespace

struct AdmissionEndpoint::State {
  EndpointParts parts;
  Swapped<Generation> generation;
  telemetry::Family<telemetry::Counter>& requests;
  telemetry::Family<telemetry::Counter>& verdicts;
  telemetry::Family<telemetry::Histogram>& engine_times;
  telemetry::Histogram& validate_time;
  telemetry::Histogram& mutate_time;
  telemetry::Gauge& in_flight;

  std::mutex mutex;
  std::condition_variable_any wake;
  std::deque<Job> queue;
  std::vector<std::jthread> slow;  // begun when a policy may take long

  explicit State(EndpointParts given)
      : parts(std::move(given)),
        requests(parts.registry->counter({"tally_admission_requests_total",
                                          "Admission requests by operation and verdict.",
                                          {"operation", "verdict"}})),
        verdicts(parts.registry->counter({"tally_policy_verdicts_total",
                                          "What policies said of requests, passes left out.",
                                          {"engine", "policy", "verdict"}})),
        engine_times(parts.registry->histogram({"tally_policy_duration_seconds",
                                                "What each engine takes for a request.",
                                                {"engine", "verdict"}})),
        validate_time(times().with({"validate"})),
        mutate_time(times().with({"mutate"})),
        in_flight(
            parts.registry
                ->gauge({"tally_admission_in_flight", "Requests that wait for an answer.", {}})
                .get()) {}

  telemetry::Family<telemetry::Histogram>& times() {
    return parts.registry->histogram({"tally_admission_duration_seconds",
                                      "From the end of a request's header to its answer.",
                                      {"step"}});
  }

  void begin_slow_threads();
  void judge(Job job, const Generation* generation_now);
  void finish(Job& job, admission::Reply reply);
  void keep(admission::Reply& reply, Clock::duration taken);
};

void AdmissionEndpoint::State::begin_slow_threads() {
  const std::scoped_lock lock(mutex);
  while (slow.size() < kSlowThreads) {
    slow.emplace_back([this](const std::stop_token& stop) {
      for (;;) {
        std::unique_lock waiting(mutex);
        if (!wake.wait(waiting, stop, [this] { return !queue.empty(); })) {
          return;
        }
        Job job = std::move(queue.front());
        queue.pop_front();
        waiting.unlock();
        const auto now = generation.load();
        judge(std::move(job), now.get());
      }
    });
  }
}

void AdmissionEndpoint::State::keep(admission::Reply& reply, Clock::duration taken) {
  history::Decision& decision = *reply.decision;
  for (const history::DecisionFinding& finding : decision.findings) {
    verdicts.with({finding.engine, finding.policy, finding::to_text(finding.verdict)}).add();
  }
  decision.time_ms = parts.now_ms();
  decision.latency_us = static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::microseconds>(taken).count());
  if (reply.outcome == admission::Outcome::Denied) {
    parts.log->info("denied",
                    {{"decision", reply.decision_id},
                     {"operation", decision.operation},
                     {"kind", decision.kind},
                     {"namespace", decision.name_space},
                     {"name", decision.name},
                     {"user", decision.user}},
                    decision.uid);
  }
  if (parts.writer != nullptr && !decision.is_dry_run) {
    parts.writer->record(std::move(decision));
  }
}

void AdmissionEndpoint::State::finish(Job& job, admission::Reply reply) {
  const Clock::duration taken = Clock::now() - job.request.received;
  (job.steps == Steps::Mutate ? mutate_time : validate_time)
      .observe(std::chrono::duration<double>(taken).count());
  const std::string_view verdict = admission::to_text(reply.outcome);
  requests.with({reply.operation, verdict}).add();
  for (const auto& [engine, nanoseconds] :
       {std::pair{"admission-policy", reply.times.admission_policy},
        std::pair{"kyverno", reply.times.kyverno}, std::pair{"gatekeeper", reply.times.gatekeeper},
        std::pair{"own-controls", reply.times.own_controls}}) {
    if (nanoseconds != 0) {
      engine_times.with({engine, verdict}).observe(static_cast<double>(nanoseconds) / 1e9);
    }
  }
  const bool is_json_body = reply.status == 200;
  // The answer goes out first; what is kept of it waits.
  job.respond({.status = reply.status,
               .headers = {{"Content-Type",
                            is_json_body ? "application/json" : "text/plain; charset=utf-8"}},
               .body = std::move(reply.body)});
  in_flight.add(-1);
  if (job.span) {
    job.span->attributes = {{"admission.operation", reply.operation},
                            {"admission.verdict", std::string(verdict)},
                            {"admission.decision", reply.decision_id},
                            {"http.response.status_code", std::int64_t{reply.status}}};
    job.span->status =
        reply.status == 200 ? telemetry::SpanStatus::Ok : telemetry::SpanStatus::Error;
    parts.tracer->finish(std::move(*job.span));
  }
  if (reply.decision) {
    keep(reply, taken);
  }
}

void AdmissionEndpoint::State::judge(Job job, const Generation* now) {
  if (Clock::now() - job.request.received > timeout_of(job.request.query)) {
    in_flight.add(-1);
    requests.with({"", "too-late"}).add();
    job.respond(plain(504, "the time for this request is over\n"));
    return;
  }
  const admission::Call call{.steps = job.steps,
                             .body = job.request.body,
                             .now_seconds = parts.now_ms() / 1000,
                             .keep_silent = parts.keep_silent,
                             .owners = &parts.owners,
                             .freshen = parts.freshen ? &parts.freshen : nullptr};
  if (now == nullptr) {
    admission::WebhookScratch scratch;
    finish(job, admission::answer_not_ready(parts.exempt, call, scratch));
    return;
  }
  finish(job, admission::answer(*now, parts.exempt, call, thread_scratch().of(*now)));
}

AdmissionEndpoint::AdmissionEndpoint(EndpointParts parts)
    : state_(std::make_unique<State>(std::move(parts))) {}

AdmissionEndpoint::~AdmissionEndpoint() {
  for (std::jthread& thread : state_->slow) {
    thread.request_stop();
  }
}

void AdmissionEndpoint::use(std::shared_ptr<const Generation> generation) {
  if (generation->programs->may_call()) {
    state_->begin_slow_threads();
  }
  state_->generation.store(std::move(generation));
}

bool AdmissionEndpoint::is_ready() const { return state_->generation.load() != nullptr; }

void AdmissionEndpoint::handle(net::ServerRequest request, net::Responder respond) {
  const bool validates = request.path == "/validate";
  if (!validates && request.path != "/mutate") {
    respond(plain(404, "expected /validate or /mutate\n"));
    return;
  }
  if (request.method != "POST") {
    net::ServerResponse response = plain(405, "expected POST\n");
    response.headers.push_back({"Allow", "POST"});
    respond(std::move(response));
    return;
  }
  const auto type = request.header("content-type");
  if (!type || !is_json(*type)) {
    respond(plain(415, "expected Content-Type: application/json\n"));
    return;
  }
  state_->in_flight.add(1);
  Job job{.request = std::move(request),
          .respond = std::move(respond),
          .steps = validates ? Steps::Validate : Steps::Mutate};
  if (state_->parts.tracer != nullptr) {
    const auto parent = job.request.header("traceparent");
    job.span = state_->parts.tracer->begin(
        validates ? "admission validate" : "admission mutate", telemetry::SpanKind::Server,
        parent ? telemetry::parse_traceparent(*parent) : std::nullopt);
  }
  const auto now = state_->generation.load();
  if (now == nullptr || !now->programs->may_call()) {
    state_->judge(std::move(job), now.get());
    return;
  }
  {
    const std::scoped_lock lock(state_->mutex);
    if (state_->queue.size() < kSlowQueueMax) {
      state_->queue.push_back(std::move(job));
      state_->wake.notify_one();
      return;
    }
  }
  state_->in_flight.add(-1);
  job.respond(plain(503, "too many requests wait\n"));
}

}  // namespace tally::serve

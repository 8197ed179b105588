#include "telemetry/internal/exporter.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/arena.hpp"
#include "document/read.hpp"

namespace tally::telemetry::internal {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds kRetryMax{30'000};

std::size_t size_of(const Span& span) {
  std::size_t bytes = sizeof(Span) + span.name.size() + span.status_message.size();
  for (const Attribute& attribute : span.attributes) {
    const auto* text = std::get_if<std::string>(&attribute.value);
    bytes += sizeof(Attribute) + attribute.name.size() + (text == nullptr ? 0 : text->size());
  }
  return bytes;
}

bool is_retryable(unsigned status) noexcept {
  return status == 429 || status == 502 || status == 503 || status == 504;
}

// RFC 9110 section 10.2.3; a date is as good as none.
milliseconds retry_after(const net::Response& response) {
  const auto text = response.header("Retry-After");
  unsigned seconds = 0;
  if (!text || std::from_chars(text->data(), text->data() + text->size(), seconds).ptr !=
                   text->data() + text->size()) {
    return milliseconds(0);
  }
  return std::min(milliseconds(std::int64_t{seconds} * 1000), kRetryMax);
}

// partialSuccess.rejectedSpans of an ExportTraceServiceResponse; 0 for anything else.
std::uint64_t rejected_spans(std::string_view body) {
  const auto source = document::Source::from_text("response", body);
  Arena arena;
  const auto root = document::read_one(*source, arena, {.limits = {.depth = 20}});
  const document::Node* partial = root ? root->find("partialSuccess") : nullptr;
  const document::Node* count = partial != nullptr ? partial->find("rejectedSpans") : nullptr;
  // int64 as text, or as a number: protobuf's JSON reads both.
  const std::string_view text = count != nullptr ? count->text() : std::string_view();
  std::uint64_t value = 0;
  return std::from_chars(text.data(), text.data() + text.size(), value).ec == std::errc() ? value
                                                                                          : 0;
}

}  // namespace

Exporter::Exporter(ExporterOptions options)
    : options_(std::move(options)), thread_([this] { run(); }) {}

Exporter::~Exporter() {
  {
    const std::scoped_lock lock(mutex_);
    stops_ = true;
    end_ = std::chrono::steady_clock::now() + options_.limits.shutdown;
  }
  changed_.notify_all();
  thread_.join();
}

void Exporter::put(Span span) {
  const std::size_t bytes = size_of(span);
  {
    const std::scoped_lock lock(mutex_);
    if (stops_ || queue_.size() >= options_.limits.queue_spans ||
        bytes_ + bytes > options_.limits.queue_bytes) {
      ++counts_.dropped;
      return;
    }
    queue_.push_back({std::move(span), bytes, std::chrono::steady_clock::now()});
    bytes_ += bytes;
    ++put_;
    // The first starts the interval, the last of a batch ends it; those between change nothing.
    if (queue_.size() != 1 && !is_due()) {
      return;
    }
  }
  changed_.notify_all();
}

bool Exporter::flush(milliseconds timeout) {
  std::unique_lock lock(mutex_);
  const std::uint64_t wanted = put_;
  flushed_ = wanted;
  changed_.notify_all();
  return changed_.wait_for(lock, timeout, [&] { return settled_ >= wanted; });
}

TracerCounts Exporter::counts() const {
  const std::scoped_lock lock(mutex_);
  TracerCounts out = counts_;
  out.queued = queue_.size();
  return out;
}

bool Exporter::is_due() const {
  return stops_ ||
         (!queue_.empty() && (queue_.size() >= options_.limits.batch_spans ||
                              bytes_ >= options_.limits.batch_bytes || settled_ < flushed_));
}

std::vector<Span> Exporter::next_batch() {
  std::unique_lock lock(mutex_);
  while (!is_due()) {
    if (queue_.empty()) {
      changed_.wait(lock);
    } else if (changed_.wait_until(lock, queue_.front().since + options_.limits.interval) ==
               std::cv_status::timeout) {
      break;
    }
  }
  std::vector<Span> batch;
  std::size_t bytes = 0;
  while (!queue_.empty() && batch.size() < options_.limits.batch_spans &&
         (batch.empty() || bytes + queue_.front().bytes <= options_.limits.batch_bytes)) {
    bytes += queue_.front().bytes;
    batch.push_back(std::move(queue_.front().span));
    queue_.pop_front();
  }
  bytes_ -= bytes;
  return batch;
}

bool Exporter::wait_to_retry(milliseconds wait) {
  std::unique_lock lock(mutex_);
  const Moment until = std::chrono::steady_clock::now() + wait;
  changed_.wait_until(lock, until, [this] { return stops_; });
  // What is left when it stops is short: one more attempt at once, if there is time.
  return !stops_ || std::chrono::steady_clock::now() < end_;
}

void Exporter::deliver(const std::vector<Span>& batch) {
  net::Request request = options_.request;
  request.body = to_otlp_json(batch, options_.resource, options_.scope_version);
  milliseconds wait = options_.limits.retry;
  std::uint64_t taken = 0;
  std::uint64_t failed = 0;
  for (unsigned attempt = 1;; ++attempt) {
    auto response = options_.call(request);
    if (response && response->status >= 200 && response->status < 300) {
      const std::uint64_t sent = batch.size();
      taken = sent - std::min(sent, rejected_spans(response->body));
      break;
    }
    ++failed;
    // A refusal of our own (Content) will not change; what the network does may.
    const bool is_hopeless = response ? !is_retryable(response->status)
                                      : response.error().kind != ErrorKind::Environment;
    const milliseconds asked = response ? retry_after(*response) : milliseconds(0);
    if (is_hopeless || attempt >= options_.limits.attempts ||
        !wait_to_retry(std::max(wait, asked))) {
      break;
    }
    wait = std::min(2 * wait, kRetryMax);
  }
  {
    const std::scoped_lock lock(mutex_);
    counts_.exported += taken;
    counts_.dropped += batch.size() - taken;
    counts_.failed_calls += failed;
    settled_ += batch.size();
  }
  changed_.notify_all();
}

void Exporter::run() {
  while (true) {
    const std::vector<Span> batch = next_batch();
    if (batch.empty()) {
      return;
    }
    deliver(batch);
    const std::scoped_lock lock(mutex_);
    if (stops_ && std::chrono::steady_clock::now() >= end_) {
      counts_.dropped += queue_.size();
      settled_ += queue_.size();
      queue_.clear();
      return;
    }
  }
}

}  // namespace tally::telemetry::internal

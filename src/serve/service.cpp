#include "serve/service.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "kube/api_kinds.hpp"
#include "serve/internal/service_state.hpp"
#include "serve/scopes.hpp"

namespace tally::serve {

namespace {

constexpr milliseconds kTick{1000};  // when nothing wakes us
constexpr milliseconds kDrain{20'000};

}  // namespace

std::int64_t now_ms() {
  return std::chrono::duration_cast<milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}
std::int64_t now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}
std::uint64_t steady_ns() {
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now().time_since_epoch())
          .count());
}
finding::Day today() {
  return static_cast<finding::Day>(
      std::chrono::floor<std::chrono::days>(std::chrono::system_clock::now())
          .time_since_epoch()
          .count());
}

telemetry::LogLevel level_of(const std::string& text) {
  return telemetry::parse_log_level(text).value_or(telemetry::LogLevel::Info);
}

Result<void> Service::read_config() {
  TALLY_TRY(input::Config config, options_.read_config());
  settings_ = config.serve;
  config_ = std::make_shared<const input::Config>(std::move(config));
  config_files_ = PolicyFiles(options_.config_files);
  config_files_.read_signature();
  log_.emplace(telemetry::LogOptions{.descriptor = 2,
                                     .level = level_of(settings_.log_level),
                                     .format = settings_.log_format == "text"
                                                   ? telemetry::LogFormat::Text
                                                   : telemetry::LogFormat::Json,
                                     .clock = now_ns});
  std::error_code code;
  std::filesystem::create_directories(settings_.state, code);
  if (code) {
    return environment_error(
        fmt::format("the state folder {} cannot be made: {}", settings_.state, code.message()));
  }
  if (!settings_.traces.endpoint.empty()) {
    TALLY_TRY(tracer_, telemetry::Tracer::start({.endpoint = settings_.traces.endpoint,
                                                 .ratio = settings_.traces.ratio,
                                                 .clock = now_ns}));
  }
  return {};
}

Result<void> Service::open_store() {
  TALLY_TRY(history::History history, history::History::open(store_url()));
  std::vector<history::ScopeChange> known;
  TALLY_CHECK(history.scope_changes({}, [&known](const history::ScopeChange& change) {
    known.push_back(change);
    return true;
  }));
  std::ranges::reverse(known);  // the latest stood first
  writer_ = history::Writer::start(std::move(history),
                                   {.routine_one_in = settings_.keep_allowed ? 1U : 0U});
  for (history::ScopeChange& change : scope_changes(enforcement_of(known), config_->enforcement)) {
    change.user = author_of(config_->file);
    change.source = config_->file;
    change.time_ms = now_ms();
    writer_->record_scope_change(std::move(change));
  }
  return {};
}

std::vector<std::string> Service::missing() {
  std::vector<std::string> out;
  if (!endpoint_->is_ready()) {
    out.emplace_back("policies are not loaded yet");
  }
  return out;
}

void Service::turn() {
  reload_config();
  reload_policies();
  renew_world();
  renew_certificate();
  keep_webhooks();
  keep_store();
}

Result<void> Service::run(const std::stop_token& stop) {
  kube::load_api_kinds();
  TALLY_CHECK(read_config());
  TALLY_CHECK(open_store());
  register_metrics();
  TALLY_CHECK(connect());
  files_.emplace(settings_.policies);

  // What was in force last serves until we know better.
  const std::string kept = settings_.state + std::string(kLastGood);
  if (const auto source = document::Source::read_file(kept); source) {
    auto texts = admission::read_texts((*source)->text());
    if (texts) {
      catalogue_.remember(*texts);
      std::ranges::copy_if(*texts, std::back_inserter(kept_texts_), [](const PolicyText& text) {
        return text.origin == PolicyText::Origin::Cluster;
      });
      std::ranges::copy_if(*texts, std::back_inserter(file_texts_), [](const PolicyText& text) {
        return text.origin == PolicyText::Origin::File;
      });
      programs_.store(catalogue_.replace(std::move(*texts), config_, now_ms() / 1000).programs);
      log_->info("policies of the last run are in force until others are known");
    } else {
      log_->warning("the last good policies cannot be read", {{"why", texts.error().to_string()}});
    }
  }
  prepare_cluster();
  TALLY_CHECK(start_endpoints(stop));
  start_cluster();
  const std::stop_callback wake(stop, [this] { bell_.ring(); });
  bool was_synced = !client_;
  while (!stop.stop_requested()) {
    turn();
    if (!was_synced && mirror_->is_synced()) {
      was_synced = true;
      log_->info("the cluster is known");
      continue;
    }
    bell_.wait(was_synced ? kTick : milliseconds(100), stop);
  }
  log_->info("draining");
  admission_server_->drain(kDrain);
  stop_threads();
  if (!writer_->flush(seconds(10))) {
    log_->error("not everything could be written to the store");
  }
  health_server_.reset();
  log_->info("ended");
  return {};
}

Result<void> run(ServiceOptions options, const std::stop_token& stop) {
  return Service(std::move(options)).run(stop);
}

}  // namespace tally::serve

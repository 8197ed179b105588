// What is kept in order while it runs: certificates, webhook configurations, store, metrics.
#include <fmt/format.h>

#include "document/source.hpp"
#include "serve/internal/service_state.hpp"
#include "telemetry/process.hpp"

namespace tally::serve {

namespace {

// changes come in swarms: they are taken together
constexpr seconds kWebhookPeriod{15};  // what others changed of our configurations comes back
// what others changed of our configurations comes back
constexpr seconds kCertificatePeriod{10};
constexpr seconds kExpiryPeriod{3600};

}  // namespace

void Service::renew_certificate() {
  if (Clock::now() < certificate_at_) {
    return;
  }
  const bool is_short = options_.certificate_seconds > 0 && options_.certificate_seconds < 600;
  certificate_at_ = Clock::now() + (is_short ? seconds(1) : kCertificatePeriod);
  auto refreshed = certificates_->refresh(now_ms() / 1000);
  if (!refreshed) {
    log_->warning("certificates cannot be renewed", {{"why", refreshed.error().to_string()}});
    return;
  }
  if (!*refreshed) {
    return;
  }
  ServedCertificate& served = **refreshed;
  // What clients trust first, then what they see.
  ca_bundle_ = served.ca_bundle;
  keep_webhooks();
  net::ServerTls tls{.certificate = served.certificate, .key = std::string(served.key.reveal())};
  if (!settings_.client_authority.empty()) {
    const auto source = document::Source::read_file(settings_.client_authority);
    if (!source) {
      log_->warning("the client authority cannot be read", {{"why", source.error().to_string()}});
      return;
    }
    tls.client_ca = (*source)->text();
    tls.client_required = true;
  }
  if (const auto replaced = admission_server_->replace_tls(tls); !replaced) {
    log_->error("the new certificate is not served", {{"why", replaced.error().to_string()}});
    return;
  }
  certificate_ends_ = served.not_after;
  authority_ends_ = served.authority_not_after;
  log_->info("certificate renewed", {{"not_after", served.not_after}});
}

void Service::keep_webhooks() {
  const auto programs = programs_.load();
  if (keeper_ == nullptr || !config_->serve.manage_webhook || programs == nullptr || !leads() ||
      !mirror_->is_synced()) {
    led_ = false;
    return;
  }
  const std::uint64_t served = mirror_->served_version();
  const bool is_due = !led_ || Clock::now() >= webhooks_at_;
  if (!is_due && served == webhooks_for_ && programs == webhooks_of_ &&
      ca_bundle_ == webhooks_ca_) {
    return;
  }
  const auto wanted =
      admission::webhook_configurations(*programs, mirror_->served(),
                                        {.name_space = settings_.name_space,
                                         .service = settings_.service,
                                         .url = options_.webhook_url,
                                         .ca_bundle = ca_bundle_,
                                         .exempt_namespaces = exempt_namespaces(),
                                         .own_user = own_user(),
                                         .timeout_seconds_max = settings_.webhook_timeout_seconds});
  if (const auto kept = keeper_->keep(wanted, is_due); !kept) {
    log_->warning("the webhook configuration cannot be written",
                  {{"why", kept.error().to_string()}});
    webhooks_at_ = Clock::now() + seconds(2);
    led_ = true;
    return;
  }
  webhooks_for_ = served;
  webhooks_of_ = programs;
  webhooks_ca_ = ca_bundle_;
  led_ = true;
  webhooks_at_ = Clock::now() + kWebhookPeriod;
}

void Service::keep_store() {
  if (Clock::now() < expired_at_ || !leads()) {
    return;
  }
  expired_at_ = Clock::now() + kExpiryPeriod;
  history::Retention retention;
  retention.decisions_ms = std::int64_t{config_->serve.decision_days} * 24 * 3600 * 1000;
  writer_->expire(retention, now_ms());
}

void Service::register_metrics() {
  using telemetry::SampledType;
  telemetry::register_process_metrics(registry_);
  registry_.sampled(
      SampledType::Gauge,
      {"tally_watch_lag_seconds", "Since the API server was last heard.", {"resource"}},
      [this](telemetry::Samples& samples) {
        if (mirror_ == nullptr) {
          return;
        }
        for (const WatchedResource& one : mirror_->watched()) {
          samples.add({one.name},
                      std::chrono::duration<double>(Clock::now() - one.status.heard).count());
        }
      });
  registry_.sampled(SampledType::Counter,
                    {"tally_watch_errors_total", "Failed lists and watches.", {"resource"}},
                    [this](telemetry::Samples& samples) {
                      if (mirror_ == nullptr) {
                        return;
                      }
                      for (const WatchedResource& one : mirror_->watched()) {
                        samples.add({one.name}, static_cast<double>(one.failures));
                      }
                    });
  registry_.sampled(
      SampledType::Gauge, {"tally_certificate_expiry_seconds", "Until it ends.", {"certificate"}},
      [this](telemetry::Samples& samples) {
        const double now = static_cast<double>(now_ms()) / 1000;
        samples.add({"serving"}, static_cast<double>(certificate_ends_.load()) - now);
        if (authority_ends_ != 0) {
          samples.add({"authority"}, static_cast<double>(authority_ends_.load()) - now);
        }
      });
  registry_.sampled(SampledType::Gauge, {"tally_leader", "1: this replica writes.", {}},
                    [this](telemetry::Samples& samples) { samples.add({}, leads() ? 1 : 0); });
  registry_.sampled(SampledType::Gauge,
                    {"tally_store_queue_length", "Decisions and results to be written.", {}},
                    [this](telemetry::Samples& samples) {
                      samples.add({}, static_cast<double>(writer_->counts().queued));
                    });
  registry_.sampled(
      SampledType::Counter, {"tally_store_dropped_total", "Decisions lost for want of room.", {}},
      [this](telemetry::Samples& samples) {
        const auto counts = writer_->counts();
        samples.add({}, static_cast<double>(counts.dropped_routine + counts.dropped_others));
      });
  registry_.sampled(SampledType::Gauge,
                    {"tally_http_connections", "Open connections of the admission endpoint.", {}},
                    [this](telemetry::Samples& samples) {
                      samples.add({}, static_cast<double>(observer_.active_connections.load()));
                    });
}

}  // namespace tally::serve

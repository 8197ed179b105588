// The start: who is asked, what is served, what is watched.
#include <fmt/format.h>

#include <random>

#include "crypto/rotation.hpp"
#include "document/source.hpp"
#include "kube_client/timing.hpp"
#include "serve/health_endpoint.hpp"
#include "serve/internal/service_state.hpp"

namespace tally::serve {

Result<void> Service::connect() {
  crypto::ServingNames names{
      .authority = "tally",
      .server = settings_.service,
      .dns_names = {settings_.service,
                    fmt::format("{}.{}", settings_.service, settings_.name_space),
                    fmt::format("{}.{}.svc", settings_.service, settings_.name_space),
                    fmt::format("{}.{}.svc.cluster.local", settings_.service, settings_.name_space),
                    "localhost"},
      .ip_addresses = {"127.0.0.1", "::1"}};
  std::unique_ptr<IdentityStore> store = identity_in_folder(settings_.state);
  if (options_.access) {
    TALLY_TRY(kube_client::ApiClient client,
              kube_client::ApiClient::create(*options_.access, options_.surroundings));
    client_.emplace(std::move(client));
    store = identity_in_secret(*client_, {.name_space = settings_.name_space,
                                          .name = settings_.service + "-certificates",
                                          .folder = settings_.state});
  }
  const input::Serve::Certificates& given = settings_.certificates;
  if (!given.certificate.empty()) {
    certificates_ = std::make_unique<Certificates>(Certificates::Files{
        .certificate = given.certificate, .key = given.key, .authority = given.authority});
    return {};
  }
  crypto::RotationPolicy policy;
  if (options_.certificate_seconds > 0) {
    policy.serving_seconds = options_.certificate_seconds;
    policy.authority_seconds = options_.certificate_seconds * 4;
    policy.settle_seconds = std::max<std::int64_t>(1, options_.certificate_seconds / 12);
    policy.backdate_seconds =
        std::min<std::int64_t>(policy.backdate_seconds, options_.certificate_seconds / 6);
  }
  TALLY_CHECK(crypto::check(policy));
  certificates_ = std::make_unique<Certificates>(std::move(store), std::move(names), policy);
  return {};
}

Result<void> Service::start_endpoints(const std::stop_token& stop) {
  // Without the API server the identity of the last run serves; without one there is nothing to
  // show, and we wait: the API server is what would ask.
  std::optional<ServedCertificate> served;
  for (;;) {
    auto refreshed = certificates_->refresh(now_ms() / 1000);
    if (refreshed && *refreshed) {
      served = std::move(**refreshed);
      break;
    }
    const std::string why = refreshed ? "nothing was made" : refreshed.error().to_string();
    if (!client_) {
      return environment_error("no certificate to serve: " + why);
    }
    if (stop.stop_requested()) {
      return environment_error("ended before there was a certificate: " + why);
    }
    log_->warning("no certificate to serve yet", {{"why", why}});
    bell_.wait(seconds(2), stop);
  }
  ca_bundle_ = served->ca_bundle;
  certificate_ends_ = served->not_after;
  authority_ends_ = served->authority_not_after;

  EndpointParts parts;
  parts.registry = &registry_;
  parts.log = &*log_;
  parts.tracer = tracer_.get();
  parts.writer = writer_.get();
  parts.now_ms = now_ms;
  parts.exempt = {.namespaces = exempt_namespaces(), .user = own_user()};
  parts.keep_silent = settings_.keep_allowed;
  if (client_) {
    parts.freshen = [this](std::string_view name_space) { return freshen(name_space); };
    parts.owners = [this](std::string_view kind, std::string_view name_space,
                          std::string_view name) { return containers_of(kind, name_space, name); };
  }
  endpoint_.emplace(std::move(parts));
  use_generation();

  net::ServerTls tls{.certificate = served->certificate, .key = std::string(served->key.reveal())};
  if (!settings_.client_authority.empty()) {
    TALLY_TRY(const auto source, document::Source::read_file(settings_.client_authority));
    tls.client_ca = source->text();
    tls.client_required = true;
  }
  TALLY_TRY(const input::ListenAddress listen, input::parse_listen_address(settings_.listen));
  net::ServerOptions options;
  options.address = listen.host;
  options.port = listen.port;
  options.tls = std::move(tls);
  options.threads = options_.threads;
  options.observer = &observer_;
  options.handler = [this](net::ServerRequest request, net::Responder respond) {
    endpoint_->handle(std::move(request), std::move(respond));
  };
  TALLY_TRY(admission_server_, net::Server::start(std::move(options)));

  TALLY_TRY(const input::ListenAddress health,
            input::parse_listen_address(settings_.listen_health));
  net::ServerOptions plain;
  plain.address = health.host;
  plain.port = health.port;
  plain.handler = health_handler(registry_, [this] { return missing(); });
  TALLY_TRY(health_server_, net::Server::start(std::move(plain)));
  log_->info("listening",
             {{"admission", admission_server_->port()}, {"health", health_server_->port()}});
  if (options_.on_listening) {
    options_.on_listening(admission_server_->port(), health_server_->port(), ca_bundle_);
  }
  return {};
}

// What other threads look at is there before they begin.
void Service::prepare_cluster() {
  if (!client_) {
    return;
  }
  std::random_device random;
  mirror_ = std::make_unique<ClusterMirror>(
      *client_, *log_, (std::uint64_t{random()} << 32U) | std::uint64_t{random()});
  keeper_ = std::make_unique<WebhookKeeper>(*client_, *log_);
  elector_ = std::make_unique<kube_client::LeaderElector>(
      *client_,
      kube_client::LeaseOptions{.name_space = settings_.name_space,
                                .name = settings_.lease,
                                .identity = options_.identity},
      kube_client::system_timing());
  if (settings_.audit) {
    audit_ =
        std::make_unique<AuditLoop>(AuditParts{.mirror = mirror_.get(),
                                               .writer = writer_.get(),
                                               .store_url = store_url(),
                                               .registry = &registry_,
                                               .log = &*log_,
                                               .client = settings_.reports ? &*client_ : nullptr,
                                               .now_ms = now_ms,
                                               .leads = [this] { return leads(); }});
  }
  mirror_->on_change([this](const cluster_state::Change& change) {
    if (audit_ != nullptr) {
      audit_->changed(change);
    }
    bell_.ring();
  });
}

void Service::start_cluster() {
  if (!client_) {
    return;
  }
  election_ = std::jthread([this](const std::stop_token& stop) {
    if (const auto ended = elector_->run(stop); !ended) {
      log_->error("no election", {{"why", ended.error().message}});
    }
  });
  if (audit_ != nullptr) {
    audit_->start();
  }
  mirror_->start();
}

void Service::stop_threads() {
  if (audit_ != nullptr) {
    audit_->stop();
  }
  if (mirror_ != nullptr) {
    mirror_->stop();
  }
  if (election_.joinable()) {
    election_.request_stop();
    election_.join();
  }
}

}  // namespace tally::serve

#include "serve/service.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <random>
#include <thread>

#include "admission/policy_catalogue.hpp"
#include "document/read.hpp"
#include "history/writer.hpp"
#include "kube/api_kinds.hpp"
#include "kube/objects.hpp"
#include "kube_client/lease.hpp"
#include "kube_client/object_path.hpp"
#include "net/server.hpp"
#include "serve/admission_endpoint.hpp"
#include "serve/audit_loop.hpp"
#include "serve/certificates.hpp"
#include "serve/cluster_mirror.hpp"
#include "serve/health_endpoint.hpp"
#include "serve/policy_files.hpp"
#include "serve/scopes.hpp"
#include "serve/webhook_keeper.hpp"
#include "telemetry/process.hpp"
#include "telemetry/tracer.hpp"

namespace tally::serve {

using admission::Generation;
using admission::PolicyText;
using admission::Programs;
using cluster_state::KindName;
using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

constexpr milliseconds kTick{1000};    // when nothing wakes us
constexpr milliseconds kSettle{20};    // changes come in swarms: they are taken together
constexpr seconds kWebhookPeriod{60};  // what others changed of our configurations comes back
constexpr seconds kCertificatePeriod{10};
constexpr seconds kExpiryPeriod{3600};
constexpr milliseconds kDrain{20'000};
constexpr std::string_view kLastGood = "/last-good-policies.json";

// What requests are judged against besides themselves.
constexpr std::array<KindName, 10> kWorldKinds{{{"", "Namespace"},
                                                {"", "ConfigMap"},
                                                {"", "ServiceAccount"},
                                                {"rbac.authorization.k8s.io", "Role"},
                                                {"rbac.authorization.k8s.io", "ClusterRole"},
                                                {"rbac.authorization.k8s.io", "RoleBinding"},
                                                {"rbac.authorization.k8s.io", "ClusterRoleBinding"},
                                                {"kyverno.io", "GlobalContextEntry"},
                                                {"scheduling.k8s.io", "PriorityClass"},
                                                {"node.k8s.io", "RuntimeClass"}}};
constexpr std::array<std::string_view, 2> kPolicyGroups{"kyverno.io", "gatekeeper.sh"};

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

struct Address {
  std::string host;
  std::uint16_t port = 0;
};

// "0.0.0.0:8443", "[::]:8443", ":8443": checked when the configuration was read.
Address address_of(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  std::string host = text.substr(0, colon);
  if (host.size() > 1 && host.front() == '[') {
    host = host.substr(1, host.size() - 2);
  }
  return {.host = host.empty() ? "::" : host,
          .port = static_cast<std::uint16_t>(std::stoul(text.substr(colon + 1)))};
}

telemetry::LogLevel level_of(const std::string& text) {
  return telemetry::parse_log_level(text).value_or(telemetry::LogLevel::Info);
}

// Something may have changed: whoever knows wakes the one thread that decides.
class Bell {
 public:
  void ring() {
    {
      const std::scoped_lock lock(mutex_);
      is_rung_ = true;
    }
    wake_.notify_all();
  }
  // Returns after a ring and the swarm that follows it, after `time`, or when it is to stop.
  void wait(milliseconds time, const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    if (wake_.wait_for(lock, stop, time, [this] { return is_rung_; })) {
      wake_.wait_for(lock, stop, kSettle, [] { return false; });
    }
    is_rung_ = false;
  }

 private:
  std::mutex mutex_;
  std::condition_variable_any wake_;
  bool is_rung_ = false;
};

class Service {
 public:
  explicit Service(ServiceOptions options) : options_(std::move(options)) {}
  ~Service() { stop_threads(); }
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  Result<void> run(const std::stop_token& stop);

 private:
  // --- the start, in its order
  Result<void> read_config();
  Result<void> open_store();
  Result<void> connect();
  Result<void> start_endpoints();
  void start_cluster();
  void stop_threads();

  // --- what the deciding thread does at each turn
  void turn();
  void reload_config();
  void reload_policies();
  void renew_world();
  void renew_certificate();
  void keep_webhooks();
  void keep_store();
  void register_metrics();

  std::vector<PolicyText> policies_of_cluster();
  void use_generation();
  std::shared_ptr<const Generation> freshen(std::string_view name_space);
  std::optional<std::vector<std::string>> containers_of(std::string_view kind,
                                                        std::string_view name_space,
                                                        std::string_view name) const;
  std::vector<std::string> missing();
  std::string own_user() const {
    return fmt::format("system:serviceaccount:{}:tally", settings_.name_space);
  }
  std::vector<std::string> exempt_namespaces() const {
    std::vector<std::string> out = settings_.exempt_namespaces;
    out.push_back(settings_.name_space);
    return out;
  }
  std::string store_url() const {
    return settings_.store.empty() ? "sqlite:" + settings_.state + "/tally.db" : settings_.store;
  }
  bool leads() const { return elector_ == nullptr || elector_->is_leader(); }

  ServiceOptions options_;
  std::shared_ptr<const input::Config> config_;
  input::Serve settings_;  // of the start; what can change later is read from config_
  telemetry::Registry registry_;
  std::optional<telemetry::Log> log_;
  std::unique_ptr<telemetry::Tracer> tracer_;
  std::unique_ptr<history::Writer> writer_;

  std::optional<kube_client::ApiClient> client_;
  std::unique_ptr<ClusterMirror> mirror_;
  std::unique_ptr<WebhookKeeper> keeper_;
  std::unique_ptr<AuditLoop> audit_;
  std::unique_ptr<kube_client::LeaderElector> elector_;
  std::jthread election_;

  std::unique_ptr<Certificates> certificates_;
  std::string ca_bundle_;
  std::int64_t certificate_ends_ = 0;
  std::int64_t authority_ends_ = 0;

  Bell bell_;
  std::optional<PolicyFiles> files_;
  PolicyFiles config_files_{{}};
  admission::PolicyCatalogue catalogue_;
  std::vector<PolicyText> file_texts_;
  std::size_t unread_ = 0;  // of these, from files that cannot be read any more
  std::uint64_t policy_version_ = 0;
  finding::Day loaded_on_ = 0;
  std::atomic<std::shared_ptr<const Programs>> programs_;
  std::shared_ptr<const assessment::World> world_;
  std::uint64_t world_version_ = ~std::uint64_t{0};
  Clock::time_point world_not_before_{};
  std::mutex generation_mutex_;  // of world_ and what follows from it

  std::uint64_t webhooks_for_ = 0;  // served version
  std::shared_ptr<const Programs> webhooks_of_;
  std::string webhooks_ca_;
  bool led_ = false;
  Clock::time_point webhooks_at_{};
  Clock::time_point certificate_at_{};
  Clock::time_point expired_at_{};

  std::optional<AdmissionEndpoint> endpoint_;
  net::ServerObserver observer_;
  std::unique_ptr<net::Server> admission_server_;
  std::unique_ptr<net::Server> health_server_;
};

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
    store = identity_in_secret(*client_, settings_.name_space, settings_.service + "-certificates");
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

Result<void> Service::start_endpoints() {
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
    log_->warning("no certificate to serve yet", {{"why", why}});
    std::this_thread::sleep_for(seconds(2));
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
  const Address listen = address_of(settings_.listen);
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

  const Address health = address_of(settings_.listen_health);
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

void Service::start_cluster() {
  if (!client_) {
    return;
  }
  std::random_device random;
  mirror_ = std::make_unique<ClusterMirror>(
      *client_, *log_, (std::uint64_t{random()} << 32U) | std::uint64_t{random()});
  mirror_->on_change([this](const cluster_state::Change& change) {
    if (audit_ != nullptr) {
      audit_->changed(change);
    }
    bell_.ring();
  });
  keeper_ = std::make_unique<WebhookKeeper>(*client_, *log_);
  elector_ = std::make_unique<kube_client::LeaderElector>(
      *client_,
      kube_client::LeaseOptions{.name_space = settings_.name_space,
                                .name = settings_.lease,
                                .identity = options_.identity},
      kube_client::system_timing());
  election_ = std::jthread([this](const std::stop_token& stop) {
    if (const auto ended = elector_->run(stop); !ended) {
      log_->error("no election", {{"why", ended.error().message}});
    }
  });
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

std::vector<std::string> Service::missing() {
  std::vector<std::string> out;
  if (!endpoint_->is_ready()) {
    out.emplace_back("policies are not loaded yet");
  }
  return out;
}

std::vector<PolicyText> Service::policies_of_cluster() {
  std::vector<PolicyText> texts;
  if (mirror_ == nullptr || !config_->serve.watch_policies) {
    return texts;
  }
  const auto kinds = mirror_->kinds_of_groups(kPolicyGroups);
  if (kinds.empty()) {
    return texts;
  }
  const auto snapshot = mirror_->snapshot(kinds);
  for (const kube::Object& object : snapshot->objects()) {
    // Whoever may write an exception into some namespace must not open the cluster with it.
    if (object.ref.kind != "PolicyException") {
      texts.push_back(text_of(object, PolicyText::Origin::Cluster, "cluster"));
    }
  }
  return texts;
}

void Service::reload_config() {
  if (!config_files_.has_changed()) {
    return;
  }
  config_files_.read_signature();
  auto read = options_.read_config();
  if (!read) {
    log_->error("the configuration is refused; the one before stays",
                {{"why", read.error().to_string()}});
    registry_
        .counter({"tally_policy_reload_total", "Loads of policies and configuration.", {"result"}})
        .with({"config-refused"})
        .add();
    return;
  }
  auto next = std::make_shared<const input::Config>(std::move(*read));
  for (history::ScopeChange& change : scope_changes(config_->enforcement, next->enforcement)) {
    change.user = author_of(next->file);
    change.source = next->file;
    change.time_ms = now_ms();
    log_->info("scope changed", {{"policy", change.policy}, {"scope", change.name_space}});
    writer_->record_scope_change(std::move(change));
  }
  if (next->serve.policies != config_->serve.policies) {
    files_.emplace(next->serve.policies);
  }
  log_->set_level(level_of(next->serve.log_level));
  config_ = std::move(next);
  programs_.store(nullptr);  // loaded again below
  log_->info("configuration read", {{"file", config_->file}});
}

void Service::reload_policies() {
  const auto kinds =
      mirror_ == nullptr ? std::vector<KindName>{} : mirror_->kinds_of_groups(kPolicyGroups);
  const std::uint64_t version = mirror_ == nullptr ? 0 : mirror_->version(kinds) + kinds.size();
  const bool has_new_files = files_->has_changed();
  const auto before = programs_.load();
  if (before != nullptr && !has_new_files && version == policy_version_ && loaded_on_ == today()) {
    return;
  }
  if (has_new_files || before == nullptr || loaded_on_ == 0) {
    PolicyFiles::Read read = files_->read();
    for (const Error& error : read.errors) {
      log_->error("a policy file cannot be read; what it held stays", {{"why", error.to_string()}});
    }
    unread_ = keep_unread(read, file_texts_);
    file_texts_ = std::move(read.texts);
  }
  policy_version_ = version;
  loaded_on_ = today();
  std::vector<PolicyText> wanted = file_texts_;
  std::ranges::move(policies_of_cluster(), std::back_inserter(wanted));
  const auto began = Clock::now();
  auto change = catalogue_.replace(std::move(wanted), config_, now_ms() / 1000);
  std::size_t refused = 0;
  std::vector<history::PolicySeen> seen;
  for (const admission::PolicyStatus& status : change.statuses) {
    refused += status.is_loaded ? 0 : 1;
    if (!status.why.empty()) {
      log_->error(status.is_loaded ? "policy refused, its last good text stays" : "policy refused",
                  {{"kind", status.kind},
                   {"namespace", status.name_space},
                   {"name", status.name},
                   {"place", status.place},
                   {"why", status.why}});
    }
    history::PolicySeen one;
    one.kind = status.kind;
    one.name_space = status.name_space;
    one.name = status.name;
    one.digest = status.digest;
    one.source = status.place;
    one.is_loaded = status.is_loaded && status.why.empty();
    one.why = status.why;
    seen.push_back(std::move(one));
  }
  writer_->see_policies(std::move(seen), now_ms());
  auto& loaded =
      registry_.gauge({"tally_policies_loaded", "Policies by what became of them.", {"state"}});
  const std::size_t kept = std::min(change.kept + unread_, change.statuses.size() - refused);
  loaded.with({"loaded"}).set(static_cast<double>(change.statuses.size() - refused - kept));
  loaded.with({"last-good"}).set(static_cast<double>(kept));
  loaded.with({"refused"}).set(static_cast<double>(refused));
  registry_
      .counter({"tally_policy_reload_total", "Loads of policies and configuration.", {"result"}})
      .with({refused + kept == 0 ? "ok" : "some-refused"})
      .add();
  const bool is_same = before != nullptr && before->digest() == change.programs->digest() &&
                       &before->config() == &change.programs->config();
  if (!is_same) {
    log_->info(
        "policies loaded",
        {{"policies", change.statuses.size()},
         {"refused", refused},
         {"last_good", kept},
         {"digest", change.programs->digest()},
         {"milliseconds", std::chrono::duration_cast<milliseconds>(Clock::now() - began).count()}});
    const auto saved = write_whole(settings_.state + std::string(kLastGood),
                                   admission::to_json(change.programs->texts()));
    if (!saved) {
      log_->error("the last good policies cannot be kept", {{"why", saved.error().to_string()}});
    }
  }
  programs_.store(change.programs);
  use_generation();
  if (audit_ != nullptr) {
    audit_->use(change.programs);
  }
}

void Service::use_generation() {
  const auto programs = programs_.load();
  if (programs == nullptr) {
    return;
  }
  const std::scoped_lock lock(generation_mutex_);
  if (world_ == nullptr) {
    world_ =
        std::make_shared<const assessment::World>(kube::Snapshot::create({}, "default"), nullptr);
  }
  endpoint_->use(Generation::create(programs, world_, options_.caller, today(), steady_ns));
}

// Building a world costs time in proportion to the cluster: no more than a tenth of all time.
void Service::renew_world() {
  if (mirror_ == nullptr || Clock::now() < world_not_before_) {
    return;
  }
  const std::uint64_t version = mirror_->version(kWorldKinds);
  if (version == world_version_) {
    return;
  }
  const auto began = Clock::now();
  {
    const std::scoped_lock lock(generation_mutex_);
    world_version_ = version;
    world_ = std::make_shared<const assessment::World>(mirror_->snapshot(kWorldKinds), nullptr);
  }
  use_generation();
  world_not_before_ = Clock::now() + 10 * (Clock::now() - began);
}

// Of the template of a pod's owner.
std::optional<std::vector<std::string>> Service::containers_of(std::string_view kind,
                                                               std::string_view name_space,
                                                               std::string_view name) const {
  std::optional<std::vector<std::string>> containers;
  for (const std::string_view group : {"apps", "batch", ""}) {
    const bool is_found =
        mirror_ != nullptr &&
        mirror_->look_at({.group = group, .kind = kind, .name_space = name_space, .name = name},
                         [&containers](const kube::Object& owner) {
                           containers = admission::template_containers(owner);
                         });
    if (is_found) {
      break;
    }
  }
  return containers;
}

// The API server admits the first pod of a namespace before our watch has seen the namespace.
std::shared_ptr<const Generation> Service::freshen(std::string_view name_space) {
  const auto programs = programs_.load();
  const kube_client::ObjectPlace place{.resource = {.group = {},
                                                    .version = "v1",
                                                    .plural = "namespaces",
                                                    .kind = "Namespace",
                                                    .is_namespaced = false},
                                       .name_space = {},
                                       .name = std::string(name_space),
                                       .subresource = {}};
  auto answer = client_->send({.path = place.path(), .time = seconds(2)});
  if (!answer || programs == nullptr) {
    return nullptr;
  }
  // A world of its own for this request: the mirror will know the namespace in a moment.
  struct Own {
    std::shared_ptr<const document::Source> source;
    Arena arena;
    std::shared_ptr<const kube::Snapshot> before;
    std::shared_ptr<const kube::Snapshot> snapshot;
  };
  auto own = std::make_shared<Own>();
  own->source = document::Source::from_text("cluster:v1/namespaces", *answer);
  const auto root = document::read_one(*own->source, own->arena);
  const auto object = root ? kube::object_from_node(*root, own->source.get())
                           : Result<kube::Object>(std::unexpected(root.error()));
  if (!object || object->ref.kind != "Namespace") {
    return nullptr;
  }
  own->before = mirror_->snapshot(kWorldKinds);
  std::vector<kube::Object> objects(own->before->objects().begin(), own->before->objects().end());
  objects.push_back(*object);
  own->snapshot = kube::Snapshot::create(std::move(objects), "default");
  const std::shared_ptr<const kube::Snapshot> held(own, own->snapshot.get());
  return Generation::create(programs, std::make_shared<const assessment::World>(held, nullptr),
                            options_.caller, today(), steady_ns);
}

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
      mirror_->served_version() == 0) {
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
  registry_.sampled(SampledType::Gauge,
                    {"tally_certificate_expiry_seconds", "Until it ends.", {"certificate"}},
                    [this](telemetry::Samples& samples) {
                      const double now = static_cast<double>(now_ms()) / 1000;
                      samples.add({"serving"}, static_cast<double>(certificate_ends_) - now);
                      if (authority_ends_ != 0) {
                        samples.add({"authority"}, static_cast<double>(authority_ends_) - now);
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
      std::ranges::copy_if(*texts, std::back_inserter(file_texts_), [](const PolicyText& text) {
        return text.origin == PolicyText::Origin::File;
      });
      programs_.store(catalogue_.replace(std::move(*texts), config_, now_ms() / 1000).programs);
      log_->info("policies of the last run are in force until others are known");
    } else {
      log_->warning("the last good policies cannot be read", {{"why", texts.error().to_string()}});
    }
  }
  TALLY_CHECK(start_endpoints());
  if (client_ == std::nullopt) {
    reload_policies();
  } else {
    start_cluster();
  }
  const std::stop_callback wake(stop, [this] { bell_.ring(); });
  bool was_synced = !client_;
  while (!stop.stop_requested()) {
    // Policies of the cluster are not known before they were listed: what was in force last stays.
    if (!was_synced) {
      was_synced = mirror_->is_synced();
      if (was_synced) {
        log_->info("the cluster is known");
      }
    }
    if (was_synced) {
      turn();
    } else {
      renew_world();
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

}  // namespace

Result<void> run(ServiceOptions options, const std::stop_token& stop) {
  return Service(std::move(options)).run(stop);
}

}  // namespace tally::serve

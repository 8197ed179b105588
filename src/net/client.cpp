#include "net/client.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <exception>
#include <mutex>
#include <utility>

#include "net/address_policy.hpp"
#include "net/internal/exchange.hpp"
#include "net/internal/trust.hpp"
#include "net/target.hpp"

namespace tally::net {

using scalar::IpAddress;

namespace {

// What a call asks besides its request.
struct Plan {
  TimePoint end;  // of a stream: of connecting
  std::stop_token stop;
  std::chrono::milliseconds idle{0};
  const Client::OnBytes* on_bytes = nullptr;

  [[nodiscard]] ExchangeOptions exchange(std::string_view text) const {
    return {.request = text, .end = end, .idle = idle, .on_bytes = on_bytes, .stop = stop};
  }
};

// Whom a connection goes to, whom it trusts and what it shows.
struct ConnectionKey {
  std::string origin;
  std::string ca_bundle;
  std::string server_name;
  std::string client_certificate;
  std::string client_key;
  friend bool operator==(const ConnectionKey&, const ConnectionKey&) = default;
};

struct KeptConnection {
  ConnectionKey key;
  Connection connection;
};

ConnectionKey key_of(const Request& request, const Target& target) {
  return {.origin = (target.is_tls ? "https://" : "http://") + target.host_port(),
          .ca_bundle = request.ca_bundle,
          .server_name = request.server_name,
          .client_certificate = request.client_certificate,
          .client_key = request.client_key};
}

bool changes_nothing(const Request& request) {
  return request.method == "GET" || request.method == "HEAD";
}

}  // namespace

struct Client::State {
  ClientOptions options;
  std::mutex mutex;  // of those below
  TlsContext roots;  // read when they are first needed
  std::vector<KeptConnection> kept;

  Result<Response> follow(const Request& request, const Plan& plan);
  Result<Target> begin(const Request& request) const;
  Result<void> allow(const Target& target) const;
  Result<std::vector<IpAddress>> addresses_of(const Target& target, TimePoint end) const;
  Result<SSL_CTX*> trust(const Request& request, TlsContext& own);
  Result<Response> ask(const Request& request, const Target& target, const Plan& plan);
  std::optional<Connection> take_kept(const ConnectionKey& key);
  void keep(ConnectionKey key, Connection connection);
  Result<Connection> connect(const Request& request, const Target& target, const Plan& plan);
};

namespace {

TimePoint now() { return std::chrono::steady_clock::now(); }

bool is_redirect(unsigned status) noexcept {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

// Fields that speak for somebody; as net/http of Go (client.go, shouldCopyHeaderOnRedirect).
bool carries_credentials(const Header& header) noexcept {
  constexpr std::array<std::string_view, 4> kNames = {"authorization", "cookie", "cookie2",
                                                      "www-authenticate"};
  return std::ranges::any_of(kNames,
                             [&](std::string_view name) { return equal_names(name, header.name); });
}

}  // namespace

Result<void> Client::State::allow(const Target& target) const {
  if (options.allowed.allows(target.host, target.port)) {
    return {};
  }
  Error error{.kind = ErrorKind::Content,
              .message = fmt::format("{} is not an allowed host", target.host_port()),
              .file = {},
              .at = {},
              .hint = target.host_port()};
  return std::unexpected(std::move(error));
}

Result<std::vector<IpAddress>> Client::State::addresses_of(const Target& target,
                                                           TimePoint end) const {
  if (const auto address = IpAddress::parse(target.host)) {
    return std::vector{*address};  // named itself
  }
  TALLY_TRY(auto addresses, options.resolve(target.host, end));
  // One bad address spoils the name: which of them is asked must not be the server's choice.
  for (const IpAddress& address : addresses) {
    const auto why = refusal_of(address);
    if (why && !options.allowed.allows(address, target.port)) {
      Error error{.kind = ErrorKind::Content,
                  .message = fmt::format("{} leads to {}, which {}", target.host,
                                         address.to_string(), *why),
                  .file = {},
                  .at = {},
                  .hint = address.to_string()};
      return std::unexpected(std::move(error));
    }
  }
  if (addresses.size() > options.limits.addresses) {
    addresses.resize(options.limits.addresses);
  }
  return addresses;
}

Result<SSL_CTX*> Client::State::trust(const Request& request, TlsContext& own) {
  const bool shows_certificate = !request.client_certificate.empty();
  if (!request.ca_bundle.empty() || shows_certificate) {
    if (request.ca_bundle.empty()) {
      TALLY_TRY(own, trust_files(options.root_files));
    } else {
      TALLY_TRY(own, trust_bundle(request.ca_bundle));
    }
    if (shows_certificate) {
      TALLY_CHECK(
          show_certificate(*own, {.chain = request.client_certificate, .key = request.client_key}));
    }
    return own.get();
  }
  const std::scoped_lock lock(mutex);
  if (!roots) {
    TALLY_TRY(roots, trust_files(options.root_files));
  }
  return roots.get();
}

std::optional<Connection> Client::State::take_kept(const ConnectionKey& key) {
  const std::scoped_lock lock(mutex);
  std::erase_if(kept, [](KeptConnection& row) { return !row.connection.is_quiet(); });
  const auto found = std::ranges::find(kept, key, &KeptConnection::key);
  if (found == kept.end()) {
    return std::nullopt;
  }
  Connection connection = std::move(found->connection);
  kept.erase(found);
  return connection;
}

void Client::State::keep(ConnectionKey key, Connection connection) {
  const std::scoped_lock lock(mutex);
  if (kept.size() == options.kept_connections) {
    kept.erase(kept.begin());  // certificates change: the oldest may be of no more use
  }
  kept.push_back({.key = std::move(key), .connection = std::move(connection)});
}

Result<Connection> Client::State::connect(const Request& request, const Target& target,
                                          const Plan& plan) {
  TALLY_TRY(const auto addresses, addresses_of(target, plan.end));
  TlsContext own;
  SSL_CTX* tls = nullptr;
  if (target.is_tls) {
    TALLY_TRY(tls, trust(request, own));
  }
  Error failure = environment_error(fmt::format("{} has no address", target.host)).error();
  for (const IpAddress& address : addresses) {
    auto opened =
        Connection::open({.target = &target,
                          .address = address,
                          .tls = tls,
                          .server_name = request.server_name,
                          .connect_end = std::min(plan.end, now() + options.limits.connect),
                          .end = plan.end,
                          .stop = plan.stop});
    if (opened) {
      return std::move(*opened);
    }
    failure = std::move(opened.error().error);
    if (opened.error().step != ExchangeStep::Connect || now() >= plan.end) {
      break;
    }
  }
  return std::unexpected(std::move(failure));
}

Result<Response> Client::State::ask(const Request& request, const Target& target,
                                    const Plan& plan) {
  // A stream has a connection of its own: it ends with it.
  const bool is_kept = options.kept_connections > 0 && plan.on_bytes == nullptr;
  const std::string text =
      to_text(request, target, is_kept ? ConnectionUse::Keep : ConnectionUse::Close);
  const BodyUse use = plan.on_bytes == nullptr ? BodyUse::Whole : BodyUse::Taken;
  ConnectionKey key = key_of(request, target);
  std::optional<Connection> connection = is_kept ? take_kept(key) : std::nullopt;
  for (bool is_new = !connection;; is_new = true) {
    if (is_new) {
      TALLY_TRY(connection, connect(request, target, plan));
    }
    ResponseReader reader(request.method, options.limits.response, use);
    auto done = connection->exchange(plan.exchange(text), reader);
    if (done) {
      if (is_kept && reader.keeps_connection()) {
        keep(std::move(key), std::move(*connection));
      }
      return reader.take();
    }
    // Closed before the request arrived: not an answer to it (RFC 9112 section 9.3.1).
    if (is_new || done.error().step != ExchangeStep::Unanswered || !changes_nothing(request)) {
      return std::unexpected(std::move(done).error().error);
    }
  }
}

Result<Target> Client::State::begin(const Request& request) const {
  if (request.body.size() > options.limits.request_bytes) {
    return limit_error(fmt::format("the body of the request has {} bytes, more than the {} allowed",
                                   request.body.size(), options.limits.request_bytes));
  }
  TALLY_CHECK(check(request));
  TALLY_TRY(Target target, Target::parse(request.url));
  TALLY_CHECK(allow(target));
  return target;
}

Result<Response> Client::State::follow(const Request& first, const Plan& plan) {
  TALLY_TRY(Target target, begin(first));
  Request request = first;
  for (unsigned followed = 0;; ++followed) {
    TALLY_TRY(Response response, ask(request, target, plan));
    const auto location = response.header("location");
    if (!is_redirect(response.status) || !location) {
      return response;
    }
    if (request.method != "GET" && request.method != "HEAD") {
      return environment_error(
          fmt::format("{} answers {} with a redirect, which only GET and HEAD follow",
                      target.host_port(), request.method));
    }
    if (followed == options.limits.redirects) {
      return limit_error(fmt::format("{} redirects more than {} times", target.host_port(),
                                     options.limits.redirects));
    }
    const auto named = [&target](Error error) {
      error.message = fmt::format("{} redirects: {}", target.host_port(), error.message);
      return std::unexpected(std::move(error));
    };
    auto next = target.follow(*location);
    if (!next) {
      return named(std::move(next).error());
    }
    if (target.is_tls && !next->is_tls) {
      return environment_error(
          fmt::format("{} redirects from https to http, which is refused", target.host_port()));
    }
    if (auto allowed = allow(*next); !allowed) {
      return named(std::move(allowed).error());
    }
    if (!next->has_origin_of(target)) {
      std::erase_if(request.headers, carries_credentials);
      request.client_certificate.clear();
      request.client_key.clear();
      request.server_name.clear();
    }
    target = std::move(*next);
  }
}

Client::Client(ClientOptions options) : state_(std::make_unique<State>()) {
  state_->options = std::move(options);
}
Client::Client(Client&&) noexcept = default;
Client& Client::operator=(Client&&) noexcept = default;
Client::~Client() = default;

Result<Response> Client::call(const Request& request, const CallOptions& options) const {
  try {
    const auto time = options.time.value_or(state_->options.limits.call);
    return state_->follow(request, {.end = now() + time, .stop = options.stop});
  } catch (const std::exception& thrown) {
    return environment_error(fmt::format("the call failed: {}", thrown.what()));
  }
}

Result<Response> Client::stream(const Request& request, const StreamOptions& options,
                                const OnBytes& on_bytes) const {
  try {
    TALLY_TRY(const Target target, state_->begin(request));
    return state_->ask(request, target,
                       {.end = now() + state_->options.limits.call,
                        .stop = options.stop,
                        .idle = options.idle,
                        .on_bytes = &on_bytes});
  } catch (const std::exception& thrown) {
    return environment_error(fmt::format("the call failed: {}", thrown.what()));
  }
}

}  // namespace tally::net

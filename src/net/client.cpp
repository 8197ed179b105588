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

struct Client::State {
  ClientOptions options;
  std::mutex mutex;  // of `roots`
  TlsContext roots;  // read when they are first needed

  Result<Response> follow(const Request& request);
  Result<void> allow(const Target& target) const;
  Result<std::vector<IpAddress>> addresses_of(const Target& target, TimePoint end) const;
  Result<SSL_CTX*> trust(const Request& request, TlsContext& own);
  Result<Response> ask(const Request& request, const Target& target, TimePoint end);
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
      TALLY_CHECK(show_certificate(*own, request.client_certificate, request.client_key));
    }
    return own.get();
  }
  const std::scoped_lock lock(mutex);
  if (!roots) {
    TALLY_TRY(roots, trust_files(options.root_files));
  }
  return roots.get();
}

Result<Response> Client::State::ask(const Request& request, const Target& target, TimePoint end) {
  TALLY_TRY(const auto addresses, addresses_of(target, end));
  TlsContext own;
  SSL_CTX* tls = nullptr;
  if (target.is_tls) {
    TALLY_TRY(tls, trust(request, own));
  }
  const std::string text = to_text(request, target);
  Error failure = environment_error(fmt::format("{} has no address", target.host)).error();
  for (const IpAddress& address : addresses) {
    ResponseReader reader(request.method, options.limits.response);
    auto done = exchange({.target = &target,
                          .address = address,
                          .tls = tls,
                          .server_name = request.server_name,
                          .request = text,
                          .connect_end = std::min(end, now() + options.limits.connect),
                          .end = end},
                         reader);
    if (done) {
      return reader.take();
    }
    failure = std::move(done.error().error);
    if (done.error().step != ExchangeStep::Connect || now() >= end) {
      break;
    }
  }
  return std::unexpected(std::move(failure));
}

Result<Response> Client::State::follow(const Request& first) {
  if (first.body.size() > options.limits.request_bytes) {
    return limit_error(fmt::format("the body of the request has {} bytes, more than the {} allowed",
                                   first.body.size(), options.limits.request_bytes));
  }
  TALLY_CHECK(check(first));
  TALLY_TRY(Target target, Target::parse(first.url));
  const TimePoint end = now() + options.limits.call;
  Request request = first;
  for (unsigned followed = 0;; ++followed) {
    TALLY_CHECK(allow(target));
    TALLY_TRY(Response response, ask(request, target, end));
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

Result<Response> Client::call(const Request& request) const {
  try {
    return state_->follow(request);
  } catch (const std::exception& thrown) {
    return environment_error(fmt::format("the call failed: {}", thrown.what()));
  }
}

}  // namespace tally::net

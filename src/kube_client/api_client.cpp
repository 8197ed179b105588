#include "kube_client/api_client.hpp"

#include <fmt/format.h>

#include <array>
#include <mutex>
#include <utility>

#include "base/arena.hpp"
#include "document/read.hpp"
#include "kube_client/internal/refusal.hpp"
#include "net/client.hpp"
#include "net/host_list.hpp"
#include "net/target.hpp"

namespace tally::kube_client {
namespace {

// A page of 500 objects of the greatest size that etcd takes would be larger; no list is.
constexpr std::size_t kBodyBytesMax = std::size_t{256} << 20U;
// API servers take 3 MiB (apiserver/pkg/server/config.go, MaxRequestBodyBytes).
constexpr std::size_t kRequestBytesMax = std::size_t{3} << 20U;
constexpr std::chrono::seconds kCallTime{60};
constexpr std::size_t kKeptConnections = 4;

std::unexpected<Refusal> unanswered(Error error) {
  return std::unexpected(Refusal{.status = 0, .error = std::move(error)});
}

}  // namespace

struct ApiClient::State {
  ClusterAccess access;
  Surroundings surroundings;
  net::Client client;
  std::mutex mutex;  // of of_plugin
  std::optional<Credential> of_plugin;

  Result<Credential> credential();
  Result<Credential> run_plugin() const;
  bool forget_plugin(const std::string& token_or_certificate);
  // Asks, and once more where a plugin's credential is no longer taken.
  // `verb`: what an error calls it.
  Answer<net::Response> ask(std::string_view verb, const Call& call,
                            const std::function<Result<net::Response>(const net::Request&)>& send);
};

Result<ApiClient> ApiClient::create(ClusterAccess access, Surroundings surroundings) {
  TALLY_TRY(const net::Target target, net::Target::parse(access.server));
  const std::array<std::string, 1> hosts{target.host_port()};
  net::ClientOptions options;
  TALLY_TRY(options.allowed, net::HostList::parse(hosts));
  options.kept_connections = kKeptConnections;
  options.limits.call = kCallTime;
  options.limits.request_bytes = kRequestBytesMax;
  options.limits.response.body_bytes = kBodyBytesMax;
  options.limits.redirects = 0;  // who redirects an API call wants its credentials
  return ApiClient(std::unique_ptr<State>(new State{.access = std::move(access),
                                                    .surroundings = std::move(surroundings),
                                                    .client = net::Client(std::move(options)),
                                                    .mutex = {},
                                                    .of_plugin = {}}));
}

ApiClient::ApiClient(std::unique_ptr<State> state) : state_(std::move(state)) {}
ApiClient::ApiClient(ApiClient&&) noexcept = default;
ApiClient& ApiClient::operator=(ApiClient&&) noexcept = default;
ApiClient::~ApiClient() = default;

const ClusterAccess& ApiClient::access() const noexcept { return state_->access; }

Result<Credential> ApiClient::State::run_plugin() const {
  const ExecPlugin& plugin = *access.credentials.exec;
  auto printed = surroundings.run(plugin, exec_info(plugin, {.server = access.server,
                                                             .server_name = access.server_name,
                                                             .ca_bundle = access.ca_bundle}));
  if (!printed) {
    if (printed.error().hint.empty()) {
      printed.error().hint = plugin.install_hint;
    }
    return std::unexpected(std::move(printed).error());
  }
  const auto source = document::Source::from_text(plugin.command, *printed);
  Arena arena;
  const auto node = document::read_one(*source, arena);
  if (!node) {
    // Without its text: what it printed may be a secret.
    return content_error(
        fmt::format("the credential plugin {} printed what is no JSON", plugin.command));
  }
  return read_exec_credential(*node, plugin);
}

Result<Credential> ApiClient::State::credential() {
  const CredentialSource& source = access.credentials;
  if (!source.client_certificate.empty()) {
    return Credential{.token = {},
                      .client_certificate = source.client_certificate,
                      .client_key = source.client_key};
  }
  if (!source.token_file.empty()) {
    TALLY_TRY(std::string token, surroundings.read_file(source.token_file));
    while (!token.empty() && (token.back() == '\n' || token.back() == '\r')) {
      token.pop_back();
    }
    return Credential{.token = std::move(token), .client_certificate = {}, .client_key = {}};
  }
  if (!source.token.empty() || !source.exec) {
    return Credential{.token = source.token, .client_certificate = {}, .client_key = {}};
  }
  const std::scoped_lock lock(mutex);
  if (!of_plugin) {
    TALLY_TRY(of_plugin, run_plugin());
  }
  return *of_plugin;
}

// False: it was not the plugin's.
bool ApiClient::State::forget_plugin(const std::string& token_or_certificate) {
  const CredentialSource& source = access.credentials;
  if (!source.client_certificate.empty() || !source.token_file.empty() || !source.token.empty() ||
      !source.exec) {
    return false;
  }
  const std::scoped_lock lock(mutex);
  // Another thread may have asked for the next one already.
  if (of_plugin && of_plugin->token + of_plugin->client_certificate == token_or_certificate) {
    of_plugin.reset();
  }
  return true;
}

Answer<net::Response> ApiClient::State::ask(
    std::string_view verb, const Call& call,
    const std::function<Result<net::Response>(const net::Request&)>& send) {
  for (bool is_again = false;; is_again = true) {
    auto own = credential();
    if (!own) {
      return unanswered(std::move(own).error());
    }
    net::Request request{.method = call.method,
                         .url = access.server + call.path,
                         .headers = {{"Accept", call.accept}},
                         .body = call.body,
                         .ca_bundle = access.ca_bundle,
                         .server_name = access.server_name,
                         .client_certificate = own->client_certificate,
                         .client_key = own->client_key};
    if (!call.content_type.empty()) {
      request.headers.push_back({"Content-Type", call.content_type});
    }
    if (!own->token.empty()) {
      request.headers.push_back({"Authorization", "Bearer " + own->token});
    }
    auto response = send(request);
    if (!response) {
      return unanswered(std::move(response).error());
    }
    if (response->status >= 200 && response->status < 300) {
      return std::move(*response);
    }
    constexpr unsigned kUnauthorized = 401;
    if (response->status != kUnauthorized || is_again ||
        !forget_plugin(own->token + own->client_certificate)) {
      const std::string_view path = call.path;
      return std::unexpected(
          refusal_of(fmt::format("{} {}", verb, path.substr(0, path.find('?'))), *response));
    }
  }
}

Answer<std::string> ApiClient::send(const Call& call) {
  TALLY_TRY(net::Response response,
            state_->ask(call.method, call, [&](const net::Request& request) {
              return state_->client.call(request, {.time = call.time, .stop = call.stop});
            }));
  return std::move(response.body);
}

Answer<std::string> ApiClient::get(std::string_view path, std::string_view accept) {
  return send({.path = std::string(path), .accept = std::string(accept)});
}

Answer<void> ApiClient::stream(const Call& call, const StreamOptions& options,
                               const OnBytes& on_bytes) {
  TALLY_TRY(
      const net::Response response, state_->ask("WATCH", call, [&](const net::Request& request) {
        return state_->client.stream(request, {.idle = options.idle, .stop = call.stop}, on_bytes);
      }));
  static_cast<void>(response);
  return {};
}

}  // namespace tally::kube_client

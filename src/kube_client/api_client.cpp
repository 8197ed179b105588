#include "kube_client/api_client.hpp"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "document/read.hpp"
#include "net/host_list.hpp"
#include "net/target.hpp"
#include "scalar/name_syntax.hpp"

namespace tally::kube_client {
namespace {

// A page of 500 objects of the greatest size that etcd takes would be larger; no list is.
constexpr std::size_t kBodyBytesMax = std::size_t{256} << 20U;
constexpr std::chrono::seconds kCallTime{60};
constexpr std::size_t kWordsMax = 500;  // of the server's message

// The message of a Status object, or nothing.
std::string message_of(const std::string& body) {
  const auto source = document::Source::from_text("status", body);
  Arena arena;
  const auto status = document::read_one(*source, arena);
  const document::Node* message = status ? status->find("message") : nullptr;
  return message != nullptr && message->is_string() ? std::string(message->text()) : std::string();
}

std::string_view reason_of(unsigned status) {
  switch (status) {
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 410:
      return "Gone";
    case 429:
      return "Too Many Requests";
    case 503:
      return "Service Unavailable";
    default:
      return "";
  }
}

Refusal refusal_of(std::string_view path, const net::Response& response) {
  std::string text = fmt::format("GET {}: {}", path.substr(0, path.find('?')), response.status);
  if (const std::string_view reason = reason_of(response.status); !reason.empty()) {
    text.append(" ").append(reason);
  }
  std::string message = message_of(response.body);
  // What a proxy on the way says instead is quoted in part, without what a terminal would obey.
  std::erase_if(message, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
  if (!message.empty()) {
    text.append(": ").append(message.substr(0, kWordsMax));
  }
  return {.status = response.status, .error = environment_error(std::move(text)).error()};
}

}  // namespace

Result<ApiClient> ApiClient::create(ClusterAccess access, Surroundings surroundings) {
  TALLY_TRY(const net::Target target, net::Target::parse(access.server));
  const std::array<std::string, 1> hosts{target.host_port()};
  net::ClientOptions options;
  TALLY_TRY(options.allowed, net::HostList::parse(hosts));
  options.limits.call = kCallTime;
  options.limits.response.body_bytes = kBodyBytesMax;
  options.limits.redirects = 0;  // who redirects an API call wants its credentials
  return ApiClient(std::move(access), std::move(surroundings), net::Client(std::move(options)));
}

Result<Credential> ApiClient::run_plugin() const {
  const ExecPlugin& plugin = *access_.credentials.exec;
  auto printed = surroundings_.run(plugin, exec_info(plugin, {.server = access_.server,
                                                              .server_name = access_.server_name,
                                                              .ca_bundle = access_.ca_bundle}));
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

Result<Credential> ApiClient::credential() {
  const CredentialSource& source = access_.credentials;
  if (!source.client_certificate.empty()) {
    return Credential{.token = {},
                      .client_certificate = source.client_certificate,
                      .client_key = source.client_key};
  }
  if (!source.token_file.empty()) {
    TALLY_TRY(std::string token, surroundings_.read_file(source.token_file));
    while (!token.empty() && (token.back() == '\n' || token.back() == '\r')) {
      token.pop_back();
    }
    return Credential{.token = std::move(token), .client_certificate = {}, .client_key = {}};
  }
  if (!source.token.empty() || !source.exec) {
    return Credential{.token = source.token, .client_certificate = {}, .client_key = {}};
  }
  if (!of_plugin_) {
    TALLY_TRY(of_plugin_, run_plugin());
  }
  return *of_plugin_;
}

std::expected<std::string, Refusal> ApiClient::get(std::string_view path, std::string_view accept) {
  for (bool is_again = false;; is_again = true) {
    auto own = credential();
    if (!own) {
      return std::unexpected(Refusal{.status = 0, .error = std::move(own).error()});
    }
    net::Request request{.method = "GET",
                         .url = access_.server + std::string(path),
                         .headers = {{"Accept", std::string(accept)}},
                         .body = {},
                         .ca_bundle = access_.ca_bundle,
                         .server_name = access_.server_name,
                         .client_certificate = own->client_certificate,
                         .client_key = own->client_key};
    if (!own->token.empty()) {
      request.headers.push_back({"Authorization", "Bearer " + own->token});
    }
    auto response = client_.call(request);
    if (!response) {
      return std::unexpected(Refusal{.status = 0, .error = std::move(response).error()});
    }
    if (response->status == 200) {
      return std::move(response->body);
    }
    if (response->status != 401 || is_again || !of_plugin_) {
      return std::unexpected(refusal_of(path, *response));
    }
    of_plugin_.reset();
  }
}

}  // namespace tally::kube_client

#include "outside.hpp"

#include <fmt/format.h>

#include <optional>
#include <utility>

#include "net/client.hpp"

namespace tally::app {

namespace {

class NetCaller final : public assessment::HttpCaller {
 public:
  explicit NetCaller(net::HostList allowed) : client_({.allowed = std::move(allowed)}) {}

  [[nodiscard]] Result<assessment::HttpAnswer> call(
      const assessment::HttpCall& call) const override {
    net::Request request{.method = call.method,
                         .url = call.url,
                         .headers = {},
                         .body = call.body,
                         .ca_bundle = call.ca_bundle};
    for (const auto& [name, value] : call.headers) {
      request.headers.push_back({name, value});
    }
    auto response = client_.call(request);
    if (!response) {
      Error error = std::move(response).error();
      if (!error.hint.empty()) {
        error.message += fmt::format(" (--allow-host {})", error.hint);
      }
      return std::unexpected(std::move(error));
    }
    return assessment::HttpAnswer{.status = response->status, .body = std::move(response->body)};
  }

 private:
  net::Client client_;
};

class Allowed final : public AllowedOutside {
 public:
  Allowed(net::HostList hosts, std::int64_t now_seconds)
      : caller_(hosts.is_empty() ? std::nullopt
                                 : std::optional<NetCaller>(std::in_place, std::move(hosts))),
        outside_({.caller = caller_ ? &*caller_ : nullptr, .now_seconds = now_seconds}) {}

  [[nodiscard]] const assessment::Outside& get() const noexcept override { return outside_; }
  [[nodiscard]] const assessment::HttpCaller* caller() const noexcept override {
    return caller_ ? &*caller_ : nullptr;
  }

 private:
  std::optional<NetCaller> caller_;
  assessment::Outside outside_;
};

}  // namespace

Result<std::unique_ptr<const AllowedOutside>> AllowedOutside::create(
    const std::vector<std::string>& allowed_hosts, std::int64_t now_seconds) {
  auto hosts = net::HostList::parse(allowed_hosts);
  if (!hosts) {
    Error error = std::move(hosts).error();
    error.message = fmt::format("--allow-host: {}", error.message);
    return std::unexpected(std::move(error));
  }
  return std::make_unique<const Allowed>(std::move(*hosts), now_seconds);
}

}  // namespace tally::app

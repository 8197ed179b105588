#include "net/resolver.hpp"

#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <future>
#include <memory>
#include <optional>
#include <system_error>
#include <thread>

namespace tally::net {

namespace {

using scalar::IpAddress;
using Addresses = Result<std::vector<IpAddress>>;

std::optional<IpAddress> address_of(const addrinfo& row) {
  if (row.ai_family == AF_INET) {
    sockaddr_in from{};
    std::memcpy(&from, row.ai_addr, sizeof(from));
    std::array<std::uint8_t, 4> octets{};
    std::memcpy(octets.data(), &from.sin_addr, octets.size());
    return IpAddress::from_v4(octets);
  }
  if (row.ai_family == AF_INET6) {
    sockaddr_in6 from{};
    std::memcpy(&from, row.ai_addr, sizeof(from));
    std::array<std::uint8_t, 16> octets{};
    std::memcpy(octets.data(), &from.sin6_addr, octets.size());
    return IpAddress::from_v6(octets);
  }
  return std::nullopt;
}

Addresses look_up(const std::string& host) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* rows = nullptr;
  const int code = ::getaddrinfo(host.c_str(), nullptr, &hints, &rows);
  if (code != 0) {
    return environment_error(fmt::format("{} cannot be resolved: {}", host, ::gai_strerror(code)));
  }
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(rows, &::freeaddrinfo);
  std::vector<IpAddress> out;
  for (const addrinfo* row = rows; row != nullptr; row = row->ai_next) {
    const auto address = address_of(*row);
    if (address && std::ranges::find(out, *address) == out.end()) {
      out.push_back(*address);
    }
  }
  if (out.empty()) {
    return environment_error(fmt::format("{} has no address", host));
  }
  return out;
}

}  // namespace

Addresses resolve_with_system(const std::string& host, TimePoint end) {
  if (std::chrono::steady_clock::now() >= end) {
    return environment_error(fmt::format("{} was not resolved in time", host));
  }
  const auto answer = std::make_shared<std::promise<Addresses>>();
  std::future<Addresses> future = answer->get_future();
  try {
    std::thread([answer, host] { answer->set_value(look_up(host)); }).detach();
  } catch (const std::system_error&) {
    return environment_error(fmt::format("{} cannot be resolved: no thread is left", host));
  }
  if (future.wait_until(end) != std::future_status::ready) {
    return environment_error(fmt::format("{} was not resolved in time", host));
  }
  return future.get();
}

}  // namespace tally::net

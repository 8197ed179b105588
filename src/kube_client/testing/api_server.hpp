#pragma once
// For tests: a server that keeps connections, and clients of it.

#include "kube_client/api_client.hpp"
#include "net/testing/keep_alive_server.hpp"

namespace tally::kube_client::testing {

using net::testing::json_answer;
using net::testing::KeepAliveServer;
using net::testing::Peer;
using net::testing::ReceivedRequest;

inline constexpr const char* kStream =
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
inline constexpr const char* kStreamEnd = "0\r\n\r\n";

inline std::string chunk(const std::string& text) {
  char size[20];
  static_cast<void>(std::snprintf(size, sizeof(size), "%zx\r\n", text.size()));
  return size + text + "\r\n";
}

// {"type":"ADDED","object":{"kind":"Pod","metadata":{"name":"a","resourceVersion":"5"}}}
inline std::string event(const std::string& type, const std::string& name,
                         const std::string& version) {
  return R"({"type":")" + type + R"(","object":{"kind":"Pod","metadata":{"name":")" + name +
         R"(","resourceVersion":")" + version + "\"}}}\n";
}

inline ApiClient client_of(const KeepAliveServer& server, CredentialSource credentials = {},
                           std::function<Result<std::string>(const std::string&)> read_file = {}) {
  ClusterAccess access;
  access.server = server.url();
  access.credentials = std::move(credentials);
  Surroundings surroundings;
  surroundings.read_file = std::move(read_file);
  auto client = ApiClient::create(std::move(access), std::move(surroundings));
  EXPECT_TRUE(client.has_value());
  return std::move(*client);
}

inline const Resource kPods{.group = "", .version = "v1", .plural = "pods", .kind = "Pod"};

}  // namespace tally::kube_client::testing

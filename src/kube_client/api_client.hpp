#pragma once
// ApiClient: asks an API server, and says in its words what it refuses.
//
//   ApiClient client(access, surroundings);
//   TALLY_TRY(std::string body, client.get("/api/v1/namespaces?limit=500"));
//
// Reads only: there is no other verb. Credentials of a plugin are asked for once, and once more
// when the server no longer takes them. Threads: one at a time.

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "kube_client/kube_config.hpp"
#include "net/client.hpp"

namespace tally::kube_client {

// What the server answered where it was not 200.
struct Refusal {
  unsigned status = 0;  // 0: there was no answer
  Error error;          // "GET /api/v1/pods: 403 Forbidden: pods is forbidden: ..."
};

class ApiClient {
 public:
  // An error: the server's name cannot be one.
  [[nodiscard]] static Result<ApiClient> create(ClusterAccess access, Surroundings surroundings);

  [[nodiscard]] const ClusterAccess& access() const noexcept { return access_; }
  // The body of an answer that says 200. `accept`: media types, the best first.
  [[nodiscard]] std::expected<std::string, Refusal> get(
      std::string_view path, std::string_view accept = "application/json");

 private:
  ApiClient(ClusterAccess access, Surroundings surroundings, net::Client client)
      : access_(std::move(access)),
        surroundings_(std::move(surroundings)),
        client_(std::move(client)) {}
  [[nodiscard]] Result<Credential> credential();
  [[nodiscard]] Result<Credential> run_plugin() const;

  ClusterAccess access_;
  Surroundings surroundings_;
  net::Client client_;
  std::optional<Credential> of_plugin_;
};

}  // namespace tally::kube_client

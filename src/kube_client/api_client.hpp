#pragma once
// ApiClient: asks an API server, and says in its words what it refuses.
//
//   TALLY_TRY(ApiClient client, ApiClient::create(access, surroundings));
//   auto body = client.get("/api/v1/namespaces?limit=500");      // expected<std::string, Refusal>
//
// Connections stay open between calls. A call that found its connection closed is repeated once,
// if it is a GET. Credentials of a plugin are asked for once, and once more when the server no
// longer takes them; a file of a token is read before each call.
//
// Threads: all calls may be used by several at once; so must the functions of Surroundings.

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "kube_client/kube_config.hpp"

namespace tally::kube_client {

// What the server answered where it was not 2xx (meta/v1 Status).
struct Refusal {
  // status.details.causes: what is wrong with a field, or who else owns it.
  struct Cause {
    std::string reason{};   // "FieldManagerConflict", "FieldValueInvalid", ...
    std::string field{};    // ".spec.replicas"
    std::string message{};  // "conflict with \"kubectl\" using v1"
  };

  unsigned status = 0;  // 0: there was no answer
  Error error;          // "GET /api/v1/pods: 403 Forbidden: pods is forbidden: ..."
  std::string
      reason{};  // "AlreadyExists", "Conflict", "Expired", ...; empty: the server names none
  std::optional<std::chrono::seconds> retry_after{};  // its wish, at most 5 minutes
  std::vector<Cause> causes{};                        // at most 20
};

template <class T>
using Answer = std::expected<T, Refusal>;

struct Call {
  std::string method = "GET";
  std::string path{};  // with its query: "/api/v1/pods?limit=500"
  std::string body{};
  std::string content_type{};  // of the body
  std::string accept = "application/json";
  std::chrono::milliseconds time{60'000};  // everything, connecting too
  std::stop_token stop{};                  // ends the call where it stands
};

struct StreamOptions {
  std::chrono::milliseconds idle{60'000};  // without a byte: the stream is over, as an error
};

class ApiClient {
 public:
  // An error: the server's name cannot be one.
  [[nodiscard]] static Result<ApiClient> create(ClusterAccess access, Surroundings surroundings);
  ApiClient(ApiClient&&) noexcept;
  ApiClient& operator=(ApiClient&&) noexcept;
  ApiClient(const ApiClient&) = delete;
  ApiClient& operator=(const ApiClient&) = delete;
  ~ApiClient();

  [[nodiscard]] const ClusterAccess& access() const noexcept;

  // The body of an answer that says 2xx.
  [[nodiscard]] Answer<std::string> send(const Call& call);
  // `accept`: media types, the best first.
  [[nodiscard]] Answer<std::string> get(std::string_view path,
                                        std::string_view accept = "application/json");
  // A GET whose answer is handed on as it comes, without an end of its own. What on_bytes refuses
  // ends the call with that error. Nothing: the server ended it. `time` of the call is not looked
  // at.
  using OnBytes = std::function<Result<void>(std::string_view bytes)>;
  [[nodiscard]] Answer<void> stream(const Call& call, const StreamOptions& options,
                                    const OnBytes& on_bytes);

 private:
  struct State;
  explicit ApiClient(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace tally::kube_client

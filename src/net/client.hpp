#pragma once
// Client: calls of the control plane over HTTP/1.1, to hosts that the operator named and no others.
//
// A call has a time, and its request and response have sizes; TLS is always verified (trust by the
// system's certificates or the given ones, the name by subjectAltName). Nothing is sent that the
// request does not say: no cookies, no credentials, no proxy of the environment. One connection a
// call, unless ClientOptions keep some: nothing of one answer can be taken for another.
//
// A kept connection serves the next call of the same origin with the same trust and certificate,
// when its last answer was complete, nothing came behind it, and nobody has closed it. A GET or
// HEAD that gets no byte of an answer from a kept connection is repeated once on a new one.
//
// A redirect is followed for GET and HEAD, when its target is an allowed host too and it does not
// leave TLS; fields that carry credentials do not cross to another origin.
//
// Every error says which host and what was found; a refused host is ErrorKind::Content with the
// entry that would allow it as its hint. Threads: call() may be used by several at once.

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "net/host_list.hpp"
#include "net/message.hpp"
#include "net/resolver.hpp"
#include "net/response_reader.hpp"

namespace tally::net {

struct ClientLimits {
  std::chrono::milliseconds call{10'000};                    // everything, redirects too
  std::chrono::milliseconds connect{5'000};                  // to one address
  std::size_t request_bytes = std::size_t{1} * 1024 * 1024;  // of the body
  ResponseLimits response = {};
  unsigned redirects = 5;
  unsigned addresses = 4;  // of a name, that are tried
};

struct ClientOptions {
  HostList allowed = {};
  std::size_t kept_connections = 0;  // that stay open between calls
  ClientLimits limits = {};
  Resolver resolve = &resolve_with_system;
  // The system's trusted certificates: Debian and Alpine, Fedora, SUSE.
  std::vector<std::string> root_files = {"/etc/ssl/certs/ca-certificates.crt",
                                         "/etc/pki/tls/certs/ca-bundle.crt",
                                         "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem"};
};

struct CallOptions {
  std::optional<std::chrono::milliseconds> time = {};  // instead of ClientLimits::call
  std::stop_token stop = {};                           // ends the call where it stands
};

struct StreamOptions {
  // Without a byte; connecting has ClientLimits::call as everywhere.
  std::chrono::milliseconds idle{60'000};
  std::stop_token stop = {};
};

class Client {
 public:
  explicit Client(ClientOptions options);
  Client(Client&&) noexcept;
  Client& operator=(Client&&) noexcept;
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  ~Client();

  // Any status is an answer.
  [[nodiscard]] Result<Response> call(const Request& request,
                                      const CallOptions& options = {}) const;

  // An answer that goes on and on: the body of a 200 is handed over as it comes, on the thread of
  // the caller, and is empty in the response; in chunks it has no limit. Any other body is whole.
  // An error of on_bytes ends the call with it. Redirects are not followed: one is an answer here.
  using OnBytes = std::function<Result<void>(std::string_view bytes)>;
  [[nodiscard]] Result<Response> stream(const Request& request, const StreamOptions& options,
                                        const OnBytes& on_bytes) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tally::net

#pragma once
// Client: calls of the control plane over HTTP/1.1, to hosts that the operator named and no others.
//
// A call has a time, and its request and response have sizes; TLS is always verified (trust by the
// system's certificates or the given ones, the name by subjectAltName). Nothing is sent that the
// request does not say: no cookies, no credentials, no proxy of the environment. One connection a
// call: nothing of one answer can be taken for another.
//
// A redirect is followed for GET and HEAD, when its target is an allowed host too and it does not
// leave TLS; fields that carry credentials do not cross to another origin.
//
// Every error says which host and what was found; a refused host is ErrorKind::Content with the
// entry that would allow it as its hint. Threads: call() may be used by several at once.

#include <chrono>
#include <memory>
#include <string>
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
  ClientLimits limits = {};
  Resolver resolve = &resolve_with_system;
  // The system's trusted certificates: Debian and Alpine, Fedora, SUSE.
  std::vector<std::string> root_files = {"/etc/ssl/certs/ca-certificates.crt",
                                         "/etc/pki/tls/certs/ca-bundle.crt",
                                         "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem"};
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
  [[nodiscard]] Result<Response> call(const Request& request) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tally::net

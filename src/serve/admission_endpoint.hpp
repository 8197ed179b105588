#pragma once
// AdmissionEndpoint: AdmissionReviews over HTTP. What requests are judged by is swapped under it as
// a whole; a request is judged by one Generation from its beginning to its end.
//
//   POST /validate, POST /mutate    application/json
//
// A policy that calls services may take long: while there is one, requests are judged by threads of
// their own, so that nothing else waits. A request that the API server no longer waits for
// (?timeout=) is not judged.
//
// Threads: every function by every thread.

#include <atomic>
#include <functional>
#include <memory>

#include "admission/webhook.hpp"
#include "history/writer.hpp"
#include "net/server.hpp"
#include "telemetry/log.hpp"
#include "telemetry/registry.hpp"
#include "telemetry/tracer.hpp"

namespace tally::serve {

struct EndpointParts {
  telemetry::Registry* registry = nullptr;
  telemetry::Log* log = nullptr;
  telemetry::Tracer* tracer = nullptr;   // null: no traces
  history::Writer* writer = nullptr;     // null: nothing is kept
  std::function<std::int64_t()> now_ms;  // since 1970
  admission::Exempt exempt;
  admission::OwnerContainers owners;  // both may be empty
  admission::Freshen freshen;
  bool keep_silent = false;  // decisions without anything to tell, too
};

class AdmissionEndpoint {
 public:
  explicit AdmissionEndpoint(EndpointParts parts);
  ~AdmissionEndpoint();
  AdmissionEndpoint(const AdmissionEndpoint&) = delete;
  AdmissionEndpoint& operator=(const AdmissionEndpoint&) = delete;

  void use(std::shared_ptr<const admission::Generation> generation);
  [[nodiscard]] bool is_ready() const;

  void handle(net::ServerRequest request, net::Responder respond);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tally::serve

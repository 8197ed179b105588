#include "serve/health_endpoint.hpp"

namespace tally::serve {

namespace {

net::ServerResponse text(unsigned status, std::string body,
                         std::string_view type = "text/plain; charset=utf-8") {
  return {.status = status,
          .headers = {{"Content-Type", std::string(type)}, {"Cache-Control", "no-store"}},
          .body = std::move(body)};
}

}  // namespace

net::Handler health_handler(const telemetry::Registry& registry, Missing missing) {
  return [&registry, missing = std::move(missing)](const net::ServerRequest& request,
                                                   net::Responder respond) {
    if (request.method != "GET" && request.method != "HEAD") {
      net::ServerResponse response = text(405, "expected GET\n");
      response.headers.push_back({"Allow", "GET, HEAD"});
      respond(std::move(response));
    } else if (request.path == "/livez" || request.path == "/healthz") {
      respond(text(200, "ok\n"));
    } else if (request.path == "/readyz") {
      const auto absent = missing();
      std::string body = absent.empty() ? "ok\n" : "";
      for (const std::string& what : absent) {
        body += what + "\n";
      }
      respond(text(absent.empty() ? 200 : 503, std::move(body)));
    } else if (request.path == "/metrics") {
      respond(text(200, registry.expose(), telemetry::kExpositionType));
    } else {
      respond(text(404, "expected /livez, /readyz, /healthz or /metrics\n"));
    }
  };
}

}  // namespace tally::serve

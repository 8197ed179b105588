// Access logs of Istio's proxies: the default text format and its JSON twin
// (istio.io/latest/docs/tasks/observability/logs/access-log, istio 1.29 pilot/pkg/model/telemetry_
// logging.go: EnvoyTextLogFormat, EnvoyJSONLogFormatIstio):
//
//   [START] "METHOD PATH PROTOCOL" CODE FLAGS CODE_DETAILS TERMINATION "FAILURE" RX TX DURATION
//   UPSTREAM_TIME "FORWARDED_FOR" "AGENT" "REQUEST_ID" "AUTHORITY" "UPSTREAM_HOST" UPSTREAM_CLUSTER
//   UPSTREAM_LOCAL DOWNSTREAM_LOCAL DOWNSTREAM_REMOTE SNI ROUTE
#include <array>

#include "base/text.hpp"
#include "flow/internal/formats.hpp"

namespace tally::flow {
namespace {

using document::Node;

struct Fields {
  std::string_view time;
  std::string_view code_details;
  std::string_view upstream_host;
  std::string_view upstream_cluster;
  std::string_view downstream_local;
  std::string_view downstream_remote;
};

constexpr std::size_t kFieldsMin = 20;
constexpr std::size_t kFieldsMax = 40;

// Fields between blanks; quotes and brackets hold blanks together, and are taken off.
std::size_t split(std::string_view line, std::array<std::string_view, kFieldsMax>& fields) {
  std::size_t count = 0;
  while (!line.empty() && count < kFieldsMax) {
    line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
    if (line.empty()) {
      break;
    }
    const char close = line.front() == '"' ? '"' : line.front() == '[' ? ']' : ' ';
    const bool is_held = close == '"' || (close == ']' && count == 0);
    const std::size_t begin = is_held ? 1 : 0;
    const std::size_t end = std::min(line.find(is_held ? close : ' ', begin), line.size());
    fields[count++] = line.substr(begin, end - begin);
    line.remove_prefix(std::min(end + (is_held ? 1 : 0), line.size()));
  }
  return count;
}

// A proxy logs a connection from its own side. Inbound, the pod is where the request came in
// (DOWNSTREAM_LOCAL); outbound, it is whom the proxy chose (UPSTREAM_HOST).
Line to_flow(const Fields& fields) {
  Flow flow;
  const bool is_inbound = fields.upstream_cluster.starts_with("inbound|") ||
                          fields.upstream_cluster == "InboundPassthroughCluster";
  const auto remote = parse_socket_address(fields.downstream_remote);
  auto target = parse_socket_address(is_inbound ? fields.downstream_local : fields.upstream_host);
  if (!target) {
    target = parse_socket_address(fields.downstream_local);
  }
  if (!remote || !target || target->port == 0) {
    return content_error(
        "found no addresses of both sides, expected those of "
        "downstream_remote_address and upstream_host");
  }
  flow.source.address = remote->address;
  flow.destination.address = target->address;
  flow.port = target->port;
  if (const auto time = scalar::parse_timestamp(fields.time)) {
    flow.time = time;
  }
  const bool is_denied = fields.code_details.starts_with("rbac_access_denied") ||
                         fields.upstream_cluster == "BlackHoleCluster";
  flow.verdict = is_denied ? Verdict::Denied : Verdict::Forwarded;
  return std::optional<Flow>(std::move(flow));
}

}  // namespace

Line read_istio_text(std::string_view line) {
  std::array<std::string_view, kFieldsMax> fields{};
  const std::size_t count = split(line, fields);
  if (count < kFieldsMin || !scalar::parse_timestamp(fields[0])) {
    return content_error("found " + std::to_string(count) +
                         " fields, expected a line of Istio's default access log format");
  }
  return to_flow({.time = fields[0],
                  .code_details = fields[4],
                  .upstream_host = fields[15],
                  .upstream_cluster = fields[16],
                  .downstream_local = fields[18],
                  .downstream_remote = fields[19]});
}

Line read_istio_json(const Node& root) {
  return to_flow({.time = text_at(root, "start_time"),
                  .code_details = text_at(root, "response_code_details"),
                  .upstream_host = text_at(root, "upstream_host"),
                  .upstream_cluster = text_at(root, "upstream_cluster"),
                  .downstream_local = text_at(root, "downstream_local_address"),
                  .downstream_remote = text_at(root, "downstream_remote_address")});
}

}  // namespace tally::flow

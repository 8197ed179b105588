// `tally network connections|exposure|explain`
#include <utility>

#include "output.hpp"
#include "reachability/netpol_analyzer/connection_list.hpp"
#include "verb_network_compat.hpp"

namespace tally::app {
namespace {

namespace upstream = reachability::netpol_analyzer;

Result<upstream::Options> options_of(const NetworkFlags& flags) {
  upstream::Options options;
  options.format = upstream::parse_format(flags.output).value_or(upstream::Format::Text);
  options.focus_workloads = flags.focus_workloads;
  options.focus_workload_peers = flags.focus_workload_peers;
  options.exposure = flags.exposure || flags.verb == "exposure";
  options.explain = flags.explain || flags.verb == "explain";
  options.multiple_networks = flags.multiple_networks;
  if (!flags.focus_direction.empty()) {
    options.focus_direction = flags.focus_direction == "ingress"
                                  ? network_policy::Direction::Ingress
                                  : network_policy::Direction::Egress;
  }
  if (!flags.focus_connection.empty()) {
    TALLY_TRY(options.focus_connection, upstream::ConnectionFocus::parse(flags.focus_connection));
  }
  if (!flags.explain_only.empty()) {
    options.explain_only =
        flags.explain_only == "allow" ? upstream::ExplainOnly::Allow : upstream::ExplainOnly::Deny;
  }
  return options;
}

}  // namespace

int run_network_list(const NetworkFlags& flags) {
  const auto options = options_of(flags);
  if (!options) {
    return fail_network(flags, options.error().to_string());
  }
  const auto cluster = read_compat_cluster(flags.paths, flags);
  if (!cluster) {
    return fail_network(flags, cluster.error().to_string());
  }
  const auto list = upstream::ConnectionList::make(*cluster->snapshot, *options);
  if (!list) {
    return fail_network(flags, list.error().to_string());
  }
  for (const upstream::Warning& warning : list->warnings()) {
    print_warning(flags, warning.to_string());
  }
  static_cast<void>(print(list->to_string()));
  return 0;
}

}  // namespace tally::app

// `tally network diff BEFORE AFTER`
#include "output.hpp"
#include "reachability/netpol_analyzer/difference.hpp"
#include "verb_network_compat.hpp"

namespace tally::app {

namespace upstream = reachability::netpol_analyzer;

int run_network_diff(const NetworkFlags& flags) {
  if (flags.paths.size() != 2) {
    return fail_network(flags, "two files or folders are needed: before and after");
  }
  upstream::Options options;
  options.multiple_networks = flags.multiple_networks;
  const auto format = upstream::parse_format(flags.output);
  if (!format || *format == upstream::Format::Json) {
    return fail_network(flags, flags.output + " output format is not supported.");
  }
  options.format = *format;
  const auto before = read_compat_cluster({flags.paths[0]}, flags);
  if (!before) {
    return fail_network(flags, before.error().to_string());
  }
  const auto after = read_compat_cluster({flags.paths[1]}, flags);
  if (!after) {
    return fail_network(flags, after.error().to_string());
  }
  const auto difference = upstream::Difference::make(*before->snapshot, *after->snapshot, options);
  if (!difference) {
    return fail_network(flags, difference.error().to_string());
  }
  for (const upstream::Warning& warning : difference->warnings()) {
    print_warning(flags, warning.to_string());
  }
  static_cast<void>(print(difference->to_string()));
  return 0;
}

}  // namespace tally::app

// `tally network evaluate PATH`
#include <fmt/format.h>

#include "output.hpp"
#include "reachability/netpol_analyzer/evaluation.hpp"
#include "verb_network_compat.hpp"

namespace tally::app {
namespace {

namespace upstream = reachability::netpol_analyzer;

std::string shown(const upstream::Question::End& end) {
  return end.address.empty() ? end.name_space + "/" + end.name : end.address;
}

}  // namespace

int run_network_evaluate(const NetworkFlags& flags) {
  upstream::Question question{
      .source = {.name = flags.source,
                 .name_space = flags.source_namespace,
                 .address = flags.source_address},
      .destination = {.name = flags.destination,
                      .name_space = flags.destination_namespace,
                      .address = flags.destination_address},
  };
  for (const auto& [end, what] :
       {std::pair(&question.source, "source"), std::pair(&question.destination, "destination")}) {
    if (end->name.empty() == end->address.empty()) {
      return fail_network(flags,
                          fmt::format("one {} is needed: a pod, a workload or an address", what));
    }
  }
  const auto focus = upstream::ConnectionFocus::parse(flags.protocol + "-" + flags.port);
  if (!focus) {
    return fail_network(flags, focus.error().to_string());
  }
  question.protocol = focus->protocol;
  question.port = focus->port;
  const auto cluster = read_compat_cluster(flags.paths, flags);
  if (!cluster) {
    return fail_network(flags, cluster.error().to_string());
  }
  std::vector<upstream::Warning> warnings;
  const auto allowed = upstream::evaluate(*cluster->snapshot, question, warnings);
  if (!allowed) {
    return fail_network(flags, allowed.error().to_string());
  }
  for (const upstream::Warning& warning : warnings) {
    print_warning(flags, warning.to_string());
  }
  static_cast<void>(print(fmt::format("{} => {} over {}: {}\n", shown(question.source),
                                      shown(question.destination), focus->to_string(), *allowed)));
  return *allowed ? 0 : 1;
}

}  // namespace tally::app

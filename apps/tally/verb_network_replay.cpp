// `tally network replay FLOWS... --against DIR`: which flows that were seen would the policies of
// DIR deny, and by which rule. Exit code 1 if there is one.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <map>
#include <vector>

#include "document/json_writer.hpp"
#include "flow/flow_set.hpp"
#include "flow/reader.hpp"
#include "network_policy/policy_set.hpp"
#include "output.hpp"
#include "reachability/synthesis/candidate.hpp"
#include "reachability/synthesis/replay.hpp"
#include "reachability/world.hpp"
#include "topology/topology.hpp"
#include "verb_network.hpp"

namespace tally::app {
namespace {

using network_policy::PolicySet;
using reachability::Denial;
using reachability::Replayed;

constexpr std::size_t kPieceBytes = std::size_t{1} << 20U;

std::string time_text(const std::optional<scalar::TimestampParts>& time) {
  if (!time) {
    return {};
  }
  const auto text = scalar::timestamp_text(*time);
  return std::string(text.text());
}

std::string to_text(const Replayed& replayed) {
  std::string out;
  std::map<std::string, std::vector<const Denial*>> by_source;
  for (const Denial& denial : replayed.denials) {
    by_source[denial.source].push_back(&denial);
  }
  for (const auto& [source, denials] : by_source) {
    out += fmt::format("{}\n", source);
    for (const Denial* denial : denials) {
      out += fmt::format("  -> {} {} {}, seen {} {}{}\n     {}\n", denial->destination,
                         scalar::protocol_name(denial->protocol), denial->port, denial->seen.times,
                         denial->seen.times == 1 ? "time" : "times",
                         denial->seen.last ? ", last " + time_text(denial->seen.last) : "",
                         denial->reason);
    }
  }
  return out +
         fmt::format(
             "Connections: {} would be denied, {} allowed; {} unknown, {} not asked (a side is "
             "not known), {} were denied when seen\n",
             replayed.denials.size(), replayed.allowed, replayed.unknown, replayed.not_asked,
             replayed.was_denied);
}

std::string to_json(const Replayed& replayed) {
  std::string out = fmt::format(
      "{{\"allowed\":{},\"denied\":{},\"unknown\":{},\"notAsked\":{},\"wasDenied\":{},\"denials\":"
      "[",
      replayed.allowed, replayed.denials.size(), replayed.unknown, replayed.not_asked,
      replayed.was_denied);
  const auto add = [&out](std::string_view name, std::string_view text) {
    out += fmt::format("\"{}\":", name);
    document::append_json_string(out, text);
    out += ',';
  };
  bool is_first = true;
  for (const Denial& denial : replayed.denials) {
    out += is_first ? "\n{" : ",\n{";
    is_first = false;
    add("source", denial.source);
    add("destination", denial.destination);
    add("protocol", scalar::protocol_name(denial.protocol));
    add("reason", denial.reason);
    add("first", time_text(denial.seen.first));
    add("last", time_text(denial.seen.last));
    out += fmt::format("\"port\":{},\"times\":{},\"line\":{}}}", denial.port, denial.seen.times,
                       denial.seen.line);
  }
  return out + "]}\n";
}

}  // namespace

int read_flow_file(const std::string& path, const NetworkFlags& flags,
                   const std::vector<flow::FlowSet*>& sets) {
  const int descriptor = path == "-" ? STDIN_FILENO : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) {
    return fail_network(flags, fmt::format("cannot read {}: {}", path, std::strerror(errno)));
  }
  flow::FlowReader reader({}, [&sets](const flow::Flow& one) {
    for (flow::FlowSet* set : sets) {
      set->add(one);
    }
  });
  std::vector<char> piece(kPieceBytes);
  int failure = 0;
  while (true) {
    const ssize_t count = ::read(descriptor, piece.data(), piece.size());
    if (count < 0 && errno == EINTR) {
      continue;
    }
    failure = count < 0 ? errno : 0;
    if (count <= 0) {
      break;
    }
    reader.feed({piece.data(), static_cast<std::size_t>(count)});
  }
  reader.finish();
  if (descriptor != STDIN_FILENO) {
    ::close(descriptor);
  }
  if (failure != 0) {
    return fail_network(flags, fmt::format("cannot read {}: {}", path, std::strerror(failure)));
  }
  for (const flow::FlowProblem& problem : reader.problems()) {
    print_warning(flags, fmt::format("{}:{}: {}", path, problem.line, problem.message));
  }
  const flow::FlowCounts& counts = reader.counts();
  if (counts.problems > reader.problems().size()) {
    print_warning(flags, fmt::format("{}: {} more lines cannot be read", path,
                                     counts.problems - reader.problems().size()));
  }
  if (counts.flows == 0 && counts.problems > 0) {
    return fail_network(flags, fmt::format("found no flow in {}", path));
  }
  return 0;
}

int run_network_replay(const NetworkFlags& flags) {
  if (flags.against.empty()) {
    return fail_network(flags, "expected the candidate policies by --against");
  }
  auto candidate = read_cluster(flags.against, flags);
  if (!candidate) {
    return fail_network(flags, candidate.error().to_string());
  }
  std::vector<kube::Object> objects = candidate->inputs.objects;
  // Workloads may be elsewhere; the policies there are those that the candidate replaces.
  ClusterInput more;
  if (!flags.files.empty()) {
    auto read = read_cluster(flags.files, flags);
    if (!read) {
      return fail_network(flags, read.error().to_string());
    }
    more = std::move(*read);
    for (const kube::Object& object : more.inputs.objects) {
      if (!reachability::is_network_policy(object.ref)) {
        objects.push_back(object);
      }
    }
  }
  const auto snapshot = kube::Snapshot::create(std::move(objects), flags.default_namespace);
  const topology::Topology topology = topology::Topology::read(*snapshot);
  const PolicySet policies = PolicySet::load(*snapshot, {});
  bool is_whole = candidate->inputs.errors.empty() && more.inputs.errors.empty();
  for (const network_policy::LoadProblem& problem : policies.problems()) {
    if (problem.kind == network_policy::LoadProblem::Kind::Invalid) {
      is_whole = false;
      print_warning(flags, fmt::format("{}: {} {}: {}; the policy is left out",
                                       reachability::place_of(*problem.object, problem.offset),
                                       reachability::title_of(*problem.object), problem.pointer,
                                       problem.message));
    }
  }
  flow::FlowSet flows(topology);
  for (const std::string& path : flags.paths) {
    if (const int code = read_flow_file(path, flags, {&flows}); code != 0) {
      return code;
    }
  }
  const Replayed replayed = reachability::replay(topology, policies, flows);
  static_cast<void>(print(flags.output == "json" ? to_json(replayed) : to_text(replayed)));
  return !is_whole ? 2 : replayed.denials.empty() ? 0 : 1;
}

}  // namespace tally::app

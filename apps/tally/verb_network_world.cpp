// `tally network VERB` without --compat: reads the manifests, asks reachability, prints.
#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "document/read.hpp"
#include "output.hpp"
#include "reachability/assertions.hpp"
#include "reachability/connections.hpp"
#include "reachability/difference.hpp"
#include "reachability/explain.hpp"
#include "reachability/exposure.hpp"
#include "verb_network.hpp"

namespace tally::app {
namespace {

using network_policy::LoadProblem;
using network_policy::Verdict;
using reachability::World;

constexpr int kCannot = 2;

// Source, destination and port of the operands.
struct Question {
  reachability::Side source;
  reachability::Side destination;
  std::optional<reachability::Port> port;
};

Result<Question> read_question(const World& world, const NetworkFlags& flags) {
  Question question;
  TALLY_TRY(question.source, reachability::parse_side(world, flags.paths[0]));
  TALLY_TRY(question.destination, reachability::parse_side(world, flags.paths[1]));
  if (!question.source.workload && !question.destination.workload) {
    return content_error("both sides are outside the cluster: no policy is asked");
  }
  if (flags.paths.size() > 2) {
    TALLY_TRY(question.port, reachability::parse_port(flags.paths[2]));
  }
  return question;
}

}  // namespace

int run_network_connections(const NetworkFlags& flags) {
  if (const int refused = refuse_foreign(flags, {"txt", "csv", "json", "md", "dot", "classes"});
      refused != 0) {
    return refused;
  }
  const auto loaded = load_network(with_more(flags.paths, flags), flags);
  if (loaded == nullptr) {
    return kCannot;
  }
  reachability::ConnectionFilter filter{.with_outside = !flags.without_outside};
  for (const std::string& text : flags.focus_workloads) {
    const auto workload = loaded->world->find(text);
    if (!workload) {
      return fail_network(flags, workload.error());
    }
    filter.workloads.push_back(*workload);
  }
  const auto format = flags.output.empty() ? reachability::ListFormat::Text
                                           : *reachability::parse_list_format(flags.output);
  if (format == reachability::ListFormat::Classes) {
    static_cast<void>(print(reachability::classes_to_text(
        *loaded->world, network_policy::list_class_pairs(loaded->world->analyser()))));
  } else {
    static_cast<void>(print(reachability::to_text(
        *loaded->world, reachability::list_connections(*loaded->world, filter), format)));
  }
  return exit_code(*loaded, true);
}

int run_network_question(const NetworkFlags& flags) {
  if (const int refused = refuse_foreign(flags, {"txt", "json"}); refused != 0) {
    return refused;
  }
  const bool is_evaluate = flags.verb == "evaluate";
  if (flags.paths.size() < (is_evaluate ? 3 : 2) || flags.paths.size() > 3 || flags.files.empty()) {
    return fail_network(flags, is_evaluate ? "expected SRC DST PORT, and manifests by -f"
                                           : "expected SRC DST [PORT], and manifests by -f");
  }
  const auto loaded = load_network(with_more(flags.files, flags), flags);
  if (loaded == nullptr) {
    return kCannot;
  }
  const auto question = read_question(*loaded->world, flags);
  if (!question) {
    return fail_network(flags, question.error());
  }
  if (is_evaluate) {
    const Verdict verdict = reachability::evaluate(*loaded->world, question->source,
                                                   question->destination, *question->port);
    static_cast<void>(print(fmt::format("{}\n", to_text(verdict))));
    return exit_code(*loaded, verdict == Verdict::Allowed);
  }
  const reachability::Explanation explanation = reachability::explain(
      *loaded->world, question->source, question->destination, question->port);
  static_cast<void>(print(flags.output == "json" ? reachability::to_json(explanation)
                                                 : reachability::to_text(explanation)));
  return exit_code(*loaded, true);
}

int run_network_exposure(const NetworkFlags& flags) {
  if (const int refused = refuse_foreign(flags, {"txt", "json"}); refused != 0) {
    return refused;
  }
  const auto loaded = load_network(with_more(flags.paths, flags), flags);
  if (loaded == nullptr) {
    return kCannot;
  }
  const auto list = reachability::list_exposure(*loaded->world);
  static_cast<void>(print(flags.output == "json" ? reachability::to_json(*loaded->world, list)
                                                 : reachability::to_text(*loaded->world, list)));
  return exit_code(*loaded, true);
}

int run_network_difference(const NetworkFlags& flags) {
  if (const int refused = refuse_foreign(flags, {"txt", "csv", "json", "md"}); refused != 0) {
    return refused;
  }
  if (flags.paths.size() != 2) {
    return fail_network(flags, "expected two files or folders: BEFORE AFTER");
  }
  const auto before = load_network({flags.paths[0]}, flags);
  const auto after = load_network({flags.paths[1]}, flags);
  if (before == nullptr || after == nullptr) {
    return kCannot;
  }
  const auto changes = reachability::difference(*before->world, *after->world);
  const std::string text = flags.output == "csv"    ? reachability::to_csv(changes)
                           : flags.output == "json" ? reachability::to_json(changes)
                           : flags.output == "md"   ? reachability::to_markdown(changes)
                                                    : reachability::to_text(changes);
  static_cast<void>(print(text));
  const bool is_equal = changes.empty();
  return std::max(exit_code(*before, is_equal), exit_code(*after, is_equal));
}

}  // namespace tally::app

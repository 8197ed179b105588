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

// Manifests and what was made of them; the World points into the rest.
struct Loaded {
  ClusterInput cluster;
  std::unique_ptr<World> world;
  bool has_errors = false;  // something could not be read: what is printed is not the whole
};

int fail(const NetworkFlags& flags, const Error& error) {
  return fail_network(flags, error.hint.empty()
                                 ? error.to_string()
                                 : fmt::format("{}\n  {}", error.to_string(), error.hint));
}

std::unique_ptr<Loaded> load(const std::vector<std::string>& paths, const NetworkFlags& flags) {
  auto cluster = read_cluster(paths, flags);
  if (!cluster) {
    static_cast<void>(fail(flags, cluster.error()));
    return nullptr;
  }
  auto loaded = std::make_unique<Loaded>();
  loaded->cluster = std::move(*cluster);
  loaded->has_errors = !loaded->cluster.inputs.errors.empty();
  loaded->world = std::make_unique<World>(
      *loaded->cluster.snapshot,
      network_policy::LoadOptions{.ip_blocks_select_pods = !flags.ip_blocks_skip_pods,
                                  .host_network_pods_are_nodes = !flags.host_network_like_others});
  for (const LoadProblem& problem : loaded->world->policies().problems()) {
    const bool is_invalid = problem.kind == LoadProblem::Kind::Invalid;
    print_warning(
        flags,
        fmt::format("{}: {} {}: {}{}", reachability::place_of(*problem.object, problem.offset),
                    reachability::title_of(*problem.object), problem.pointer, problem.message,
                    is_invalid ? "; the policy is left out" : ""));
    loaded->has_errors = loaded->has_errors || is_invalid;
  }
  for (const topology::Problem& problem : loaded->world->topology().problems()) {
    print_warning(flags,
                  fmt::format("{}: {}: {}", reachability::place_of(*problem.object, problem.offset),
                              reachability::title_of(*problem.object), problem.message));
  }
  if (loaded->world->workloads().empty()) {
    static_cast<void>(fail_network(flags, "found no workload in the input"));
    return nullptr;
  }
  return loaded;
}

// What only netpol-analyzer's view knows is refused, not passed over: 0, or the exit code.
int refuse_foreign(const NetworkFlags& flags, std::initializer_list<std::string_view> formats) {
  const bool is_foreign = !flags.focus_workload_peers.empty() || !flags.focus_direction.empty() ||
                          !flags.focus_connection.empty() || !flags.explain_only.empty() ||
                          flags.exposure || flags.explain || flags.multiple_networks;
  if (is_foreign) {
    return fail_network(flags,
                        "--focusworkload-peer, --focus-direction, --focus-conn, --explain-only, "
                        "--exposure, --explain and --multiple-networks need --compat "
                        "netpol-analyzer");
  }
  if (std::ranges::find(formats, std::string_view(flags.output)) == formats.end()) {
    std::string expected;
    for (const std::string_view format : formats) {
      expected.append(expected.empty() ? "" : ", ").append(format);
    }
    return fail_network(
        flags, fmt::format("no format \"{}\" here; expected one of {}", flags.output, expected));
  }
  return 0;
}

std::vector<std::string> with_more(std::vector<std::string> paths, const NetworkFlags& flags) {
  paths.insert(paths.end(), flags.with.begin(), flags.with.end());
  return paths;
}

// What could not be read makes the answer one that cannot be relied on.
int exit_code(const Loaded& loaded, bool is_good) {
  return loaded.has_errors ? kCannot : is_good ? 0 : 1;
}

// Files of assertions are no manifests: they are read apart.
class AssertionFiles {
 public:
  Result<void> read(const std::string& path) {
    TALLY_TRY(auto source, document::Source::read_file(path));
    sources_.push_back(source);
    std::vector<document::Document> documents;
    std::vector<document::DocumentError> errors;
    for (const document::Slice& slice : document::split(*source)) {
      document::read_slice(*source, slice, arena_, {}, documents, errors);
    }
    if (!errors.empty()) {
      Error error = errors.front().error;
      error.file = path;
      return std::unexpected(std::move(error));
    }
    for (const document::Document& document : documents) {
      const document::Node* kind = document.root.find("kind");
      if (kind == nullptr || kind->text() != "NetworkAssertions") {
        continue;
      }
      kube::Object object;
      object.root = document.root;
      object.source = source.get();
      objects_.push_back(object);
    }
    return {};
  }
  [[nodiscard]] const std::vector<kube::Object>& objects() const { return objects_; }

 private:
  Arena arena_;
  std::vector<std::shared_ptr<const document::Source>> sources_;
  std::vector<kube::Object> objects_;
};

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
  const auto loaded = load(with_more(flags.paths, flags), flags);
  if (loaded == nullptr) {
    return kCannot;
  }
  reachability::ConnectionFilter filter{.with_outside = !flags.without_outside};
  for (const std::string& text : flags.focus_workloads) {
    const auto workload = loaded->world->find(text);
    if (!workload) {
      return fail(flags, workload.error());
    }
    filter.workloads.push_back(*workload);
  }
  const auto format = flags.output.empty() ? reachability::ListFormat::Text
                                           : *reachability::parse_list_format(flags.output);
  if (format == reachability::ListFormat::Classes) {
    static_cast<void>(print(reachability::classes_to_text(
        *loaded->world, reachability::list_class_connections(*loaded->world))));
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
  const auto loaded = load(with_more(flags.files, flags), flags);
  if (loaded == nullptr) {
    return kCannot;
  }
  const auto question = read_question(*loaded->world, flags);
  if (!question) {
    return fail(flags, question.error());
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
  const auto loaded = load(with_more(flags.paths, flags), flags);
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
  const auto before = load({flags.paths[0]}, flags);
  const auto after = load({flags.paths[1]}, flags);
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

int run_network_query(const NetworkFlags& flags) {
  if (const int refused = refuse_foreign(flags, {"txt", "json"}); refused != 0) {
    return refused;
  }
  if (flags.files.empty()) {
    return fail_network(flags, "expected files of assertions, and manifests by -f");
  }
  const auto loaded = load(with_more(flags.files, flags), flags);
  if (loaded == nullptr) {
    return kCannot;
  }
  AssertionFiles files;
  for (const std::string& path : flags.paths) {
    if (const auto read = files.read(path); !read) {
      return fail(flags, read.error());
    }
  }
  std::vector<reachability::AssertionResult> results;
  bool is_done = true;
  for (const kube::Object& object : files.objects()) {
    auto checked = reachability::check_assertions(*loaded->world, object);
    if (!checked) {
      static_cast<void>(fail(flags, checked.error()));
      is_done = false;
      continue;
    }
    results.insert(results.end(), checked->begin(), checked->end());
  }
  if (results.empty()) {
    if (is_done) {
      static_cast<void>(fail_network(flags, "found no object of kind NetworkAssertions"));
    }
    return kCannot;
  }
  static_cast<void>(print(flags.output == "json" ? reachability::to_json(results)
                                                 : reachability::to_text(results)));
  const bool all_hold =
      std::ranges::all_of(results, [](const auto& result) { return result.holds; });
  return is_done ? exit_code(*loaded, all_hold) : kCannot;
}

}  // namespace tally::app

// `tally network VERB` without --compat: reads the manifests, asks reachability, prints.
#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>
#include <memory>
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
#include "reachability/mesh/connection_list.hpp"
#include "reachability/mesh/entry_answers.hpp"
#include "reachability/mesh/explanation.hpp"
#include "verb_network.hpp"

namespace tally::app {
namespace {

using network_policy::LoadProblem;
using network_policy::Verdict;
using reachability::World;
namespace mesh = reachability::mesh;

constexpr int kCannot = 2;

// Source, destination and port of the operands.
struct Question {
  reachability::Side source;
  reachability::Side destination;
  std::optional<reachability::Port> port;
};

// --method, --path, --host; nothing: none is given.
std::optional<mesh::HttpRequest> read_request(const NetworkFlags& flags) {
  const auto text = [](const std::string& flag) {
    return flag.empty() ? std::nullopt : std::optional<std::string_view>(flag);
  };
  const mesh::HttpRequest request{
      .method = text(flags.method), .path = text(flags.path), .host = text(flags.host)};
  return request.method || request.path || request.host ? std::optional(request) : std::nullopt;
}

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

// Of explain and evaluate.
int answer_across_layers(const mesh::Mesh& mesh, const Question& question,
                         const std::optional<mesh::HttpRequest>& request,
                         const LoadedNetwork& loaded, const NetworkFlags& flags) {
  if (flags.verb == "evaluate") {
    const mesh::LayeredAnswer answer =
        mesh::evaluate(mesh, question.source, question.destination, *question.port, request);
    static_cast<void>(print(fmt::format("{}\n", to_text(answer.verdict))));
    for (const std::string& fact : answer.missing) {
      print_warning(flags, fmt::format("not known: {}", fact));
    }
    return exit_code(loaded, answer.verdict == Verdict::Allowed);
  }
  if (request && !question.port) {
    return fail_network(flags, "--method, --path and --host need a PORT");
  }
  const mesh::LayeredExplanation explanation =
      mesh::explain(mesh, question.source, question.destination, question.port, request);
  static_cast<void>(
      print(flags.output == "json" ? mesh::to_json(explanation) : mesh::to_text(explanation)));
  return exit_code(loaded, true);
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
  const auto mesh = load_mesh(*loaded, flags);
  if (!mesh) {
    return fail_network(flags, mesh.error());
  }
  if (*mesh != nullptr) {
    static_cast<void>(print(
        format == reachability::ListFormat::Classes
            ? mesh::classes_to_text(*loaded->world, **mesh)
            : reachability::to_text(
                  *loaded->world, mesh::list_connections(*loaded->world, **mesh, filter), format)));
  } else if (format == reachability::ListFormat::Classes) {
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
  const auto mesh = load_mesh(*loaded, flags);
  if (!mesh) {
    return fail_network(flags, mesh.error());
  }
  const auto request = read_request(flags);
  if (request && *mesh == nullptr) {
    print_warning(
        flags, "no mesh in the input (or --mesh none): nobody reads --method, --path and --host");
  }
  if (*mesh != nullptr) {
    return answer_across_layers(**mesh, *question, request, *loaded, flags);
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
  const auto mesh = load_mesh(*loaded, flags);
  if (!mesh) {
    return fail_network(flags, mesh.error());
  }
  const auto list = reachability::list_exposure(*loaded->world);
  auto entries = reachability::list_entries(*loaded->cluster.snapshot, *loaded->world);
  mesh::JoinedAnswers answers(*loaded->world, mesh->get());
  mesh::ask_mesh(answers, entries);
  static_cast<void>(print(flags.output == "json"
                              ? reachability::to_json(*loaded->world, list, entries)
                              : reachability::to_text(*loaded->world, list, entries)));
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
  const auto old_mesh = load_mesh(*before, flags);
  const auto new_mesh = load_mesh(*after, flags);
  if (!old_mesh || !new_mesh) {
    return fail_network(flags, old_mesh ? new_mesh.error() : old_mesh.error());
  }
  mesh::JoinedAnswers old_answers(*before->world, old_mesh->get());
  mesh::JoinedAnswers new_answers(*after->world, new_mesh->get());
  const auto changes = reachability::difference(old_answers, new_answers);
  const std::string text = flags.output == "csv"    ? reachability::to_csv(changes)
                           : flags.output == "json" ? reachability::to_json(changes)
                           : flags.output == "md"   ? reachability::to_markdown(changes)
                                                    : reachability::to_text(changes);
  static_cast<void>(print(text));
  const bool is_equal = changes.empty();
  return std::max(exit_code(*before, is_equal), exit_code(*after, is_equal));
}

}  // namespace tally::app

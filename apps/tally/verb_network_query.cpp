// `tally network query FILE|QUESTION... -f PATH [--against PATH]`: assertions about a network, and
// questions about its policies.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "document/read.hpp"
#include "output.hpp"
#include "reachability/assertions.hpp"
#include "reachability/query/policy_questions.hpp"
#include "verb_network.hpp"

namespace tally::app {
namespace {

constexpr int kCannot = 2;

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

// A question's name, unless there is a file of that name.
std::vector<reachability::PolicyQuestion> questions_of(const NetworkFlags& flags) {
  std::vector<reachability::PolicyQuestion> questions;
  for (const std::string& operand : flags.paths) {
    std::error_code failure;
    const auto question = reachability::parse_policy_question(operand);
    if (question && !std::filesystem::exists(operand, failure)) {
      questions.push_back(*question);
    }
  }
  return questions;
}

// What was perhaps meant as a question.
bool is_word(std::string_view operand) {
  return operand.find_first_not_of("abcdefghijklmnopqrstuvwxyz-") == std::string_view::npos;
}

std::string all_questions() {
  std::string names;
  for (int i = 0; i <= static_cast<int>(reachability::PolicyQuestion::SemanticDiff); ++i) {
    names.append(names.empty() ? "" : ", ")
        .append(to_text(static_cast<reachability::PolicyQuestion>(i)));
  }
  return names;
}

// The manifests of --against. Without a workload of their own: their policies, with all that is no
// policy of the first set.
std::unique_ptr<LoadedNetwork> load_second(const LoadedNetwork& first, const NetworkFlags& flags) {
  auto cluster = read_cluster(flags.against, flags);
  if (!cluster) {
    static_cast<void>(fail_network(flags, cluster.error()));
    return nullptr;
  }
  if (std::ranges::any_of(cluster->inputs.objects, [](const kube::Object& object) {
        return kube::is_workload(object.ref);
      })) {
    return load_network(flags.against, flags);
  }
  std::set<std::pair<const document::Source*, std::uint32_t>> policies;
  for (const network_policy::Policy& policy : first.world->policies().policies()) {
    policies.emplace(policy.object->source, policy.object->root.offset());
  }
  std::vector<kube::Object> objects = cluster->inputs.objects;
  for (const kube::Object& object : first.cluster.inputs.objects) {
    if (!policies.contains({object.source, object.root.offset()})) {
      objects.push_back(object);
    }
  }
  auto loaded = std::make_unique<LoadedNetwork>();
  loaded->cluster = std::move(*cluster);
  loaded->has_errors = !loaded->cluster.inputs.errors.empty();
  loaded->cluster.snapshot = kube::Snapshot::create(objects, flags.default_namespace);
  loaded->world = std::make_unique<reachability::World>(
      *loaded->cluster.snapshot,
      network_policy::LoadOptions{.ip_blocks_select_pods = !flags.ip_blocks_skip_pods,
                                  .host_network_pods_are_nodes = !flags.host_network_like_others});
  for (const network_policy::LoadProblem& problem : loaded->world->policies().problems()) {
    print_warning(
        flags,
        fmt::format("{}: {} {}: {}", reachability::place_of(*problem.object, problem.offset),
                    reachability::title_of(*problem.object), problem.pointer, problem.message));
    loaded->has_errors =
        loaded->has_errors || problem.kind == network_policy::LoadProblem::Kind::Invalid;
  }
  return loaded;
}

int ask_questions(const std::vector<reachability::PolicyQuestion>& questions, LoadedNetwork& loaded,
                  const NetworkFlags& flags) {
  const bool is_about_two = std::ranges::any_of(questions, reachability::is_about_two);
  if (is_about_two && flags.against.empty()) {
    return fail_network(flags, "the question compares two sets of manifests: expected --against");
  }
  if (!is_about_two && !flags.against.empty()) {
    return fail_network(flags, "the question is about one set of manifests: --against is too much");
  }
  const auto second = is_about_two ? load_second(loaded, flags) : nullptr;
  if (is_about_two && second == nullptr) {
    return kCannot;
  }
  std::vector<reachability::QuestionAnswer> answers;
  for (const reachability::PolicyQuestion question : questions) {
    auto answer = reachability::ask_policies(question, *loaded.world,
                                             second == nullptr ? nullptr : second->world.get(), {});
    if (!answer) {
      return fail_network(flags, answer.error());
    }
    answers.push_back(std::move(*answer));
  }
  static_cast<void>(print(flags.output == "json" ? reachability::to_json(answers)
                                                 : reachability::to_text(answers)));
  const bool is_good = std::ranges::all_of(answers, &reachability::QuestionAnswer::is_good);
  return std::max(exit_code(loaded, is_good), second == nullptr ? 0 : exit_code(*second, is_good));
}

}  // namespace

int run_network_query(const NetworkFlags& flags) {
  if (const int refused = refuse_foreign(flags, {"txt", "json"}); refused != 0) {
    return refused;
  }
  if (flags.files.empty()) {
    return fail_network(flags, "expected files of assertions or a question, and manifests by -f");
  }
  const auto questions = questions_of(flags);
  if (!questions.empty() && questions.size() != flags.paths.size()) {
    return fail_network(flags, "expected questions or files of assertions, not both");
  }
  if (questions.empty() && !flags.against.empty()) {
    return fail_network(flags, "assertions are about one set of manifests: --against is too much");
  }
  const auto loaded = load_network(with_more(flags.files, flags), flags);
  if (loaded == nullptr) {
    return kCannot;
  }
  if (!questions.empty()) {
    return ask_questions(questions, *loaded, flags);
  }
  AssertionFiles files;
  for (const std::string& path : flags.paths) {
    if (auto read = files.read(path); !read) {
      if (is_word(path)) {
        read.error().hint = "it is no question either; questions are: " + all_questions();
      }
      return fail_network(flags, read.error());
    }
  }
  const auto mesh = load_mesh(*loaded, flags);
  if (!mesh) {
    return fail_network(flags, mesh.error());
  }
  reachability::mesh::JoinedAnswers answers(*loaded->world, mesh->get());
  std::vector<reachability::AssertionResult> results;
  bool is_done = true;
  for (const kube::Object& object : files.objects()) {
    auto checked = reachability::check_assertions(answers, object);
    if (!checked) {
      static_cast<void>(fail_network(flags, checked.error()));
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

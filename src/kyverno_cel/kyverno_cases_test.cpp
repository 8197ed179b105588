// The cases of Kyverno's sample policies and of its command line (test/cli of its repository) about
// these kinds, where the test data is: TALLY_CORPUS names it.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <map>
#include <string>
#include <vector>

#include "document/json_writer.hpp"
#include "document/read.hpp"
#include "kube/objects.hpp"
#include "kyverno_cel/internal/nodes.hpp"
#include "kyverno_cel/policy_set.hpp"

namespace tally::kyverno_cel {
namespace {

namespace fs = std::filesystem;
using cel::Value;
using cel::ValueKind;
using document::Node;

std::string json(const Node& node) {
  std::string out;
  document::append_canonical_json(out, node);
  return out;
}

std::string plural_of(const kube::Object& object) {
  return object.kind != nullptr ? std::string(object.kind->plural)
                                : kube::guess_plural(object.ref.kind);
}

// What a case says of the world.
class CaseWorld final : public cel::Host {
 public:
  std::vector<kube::Object> objects;
  std::vector<Node> answers;  // apiCallResponses
  std::vector<Node> entries;  // globalContextEntries
  std::vector<Node> images;

  [[nodiscard]] Value ask(Arena& arena, std::string_view capability, std::string_view function,
                          std::span<const Value> args) const override {
    if (capability == "resource" && function == "get") {
      for (const kube::Object& object : objects) {
        if (is_of(object, args) && object.ref.name == args[3].text()) {
          return Value::from_node(object.root);
        }
      }
      return Value::null();
    }
    if (capability == "resource" && function == "list") {
      return list(arena, args);
    }
    if (capability == "http") {
      for (const Node& answer : answers) {
        const std::string method(text_at(answer, {"method"}));
        const bool same_method = method.empty() || method == (function == "get" ? "GET" : "POST");
        if (same_method && text_at(answer, {"url"}) == args[0].text()) {
          // Kyverno gives {body, statusCode} or the body itself: the cases read `.body`.
          const Node* response = present(answer, "response");
          return Value::from_node(*response);
        }
      }
      return cel::make_error(arena, cel::ErrorCode::Custom, "no answer");
    }
    if (capability == "globalContext") {
      return entry(arena, args);
    }
    if (capability == "imageData") {
      for (const Node& image : images) {
        if (text_at(image, {"image"}) == args[0].text()) {
          return Value::from_node(image);
        }
      }
      return cel::make_error(arena, cel::ErrorCode::Custom, "no image data");
    }
    if (capability == "now") {
      return Value::timestamp(1'780'000'000, 0);
    }
    return cel::not_provided(arena, capability, function);
  }

 private:
  static bool is_of(const kube::Object& object, std::span<const Value> args) {
    return object.ref.api_version() == args[0].text() && plural_of(object) == args[1].text() &&
           (!args[2].is(ValueKind::String) || object.ref.name_space == args[2].text());
  }

  Value list(Arena& arena, std::span<const Value> args) const {
    std::vector<Node> found;
    for (const kube::Object& object : objects) {
      std::array<Value, 3> scope{args[0], args[1], args[2]};
      if (args[2].is(ValueKind::String) && args[2].text().empty()) {
        scope[2] = Value::null();
      }
      bool matches = is_of(object, scope);
      for (std::size_t i = 0; args.size() > 3 && i < cel::map_size(args[3]); ++i) {
        const auto label = object.label(cel::map_key_at(arena, args[3], i).text());
        matches = matches && label == cel::map_value_at(arena, args[3], i).text();
      }
      if (matches) {
        found.push_back(object.root);
      }
    }
    const Node items = Node::make_array(arena, found, 0);
    return Value::from_node(*arena.create<Node>(
        make_map(arena, std::array{std::string_view{"items"}}, std::array{items}, 0)));
  }

  Value entry(Arena& arena, std::span<const Value> args) const {
    for (const Node& found : entries) {
      if (text_at(found, {"name"}) != args[0].text()) {
        continue;
      }
      Node data = *present(found, "data");
      if (const Node* projections = present(found, "projections")) {
        for (const Node& projection : projections->items()) {
          if (const Node* held = present(data, text_at(projection, {"path"}))) {
            data = with_member(arena, data, text_at(projection, {"name"}), *held);
          }
        }
      }
      return Value::from_node(*arena.create<Node>(data));
    }
    return Value::null();
  }
};

struct Counts {
  std::size_t cases = 0;
  std::size_t passed = 0;
  std::size_t failed = 0;
  std::size_t excluded = 0;
  std::size_t unknown = 0;
};

class Case {
 public:
  Case(fs::path folder, Counts& counts) : folder_(std::move(folder)), counts_(counts) {}

  std::vector<Node> documents(const fs::path& file) {
    auto source = document::Source::read_file((folder_ / file).string());
    if (!source) {
      return {};
    }
    sources_.push_back(*source);
    std::vector<document::Document> found;
    std::vector<document::DocumentError> errors;
    for (const document::Slice slice : document::split(*sources_.back())) {
      document::read_slice(*sources_.back(), slice, arena_, {}, found, errors);
    }
    std::vector<Node> roots;
    for (const document::Document& document : found) {
      roots.push_back(document.root);
    }
    return roots;
  }

  void add_object(const Node& root, std::vector<kube::Object>& into, bool has_default_namespace) {
    Node node = root;
    auto object = kube::object_from_node(node, sources_.back().get());
    if (!object) {
      return;
    }
    // The command line puts what names no namespace into the default one.
    if (has_default_namespace && object->ref.name_space.empty() && kube::is_namespaced(*object)) {
      const Node* metadata = present(node, "metadata");
      node = with_member(arena_, node, "metadata",
                         with_member(arena_, metadata == nullptr ? Node{} : *metadata, "namespace",
                                     Node::make_string("default", 0)));
      object = kube::object_from_node(node, sources_.back().get());
    }
    into.push_back(*object);
  }

  std::vector<kube::Object> objects(const Node& test, std::string_view field,
                                    bool has_default_namespace = true) {
    std::vector<kube::Object> found;
    const Node* files = present(test, field);
    for (const Node& file : files == nullptr ? std::span<const Node>{} : files->items()) {
      for (const Node& root : documents(fs::path(file.text()))) {
        add_object(root, found, has_default_namespace);
      }
    }
    return found;
  }

  // Whether any policy of the case is one of these kinds.
  void run() {
    for (const Node& test : documents("kyverno-test.yaml")) {
      run(test);
    }
  }

 private:
  void run(const Node& test) {
    const auto policies = objects(test, "policies", false);
    if (std::ranges::none_of(policies, is_policy)) {
      return;
    }
    ++counts_.cases;
    const auto exceptions = objects(test, "exceptions", false);
    const auto subjects = objects(test, "resources");
    targets_ = objects(test, "targetResources");
    world_.objects = targets_;
    for (const kube::Object& object : objects(test, "clusterResources", false)) {
      add_items(object.root, {"spec", "resources"}, world_.objects);
    }
    for (const Node& context : named(test, "context")) {
      add_items(context, {"spec", "resources"}, world_.objects);
      if (const Node* images = present_at(context, {"spec", "images"})) {
        world_.images.assign(images->items().begin(), images->items().end());
      }
    }
    copy(test, "apiCallResponses", world_.answers);
    copy(test, "globalContextEntries", world_.entries);
    std::vector<kube::Object> around;
    for (const Node& values : named(test, "variables")) {
      add_namespaces(values, around);
      operation_ = text_at(values, {"globalValues", "request.operation"});
    }
    for (const Node& user : named(test, "userinfo")) {
      if (const Node* found = present(user, "userInfo")) {
        user_ = *found;
      }
    }
    const auto snapshot = kube::Snapshot::create(around, "default");
    snapshot_ = snapshot.get();
    const Loaded loaded = PolicySet::load(
        {.policies = policies, .exceptions = exceptions, .kinds = nullptr, .now = std::nullopt});
    for (const LoadProblem& problem : loaded.problems) {
      EXPECT_FALSE(problem.is_refused)
          << folder_ << " " << problem.pointer << " " << problem.message;
    }
    for (const Node& result : present(test, "results")->items()) {
      check(test, loaded.set, result, subjects);
    }
  }

  std::vector<Node> named(const Node& test, std::string_view field) {
    const std::string_view file = text_at(test, {field});
    return file.empty() ? std::vector<Node>{} : documents(fs::path(file));
  }

  void add_items(const Node& root, std::initializer_list<std::string_view> path,
                 std::vector<kube::Object>& into) {
    const Node* list = present_at(root, path);
    for (const Node& item : list == nullptr ? std::span<const Node>{} : list->items()) {
      add_object(item, into, false);
    }
  }

  static void copy(const Node& test, std::string_view field, std::vector<Node>& into) {
    if (const Node* list = present(test, field)) {
      into.assign(list->items().begin(), list->items().end());
    }
  }

  void add_namespaces(const Node& values, std::vector<kube::Object>& around) {
    const Node* list = present(values, "namespaces");
    for (const Node& one : list == nullptr ? std::span<const Node>{} : list->items()) {
      add_namespace(one, around);
    }
    list = present(values, "namespaceSelector");
    for (const Node& one : list == nullptr ? std::span<const Node>{} : list->items()) {
      const std::array keys{std::string_view{"metadata"}};
      add_namespace(make_map(arena_, keys, std::array{one}, 0), around);
    }
  }

  void add_namespace(const Node& one, std::vector<kube::Object>& around) {
    Node node = with_member(arena_, one, "apiVersion", Node::make_string("v1", 0));
    node = with_member(arena_, node, "kind", Node::make_string("Namespace", 0));
    add_object(node, around, false);
  }

  // --- results

  void check(const Node& test, const PolicySet& set, const Node& result,
             std::span<const kube::Object> subjects) {
    const std::string_view name = text_at(result, {"policy"});
    for (std::uint32_t policy = 0; policy < set.policies().size(); ++policy) {
      const Policy& about = set.policies()[policy];
      const std::string_view plain = name.substr(name.rfind('/') + 1);
      if (about.name != plain) {
        continue;
      }
      check_payloads(test, set, result, policy);
      for (const kube::Object& subject : subjects) {
        if (is_meant(result, subject)) {
          check_subject(set, result, policy, subject);
        }
      }
      if (about.mutates_existing) {
        check_targets(set, result, policy, subjects);
      }
    }
  }

  static bool is_meant(const Node& result, const kube::Object& subject) {
    const Node* names = present(result, "resources");
    if (const std::string_view kind = text_at(result, {"kind"});
        !kind.empty() && kind != subject.ref.kind) {
      return false;
    }
    if (names == nullptr) {
      return true;
    }
    return std::ranges::any_of(names->items(), [&](const Node& one) {
      const std::string_view text = one.text();
      const std::size_t slash = text.rfind('/');
      return slash == std::string_view::npos
                 ? text == subject.ref.name
                 : text.substr(slash + 1) == subject.ref.name &&
                       text.substr(0, slash).ends_with(subject.ref.name_space);
    });
  }

  Request request_of(const kube::Object& subject, std::string_view operation) {
    Request request;
    request.review = kube::Review::from_file_object(subject, "default", arena_);
    if (operation == "DELETE") {
      request.review.operation = kube::Operation::Delete;
      request.review.old_object = request.review.object;
      request.review.object = Node{};
    } else if (operation == "UPDATE") {
      request.review.operation = kube::Operation::Update;
      request.review.old_object = request.review.object;
    }
    request.review.user_info.username = text_at(user_, {"username"});
    if (const Node* groups = present(user_, "groups")) {
      request.review.user_info.groups = *groups;
    }
    request.snapshot = snapshot_;
    request.host = &world_;
    request.are_namespaces_complete = true;
    request.is_user_unknown_when_empty = false;
    return request;
  }

  void check_subject(const PolicySet& set, const Node& result, std::uint32_t policy,
                     const kube::Object& subject) {
    const std::string_view own = text_at(result, {"operation"});
    const Policy& about = set.policies()[policy];
    Request request = request_of(subject, own.empty() ? operation_ : own);
    if (about.mode == Mode::Json) {
      request.mode = Mode::Json;
      request.payload = subject.root;
    }
    set.open(request, scratch_);
    if (about.mode == Mode::Kubernetes) {
      std::vector<std::uint32_t> candidates;
      set.find(scratch_, candidates);
      const Response response = set.judge(policy, scratch_);
      if (response.verdict != Verdict::None) {
        EXPECT_TRUE(std::ranges::find(candidates, policy) != candidates.end()) << folder_;
      }
      return compare(result, response, about, subject);
    }
    compare(result, set.judge(policy, scratch_), about, subject);
  }

  void check_payloads(const Node& test, const PolicySet& set, const Node& result,
                      std::uint32_t policy) {
    const std::array fields{std::pair{"jsonPayloads", Mode::Json},
                            std::pair{"httpPayloads", Mode::Http},
                            std::pair{"envoyPayloads", Mode::Envoy}};
    for (const auto& [field, mode] : fields) {
      const Node* files = present(test, field);
      for (const Node& file : files == nullptr ? std::span<const Node>{} : files->items()) {
        const Node* names = present(result, "resources");
        if (names != nullptr && std::ranges::none_of(names->items(), [&](const Node& one) {
              return one.text() == file.text();
            })) {
          continue;
        }
        for (const Node& payload : documents(fs::path(file.text()))) {
          Request request;
          request.payload = payload;
          request.mode = mode;
          request.host = &world_;
          compare(result, set.judge(policy, request, scratch_), set.policies()[policy], {});
        }
      }
    }
  }

  void check_targets(const PolicySet& set, const Node& result, std::uint32_t policy,
                     std::span<const kube::Object> subjects) {
    for (const kube::Object& trigger : subjects) {
      for (const kube::Object& target : targets_) {
        if (is_meant(result, target)) {
          set.open(request_of(trigger, ""), scratch_);
          compare(result, set.judge_target(policy, target, scratch_), set.policies()[policy],
                  target);
        }
      }
    }
  }

  void compare(const Node& result, const Response& response, const Policy& about,
               const kube::Object& subject) {
    const std::string expected(text_at(result, {"result"}));
    SCOPED_TRACE(folder_.string() + " " + std::string(about.name) + " " +
                 std::string(subject.ref.name) + ": " + std::string(response.message));
    if (response.verdict == Verdict::None) {
      ++counts_.excluded;
      return;
    }
    if (response.verdict == Verdict::Unknown && about.kind == PolicyKind::ImageValidating) {
      ++counts_.unknown;
      return;
    }
    // An object that is not the expected one is a failure, which a case may expect.
    const std::string problem = compare_objects(result, response);
    const std::string_view verdict = problem.empty() ? to_text(response.verdict) : "fail";
    ++(verdict == expected ? counts_.passed : counts_.failed);
    EXPECT_EQ(verdict, expected) << problem;
  }

  // Empty maps and lists are nothing to the command line.
  Node tidied(const Node& node) {
    std::vector<Node> items;
    std::vector<std::string_view> keys;
    for (std::size_t i = 0; i < node.size(); ++i) {
      const Node item = tidied(node.items()[i]);
      const bool is_empty = (item.is_object() || item.is_array()) && item.size() == 0;
      if (node.is_object() && !is_empty) {
        keys.push_back(node.key(i));
      }
      if (!is_empty) {
        items.push_back(item);
      }
    }
    return node.is_object()  ? make_map(arena_, keys, items, 0)
           : node.is_array() ? Node::make_array(arena_, items, 0)
                             : node;
  }

  // Empty, or how patched and generated objects differ from those of the case.
  std::string compare_objects(const Node& result, const Response& response) {
    const std::string_view patched = text_at(result, {"patchedResources"});
    const std::string_view generated = text_at(result, {"generatedResource"});
    if (response.verdict != Verdict::Pass || (patched.empty() && generated.empty())) {
      return {};
    }
    const std::vector<Node> found =
        patched.empty() ? std::vector<Node>(response.generated.begin(), response.generated.end())
                        : std::vector<Node>{response.object};
    std::string problem;
    bool is_any_there = false;
    for (const Node& wanted : documents(fs::path(patched.empty() ? generated : patched))) {
      const auto same_name = [&](const Node& object) {
        const std::string_view space = text_at(wanted, {"metadata", "namespace"});
        return text_at(object, {"kind"}) == text_at(wanted, {"kind"}) &&
               text_at(object, {"metadata", "name"}) == text_at(wanted, {"metadata", "name"}) &&
               (space.empty() || space == text_at(object, {"metadata", "namespace"}));
      };
      const auto object = std::ranges::find_if(found, same_name);
      if (object == found.end()) {
        // A file of patched objects may hold those of several subjects.
        problem += patched.empty() ? "not generated: " + json(wanted) + "\n" : "";
        continue;
      }
      is_any_there = true;
      Node defaulted = wanted;
      if (const Node* metadata = present(wanted, "metadata");
          text_at(wanted, {"metadata", "namespace"}).empty() && present(*object, "metadata")) {
        if (const Node* space = present_at(*object, {"metadata", "namespace"})) {
          defaulted = with_member(arena_, wanted, "metadata",
                                  with_member(arena_, *metadata, "namespace", *space));
        }
      }
      if (!document::equal(tidied(*object), tidied(defaulted))) {
        problem += "found " + json(*object) + "\nwanted " + json(defaulted) + "\n";
      }
    }
    return is_any_there ? problem : problem + "no object of that name is expected";
  }

  fs::path folder_;
  Counts& counts_;
  Arena arena_;
  std::vector<std::shared_ptr<const document::Source>> sources_;
  Scratch scratch_;
  CaseWorld world_;
  std::vector<kube::Object> targets_;
  std::string_view operation_;
  Node user_;
  const kube::Snapshot* snapshot_ = nullptr;
};

TEST(KyvernoCelCases, SameVerdicts) {
  const char* corpus = std::getenv("TALLY_CORPUS");
  const std::string root = corpus == nullptr ? std::string{} : std::string(corpus) + "/kyverno";
  if (root.empty() || !fs::exists(root)) {
    // A clone has no test data of peers; `./test` sets the variable where there is some.
    GTEST_SKIP() << "the test data is not here: TALLY_CORPUS";
  }
  kube::load_api_kinds();
  Counts counts;
  std::vector<fs::path> folders;
  for (const char* tree : {"/policies", "/kyverno/test/cli"}) {
    for (const fs::directory_entry& file : fs::recursive_directory_iterator(root + tree)) {
      if (file.path().filename() == "kyverno-test.yaml") {
        folders.push_back(file.path().parent_path());
      }
    }
  }
  std::ranges::sort(folders);
  for (const fs::path& folder : folders) {
    Case(folder, counts).run();
  }
  std::cout << counts.cases << " cases: " << counts.passed << " passed, " << counts.failed
            << " failed, " << counts.excluded << " without an answer, " << counts.unknown
            << " need signatures\n";
  EXPECT_GT(counts.passed, 0U);
  EXPECT_EQ(counts.failed, 0U);
}

}  // namespace
}  // namespace tally::kyverno_cel

// Prints what our engines answer, one JSON object a line: {policy, rule, kind, namespace, name,
// verdict, message}. Usage: kyverno_answers OBJECTS POLICY... (files).
// Every policy is asked alone, as `kyverno apply POLICY -r OBJECTS` asks it: it mutates, and what
// comes out is validated. Of a cluster only the objects are known. A blank line follows every
// policy.
#include <cstdio>
#include <ctime>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "assessment/host.hpp"
#include "assessment/kyverno_world.hpp"
#include "document/json_writer.hpp"
#include "document/read.hpp"
#include "document/source.hpp"
#include "kube/objects.hpp"
#include "kyverno/policy_set.hpp"
#include "kyverno_cel/policy_set.hpp"

namespace {

using namespace tally;

class Texts {
 public:
  [[nodiscard]] std::vector<kube::Object> read(const std::string& path) {
    std::ifstream file(path);
    std::stringstream text;
    text << file.rdbuf();
    sources_.push_back(document::Source::from_text(path, text.str()));
    const document::Source& source = *sources_.back();
    std::vector<kube::Object> out;
    std::vector<document::Document> documents;
    std::vector<document::DocumentError> errors;
    for (const document::Slice& slice : document::split(source)) {
      document::read_slice(source, slice, arena, {}, documents, errors);
    }
    for (const document::DocumentError& error : errors) {
      std::fprintf(stderr, "%s\n", error.error.to_string().c_str());
    }
    for (const document::Document& document : documents) {
      if (const auto object = kube::object_from_node(document.root, &source)) {
        out.push_back(*object);
      }
    }
    return out;
  }

  Arena arena;

 private:
  std::vector<std::shared_ptr<const document::Source>> sources_;
};

void append(std::string& out, std::string_view name, std::string_view value) {
  out += out.size() > 1 ? "," : "";
  document::append_json_string(out, name);
  out += ":";
  document::append_json_string(out, value);
}

struct Said {
  std::string_view policy;
  std::string_view rule;
  std::string_view verdict;
  std::string_view message;
};

void print(const kube::Object& object, const Said& said) {
  std::string out = "{";
  append(out, "policy", said.policy);
  append(out, "rule", said.rule);
  append(out, "kind", object.ref.kind);
  append(out, "namespace", object.ref.name_space);
  append(out, "name", object.ref.name);
  append(out, "verdict", said.verdict);
  append(out, "message", said.message);
  out += "}\n";
  std::fputs(out.c_str(), stdout);
}

// What the command line lets a policy ask: the API server, which holds the objects and no others.
class World final : public kyverno::World {
 public:
  explicit World(const kube::Snapshot& snapshot)
      : objects_(snapshot, nullptr, static_cast<std::int64_t>(std::time(nullptr))) {}

  [[nodiscard]] bool provides(kyverno::Capability capability) const override {
    return capability == kyverno::Capability::ApiCalls ||
           capability == kyverno::Capability::Objects;
  }
  [[nodiscard]] Answer config_map(Arena& arena, std::string_view name_space,
                                  std::string_view name) const override {
    return objects_.config_map(arena, name_space, name);
  }
  [[nodiscard]] Answer api_call(Arena& arena, const kyverno::ApiCall& call) const override {
    return objects_.api_call(arena, call);
  }
  [[nodiscard]] Answer global_context(Arena& arena, std::string_view name) const override {
    return objects_.global_context(arena, name);
  }
  [[nodiscard]] Answer image_data(Arena& arena, std::string_view reference) const override {
    return objects_.image_data(arena, reference);
  }
  [[nodiscard]] Answer get(Arena& arena, std::string_view api_version, std::string_view kind,
                           std::string_view name_space, std::string_view name) const override {
    return objects_.get(arena, api_version, kind, name_space, name);
  }
  [[nodiscard]] Answer list(Arena& arena, std::string_view api_version, std::string_view kind,
                            std::string_view name_space,
                            const document::Node& selector) const override {
    return objects_.list(arena, api_version, kind, name_space, selector);
  }
  [[nodiscard]] const jmespath::Host* functions() const override { return objects_.functions(); }

 private:
  assessment::KyvernoWorld objects_;
};

void classic(std::span<const kube::Object> policies, std::span<const kube::Object> objects,
             const kube::Snapshot& snapshot, Arena& names) {
  const World world(snapshot);
  const kyverno::Loaded loaded =
      kyverno::PolicySet::load({.policies = policies, .exceptions = {}, .kinds = nullptr});
  for (const kyverno::LoadProblem& problem : loaded.problems) {
    if (problem.is_refused) {
      std::fprintf(stderr, "%s: %s\n", problem.pointer.c_str(), problem.message.c_str());
    }
  }
  kyverno::Scratch scratch;
  for (const kube::Object& object : objects) {
    kube::Review review = kube::Review::from_file_object(object, "default", names);
    Arena kept;
    for (const kyverno::Phase phase : {kyverno::Phase::Mutate, kyverno::Phase::VerifyImages,
                                       kyverno::Phase::Validate, kyverno::Phase::Generate}) {
      for (std::uint32_t i = 0; i < loaded.set.policies().size(); ++i) {
        if (!loaded.set.has(i, phase)) {
          continue;
        }
        scratch.begin();
        const kyverno::Request request{.review = &review, .world = &world};
        const kyverno::Response response = loaded.set.judge(i, phase, request, scratch);
        for (const kyverno::RuleResponse& rule : response.rules) {
          print(object, {.policy = loaded.set.policies()[i].name,
                         .rule = rule.rule->name,
                         .verdict = kyverno::to_text(rule.verdict),
                         .message = rule.message});
        }
        if (phase == kyverno::Phase::Mutate && response.object.is_object()) {
          review.object = document::deep_copy(kept, response.object);
        }
      }
    }
  }
}

void by_expressions(std::span<const kube::Object> policies, std::span<const kube::Object> objects,
                    const kube::Snapshot& snapshot, Arena& names) {
  const assessment::HostContext context(snapshot, nullptr);
  const assessment::SnapshotHost host(context, {});
  const kyverno_cel::Loaded loaded = kyverno_cel::PolicySet::load(
      {.policies = policies, .exceptions = {}, .kinds = nullptr, .now = {}});
  for (const kyverno_cel::LoadProblem& problem : loaded.problems) {
    std::fprintf(stderr, "%s: %s\n", problem.pointer.c_str(), problem.message.c_str());
  }
  kyverno_cel::Scratch scratch;
  for (const kube::Object& object : objects) {
    kyverno_cel::Request request;
    request.review = kube::Review::from_file_object(object, "default", names);
    request.snapshot = &snapshot;
    request.host = &host;
    request.are_namespaces_complete = true;
    request.is_user_unknown_when_empty = false;
    for (std::uint32_t i = 0; i < loaded.set.policies().size(); ++i) {
      const kyverno_cel::Policy& policy = loaded.set.policies()[i];
      if (policy.kind == kyverno_cel::PolicyKind::Deleting) {
        continue;
      }
      const kyverno_cel::Response response = loaded.set.judge(i, request, scratch);
      if (response.verdict != kyverno_cel::Verdict::None) {
        print(object, {.policy = policy.name,
                       .rule = response.rule,
                       .verdict = kyverno_cel::to_text(response.verdict),
                       .message = response.message});
      }
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fputs("usage: kyverno_answers OBJECTS POLICY...\n", stderr);
    return 2;
  }
  Texts texts;
  if (std::string_view(argv[1]) == "--read") {
    for (int i = 2; i < argc; ++i) {
      for (const kube::Object& object : texts.read(argv[i])) {
        std::string out;
        document::append_json(out, object.root);
        std::puts(out.c_str());
      }
    }
    return 0;
  }
  const std::vector<kube::Object> objects = texts.read(argv[1]);
  const auto snapshot = kube::Snapshot::create(objects, "default");
  for (int i = 2; i < argc; ++i) {
    const std::vector<kube::Object> policies = texts.read(argv[i]);
    classic(policies, objects, *snapshot, texts.arena);
    by_expressions(policies, objects, *snapshot, texts.arena);
    std::fputs("\n", stdout);
  }
  return 0;
}

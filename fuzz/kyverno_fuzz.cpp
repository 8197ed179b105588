// Input: YAML documents: a policy, an object, an exception. Loading and judging end in every phase
// and for every operation, whatever stands in them; a rule says at most what it was asked.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "kyverno/testing/bench.hpp"

using namespace tally;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 16'384) {
    return 0;
  }
  const auto source =
      document::Source::from_text("fuzz", std::string(reinterpret_cast<const char*>(data), size));
  Arena arena;
  document::ReadOptions options;
  options.limits.nodes = 2'000;
  options.limits.alias_nodes = 1'000;
  options.limits.documents = 3;
  std::vector<document::Document> documents;
  std::vector<document::DocumentError> errors;
  for (const document::Slice& slice : document::split(*source, options.limits)) {
    document::read_slice(*source, slice, arena, options, documents, errors);
  }
  std::vector<kube::Object> objects;
  for (const document::Document& document : documents) {
    if (const auto object = kube::object_from_node(document.root, source.get())) {
      objects.push_back(*object);
    }
  }
  if (objects.size() < 2) {
    return 0;
  }
  const std::span<const kube::Object> all = objects;
  const kyverno::Loaded loaded =
      kyverno::PolicySet::load({.policies = all.first(1), .exceptions = all.subspan(2)});
  if (loaded.set.policies().empty()) {
    return 0;
  }
  kyverno::testing::FakeWorld world;
  world.answer = objects[1].root;
  world.objects = {objects[1].root};
  kube::Review review = kube::Review::from_file_object(objects[1], "default", arena);
  const document::Node object = review.object;
  kyverno::Request request{.review = &review,
                           .is_admission = (size & 1U) != 0,
                           .targets = world.objects,
                           .world = &world};
  kyverno::Scratch scratch;
  for (const kube::Operation operation :
       {kube::Operation::Create, kube::Operation::Update, kube::Operation::Delete}) {
    review.operation = operation;
    review.object = operation == kube::Operation::Delete ? document::Node{} : object;
    review.old_object = operation == kube::Operation::Create ? document::Node{} : object;
    for (const kyverno::Phase phase :
         {kyverno::Phase::Mutate, kyverno::Phase::VerifyImages, kyverno::Phase::Validate,
          kyverno::Phase::Generate, kyverno::Phase::Cleanup}) {
      scratch.begin();
      const kyverno::Response response = loaded.set.judge(0, phase, request, scratch);
      if (!loaded.set.has(0, phase) && !response.rules.empty()) {
        std::abort();
      }
      for (const kyverno::RuleResponse& rule : response.rules) {
        if (rule.rule == nullptr) {
          std::abort();
        }
      }
    }
  }
  return 0;
}

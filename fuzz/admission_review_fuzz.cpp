// The body of a webhook call: whatever it is, the answer is one status, the same twice, and never a
// yes to what no review was read from. What was read is answered with its own uid in JSON that
// reads back.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "admission/admission_review.hpp"
#include "admission/policy_catalogue.hpp"
#include "admission/webhook.hpp"
#include "document/read.hpp"
#include "kube/api_kinds.hpp"

namespace {

using namespace tally;  // NOLINT(google-build-using-namespace): a program of its own
using admission::Generation;

void require(bool holds) {
  if (!holds) {
    std::abort();
  }
}

constexpr std::string_view kPolicies[] = {
    R"({"apiVersion":"kyverno.io/v1","kind":"ClusterPolicy","metadata":{"name":"team"},"spec":{)"
    R"("validationFailureAction":"Enforce","rules":[{"name":"team","match":{"any":[{"resources":)"
    R"({"kinds":["*"]}}]},"validate":{"message":"a team","pattern":{"metadata":{"labels":)"
    R"({"team":"?*"}}}}}]}})",
    R"({"apiVersion":"kyverno.io/v1","kind":"ClusterPolicy","metadata":{"name":"add"},"spec":{)"
    R"("rules":[{"name":"add","match":{"any":[{"resources":{"kinds":["Pod"]}}]},"mutate":)"
    R"({"patchStrategicMerge":{"metadata":{"labels":{"by":"fuzz"}}}}}]}})",
    R"({"apiVersion":"admissionregistration.k8s.io/v1","kind":"ValidatingAdmissionPolicy",)"
    R"("metadata":{"name":"names"},"spec":{"matchConstraints":{"resourceRules":[{"apiGroups":)"
    R"(["*"],"apiVersions":["*"],"operations":["*"],"resources":["*","*/*"]}]},"validations":)"
    R"([{"expression":"size(request.name) < 20 && object.metadata.name != 'x'"}]}})",
};

std::shared_ptr<const Generation> generation() {
  kube::load_api_kinds();
  std::vector<admission::PolicyText> texts;
  for (const std::string_view text : kPolicies) {
    texts.push_back(
        {.place = "fuzz", .identity = std::to_string(texts.size()), .text = std::string(text)});
  }
  const auto file = document::Source::from_text(
      "tally.yaml",
      "apiVersion: tallystick.dev/v1alpha1\nkind: Configuration\nenforcement: {mode: enforce}\n");
  auto config = input::parse_config(*file);
  require(config.has_value());
  auto programs = admission::Programs::load(
      {.texts = std::move(texts),
       .config = std::make_shared<const input::Config>(std::move(*config)),
       .now_seconds = 0});
  return Generation::create(
      std::move(programs),
      std::make_shared<const assessment::World>(kube::Snapshot::create({}, "default"), nullptr),
      nullptr, 0);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto kGeneration = generation();
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  if (size > 65'536) {
    return 0;
  }
  for (const auto steps : {assessment::Steps::Mutate, assessment::Steps::Validate}) {
    admission::WebhookScratch scratch;
    const admission::Call call{.steps = steps, .body = body, .now_seconds = 1};
    const auto first = admission::answer(*kGeneration, {}, call, scratch);
    const auto second = admission::answer(*kGeneration, {}, call, scratch);
    require(first.status == second.status && first.body == second.body &&
            first.decision_id == second.decision_id);
    Arena arena;
    const auto read = admission::read_review(body, arena);
    require(first.status == (read ? 200U : 400U));
    if (!read) {
      require(!first.decision && !first.body.contains("\"allowed\""));
      continue;
    }
    const auto source = document::Source::from_text("answer", first.body);
    const auto root = document::read_one(*source, arena);
    require(root.has_value());
    const document::Node* response = root->find("response");
    require(response != nullptr && response->find("allowed") != nullptr);
    require(response->find("uid")->text() == read->review.uid);
  }
  return 0;
}

#pragma once
// For tests: policies, a cluster and a configuration from YAML texts, and reviews that are judged by
// them as the webhook does it.

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "admission/policy_catalogue.hpp"
#include "admission/webhook.hpp"
#include "document/json_writer.hpp"
#include "document/read.hpp"
#include "kube/testing/manifests.hpp"

namespace tally::admission::testing {

inline constexpr std::int64_t kNow = 1'790'000'000;  // 2026-09-21

inline std::vector<PolicyText> texts_of(std::string_view yaml,
                                        PolicyText::Origin origin = PolicyText::Origin::File) {
  const kube::testing::Manifests manifests(yaml);
  std::vector<PolicyText> texts;
  for (const kube::Object& object : manifests.snapshot()->objects()) {
    PolicyText text{.origin = origin,
                    .place = "test.yaml",
                    .identity = identity_of(object.ref),
                    .text = {}};
    document::append_json(text.text, object.root);
    texts.push_back(std::move(text));
  }
  return texts;
}

inline std::shared_ptr<const input::Config> config_of(std::string_view yaml) {
  const std::string text =
      "apiVersion: tallystick.dev/v1alpha1\nkind: Configuration\n" + std::string(yaml);
  auto config = input::parse_config(*document::Source::from_text("tally.yaml", text));
  EXPECT_TRUE(config) << config.error().to_string();
  return std::make_shared<const input::Config>(config ? std::move(*config) : input::Config{});
}

// JSON of YAML.
inline std::string json_of(std::string_view yaml) {
  const auto source = document::Source::from_text("test.yaml", yaml);
  Arena arena;
  const auto root = document::read_one(*source, arena);
  EXPECT_TRUE(root) << yaml;
  std::string out;
  document::append_json(out, root ? *root : document::Node{});
  return out;
}

struct ReviewText {
  std::string_view object;  // YAML
  std::string_view old_object{};
  std::string_view operation = "CREATE";
  std::string_view resource = "pods";
  std::string_view group = "";
  std::string_view kind = "Pod";
  std::string_view subresource = "";
  std::string_view name = "web";
  std::string_view name_space = "shop";
  std::string_view user = "ann";
};

inline std::string review_of(const ReviewText& text) {
  const auto part = [](std::string_view key, std::string_view yaml) {
    return yaml.empty() ? std::string() : ",\"" + std::string(key) + "\":" + json_of(yaml);
  };
  const auto quoted = [](std::string_view one) { return "\"" + std::string(one) + "\""; };
  return R"({"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"u-1","kind":{"group":)" +
         quoted(text.group) + R"(,"version":"v1","kind":)" + quoted(text.kind) +
         R"(},"resource":{"group":)" + quoted(text.group) + R"(,"version":"v1","resource":)" +
         quoted(text.resource) + R"(},"subResource":)" + quoted(text.subresource) +
         R"(,"operation":)" + quoted(text.operation) + R"(,"namespace":)" +
         quoted(text.name_space) + R"(,"name":)" + quoted(text.name) +
         R"(,"userInfo":{"username":)" + quoted(text.user) + R"(,"groups":["dev"]})" +
         part("object", text.object) + part("oldObject", text.old_object) + "}}";
}

class Desk {
 public:
  struct Texts {
    std::string_view policies{};
    std::string_view cluster{};
    std::string_view config{};
  };
  explicit Desk(const Texts& texts)
      : cluster_(texts.cluster.empty() ? kEmpty : texts.cluster), config_(config_of(texts.config)) {
    auto change = catalogue_.replace(
        texts.policies.empty() ? std::vector<PolicyText>{} : texts_of(texts.policies), config_,
        kNow);
    statuses = std::move(change.statuses);
    programs = change.programs;
    generation = Generation::create(
        programs, std::make_shared<const assessment::World>(cluster_.snapshot(), nullptr), nullptr,
        20'717);
  }

  Reply ask(const ReviewText& text, assessment::Steps steps = assessment::Steps::Validate) {
    return ask(review_of(text), steps);
  }
  Reply ask(const std::string& body, assessment::Steps steps = assessment::Steps::Validate) {
    return answer(*generation, exempt, {.steps = steps, .body = body, .now_seconds = kNow},
                  scratch_);
  }

  std::vector<PolicyStatus> statuses;
  std::shared_ptr<const Programs> programs;
  std::shared_ptr<const Generation> generation;
  Exempt exempt;

 private:
  static constexpr std::string_view kEmpty =
      "{apiVersion: v1, kind: Namespace, metadata: {name: shop, labels: {zone: inner}}}";

  kube::testing::Manifests cluster_;
  std::shared_ptr<const input::Config> config_;
  PolicyCatalogue catalogue_;
  WebhookScratch scratch_;
};

}  // namespace tally::admission::testing

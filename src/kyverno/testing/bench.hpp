#pragma once
// For tests and fuzzing: policies and objects of texts, and a world that answers every question and
// remembers what it was asked.

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "document/json_writer.hpp"
#include "document/read.hpp"
#include "kube/objects.hpp"
#include "kyverno/policy_set.hpp"

namespace tally::kyverno::testing {

class FakeWorld final : public World {
 public:
  [[nodiscard]] bool provides(Capability /*capability*/) const override { return true; }

  [[nodiscard]] Answer config_map(Arena& /*arena*/, std::string_view name_space,
                                  std::string_view name) const override {
    return say("config_map " + std::string(name_space) + "/" + std::string(name));
  }
  [[nodiscard]] Answer api_call(Arena& /*arena*/, const ApiCall& call) const override {
    return say("api_call " + std::string(call.method) + " " +
               std::string(call.service.empty() ? call.path : call.service) +
               (call.ca_bundle.empty() ? "" : " ca " + std::string(call.ca_bundle)));
  }
  [[nodiscard]] Answer global_context(Arena& /*arena*/, std::string_view name) const override {
    return say("global_context " + std::string(name));
  }
  [[nodiscard]] Answer image_data(Arena& /*arena*/, std::string_view reference) const override {
    return say("image_data " + std::string(reference));
  }
  [[nodiscard]] Answer get(Arena& /*arena*/, std::string_view api_version, std::string_view kind,
                           std::string_view name_space, std::string_view name) const override {
    return say("get " + std::string(api_version) + " " + std::string(kind) + " " +
               std::string(name_space) + "/" + std::string(name));
  }
  [[nodiscard]] Answer list(Arena& arena, std::string_view api_version, std::string_view kind,
                            std::string_view name_space,
                            const document::Node& /*selector*/) const override {
    asked.push_back("list " + std::string(api_version) + " " + std::string(kind) + " " +
                    std::string(name_space));
    return document::Node::make_array(arena, objects, 0);
  }

  document::Node answer{};                // of every question for one thing
  std::vector<document::Node> objects{};  // of every list
  mutable std::vector<std::string> asked{};

 private:
  Answer say(std::string question) const {
    asked.push_back(std::move(question));
    if (answer.is_null()) {
      return std::unexpected("not there");
    }
    return answer;
  }
};

class Bench {
 public:
  // Null if the text is no YAML.
  document::Node node(std::string_view text) {
    const auto source = document::Source::from_text("test.yaml", std::string(text));
    sources_.push_back(source);
    const auto read = document::read_one(*source, arena);
    return read ? *read : document::Node{};
  }

  std::optional<kube::Object> object(const document::Node& node) {
    if (sources_.empty()) {
      sources_.push_back(document::Source::from_text("test.yaml", std::string("{}")));
    }
    auto object = kube::object_from_node(node, sources_.back().get());
    return object ? std::optional(*object) : std::nullopt;
  }

  bool add_policy(const document::Node& policy) {
    const auto read = object(policy);
    if (read) {
      policies_.push_back(*read);
    }
    return read.has_value();
  }
  bool add_policy(std::string_view text) { return add_policy(node(text)); }
  bool add_exception(std::string_view text) {
    const auto read = object(node(text));
    if (read) {
      exceptions_.push_back(*read);
    }
    return read.has_value();
  }

  void load() { loaded = PolicySet::load({.policies = policies_, .exceptions = exceptions_}); }
  bool load(std::string_view policy) {
    const bool is_read = add_policy(policy);
    load();
    return is_read;
  }

  // `old_object`: of an UPDATE. A DELETE is of `now`.
  Response judge(Phase phase, const kube::Object& now,
                 kube::Operation operation = kube::Operation::Create,
                 const document::Node& old_object = {}, std::uint32_t policy = 0) {
    review = kube::Review::from_file_object(now, "default", arena);
    review.operation = operation;
    review.old_object = old_object;
    if (operation == kube::Operation::Delete) {
      review.old_object = review.object;
      review.object = {};
    }
    request.review = &review;
    scratch.begin();
    return loaded.set.judge(policy, phase, request, scratch);
  }

  // "check=fail autogen-check=pass"; the message of the last is kept.
  std::string verdicts(std::string_view text, Phase phase = Phase::Validate,
                       kube::Operation operation = kube::Operation::Create,
                       const document::Node& old_object = {}) {
    const auto read = object(node(text));
    if (!read) {
      return "not an object";
    }
    response = judge(phase, *read, operation, old_object);
    std::string out;
    message.clear();
    for (const RuleResponse& rule : response.rules) {
      out += out.empty() ? "" : " ";
      out += rule.rule->name;
      out += "=";
      out += to_text(rule.verdict);
      message = rule.message;
    }
    return out;
  }

  static std::string json(const document::Node& value) {
    std::string out;
    document::append_canonical_json(out, value);
    return out;
  }

  Arena arena;
  Loaded loaded;
  Request request;
  kube::Review review;
  Response response;
  std::string message;
  Scratch scratch;

 private:
  std::vector<std::shared_ptr<const document::Source>> sources_;
  std::vector<kube::Object> policies_;
  std::vector<kube::Object> exceptions_;
};

}  // namespace tally::kyverno::testing

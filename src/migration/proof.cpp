#include "migration/proof.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "document/yaml_writer.hpp"
#include "kube/objects.hpp"
#include "kyverno/policy_set.hpp"
#include "kyverno_cel/policy_set.hpp"
#include "migration/internal/draft.hpp"
#include "migration/internal/objects.hpp"

namespace tally::migration {

using document::Node;

namespace {

// Judgements that may be spent on making the object of a difference small.
constexpr std::size_t kMinimisingMax = 3'000;

// One request, without the objects' memory.
struct Question {
  kube::Operation operation = kube::Operation::Create;
  Tree object;
  Tree old_object;  // UPDATE
  std::string user;
  std::vector<std::string> groups;
};

struct Answer {
  std::vector<Opinion> classic;     // by translated policy
  std::vector<Opinion> translated;  // the same
  Node before{};
  Node classic_object{};  // after mutations
  Node translated_object{};
};

// Of several rules: an error or a refusal decides, then a pass.
void join(Opinion& into, Decision decision, std::string_view message) {
  constexpr std::array<int, 4> kWeight{0, 1, 3, 2};  // by Decision
  if (kWeight[static_cast<std::size_t>(decision)] >
      kWeight[static_cast<std::size_t>(into.decision)]) {
    into.decision = decision;
    into.message = message;
  }
}

Decision decision_of(kyverno::Verdict verdict) {
  switch (verdict) {
    case kyverno::Verdict::Pass:
      return Decision::Allowed;
    case kyverno::Verdict::Fail:
      return Decision::Denied;
    case kyverno::Verdict::Skip:
      return Decision::Skipped;
    case kyverno::Verdict::Error:
    case kyverno::Verdict::Unknown:
      break;
  }
  return Decision::Errored;
}

Decision decision_of(kyverno_cel::Verdict verdict) {
  switch (verdict) {
    case kyverno_cel::Verdict::Pass:
      return Decision::Allowed;
    case kyverno_cel::Verdict::Fail:
      return Decision::Denied;
    case kyverno_cel::Verdict::None:
    case kyverno_cel::Verdict::Skip:
      return Decision::Skipped;
    case kyverno_cel::Verdict::Error:
    case kyverno_cel::Verdict::Unknown:
      break;
  }
  return Decision::Errored;
}

class Prover {
 public:
  Prover(const kube::Object& policy, const Translation& translation, const ProofOptions& options)
      : policy_(policy), translation_(translation), options_(options) {
    classic_ = kyverno::PolicySet::load(
        {.policies = {&policy_, 1}, .exceptions = {}, .kinds = options.kinds});
    for (const Translated& one : translation.policies) {
      if (auto object = kube::object_from_node(one.policy, nullptr)) {
        objects_.push_back(*object);
      }
    }
    translated_ = kyverno_cel::PolicySet::load(
        {.policies = objects_, .exceptions = {}, .kinds = options.kinds, .now = std::nullopt});
    out_.seed = options.seed;
    out_.is_mutation = std::ranges::any_of(translation.policies, [](const Translated& one) {
      return one.kind == TargetKind::Mutating;
    });
    const Node* spec = policy.root.find("spec");
    ignores_failures_ = spec != nullptr && text_at(*spec, "failurePolicy") == "Ignore";
  }

  Proof run() {
    ObjectMaker maker(*translation_.vocabulary, options_.seed, options_.kinds);
    const std::vector<kube::Operation> operations = operations_of();
    for (const kube::Object& object : options_.with) {
      if (!is_classic(object)) {
        ask({.operation = kube::Operation::Create,
             .object = tree_of(object.root),
             .old_object = {},
             .user = "jane",
             .groups = {"system:authenticated"}},
            maker);
      }
    }
    const Vocabulary& words = *translation_.vocabulary;
    for (std::uint64_t i = 0; i < options_.objects; ++i) {
      Question question;
      question.object = maker.next();
      Chance& chance = maker.chance();
      question.operation = chance.of(operations);
      if (question.operation == kube::Operation::Update) {
        question.old_object = maker.changed(question.object);
      }
      question.user = words.users.empty() || chance.percent(50) ? "jane" : chance.of(words.users);
      question.groups = {"system:authenticated"};
      if (!words.groups.empty() && chance.percent(50)) {
        question.groups.push_back(chance.of(words.groups));
      }
      ask(question, maker);
    }
    return std::move(out_);
  }

 private:
  // CREATE; others where the policy is about them alone, or asks for the operation.
  std::vector<kube::Operation> operations_of() const {
    bool has_create = false;
    bool asks = false;
    std::array<bool, 4> named{};
    constexpr std::array<kube::Operation, 3> kAll{kube::Operation::Create, kube::Operation::Update,
                                                  kube::Operation::Delete};
    for (const Translated& one : translation_.policies) {
      has_create = has_create || one.operations.empty();
      for (const kube::Operation operation : kAll) {
        const bool is_named = std::ranges::find(one.operations, kube::operation_name(operation)) !=
                              one.operations.end();
        named[static_cast<std::size_t>(operation)] |= is_named;
        has_create = has_create || (is_named && operation == kube::Operation::Create);
      }
      std::string text;
      document::append_yaml(text, one.policy);
      asks = asks || text.find("request.operation") != std::string::npos ||
             text.find("oldObject") != std::string::npos;
    }
    std::vector<kube::Operation> out;
    for (const kube::Operation operation : kAll) {
      const bool is_create = operation == kube::Operation::Create;
      const bool is_update = operation == kube::Operation::Update;
      if (is_create ? has_create
                    : (named[static_cast<std::size_t>(operation)] && (!has_create || asks)) ||
                          (is_update && asks)) {
        out.push_back(operation);
      }
    }
    if (out.empty()) {
      out.push_back(kube::Operation::Create);
    }
    return out;
  }

  void ask(const Question& question, ObjectMaker& maker) {
    ++out_.objects;
    const Answer answer = judge(question);
    count(answer);
    // What is rare is worth more of its like.
    std::string signature;
    for (const Opinion& opinion : answer.classic) {
      signature += static_cast<char>('0' + static_cast<int>(opinion.decision));
    }
    signature +=
        out_.is_mutation && document::equal(answer.before, answer.classic_object) ? "=" : "";
    if (const std::uint64_t seen = ++signatures_[signature]; seen * 4 < out_.objects || seen < 4) {
      maker.keep(question.object);
    }
    std::size_t at = 0;
    if (!differs(answer, &at)) {
      return;
    }
    if (++out_.differing == 1) {
      describe(minimised(question, maker));
    }
  }

  void count(const Answer& answer) {
    Opinion all;
    for (std::size_t i = 0; i < answer.classic.size(); ++i) {
      join(all, answer.classic[i].decision, {});
      out_.reported_otherwise +=
          answer.classic[i].decision != answer.translated[i].decision &&
                  !is_different(answer.classic[i].decision, answer.translated[i].decision)
              ? 1U
              : 0U;
    }
    switch (all.decision) {
      case Decision::Skipped:
        ++out_.skipped;
        break;
      case Decision::Allowed:
        ++out_.allowed;
        break;
      case Decision::Denied:
        ++out_.denied;
        break;
      case Decision::Errored:
        ++out_.errored;
        break;
    }
    if (out_.is_mutation) {
      ++(document::equal(answer.before, answer.classic_object) ? out_.unchanged : out_.changed);
    }
  }

  bool is_different(Decision a, Decision b) const {
    const auto stops = [&](Decision decision) {
      return decision == Decision::Denied || (decision == Decision::Errored && !ignores_failures_);
    };
    return stops(a) != stops(b);
  }

  bool differs(const Answer& answer, std::size_t* at) const {
    for (std::size_t i = 0; i < answer.classic.size(); ++i) {
      if (is_different(answer.classic[i].decision, answer.translated[i].decision)) {
        *at = i;
        return true;
      }
    }
    return out_.is_mutation && !document::equal(answer.classic_object, answer.translated_object);
  }

  Answer judge(const Question& question) {
    arena_.reset();
    Answer out;
    out.classic.resize(objects_.size());
    out.translated.resize(objects_.size());
    const bool is_delete = question.operation == kube::Operation::Delete;
    const Node node = node_of(question.object, arena_);
    auto object = kube::object_from_node(node, nullptr);
    if (!object) {
      return out;
    }
    if (options_.kinds != nullptr) {
      options_.kinds->resolve({&*object, 1});
    }
    kube::Review review = kube::Review::from_file_object(*object, "default", arena_);
    review.operation = question.operation;
    review.user_info.username = question.user;
    review.user_info.groups = text_list(arena_, question.groups);
    if (is_delete) {
      review.old_object = node;
      review.object = Node{};
    } else if (question.operation == kube::Operation::Update) {
      review.old_object = node_of(question.old_object, arena_);
    }
    out.before = review.object;
    judge_classic(review, out);
    judge_translated(review, out);
    return out;
  }

  std::size_t policy_of(std::string_view rule) const {
    for (std::size_t i = 0; i < translation_.policies.size(); ++i) {
      if (std::ranges::find(translation_.policies[i].rules, rule) !=
          translation_.policies[i].rules.end()) {
        return i;
      }
    }
    return translation_.policies.size();
  }

  void judge_classic(const kube::Review& review, Answer& out) {
    const std::string_view key = "kubernetes.io/metadata.name";
    const Node value = text_node(review.name_space);
    const Node labels =
        Node::make_object(arena_, {&value, 1}, std::span<const std::string_view>(&key, 1), {}, 0);
    kyverno::Request request{.review = &review,
                             .namespace_labels = labels,
                             .roles = {},
                             .cluster_roles = {},
                             .is_admission = true,
                             .values = {},
                             .rule_values = {},
                             .targets = {},
                             .world = nullptr,
                             .observer = nullptr};
    out.classic_object = review.object;
    scratch_.begin();
    for (const kyverno::Phase phase : {kyverno::Phase::Mutate, kyverno::Phase::Validate}) {
      if (classic_.set.policies().empty() || !classic_.set.has(0, phase)) {
        continue;
      }
      const kyverno::Response response = classic_.set.judge(0, phase, request, scratch_);
      for (const kyverno::RuleResponse& rule : response.rules) {
        const std::size_t policy = policy_of(rule.rule->written);
        if (policy < out.classic.size()) {
          join(out.classic[policy], decision_of(rule.verdict), rule.message);
        }
      }
      if (phase == kyverno::Phase::Mutate && response.object.is_object()) {
        out.classic_object = document::deep_copy(arena_, response.object);
      }
    }
  }

  void judge_translated(const kube::Review& review, Answer& out) {
    kyverno_cel::Request request;
    request.review = review;
    request.are_namespaces_complete = true;
    request.is_user_unknown_when_empty = false;
    out.translated_object = review.object;
    translated_.set.open(request, cel_scratch_);
    std::vector<std::uint32_t> candidates;
    translated_.set.find(cel_scratch_, candidates);
    for (const std::uint32_t i : candidates) {
      const kyverno_cel::Response response = translated_.set.judge(i, cel_scratch_);
      const kube::Object* of = translated_.set.policies()[i].object;
      const auto place = static_cast<std::size_t>(of - objects_.data());
      if (place < out.translated.size()) {
        join(out.translated[place], decision_of(response.verdict), response.message);
      }
      if (response.is_changed) {
        out.translated_object = document::deep_copy(arena_, response.object);
        translated_.set.change_object(out.translated_object, cel_scratch_);
      }
    }
  }

  // Field after field is taken away while they still differ.
  Question minimised(Question question, ObjectMaker& maker) {
    std::size_t spent = 0;
    const bool is_given = !maker.is_valid(question.object);
    const auto still_differs = [&](const Question& one) {
      std::size_t at = 0;
      return ++spent < kMinimisingMax && (is_given || maker.is_valid(one.object)) &&
             differs(judge(one), &at);
    };
    for (bool is_shrinking = true; is_shrinking && spent < kMinimisingMax;) {
      is_shrinking = false;
      for (Tree Question::* tree : {&Question::object, &Question::old_object}) {
        is_shrinking = shrink(question, question.*tree, 0, still_differs) || is_shrinking;
      }
    }
    return question;
  }

  template <class Check>
  bool shrink(Question& question, Tree& tree, std::size_t depth, const Check& still_differs) {
    bool is_shrunk = false;
    const auto try_without = [&](auto& list, std::size_t i) {
      const auto before = list;
      list.erase(list.begin() + static_cast<std::ptrdiff_t>(i));
      if (still_differs(question)) {
        is_shrunk = true;
        return true;
      }
      list = before;
      return false;
    };
    for (std::size_t i = tree.members.size(); i-- > 0;) {
      const std::string& key = tree.members[i].first;
      const bool is_identity =
          (depth == 0 && (key == "apiVersion" || key == "kind" || key == "metadata")) ||
          (depth == 1 && key == "name");
      if (!is_identity && try_without(tree.members, i)) {
        continue;
      }
      is_shrunk = shrink(question, tree.members[i].second, depth + 1, still_differs) || is_shrunk;
    }
    for (std::size_t i = tree.items.size(); i-- > 0;) {
      if (!try_without(tree.items, i)) {
        is_shrunk = shrink(question, tree.items[i], depth + 1, still_differs) || is_shrunk;
      }
    }
    return is_shrunk;
  }

  void describe(const Question& question) {
    const Answer answer = judge(question);
    std::size_t at = 0;
    static_cast<void>(differs(answer, &at));
    Difference out;
    out.policy = std::string(objects_[at].ref.name);
    out.operation = std::string(kube::operation_name(question.operation));
    document::append_yaml(out.object, node_of(question.object, arena_));
    out.classic = answer.classic[at];
    out.translated = answer.translated[at];
    if (out_.is_mutation) {
      out.is_mutation = true;
      document::append_yaml(out.classic_object, answer.classic_object);
      document::append_yaml(out.translated_object, answer.translated_object);
    }
    out_.difference = std::move(out);
  }

  const kube::Object& policy_;
  const Translation& translation_;
  const ProofOptions& options_;
  std::vector<kube::Object> objects_;
  kyverno::Loaded classic_;
  kyverno_cel::Loaded translated_;
  kyverno::Scratch scratch_;
  kyverno_cel::Scratch cel_scratch_;
  Arena arena_;
  bool ignores_failures_ = false;
  std::map<std::string, std::uint64_t> signatures_;  // how often which decisions were taken
  Proof out_;
};

std::string grouped(std::uint64_t number) {
  std::string out = fmt::format("{}", number);
  for (std::size_t at = out.size(); at > 3;) {
    at -= 3;
    out.insert(out.begin() + static_cast<std::ptrdiff_t>(at), ',');
  }
  return out;
}

}  // namespace

std::string_view to_text(Decision decision) noexcept {
  switch (decision) {
    case Decision::Skipped:
      return "skipped";
    case Decision::Allowed:
      return "allowed";
    case Decision::Denied:
      return "denied";
    case Decision::Errored:
      return "error";
  }
  return "";
}

std::string Proof::summary() const {
  std::string out =
      fmt::format("{} on {} objects (seed {}): ", differing == 0 ? "proven equal" : "not equal",
                  grouped(objects), seed);
  if (is_mutation) {
    out += fmt::format("{} changed, {} unchanged", grouped(changed), grouped(unchanged));
  } else {
    out += fmt::format("{} denied, {} allowed", grouped(denied), grouped(allowed));
  }
  if (skipped != 0 && !is_mutation) {
    out += fmt::format(", {} skipped", grouped(skipped));
  }
  if (errored != 0) {
    out += fmt::format(", {} errors", grouped(errored));
  }
  out += fmt::format(", {} differ", grouped(differing));
  if (reported_otherwise != 0) {
    out += fmt::format(
        "; {} times the same decision under another name (pass for skip, error for "
        "fail)",
        grouped(reported_otherwise));
  }
  if (is_weak() && differing == 0) {
    out += is_mutation ? "; a weak proof: no object was changed, or every one"
                       : "; a weak proof: no object was denied, or every one";
  }
  return out;
}

Proof prove(const kube::Object& policy, const Translation& translation,
            const ProofOptions& options) {
  if (translation.policies.empty()) {
    return {};
  }
  return Prover(policy, translation, options).run();
}

}  // namespace tally::migration

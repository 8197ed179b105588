#include "trace_kyverno.hpp"

#include <fmt/format.h>

#include <vector>

#include "base/text.hpp"
#include "document/json_writer.hpp"

namespace tally::app {

namespace {

constexpr std::size_t kValueBytesMax = 160;

std::string shown(const document::Node& value) {
  std::string text;
  document::append_json(text, value);
  return text.size() > kValueBytesMax ? excerpt(text, kValueBytesMax) : text;
}

// What was seen, rule by rule.
class Seen final : public kyverno::Observer {
 public:
  struct Rule {
    std::string name;
    bool is_matched = false;
    std::vector<std::string> lines;
  };

  void asked(std::string_view rule, bool is_matched) override {
    rules_.push_back({.name = std::string(rule), .is_matched = is_matched, .lines = {}});
  }
  void resolved(std::string_view expression, const document::Node& value,
                std::string_view failure) override {
    add(failure.empty() ? fmt::format("{} = {}", expression, shown(value))
                        : fmt::format("{} fails: {}", expression, failure));
  }
  void compared(const document::Node& key, std::string_view op, const document::Node& value,
                bool holds) override {
    add(fmt::format("{} {} {}: {}", shown(key), op, shown(value),
                    holds ? "holds" : "does not hold"));
  }

  [[nodiscard]] const std::vector<Rule>& rules() const noexcept { return rules_; }
  void clear() { rules_.clear(); }

 private:
  void add(std::string line) {
    if (rules_.empty()) {
      return;
    }
    std::vector<std::string>& lines = rules_.back().lines;
    if (lines.empty() || lines.back() != line) {
      lines.push_back(std::move(line));
    }
  }

  std::vector<Rule> rules_;
};

}  // namespace

KyvernoTrace trace_kyverno(const kyverno::PolicySet& policies, const kube::Review& review,
                           const kyverno::World& world, const document::Node& namespace_labels,
                           bool is_verbose) {
  using kyverno::Phase;
  KyvernoTrace out;
  kyverno::Scratch scratch;
  Arena arena;
  Seen seen;
  kube::Review now = review;
  for (const Phase phase : {Phase::Mutate, Phase::VerifyImages, Phase::Validate, Phase::Generate}) {
    for (std::uint32_t i = 0; i < policies.policies().size(); ++i) {
      if (!policies.has(i, phase)) {
        continue;
      }
      const kyverno::PolicyRecord& policy = policies.policies()[i];
      seen.clear();
      scratch.begin();
      const kyverno::Response response = policies.judge(i, phase,
                                                        {.review = &now,
                                                         .namespace_labels = namespace_labels,
                                                         .world = &world,
                                                         .observer = &seen},
                                                        scratch);
      for (const Seen::Rule& rule : seen.rules()) {
        if (!rule.is_matched) {
          if (is_verbose) {
            out.text += fmt::format("  {} {}, rule {}: not about this object\n",
                                    kyverno::to_text(policy.kind), policy.name, rule.name);
          }
          continue;
        }
        out.is_asked = true;
        const kyverno::RuleResponse* said = nullptr;
        for (const kyverno::RuleResponse& one : response.rules) {
          if (one.rule->name == rule.name) {
            said = &one;
          }
        }
        out.text += fmt::format("  {} {}, rule {}: {}\n", kyverno::to_text(policy.kind),
                                policy.name, rule.name,
                                said == nullptr ? "says nothing" : kyverno::to_text(said->verdict));
        if (said == nullptr) {
          continue;
        }
        // Assertions answer once for each of their errors.
        for (const kyverno::RuleResponse& one : response.rules) {
          if (one.rule == said->rule && !one.message.empty()) {
            out.text += fmt::format("  {}\n", one.message);
          }
        }
        const bool is_bad = said->verdict == kyverno::Verdict::Fail;
        const bool is_open =
            said->verdict == kyverno::Verdict::Error || said->verdict == kyverno::Verdict::Unknown;
        out.is_denied = out.is_denied || (is_bad && said->rule->is_enforced);
        out.is_unknown = out.is_unknown || is_open;
        if (policy.object->source != nullptr) {
          const Position at = policy.object->source->position(said->rule->offset);
          out.text += fmt::format("  {}:{}:{} {}\n", policy.object->source->name(), at.line,
                                  at.column, said->rule->pointer);
        }
        if (is_bad || is_open || is_verbose) {
          for (const std::string& line : rule.lines) {
            out.text += fmt::format("    {}\n", line);
          }
        }
        for (const kyverno::RuleResponse& one : response.rules) {
          if (one.rule == said->rule && !one.pointer.empty()) {
            out.text += fmt::format("    the pattern does not fit at {}\n", one.pointer);
          }
        }
        out.text += "\n";
      }
      if (phase == Phase::Mutate && response.object.is_object() &&
          !document::equal(response.object, now.object)) {
        now.object = document::deep_copy(arena, response.object);
        out.is_changed = true;
      }
    }
  }
  return out;
}

}  // namespace tally::app

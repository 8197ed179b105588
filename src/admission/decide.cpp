#include "admission/decide.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "admission/enforcement.hpp"
#include "base/text.hpp"
#include "crypto/sha256.hpp"
#include "document/difference.hpp"
#include "document/json_writer.hpp"
#include "kube/objects.hpp"

namespace tally::admission {

using finding::Finding;
using finding::Mode;
using finding::Verdict;

namespace {

constexpr std::size_t kReasonsMax = 10;        // in a denial; the rest is counted
constexpr std::size_t kWarningBytesMax = 400;  // the server cuts what is longer
constexpr std::size_t kAnnotationBytesMax = 1024;

bool is_doubt(const Finding& finding) noexcept {
  return finding.verdict == Verdict::Error || finding.verdict == Verdict::Unknown;
}

// One finding with what enforcement makes of it.
struct Weighed {
  const Finding* finding = nullptr;
  Setting setting;
  bool denies = false;
  bool warns = false;
};

class Decider {
 public:
  explicit Decider(const Question& question)
      : question_(question), review_(*question.review), config_(question.programs->config()) {}

  Answer run() {
    weigh();
    Answer answer;
    fill(answer.decision);
    answer.decision.message = denial();
    answer.decision.is_allowed = answer.decision.message.empty();
    answer.decision.code = answer.decision.is_allowed ? 0 : 403;
    warn(answer.decision.warnings);
    answer.id = history::decision_id(history::canonical_json(answer.decision));
    answer.warnings = answer.decision.warnings;
    if (!answer.decision.is_allowed) {
      answer.text = fmt::format("{}\nDecision {}: `tally decision show {}` tells the whole of it.",
                                answer.decision.message, answer.id, answer.id);
    }
    annotate(answer);
    return answer;
  }

 private:
  void weigh() {
    const kube::Object* name_space =
        review_.name_space.empty()
            ? nullptr
            : question_.snapshot->find("", "Namespace", "", review_.name_space);
    for (const Finding& finding : question_.verdict->findings) {
      if (finding.verdict == Verdict::Pass || finding.check == nullptr) {
        continue;
      }
      Weighed one{
          .finding = &finding,
          .setting = setting_of(config_.enforcement, finding, review_.name_space, name_space),
          .denies = false,
          .warns = false};
      const bool is_excepted = finding.exception != nullptr || finding.verdict == Verdict::Skip;
      if (!is_excepted) {
        const bool passes =
            is_doubt(finding) && (one.setting.on_doubt == input::OnDoubt::Allow ||
                                  question_.programs->ignores_errors(*finding.check));
        one.denies = one.setting.mode == Mode::Enforce && !passes;
        one.warns = one.setting.mode != Mode::Audit && !one.denies;
      }
      weighed_.push_back(one);
    }
  }

  // The object that is judged, for what is said about its containers.
  const Injected& injected() {
    if (!injected_) {
      const auto object = kube::object_from_node(review_.object, review_.source);
      static const OwnerContainers kNone;
      injected_ = object
                      ? injected_containers(with_namespace(*object),
                                            question_.owners == nullptr ? kNone : *question_.owners)
                      : Injected{};
    }
    return *injected_;
  }
  kube::Object with_namespace(kube::Object object) const {
    object.ref.name_space = review_.name_space;
    return object;
  }

  std::string sentence(const Finding& finding) {
    const finding::Check& check = *finding.check;
    std::string text = is_own_control(check) ? fmt::format("{}/{}: ", check.policy, check.id)
                                             : fmt::format("{}: ", check.id);
    text += is_doubt(finding) ? fmt::format("could not be judged ({}): {}",
                                            finding::to_text(finding.verdict), finding.message)
                              : std::string(finding.message);
    if (!finding.container.empty()) {
      text += fmt::format(" [container {}]", finding.container);
    }
    if (!finding.pointer.empty()) {
      text += fmt::format("\n     field:   {}", field_path(finding.pointer));
    }
    if (!finding.found.empty()) {
      text += fmt::format("\n     found:   {}", finding.found);
    }
    if (!finding.allowed.empty()) {
      text += fmt::format("\n     allowed: {}", finding.allowed);
    }
    if (!finding.container.empty() && injected().contains(finding.container)) {
      text += fmt::format(
          "\n     note:    container {} was put in by a webhook or a mutating policy: {} does not have it",
          finding.container, injected().authority);
    }
    if (!finding.remedy_text().empty()) {
      text += fmt::format("\n     remedy:  {}", finding.remedy_text());
    }
    return text;
  }

  std::string denial() {
    const auto count = static_cast<std::size_t>(std::ranges::count_if(weighed_, &Weighed::denies));
    if (count == 0) {
      return {};
    }
    std::string text = fmt::format("{} {} breaks {} that {} enforced here:", review_.kind.kind,
                                   review_.name.empty() ? "(no name yet)" : review_.name,
                                   count == 1 ? "a rule" : fmt::format("{} rules", count),
                                   count == 1 ? "is" : "are");
    std::size_t said = 0;
    for (const Weighed& one : weighed_) {
      if (one.denies && said < kReasonsMax) {
        text += fmt::format("\n  {}. {}", ++said, sentence(*one.finding));
      }
    }
    if (count > said) {
      text += fmt::format("\n  and {} more.", count - said);
    }
    return text;
  }

  // A line each; control characters are not for headers.
  void warn(std::vector<std::string>& warnings) {
    for (const Weighed& one : weighed_) {
      if (!one.warns) {
        continue;
      }
      const Finding& finding = *one.finding;
      std::string text = fmt::format("{}: {}", finding.check->id, finding.message);
      if (!finding.pointer.empty()) {
        text += fmt::format(" ({})", field_path(finding.pointer));
      }
      std::string line = excerpt(text, kWarningBytesMax);
      if (std::ranges::find(warnings, line) == warnings.end()) {
        warnings.push_back(std::move(line));
      }
    }
    if (const auto* said = question_.verdict->admission) {
      for (const std::string_view warning : said->warnings) {
        std::string line = excerpt(warning, kWarningBytesMax);
        if (std::ranges::find(warnings, line) == warnings.end()) {
          warnings.push_back(std::move(line));
        }
      }
    }
  }

  void fill(history::Decision& decision) const {
    decision.uid = review_.uid;
    decision.operation = kube::operation_name(review_.operation);
    decision.group = review_.kind.group;
    decision.version = review_.kind.version;
    decision.kind = review_.kind.kind;
    decision.resource = review_.resource.resource;
    decision.subresource = review_.subresource;
    decision.name_space = review_.name_space;
    decision.name = review_.name;
    if (decision.name.empty()) {
      const document::Node* metadata = review_.object.find("metadata");
      const document::Node* begins = metadata == nullptr ? nullptr : metadata->find("generateName");
      decision.name = begins == nullptr ? std::string() : std::string(begins->text()) + "*";
    }
    decision.user = review_.user_info.username;
    for (const document::Node& group : review_.user_info.groups.items()) {
      decision.groups.emplace_back(group.text());
    }
    decision.is_dry_run = review_.dry_run;
    decision.policy_digest = question_.programs->digest();
    std::string canonical;
    document::append_canonical_json(canonical,
                                    review_.object.is_null() ? review_.old_object : review_.object);
    const auto digest = crypto::to_hex(crypto::sha256(canonical));
    decision.object_digest.assign(digest.data(), digest.size());
    for (const Weighed& one : weighed_) {
      history::DecisionFinding kept = history::to_decision_finding(*one.finding);
      kept.mode = one.setting.mode;
      decision.mode = std::max(decision.mode, kept.mode);
      decision.findings.push_back(std::move(kept));
    }
    if (!question_.verdict->object.is_null()) {
      document::append_json_patch(decision.patch,
                                  document::changes(review_.object, question_.verdict->object));
    }
  }

  void annotate(Answer& answer) const {
    auto& annotations = answer.audit_annotations;
    annotations.emplace_back("decision", answer.id);
    std::string would;
    for (const Weighed& one : weighed_) {
      if (!one.denies && one.finding->exception == nullptr &&
          one.finding->verdict != Verdict::Skip && would.size() < kAnnotationBytesMax) {
        would += fmt::format("{}{} ({})", would.empty() ? "" : ", ", one.finding->check->id,
                             finding::to_text(one.setting.mode));
      }
    }
    if (!would.empty()) {
      annotations.emplace_back("not-enforced", excerpt(would, kAnnotationBytesMax));
    }
    std::string excepted;
    for (const Weighed& one : weighed_) {
      if (one.finding->exception != nullptr && excepted.size() < kAnnotationBytesMax) {
        excepted += fmt::format("{}{} by {}", excepted.empty() ? "" : ", ", one.finding->check->id,
                                one.finding->exception->id);
      }
    }
    if (!excepted.empty()) {
      annotations.emplace_back("excepted", excerpt(excepted, kAnnotationBytesMax));
    }
    if (const auto* said = question_.verdict->admission) {
      for (const auto& [key, value] : said->audit_annotations) {
        // Keys of one webhook are one name: a policy's own key follows it.
        std::string name(key);
        std::ranges::replace(name, '/', '.');
        annotations.emplace_back(std::move(name), excerpt(value, kAnnotationBytesMax));
      }
    }
  }

  const Question& question_;
  const kube::Review& review_;
  const input::Config& config_;
  std::vector<Weighed> weighed_;
  std::optional<Injected> injected_;
};

}  // namespace

std::string field_path(std::string_view pointer) {
  std::string out;
  while (!pointer.empty()) {
    pointer.remove_prefix(1);
    const std::size_t end = std::min(pointer.find('/'), pointer.size());
    std::string part(pointer.substr(0, end));
    pointer.remove_prefix(end);
    const bool is_index = !part.empty() && part.find_first_not_of("0123456789") == part.npos;
    for (const auto& [escaped, plain] : {std::pair{"~1", "/"}, std::pair{"~0", "~"}}) {
      for (std::size_t at = part.find(escaped); at != std::string::npos;
           at = part.find(escaped, at + 1)) {
        part.replace(at, 2, plain);
      }
    }
    const bool is_plain = part.find_first_of("./[]\"") == std::string::npos && !part.empty();
    if (is_index) {
      out += fmt::format("[{}]", part);
    } else if (is_plain) {
      out += (out.empty() ? "" : ".") + part;
    } else {
      out += fmt::format("[\"{}\"]", part);
    }
  }
  return out;
}

bool is_silent(const Question& question) noexcept {
  const assessment::RequestVerdict& verdict = *question.verdict;
  const bool says = verdict.admission != nullptr && (!verdict.admission->warnings.empty() ||
                                                     !verdict.admission->audit_annotations.empty());
  return verdict.findings.empty() && verdict.object.is_null() && !says;
}

Answer decide(const Question& question) { return Decider(question).run(); }

}  // namespace tally::admission

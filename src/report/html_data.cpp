#include "report/internal/html_data.hpp"

#include <fmt/format.h>

#include <string>
#include <unordered_map>
#include <vector>

#include "finding/exception.hpp"
#include "report/internal/json_out.hpp"
#include "report/internal/summary.hpp"
#include "report/internal/text.hpp"

namespace tally::report {

namespace {

using finding::Finding;

// Between JSON and the page. HTML ends a data block at `</script`, and `<!--` changes how it is
// read: without `<` neither can stand in it. `<` occurs in JSON inside of strings only, where
// \u003c means the same.
class ScriptSink final : public Sink {
 public:
  explicit ScriptSink(Output& page) : page_(page) {}
  [[nodiscard]] bool write(std::string_view bytes) override {
    for (auto at = bytes.find('<'); at != std::string_view::npos; at = bytes.find('<')) {
      page_.append(bytes.substr(0, at));
      page_.append("\\u003c");
      bytes.remove_prefix(at + 1);
    }
    page_.append(bytes);
    page_.settle();
    return page_.is_open();
  }

 private:
  Output& page_;
};

// Things in the order in which they are first met.
template <class T>
class Numbered {
 public:
  std::size_t number(const T* thing) {
    const auto [entry, added] = numbers_.try_emplace(thing, list_.size());
    if (added) {
      list_.push_back(thing);
    }
    return entry->second;
  }
  [[nodiscard]] const std::vector<const T*>& list() const noexcept { return list_; }

 private:
  std::unordered_map<const T*, std::size_t> numbers_;
  std::vector<const T*> list_;
};

struct Tables {
  Numbered<finding::Check> checks;
  Numbered<finding::Subject> subjects;
  Numbered<document::Source> files;
  Numbered<finding::Exception> exceptions;
};

void emit_index(JsonOut& out, bool known, std::size_t index) {
  if (known) {
    out.number(index);
  } else {
    out.raw("-1");
  }
}

void emit_finding(JsonOut& out, Tables& tables, const Finding& finding) {
  const auto id = fingerprint(finding);
  const auto& location = finding.location;
  const Position at = location.position();
  out.open_array();
  out.number(tables.checks.number(&check_of(finding)));
  emit_index(out, finding.subject != nullptr,
             finding.subject == nullptr ? 0 : tables.subjects.number(finding.subject));
  out.text(visible(finding.container));
  out.text(visible(finding.pointer));
  emit_index(out, location.source != nullptr,
             location.source == nullptr ? 0 : tables.files.number(location.source));
  out.number(at.line);
  out.number(at.column);
  out.number(location.document);
  out.text(visible(location.template_source));
  out.text(to_text(finding.verdict));
  out.number(index_of(effective_severity(finding)));
  out.text(to_text(finding.mode));
  out.text(visible(finding.found));
  out.text(visible(finding.allowed));
  out.text(visible(finding.message));
  out.text(visible(finding.remedy));
  emit_index(out, finding.exception != nullptr,
             finding.exception == nullptr ? 0 : tables.exceptions.number(finding.exception));
  out.text({id.data(), id.size()});
  out.close_array();
}

void emit_checks(JsonOut& out, const Tables& tables) {
  out.key("checks");
  out.open_array();
  for (const auto* check : tables.checks.list()) {
    out.open_object();
    out.member("engine", check->engine);
    out.member("policy", check->policy);
    out.member("rule", check->id);
    out.member("title", check->title);
    out.member("description", check->description);
    out.member("remedy", check->remedy);
    out.key("controls");
    out.open_array();
    for (const auto& control : check->controls) {
      out.text(fmt::format("{} {} {}", control.framework, control.version, control.id));
    }
    out.close_array();
    out.key("references");
    out.open_array();
    for (const auto reference : check->references) {
      out.text(reference);
    }
    out.close_array();
    out.close_object();
  }
  out.close_array();
}

void emit_subjects(JsonOut& out, const Tables& tables, const finding::Assessment& assessment) {
  std::unordered_map<const finding::Subject*, const finding::WorkloadVerdict*> verdicts;
  for (const auto& workload : assessment.workloads) {
    verdicts.try_emplace(workload.subject, &workload);
  }
  std::unordered_map<std::string_view, std::string_view> tiers;
  for (const auto& name_space : assessment.namespaces) {
    tiers.try_emplace(name_space.name, name_space.tier);
  }
  out.key("subjects");
  out.open_array();
  for (const auto* subject : tables.subjects.list()) {
    const auto& ref = subject->ref;
    out.open_object();
    out.member("kind", visible(ref.kind));
    out.member("namespace",
               visible(ref.group.empty() && ref.kind == "Namespace" ? ref.name : ref.name_space));
    out.member("name", visible(ref.name));
    out.member("owner", visible(subject->owner));
    const auto tier = tiers.find(ref.kind == "Namespace" ? ref.name : ref.name_space);
    const auto found = verdicts.find(subject);
    if (found == verdicts.end()) {
      out.member("tier", tier == tiers.end() ? std::string_view{} : tier->second);
    } else {
      const auto& verdict = *found->second;
      out.member("tier", verdict.tier);
      out.member("level", verdict.level);
      out.member("version", verdict.version);
      out.member("meets", verdict.meets);
      out.member_boolean("allowed", verdict.allowed);
    }
    out.close_object();
  }
  out.close_array();
}

void emit_exceptions(JsonOut& out, const Tables& tables) {
  out.key("exceptions");
  out.open_array();
  for (const auto* exception : tables.exceptions.list()) {
    out.open_object();
    out.member("id", visible(exception->id));
    out.member("owner", visible(exception->owner));
    out.member("ticket", visible(exception->ticket));
    out.member("reason", visible(exception->reason));
    out.member("expires",
               exception->expires == 0 ? std::string{} : finding::day_to_text(exception->expires));
    out.close_object();
  }
  out.close_array();
}

}  // namespace

void write_html_data(Output& output, const finding::Assessment& assessment) {
  ScriptSink sink(output);
  Output json(sink);
  JsonOut out(json, 2);
  Tables tables;
  out.open_object();
  out.key("findings");
  out.open_array();
  for (const auto& finding : assessment.findings) {
    if (!out.is_open()) {
      break;
    }
    emit_finding(out, tables, finding);
  }
  out.close_array();
  out.key("files");
  out.open_array();
  for (const auto* source : tables.files.list()) {
    out.text(visible(source->name()));
  }
  out.close_array();
  emit_checks(out, tables);
  emit_subjects(out, tables, assessment);
  emit_exceptions(out, tables);
  out.close_object();
  json.flush();
}

}  // namespace tally::report

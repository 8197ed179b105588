#include "assessment/input_findings.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <utility>
#include <vector>

#include "assessment/internal/list_keys.hpp"

namespace tally::assessment {

using finding::Check;
using finding::Finding;
using finding::Severity;

namespace {

struct PastedRule {
  std::string_view id;
  std::string_view title;
  std::string_view description;
};

// In the order of input::every_pasted_id(); a test holds the two against each other.
constexpr std::array kRules = {
    PastedRule{"lost-indentation", "Indentation was lost",
               "Every line begins in the first column, so that fields which belong below "
               "`metadata` or `spec` stand beside them. Web "
               "pages and chats drop leading blanks when text is copied."},
    PastedRule{"misplaced-list-item", "List item without a list",
               "A line that begins with a dash stands where no list can begin."},
    PastedRule{"missing-api-version", "No apiVersion",
               "The document has a kind, and no apiVersion that says which kind is meant."},
    PastedRule{"missing-kind", "No kind", "The document has an apiVersion, and no kind."},
    PastedRule{"missing-metadata", "No metadata",
               "The name stands outside of `metadata`, or nowhere."},
    PastedRule{"missing-spec", "No spec",
               "Fields that belong below `spec` stand at the top of the document."},
    PastedRule{"bare-selector", "Selector without matchLabels",
               "Labels stand directly below a selector. If the unknown field were ignored, the "
               "empty selector would select every pod."},
    PastedRule{"foreign-comment", "Comment of another language",
               "YAML comments begin with `#`; `//` is text."},
    PastedRule{"missing-comment-mark", "Prose without a comment mark",
               "A sentence stands among the fields."},
    PastedRule{"typographic-dash", "Dash that is no hyphen",
               "A list item begins with an en dash, an em dash or a minus sign: word processors "
               "and web pages replace the hyphen."},
    PastedRule{"typographic-separator", "Separator that is no `---`",
               "Documents are separated by three hyphens, not by other dashes."},
    PastedRule{"curly-quotes", "Quotes that are no quotes",
               "Curly quotes are part of the text, not marks around it."},
    PastedRule{"no-break-space", "No-break space",
               "A no-break space looks like a blank and is none: YAML takes it as text."},
    PastedRule{"invisible-character", "Invisible character",
               "A zero-width character makes two words differ that look the same."},
    PastedRule{"full-width-colon", "Colon that is no colon",
               "A full-width colon separates no key from its value."},
    PastedRule{"tab-indentation", "Tab as indentation",
               "YAML is indented with blanks; a tab there is an error."},
    PastedRule{"windows-1252", "Text in Windows-1252",
               "The bytes are no UTF-8: typographic characters of another encoding were pasted."},
    PastedRule{"markdown-fence", "Code fence of Markdown",
               "The marks around a code block were copied with it."},
    PastedRule{"shell-command", "Shell command",
               "A prompt or a command was copied with the manifest."},
    PastedRule{"line-numbers", "Line numbers",
               "The line numbers of the page were copied with the text."},
    PastedRule{"diff-marker", "Marks of a diff", "Lines begin with the `+` and `-` of a diff."},
    PastedRule{"html-entity", "HTML entity",
               "An entity such as `&quot;` stands for a character that was not decoded."},
    PastedRule{"html-tag", "HTML tag", "Markup was copied with the text."},
    PastedRule{"template-action", "Template that was not rendered",
               "Actions of a template language stand where values belong."},
};

constexpr std::array kReferences = {
    std::string_view{"https://kubernetes.io/docs/concepts/overview/working-with-objects/"
                     "#describing-a-kubernetes-object"}};

const Check& pasted_check(std::string_view id) {
  const auto checks = pasted_checks();
  const auto found = std::ranges::find(checks, id, &Check::id);
  return found == checks.end() ? checks.front() : *found;
}

// The subjects that the engines made, by where their objects stand: one object is one group in
// every report.
using Subjects =
    std::map<std::pair<const document::Source*, std::uint32_t>, const finding::Subject*>;

Subjects subjects_of(const std::vector<Finding>& findings) {
  Subjects subjects;
  for (const Finding& finding : findings) {
    if (finding.subject != nullptr && finding.location.source != nullptr) {
      subjects.try_emplace({finding.location.source, finding.subject->root.offset()},
                           finding.subject);
    }
  }
  return subjects;
}

void add_pasted(const input::PastedText& pasted, std::span<const kube::Object> objects,
                Subjects& subjects, Arena& arena, std::vector<Finding>& findings) {
  Finding& finding = findings.emplace_back();
  finding.check = &pasted_check(pasted.diagnosis.id);
  finding.severity = finding.check->severity;
  finding.location = {.source = pasted.source,
                      .offset = pasted.diagnosis.offset,
                      .document = pasted.document,
                      .template_source = {}};
  finding.message = arena.copy(pasted.diagnosis.message);
  finding.remedy = arena.copy(pasted.diagnosis.remedy);
  if (pasted.object >= 0) {
    const kube::Object& object = objects[static_cast<std::size_t>(pasted.object)];
    const finding::Subject*& subject = subjects[{object.source, object.root.offset()}];
    if (subject == nullptr) {
      auto* made = arena.create<finding::Subject>();
      made->ref = object.ref;
      made->root = object.root;
      made->list_keys = list_keys_of(object);
      subject = made;
    }
    finding.subject = subject;
  }
}

template <class T>
void move_to(std::vector<T>& to, std::vector<T>& from) {
  to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
  from.clear();
}

}  // namespace

std::span<const Check> pasted_checks() {
  static const std::vector<Check> kChecks = [] {
    std::vector<Check> checks;
    for (const PastedRule& rule : kRules) {
      Check check;
      check.engine = "input";
      check.policy = "pasted-text";
      check.id = rule.id;
      check.title = rule.title;
      check.description = rule.description;
      check.remedy =
          "Repair the text at the place that the finding names; copy it again from the source in "
          "raw form if you can.";
      check.severity = Severity::High;
      check.references = kReferences;
      checks.push_back(check);
    }
    return checks;
  }();
  return kChecks;
}

void add_inputs(finding::Assessment& assessment, input::Inputs inputs,
                std::span<const kube::Object> objects) {
  if (!inputs.pasted.empty()) {
    auto arena = std::make_unique<Arena>();
    std::vector<Finding> pasted;
    Subjects subjects = subjects_of(assessment.findings);
    for (const auto& text : inputs.pasted) {
      add_pasted(text, objects, subjects, *arena, pasted);
    }
    assessment.findings.insert(assessment.findings.begin(), pasted.begin(), pasted.end());
    assessment.arenas.push_back(std::move(arena));
  }
  // An object of a kind that no table holds is not judged beyond its metadata.
  const auto judged = std::ranges::count_if(
      objects, [](const kube::Object& object) { return object.kind != nullptr; });
  const std::uint64_t workloads = assessment.totals.workloads;
  assessment.totals = inputs.totals;
  assessment.totals.objects = static_cast<std::uint64_t>(judged) + inputs.review_objects.size();
  assessment.totals.workloads = workloads;
  move_to(assessment.inputs, inputs.files);
  move_to(assessment.skipped, inputs.skipped);
  move_to(assessment.errors, inputs.errors);
  move_to(assessment.sources, inputs.sources);
  move_to(assessment.arenas, inputs.arenas);
  assessment.kinds = std::shared_ptr<const kube::CustomKinds>(std::move(inputs.custom_kinds));
}

}  // namespace tally::assessment

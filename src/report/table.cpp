// `-o table`: for a person at a terminal. What matters most stands last, next to the prompt:
// figures, then how bad, where, what first. Above it, in this order: findings by object (worst
// object first), rules with their remedies, namespaces, exceptions, what was not judged and why,
// errors.
//
// Short form: findings of low and info stand in the list of rules only, one line a rule; at most
// kGroupsMax objects are shown. Verbose form: every finding, with message, remedy, pointer and
// fingerprint.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <span>

#include "report/internal/summary.hpp"
#include "report/internal/terminal.hpp"
#include "report/internal/text.hpp"
#include "report/internal/writers.hpp"

namespace tally::report {

namespace {

using finding::Finding;
using finding::Severity;

constexpr std::size_t kGroupsMax = 30;
constexpr std::size_t kListMax = 12;        // lines of one list in the short form
constexpr std::size_t kTextBytesMax = 600;  // of one text of the input
constexpr std::size_t kRuleColumns = 28;
constexpr std::size_t kContainerColumns = 16;

// Sites of one object that differ in container and position only.
struct Row {
  const Finding* first = nullptr;
  std::vector<const Finding*> sites;
};

bool alike(const Finding& a, const Finding& b) {
  return a.check == b.check && a.verdict == b.verdict && a.severity == b.severity &&
         a.exception == b.exception && a.found == b.found && a.allowed == b.allowed &&
         (!a.found.empty() || a.message == b.message);
}

bool is_shown(const Finding& finding, const WriteOptions& options) {
  return options.verbose || (counts(finding) && effective_severity(finding) <= Severity::Medium);
}

std::vector<Row> rows_of(const Group& group, const WriteOptions& options) {
  std::vector<Row> rows;
  for (const Finding* finding : group.findings) {
    if (!is_shown(*finding, options)) {
      continue;
    }
    // Neighbours are alike: findings of one rule and object follow each other nearly always. The
    // look back is bounded.
    const std::size_t back = std::min<std::size_t>(rows.size(), 32);
    const auto last = std::span(rows).last(back);
    const auto found =
        options.verbose ? last.end() : std::ranges::find_if(last, [finding](const Row& row) {
          return alike(*row.first, *finding);
        });
    if (found != last.end()) {
      found->sites.push_back(finding);
    } else {
      rows.push_back({.first = finding, .sites = {finding}});
    }
  }
  std::ranges::sort(rows, {}, [](const Row& row) {
    return std::pair(effective_severity(*row.first), row.first);
  });
  return rows;
}

// "a, b and 3 more" of texts that may repeat.
std::string joined(const std::vector<std::string>& texts) {
  constexpr std::size_t kShown = 4;
  std::string out;
  for (const auto& text : std::span(texts).first(std::min(kShown, texts.size()))) {
    out += fmt::format("{}{}", out.empty() ? "" : ", ", text);
  }
  return texts.size() > kShown ? fmt::format("{} and {} more", out, texts.size() - kShown) : out;
}

std::string containers_of(const Row& row) {
  std::vector<std::string> names;
  for (const Finding* site : row.sites) {
    std::string name = shortened(site->container, 63);
    if (!name.empty() && (names.empty() || names.back() != name)) {
      names.push_back(std::move(name));
    }
  }
  return joined(names);
}

std::string positions_of(const Row& row) {
  std::vector<std::string> places;
  for (const Finding* site : row.sites) {
    if (site->location.source != nullptr) {
      const Position at = site->location.position();
      places.push_back(fmt::format("{}:{}", at.line, at.column));
    }
  }
  return joined(places);
}

std::string detail_of(const Finding& finding) {
  std::string text = finding.found.empty() || finding.allowed.empty()
                         ? shortened(sentence(finding), kTextBytesMax)
                         : fmt::format("{} → {}", shortened(finding.found, kTextBytesMax),
                                       shortened(finding.allowed, kTextBytesMax));
  switch (finding.verdict) {
    case finding::Verdict::Error:
    case finding::Verdict::Unknown:
      return fmt::format("not decided: {}", text);
    case finding::Verdict::Pass:
      return fmt::format("passes: {}", text);
    case finding::Verdict::Skip:
      return fmt::format("skipped: {}", text);
    case finding::Verdict::Fail:
      return text;
  }
  return text;
}

class Table {
 public:
  Table(const finding::Assessment& assessment, const WriteOptions& options, Output& out)
      : assessment_(assessment),
        options_(options),
        summary_(summarize(assessment, options)),
        line_(out, options) {}

  void write() {
    header();
    groups();
    rules();
    namespaces();
    exceptions();
    skipped();
    errors();
    figures();
    conclusion();
  }

 private:
  void header();
  void groups();
  void group(const Group& group, std::span<const Row> rows);
  void row(const Row& row, std::size_t rule_columns);
  void row_details(const Finding& finding);
  void rules();
  void namespaces();
  void exceptions();
  void skipped();
  void errors();
  void figures();
  void conclusion();

  void title(std::string_view text, std::string_view note = {}) {
    line_.blank_line();
    line_.put(text, Ink::Bold);
    if (!note.empty()) {
      line_.gap(2);
      line_.wrap(note, 0, Ink::Dim);
    }
    line_.end_line();
  }
  void paragraph(std::string_view label, std::size_t columns, std::string_view text,
                 Ink ink = Ink::Plain) {
    line_.put_column(label, columns, Ink::Bold);
    line_.wrap(text, columns, ink);
    line_.end_line();
  }
  void severity(Severity value) {
    line_.indent_to(2);
    line_.put_column(fmt::format("{} {}", glyph_of(value), to_text(value)), 12, ink_of(value));
  }
  // Lines of a list that the short form shows.
  [[nodiscard]] std::size_t shown(std::size_t count) const {
    return options_.verbose ? count : std::min(count, kListMax);
  }
  void more(std::size_t count, std::string_view noun) {
    if (count > shown(count)) {
      line_.indent_to(2);
      line_.put(fmt::format("and {} more {} (--verbose shows all)",
                            number_text(count - shown(count)), noun),
                Ink::Dim);
      line_.end_line();
    }
  }

  const finding::Assessment& assessment_;
  const WriteOptions& options_;
  Summary summary_;
  Terminal line_;
};

void Table::header() {
  line_.put("Tallystick", Ink::Bold);
  if (!options_.tally_version.empty()) {
    line_.put(fmt::format(" {}", options_.tally_version), Ink::Dim);
  }
  line_.gap(1);
  line_.wrap(fmt::format("judged {} by {}.", judged_text(assessment_),
                         count_text(assessment_.rules.size(), "rule")),
             2);
  line_.end_line();
}

void Table::groups() {
  struct Shown {
    const Group* group;
    std::vector<Row> rows;
  };
  const std::vector<Group> groups = groups_of(assessment_);
  std::vector<const Group*> order;
  for (const Group& group : groups) {
    if (std::ranges::any_of(group.findings, [this](const Finding* finding) {
          return is_shown(*finding, options_);
        })) {
      order.push_back(&group);
    }
  }
  if (!options_.verbose) {
    std::ranges::sort(order, {}, [](const Group* group) { return std::pair(group->worst, group); });
  }
  const std::size_t count = options_.verbose ? order.size() : std::min(order.size(), kGroupsMax);
  for (std::size_t i = 0; i < count && line_.is_open(); ++i) {
    group(*order[i], rows_of(*order[i], options_));
  }
  if (count < order.size()) {
    line_.blank_line();
    line_.wrap(fmt::format("and {} more with findings of medium or worse (--verbose shows all)",
                           count_text(order.size() - count, "object")),
               2, Ink::Dim);
    line_.end_line();
  }
}

void Table::group(const Group& group, std::span<const Row> rows) {
  line_.blank_line();
  const std::string path = shortened(subject_path(group.subject), kTextBytesMax);
  line_.wrap(path.empty() ? "(no object)" : path, 2, Ink::Bold);
  const auto& location = group.verdict != nullptr && group.verdict->location.source != nullptr
                             ? group.verdict->location
                             : group.findings.front()->location;
  std::string place(location.file());
  if (group.verdict != nullptr && location.source != nullptr) {
    place += fmt::format(":{}", location.position().line);
  }
  if (!place.empty()) {
    line_.gap(2);
    line_.wrap(shortened(place, kTextBytesMax), 2, Ink::Dim);
  }
  if (group.verdict != nullptr) {
    const auto& verdict = *group.verdict;
    line_.gap(2);
    line_.wrap(verdict.allowed ? fmt::format("allowed at {}:{}, meets {}", verdict.level,
                                             verdict.version, verdict.meets)
                               : fmt::format("denied at {}:{}, meets {}", verdict.level,
                                             verdict.version, verdict.meets),
               2, verdict.allowed ? Ink::Good : Ink::High);
    if (options_.verbose && !verdict.message.empty()) {
      // What kubectl would show.
      line_.end_line();
      line_.indent_to(2);
      line_.wrap(verdict.message, 2, Ink::Dim);
    }
  }
  line_.end_line();
  std::size_t rule_columns = 0;
  for (const Row& row : rows) {
    rule_columns =
        std::max(rule_columns, std::min(kRuleColumns, check_of(*row.first).id.size() + 2));
  }
  for (const Row& each : rows) {
    row(each, rule_columns);
  }
}

void Table::row(const Row& row, std::size_t rule_columns) {
  const Finding& finding = *row.first;
  severity(effective_severity(finding));
  line_.put_column(check_of(finding).id, rule_columns);
  const std::string containers = containers_of(row);
  line_.put_column(containers.empty() ? "-" : containers, kContainerColumns,
                   containers.empty() ? Ink::Dim : Ink::Plain);
  // Too little room for the values: they get a line of their own.
  constexpr std::size_t kDetailColumnsMin = 28;
  if (line_.column() + kDetailColumnsMin > line_.width()) {
    line_.end_line();
    line_.indent_to(14);
  }
  const std::size_t hanging = line_.column();
  line_.wrap(detail_of(finding), hanging);
  if (const std::string positions = positions_of(row); !positions.empty()) {
    line_.gap(1);
    line_.wrap(fmt::format("(at {})", positions), hanging, Ink::Dim);
  }
  line_.end_line();
  if (options_.verbose) {
    row_details(finding);
  }
}

void Table::row_details(const Finding& finding) {
  const auto detail = [this](std::string_view label, std::string_view text) {
    if (!text.empty()) {
      line_.indent_to(14);
      line_.put_column(label, 10, Ink::Dim);
      line_.wrap(text, 24, Ink::Dim);
      line_.end_line();
    }
  };
  detail("message", finding.message);
  detail("remedy", finding.remedy_text());
  detail("pointer", finding.pointer);
  if (finding.exception != nullptr) {
    detail("exception", fmt::format("{}, {}: {}", finding.exception->id, finding.exception->owner,
                                    finding.exception->reason));
  }
  const auto id = fingerprint(finding);
  detail("id", {id.data(), id.size()});
}

void Table::rules() {
  if (summary_.rules.empty()) {
    return;
  }
  title("Rules, most urgent first", "tally explain RULE says more");
  for (const RuleEffect& rule : summary_.rules) {
    severity(rule.severity);
    line_.put_column(rule.check->id, kRuleColumns);
    const bool collapsed = rule.severity >= Severity::Low;
    std::string text = fmt::format("{} in {}", count_text(rule.findings, "finding"),
                                   count_text(rule.objects, "object"));
    if (collapsed) {
      text += fmt::format(", first {}", shortened(place_text(rule.first->location), kTextBytesMax));
    }
    line_.wrap(text, 14);
    line_.end_line();
    if (!collapsed && !rule.first->remedy_text().empty()) {
      line_.indent_to(14);
      line_.wrap(shortened(rule.first->remedy_text(), kTextBytesMax), 14, Ink::Dim);
      line_.end_line();
    }
  }
}

void Table::namespaces() {
  const auto& all = assessment_.namespaces;
  std::vector<const finding::NamespaceSummary*> listed;
  for (const auto& name_space : all) {
    if (options_.verbose || !name_space.labels_to_apply.empty()) {
      listed.push_back(&name_space);
    }
  }
  if (listed.empty()) {
    return;
  }
  title("Namespaces",
        options_.verbose ? std::string_view{} : std::string_view{"whose labels should change"});
  for (std::size_t i = 0; i < shown(listed.size()); ++i) {
    const auto& name_space = *listed[i];
    line_.indent_to(2);
    line_.put_column(name_space.name, 20, Ink::Bold);
    std::string text = fmt::format("{}, {}", count_text(name_space.workloads, "workload"),
                                   count_text(name_space.findings, "finding"));
    const auto add = [&text](std::string_view label, std::string_view value) {
      text += value.empty() ? "" : fmt::format(", {} {}", label, value);
    };
    add("tier", name_space.tier);
    add("set to", name_space.level);
    add("already meets", name_space.recommended);
    line_.wrap(text, 22);
    line_.end_line();
    if (const std::string command = label_command(name_space); !command.empty()) {
      // One line however long: it is there to be pasted.
      line_.indent_to(4);
      line_.put(command, Ink::Low);
      line_.end_line();
    }
  }
  more(listed.size(), "namespaces");
}

void Table::exceptions() {
  if (assessment_.exceptions.empty()) {
    return;
  }
  title("Exceptions");
  const auto& all = assessment_.exceptions;
  for (std::size_t i = 0; i < shown(all.size()); ++i) {
    if (all[i].exception == nullptr) {
      continue;
    }
    const auto& exception = *all[i].exception;
    std::string text =
        all[i].honoured
            ? fmt::format("accepted {}", count_text(all[i].findings, "finding"))
            : fmt::format("not honoured, would accept {}", count_text(all[i].findings, "finding"));
    text += fmt::format("; {}{}{}", exception.owner, exception.ticket.empty() ? "" : ", ",
                        exception.ticket);
    if (exception.expires != 0) {
      text += fmt::format(", {} {}", all[i].expired ? "expired" : "until",
                          finding::day_to_text(exception.expires));
    }
    text += fmt::format(": {}", shortened(exception.reason, kTextBytesMax));
    line_.indent_to(2);
    line_.put_column(exception.id, 20, all[i].expired ? Ink::High : Ink::Bold);
    line_.wrap(text, 22);
    line_.end_line();
  }
  more(all.size(), "exceptions");
}

void Table::skipped() {
  if (assessment_.skipped.empty()) {
    return;
  }
  // By kind, so that one chatty kind cannot hide the others.
  std::map<finding::Skipped::Kind, std::vector<const finding::Skipped*>> by_kind;
  for (const auto& skipped : assessment_.skipped) {
    by_kind[skipped.kind].push_back(&skipped);
  }
  title("Not judged");
  for (const auto& [kind, list] : by_kind) {
    line_.indent_to(2);
    line_.put(fmt::format("{} ", to_text(kind)), Ink::Bold);
    line_.put(fmt::format("({})", number_text(list.size())), Ink::Dim);
    line_.end_line();
    const std::size_t count =
        options_.verbose ? list.size() : std::min<std::size_t>(list.size(), 5);
    for (const auto* skipped : std::span(list).first(count)) {
      line_.indent_to(4);
      const std::string subject =
          skipped->subject.empty() ? "" : fmt::format(" {}", skipped->subject);
      line_.wrap(fmt::format("{}{}: {}", place_text(skipped->file, skipped->at), subject,
                             shortened(skipped->reason, kTextBytesMax)),
                 6);
      line_.end_line();
    }
    if (count < list.size()) {
      line_.indent_to(4);
      line_.put(fmt::format("and {} more (--verbose shows all)", number_text(list.size() - count)),
                Ink::Dim);
      line_.end_line();
    }
  }
}

void Table::errors() {
  if (assessment_.errors.empty()) {
    return;
  }
  title("Errors", "what could not be read was not judged");
  for (std::size_t i = 0; i < shown(assessment_.errors.size()); ++i) {
    const Error& error = assessment_.errors[i];
    line_.indent_to(2);
    line_.put("✖ ", Ink::Critical);
    line_.wrap(shortened(error.to_string(), 2 * kTextBytesMax), 4);
    line_.end_line();
    if (!error.hint.empty()) {
      line_.indent_to(4);
      line_.wrap(shortened(error.hint, kTextBytesMax), 4, Ink::Dim);
      line_.end_line();
    }
  }
  more(assessment_.errors.size(), "errors");
}

void Table::figures() {
  if (assessment_.figures.empty()) {
    return;
  }
  constexpr std::size_t kBar = 20;
  title("Figures");
  std::size_t columns = 0;
  const auto label_of = [](const finding::Figure& figure) {
    return figure.scope.empty() ? std::string(figure.title)
                                : fmt::format("{} ({})", figure.title, figure.scope);
  };
  for (const auto& figure : assessment_.figures) {
    columns = std::max(columns, std::min<std::size_t>(label_of(figure).size(), 52));
  }
  for (const auto& figure : assessment_.figures) {
    const Share part = share(figure);
    line_.indent_to(2);
    line_.put_column(label_of(figure), columns + 2);
    if (line_.column() + kBar + 24 <= line_.width()) {
      const std::size_t filled = part.percent * kBar / 100;
      std::string bar;
      for (std::size_t i = 0; i < kBar; ++i) {
        bar += i < filled ? "█" : "░";
      }
      line_.put_column(bar, kBar + 2, figure.good ? Ink::Good : Ink::Medium);
    }
    line_.put(part.known ? fmt::format("{:>3} %  ", part.percent) : "n/a    ", Ink::Bold);
    line_.put(
        fmt::format("{} of {}", number_text(figure.numerator), number_text(figure.denominator)),
        Ink::Dim);
    line_.end_line();
  }
}

void Table::conclusion() {
  line_.blank_line();
  for (std::size_t i = 0; i < shown(assessment_.notes.size()); ++i) {
    paragraph("Note:", 12, shortened(assessment_.notes[i], kTextBytesMax), Ink::Dim);
  }
  std::string bad = severity_text(summary_.by_severity);
  if (summary_.workloads_failing != 0) {
    bad += fmt::format("; {} would be denied", count_text(summary_.workloads_failing, "workload"));
  }
  if (summary_.excepted != 0) {
    bad += fmt::format("; {} accepted by exceptions", number_text(summary_.excepted));
  }
  const Ink ink =
      summary_.findings == 0
          ? Ink::Good
          : ink_of(summary_.rules.empty() ? Severity::Info : summary_.rules.front().severity);
  paragraph("How bad:", 12,
            fmt::format("{}. Exit code {}.", bad, exit_text(assessment_, summary_, options_)), ink);
  if (!summary_.namespaces.empty()) {
    constexpr std::size_t kShown = 5;
    std::string where;
    for (const auto& effect :
         std::span(summary_.namespaces).first(std::min(kShown, summary_.namespaces.size()))) {
      where += fmt::format("{}{} ({})", where.empty() ? "" : "; ",
                           effect.name.empty() ? "no namespace" : shortened(effect.name, 63),
                           severity_text(effect.by_severity));
    }
    if (summary_.namespaces.size() > kShown) {
      where += fmt::format("; and {} more",
                           count_text(summary_.namespaces.size() - kShown, "namespace"));
    }
    paragraph("Where:", 12, where);
  }
  paragraph("What first:", 12, shortened(what_first(assessment_, summary_), 2 * kTextBytesMax),
            Ink::Bold);
}

}  // namespace

bool write_table(const finding::Assessment& assessment, const WriteOptions& options, Sink& sink) {
  Output out(sink);
  Table(assessment, options, out).write();
  return out.finish();
}

}  // namespace tally::report

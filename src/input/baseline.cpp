#include "input/baseline.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <tuple>

#include "base/arena.hpp"
#include "base/file_writer.hpp"
#include "document/json_writer.hpp"
#include "document/read.hpp"
#include "finding/assessment.hpp"
#include "input/config.hpp"
#include "input/internal/strict_reader.hpp"

namespace tally::input {

namespace {

using document::Node;

std::string rule_of(const finding::Check& check) {
  return check.policy.empty() ? fmt::format("{}/{}", check.engine, check.id)
                              : fmt::format("{}/{}/{}", check.engine, check.policy, check.id);
}

BaselineEntry entry_of(const finding::Finding& finding) {
  BaselineEntry entry;
  const finding::Fingerprint print = finding::fingerprint(finding);
  entry.fingerprint.assign(print.begin(), print.end());
  entry.rule = finding.check == nullptr ? std::string{} : rule_of(*finding.check);
  entry.subject = finding.subject == nullptr ? std::string{} : finding.subject->ref.to_string();
  entry.container = finding.container;
  entry.pointer = finding.pointer;
  return entry;
}

void append_member(std::string& out, std::string_view key, std::string_view value) {
  if (!value.empty()) {
    out += out.ends_with('{') ? "" : ",";
    document::append_json_string(out, key);
    out += ':';
    document::append_json_string(out, value);
  }
}

bool is_fingerprint(std::string_view text) {
  return text.size() == std::tuple_size_v<finding::Fingerprint> &&
         text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

Result<BaselineEntry> read_entry(const Node& node, const StrictReader& reader) {
  static constexpr std::array<std::string_view, 5> kKeys = {"fingerprint", "rule", "subject",
                                                            "container", "pointer"};
  TALLY_CHECK(reader.map(node, "a finding of the baseline", kKeys));
  BaselineEntry entry;
  entry.at = reader.position(node.offset());
  for (const document::Member member : node.members()) {
    std::string& field = member.key == "fingerprint" ? entry.fingerprint
                         : member.key == "rule"      ? entry.rule
                         : member.key == "subject"   ? entry.subject
                         : member.key == "container" ? entry.container
                                                     : entry.pointer;
    TALLY_TRY(field, reader.text(member.value, member.key));
  }
  if (!is_fingerprint(entry.fingerprint)) {
    return std::unexpected(reader.error(
        node.offset(), entry.fingerprint.empty()
                           ? std::string("found a finding without 'fingerprint'")
                           : fmt::format("found the fingerprint '{}', expected 64 hex digits",
                                         entry.fingerprint.substr(0, 70))));
  }
  return entry;
}

void sort_by_fingerprint(std::vector<BaselineEntry>& entries) {
  std::ranges::sort(entries, {}, [](const BaselineEntry& entry) {
    return std::tie(entry.fingerprint, entry.rule, entry.subject, entry.container, entry.pointer);
  });
  const auto again = std::ranges::unique(entries, {}, &BaselineEntry::fingerprint);
  entries.erase(again.begin(), again.end());
}

}  // namespace

std::string baseline_text(std::span<const finding::Finding> findings) {
  std::vector<BaselineEntry> entries;
  for (const finding::Finding& finding : findings) {
    if (finding::counts(finding)) {
      entries.push_back(entry_of(finding));
    }
  }
  sort_by_fingerprint(entries);
  std::string text =
      fmt::format(R"({{"apiVersion":"{}","kind":"Baseline","findings":[)", kApiVersion);
  for (std::size_t i = 0; i < entries.size(); ++i) {
    text += i == 0 ? "\n" : ",\n";
    std::string line = "{";
    append_member(line, "fingerprint", entries[i].fingerprint);
    append_member(line, "rule", entries[i].rule);
    append_member(line, "subject", entries[i].subject);
    append_member(line, "container", entries[i].container);
    append_member(line, "pointer", entries[i].pointer);
    text += line + "}";
  }
  text += entries.empty() ? "]}\n" : "\n]}\n";
  return text;
}

Result<void> write_baseline(const std::string& path, std::span<const finding::Finding> findings) {
  const std::string text = baseline_text(findings);
  TALLY_TRY(auto writer, FileWriter::create(path));
  static_cast<void>(writer.write(text));
  return writer.commit();
}

Result<Baseline> read_baseline(const std::string& path) {
  static constexpr std::array<std::string_view, 3> kKeys = {"apiVersion", "kind", "findings"};
  TALLY_TRY(const auto source, document::Source::read_file(path));
  Arena arena;
  TALLY_TRY(const Node root, document::read_one(*source, arena));
  const StrictReader reader(*source);
  TALLY_CHECK(reader.map(root, "a baseline", kKeys));
  const Node* version = root.find("apiVersion");
  const Node* kind = root.find("kind");
  const Node* list = root.find("findings");
  if (version == nullptr || version->text() != kApiVersion || kind == nullptr ||
      kind->text() != "Baseline" || list == nullptr) {
    return std::unexpected(reader.error(
        root.offset(),
        fmt::format("found no baseline, expected 'apiVersion: {}', 'kind: Baseline' and 'findings'",
                    kApiVersion),
        "Write one with --write-baseline."));
  }
  TALLY_CHECK(reader.list(*list, "findings"));
  Baseline baseline;
  baseline.file = path;
  baseline.entries.reserve(list->size());
  for (const Node& item : list->items()) {
    TALLY_TRY(BaselineEntry entry, read_entry(item, reader));
    baseline.entries.push_back(std::move(entry));
  }
  sort_by_fingerprint(baseline.entries);
  return baseline;
}

BaselineMatch apply_baseline(const Baseline& baseline, std::span<const finding::Finding> findings) {
  BaselineMatch match;
  match.known.resize(findings.size());
  std::vector<bool> used(baseline.entries.size());
  for (std::size_t i = 0; i < findings.size(); ++i) {
    const finding::Fingerprint print = finding::fingerprint(findings[i]);
    const std::string_view text(print.data(), print.size());
    const auto at =
        std::ranges::lower_bound(baseline.entries, text, {}, &BaselineEntry::fingerprint);
    if (at != baseline.entries.end() && at->fingerprint == text) {
      match.known[i] = true;
      used[static_cast<std::size_t>(at - baseline.entries.begin())] = true;
    }
  }
  for (std::size_t i = 0; i < used.size(); ++i) {
    if (!used[i]) {
      match.gone.push_back(static_cast<std::uint32_t>(i));
    }
  }
  return match;
}

}  // namespace tally::input

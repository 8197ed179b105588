// `-o json`. Findings and workloads are the bulk: they are rendered by all threads, in chunks, and
// leave in order.
//
// What repeats is rendered once: the texts of a Check (name and title before, remedy, controls and
// references behind), and the subject that neighbouring findings share.
#include <algorithm>
#include <charconv>
#include <condition_variable>
#include <mutex>
#include <unordered_map>

#include "base/parallel.hpp"
#include "report/internal/json_out.hpp"
#include "report/internal/structure.hpp"
#include "report/internal/writers.hpp"

namespace tally::report {

namespace {

using document::append_json_string;
using finding::Finding;

constexpr std::size_t kChunkElements = 128;  // about 0.1 MB of JSON
constexpr std::string_view kSeparator = ",\n    ";

struct CheckJson {
  std::string name;      // "engine":...,"title":...
  std::string remedy;    // the check's remedy, quoted
  std::string controls;  // "controls":[...],"references":[...]
};
using CheckTexts = std::unordered_map<const finding::Check*, CheckJson>;

// Members of an object as JSON without its braces.
template <class Emit>
std::string members(const Emit& emit) {
  StringSink sink;
  Output output(sink);
  JsonOut out(output, 0);
  out.open_object();
  emit(out);
  out.close_object();
  (void)output.finish();
  return sink.text.substr(1, sink.text.size() - 2);
}

CheckTexts render_checks(const std::vector<Finding>& findings) {
  CheckTexts texts;
  const finding::Check* last = nullptr;
  for (const Finding& finding : findings) {
    const finding::Check& check = check_of(finding);
    if (&check == last) {
      continue;
    }
    last = &check;
    const auto [entry, added] = texts.try_emplace(&check);
    if (added) {
      entry->second.name = members([&](JsonOut& out) { emit_rule_name(out, check); });
      append_json_string(entry->second.remedy, check.remedy);
      entry->second.controls = members([&](JsonOut& out) { emit_controls(out, check); });
    }
  }
  return texts;
}

void append_number(std::string& out, std::uint64_t value) {
  std::array<char, 20> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  out.append(digits.data(), static_cast<std::size_t>(end - digits.data()));
}

// Renders the findings of one chunk after another, in the same form as emit_finding().
class ChunkWriter {
 public:
  explicit ChunkWriter(const CheckTexts& checks) : checks_(checks) {}

  void append(std::string& out, const Finding& finding) {
    const CheckJson& check = checks_.find(&check_of(finding))->second;
    const auto id = fingerprint(finding);
    out.append("{\"id\":\"").append(id.data(), id.size()).append("\",").append(check.name);
    append_subject(out, finding);
    append_member(out, ",\"pointer\":", finding.pointer);
    append_location(out, finding.location);
    out.append(",\"verdict\":\"").append(to_text(finding.verdict));
    out.append("\",\"severity\":\"").append(to_text(finding.severity));
    out.append("\",\"mode\":\"").append(to_text(finding.mode)).append("\"");
    append_member(out, ",\"found\":", finding.found);
    append_member(out, ",\"allowed\":", finding.allowed);
    append_member(out, ",\"message\":", finding.message);
    if (finding.remedy.empty()) {
      out.append(",\"remedy\":").append(check.remedy);
    } else {
      append_member(out, ",\"remedy\":", finding.remedy);
    }
    out.append(",").append(check.controls).append(",\"exception\":");
    append_exception(out, finding.exception);
    out += '}';
  }

 private:
  static void append_member(std::string& out, std::string_view key, std::string_view value) {
    out += key;
    append_json_string(out, value);
  }

  void append_subject(std::string& out, const Finding& finding) {
    if (finding.subject == nullptr) {
      out += ",\"subject\":null";
      return;
    }
    if (finding.subject != subject_) {
      subject_ = finding.subject;
      const auto& ref = subject_->ref;
      subject_text_.clear();
      append_member(subject_text_, "\"group\":", ref.group);
      append_member(subject_text_, ",\"version\":", ref.version);
      append_member(subject_text_, ",\"kind\":", ref.kind);
      append_member(subject_text_, ",\"namespace\":", ref.name_space);
      append_member(subject_text_, ",\"name\":", ref.name);
    }
    out.append(",\"subject\":{").append(subject_text_);
    append_member(out, ",\"container\":", finding.container);
    append_member(out, ",\"owner\":", finding.subject->owner);
    out += '}';
  }

  void append_location(std::string& out, const finding::Location& location) {
    if (location.source == nullptr) {
      out += ",\"location\":null";
      return;
    }
    if (location.source != source_) {
      source_ = location.source;
      file_text_.clear();
      append_json_string(file_text_, location.file());
    }
    const Position at = location.position();
    out.append(",\"location\":{\"file\":").append(file_text_).append(",\"line\":");
    append_number(out, at.line);
    out += ",\"column\":";
    append_number(out, at.column);
    out += ",\"document\":";
    append_number(out, location.document);
    append_member(out, ",\"source\":", location.template_source);
    out += '}';
  }

  static void append_exception(std::string& out, const finding::Exception* exception) {
    if (exception == nullptr) {
      out += "null";
      return;
    }
    out.append("{")
        .append(members([&](JsonOut& json) { emit_waiver(json, *exception); }))
        .append("}");
  }

  const CheckTexts& checks_;
  const finding::Subject* subject_ = nullptr;
  const document::Source* source_ = nullptr;
  std::string subject_text_;
  std::string file_text_;
};

// Renders `count` elements by all threads and writes them in order: who has rendered a chunk waits
// for its turn, so that each thread holds one chunk and the sink sees one caller at a time. Chunks
// are handed out in order: the chunk whose turn it is, is always in somebody's hands. render(i,
// writer, text) appends element i; make_writer() gives each chunk its own writer.
template <class MakeWriter, class Render>
void emit_elements(Output& output, std::size_t count, unsigned threads,
                   const MakeWriter& make_writer, const Render& render) {
  const std::size_t chunks = (count + kChunkElements - 1) / kChunkElements;
  std::vector<std::string> texts(std::max(1U, threads));
  std::mutex mutex;
  std::condition_variable turn_changed;
  std::size_t turn = 0;
  bool open = output.is_open();
  output.flush();
  parallel_for(chunks, threads, [&](std::size_t chunk, unsigned worker) {
    std::string& text = texts[worker];
    text.clear();
    auto writer = make_writer();
    const std::size_t end = std::min(count, (chunk + 1) * kChunkElements);
    for (std::size_t i = chunk * kChunkElements; i < end; ++i) {
      text += i == 0 ? kSeparator.substr(1) : kSeparator;
      render(i, writer, text);
    }
    std::unique_lock lock(mutex);
    turn_changed.wait(lock, [&] { return turn == chunk; });
    if (open) {
      output.write_through(text);
      open = output.is_open();
    }
    turn = chunk + 1;
    turn_changed.notify_all();
  });
}

void emit_findings(Output& output, const std::vector<Finding>& findings, unsigned threads) {
  const CheckTexts checks = render_checks(findings);
  emit_elements(
      output, findings.size(), threads, [&] { return ChunkWriter(checks); },
      [&](std::size_t i, ChunkWriter& writer, std::string& text) {
        writer.append(text, findings[i]);
      });
}

// One element at a time through the common form.
class WorkloadWriter {
 public:
  WorkloadWriter() : output_(sink_) {}
  WorkloadWriter(const WorkloadWriter&) = delete;
  WorkloadWriter& operator=(const WorkloadWriter&) = delete;

  void append(std::string& text, const finding::WorkloadVerdict& workload) {
    sink_.text.clear();
    JsonOut out(output_, 0);
    emit_workload(out, workload);
    output_.flush();
    text += sink_.text;
  }

 private:
  StringSink sink_;
  Output output_;
};

void emit_workload_verdicts(Output& output, const std::vector<finding::WorkloadVerdict>& workloads,
                            unsigned threads) {
  emit_elements(
      output, workloads.size(), threads, [] { return WorkloadWriter(); },
      [&](std::size_t i, WorkloadWriter& writer, std::string& text) {
        writer.append(text, workloads[i]);
      });
}

}  // namespace

bool write_json(const finding::Assessment& assessment, const WriteOptions& options, Sink& sink) {
  Output output(sink);
  JsonOut out(output, 2);
  emit_assessment(
      out, assessment, options,
      [&] {
        emit_findings(output, assessment.findings, options.threads);
        out.elements_written(!assessment.findings.empty());
      },
      [&] {
        emit_workload_verdicts(output, assessment.workloads, options.threads);
        out.elements_written(!assessment.workloads.empty());
      });
  output.append("\n");
  return output.finish();
}

}  // namespace tally::report

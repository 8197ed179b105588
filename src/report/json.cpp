// `-o json`. Findings and workloads are the bulk: they are rendered by all threads, in chunks, and
// leave in order.
//
// What repeats is rendered once: the texts of a Check (name and title before, remedy, controls and
// references behind), and the subject that neighbouring findings share.
#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <unordered_map>

#include "base/parallel.hpp"
#include "report/internal/byte_buffer.hpp"
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

CheckJson render_check(const finding::Check& check) {
  CheckJson text;
  text.name = members([&](JsonOut& out) { emit_rule_name(out, check); });
  append_json_string(text.remedy, check.remedy);
  text.controls = members([&](JsonOut& out) { emit_controls(out, check); });
  return text;
}

// Renders one element after another, in the same form as emit_finding() and emit_workload(). One
// per thread: it remembers what it has rendered.
class ElementWriter {
 public:
  void append(ByteBuffer& out, const Finding& finding) {
    const CheckJson& check = text_of(check_of(finding));
    const auto id = fingerprint(finding);
    out.append("{\"id\":\"");
    out.append({id.data(), id.size()});
    out.append("\",");
    out.append(check.name);
    append_subject(out, finding.subject, finding.container);
    append_member(out, ",\"pointer\":", finding.pointer);
    append_location(out, finding.location);
    out.append(",\"verdict\":\"");
    out.append(to_text(finding.verdict));
    out.append("\",\"severity\":\"");
    out.append(to_text(finding.severity));
    out.append("\",\"mode\":\"");
    out.append(to_text(finding.mode));
    append_member(out, "\",\"found\":", finding.found);
    append_member(out, ",\"allowed\":", finding.allowed);
    append_member(out, ",\"message\":", finding.message);
    if (finding.remedy.empty()) {
      out.append(",\"remedy\":");
      out.append(check.remedy);
    } else {
      append_member(out, ",\"remedy\":", finding.remedy);
    }
    out.append(",");
    out.append(check.controls);
    out.append(",\"exception\":");
    append_exception(out, finding.exception);
    out.append('}');
  }

  void append(ByteBuffer& out, const finding::WorkloadVerdict& workload) {
    out.append('{');
    append_subject(out, workload.subject, {}, "\"subject\":");
    append_location(out, workload.location);
    append_member(out, ",\"level\":", workload.level);
    append_member(out, ",\"version\":", workload.version);
    append_member(out, ",\"meets\":", workload.meets);
    append_member(out, ",\"tier\":", workload.tier);
    out.append(workload.allowed ? ",\"allowed\":true" : ",\"allowed\":false");
    append_member(out, ",\"message\":", workload.message);
    out.append('}');
  }

 private:
  // Neighbouring findings often come from the same few checks.
  const CheckJson& text_of(const finding::Check& check) {
    if (&check != check_) {
      check_ = &check;
      const auto [entry, added] = checks_.try_emplace(&check);
      if (added) {
        entry->second = render_check(check);
      }
      check_text_ = &entry->second;
    }
    return *check_text_;
  }

  static void append_member(ByteBuffer& out, std::string_view key, std::string_view value) {
    out.append(key);
    out.append_quoted(value);
  }

  void append_subject(ByteBuffer& out, const finding::Subject* subject, std::string_view container,
                      std::string_view key = ",\"subject\":") {
    out.append(key);
    if (subject == nullptr) {
      out.append("null");
      return;
    }
    if (subject != subject_) {
      subject_ = subject;
      const auto& ref = subject_->ref;
      subject_text_.clear();
      append_member(subject_text_, "{\"group\":", ref.group);
      append_member(subject_text_, ",\"version\":", ref.version);
      append_member(subject_text_, ",\"kind\":", ref.kind);
      append_member(subject_text_, ",\"namespace\":", ref.name_space);
      append_member(subject_text_, ",\"name\":", ref.name);
    }
    out.append(subject_text_.text());
    append_member(out, ",\"container\":", container);
    append_member(out, ",\"owner\":", subject->owner);
    out.append('}');
  }

  void append_location(ByteBuffer& out, const finding::Location& location) {
    if (location.source == nullptr) {
      out.append(",\"location\":null");
      return;
    }
    if (location.source != source_) {
      source_ = location.source;
      file_text_.clear();
      append_member(file_text_, ",\"location\":{\"file\":", location.file());
    }
    const Position at = location.position();
    out.append(file_text_.text());
    out.append(",\"line\":");
    out.append_number(at.line);
    out.append(",\"column\":");
    out.append_number(at.column);
    out.append(",\"document\":");
    out.append_number(location.document);
    append_member(out, ",\"source\":", location.template_source);
    out.append('}');
  }

  static void append_exception(ByteBuffer& out, const finding::Exception* exception) {
    if (exception == nullptr) {
      out.append("null");
      return;
    }
    out.append('{');
    out.append(members([&](JsonOut& json) { emit_waiver(json, *exception); }));
    out.append('}');
  }

  std::unordered_map<const finding::Check*, CheckJson> checks_;
  const finding::Check* check_ = nullptr;
  const CheckJson* check_text_ = nullptr;
  const finding::Subject* subject_ = nullptr;
  const document::Source* source_ = nullptr;
  ByteBuffer subject_text_;
  ByteBuffer file_text_;
};

// Renders the elements by all threads and writes them in order: who has rendered a chunk waits
// for its turn, so that each thread holds one chunk and the sink sees one caller at a time. Chunks
// are handed out in order: the chunk whose turn it is, is always in somebody's hands.
template <class Element>
void emit_elements(Output& output, const std::vector<Element>& elements, unsigned threads) {
  const std::size_t count = elements.size();
  const std::size_t chunks = (count + kChunkElements - 1) / kChunkElements;
  std::vector<ByteBuffer> texts(std::max(1U, threads));
  std::vector<ElementWriter> writers(texts.size());
  std::mutex mutex;
  std::condition_variable turn_changed;
  std::size_t turn = 0;
  bool open = output.is_open();
  output.flush();
  parallel_for(chunks, threads, [&](std::size_t chunk, unsigned worker) {
    ByteBuffer& text = texts[worker];
    text.clear();
    ElementWriter& writer = writers[worker];
    const std::size_t end = std::min(count, (chunk + 1) * kChunkElements);
    for (std::size_t i = chunk * kChunkElements; i < end; ++i) {
      text.append(i == 0 ? kSeparator.substr(1) : kSeparator);
      writer.append(text, elements[i]);
    }
    std::unique_lock lock(mutex);
    turn_changed.wait(lock, [&] { return turn == chunk; });
    if (open) {
      output.write_through(text.text());
      open = output.is_open();
    }
    turn = chunk + 1;
    turn_changed.notify_all();
  });
}

}  // namespace

bool write_json(const finding::Assessment& assessment, const WriteOptions& options, Sink& sink) {
  Output output(sink);
  JsonOut out(output, 2);
  emit_assessment(
      out, assessment, options,
      [&] {
        emit_elements(output, assessment.findings, options.threads);
        out.elements_written(!assessment.findings.empty());
      },
      [&] {
        emit_elements(output, assessment.workloads, options.threads);
        out.elements_written(!assessment.workloads.empty());
      });
  output.append("\n");
  return output.finish();
}

}  // namespace tally::report

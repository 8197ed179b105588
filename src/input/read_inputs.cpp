#include "input/read_inputs.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <iterator>
#include <optional>
#include <unordered_set>
#include <utility>

#include "base/memory.hpp"
#include "base/parallel.hpp"
#include "input/file_walk.hpp"
#include "input/folder_marks.hpp"
#include "input/internal/sort_out.hpp"
#include "kube/objects.hpp"

namespace tally::input {

namespace {

using document::Document;
using document::DocumentError;
using document::Slice;
using document::Source;
using finding::Skipped;

// Documents are handed to workers in runs of about this many bytes: small enough to share, large
// enough not to notice.
constexpr std::uint32_t kChunkBytes = 256U << 10U;
// A file of broken documents must not fill the memory with complaints.
constexpr std::size_t kErrorsOfFileMax = 1000;

struct FileRead {
  std::shared_ptr<const Source> source;
  std::vector<Slice> slices;
  std::optional<Skipped> skipped;
  std::optional<Error> error;
  bool in_chart = false;
};

struct Chunk {
  std::uint32_t file = 0;
  std::uint32_t first = 0;  // slices [first, last) of the file
  std::uint32_t last = 0;
};

struct ChunkRead {
  std::vector<kube::Object> objects;
  std::vector<kube::NotAnObject> rejected;
  std::vector<DocumentError> errors;
  std::vector<PastedText> pasted;  // `object` counts within the chunk
  std::uint32_t documents = 0;
};

// One per thread, on cache lines of its own.
struct alignas(128) Worker {
  std::unique_ptr<Arena> arena = std::make_unique<Arena>(std::size_t{64} << 10U);
  std::vector<Document> documents;
};

Result<std::shared_ptr<const Source>> read_source(const WalkedFile& file, std::size_t bytes_max) {
  if (file.path == kStandardInput) {
    return Source::read_descriptor(STDIN_FILENO, "<stdin>", bytes_max);
  }
  // The shell's <(helm template ...) is a pipe with a writer: it can be read where a pipe that
  // merely lies there would hang.
  if (file.named &&
      (file.path.starts_with("/dev/fd/") || file.path.starts_with("/proc/self/fd/"))) {
    const int descriptor = ::open(file.path.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor >= 0) {
      auto source = Source::read_descriptor(descriptor, file.path, bytes_max);
      static_cast<void>(::close(descriptor));
      return source;
    }
  }
  return Source::read_file(file.path, bytes_max);
}

Skipped whole_file(const std::string& path, Skipped::Kind kind, std::string reason) {
  return {.kind = kind,
          .file = path,
          .document = 0,
          .at = {},
          .subject = {},
          .reason = std::move(reason)};
}

FileRead read_file(const WalkedFile& file, const FolderMarks& marks, const InputOptions& options) {
  FileRead read;
  auto mark = file.path == kStandardInput ? std::nullopt : marks.mark_of(file.path);
  // Who names a file of a policy test wants it judged; a template is judged if there is nothing to
  // build.
  const bool look_first =
      mark && file.named && (mark->helm_template || mark->kind == Skipped::Kind::TestData);
  if (mark && !look_first) {
    read.skipped = whole_file(file.path, mark->kind, std::move(mark->reason));
    return read;
  }
  auto source = read_source(file, options.file_bytes_max);
  if (!source) {
    read.error = std::move(source).error();
    if (read.error->file.empty()) {
      read.error->file = file.path;
    }
    return read;
  }
  if (look_first && mark->helm_template && (*source)->text().find("{{") != std::string_view::npos) {
    read.skipped = whole_file(file.path, mark->kind, std::move(mark->reason));
    return read;
  }
  read.source = std::move(*source);
  read.slices = document::split(*read.source);
  read.in_chart = file.path != kStandardInput && marks.is_in_chart(file.path);
  return read;
}

std::vector<Chunk> chunks_of(const std::vector<FileRead>& files) {
  std::vector<Chunk> chunks;
  for (std::size_t i = 0; i < files.size(); ++i) {
    const std::vector<Slice>& slices = files[i].slices;
    for (std::size_t first = 0; first < slices.size();) {
      std::size_t last = first + 1;
      while (last < slices.size() && slices[last].end - slices[first].begin <= kChunkBytes) {
        ++last;
      }
      chunks.push_back({static_cast<std::uint32_t>(i), static_cast<std::uint32_t>(first),
                        static_cast<std::uint32_t>(last)});
      first = last;
    }
  }
  return chunks;
}

// Four words at a time, without an early exit: nearly every document is ASCII to its end.
bool is_ascii(std::string_view text) {
  std::array<std::uint64_t, 4> words{};
  std::uint64_t all = 0;
  std::size_t at = 0;
  for (; at + sizeof(words) <= text.size(); at += sizeof(words)) {
    std::memcpy(words.data(), text.data() + at, sizeof(words));
    all |= words[0] | words[1] | words[2] | words[3];
  }
  for (; at < text.size(); ++at) {
    all |= static_cast<unsigned char>(text[at]);
  }
  return (all & 0x8080808080808080ULL) == 0;
}

bool is_nameless(const kube::Object& object) {
  return object.item == 0 && object.ref.name.empty() &&
         object.metadata.find("generateName") == nullptr;
}

void add_pasted(const Source& source, std::uint32_t ordinal, std::vector<PastedDiagnosis> diagnoses,
                bool readable, std::int64_t object, ChunkRead& read) {
  for (PastedDiagnosis& diagnosis : diagnoses) {
    read.pasted.push_back({.source = &source,
                           .document = ordinal,
                           .diagnosis = std::move(diagnosis),
                           .readable = readable,
                           .object = object});
  }
}

void take_document(const Source& source, const Document& document, ChunkRead& read) {
  const std::size_t objects_before = read.objects.size();
  const std::size_t rejected_before = read.rejected.size();
  kube::append_objects(document, source, read.objects, read.rejected);
  const bool one_object =
      read.objects.size() == objects_before + 1 && read.rejected.size() == rejected_before;
  const auto object = one_object ? static_cast<std::int64_t>(objects_before) : -1;
  if (one_object && is_nameless(read.objects.back())) {
    add_pasted(source, document.ordinal,
               diagnose_text(source, document.begin, document.end, &document.root), true, object,
               read);
  } else if (read.rejected.size() == rejected_before + 1 && read.rejected.back().pointer.empty()) {
    using enum kube::Resemblance;
    const kube::Resemblance resemblance = read.rejected.back().resemblance;
    if (resemblance == Nothing || resemblance == Scalar || resemblance == PlainList) {
      add_pasted(source, document.ordinal,
                 diagnose_text(source, document.begin, document.end, &document.root), true, -1,
                 read);
    }
  } else if (!is_ascii(source.text().substr(document.begin, document.end - document.begin))) {
    add_pasted(source, document.ordinal, diagnose_values(source, document.root), true, object,
               read);
  }
}

// The true cause takes the place of what the reader stumbled over; its words stay as a hint.
Error error_with_cause(const DocumentError& broken, const Source& source,
                       const std::vector<PastedDiagnosis>& diagnoses) {
  Error error = broken.error;
  error.file = source.name();
  if (diagnoses.empty() || error.kind != ErrorKind::Content) {
    return error;
  }
  const PastedDiagnosis& cause = diagnoses.front();
  std::string hint = fmt::format("{} (The reader stopped at line {}, column {}: {}.)", cause.remedy,
                                 error.at.line, error.at.column, error.message);
  error.message = cause.message;
  error.at = source.position(cause.offset);
  error.hint = std::move(hint);
  return error;
}

void read_chunk(const FileRead& file, const Chunk& chunk, const document::ReadOptions& options,
                Worker& worker, ChunkRead& read) {
  const Source& source = *file.source;
  for (std::uint32_t i = chunk.first; i < chunk.last; ++i) {
    worker.documents.clear();
    const std::size_t errors_before = read.errors.size();
    document::read_slice(source, file.slices[i], *worker.arena, options, worker.documents,
                         read.errors);
    for (const Document& document : worker.documents) {
      take_document(source, document, read);
    }
    read.documents +=
        static_cast<std::uint32_t>(worker.documents.size() + read.errors.size() - errors_before);
    for (std::size_t e = errors_before; e < read.errors.size(); ++e) {
      DocumentError& broken = read.errors[e];
      auto diagnoses = diagnose_text(source, broken.begin, broken.end, nullptr);
      broken.error = error_with_cause(broken, source, diagnoses);
      add_pasted(source, broken.ordinal, std::move(diagnoses), false, -1, read);
    }
    if (read.errors.size() > kErrorsOfFileMax) {
      read.errors.resize(kErrorsOfFileMax +
                         1);  // one more than is shown, so that the rest is known to exist
    }
  }
}

void join_errors(const Source& source, const WalkedFile& walked, ChunkRead& read,
                 std::size_t& errors_of_file, Inputs& inputs) {
  // A broken file of another tool that merely lies in the folder is no input that failed.
  const std::string_view tool =
      walked.named ? std::string_view{} : tool_of_file_name(source.name());
  for (DocumentError& broken : read.errors) {
    if (!tool.empty()) {
      inputs.skipped.push_back({.kind = Skipped::Kind::NotAnObject,
                                .file = source.name(),
                                .document = broken.ordinal,
                                .at = broken.error.at,
                                .subject = {},
                                .reason = fmt::format("{}, no Kubernetes object", tool)});
    } else if (++errors_of_file <= kErrorsOfFileMax) {
      inputs.errors.push_back(std::move(broken.error));
    } else if (errors_of_file == kErrorsOfFileMax + 1) {
      inputs.errors.push_back(
          {.kind = ErrorKind::Limit,
           .message =
               fmt::format("more than {} documents cannot be read; the others are not listed",
                           kErrorsOfFileMax),
           .file = source.name(),
           .at = broken.error.at,
           .hint = {}});
    }
  }
  if (tool.empty()) {
    const auto base = static_cast<std::int64_t>(inputs.objects.size());
    for (PastedText& pasted : read.pasted) {
      pasted.object += pasted.object < 0 ? 0 : base;
      inputs.pasted.push_back(std::move(pasted));
    }
  }
}

// Puts the parts together in the order of the input and frees them on the way.
void join(std::vector<FileRead>& files, const Walk& walk, const std::vector<Chunk>& chunks,
          std::vector<ChunkRead>& reads, const InputOptions& options, Inputs& inputs) {
  std::size_t objects = 0;
  for (const ChunkRead& read : reads) {
    objects += read.objects.size();
  }
  inputs.objects.reserve(objects);
  advise_huge_pages(inputs.objects.data(), objects * sizeof(kube::Object));
  std::size_t next = 0;
  for (std::size_t i = 0; i < files.size(); ++i) {
    FileRead& file = files[i];
    if (file.skipped) {
      inputs.skipped.push_back(std::move(*file.skipped));
    }
    if (file.error) {
      inputs.errors.push_back(std::move(*file.error));
    }
    if (file.source == nullptr) {
      continue;
    }
    const Source& source = *file.source;
    finding::InputSource row;
    row.source = &source;
    row.name = source.name();
    row.bytes = source.text().size();
    row.reader = options.read.reader == document::YamlReader::Fast ? "fast" : "libyaml";
    std::size_t errors_of_file = 0;
    for (; next < chunks.size() && chunks[next].file == i; ++next) {
      ChunkRead read = std::exchange(reads[next], {});
      join_errors(source, walk.files[i], read, errors_of_file, inputs);
      row.documents += read.documents;
      row.objects += static_cast<std::uint32_t>(read.objects.size());
      inputs.objects.insert(inputs.objects.end(), read.objects.begin(), read.objects.end());
      for (const kube::NotAnObject& rejected : read.rejected) {
        inputs.skipped.push_back(skipped_document(rejected, source, file.in_chart));
      }
    }
    if (row.documents == 0) {
      inputs.skipped.push_back(
          whole_file(source.name(), Skipped::Kind::NotAnObject,
                     row.bytes == 0 ? "the file is empty"
                                    : "the file holds no document, only blanks and comments"));
    }
    inputs.totals.documents += row.documents;
    inputs.totals.bytes += row.bytes;
    inputs.files.push_back(std::move(row));
    inputs.sources.push_back(std::move(file.source));
  }
}

}  // namespace

Inputs read_inputs(const InputOptions& options) {
  kube::load_api_kinds();
  Inputs inputs;
  Walk walk = walk_paths(options.paths, {.exclude = options.exclude,
                                         .enter_test_folders = options.enter_test_folders,
                                         .files_max = WalkOptions{}.files_max,
                                         .depth_max = WalkOptions{}.depth_max});
  const FolderMarks marks = FolderMarks::read(walk, options.read);
  inputs.skipped = std::move(walk.skipped);
  inputs.errors = std::move(walk.errors);

  std::atomic<std::size_t> files_done{0};
  std::atomic<std::uint64_t> bytes_done{0};
  std::uint64_t bytes_total = 0;
  const auto report = [&](unsigned worker) {
    if (worker == 0 && options.progress) {
      options.progress({.files_done = files_done.load(),
                        .files_total = walk.files.size(),
                        .bytes_done = bytes_done.load(),
                        .bytes_total = bytes_total});
    }
  };
  std::vector<FileRead> files(walk.files.size());
  parallel_for(files.size(), options.threads, [&](std::size_t index, unsigned worker) {
    files[index] = read_file(walk.files[index], marks, options);
    files_done.fetch_add(1);
    report(worker);
  });
  for (const std::shared_ptr<const Source>& source : options.sources) {
    walk.files.push_back({.path = std::string(source->name()), .named = true});
    FileRead& file = files.emplace_back();
    file.source = source;
    file.slices = document::split(*source);
  }
  for (const FileRead& file : files) {
    bytes_total += file.source == nullptr ? 0 : file.source->text().size();
  }

  const std::vector<Chunk> chunks = chunks_of(files);
  std::vector<ChunkRead> reads(chunks.size());
  std::vector<Worker> workers(std::max(1U, options.threads));
  parallel_for(chunks.size(), options.threads, [&](std::size_t index, unsigned worker) {
    const Chunk& chunk = chunks[index];
    const FileRead& file = files[chunk.file];
    read_chunk(file, chunk, options.read, workers[worker], reads[index]);
    bytes_done.fetch_add(file.slices[chunk.last - 1].end - file.slices[chunk.first].begin);
    report(worker);
  });

  // What the user named is not test data, whatever lies beside it.
  std::unordered_set<const Source*> named;
  for (std::size_t i = 0; i < files.size(); ++i) {
    if (walk.files[i].named) {
      named.insert(files[i].source.get());
    }
  }
  join(files, walk, chunks, reads, options, inputs);
  for (Worker& worker : workers) {
    inputs.arenas.push_back(std::move(worker.arena));
  }
  sort_out_objects(inputs, [&](const Source* source) {
    return named.contains(source) ? std::string_view{} : marks.policy_test_above(source->name());
  });
  inputs.exceptions = exceptions_in(inputs.objects, options.default_namespace, options.threads);
  FoundExceptions of_files = exceptions_in(inputs.file_objects, options.default_namespace);
  std::ranges::move(of_files.exceptions, std::back_inserter(inputs.exceptions.exceptions));
  std::ranges::move(of_files.problems, std::back_inserter(inputs.exceptions.problems));
  inputs.totals.objects = inputs.objects.size();
  return inputs;
}

}  // namespace tally::input

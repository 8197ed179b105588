// `tally network query --compat network-config-analyzer SCHEME...`: the queries of scheme files, as
// that tool answers them. Exit code: 0 if every answer is what its scheme expects, 1 if not, 2 if
// one cannot be given.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

#include "base/arena.hpp"
#include "document/json_writer.hpp"
#include "document/read.hpp"
#include "document/source.hpp"
#include "output.hpp"
#include "reachability/query/run_scheme.hpp"
#include "verb_network.hpp"

namespace tally::app {
namespace {

namespace fs = std::filesystem;
namespace query = reachability::query;

constexpr std::string_view kBelow = "**";  // behind a folder: and all folders below it

bool is_manifest(const fs::path& path) {
  const std::string extension = path.extension().string();
  return extension == ".yaml" || extension == ".yml" || extension == ".json";
}

template <class Iterator>
Result<std::vector<std::string>> list(const fs::path& folder) {
  std::vector<std::string> files;
  std::error_code error;
  for (auto at = Iterator(folder, error); !error && at != Iterator(); at.increment(error)) {
    if (is_manifest(at->path()) && at->is_regular_file(error)) {
      files.push_back(at->path().string());
    }
  }
  if (error) {
    return environment_error(folder.string() + ": " + error.message());
  }
  std::ranges::sort(files);
  return files;
}

// Documents of files, which it keeps.
class Files {
 public:
  explicit Files(const NetworkFlags& flags) : flags_(flags) {}

  Result<std::vector<query::LoadedDocument>> read_file(const std::string& path) {
    TALLY_TRY(auto source, document::Source::read_file(path));
    std::vector<document::Document> documents;
    std::vector<document::DocumentError> errors;
    for (const document::Slice& slice : document::split(*source)) {
      document::read_slice(*source, slice, arena_, {}, documents, errors);
    }
    for (const document::DocumentError& error : errors) {
      print_warning(flags_, error.error.to_string());
    }
    std::vector<query::LoadedDocument> loaded;
    for (const document::Document& document : documents) {
      loaded.push_back({.source = source.get(), .root = document.root});
    }
    sources_.push_back(std::move(source));
    return loaded;
  }

  // A file, the files of a folder, or "folder/**".
  Result<std::vector<query::LoadedDocument>> read(const fs::path& path) {
    const bool is_deep = path.filename() == kBelow;
    const fs::path place = is_deep ? path.parent_path() : path;
    std::vector<std::string> files{place.string()};
    std::error_code error;
    if (fs::is_directory(place, error)) {
      auto found = is_deep ? list<fs::recursive_directory_iterator>(place)
                           : list<fs::directory_iterator>(place);
      if (!found) {
        return std::unexpected(std::move(found).error());
      }
      files = std::move(*found);
    }
    std::vector<query::LoadedDocument> all;
    for (const std::string& file : files) {
      TALLY_TRY(auto documents, read_file(file));
      all.insert(all.end(), documents.begin(), documents.end());
    }
    return all;
  }

 private:
  const NetworkFlags& flags_;
  Arena arena_;
  std::vector<std::shared_ptr<const document::Source>> sources_;
};

void append_texts(std::string& out, const char* key, const std::vector<std::string>& texts) {
  out += fmt::format(",\"{}\":[", key);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    out += i == 0 ? "" : ",";
    document::append_json_string(out, texts[i]);
  }
  out += ']';
}

std::string to_json(const query::QueryResult& result) {
  std::string out = "{\"name\":";
  document::append_json_string(out, result.name);
  std::vector<std::string> kinds;
  for (const query::QueryKind kind : result.kinds) {
    kinds.emplace_back(query::to_text(kind));
  }
  append_texts(out, "kinds", kinds);
  out += fmt::format(",\"result\":{},\"not_executed\":{},\"as_expected\":{}", result.number,
                     result.not_executed, result.is_as_expected);
  out += ",\"expected\":" + (result.expected ? std::to_string(*result.expected) : "null");
  out += ",\"expected_output\":";
  document::append_json_string(out, result.expected_output);
  out += ",\"output\":";
  document::append_json_string(out, result.output);
  out += ",\"error\":";
  document::append_json_string(out, result.error);
  return out + "}";
}

std::string to_text(const query::QueryResult& result) {
  std::string out = fmt::format("{}: {}", result.name, result.number);
  if (!result.error.empty()) {
    return out + ", error: " + result.error + "\n";
  }
  out += result.is_as_expected ? "\n" : ", which is not what the scheme expects\n";
  if (!result.output.empty()) {
    out += result.output + "\n";
  }
  return out;
}

}  // namespace

int run_network_scheme(const NetworkFlags& flags) {
  bool is_good = true;
  bool is_whole = true;
  std::string out;
  const bool is_json = flags.output == "json";
  for (const std::string& path : flags.paths) {
    Files files(flags);
    auto documents = files.read_file(path);
    if (!documents) {
      return fail_network(flags, documents.error().to_string());
    }
    auto scheme = documents->empty() ? content_error("the file is empty")
                                     : query::read_scheme(documents->front().root);
    if (!scheme) {
      return fail_network(flags, path + ": " + scheme.error().to_string());
    }
    const fs::path folder = fs::path(path).parent_path();
    const std::vector<query::QueryResult> results = query::run_scheme(
        *scheme, [&](std::string_view name) { return files.read(folder / fs::path(name)); });
    if (is_json) {
      out += out.empty() ? "[" : ",";
      out += "{\"scheme\":";
      document::append_json_string(out, path);
      out += ",\"queries\":[";
    }
    for (const query::QueryResult& result : results) {
      is_good = is_good && result.is_as_expected;
      is_whole = is_whole && result.error.empty();
      out += is_json ? (&result == results.data() ? "" : ",") + to_json(result) : to_text(result);
    }
    out += is_json ? "]}" : "";
  }
  static_cast<void>(print(is_json ? out + "]\n" : out));
  return !is_whole ? 2 : is_good ? 0 : 1;
}

}  // namespace tally::app

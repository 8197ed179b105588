// Runs Istio's authorization tests through the library.
//
//   istio-authz_conformance [--skips FILE] [--score FILE] DIR
//
// --skips: lines `NAME REASON`. --score: a line `istio-authz N`: fewer passes than N are a failure.
#include "conformance.hpp"

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <sstream>

#include "document/json_writer.hpp"
#include "kube/api_kinds.hpp"
#include "kube/objects.hpp"

namespace tally::conformance {

Report::Count& Report::count_of(const std::string& name) {
  return counts_[name.substr(0, name.find_first_of("/#"))];
}

void Report::compare(const std::string& name, const std::string& expected,
                     const std::string& actual) {
  if (const auto skipped = skips_.find(name); skipped != skips_.end()) {
    skip(name, skipped->second);
  } else if (expected == actual) {
    ++count_of(name).passed;
  } else {
    ++count_of(name).failed;
    std::cout << "FAILED: " << name << "\n  expected: " << expected << "\n  actual: " << actual
              << '\n';
  }
}

void Report::skip(const std::string& name, const std::string& reason) {
  ++count_of(name).skipped;
  std::cout << "skipped: " << name << ": " << reason << '\n';
}

int Report::finish(int committed) {
  Count all;
  for (const auto& [folder, count] : counts_) {
    std::cout << folder << ": " << count.passed << " passed, " << count.failed << " failed, "
              << count.skipped << " skipped\n";
    all.passed += count.passed;
    all.failed += count.failed;
    all.skipped += count.skipped;
  }
  const bool has_dropped = all.passed < committed;
  if (has_dropped) {
    std::cout << "The count dropped: " << all.passed << " passed, the score says " << committed
              << ".\n";
  } else if (committed >= 0 && all.passed > committed) {
    std::cout << "The count rose: write `istio-authz " << all.passed << "` into the score (it says "
              << committed << ").\n";
  }
  if (counts_.empty()) {
    std::cout << "No case found.\n";
  }
  std::cout << all.passed << " passed, " << all.failed << " failed, " << all.skipped
            << " skipped\n";
  return all.failed == 0 && !has_dropped && !counts_.empty() ? 0 : 1;
}

File::File(const std::filesystem::path& path) {
  auto source = document::Source::read_file(path.string());
  if (!source) {
    std::cerr << path << ": " << source.error().to_string() << '\n';
    std::exit(2);
  }
  source_ = *source;
  std::vector<document::Document> documents;
  std::vector<document::DocumentError> errors;
  for (const document::Slice& slice : document::split(*source_)) {
    document::read_slice(*source_, slice, arena_, {}, documents, errors);
  }
  for (const document::DocumentError& error : errors) {
    std::cerr << path << ": " << error.error.to_string() << '\n';
    std::exit(2);
  }
  for (const document::Document& document : documents) {
    roots_.push_back(document.root);
  }
}

const document::Node& File::root() const {
  static const document::Node kNull;
  return roots_.empty() ? kNull : roots_.front();
}

std::string_view text_of(const document::Node& object, std::string_view key) {
  return member(object, key).text();
}

const document::Node& member(const document::Node& object, std::string_view key) {
  static const document::Node kNull;
  const document::Node* found = object.find(key);
  return found != nullptr ? *found : kNull;
}

std::vector<kube::Object> objects_of(const std::vector<document::Node>& roots,
                                     const document::Source* source) {
  std::vector<kube::Object> out;
  for (const document::Node& root : roots) {
    if (auto object = kube::object_from_node(root, source)) {
      out.push_back(*object);
    }
  }
  return out;
}

std::string json_of(const document::Node& node) {
  std::string out;
  document::append_canonical_json(out, node);
  return out;
}

namespace {

std::map<std::string, std::string> read_skips(const std::string& path) {
  std::map<std::string, std::string> out;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    const std::size_t space = line.find(' ');
    if (!line.empty() && !line.starts_with('#') && space != std::string::npos) {
      out[line.substr(0, space)] = line.substr(space + 1);
    }
  }
  return out;
}

int read_score(const std::string& path) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string suite;
    int count = 0;
    if (words >> suite >> count && suite == "istio-authz") {
      return count;
    }
  }
  return 0;
}

int run(int argc, char** argv) {
  std::map<std::string, std::string> skips;
  int committed = -1;
  std::filesystem::path root;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument == "--skips" && i + 1 < argc) {
      skips = read_skips(argv[++i]);
    } else if (argument == "--score" && i + 1 < argc) {
      committed = read_score(argv[++i]);
    } else {
      root = argument;
    }
  }
  if (!std::filesystem::is_directory(root)) {
    std::cerr << "usage: istio-authz_conformance [--skips FILE] [--score FILE] DIR\n";
    return 2;
  }
  kube::load_api_kinds();
  Report report(std::move(skips));
  run_decisions(root, report);
  run_tables(root, report);
  run_ambient(root, report);
  run_validation(root, report);
  run_envoy(root, report);
  return report.finish(committed);
}

}  // namespace
}  // namespace tally::conformance

int main(int argc, char** argv) { return tally::conformance::run(argc, argv); }

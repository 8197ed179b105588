// Our readers against kubectl's: tests/reference/yaml/compare prepares the expectations and runs
// this.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "document/read.hpp"

namespace tally::document {
namespace {

void append_text(std::string& out, std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  out += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20) {
      out += "\\u00";
      out += kHex[byte >> 4U];
      out += kHex[byte & 0xFU];
    } else {
      out += c;
    }
  }
  out += '"';
}

// Members sorted by key: Go's maps have no order.
void append_canonical(std::string& out, const Node& node) {
  switch (node.kind()) {
    case NodeKind::Null:
      out += "null";
      return;
    case NodeKind::Bool:
      out += node.boolean() ? "true" : "false";
      return;
    case NodeKind::Number:
      out += node.text();
      return;
    case NodeKind::String:
      append_text(out, node.text());
      return;
    case NodeKind::Array:
      out += '[';
      for (std::size_t i = 0; i < node.size(); ++i) {
        out += i > 0 ? "," : "";
        append_canonical(out, node.items()[i]);
      }
      out += ']';
      return;
    case NodeKind::Object: {
      std::map<std::string_view, const Node*> sorted;
      for (const Member member : node.members()) {
        sorted.emplace(member.key, &member.value);
      }
      out += '{';
      bool first = true;
      for (const auto& [key, value] : sorted) {
        out += first ? "" : ",";
        first = false;
        append_text(out, key);
        out += ':';
        append_canonical(out, *value);
      }
      out += '}';
      return;
    }
  }
}

struct Expected {
  std::string path;
  bool json = false;
  std::vector<std::string> lines;  // mark, blank, text
};

std::vector<Expected> load_expected(const char* path) {
  std::vector<Expected> files;
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("F ")) {
      const bool json = line.ends_with(" J");
      files.push_back({line.substr(2, line.size() - 2 - (json ? 2 : 0)), json, {}});
    } else if (!files.empty()) {
      // kubectl makes a document of the nothing behind the last `---` of a JSON text, and skips it.
      if (!files.back().json || line != "D null") {
        files.back().lines.push_back(line);
      }
    }
  }
  return files;
}

// What we make of one file, in the words of the reference.
std::vector<std::string> read_ours(const Expected& file, YamlReader reader) {
  std::vector<std::string> lines;
  const auto source = Source::read_file(file.path);
  if (!source) {
    return {"E " + source.error().to_string()};
  }
  Arena arena;
  ReadOptions options;
  options.reader = reader;
  for (const Slice& slice : split(**source)) {
    std::vector<Document> documents;
    std::vector<DocumentError> errors;
    read_slice(**source, slice, arena, options, documents, errors);
    // kubectl reads the first document of a slice; a stream of JSON values is one slice.
    for (std::size_t i = 0; i < documents.size() && (file.json || i == 0); ++i) {
      std::string line = "D ";
      append_canonical(line, documents[i].root);
      lines.push_back(std::move(line));
    }
    if (!errors.empty() && (file.json || documents.empty())) {
      lines.push_back("E " + errors.front().error.to_string());
    } else if (documents.empty() && errors.empty() && !file.json) {
      lines.emplace_back("D null");
    }
  }
  return lines;
}

struct Agreement {
  std::size_t files = 0, same = 0, both_refuse = 0, repeated_keys = 0, separators = 0,
              different = 0;
};

void compare_file(const Expected& file, const std::vector<std::string>& ours,
                  Agreement& agreement) {
  ++agreement.files;
  const auto differs = [&](const std::string& wanted, const std::string& got) {
    ++agreement.different;
    ADD_FAILURE() << file.path << "\n  kubectl: " << wanted.substr(0, 400)
                  << "\n  ours:    " << got.substr(0, 400);
  };
  for (std::size_t i = 0; i < std::max(file.lines.size(), ours.size()); ++i) {
    const std::string wanted = i < file.lines.size() ? file.lines[i] : "nothing";
    const std::string got = i < ours.size() ? ours[i] : "nothing";
    if (wanted.starts_with("S ")) {
      ++agreement.separators;  // kubectl stops; we read on
      return;
    }
    // `X` is also said of a key that `<<` sets again, which is what merging is for.
    if (wanted == got ||
        (wanted.starts_with("X ") && got.starts_with("D ") && wanted.substr(2) == got.substr(2))) {
      ++agreement.same;
    } else if (wanted.starts_with("E ") && got.starts_with("E ")) {
      ++agreement.both_refuse;
      if (file.json) {
        return;
      }
    } else if (got.starts_with("E ") && got.contains("stands twice") &&
               (wanted.starts_with("X ") || file.json)) {
      ++agreement.repeated_keys;
    } else {
      differs(wanted, got);
    }
  }
}

void compare_all(YamlReader reader, const char* name) {
  const char* path = std::getenv("TALLY_YAML_REFERENCE");  // NOLINT(concurrency-mt-unsafe)
  if (path == nullptr) {
    GTEST_SKIP() << "started by tests/reference/yaml/compare only";
  }
  Agreement agreement;
  for (const Expected& file : load_expected(path)) {
    compare_file(file, read_ours(file, reader), agreement);
  }
  std::cout << name << ": " << agreement.files << " files; documents: " << agreement.same
            << " the same, " << agreement.both_refuse << " refused by both, "
            << agreement.repeated_keys << " with a repeated key that only we refuse, "
            << agreement.separators << " streams that only kubectl refuses (`--- text`), "
            << agreement.different << " different\n";
  EXPECT_GT(agreement.same, 0U);
}

TEST(Reference, LibyamlReaderAgreesWithKubectl) { compare_all(YamlReader::Libyaml, "libyaml"); }
TEST(Reference, FastReaderAgreesWithKubectl) { compare_all(YamlReader::Fast, "fast"); }

}  // namespace
}  // namespace tally::document

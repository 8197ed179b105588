#pragma once
// Tables of the structure tests: a text and the beginnings of the problems that it has.

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "document/read.hpp"
#include "kube/api_kinds.hpp"
#include "kube/objects.hpp"
#include "kube/structure.hpp"

namespace tally::kube {

struct Checked {
  std::shared_ptr<const document::Source> source;
  Arena arena;
  std::vector<Object> objects;
  std::unique_ptr<CustomKinds> custom;
  std::vector<StructureProblem> problems;

  // "unknown-field /spec/x: message"
  [[nodiscard]] std::vector<std::string> lines() const {
    std::vector<std::string> out;
    out.reserve(problems.size());
    for (const StructureProblem& problem : problems) {
      out.push_back(std::string(structure_check(problem.kind).id) + " " +
                    std::string(problem.pointer) + ": " + std::string(problem.message));
    }
    std::sort(out.begin(), out.end());
    return out;
  }
};

// Every object of the text; kinds of its CustomResourceDefinitions are known.
inline Checked check(std::string_view text) {
  load_api_kinds();
  Checked result;
  result.source = document::Source::from_text("test.yaml", text);
  std::vector<document::Document> documents;
  std::vector<document::DocumentError> errors;
  for (const document::Slice& slice : document::split(*result.source)) {
    document::read_slice(*result.source, slice, result.arena, {}, documents, errors);
  }
  EXPECT_TRUE(errors.empty()) << text << "\n" << (errors.empty() ? "" : errors[0].error.message);
  std::vector<NotAnObject> rejected;
  for (const document::Document& document : documents) {
    append_objects(document, *result.source, result.objects, rejected);
  }
  EXPECT_TRUE(rejected.empty()) << text;
  result.custom = std::make_unique<CustomKinds>();
  result.custom->add(result.objects);
  result.custom->resolve(result.objects);
  StructureScratch scratch;
  for (const Object& object : result.objects) {
    const auto found = check_structure(object, result.arena, scratch);
    result.problems.insert(result.problems.end(), found.begin(), found.end());
  }
  return result;
}

struct Row {
  const char* name;
  const char* text;
  std::vector<std::string> expected;  // beginnings of lines, sorted
};

inline void expect_rows(const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    const auto lines = check(row.text).lines();
    std::string all;
    for (const auto& line : lines) {
      all += line + "\n";
    }
    ASSERT_EQ(lines.size(), row.expected.size()) << row.name << "\n" << row.text << "\n" << all;
    for (std::size_t i = 0; i < lines.size(); ++i) {
      EXPECT_TRUE(lines[i].starts_with(row.expected[i]))
          << row.name << "\n"
          << row.text << "\nfound    " << lines[i] << "\nexpected " << row.expected[i];
    }
  }
}

}  // namespace tally::kube

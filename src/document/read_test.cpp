#include "document/read.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tally::document {
namespace {

using namespace std::string_literals;

// Every document as "ordinal:kind" and every error as "ordinal!position message", in order of
// appearance by slice.
std::vector<std::string> read_all(std::string_view text, YamlReader reader = YamlReader::Fast) {
  const auto source = Source::from_text("t", text);
  Arena arena;
  ReadOptions options;
  options.reader = reader;
  std::vector<std::string> out;
  for (const Slice& slice : split(*source)) {
    std::vector<Document> documents;
    std::vector<DocumentError> errors;
    read_slice(*source, slice, arena, options, documents, errors);
    for (const Document& document : documents) {
      EXPECT_GE(document.begin, slice.begin);
      EXPECT_LE(document.end, slice.end);
      out.push_back(std::to_string(document.ordinal) + ":" +
                    std::string(kind_name(document.root.kind())));
    }
    for (const DocumentError& error : errors) {
      EXPECT_TRUE(error.error.file.empty());
      out.push_back(std::to_string(error.ordinal) + "!" + error.error.to_string());
    }
  }
  return out;
}

struct Row {
  std::string text;
  std::vector<std::string> wanted;
};

TEST(Read, ReadsDocumentsOneByOne) {
  const Row rows[] = {
      {"", {}},
      {"# note\n---\n---\n", {}},
      {"a: 1\n---\n# note\n---\n- b\n", {"1:map", "3:list"}},
      {"{a: b}\n---\n{\"c\": 1}\n", {"1:map", "2:map"}},
      {"{\"a\": 1}{\"b\": 2}\n[3]", {"1:map", "2:map", "3:list"}},
      {"{\"a\": 1}\nb: 2\n", {"1:map", "2:map"}},
      {"{\"a\": 1,}\n", {"1:map"}},  // no JSON, but YAML
      {"\xEF\xBB\xBF{\"a\": 1}\n", {"1:map"}},
      {"\xEF\xBB\xBF"
       "a: 1\n---\n\xEF\xBB\xBF"
       "b: 1\n",
       {"1:map", "2:map"}},
      {"a: 1\r\n---\r\nb: 2\r\n", {"1:map", "2:map"}},
      {"null\n", {"1:null"}},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(read_all(row.text), row.wanted) << row.text;
    EXPECT_EQ(read_all(row.text, YamlReader::Libyaml), row.wanted) << row.text;
  }
}

TEST(Read, OneBrokenDocumentSpoilsNoOther) {
  const Row rows[] = {
      {"a: 1\n---\na: b: c\n---\nd: 1\n",
       {"1:map", "2!line 3, column 5: found `:` where no key can stand", "3:map"}},
      {"%YAML 1.1\n---\na: 1\n",
       {"1!line 2, column 1: found text after the end of the document; `---` on a line of its own "
        "is expected between "
        "documents",
        "2:map"}},
      {"a: \xC3\n---\nb: 1\n",
       {"1!line 1, column 4: found the byte 0xC3 at byte 3, which is not valid UTF-8", "2:map"}},
      {"\xC3\xA9: 1\n---\nb: \xF0\x9F\x98",
       {"1:map", "2!line 3, column 4: found the byte 0xF0 at byte 13, which is not valid UTF-8"}},
      {"a: 1\n\na: 2\n---\nb: 1\n",
       {"1!line 3, column 1: the key \"a\" stands twice in one map: on line 1 with 1, on line 3 "
        "with 2",
        "2:map"}},
      {"{a: b: c}\n",
       {"1!line 1, column 6: the map in braces that begins on line 1 goes on without `,` or `}`"}},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(read_all(row.text), row.wanted) << row.text;
    EXPECT_EQ(read_all(row.text, YamlReader::Libyaml), row.wanted) << row.text;
  }
}

TEST(Read, SaysOnceWhatTheBytesAre) {
  struct Foreign {
    std::string name;
    std::string text;
    std::string wanted;
  };
  std::string wide = "\xFF\xFE";
  std::string wider("\xFF\xFE\0\0", 4);
  std::string bare;
  for (const char c : "a: 1\n---\nb: 2\n"s) {
    wide += c + "\0"s;
    wider += c + "\0\0\0"s;
    bare += "\0"s + c;
  }
  std::string elf =
      "\x7F"
      "ELF\2\1\1"s;
  for (int i = 0; i < 500; ++i) {
    elf += "\0\n---\n"s;
  }
  const Foreign rows[] = {
      {"UTF-16LE", wide, "1!line 1, column 1: the text is encoded as UTF-16LE; UTF-8 is expected"},
      {"UTF-32LE", wider, "1!line 1, column 1: the text is encoded as UTF-32LE; UTF-8 is expected"},
      {"UTF-16BE without mark", bare,
       "1!line 1, column 1: the text is encoded as UTF-16BE; UTF-8 is expected"},
      {"UTF-16BE with mark", "\xFE\xFF" + bare,
       "1!line 1, column 1: the text is encoded as UTF-16BE; UTF-8 is expected"},
      {"binary", elf,
       "1!line 1, column 8: found a NUL byte at byte 7: this is binary data, not a manifest"},
      {"NUL in text", "a: 1\n---\nb: \0\n"s,
       "1!line 3, column 4: found a NUL byte at byte 12: this is binary data, not a manifest"},
      {"ISO 8859-1", "a: caf\xE9\n",
       "1!line 1, column 7: found the byte 0xE9 at byte 6, which is not valid UTF-8"},
  };
  for (const Foreign& row : rows) {
    EXPECT_EQ(read_all(row.text), std::vector{row.wanted}) << row.name;
  }
}

TEST(Read, ChoosesTheComplaintThatHelps) {
  const auto json = read_all("{\"a\": 1,,}");
  ASSERT_EQ(json.size(), 1U);
  EXPECT_TRUE(json.front().contains("column 9")) << json.front();
  EXPECT_EQ(
      read_all("{a: [b}\n"),
      std::vector{
          "1!line 1, column 7: the list in brackets that begins on line 1 goes on without `,` or `]`"s});
}

TEST(Read, OneValueForOneText) {
  struct One {
    std::string text;
    std::string error;
  };
  const One rows[] = {
      {"a: 1\n", ""},
      {"[1]", ""},
      {"# note\n---\na: 1\n---\n", ""},
      {"", "t: found no document; exactly one is expected"},
      {"# note\n", "t: found no document; exactly one is expected"},
      {"a: 1\n---\nb: 2\n", "t:3:1: found a second document; exactly one is expected"},
      {"{\"a\": 1}{}", "t:1:9: found a second document; exactly one is expected"},
      {"a: b: c\n", "t:1:5: found `:` where no key can stand"},
      {"a: 1\n---\na: [\n", "t:4:1: a value is expected here"},
  };
  for (const One& row : rows) {
    Arena arena;
    const auto source = Source::from_text("t", row.text);
    const auto node = read_one(*source, arena);
    EXPECT_EQ(node ? "" : node.error().to_string(), row.error) << row.text;
  }
}

TEST(Read, FastAndLibyamlAgreeAtTheEndOfTheText) {
  for (const std::string text : {"a: |\n  b", "a: |+\n  b\n   ", "a: >\n  b", "a: |-\n  b", "a: b",
                                 "a:", "- ", "a: 'b'", "a: [b]"}) {
    const auto source = Source::from_text("t", text);
    Arena arena;
    ReadOptions libyaml;
    libyaml.reader = YamlReader::Libyaml;
    const auto fast = read_one(*source, arena);
    const auto slow = read_one(*source, arena, libyaml);
    ASSERT_TRUE(fast && slow) << text;
    EXPECT_TRUE(equal(*fast, *slow)) << text;
  }
}

// Three ways to many documents: separators, values in a row, YAML documents inside one slice.
TEST(Read, LimitsDocuments) {
  struct LimitRow {
    const char* name;
    std::string text;
    std::string wanted;  // "documents!error"
  };
  const std::string refused = "the source holds more than 3 documents; what follows is not read";
  const LimitRow rows[] = {
      {"just below", "a: 1\n---\na: 2\n---\na: 3\n", "3!"},
      {"separators", "a: 1\n---\na: 2\n---\na: 3\n---\na: 4\n---\na: 5\n",
       "3!line 7, column 1: " + refused},
      {"the last one", "a: 1\n---\na: 2\n---\na: 3\n---\na: 4", "3!line 7, column 1: " + refused},
      {"empty ones count", "---\n---\n---\na: 3\n", "1!"},
      {"an empty one more", "---\n---\n---\n---\n---\n---\n---\na: 4\n",
       "0!line 8, column 1: " + refused},
      {"JSON just below", "{}{}\n[]\n", "3!"},
      {"JSON", "{}{}\n[]\n{}[]", "3!line 3, column 1: " + refused},
      {"in a slice just below", "a: 1\n--- {b: 2}\n--- {c: 3}\n", "3!"},
      {"in a slice", "a: 1\n--- {b: 2}\n--- {c: 3}\n--- {d: 4}\n",
       "3!line 4, column 1: " + refused},
  };
  for (const LimitRow& row : rows) {
    const auto source = Source::from_text("t", row.text);
    Arena arena;
    const ReadOptions options{.limits = {.documents = 3}};
    std::vector<Document> documents;
    std::vector<DocumentError> errors;
    for (const Slice& slice : split(*source, options.limits)) {
      read_slice(*source, slice, arena, options, documents, errors);
    }
    ASSERT_LE(errors.size(), 1U) << row.name;
    EXPECT_EQ(std::to_string(documents.size()) + "!" +
                  (errors.empty() ? "" : errors.front().error.to_string()),
              row.wanted)
        << row.name;
    EXPECT_TRUE(errors.empty() || errors.front().error.kind == ErrorKind::Limit) << row.name;
    EXPECT_TRUE(errors.empty() ||
                errors.front().error.hint == "split the source into several files")
        << row.name;
  }
}

TEST(Split, StopsBehindTheLimit) {
  const auto source = Source::from_text("t", "a\n---\nb\n---\nc\n---\nd\n");
  EXPECT_EQ(split(*source, {.documents = 4}).size(), 4U);
  const std::vector<Slice> slices = split(*source, {.documents = 2});
  ASSERT_EQ(slices.size(), 3U);
  EXPECT_EQ(slices.back().ordinal, 3U);
  EXPECT_EQ(slices.back().end, source->text().size());
}

}  // namespace
}  // namespace tally::document

// The fast reader answers as the libyaml reader does, or not at all: tables, every document of the
// corpus, every short text over a small alphabet, random texts over a larger one, and mutations of
// real shapes.
#include "document/internal/fast_yaml.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "document/internal/libyaml_reader.hpp"
#include "document/read.hpp"

namespace tally::document {
namespace {

// Everything that a caller can see of two values; the path of the first difference, else empty.
std::string difference(const Node& a, const Node& b, const std::string& path) {
  if (a.kind() != b.kind()) {
    return path + ": kind";
  }
  if (a.text() != b.text() || a.boolean() != b.boolean()) {
    return path + ": value";
  }
  if (a.offset() != b.offset()) {
    return path + ": offset " + std::to_string(a.offset()) + " and " + std::to_string(b.offset());
  }
  if (a.key_symbol() != b.key_symbol()) {
    return path + ": symbol";
  }
  if (a.size() != b.size()) {
    return path + ": size";
  }
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::string inner = path + "/" + std::to_string(i);
    if (a.is_object()) {
      if (a.key(i) != b.key(i)) {
        return inner + ": key";
      }
      if (a.key_offset(i) != b.key_offset(i)) {
        return inner + ": key offset " + std::to_string(a.key_offset(i)) + " and " +
               std::to_string(b.key_offset(i));
      }
    }
    if (std::string found = difference(a.items()[i], b.items()[i], inner); !found.empty()) {
      return found;
    }
  }
  return {};
}

struct Agreement {
  FastYamlScratch scratch;
  Arena arena;
  std::size_t accepted = 0;

  // True if the fast reader answered. A disagreement fails the test and prints the text.
  bool check(const Source& source, std::uint32_t begin, std::uint32_t end,
             const ReadLimits& limits = {}) {
    arena.reset();
    const std::string_view text = source.text();
    const auto fast = read_fast_yaml(text, begin, end, arena, scratch, limits);
    if (!fast) {
      return false;
    }
    ++accepted;
    std::vector<Document> documents;
    const Slice slice{.begin = begin, .end = end, .format = Format::Yaml, .ordinal = 1};
    const auto error = read_libyaml(source, slice, arena, limits, documents);
    const std::string input(text.substr(begin, end - begin));
    if (error) {
      ADD_FAILURE() << source.name() << ": libyaml refuses: " << error->to_string() << "\n"
                    << testing::PrintToString(input.substr(0, 2000));
    } else if (documents.size() != 1) {
      ADD_FAILURE() << source.name() << ": libyaml reads " << documents.size() << " documents\n"
                    << testing::PrintToString(input.substr(0, 2000));
    } else if (const auto found = difference(*fast, documents[0].root, ""); !found.empty()) {
      ADD_FAILURE() << source.name() << ": " << found << "\n"
                    << testing::PrintToString(input.substr(0, 2000));
    }
    return true;
  }

  bool check_text(std::string_view text) {
    const auto source = Source::from_text("text", text);
    return check(*source, 0, static_cast<std::uint32_t>(text.size()));
  }
};

// One large source of many texts, each a slice of its own that ends with a line break.
class Batch {
 public:
  explicit Batch(Agreement& agreement) : agreement_(agreement) {}
  void add(std::string_view text) {
    text_ += text;
    text_ += '\n';
    ends_.push_back(static_cast<std::uint32_t>(text_.size()));
    if (text_.size() > 1'000'000) {
      run();
    }
  }
  void run() {
    const auto source = Source::from_text("generated", text_);
    std::uint32_t begin = 0;
    for (const std::uint32_t end : ends_) {
      if (testing::Test::HasFailure()) {
        break;
      }
      agreement_.check(*source, begin, end);
      begin = end;
    }
    text_.clear();
    ends_.clear();
  }

 private:
  Agreement& agreement_;
  std::string text_;
  std::vector<std::uint32_t> ends_;
};

TEST(FastYaml, AnswersAsLibyaml) {
  constexpr std::string_view kTexts[] = {
      "a: b\n",
      "a: b",
      "a:\n",
      "a:",
      "a: \nb:\n",
      "---\na: b\n",
      "--- # first\na: b\n",
      "a: b # why\nc: d#e\n",
      "# head\n\n  # more\na: b\n# tail",
      "  a: b\n  c: d\n",
      "a:\n  b:\n    c: d\n  e: f\ng: h\n",
      "a:\n- b\n- c: d\n  e: f\ng: h\n",
      "a:\n  - b\n  -   c: d\n      e: f\n",
      "- a\n- b\n",
      "- - a\n  - b\n- - - c\n",
      "-\n  a: b\n-\n-\n",
      "- # nothing\n- a\n",
      "a:\n  text\n",
      "a:\n  text on\n  two lines\nb: c\n",
      "a: one\n  two\n\n  three # end\nb: c\n",
      "a: one\n  - two\n",
      "a: 1\n  2\n",
      "a: [b, 'c', \"d\", 1, true, {e: f}]\n",
      "a: {b: c, d: [1, 2, ], }\n",
      "a: []\nb: {}\n",
      "a: [\n  b, # c\n  d\n]\n",
      "a: {\"b\": 1,\n\"c\": {}\n}\n",
      "{a: b, c: {d: e}}\n",
      "[]\n",
      "a: |\n  one\n  two\n",
      "a: |-\n  one\n\n   two\n\n\nb: c\n",
      "a: |+\n  one\n\n\nb: c\n",
      "a: >\n  one\n  two\n\n  three\n    four\n  five\n",
      "a: >-\n  one\n  two",
      "a: |\n  one",
      "a: |+\n  one\n  ",
      "a: |+\n  one\n    ",
      "a: |+\n  one\n\n ",
      "a: |",
      "a: |+\n  ",
      "a: >\n  one\n   two",
      "a: |2\n    one\n  two\n",
      "a: |-2 # indented\n    one\n",
      "a: |\nb: c\n",
      "a: |\n\n\n  one\n",
      "- |\n one\n- >\n two\n",
      "a: |\n  one\n # comment\nb: c\n",
      "a: \"one\\n\\u00e9\\x41 \\\" \\\\ \\/\"\n",
      "a: \"one\n  two\n\n  three\\\n  four\"\n",
      "a: 'one\n  two'\n",
      "a: 'it''s'\n",
      "\"a\": 'b'\n'c' : d\n",
      "a b c: d e f\n",
      "a:b: c:d\n",
      "a: http://b.example:80/c?d=e#f\n",
      "a: -b\nb: --c=d\nc: -1\nd: .5\ne: +1\nf: 0x10\ng: 010\nh: 1e3\ni: 1_000\nj: "
      "123456789012345678901\n",
      "a: yes\nb: No\nc: ON\nd: ~\ne: null\nf: True\ng: y\nh: nope\ni: \"yes\"\nj: NULL\n",
      "name: x\ntype: y\nnode: z\nfalse1: w\n",
      "a: 2024-01-01\nb: 12:30:45\nc: 1.2.3\nd: 100m\ne: 1Gi\n",
      "a: b\r\nc:\r\n- d\r\n",
      "a: |\r\n  one\r\n  two\r\n",
      "a: \"one\r\n  two\"\r\n",
      "\xC3\xA9: \xE2\x82\xAC # \xF0\x9F\x98\x80\nb: \xC3\xA9\n",
      "a: 'tab\tinside'\nb: c # \t\n",
      "a: |\n  x\ty\n  \tz\n",
  };
  Agreement agreement;
  for (const auto text : kTexts) {
    EXPECT_TRUE(agreement.check_text(text)) << "not read: " << testing::PrintToString(text);
  }
}

TEST(FastYaml, LeavesToLibyaml) {
  constexpr std::string_view kTexts[] = {
      "",
      "\n",
      "# only a comment\n",
      "---\n",
      "text\n",
      "\"text\"\n",
      "|\n  text\n",
      "--- a\n",
      "a: b\n---\nc: d\n",
      "a: b\n...\n",
      "a: b\n---",
      "%YAML 1.1\n---\na: b\n",
      "a: &b c\n",
      "a: *b\n",
      "a: !!str b\n",
      "? a\n: b\n",
      "<<: {a: b}\n",
      "'<<': {a: b}\n",
      "1: a\n",
      "yes: a\n",
      "~: a\n",
      ": a\n",
      "a: b: c\n",
      "a: - b\n",
      "a: b\n c: d\n",
      "a: b\n  c: d\n",
      "a:\n  b: c\n d: e\n",
      "a:\n    b: c\n  d\n",
      "a: b\n- c\n",
      "- a\nb: c\n",
      "- a\n b: c\n",
      "  a: b\nc: d\n",
      "a:\n  b: 1\n c\n",
      "a: b\na: c\n",
      "a: {b: c, b: d}\n",
      "@a: b\n",
      "`a: b\n",
      "%a: b\n",
      "a: @b\n",
      "a: ,b\n",
      "a: ]\n",
      "a: [b\n",
      "a: [b, , c]\n",
      "a: [,]\n",
      "a: [b c: d]\n",
      "a: {b}\n",
      "a: {b:}\n",
      "a: [b] c\n",
      "[a]: b\n",
      "a: \"b\n",
      "a: \"b\" c\n",
      "a: \"b\"#c\n",
      "a: 'b\n",
      "a: \"\\q\"\n",
      "a: \"\\ud800\"\n",
      "a: \"b\n---\n\"\n",
      "a:\tb\n",
      "\ta: b\n",
      "a: b\tc: d\n",
      "-\ta\n",
      "a: |x\n  b\n",
      "a: |\n\tb\n",
      "a: |\n    \n  b\n",
      "a: .inf\n",
      "a: \x01\n",
      std::string_view{"a: b\0c\n", 7},
      "a: \x7F\n",
      "a: \xFF\n",
      "a: \xC2\x85\n",
      "a: \xE2\x80\xA8 b\n",
      "\xEF\xBB\xBF"
      "a: b\n",
      "a: b\rc: d\r",
      "\"a\nb\": c\n",
      "\"a\\n\": c\n",
      "\"\": c\n",
  };
  Agreement agreement;
  for (const auto text : kTexts) {
    EXPECT_FALSE(agreement.check_text(text)) << "read: " << testing::PrintToString(text);
  }
  const std::string long_key = std::string(1025, 'k') + ": a\n";
  EXPECT_FALSE(agreement.check_text(long_key));
}

TEST(FastYaml, StaysInsideItsSlice) {
  const auto source = Source::from_text("text", "a: b\nc: d\ne: f");
  Agreement agreement;
  EXPECT_TRUE(agreement.check(*source, 0, 5));
  EXPECT_TRUE(agreement.check(*source, 5, 10));
  EXPECT_TRUE(agreement.check(*source, 10, 14));
  EXPECT_FALSE(agreement.check(*source, 0, 3)) << "a slice that ends inside a line";
  EXPECT_FALSE(agreement.check(*source, 5, 5));
}

TEST(FastYaml, KeepsTheLimits) {
  Agreement agreement;
  ReadLimits limits;
  limits.depth = 3;
  const auto shallow = Source::from_text("shallow", "a:\n  b:\n    c: d\n");
  const auto deep = Source::from_text("deep", "a:\n  b:\n    c:\n      d: e\n");
  const auto flow = Source::from_text("flow", "a: [[[]]]\n");
  const auto size = [](const auto& source) {
    return static_cast<std::uint32_t>(source->text().size());
  };
  EXPECT_TRUE(agreement.check(*shallow, 0, size(shallow), limits));
  EXPECT_FALSE(agreement.check(*deep, 0, size(deep), limits));
  EXPECT_FALSE(agreement.check(*flow, 0, size(flow), limits));
  limits = {};
  limits.nodes = 3;
  const auto few = Source::from_text("few", "- a\n");
  const auto many = Source::from_text("many", "- a\n- b\n- c\n- d\n");
  EXPECT_TRUE(agreement.check(*few, 0, size(few), limits));
  EXPECT_FALSE(agreement.check(*many, 0, size(many), limits));
}

TEST(FastYaml, FindsRepeatedKeysInWideMaps) {
  Agreement agreement;
  std::string text;
  for (int i = 0; i < 3000; ++i) {
    text += "key-" + std::to_string(i) + ": v\n";
  }
  EXPECT_TRUE(agreement.check_text(text));
  EXPECT_FALSE(agreement.check_text(text + "key-1234: w\n"));
}

void for_each_text(std::string_view alphabet, std::size_t length, Batch& batch) {
  std::vector<std::size_t> digits(length, 0);
  std::string text(length, alphabet[0]);
  for (;;) {
    batch.add(text);
    std::size_t at = 0;
    while (at < length) {
      if (++digits[at] < alphabet.size()) {
        text[at] = alphabet[digits[at]];
        break;
      }
      digits[at] = 0;
      text[at] = alphabet[0];
      ++at;
    }
    if (at == length || testing::Test::HasFailure()) {
      return;
    }
  }
}

TEST(FastYaml, EveryShortText) {
  Agreement agreement;
  Batch batch(agreement);
  for (std::size_t length = 1; length <= 7; ++length) {
    for_each_text("a:- \n#\"'", length, batch);
  }
  for (std::size_t length = 1; length <= 5; ++length) {
    for_each_text("a:- \n[]{},|>0", length, batch);
  }
  batch.run();
  std::printf("every short text: %zu read by both\n", agreement.accepted);
  EXPECT_GT(agreement.accepted, 2000U);
}

TEST(FastYaml, RandomTexts) {
  // Pieces rather than characters, so that many texts are YAML.
  constexpr std::string_view kPieces[] = {
      "a",         "b: ", "c:",  "d: e", "- ",   "-",    "\n",       "\n  ",   "\n    ", "\n- ",
      "\n  - ",    " ",   "  ",  " #",   "#",    "\"",   "'",        "''",     "\\n",    "\\",
      "|",         ">",   "|-",  ">+",   "|2",   "[",    "]",        "{",      "}",      ", ",
      ",",         "\t",  "0",   "1",    "~",    "true", "\xC3\xA9", "\r\n",   "<<",     "? ",
      "&x ",       "*x",  "!t ", "---",  "...",  ".",    "\n\n",     "\n\n  ", "f:\n",   "\n   ",
      "\n      g", ": ",  ":",   "%",    "\\x41"};
  std::mt19937 random(20260101);  // NOLINT: the same texts in every run
  Agreement agreement;
  Batch batch(agreement);
  for (int i = 0; i < 600'000; ++i) {
    std::string text;
    const std::size_t pieces = 2 + random() % 14;
    for (std::size_t piece = 0; piece < pieces; ++piece) {
      text += kPieces[random() % std::size(kPieces)];
    }
    batch.add(text);
    if (testing::Test::HasFailure()) {
      break;
    }
  }
  batch.run();
  std::printf("random texts: %zu read by both\n", agreement.accepted);
  EXPECT_GT(agreement.accepted, 10'000U);
}

TEST(FastYaml, MutatedShapes) {
  constexpr std::string_view kShape =
      "apiVersion: v1 # first\nkind: \"List\"\nitems:\n- name: 'it''s'\n  text: |-\n    one\n\n    "
      " two\n"
      "  fold: >\n    three\n    four\n\n  flow: {a: [1, b], \"c\": {}}\n  long: five\n    six\n- "
      "- x\n  - y\n"
      "-\n  z: \"\\u00e9 e\n    f\"\nlast:\n  deep:\n    - k: v\n      l:\n      - 0\n";
  constexpr std::string_view kCharacters = "a:- \n#\"'|>[]{},\t0\r\\~+.&*!?%@<";
  std::mt19937 random(7);  // NOLINT: the same texts in every run
  Agreement agreement;
  ASSERT_TRUE(agreement.check_text(kShape));
  Batch batch(agreement);
  for (int i = 0; i < 150'000; ++i) {
    std::string text(kShape);
    for (std::size_t edits = 1 + random() % 4; edits > 0; --edits) {
      const std::size_t at = random() % text.size();
      const char c = kCharacters[random() % kCharacters.size()];
      switch (random() % 4) {
        case 0:
          text.erase(at, 1 + random() % 3);
          break;
        case 1:
          text.insert(at, 1, c);
          break;
        case 2:
          text[at] = c;
          break;
        default:
          text.insert(random() % text.size(), text.substr(at, random() % 20));
          break;
      }
    }
    batch.add(text);
  }
  batch.run();
  std::printf("mutated shapes: %zu read by both\n", agreement.accepted);
  EXPECT_GT(agreement.accepted, 20'000U);
}

std::filesystem::path corpus() {
  if (const char* given = std::getenv("TALLY_CORPUS"); given != nullptr) {  // NOLINT: no thread yet
    return given;
  }
  return std::filesystem::path(TALLY_SOURCE_DIR) / ".." / "shared" / "corpus";
}

TEST(FastYaml, Corpus) {
  if (!std::filesystem::is_directory(corpus())) {
    GTEST_SKIP() << "the corpus is not there; TALLY_CORPUS names its folder";
  }
  Agreement agreement;
  std::size_t documents = 0;
  std::size_t bytes = 0;
  std::size_t bytes_read = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(corpus())) {
    const auto extension = entry.path().extension();
    if (!entry.is_regular_file() || (extension != ".yaml" && extension != ".yml")) {
      continue;
    }
    const auto source = Source::read_file(entry.path().string());
    ASSERT_TRUE(source) << entry.path();
    for (const Slice slice : split(**source)) {
      const std::size_t size = slice.end - slice.begin;
      ++documents;
      bytes += size;
      if (slice.format == Format::Yaml && agreement.check(**source, slice.begin, slice.end)) {
        bytes_read += size;
      }
    }
  }
  const double documents_percent =
      100.0 * static_cast<double>(agreement.accepted) / static_cast<double>(documents);
  const double bytes_percent = 100.0 * static_cast<double>(bytes_read) / static_cast<double>(bytes);
  std::printf("fast way: %zu of %zu documents (%.2f %%), %zu of %zu bytes (%.2f %%)\n",
              agreement.accepted, documents, documents_percent, bytes_read, bytes, bytes_percent);
  EXPECT_GE(bytes_percent, 95.0);
  EXPECT_GE(documents_percent, 95.0);
}

}  // namespace
}  // namespace tally::document

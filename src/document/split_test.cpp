#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "document/read.hpp"

namespace tally::document {
namespace {

using namespace std::string_literals;

std::vector<std::string> texts(const Source& source) {
  std::vector<std::string> out;
  for (const Slice& slice : split(source)) {
    out.emplace_back(source.text().substr(slice.begin, slice.end - slice.begin));
  }
  return out;
}

struct Row {
  std::string text;
  std::vector<std::string> slices;
};

TEST(Split, FollowsYamlReader) {
  const Row rows[] = {
      {"", {}},
      {"a", {"a"}},
      {"\n", {"\n"}},
      {"---", {""}},
      {"---\n", {""}},
      {"---\na\n", {"a\n"}},
      {"a\n---\nb\n", {"a\n", "b\n"}},
      {"a\n---", {"a\n"}},
      {"a\n---\n", {"a\n"}},
      {"a\n---\n\n", {"a\n", "\n"}},
      {"---\n---\na\n", {"", "a\n"}},
      {"a\n---\n---\nb\n", {"a\n", "b\n"}},
      {"a\n---\n---\n---\nb\n", {"a\n", "", "b\n"}},
      {"# only a comment\n---\na\n", {"# only a comment\n", "a\n"}},
      {"a\n--- # Source: chart\nb\n", {"a\n", "b\n"}},
      {"a\n---#x\nb\n", {"a\n", "b\n"}},
      {"a\n---   \t\nb\n", {"a\n", "b\n"}},
      {"a\r\n---\r\nb\r\n", {"a\r\n", "b\r\n"}},
      {"a\n---\xC2\xA0\nb\n", {"a\n", "b\n"}},      // no-break space: Go trims it
      {"a\n---\xE2\x80\x83\nb\n", {"a\n", "b\n"}},  // em space
      {"\xEF\xBB\xBF---\na\n", {"a\n"}},
      {"\xEF\xBB\xBF"
       "a\n---\nb",
       {"a\n", "b"}},
      {"\xEF\xBB\xBF", {}},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(texts(*Source::from_text("t", row.text)), row.slices) << row.text;
  }
}

TEST(Split, LeavesAloneWhatIsNoSeparator) {
  for (const std::string text :
       {"a\n --- \nb\n", "a\n--\nb\n", "a\n--- b\nc\n", "a\n----\nb\n", "a\n---b\nc\n", "x---\n",
        "a\r---\rb\r", "a: |\n  ---\n", "a\n---\xE2\x80\x94\nb\n", "a\n---\xE2\nb\n",
        "a\n---\xE2\x80\nb\n", "a\n--", "a\n-"}) {
    EXPECT_EQ(texts(*Source::from_text("t", text)), std::vector<std::string>{text}) << text;
  }
}

TEST(Split, FindsSeparatorsAtEveryOffset) {
  for (std::size_t length = 1; length < 100; ++length) {
    const std::string text = std::string(length, 'a') + "\n---\nb";
    EXPECT_EQ(texts(*Source::from_text("t", text)),
              (std::vector{std::string(length, 'a') + "\n", "b"s}))
        << length;
  }
}

TEST(Split, CountsDocumentsAndGuessesFormats) {
  const auto source = Source::from_text("t", "# note\n---\n{\"a\": 1}\n---\n\n  [1]\n---\na: {}\n");
  const auto slices = split(*source);
  ASSERT_EQ(slices.size(), 4U);
  const Format formats[] = {Format::Yaml, Format::Json, Format::Json, Format::Yaml};
  for (std::size_t i = 0; i < slices.size(); ++i) {
    EXPECT_EQ(slices[i].ordinal, i + 1);
    EXPECT_EQ(slices[i].format, formats[i]) << i;
  }
}

TEST(Split, KeepsBinaryTextInOneSlice) {
  for (const std::string& text :
       {"a\n---\nb\0c\n---\nd\n"s, "\xFF\xFE-\0-\0-\0\n\0"s, "\xFE\xFF\n---\n---\n"s}) {
    EXPECT_EQ(split(*Source::from_text("t", text)).size(), 1U) << text;
  }
}

}  // namespace
}  // namespace tally::document

#include "report/report.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

#include "report/internal/json_out.hpp"
#include "report/internal/structure.hpp"
#include "report/internal/text.hpp"
#include "report/internal/yaml_out.hpp"
#include "report/testing/sample.hpp"

namespace tally::report {
namespace {

using finding::Severity;
using testing::Sample;

constexpr std::array kFormats = {
    Format::Table,    Format::Json, Format::Yaml,         Format::Sarif,       Format::Junit,
    Format::Markdown, Format::Html, Format::PolicyReport, Format::OpenReports, Format::Github};
constexpr Severity kHigh = Severity::High;

WriteOptions sample_options() {
  WriteOptions options;
  options.tally_version = "0.1.0";
  options.created = "2026-11-21T07:00:00Z";
  options.fail_on = &kHigh;
  return options;
}

std::string written(Format format, const finding::Assessment& assessment,
                    const WriteOptions& options) {
  StringSink sink;
  EXPECT_TRUE(write(format, assessment, options, sink)) << to_text(format);
  return sink.text;
}

std::string read_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

void expect_golden(const std::string& name, const std::string& actual) {
  const std::string path = std::string(TALLY_SOURCE_DIR) + "/tests/golden/report/" + name;
  if (std::getenv("UPDATE_GOLDEN") != nullptr) {
    std::ofstream(path, std::ios::binary) << actual;
  }
  EXPECT_EQ(read_text(path), actual) << "golden file " << path << " (UPDATE_GOLDEN=1 rewrites it)";
}

// Everything after the template: the template's own style and script change often and are no output
// of an assessment.
std::string without_template(const std::string& page) {
  std::string text = page;
  const auto cut = [&text](std::string_view from, std::string_view to) {
    const auto begin = text.find(from);
    const auto end = text.find(to, begin == std::string::npos ? 0 : begin + from.size());
    ASSERT_NE(begin, std::string::npos) << from;
    ASSERT_NE(end, std::string::npos) << to;
    text.replace(begin + from.size(), end - begin - from.size(), "...");
  };
  cut("Content-Security-Policy\" content=\"", "\"");
  cut("<style>", "</style>");
  cut("</script>\n<script>", "</script>");
  return text;
}

std::string extension(Format format) {
  switch (format) {
    case Format::Table:
      return "txt";
    case Format::Json:
      return "json";
    case Format::Sarif:
      return "sarif.json";
    case Format::Junit:
      return "xml";
    case Format::Markdown:
      return "md";
    case Format::Html:
      return "html";
    case Format::Github:
      return "github.txt";
    case Format::Yaml:
      return "yaml";
    case Format::PolicyReport:
      return "policyreport.yaml";
    case Format::OpenReports:
      return "openreports.yaml";
  }
  return "";
}

TEST(ReportGolden, SampleInEveryFormat) {
  const Sample sample;
  for (const Format format : kFormats) {
    std::string text = written(format, sample.assessment, sample_options());
    expect_golden("sample." + extension(format),
                  format == Format::Html ? without_template(text) : text);
  }
}

TEST(ReportGolden, EmptyInEveryFormat) {
  const finding::Assessment empty;
  for (const Format format : kFormats) {
    std::string text = written(format, empty, WriteOptions{});
    expect_golden("empty." + extension(format),
                  format == Format::Html ? without_template(text) : text);
  }
}

TEST(ReportGolden, TableForms) {
  const Sample sample;
  WriteOptions options = sample_options();
  options.verbose = true;
  expect_golden("verbose.txt", written(Format::Table, sample.assessment, options));
  options.verbose = false;
  options.color = true;
  expect_golden("color.txt", written(Format::Table, sample.assessment, options));
  options.color = false;
  options.width = 48;
  expect_golden("narrow.txt", written(Format::Table, sample.assessment, options));
}

class ClosingSink final : public Sink {
 public:
  explicit ClosingSink(unsigned accepted) : left_(accepted) {}
  [[nodiscard]] bool write(std::string_view) override {
    ++calls;
    if (left_ == 0) {
      return false;
    }
    --left_;
    return true;
  }
  unsigned calls = 0;

 private:
  unsigned left_;
};

// The sample with its findings repeated: more than one chunk, wave and buffer in every format.
void repeat_findings(finding::Assessment& assessment, std::size_t count) {
  const std::vector<finding::Finding> once = assessment.findings;
  while (assessment.findings.size() < count) {
    assessment.findings.insert(assessment.findings.end(), once.begin(), once.end());
  }
}

TEST(Report, ClosedSinkStopsTheWriter) {
  Sample sample;
  repeat_findings(sample.assessment, 6000);
  for (const Format format : kFormats) {
    if (format == Format::Markdown || format == Format::Table) {
      continue;  // bounded in size: they may be done before the sink is asked twice
    }
    for (const unsigned accepted : {0U, 1U, 3U}) {
      ClosingSink sink(accepted);
      EXPECT_FALSE(write(format, sample.assessment, sample_options(), sink))
          << to_text(format) << " after " << accepted;
      EXPECT_EQ(sink.calls, accepted + 1)
          << to_text(format) << ": a closed sink is not written to again";
    }
  }
}

TEST(Report, ThreadsDoNotChangeTheBytes) {
  Sample sample;
  repeat_findings(sample.assessment, 9000);
  WriteOptions options = sample_options();
  for (const Format format : kFormats) {
    options.threads = 1;
    const std::string one = written(format, sample.assessment, options);
    options.threads = 4;
    EXPECT_TRUE(one == written(format, sample.assessment, options)) << to_text(format);
  }
}

TEST(Report, FastJsonEqualsTheGenericStructure) {
  Sample sample;
  repeat_findings(sample.assessment, 700);
  StringSink generic;
  {
    Output output(generic);
    JsonOut out(output, 2);
    emit_assessment(
        out, sample.assessment, sample_options(),
        [&] { emit_findings_in_turn(out, sample.assessment); },
        [&] { emit_workloads_in_turn(out, sample.assessment); });
    output.append("\n");
    ASSERT_TRUE(output.finish());
  }
  EXPECT_EQ(generic.text, written(Format::Json, sample.assessment, sample_options()));
}

TEST(Report, FormatNames) {
  for (const Format format : kFormats) {
    const auto parsed = parse_format(to_text(format));
    ASSERT_TRUE(parsed) << to_text(format);
    EXPECT_EQ(*parsed, format);
  }
  for (const std::string_view wrong : {"", "JSON", "jsn", "table ", "pdf", "sarif\n", "html=x"}) {
    const auto parsed = parse_format(wrong);
    ASSERT_FALSE(parsed) << wrong;
    EXPECT_EQ(parsed.error().kind, ErrorKind::Content);
  }
  EXPECT_EQ(parse_format("jsn").error().hint, "did you mean json?");
}

// What a terminal, a markup reader and a log may never see from the input.
TEST(Report, HostileTextsStayTexts) {
  const Sample sample;
  for (const Format format :
       {Format::Table, Format::Markdown, Format::Github, Format::Junit, Format::Html}) {
    std::string text = written(format, sample.assessment, sample_options());
    if (format == Format::Html) {
      text = without_template(text);
    }
    for (const char c : text) {
      const auto byte = static_cast<unsigned char>(c);
      const bool tab = c == '\t' && (format == Format::Junit || format == Format::Html);
      EXPECT_FALSE((byte < 0x20 && c != '\n' && !tab) || byte == 0x7F)
          << to_text(format) << " holds byte " << int{byte};
    }
    EXPECT_EQ(text.find("\xE2\x80\xAE"), std::string::npos) << to_text(format) << " holds U+202E";
  }
  for (const Format format : {Format::Markdown, Format::Junit, Format::Html}) {
    const std::string text =
        format == Format::Html
            ? without_template(written(format, sample.assessment, sample_options()))
            : written(format, sample.assessment, sample_options());
    EXPECT_EQ(text.find("<script>alert"), std::string::npos) << to_text(format);
    EXPECT_EQ(text.find("<img"), std::string::npos) << to_text(format);
    EXPECT_EQ(text.find("<b>|"), std::string::npos) << to_text(format);
  }
}

TEST(Report, HtmlDataCannotEndItsElement) {
  const Sample sample;
  const std::string page = written(Format::Html, sample.assessment, sample_options());
  constexpr std::string_view kOpen = "<script type=\"application/json\" id=\"data\">";
  const auto begin = page.find(kOpen);
  ASSERT_NE(begin, std::string::npos);
  const auto end = page.find('<', begin + kOpen.size());
  EXPECT_EQ(page.substr(end, 10), "</script>\n") << "the first < after the data ends its element";
}

struct PlainRow {
  std::string_view text;
  bool plain;
};
TEST(Yaml, OnlyUnmistakableTextsStandUnquoted) {
  constexpr std::array kRows = {
      PlainRow{"payments", true},
      PlainRow{"apps/v1", true},
      PlainRow{"run-as-non-root", true},
      PlainRow{"a sentence, with a stop.", true},
      PlainRow{"Deployment", true},
      PlainRow{"nonsense", true},
      PlainRow{"yesterday", true},
      PlainRow{"", false},
      PlainRow{"yes", false},
      PlainRow{"No", false},
      PlainRow{"ON", false},
      PlainRow{"n", false},
      PlainRow{"true", false},
      PlainRow{"NULL", false},
      PlainRow{"~", false},
      PlainRow{"1", false},
      PlainRow{"1.5e3", false},
      PlainRow{"12:30:45", false},
      PlainRow{"0x1F", false},
      PlainRow{".inf", false},
      PlainRow{"-", false},
      PlainRow{"- a", false},
      PlainRow{"a: b", false},
      PlainRow{"a #b", false},
      PlainRow{" a", false},
      PlainRow{"a ", false},
      PlainRow{"2026-03-31", false},
      PlainRow{"a\nb", false},
      PlainRow{"*a", false},
      PlainRow{"&a", false},
      PlainRow{"!a", false},
      PlainRow{"=", false},
      PlainRow{"a\"b", false},
      PlainRow{"\xFF", false},
      PlainRow{"ä", false},
      PlainRow{"%a", false},
      PlainRow{"@a", false},
  };
  for (const auto& row : kRows) {
    EXPECT_EQ(is_plain_yaml(row.text), row.plain) << '"' << row.text << '"';
  }
}

TEST(Yaml, EscapesWhatYamlCannotCarry) {
  std::string out;
  append_yaml_string(out, "\"\\\n\t\x01\x7F\xC2\x85\xE2\x80\xA8\xEF\xBB\xBF\xFF\xF0\x9F\xA6\x84");
  EXPECT_EQ(out,
            "\"\\\"\\\\\\n\\t\\u0001\\u007f\\u0085\\u2028\\ufeff\xEF\xBF\xBD\xF0\x9F\xA6\x84\"");
}

TEST(Text, TerminalShowsWhatIsHidden) {
  EXPECT_EQ(terminal("a\x1b[31m\nb\t\x07\x7F\xC2\x9B\xE2\x80\xAE\xFFz"),
            "a\\x1b[31m\\nb\\t\\x07\\x7f\\x9b\\u202e\\xffz");
  EXPECT_EQ(terminal("grün 漢字 \xF0\x9F\xA6\x84"), "grün 漢字 \xF0\x9F\xA6\x84");
}

TEST(Text, CharactersTakesOneByteOfWhatIsNoUtf8) {
  struct Row {
    std::string_view text;
    std::vector<std::size_t> sizes;
    std::size_t invalid;
  };
  const std::vector<Row> rows = {{"aé漢\xF0\x9F\xA6\x84", {1, 2, 3, 4}, 0},
                                 {"\xC0\x80", {1, 1}, 2},
                                 {"\xED\xA0\x80", {1, 1, 1}, 3},
                                 {"\xF4\x90\x80\x80", {1, 1, 1, 1}, 4},
                                 {"\xE6\xBC", {1, 1}, 2},
                                 {"\xF0\x9F\xA6", {1, 1, 1}, 3},
                                 {"\xE0\x80\x80", {1, 1, 1}, 3},
                                 {"\xF0\x80\x80\x80", {1, 1, 1, 1}, 4},
                                 {"\x80", {1}, 1}};
  for (const Row& row : rows) {
    std::vector<std::size_t> sizes;
    std::size_t invalid = 0;
    for (const Character c : characters(row.text)) {
      sizes.push_back(c.bytes.size());
      invalid += c.valid ? 0U : 1U;
    }
    EXPECT_EQ(sizes, row.sizes) << terminal(row.text);
    EXPECT_EQ(invalid, row.invalid) << terminal(row.text);
  }
}

}  // namespace
}  // namespace tally::report

#include "document/internal/yaml_problem.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.hpp"

namespace tally::document {

namespace {

enum class Place : std::uint8_t { Problem, Context };

// libyaml 0.2.5: the problem (and, where it matters, the context) as its sources spell them.
// `{line}` is the line where the construct in question begins.
struct Sentence {
  std::string_view problem;
  std::string_view context;  // empty: any
  std::string_view message;
  std::string_view hint;
  Place place = Place::Problem;
};

constexpr std::array kSentences = {
    Sentence{"mapping values are not allowed in this context", "",
             "found `:` where no key can stand",
             "check the indentation of this line and the one above; text that contains `: ` has to "
             "be put in quotes"},
    Sentence{"could not find expected ':'", "", "found text where `key: value` is expected",
             "check the indentation; is a `:` missing after the key?", Place::Context},
    Sentence{"did not find expected key", "while parsing a block mapping",
             "this does not belong to the map that begins on line {line}: a key with the same "
             "indentation is expected",
             "check the indentation and the quotes"},
    Sentence{"did not find expected '-' indicator", "",
             "this does not belong to the list that begins on line {line}: an item that begins "
             "with `- ` is expected",
             "check the indentation"},
    Sentence{"did not find expected ',' or ']'", "",
             "the list in brackets that begins on line {line} goes on without `,` or `]`",
             "is a bracket or a comma missing?"},
    Sentence{"did not find expected ',' or '}'", "",
             "the map in braces that begins on line {line} goes on without `,` or `}`",
             "is a brace or a comma missing?"},
    Sentence{"did not find expected node content", "", "a value is expected here",
             "check for a stray comma, bracket or brace"},
    Sentence{"found unexpected end of stream", "while scanning a quoted scalar",
             "the quoted text that begins here is never closed", "a closing quote is missing",
             Place::Context},
    Sentence{"found unexpected document indicator", "while scanning a quoted scalar",
             "the quoted text that begins here is not closed before the document ends",
             "a closing quote is missing", Place::Context},
    Sentence{
        "found unknown escape character", "", "found an escape sequence that YAML does not know",
        "in double quotes a backslash is written `\\\\`; in single quotes it stands for itself"},
    Sentence{"did not find expected hexdecimal number", "",
             "found an escape sequence without its hexadecimal digits", ""},
    Sentence{"found invalid Unicode character escape code", "",
             "found an escape sequence that names no Unicode character", ""},
    Sentence{"block sequence entries are not allowed in this context", "",
             "found `- ` where no list item can stand",
             "check the indentation; a list begins on the line after its key"},
    Sentence{"block collection entries are not allowed in this context", "",
             "found a list or map where none can stand", "check the indentation"},
    Sentence{"mapping keys are not allowed in this context", "",
             "found `? ` where no key can stand", "check the indentation"},
    Sentence{"did not find expected alphabetic or numeric character", "while scanning an alias",
             "found `*`, which begins an alias, without a name",
             "text that begins with `*` has to be put in quotes", Place::Context},
    Sentence{"did not find expected alphabetic or numeric character", "while scanning an anchor",
             "found `&`, which begins an anchor, without a name",
             "text that begins with `&` has to be put in quotes", Place::Context},
    Sentence{
        "did not find expected comment or line break",
        "",
        "found text behind the mark of a block text",
        "the text begins on the next line, indented",
    },
    Sentence{"found a tab character where an indentation space is expected", "",
             "found a tab in the indentation; YAML is indented with spaces",
             "replace tabs by spaces"},
    Sentence{"found a tab character that violates indentation", "",
             "found a tab in the indentation; YAML is indented with spaces",
             "replace tabs by spaces"},
    Sentence{"control characters are not allowed", "", "found a control character", "remove it"},
    Sentence{"found undefined tag handle", "", "found a tag whose prefix is not declared",
             "text that begins with `!` has to be put in quotes"},
    Sentence{"did not find expected whitespace or line break", "", "found text right behind a tag",
             "text that begins with `!` has to be put in quotes", Place::Context},
    Sentence{"did not find expected '!'", "", "found a tag that is not complete",
             "text that begins with `!` has to be put in quotes", Place::Context},
    Sentence{"did not find expected <document start>", "",
             "found text after the end of the document; `---` on a line of its own is expected "
             "between documents",
             ""},
    Sentence{"found unknown directive name", "", "found a directive that YAML does not know",
             "text that begins with `%` has to be put in quotes"},
    Sentence{"found incompatible YAML document", "", "found a YAML version other than 1.1 and 1.2",
             ""},
    Sentence{"found duplicate %YAML directive", "",
             "found a second %YAML directive in one document", ""},
    Sentence{"found duplicate %TAG directive", "", "found a second %TAG directive for one prefix",
             ""},
};

std::string_view line_of(std::string_view text, std::uint32_t offset) {
  const std::size_t at = std::min<std::size_t>(offset, text.size());
  const std::size_t before = at == 0 ? std::string_view::npos : text.rfind('\n', at - 1);
  const std::size_t begin = before == std::string_view::npos ? 0 : before + 1;
  return text.substr(begin, std::min(text.find('\n', at), text.size()) - begin);
}

std::string_view indentation(std::string_view line) {
  return line.substr(0, std::min(line.find_first_not_of(" \t"), line.size()));
}

// A character at the place, as it may be shown.
std::string character_at(std::string_view text, std::uint32_t offset) {
  if (offset >= text.size()) {
    return "the end of the text";
  }
  std::size_t end = offset + 1U;
  while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) {
    ++end;
  }
  return text[offset] == '\n' ? "the end of the line"
                              : fmt::format("`{}`", excerpt(text.substr(offset, end - offset)));
}

Error make_error(const Source& source, std::uint32_t offset, std::string message,
                 std::string_view hint) {
  return {.kind = ErrorKind::Content,
          .message = std::move(message),
          .file = {},
          .at = source.position(offset),
          .hint = std::string(hint)};
}

std::string replace_line(std::string_view message, std::uint32_t line) {
  std::string out(message);
  constexpr std::string_view kMark = "{line}";
  if (const std::size_t at = out.find(kMark); at != std::string::npos) {
    out.replace(at, kMark.size(), std::to_string(line));
  }
  return out;
}

}  // namespace

Error describe_yaml_problem(const Source& source, const YamlProblem& problem) {
  const std::string_view text = source.text();
  const std::string_view line = line_of(text, problem.problem_offset);
  // Many complaints of libyaml come from a tab in the indentation; that is what the user has to
  // know.
  if (const std::size_t tab = indentation(line).find('\t'); tab != std::string_view::npos) {
    const auto offset =
        static_cast<std::uint32_t>(line.data() - text.data()) + static_cast<std::uint32_t>(tab);
    return make_error(source, offset,
                      "found a tab in the indentation; YAML is indented with spaces",
                      "replace tabs by spaces");
  }
  if (problem.problem == "found character that cannot start any token") {
    return make_error(
        source, problem.problem_offset,
        fmt::format("text cannot begin with {}", character_at(text, problem.problem_offset)),
        "put the text in quotes");
  }
  for (const Sentence& sentence : kSentences) {
    if (sentence.problem != problem.problem ||
        (!sentence.context.empty() && sentence.context != problem.context)) {
      continue;
    }
    const bool at_context = sentence.place == Place::Context && problem.has_context_mark;
    const std::uint32_t begin =
        problem.has_context_mark ? problem.context_offset : problem.problem_offset;
    return make_error(source, at_context ? begin : problem.problem_offset,
                      replace_line(sentence.message, source.position(begin).line), sentence.hint);
  }
  // A complaint without a sentence of its own: libyaml's words are clear enough.
  return make_error(source, problem.problem_offset,
                    problem.context.empty()
                        ? std::string(problem.problem)
                        : fmt::format("{} {}", problem.problem, problem.context),
                    "");
}

}  // namespace tally::document

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "base/text.hpp"
#include "input/internal/pasted_rules.hpp"

namespace tally::input {

namespace {

bool starts_with_any(std::string_view text, std::span<const std::string_view> prefixes) {
  return std::ranges::any_of(prefixes,
                             [&](std::string_view prefix) { return text.starts_with(prefix); });
}

bool is_fence(const TextLine& line) {
  return line.body.starts_with("```") || line.body.starts_with("~~~");
}

// Commands that people copy together with the manifest that they apply.
bool is_command(std::string_view body) {
  static constexpr std::array<std::string_view, 9> kCommands = {
      "kubectl ", "oc ", "helm ", "cat <<", "cat > ", "sudo ", "echo \"", "echo '", "tee "};
  if (body.starts_with("$ ") || body.starts_with("> ") || body.starts_with("PS C:\\")) {
    return true;
  }
  return starts_with_any(body, kCommands) && body.find(": ") == std::string_view::npos &&
         !body.ends_with(':');
}

bool is_end_of_here_document(std::string_view body) {
  return body == "EOF" || body == "EOL" || body == "YAML" || body == "END";
}

// "12", "12:", "12." or "12|" in front of a line, as listings print them.
std::optional<unsigned> line_number_of(std::string_view body) {
  unsigned number = 0;
  const auto parsed = std::from_chars(body.data(), body.data() + body.size(), number);
  if (parsed.ec != std::errc{} || number > 99'999) {
    return std::nullopt;
  }
  const std::string_view rest = body.substr(static_cast<std::size_t>(parsed.ptr - body.data()));
  const bool ends = rest.empty() || rest.front() == ' ' || rest.front() == '\t' ||
                    rest.front() == '|' || rest.front() == ':' || rest.front() == '.' ||
                    rest.front() == ')';
  return ends ? std::optional<unsigned>{number} : std::nullopt;
}

void find_line_numbers(Lines lines, Diagnoses& found) {
  // Three numbers that follow each other (or all there are, if fewer): one alone may be a value.
  constexpr unsigned kEnough = 3;
  unsigned run = 0;
  unsigned content = 0;
  std::optional<unsigned> last;
  const TextLine* first = nullptr;
  for (const TextLine& line : lines) {
    if (line.body.empty() || line.in_block) {
      continue;
    }
    ++content;
    const auto number = line_number_of(line.body);
    const bool follows = number && last && *number > *last && *number <= *last + 2;
    run = number ? (follows ? run + 1 : 1) : 0;
    first = run == 1 ? &line : first;
    last = number;
    if (run >= kEnough) {
      break;
    }
  }
  if (first != nullptr && (run >= kEnough || (run >= 2 && run == content))) {
    found.push_back({first->body_offset(), "line-numbers",
                     fmt::format("found the line number '{}' of a listing in front of the text",
                                 line_number_of(first->body).value_or(0)),
                     "Remove the line numbers; copy from the raw view of the page."});
  }
}

bool is_diff_header(const TextLine& line) {
  return line.text.starts_with("@@ ") || line.text.starts_with("diff --git ") ||
         line.text.starts_with("+++ ") ||
         (line.text.starts_with("--- ") && line.text.find('/') != std::string_view::npos);
}

void find_diff_marks(Lines lines, Diagnoses& found) {
  Sightings marks;
  for (const TextLine& line : lines) {
    const bool added = line.text.starts_with('+') && line.text.find(':') != std::string_view::npos;
    if (!line.in_block && (is_diff_header(line) || added)) {
      marks.see(line.offset, line.text);
    }
  }
  if (marks.any()) {
    found.push_back(
        {marks.offset(), "diff-marker",
         fmt::format("found '{}', a line of a diff{}", excerpt(marks.what(), 30), marks.others()),
         "Apply the diff, or remove its headers, the lines that begin with '-' and the leading '+' "
         "of the others."});
  }
}

void find_html(Lines lines, Diagnoses& found) {
  static constexpr std::array<std::string_view, 8> kEntities = {
      "&lt;", "&gt;", "&quot;", "&amp;", "&#39;", "&#34;", "&nbsp;", "&apos;"};
  static constexpr std::array<std::string_view, 9> kTags = {
      "<!DOCTYPE", "<!doctype", "<html", "<pre", "<code", "<br", "</", "<p>", "<div"};
  Sightings entities;
  Sightings tags;
  for (const TextLine& line : lines) {
    if (!line.content) {
      continue;
    }
    for (const std::string_view entity : kEntities) {
      if (const std::size_t at = line.text.find(entity); at != std::string_view::npos) {
        entities.see(line.offset + static_cast<std::uint32_t>(at), entity);
        break;
      }
    }
    if (starts_with_any(line.body, kTags)) {
      tags.see(line.body_offset(), line.body);
    }
  }
  if (entities.any()) {
    found.push_back(
        {entities.offset(), "html-entity",
         fmt::format("found the HTML entity '{}'{}", entities.what(), entities.others()),
         "Replace HTML entities by the characters that they stand for (&lt; by <, &gt; by >, "
         "&quot; by \")."});
  }
  if (tags.any()) {
    found.push_back(
        {tags.offset(), "html-tag",
         fmt::format("found the HTML tag '{}'{}", excerpt(tags.what(), 30), tags.others()),
         "This is text of a web page: copy the manifest from its raw view, or download the file "
         "itself."});
  }
}

bool is_prose(const TextLine& line) {
  if (!line.key.empty() || line.item || line.body.find(": ") != std::string_view::npos ||
      line.body.ends_with(':')) {
    return false;
  }
  const auto first = static_cast<unsigned char>(line.body.front());
  const bool letter = (first >= 'A' && first <= 'Z') || (first >= 'a' && first <= 'z');
  return letter && std::ranges::count(line.body, ' ') >= 2;
}

}  // namespace

void find_surroundings(Lines lines, Diagnoses& found) {
  Sightings fences;
  Sightings commands;
  for (const TextLine& line : lines) {
    if (line.in_block) {
      continue;
    }
    if (is_fence(line)) {
      fences.see(line.body_offset(), line.body);
    } else if (line.content && (is_command(line.body) || is_end_of_here_document(line.body))) {
      commands.see(line.body_offset(), line.body);
    }
  }
  if (fences.any()) {
    found.push_back({fences.offset(), "markdown-fence",
                     fmt::format("found the Markdown fence '{}'{}", excerpt(fences.what(), 20),
                                 fences.others()),
                     "Remove the lines with ``` before and after the manifest."});
  }
  if (commands.any()) {
    found.push_back({commands.offset(), "shell-command",
                     fmt::format("found the shell command '{}'{}", excerpt(commands.what(), 40),
                                 commands.others()),
                     "Keep the manifest only: remove the prompt, the command and the end mark of "
                     "its here-document."});
  }
  find_line_numbers(lines, found);
  find_diff_marks(lines, found);
  find_html(lines, found);
}

void find_foreign_comments(Lines lines, Diagnoses& found) {
  Sightings slashes;
  static constexpr std::array<std::string_view, 4> kMarks = {"//", "/*", "<!--", "-- "};
  for (const TextLine& line : lines) {
    if (line.content && starts_with_any(line.body, kMarks)) {
      slashes.see(line.body_offset(), line.body);
    }
  }
  if (slashes.any()) {
    const std::string_view body = slashes.what();
    const std::string_view mark = body.starts_with("<!--") ? "<!--" : body.substr(0, 2);
    found.push_back(
        {slashes.offset(), "foreign-comment",
         fmt::format("found a comment that begins with '{}', which is no comment in YAML{}", mark,
                     slashes.others()),
         "Begin comments with '# '."});
  }
}

void find_template_actions(Lines lines, Diagnoses& found) {
  Sightings actions;
  for (const TextLine& line : lines) {
    if (const std::size_t at = line.text.find("{{"); line.content && at != std::string_view::npos) {
      actions.see(line.offset + static_cast<std::uint32_t>(at), line.text);
    }
  }
  if (actions.any()) {
    found.push_back({actions.offset(), "template-action",
                     fmt::format("found the template action '{{{{', so this is no manifest yet{}",
                                 actions.others()),
                     "Build it first: pipe the output of `helm template` (or of the tool that it "
                     "belongs to) into `tally assess -`."});
  }
}

// Words between the keys: a comment whose mark was lost. A scalar that goes on over several lines
// is indented more deeply than its key, so the line must stand no deeper than the key before it,
// and a key must follow.
void find_prose(Lines lines, Diagnoses& found) {
  Sightings prose;
  const TextLine* before = nullptr;
  const TextLine* candidate = nullptr;
  for (const TextLine& line : lines) {
    if (!line.content) {
      continue;
    }
    if (candidate != nullptr && !line.key.empty() && line.indent <= candidate->indent) {
      prose.see(candidate->body_offset(), candidate->body);
    }
    candidate = nullptr;
    if (is_prose(line) && !is_command(line.body) &&
        (before == nullptr || (!before->key.empty() && line.indent <= before->indent))) {
      candidate = &line;
    }
    before = &line;
  }
  if (prose.any()) {
    found.push_back({prose.offset(), "missing-comment-mark",
                     fmt::format("found the words '{}' where a key is expected{}",
                                 excerpt(prose.what(), 40), prose.others()),
                     "If this is a comment, begin the line with '# '; otherwise remove it."});
  }
}

}  // namespace tally::input

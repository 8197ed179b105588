#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "base/text.hpp"
#include "input/internal/pasted_rules.hpp"

namespace tally::input {

namespace {

struct NamedCharacter {
  std::string_view bytes;
  std::string_view name;
};

constexpr std::array kNamed = {
    NamedCharacter{"\xE2\x80\x90", "hyphen (U+2010)"},
    NamedCharacter{"\xE2\x80\x91", "non-breaking hyphen (U+2011)"},
    NamedCharacter{"\xE2\x80\x92", "figure dash (U+2012)"},
    NamedCharacter{"\xE2\x80\x93", "en dash (U+2013)"},
    NamedCharacter{"\xE2\x80\x94", "em dash (U+2014)"},
    NamedCharacter{"\xE2\x80\x95", "horizontal bar (U+2015)"},
    NamedCharacter{"\xE2\x80\xA2", "bullet (U+2022)"},
    NamedCharacter{"\xE2\x81\x83", "hyphen bullet (U+2043)"},
    NamedCharacter{"\xE2\x88\x92", "minus sign (U+2212)"},
    NamedCharacter{"\xEF\xB9\x98", "small em dash (U+FE58)"},
    NamedCharacter{"\xEF\xB9\xA3", "small hyphen-minus (U+FE63)"},
    NamedCharacter{"\xEF\xBC\x8D", "full-width hyphen-minus (U+FF0D)"},
    NamedCharacter{"\xC2\xB7", "middle dot (U+00B7)"},
    NamedCharacter{"\xE2\x80\x98", "left single quotation mark (U+2018)"},
    NamedCharacter{"\xE2\x80\x99", "right single quotation mark (U+2019)"},
    NamedCharacter{"\xE2\x80\x9A", "low single quotation mark (U+201A)"},
    NamedCharacter{"\xE2\x80\x9C", "left double quotation mark (U+201C)"},
    NamedCharacter{"\xE2\x80\x9D", "right double quotation mark (U+201D)"},
    NamedCharacter{"\xE2\x80\x9E", "low double quotation mark (U+201E)"},
    NamedCharacter{"\xC2\xAB", "left guillemet (U+00AB)"},
    NamedCharacter{"\xC2\xBB", "right guillemet (U+00BB)"},
    NamedCharacter{"\xEF\xBC\x9A", "full-width colon (U+FF1A)"},
    NamedCharacter{"\xEF\xB9\x95", "small colon (U+FE55)"},
    NamedCharacter{"\xE2\x88\xB6", "ratio sign (U+2236)"},
    NamedCharacter{"\xEA\x9E\x89", "modifier letter colon (U+A789)"},
    NamedCharacter{"\xC2\xA0", "no-break space (U+00A0)"},
    NamedCharacter{"\xE1\x9A\x80", "ogham space (U+1680)"},
    NamedCharacter{"\xE2\x80\x87", "figure space (U+2007)"},
    NamedCharacter{"\xE2\x80\xAF", "narrow no-break space (U+202F)"},
    NamedCharacter{"\xE2\x81\x9F", "mathematical space (U+205F)"},
    NamedCharacter{"\xE3\x80\x80", "ideographic space (U+3000)"},
    NamedCharacter{"\xE2\x80\x8B", "zero-width space (U+200B)"},
    NamedCharacter{"\xE2\x80\x8C", "zero-width non-joiner (U+200C)"},
    NamedCharacter{"\xE2\x80\x8D", "zero-width joiner (U+200D)"},
    NamedCharacter{"\xE2\x81\xA0", "word joiner (U+2060)"},
    NamedCharacter{"\xEF\xBB\xBF", "byte order mark (U+FEFF)"},
    NamedCharacter{"\xC2\xAD", "soft hyphen (U+00AD)"},
};

constexpr std::array<std::string_view, 8> kQuotes = {"\xE2\x80\x98", "\xE2\x80\x99", "\xE2\x80\x9A",
                                                     "\xE2\x80\x9C", "\xE2\x80\x9D", "\xE2\x80\x9E",
                                                     "\xC2\xAB",     "\xC2\xBB"};
constexpr std::array<std::string_view, 6> kInvisible = {
    "\xE2\x80\x8B", "\xE2\x80\x8C", "\xE2\x80\x8D", "\xE2\x81\xA0", "\xEF\xBB\xBF", "\xC2\xAD"};

std::string_view character_name(std::string_view text) {
  const auto row = std::ranges::find_if(
      kNamed, [&](const auto& named) { return text.starts_with(named.bytes); });
  return row == kNamed.end() ? std::string_view{"wide space"} : row->name;
}

template <std::size_t N>
bool starts_with_any(std::string_view text, const std::array<std::string_view, N>& prefixes) {
  return std::ranges::any_of(prefixes,
                             [&](std::string_view prefix) { return text.starts_with(prefix); });
}

bool ends_with_quote(std::string_view text) {
  return std::ranges::any_of(kQuotes,
                             [&](std::string_view quote) { return text.ends_with(quote); });
}

bool is_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80U; });
}

// Indentation, list marks, key and colon with the blanks after it: the part of a line that gives it
// its meaning. Up to where a comment begins for a line without a colon.
std::string_view structure_of(const TextLine& line) {
  std::size_t end = line.text.size();
  if (!line.key.empty()) {
    const auto key_end =
        static_cast<std::size_t>(line.key.data() + line.key.size() - line.text.data());
    end = std::min(line.text.find_first_of(":\xEF\xE2\xEA", key_end), line.text.size());
    end = std::min(end + 3, line.text.size());
    while (end < line.text.size() && blank_size(line.text.substr(end)) != 0) {
      end += blank_size(line.text.substr(end));
    }
  } else if (const std::size_t comment = line.text.find(" #"); comment != std::string_view::npos) {
    end = comment;
  }
  return line.text.substr(0, end);
}

struct Typography {
  Sightings dashes;
  Sightings marks;  // "---" in typographic dashes
  Sightings blanks;
  Sightings invisible;
  Sightings colons;
  Sightings quotes;
};

void look_at_dash(const TextLine& line, Typography& seen) {
  const std::size_t dash = typographic_dash_size(line.body);
  if (dash == 0) {
    return;
  }
  std::string_view rest = line.body;
  while (const std::size_t size = rest.starts_with('-') ? 1 : typographic_dash_size(rest)) {
    rest.remove_prefix(size);
  }
  if (rest.empty() && line.body.size() > dash) {
    seen.marks.see(line.body_offset(), line.body);
  } else if (line.body.size() == dash || blank_size(line.body.substr(dash)) != 0) {
    seen.dashes.see(line.body_offset(), line.body);
  }
}

void look_at_structure(const TextLine& line, Typography& seen) {
  const std::string_view structure = structure_of(line);
  bool blank_seen = false;
  bool invisible_seen = false;
  for (std::size_t at = 0; at < structure.size(); ++at) {
    if (static_cast<unsigned char>(structure[at]) < 0x80U) {
      continue;
    }
    const std::string_view rest = line.text.substr(at);
    const auto offset = line.offset + static_cast<std::uint32_t>(at);
    if (!blank_seen && blank_size(rest) != 0) {
      blank_seen = true;
      seen.blanks.see(offset, rest);
    } else if (!invisible_seen && starts_with_any(rest, kInvisible) && offset != 0) {
      invisible_seen = true;
      seen.invisible.see(offset, rest);
    }
  }
  if (!line.key.empty()) {
    const auto key_end =
        static_cast<std::size_t>(line.key.data() + line.key.size() - line.text.data());
    std::string_view after = line.text.substr(key_end);
    while (blank_size(after) != 0) {
      after.remove_prefix(blank_size(after));
    }
    if (wide_colon_size(after) != 0) {
      seen.colons.see(line.offset + static_cast<std::uint32_t>(after.data() - line.text.data()),
                      after);
    }
  }
}

// A curly quote where a token begins: it does not quote, it becomes part of the value.
void look_at_quotes(const TextLine& line, Typography& seen) {
  if (line.body.starts_with('"') || line.body.starts_with('\'') || line.value.starts_with('"') ||
      line.value.starts_with('\'')) {
    return;
  }
  for (std::size_t at = 0; at < line.body.size(); ++at) {
    const char before = at == 0 ? ' ' : line.body[at - 1];
    const bool token_begins = at == 0 || before == '[' || before == '{' || before == ',' ||
                              (before == ' ' && at >= 2 &&
                               (line.body[at - 2] == ':' || line.body[at - 2] == '-' ||
                                line.body[at - 2] == ',' || line.body[at - 2] == '['));
    if (before == ' ' && line.body[at] == '#') {
      return;
    }
    if (token_begins && starts_with_any(line.body.substr(at), kQuotes)) {
      seen.quotes.see(line.body_offset() + static_cast<std::uint32_t>(at), line.body.substr(at));
      return;
    }
  }
}

// What a byte means in Windows-1252 where that is something that people type.
std::string_view windows_1252_name(unsigned char byte) {
  switch (byte) {
    case 0x82:
      return "a low single quotation mark";
    case 0x84:
      return "a low double quotation mark";
    case 0x85:
      return "an ellipsis";
    case 0x91:
      return "a left single quotation mark";
    case 0x92:
      return "a right single quotation mark (an apostrophe)";
    case 0x93:
      return "a left double quotation mark";
    case 0x94:
      return "a right double quotation mark";
    case 0x95:
      return "a bullet";
    case 0x96:
      return "an en dash";
    case 0x97:
      return "an em dash";
    case 0xA0:
      return "a no-break space";
    default:
      return byte >= 0xC0U ? "an accented letter" : "a character of its own";
  }
}

struct ValueWalk {
  const document::Source* source;
  Sightings quotes;
  Sightings keys;
  Sightings dashes;
  Sightings edges;
};

constexpr std::size_t kWalkDepthMax = 64;

bool holds_texts_for_people(std::string_view key) {
  return key == "annotations" || key == "data" || key == "stringData" || key == "binaryData" ||
         key == "description" || key == "message" || key == "summary" || key == "args" ||
         key == "command";
}

bool is_odd_in_a_name(std::string_view text) {
  if (typographic_dash_size(text) != 0) {
    return true;
  }
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (static_cast<unsigned char>(text[at]) >= 0x80U) {
      const std::string_view rest = text.substr(at);
      if (blank_size(rest) != 0 || starts_with_any(rest, kInvisible) ||
          starts_with_any(rest, kQuotes) || wide_colon_size(rest) != 0) {
        return true;
      }
    }
  }
  return false;
}

void look_at_string(const document::Node& node, ValueWalk& walk) {
  const std::string_view text = node.text();
  if (is_ascii(text) || text.find_first_of("\r\n") != std::string_view::npos) {
    return;
  }
  // In double quotes everything is meant.
  const std::string_view written =
      walk.source->text().substr(std::min<std::size_t>(node.offset(), walk.source->text().size()));
  if (written.starts_with('"') || written.starts_with('\'') || written.starts_with('|') ||
      written.starts_with('>')) {
    return;
  }
  if (starts_with_any(text, kQuotes) && ends_with_quote(text) &&
      text.find(' ') == std::string_view::npos) {
    walk.quotes.see(node.offset(), text);
  } else if (text.find(' ') == std::string_view::npos &&
             ((blank_size(text) != 0) || starts_with_any(text, kInvisible))) {
    walk.edges.see(node.offset(), text);
  }
}

void walk_values(const document::Node& node, std::size_t depth, ValueWalk& walk) {
  if (depth > kWalkDepthMax) {
    return;
  }
  if (node.is_string()) {
    look_at_string(node, walk);
    return;
  }
  if (node.is_array()) {
    for (const document::Node& item : node.items()) {
      walk_values(item, depth + 1, walk);
    }
    return;
  }
  for (const document::Member member : node.members()) {
    if (holds_texts_for_people(member.key)) {
      continue;
    }
    if (const std::size_t dash = typographic_dash_size(member.key);
        dash != 0 && member.key.substr(dash).starts_with(' ')) {
      walk.dashes.see(member.key_offset, member.key);
    } else if (is_odd_in_a_name(member.key)) {
      walk.keys.see(member.key_offset, member.key);
    }
    walk_values(member.value, depth + 1, walk);
  }
}

}  // namespace

std::string Sightings::others() const {
  return count_ <= 1 ? std::string{}
                     : fmt::format(", and on {} more line{}", count_ - 1, count_ == 2 ? "" : "s");
}

void find_typographic_characters(Lines lines, Diagnoses& found) {
  Typography seen;
  for (const TextLine& line : lines) {
    if (!line.content || is_ascii(line.text)) {
      continue;
    }
    look_at_dash(line, seen);
    look_at_structure(line, seen);
    look_at_quotes(line, seen);
  }
  if (seen.dashes.any()) {
    found.push_back({seen.dashes.offset(), "typographic-dash",
                     fmt::format("found {} as a list mark, expected '-' (U+002D){}",
                                 character_name(seen.dashes.what()), seen.dashes.others()),
                     "Replace it by the plain hyphen of the keyboard; word processors and web "
                     "pages turn hyphens into dashes."});
  }
  if (seen.marks.any()) {
    found.push_back({seen.marks.offset(), "typographic-separator",
                     fmt::format("found '{}' where a document separator is meant, expected '---'{}",
                                 excerpt(seen.marks.what(), 20), seen.marks.others()),
                     "Write three plain hyphens on a line of their own; without them two objects "
                     "run into one."});
  }
  if (seen.blanks.any()) {
    found.push_back(
        {seen.blanks.offset(), "no-break-space",
         fmt::format("found {} where YAML knows only the plain space (U+0020){}",
                     character_name(seen.blanks.what()), seen.blanks.others()),
         "Replace it by a plain space; editors can show such characters (\"show invisibles\")."});
  }
  if (seen.invisible.any()) {
    found.push_back(
        {seen.invisible.offset(), "invisible-character",
         fmt::format("found the invisible {}, which becomes part of the text around it{}",
                     character_name(seen.invisible.what()), seen.invisible.others()),
         "Delete it; retyping the line by hand is the safest way."});
  }
  if (seen.colons.any()) {
    found.push_back({seen.colons.offset(), "full-width-colon",
                     fmt::format("found {} after a key, expected ':' (U+003A) and a space{}",
                                 character_name(seen.colons.what()), seen.colons.others()),
                     "Replace it by the plain colon followed by a space."});
  }
  if (seen.quotes.any()) {
    found.push_back(
        {seen.quotes.offset(), "curly-quotes",
         fmt::format("found {}, which quotes nothing in YAML and becomes part of the value{}",
                     character_name(seen.quotes.what()), seen.quotes.others()),
         "Replace curly quotes by straight ones (\" or '), or leave the quotes out."});
  }
}

void find_tabs(Lines lines, Diagnoses& found) {
  Sightings tabs;
  for (const TextLine& line : lines) {
    const std::string_view indentation = line.text.substr(0, line.indent);
    if (const std::size_t tab = indentation.find('\t');
        line.content && tab != std::string_view::npos) {
      tabs.see(line.offset + static_cast<std::uint32_t>(tab), line.body);
    }
  }
  if (tabs.any()) {
    found.push_back({tabs.offset(), "tab-indentation",
                     fmt::format("found a tab in the indentation, where YAML allows spaces only{}",
                                 tabs.others()),
                     "Replace each tab by spaces; set the editor to expand tabs in YAML files."});
  }
}

void find_foreign_bytes(Lines lines, Diagnoses& found) {
  // A NUL or the mark of UTF-16 means another encoding altogether, or no text: the reader names it.
  const auto is_no_8_bit_text = [](const TextLine& line) {
    return line.text.contains('\0') || line.text.starts_with("\xFF\xFE") ||
           line.text.starts_with("\xFE\xFF");
  };
  if (std::ranges::any_of(lines, is_no_8_bit_text)) {
    return;
  }
  Sightings foreign;
  unsigned char first = 0;
  for (const TextLine& line : lines) {
    if (const auto at = find_invalid_utf8(line.text)) {
      if (!foreign.any()) {
        first = static_cast<unsigned char>(line.text[*at]);
      }
      foreign.see(line.offset + static_cast<std::uint32_t>(*at), line.text);
    }
  }
  if (foreign.any() && first >= 0x80U) {
    found.push_back(
        {foreign.offset(), "windows-1252",
         fmt::format("found byte 0x{:02X}, which is not UTF-8; in Windows-1252 it is {}{}", first,
                     windows_1252_name(first), foreign.others()),
         "Save the file as UTF-8 and replace typographic characters by plain ones."});
  }
}

std::vector<PastedDiagnosis> diagnose_values(const document::Source& source,
                                             const document::Node& root) {
  ValueWalk walk{.source = &source, .quotes = {}, .keys = {}, .dashes = {}, .edges = {}};
  walk_values(root, 0, walk);
  Diagnoses found;
  if (walk.quotes.any()) {
    found.push_back(
        {walk.quotes.offset(), "curly-quotes",
         fmt::format("found {} around a value: it is part of the value and quotes nothing",
                     character_name(walk.quotes.what())),
         "Replace curly quotes by straight ones (\" or '), or leave the quotes out."});
  }
  if (walk.dashes.any()) {
    found.push_back(
        {walk.dashes.offset(), "typographic-dash",
         fmt::format(
             "found {} as a list mark, expected '-' (U+002D){}: the item was read as the key '{}'",
             character_name(walk.dashes.what()), walk.dashes.others(), excerpt(walk.dashes.what())),
         "Replace it by the plain hyphen of the keyboard; word processors and web "
         "pages turn hyphens into dashes."});
  }
  if (walk.keys.any()) {
    found.push_back(
        {walk.keys.offset(), "invisible-character",
         fmt::format("found the key '{}', which holds a character that no field name has",
                     excerpt(walk.keys.what())),
         "Retype the key by hand: a no-break space, an invisible character or a typographic mark "
         "is part of it."});
  }
  if (walk.edges.any()) {
    found.push_back({walk.edges.offset(), "no-break-space",
                     fmt::format("found {} in front of a value: it is part of the value",
                                 character_name(walk.edges.what())),
                     "Replace it by a plain space."});
  }
  sort_by_position(found);
  return found;
}

}  // namespace tally::input
